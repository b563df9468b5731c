#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: no content on any disk. A random marker of 32 bytes goes into every field of every
# kind of record, names and labels; then every file of server and devices, logs, metrics and
# the temporary folders are searched for it, as it is, as hex and as base64: after work, and
# after kill -9 of everything while it runs. The same test must catch a build that does not
# seal.
# ctest: no-valgrind timeout=1200
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

pack=$SOURCE_DIR/client/domain/mediation-emploi.json
bin=$PASSERELLE_BIN_DIR

# Lower-case letters and digits: valid in every text field, and the search index folds them
# to themselves.
new_marker() {
    marker=$(head -c 1024 /dev/urandom | LC_ALL=C tr -dc 'a-z0-9') digits=$(head -c 2048 /dev/urandom | LC_ALL=C tr -dc '0-9')
    marker=${marker:0:32} digits=9${digits:0:14}
    [ ${#marker} -eq 32 ] && [ ${#digits} -eq 15 ] || fail "no marker"
    python3 - "$marker" "$digits" >"$WORK/needles" <<'P'
import base64, sys
for text in sys.argv[1:]:
    raw = text.encode()
    print(text)
    print(text.upper())
    print(raw.hex())
    print(raw.hex().upper())
    # Base64 of anything that contains the marker contains one of these three.
    for before in range(3):
        code = base64.b64encode(b"\0" * before + raw).decode()
        middle = code[4 if before else 0:(before + len(raw)) // 3 * 4]
        print(middle)
        print(middle.replace("+", "-").replace("/", "_"))
    print(text.encode("utf-16-le").hex())  # looked for as bytes below
P
}

# Prints the files that hold a needle.
found() {
    curl -fsS "$URL/metrics" >"$WORK/metrics.log" 2>"$WORK/curl.err" || true
    grep -raFl -f "$WORK/needles" "$WORK"/server "$WORK"/claire "$WORK"/nadia "$WORK"/*.log \
        "$TMPDIR" || true
    find "$WORK/server" "$WORK/claire" "$WORK/nadia" "$TMPDIR" | grep -F -f "$WORK/needles" || true
}

# Puts the marker everywhere and leaves it lying in all states: synchronised, waiting,
# received, searched for, audited.
play() {
    new_marker
    server_init
    server_start
    for who in claire nadia; do
        expect 0 on "$who" init --name "$who $marker" --kdf light
    done
    expect 0 on claire space create "Equipe $marker" --level team --server "$FOUNDER"
    expect 0 on claire space create "Cercle $marker" --level restricted
    enrol claire "Equipe $marker" nadia
    PASSERELLE_HOME=$WORK/claire PASSERELLE_PASSPHRASE_FILE=$WORK/claire.pass \
        expect 0 python3 "$SOURCE_DIR/tests/e2e/every_field.py" \
        "$PASSERELLE_BIN_DIR/passerelle" "$pack" "$marker" "$digits"
    cp "$OUT" "$WORK/records"
    [ "$(wc -l <"$WORK/records")" -ge 40 ] || fail "only $(wc -l <"$WORK/records") kinds of record"
    site=$(awk '$1 == "site" { print $2 }' "$WORK/records")
    synced claire nadia
    expect 0 on nadia find "$marker" --json
    [ "$(field length)" -ge 20 ] || fail "the marker has not arrived: $(cat "$OUT")"
    printf '%s\n' "set $site texte=\"waits $marker\"" "list personne" "show $site" \
        "history $site" "sql \"SELECT * FROM contact ORDER BY texte\"" "find $marker" \
        "audit log" "audit verify" "conflicts" "status" >"$WORK/reading"
    run nadia "$WORK/reading"
}

# Everything runs and is killed in the middle.
kill_all() {
    local i pids=()
    for i in $(seq 300); do
        printf 'set %s acces="%s %s"\n' "$site" "$i" "$marker"
    done >"$WORK/many.commands"
    for who in claire nadia; do
        background env PASSERELLE_HOME="$WORK/$who" PASSERELLE_PASSPHRASE_FILE="$WORK/$who.pass" \
            "$PASSERELLE_BIN_DIR/passerelle" batch "$WORK/many.commands" >"$WORK/batch.out" 2>&1
        pids+=("$PID")
    done
    until_true 20 batch_is_running
    { kill -KILL "${pids[0]}" && wait "${pids[0]}"; } 2>/dev/null || true
    background env PASSERELLE_HOME="$WORK/claire" PASSERELLE_PASSPHRASE_FILE="$WORK/claire.pass" \
        "$PASSERELLE_BIN_DIR/passerelle" sync >"$WORK/sync.out" 2>&1
    pids+=("$PID")
    sleep 0.5
    for i in "${pids[@]:1}" "${server_pid[server]}"; do
        { kill -KILL "$i" && wait "$i"; } 2>/dev/null || true
    done
}

# Some of what the batches write has reached the disk.
batch_is_running() { [ "$(stat -c %s "$WORK/claire/replica.db-wal" 2>/dev/null || echo 0)" -gt 60000 ]; }

step "the marker in every field"
play
[ -z "$(found)" ] || fail "the marker stands in: $(found)"

step "no record's name, no passphrase, no link on the server's disk"
cut -d' ' -f2 "$WORK/records" | tr -d - | grep -E '^[0-9a-f]{32}' | cut -c1-32 | sort -u >"$WORK/ids"
python3 - "$WORK/ids" "$WORK/server" "$WORK/claire" "$WORK/nadia" <<'P' || fail "a dossier's name is readable"
import pathlib, sys
needles = [bytes.fromhex(line) for line in open(sys.argv[1]).read().split()]
needles += [n.hex().encode() for n in needles]
bad = False
for folder in sys.argv[2:]:
    for path in pathlib.Path(folder).rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            for needle in needles:
                if needle in data:
                    print(path, "holds", needle[:16])
                    bad = True
sys.exit(bad)
P
! grep -raqF -e "${FOUNDER##*.}" -e "passphrase of" "$WORK/server" "$WORK/claire" "$WORK/nadia" \
    "$WORK/server.log" || fail "a secret stands readable"

step "kill -9 of everything, in the middle of its work"
kill_all
[ -z "$(found)" ] || fail "after kill -9 the marker stands in: $(found)"
server_start
synced claire nadia
[ -z "$(found)" ] || fail "after the repair the marker stands in: $(found)"
server_stop

step "a build that does not seal is caught"
insecure=$BUILD_DIR/insecure
expect 0 cmake -S "$SOURCE_DIR" -B "$insecure" -DINSECURE_TEST_BUILD=ON -DBUILD_TESTING=OFF \
    -DWERROR=OFF -DSANITIZE= -DCMAKE_BUILD_TYPE=Debug
expect 0 cmake --build "$insecure" --parallel 2
rm -rf "$WORK/server" "$WORK/claire" "$WORK/nadia" "$WORK"/*.log
PASSERELLE_BIN_DIR=$insecure
play
caught=$(found)
server_stop
PASSERELLE_BIN_DIR=$bin
for folder in server claire nadia; do
    grep -qF "$WORK/$folder/" <<<"$caught" ||
        fail "the search finds nothing in $folder of a build that does not seal: it is blind"
done
