#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: a server that tells two stories is found out. Its folder is copied; two devices work
# with one copy each. Whoever meets the other branch ends with 4 and keeps evidence; and two
# people who only compare checkpoints see it too, without the server. Nothing is lost.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

# A stranger's program judges the evidence from the file alone; an altered file proves nothing.
proves() { # DEVICE WHAT
    local file judge=$SOURCE_DIR/tests/interop/verifier/evidence.mjs
    command -v node >/dev/null || return 0
    file=$(find "$WORK/$1" -name 'evidence-*' | sort | tail -n 1)
    expect 0 node "$judge" "$file"
    has "$OUT" "$2: "
    sed -E '/^\xe2\x80\x94/{s/^([^ ]+ [^ ]+ .{10})A/\1B/;t;s/^([^ ]+ [^ ]+ .{10})./\1A/}
        /^response:/{s/^(response: .{80})0/\11/;t;s/^(response: .{80})./\10/}' "$file" >"$WORK/altered"
    expect 1 node "$judge" "$WORK/altered"
}

step "one history"
team claire nadia karim
create claire site nom="Les Saules"
site=$ID
synced claire nadia karim
server_stop
cp -a "$WORK/server" "$WORK/other"

step "two histories: nadia writes to one, karim to the other"
server_start
create nadia personne prenom=Mircea site="$site"
synced nadia
server_stop
mv "$WORK/server" "$WORK/one"
mv "$WORK/other" "$WORK/server"
server_start
create karim personne prenom=Adela site="$site"
synced karim

step "comparing checkpoints shows it, without a server"
expect 0 on nadia audit checkpoint
cp "$OUT" "$WORK/nadia.checkpoint"
cp -a "$WORK/karim" "$WORK/karim.before"
expect 4 on karim audit verify --with "$WORK/nadia.checkpoint"
[ -s "$ERR" ] || fail "no message"
[ -n "$(find "$WORK/karim" -name 'evidence-*')" ] || fail "no evidence was kept"
proves karim fork
expect 0 on claire audit checkpoint
cp "$OUT" "$WORK/claire.checkpoint"
expect 0 on nadia audit verify --with "$WORK/claire.checkpoint"
rm -rf "$WORK/karim"
mv "$WORK/karim.before" "$WORK/karim"

on nadia audit verify --with - <"$WORK/claire.checkpoint" >"$OUT" || fail "a checkpoint from stdin"
expect 0 on claire audit checkpoint --svg "$WORK/code.svg"
python3 -c 'import sys, xml.dom.minidom as x; x.parse(sys.argv[1])' "$WORK/code.svg"

step "a device that meets the other branch with something to send"
cp -a "$WORK/nadia" "$WORK/nadia.before"
create nadia personne prenom=Iulia site="$site"
entries=$(sqlite3 "$WORK/server/log.db" "SELECT count(*) FROM log")
expect 4 on nadia sync
[ -s "$ERR" ] || fail "no message"
expect 0 on nadia status --json
case $(field '.spaces[0].alarm') in
fork | rollback | root) ;;
*) fail "alarm is $(field '.spaces[0].alarm')" ;;
esac
same "nadia's people" '{"n":2}' "$(query nadia "SELECT count(*) AS n FROM personne")"
same "entries of the other branch" "$entries" "$(sqlite3 "$WORK/server/log.db" "SELECT count(*) FROM log")"

step "with nothing to send, once the other branch has grown"
rm -rf "$WORK/nadia"
mv "$WORK/nadia.before" "$WORK/nadia"
create karim personne prenom=Denisa site="$site"
create karim personne prenom=Emil site="$site"
synced karim
expect 4 on nadia sync
expect 0 on nadia status --json
same "alarm" fork "$(field '.spaces[0].alarm')"
[ -n "$(find "$WORK/nadia" -name 'evidence-*')" ] || fail "no evidence was kept"
proves nadia root
create nadia personne prenom=Iulia site="$site"
same "nadia's people" '{"n":2}' "$(query nadia "SELECT count(*) AS n FROM personne")"
server_stop
mv "$WORK/server" "$WORK/two"
mv "$WORK/one" "$WORK/server"
server_start
expect 4 on karim sync
same "karim's people" '{"n":3}' "$(query karim "SELECT count(*) AS n FROM personne")"
expect 0 on karim audit verify

step "two histories of equal size and nothing to send: the note is asked for once a day"
server_stop
rm -rf "$WORK/one" "$WORK/two" "$WORK/server"
server_init
server_start
device dora emma
expect 0 on dora space create Autre --level team --server "$FOUNDER"
enrol dora Autre emma
server_stop
cp -a "$WORK/server" "$WORK/other"
server_start
create dora site nom="Les Ormes"
synced dora
server_stop
mv "$WORK/server" "$WORK/one"
mv "$WORK/other" "$WORK/server"
server_start
create emma site nom="Les Pins"
synced emma
expect 0 on dora sync
tomorrow=$(date -u -d '+25 hours' +%Y-%m-%dT%H:%M:%SZ)
expect 4 on dora sync --now "$tomorrow"
proves dora fork
