#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: a server that tells two stories is found out. Its folder is copied; two devices work
# with one copy each. Whoever meets the other branch ends with 4 and keeps evidence; and two
# people who only compare checkpoints see it too, without the server. Nothing is lost.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

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
expect 0 on claire audit checkpoint
cp "$OUT" "$WORK/claire.checkpoint"
expect 0 on nadia audit verify --with "$WORK/claire.checkpoint"
rm -rf "$WORK/karim"
mv "$WORK/karim.before" "$WORK/karim"

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
create nadia personne prenom=Iulia site="$site"
same "nadia's people" '{"n":2}' "$(query nadia "SELECT count(*) AS n FROM personne")"
server_stop
mv "$WORK/server" "$WORK/two"
mv "$WORK/one" "$WORK/server"
server_start
expect 4 on karim sync
same "karim's people" '{"n":3}' "$(query karim "SELECT count(*) AS n FROM personne")"
expect 0 on karim audit verify
