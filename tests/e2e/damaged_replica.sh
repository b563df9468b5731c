#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: a damaged database costs as little as can be. Pages of replica.db are overwritten, in
# several ways: the file is kept aside, unsent work that can be read is taken over, the rest
# is fetched again, what is lost is counted, and the device goes on.
# ctest: no-valgrind timeout=1200
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

step "a device with history and unsent work"
team claire nadia
create claire site nom="Les Saules"
site=$ID
synced claire nadia
for i in $(seq 40); do
    printf 'new personne prenom="Envoye%s" site=%s texte="%s"\n' "$i" "$site" "$(printf 'mot%.0s ' $(seq 40))"
done >"$WORK/sent.commands"
run nadia "$WORK/sent.commands"
synced nadia claire
for i in $(seq 20); do
    printf 'new personne prenom="Attend%s" site=%s\n' "$i" "$site"
done >"$WORK/waiting.commands"
run nadia "$WORK/waiting.commands"
waiting=$(unsent nadia)
mv "$WORK/nadia" "$WORK/good"
rm -f "$WORK/good"/*.lock
# Everything in one file, as after a quiet while.
sqlite3 "$WORK/good/replica.db" "PRAGMA wal_checkpoint(TRUNCATE)" >"$OUT"
pages=$(($(stat -c %s "$WORK/good/replica.db") / $(sqlite3 "$WORK/good/replica.db" "PRAGMA page_size")))
echo "   $pages pages, $waiting changes wait"

server_stop
cp -a "$WORK/server" "$WORK/server.good"

# damage HOW SEED: overwrites part of a fresh copy's replica.db, beside a server as it was
damage() {
    rm -rf "$WORK/nadia" "$WORK/server"
    cp -a "$WORK/good" "$WORK/nadia"
    cp -a "$WORK/server.good" "$WORK/server"
    server_start
    python3 - "$WORK/nadia/replica.db" "$1" "$2" <<'P'
import random, sys
path, how, seed = sys.argv[1:]
dice = random.Random(seed)
data = bytearray(open(path, "rb").read())
page = int.from_bytes(data[16:18], "big")
page = 65536 if page == 1 else page
def noise(n):
    return bytes(dice.randrange(256) for _ in range(n))
if how == "head":
    data[:page] = noise(page)
elif how == "pages":
    for number in dice.sample(range(1, len(data) // page), max(2, len(data) // page // 8)):
        data[number * page:(number + 1) * page] = noise(page)
elif how == "half":
    del data[len(data) // 2:]
elif how == "zeros":
    for number in range(1, len(data) // page, 3):
        data[number * page:(number + 1) * page] = bytes(page)
elif how == "empty":
    data = bytearray()
open(path, "wb").write(data)
P
}

for how in head "pages 1" "pages 2" half zeros empty; do
    read -r how seed <<<"$how 0"
    step "damage: $how ${seed%% *}"
    kill -0 "${server_pid[server]}" 2>/dev/null && server_stop
    damage "$how" "${seed%% *}"
    code=0
    on nadia status --json --lang en >"$OUT" 2>"$ERR" </dev/null || code=$?
    [ $code -eq 0 ] || { code=0; on nadia status --json --lang en >"$OUT" 2>>"$ERR" </dev/null || code=$?; }
    [ $code -eq 0 ] || fail "the device does not open: $(cat "$ERR")"
    if [ -z "$(find "$WORK/nadia" -name '*damaged*')" ]; then
        # Damage to a page that is not read at once is found later, at the latest by a verification.
        on nadia audit verify --lang en >"$OUT" 2>>"$ERR" </dev/null || true
        on nadia status --json --lang en >"$OUT" 2>>"$ERR" </dev/null || fail "it does not open: $(cat "$ERR")"
    fi
    kept=$(find "$WORK/nadia" -name '*damaged*' | head -n 1)
    [ -n "$kept" ] || fail "nothing was kept aside: $(ls "$WORK/nadia") $(cat "$ERR")"
    grep -qi "damaged" "$ERR" || fail "no message: $(cat "$ERR")"
    saved=$(sed -n 's/.*taken over: \([0-9]*\), lost: \([0-9]*\).*/\1 \2/p' "$ERR" | head -n 1)
    [ -n "$saved" ] || fail "losses are not counted: $(cat "$ERR")"
    read -r taken lost <<<"$saved"
    echo "   taken over $taken, lost $lost"
    synced nadia
    same "what came back from the server" 40 \
        "$(query nadia "SELECT id FROM personne WHERE prenom GLOB 'Envoye*'" | wc -l)"
    expect 0 on nadia audit verify
    there=$(query nadia "SELECT id FROM personne WHERE prenom GLOB 'Attend*'" | wc -l)
    echo "   $there of 20 unsent records are there"
    case $how in
    head) [ "$there" -eq 20 ] || fail "a damaged first page cost $((20 - there)) records" ;;
    esac
    [ "$there" -eq 20 ] || [ "$lost" -gt 0 ] || fail "$((20 - there)) records are gone and none is counted"
    create nadia personne prenom=Apres site="$site"
    synced nadia
done
synced claire
same "the colleague's people" "$(query nadia "SELECT id FROM personne ORDER BY id")" \
    "$(query claire "SELECT id FROM personne ORDER BY id")"
