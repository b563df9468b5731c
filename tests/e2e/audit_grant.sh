#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: an auditor reads content only with a second person's leave, and exactly what was granted:
# one dossier, or one period. The request and the leave are leaves that everybody sees for ever;
# before the second one, no key moves. What was read is noted. A grant ends by its date or by
# hand, and the keys go; an erased dossier's go at once. A forged grant, or one confirmed by the
# auditor, gives nothing.
# ctest: timeout=600
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

state_of() { expect 0 on "$1" audit grants --json; jq -r "[.[] | .state] | join(\" \")" "$OUT"; }
keys_of() { expect 0 on "$1" audit grants --json; jq -r "[.[] | .keys] | join(\" \")" "$OUT"; }
code_of() { query claire "SELECT code FROM record WHERE id = '$1'" | jq -r .code; }

step "a team with two files, an auditor who reads nothing"
team claire nadia guy:auditor
create claire site nom="Les Saules"
site=$ID
create claire personne prenom=Mircea site="$site"
mircea=$ID
synced claire nadia
create nadia personne prenom=Adela site="$site"
synced nadia claire guy
code=$(code_of "$mircea")
expect 1 on claire audit grant "$code" --reason "curiosite"
expect 1 on guy audit grant AAAAAAAA --reason "controle"
expect 1 on guy audit grant "$code"
expect 1 on guy audit grant "$code" --reason "controle" --days 400

step "he asks for one file; nothing opens before somebody else agrees"
expect 0 on guy audit grant "$code" --reason "plainte de mars" --days 10 --lang en
has "$OUT" "Somebody else"
synced guy
same "state" proposed "$(state_of guy)"
hash=$(jq -r '.[0].hash' "$OUT")
expect 1 on guy audit read "$hash"
expect 1 on guy member confirm "$hash"
synced nadia claire
expect 1 on nadia member confirm "$hash"
same "what everybody sees" '["guy","plainte de mars"]' \
    "$(expect 0 on nadia audit grants --json; jq -c '.[0] | [.name, .reason]' "$OUT")"
expect 0 on claire member proposals --json
same "may claire confirm" true "$(field '.[0].mine')"
expect 0 on claire member confirm "$hash"
synced claire
same "state" open "$(state_of claire)"

step "the keys arrive, one per body of that file, and it can be read"
expect 0 on guy sync
[ "$(keys_of guy)" -gt 0 ] || fail "no key has arrived"
expect 0 on guy audit read "$hash" --json
cp "$OUT" "$WORK/read"
same "codes" "[\"$code\"]" "$(jq -c 'map(.code) | unique' "$WORK/read")"
has "$WORK/read" Mircea
lacks "$WORK/read" Adela
jq -e 'any(.[]; .field == "prenom" and .value == "Mircea" and .author_name == "claire")' "$WORK/read" >/dev/null ||
    fail "the change is not there"
! grep -raqF Mircea "$WORK/guy" || fail "what was read lies readable"
same "what the tables hold" '{"n":0}' "$(query guy "SELECT count(*) AS n FROM history")"

step "later work of that file falls in no period that is over; it is not opened"
expect 0 on claire set "$mircea" telephone="06 55 55 55 55"
sleep 1
synced claire
expect 0 on claire sync
expect 0 on guy sync
expect 0 on guy audit read "$hash" --json
lacks "$OUT" "0655555555"

step "what was read is noted like any opened file"
expect 0 on guy sync --now "$(date -u -d '+13 hours' +%Y-%m-%dT%H:%M:%SZ)"
synced claire
expect 0 on claire audit log --json
same "noted" "[\"$code\"]" "$(jq -c '[.[] | select(.kind == "access" and .device_name == "guy") | .code] | unique' "$OUT")"

step "a period, all files"
expect 0 on guy audit grant --from 2020-01-01 --reason "controle annuel" --days 5
synced guy
two=$(expect 0 on guy audit grants --json; jq -r '.[] | select(.state == "proposed") | .hash' "$OUT")
synced claire
expect 0 on claire member confirm "$two"
synced claire
expect 0 on guy sync
expect 0 on guy audit read "$two" --json
has "$OUT" Adela
has "$OUT" 0655555555

step "an erased file's keys go at once"
before=$(expect 0 on guy audit grants --json; jq -r ".[] | select(.hash == \"$two\") | .keys" "$OUT")
expect 0 on claire erase "$mircea" --reason request
synced claire guy claire
expect 0 on guy sync
after=$(expect 0 on guy audit grants --json; jq -r ".[] | select(.hash == \"$two\") | .keys" "$OUT")
[ "$after" -lt "$before" ] || fail "$after keys after the erasure, $before before"
expect 0 on guy audit read "$two" --json
lacks "$OUT" Mircea
has "$OUT" Adela

step "a grant is closed by hand; one ends by its date; both stay listed"
expect 0 on claire audit close "$two"
synced claire guy
expect 1 on guy audit read "$two" --lang en
has "$ERR" "closed or over"
same "keys after the end" 0 "$(expect 0 on guy audit grants --json; jq -r ".[] | select(.hash == \"$two\") | .keys" "$OUT")"
synced nadia
same "states" "open closed" "$(state_of nadia)"
expect 1 on claire audit close "$two"
expect 0 on guy audit verify --full
server_stop
expect 0 "$PASSERELLE_BIN_DIR/passerelled" check --data "$WORK/server"
