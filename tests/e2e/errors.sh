#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: whatever goes wrong says so in words, with the right exit code, and costs nothing:
# wrong passphrase, wrong server, expired, used or forged invites, an unknown device,
# a clock nine years ahead, a body of 2 GB, garbage on the port, no server, wrong usage,
# plain HTTP to elsewhere.
# ctest: no-valgrind timeout=1200
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

# says WORDS: the message is there, is in words, and is none of a crash.
says() {
    [ -s "$ERR" ] || fail "no message; on stdout: $(cat "$OUT")"
    grep -qiE -- "$1" "$ERR" || fail "the message does not say '$1': $(cat "$ERR")"
    ! grep -qE 'AddressSanitizer|runtime error|assert' "$ERR" || fail "$(cat "$ERR")"
}
export LC_ALL=C.UTF-8 LANG=en_GB.UTF-8
en() { on "$@" --lang en; }

# What the team has must still be there, whole, after each trouble.
nothing_lost() {
    same "nadia's sites after $1" "$known" "$(query nadia "SELECT id, nom, effectif FROM site ORDER BY id")"
}

step "a team"
team claire nadia
create claire site nom="Les Saules"
site=$ID
synced claire nadia
expect 0 on nadia set "$site" effectif=5
known=$(query nadia "SELECT id, nom, effectif FROM site ORDER BY id")

step "wrong passphrase"
cp "$WORK/nadia.pass" "$WORK/nadia.right"
echo "another passphrase" >"$WORK/nadia.pass"
expect 1 en nadia list site
says passphrase
expect 1 en nadia sync
says passphrase
: >"$WORK/nadia.pass"
expect 1 en nadia list site
says passphrase
mv "$WORK/nadia.right" "$WORK/nadia.pass"
nothing_lost "a wrong passphrase"
expect 1 en nadia init --name again
says "already"
nothing_lost "a second init"
expect 1 en nobody list site
says "init"

step "no server, then again"
server_stop
expect 3 en nadia sync
says "lost|reached"
expect 0 on nadia status
nothing_lost "a sync without a server"
device stranger
expect 3 en stranger join "${FOUNDER%%#*}#i1.$(head -c 112 /dev/zero | base64 -w0 | tr '+/' '-_' | tr -d =)"
says "lost|reached"
python3 - "${server_port[server]}" <<'P' &
import socket, sys, os
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
answers = [b"", b"\x16\x03\x01 garbage \xff\x00" * 50, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
           b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
           b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
           b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"]
for answer in answers:
    connection, _ = listener.accept()
    connection.recv(65536)
    connection.sendall(answer)
    connection.close()
P
garbage=$!
started+=("$garbage")
sleep 0.3
for answer in nothing "garbage bytes" "an answer that is none" "a short answer" "a redirection" \
    "an endless answer"; do
    code=0
    en nadia sync >"$OUT" 2>"$ERR" </dev/null || code=$?
    case $code in
    1 | 3 | 4) says . ;;
    *) fail "exit $code after $answer" ;;
    esac
    nothing_lost "$answer"
done
wait "$garbage"
server_start
[ "$(unsent nadia)" -gt 0 ] || fail "nadia's change is no longer waiting"

