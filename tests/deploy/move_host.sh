#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: released no-valgrind no-tsan
#
# Goal: the drill "Moving to another host" with two machines that are folders, and the mistake it warns of: the old one is
# started again after the new one took work. Devices say so, believe neither less nor more than what was signed, and lose
# nothing once the old one is off.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"
passerelled=$PASSERELLE_BIN_DIR/passerelled
size_of() { on "$1" status --json | jq '.spaces[0].size'; }

team claire nadia
create claire site nom="Les Saules"
synced claire nadia

step "the old machine is stopped, its folder goes over"
server_stop
tar -C "$WORK" -czf "$WORK/move.tar.gz" server
mkdir "$WORK/there"
tar -C "$WORK/there" -xzf "$WORK/move.tar.gz"
same "mode of server.key" 600 "$(stat -c %a "$WORK/there/server/server.key")"
expect 0 "$passerelled" check --data "$WORK/there/server" --deep
mv "$WORK/server" "$WORK/before"
mv "$WORK/there/server" "$WORK/server"
server_start

step "devices notice nothing"
create nadia site nom="Les Acacias"
synced nadia claire
same "sites that claire sees" '{"n":2}' "$(query claire 'SELECT count(*) AS n FROM site')"

step "somebody starts the old one again"
server_stop
mv "$WORK/server" "$WORK/after"
mv "$WORK/before" "$WORK/server"
server_start
size=$(size_of claire)
create claire site nom="Les Charmes"
expect 4 on claire sync
same "what claire keeps" "$size" "$(size_of claire)"
[ "$(unsent claire)" -gt 0 ] || fail "claire's work went to the old machine"

step "it is switched off: the alarm is over, the work leaves"
server_stop
rm -r "$WORK/server"
mv "$WORK/after" "$WORK/server"
server_start
synced claire nadia
same "sites that nadia sees" '{"n":3}' "$(query nadia 'SELECT count(*) AS n FROM site')"
for who in claire nadia; do expect 0 on "$who" audit verify --full; done
expect 0 "$passerelled" check --data "$WORK/server" --deep
