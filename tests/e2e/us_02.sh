#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: US-02, the return to the office. When A syncs once after a day offline, everything is acknowledged in one round
# trip; B of the same team sees it after his sync, which is one round trip as well; the server's store and log hold none of
# the names; a second sync sends nothing.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

team ana ben
create ana site nom="Les Marronniers" commune=Aubry
synced ana ben
server_stop
{
    for name in Ruxandra Zdravkovich Margareta Tihomirova Paraskeva Ermolinka; do
        printf 'new personne prenom=%s site=Marronniers\n' $name
        printf 'new contact personne=%s date=hier texte="vue avec %s"\n' $name $name
    done
} >"$WORK/tuesday"
run ana "$WORK/tuesday"
[ "$(unsent ana)" -ge 12 ] || fail "nothing waits"
server_start

step "one round trip"
expect 0 on ana sync --json
same "acknowledged" 0 "$(field '[.spaces[].unsent] | add')"
same "requests" 1 "$(field .requests)"
[ "$(field .pushed)" -ge 1 ] || fail "nothing was pushed"
expect 0 on ana status
has "$OUT" "tout est envoyé"

step "a second one sends nothing"
expect 0 on ana sync --json
same "pushed" 0 "$(field .pushed)"

step "the colleague"
expect 0 on ben sync --json
same "requests" 1 "$(field .requests)"
same "people and contacts" '{"p":6,"c":6}' "$(query ben "SELECT (SELECT count(*) FROM personne) AS p, (SELECT count(*) FROM contact) AS c")"
expect 0 on ben find ruxan --json
same "by the beginning of a name" Ruxandra "$(jq -r '.[] | select(.kind == "personne") | .title' "$OUT")"

step "the server has none of it"
for name in Ruxandra Zdravkovich Margareta Tihomirova Paraskeva Ermolinka Marronniers; do
    ! grep -rqaF "$name" "$WORK/server" "$WORK/server.log" || fail "$name is on the server"
done