step "another server at the same address"
server_stop
mv "$WORK/server" "$WORK/real"
port=${server_port[server]}
expect 0 "$PASSERELLE_BIN_DIR/passerelled" init --data "$WORK/server" --url "http://127.0.0.1:$port" --json
other_link=$(field .founder_link)
server_start
code=0
en nadia sync >"$OUT" 2>"$ERR" </dev/null || code=$?
[ $code -eq 4 ] || [ $code -eq 1 ] || fail "exit $code at another server"
says "server|signature"
nothing_lost "another server"
expect 0 on nadia status --json
device eve
wrong=${other_link%%#*}#f1.$(printf '%s' "${other_link#*#f1.}" | tr 'A-Za-z' 'B-ZAb-za')
code=0
en eve space create Autre --level team --server "$wrong" >"$OUT" 2>"$ERR" </dev/null || code=$?
[ $code -eq 1 ] || [ $code -eq 4 ] || fail "exit $code with a founder link of another server"
says "server"
server_stop
rm -rf "$WORK/server"
mv "$WORK/real" "$WORK/server"
server_start
synced nadia claire

step "garbage on the server's port, and 2 GB"
head -c 100000 /dev/urandom | timeout 5 python3 -c "
import socket, sys
s = socket.create_connection(('127.0.0.1', $port)); s.settimeout(4)
try:
    s.sendall(sys.stdin.buffer.read()); s.shutdown(1)
    while s.recv(65536): pass
except OSError: pass" || true
truncate -s 2G "$WORK/huge"
code=$(curl -s -o "$OUT" -w '%{http_code}' --max-time 20 -X POST -H 'Content-Type: application/msgpack' \
    -H 'Expect:' --upload-file "$WORK/huge" "$URL/v1/sync" 2>"$ERR") || true
rm -f "$WORK/huge"
[ "$code" = 413 ] || [ "$code" = 000 ] || fail "HTTP $code for 2 GB"
python3 - "$port" >"$OUT" <<'P' || fail "announced 2 GB: $(cat "$OUT")"
import socket, sys
def ask(data):
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=10) as s:
        s.sendall(data)
        return s.recv(65536)
