#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: a phone is put back from an old backup. It notices (exit 4), sends nothing under its old
# identity, and loses nothing: with a new one, invited and approved again, it sends what waited in
# the backup and what was written since, under the author it had; what its former self had sent in
# the meantime is not sent twice.
# ctest: timeout=600
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

names() { query "$1" "SELECT prenom FROM personne ORDER BY prenom" | jq -r .prenom | paste -sd' '; }

step "a backup with unsent work; the phone goes on after it"
team claire ana
create claire site nom="Les Saules"
site=$ID
synced claire ana
create ana personne prenom=Avant site="$site"
synced ana
create ana personne prenom=Envoye site="$site"
create ana personne prenom=Encore site="$site"
cp -r "$WORK/ana" "$WORK/backup"
old=$(expect 0 on ana status --json; jq -r .device "$OUT")
expect 1 on ana renew --lang en
has "$ERR" "keeps its identity"
synced ana # the former self sends what waits in the backup, too
create ana personne prenom=Apres site="$site"
synced ana claire
same "people, before" "Apres Avant Encore Envoye" "$(names claire)"

step "the phone is put back: work goes on, nothing is sent, and it is said why"
rm -r "$WORK/ana"
mv "$WORK/backup" "$WORK/ana"
create ana personne prenom=Nouveau site="$site"
expect 4 on ana sync --lang en
has "$OUT" "Another copy of this device"
expect 4 on ana sync
[ "$(unsent ana)" -gt 0 ] || fail "nothing waits"
leaves=$(metric 'passerelle_leaves_total{result="accepted"}')
expect 4 on ana sync
same "leaves" "$leaves" "$(metric 'passerelle_leaves_total{result="accepted"}')"

step "a new identity"
cp "$WORK/ana/device.key" "$WORK/key.before"
printf 'wrong\n' >"$WORK/wrong"
expect 1 on ana renew --passphrase-file "$WORK/wrong"
cmp -s "$WORK/ana/device.key" "$WORK/key.before" || fail "the key changed"
expect 0 on ana renew --json
new=$(field .device)
[ "$new" != "$old" ] || fail "the identity is the old one"
same "spaces" 1 "$(field .spaces)"
[ "$(field .changes)" -gt 0 ] || fail "the work is gone"
expect 1 on ana renew
same "device" "$new" "$(expect 0 on ana status --json; jq -r .device "$OUT")"
create ana personne prenom=Attend site="$site"

step "invited and approved again: all is there, once"
expect 0 on claire invite --role writer --json
link=$(field .link)
synced claire
expect 0 on ana join "$link"
expect 0 on claire sync
expect 0 on claire approve --all
synced claire ana
expect 0 on claire revoke "${old:0:8}"
synced claire ana claire
for who in claire ana; do
    same "people, says $who" "Apres Attend Avant Encore Envoye Nouveau" "$(names $who)"
    same "twice, says $who" '{"n":0}' "$(query $who "SELECT count(*) AS n FROM (SELECT record, field, author, claimed_at, value FROM history GROUP BY 1, 2, 3, 4, 5 HAVING count(*) > 1)")"
    same "who wrote the work that waited, says $who" "$old" \
        "$(query $who "SELECT author FROM history WHERE value = 'Nouveau'" | jq -r .author)"
    same "who wrote since, says $who" "$new" \
        "$(query $who "SELECT author FROM history WHERE value = 'Attend'" | jq -r .author)"
    expect 0 on $who audit verify --full
done
synced ana
server_stop
expect 0 "$PASSERELLE_BIN_DIR/passerelled" check --data "$WORK/server"
