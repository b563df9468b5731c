#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: a server that forgets is noticed. Its database put back to yesterday's copy: the next
# sync of whoever saw more ends with 4 and says why, the device works on and loses nothing.
# When the true database is back, the same device goes on as if nothing had been.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

step "yesterday"
team claire nadia
create claire site nom="Les Saules"
site=$ID
synced claire nadia
server_stop
cp -a "$WORK/server" "$WORK/yesterday"

step "today: more work, acknowledged"
server_start
expect 0 on nadia set "$site" effectif=12
create nadia personne prenom=Mircea site="$site"
synced nadia claire
expect 0 on nadia status --json
size=$(field '.spaces[0].size')
server_stop
mv "$WORK/server" "$WORK/true"
cp -a "$WORK/yesterday" "$WORK/server"

step "the next sync is an alarm"
server_start
create nadia personne prenom=Adela site="$site"
expect 4 on nadia sync
grep -qiE 'rollback|moins|less|signed|sign' "$ERR" || fail "no clear message: $(cat "$ERR")"
expect 0 on nadia status --json
same "alarm" rollback "$(field '.spaces[0].alarm')"
same "size that was verified" "$size" "$(field '.spaces[0].size')"

step "the device works on and loses nothing"
expect 0 on nadia set "$site" commune=Aubry
create nadia personne prenom=Iulia site="$site"
same "people" '{"n":3}' "$(query nadia "SELECT count(*) AS n FROM personne")"
same "site" '{"effectif":12,"commune":"Aubry"}' "$(query nadia "SELECT effectif, commune FROM site")"
[ "$(unsent nadia)" -ge 3 ] || fail "what waits is not counted"
expect 4 on nadia sync
expect 0 on nadia audit verify
leaves=$(sqlite3 "$WORK/server/log.db" "SELECT count(*) FROM log")
expected=$(sqlite3 "$WORK/yesterday/log.db" "SELECT count(*) FROM log")
same "entries that the forgetful server was given" "$expected" "$leaves"
server_stop

step "the true database is back"
rm -rf "$WORK/server"
mv "$WORK/true" "$WORK/server"
server_start
synced nadia claire
expect 0 on nadia status --json
same "alarm" null "$(jq '.spaces[0].alarm' "$OUT")"
same "people at the colleague's" '{"n":3}' "$(query claire "SELECT count(*) AS n FROM personne")"
expect 0 on claire audit verify --full
server_stop
expect 0 "$PASSERELLE_BIN_DIR/passerelled" check --data "$WORK/server"