head = b"POST /v1/sync HTTP/1.1\r\nHost: x\r\nContent-Type: application/msgpack\r\n"
for extra, wanted in ((b"Content-Length: 2147483648\r\n\r\n", b"413"),
                      (b"Content-Length: -1\r\n\r\n", b"400"),
                      (b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", b"400"),
                      (b"Transfer-Encoding: chunked\r\n\r\n7fffffff\r\nabc", b"411"),
                      (b"Content-Length: 5\r\n\r\nhello", b"400")):
    answer = ask(head + extra)
    if not answer.startswith(b"HTTP/1.1 " + wanted):
        sys.exit(f"{extra!r}: {answer[:200]!r}")
P
until_true 5 curl -fsS "$URL/readyz"
synced nadia
nothing_lost "garbage and 2 GB"

step "invites: garbage, forged, used"
device ana bob
expect 1 en ana join "https://example.org/"
says "link"
expect 1 en ana join "http://192.0.2.1/#i1.$(head -c 112 /dev/zero | base64 -w0 | tr '+/' '-_' | tr -d =)"
says "link|protect"
expect 0 on claire invite --role writer --json
link=$(field .link)
synced claire
expect 0 on claire invite --role writer --days 3 --json
has "$OUT" '"expires"'
# Another secret under the same space and server: unknown to the log.
secret=${link##*.}
forged=${link%.*}.$(python3 - "$secret" <<'P'
import base64, os, sys
text = sys.argv[1]
raw = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
raw[-32:] = os.urandom(32)
print(base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("="))
P
)
code=0
en ana join "$forged" >"$OUT" 2>"$ERR" </dev/null || code=$?
[ $code -eq 1 ] || fail "exit $code with a forged invite"
says "such|invit|unknown|exist"
expect 0 en ana join "$link"
expect 0 on ana sync --json
same "state of a joiner" waiting "$(jq -r '.spaces[-1].state' "$OUT")"
code=0
en bob join "$link" >"$OUT" 2>"$ERR" </dev/null || code=$?
[ $code -eq 1 ] || fail "exit $code with an invite that somebody else uses"
says "used"
printf 'sync\napprove --all\nsync\n' >"$WORK/approve"
run claire "$WORK/approve"
synced ana
same "ana's sites" 1 "$(query ana "SELECT nom FROM site" | wc -l)"
device zoe
code=0
en zoe join "$link" >"$OUT" 2>"$ERR" </dev/null || code=$?
[ $code -eq 1 ] || fail "exit $code with an invite that was used up"
says "used"

step "an invite that has expired"
ago=$(date -u -d '-3 days' +%Y-%m-%dT%H:%M:%SZ)
expect 0 on claire --now "$ago" invite --role writer --days 1 --json
link=$(field .link)
synced claire
device ida
code=0
en ida join "$link" >"$OUT" 2>"$ERR" </dev/null || code=$?
[ $code -eq 1 ] || fail "exit $code with an expired invite"
says "expired"

step "a device that the server does not know any more"
# The founding was undone behind everybody's back: a server of the same keys without the space.
server_stop
cp -a "$WORK/server" "$WORK/real"
sqlite3 "$WORK/server/log.db" "DELETE FROM log; DELETE FROM bodies; DELETE FROM notes;
    DELETE FROM members; DELETE FROM spaces;"
server_start
code=0
en nadia sync >"$OUT" 2>"$ERR" </dev/null || code=$?
[ $code -eq 1 ] || [ $code -eq 4 ] || fail "exit $code when the server does not know the device"
says "known|less|device"
nothing_lost "an unknown device"
server_stop
rm -rf "$WORK/server"
mv "$WORK/real" "$WORK/server"
server_start
synced nadia

step "a clock nine years ahead"
ahead=$(date -u -d '+9 years' +%Y-%m-%dT%H:%M:%SZ)
expect 0 on nadia --now "$ahead" set "$site" commune=Aubry
expect 0 on nadia --now "$ahead" sync --json
same "unsent with a wrong clock" 0 "$(field '[.spaces[].unsent] | add')"
synced claire
same "what claire sees" '"Aubry"' "$(query claire "SELECT commune FROM site" | jq .commune)"
expect 0 on claire set "$site" commune=Villers
synced claire nadia
same "a later value wins over a date in the future" '"Villers"' \
    "$(query nadia "SELECT commune FROM site" | jq .commune)"
expect 0 on claire audit log --json
jq -e 'any(.[]; .clock_suspect == true)' "$OUT" >"$WORK/found" || fail "the wrong clock is not marked"

step "usage"
known=$(query nadia "SELECT id, nom, effectif FROM site ORDER BY id")
for words in "" "nonsense" "new" "set" "show" "sync --nonsense" "sql" "list" "init extra words" \
    "invite --role" "space" "audit" "join"; do
    code=0
    # shellcheck disable=SC2086
    en nadia $words >"$OUT" 2>"$ERR" </dev/null || code=$?
    [ $code -eq 2 ] || fail "exit $code instead of 2 for 'passerelle $words': $(cat "$OUT" "$ERR")"
    says "passerelle|usage"
done
for words in "new nonsense a=b" "new site nonsense=1" "new site commune=Aubry" "show nothing-such" \
    "set $site effectif=many" "set $site effectif=99999" "list nonsense" "list site --where ((" \
    "history 000" "new personne prenom=X site=nowhere" "invite --role king" "report nonsense"; do
    code=0
    # shellcheck disable=SC2086
    en nadia $words >"$OUT" 2>"$ERR" </dev/null || code=$?
    [ $code -eq 1 ] || [ $code -eq 2 ] || fail "exit $code for 'passerelle $words'"
    says .
done
nothing_lost "wrong usage"
for words in "" "nonsense" "serve" "init" "check" "serve --data" "init --data $WORK/x --url ftp://x" \
    "init --data $WORK/x --url http://example.org"; do
    code=0
    # shellcheck disable=SC2086
    "$PASSERELLE_BIN_DIR/passerelled" $words >"$OUT" 2>"$ERR" </dev/null || code=$?
    [ $code -eq 2 ] || [ $code -eq 1 ] || fail "exit $code for 'passerelled $words'"
    says .
done
expect 1 "$PASSERELLE_BIN_DIR/passerelled" init --data "$WORK/server" --url "$URL"
says "already|exists"
code=0
"$PASSERELLE_BIN_DIR/passerelled" serve --data "$WORK/server" --listen 0.0.0.0:0 >"$OUT" 2>"$ERR" \
    </dev/null || code=$?
[ $code -eq 2 ] || [ $code -eq 1 ] || fail "exit $code for plain HTTP on every address"
says "insecure|http"
