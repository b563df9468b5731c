#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: US-07, the same follow-up twice. A and B both record day 3 offline with different notes. After the
# synchronisation the item is resolved once, both notes are kept, no item is double, P5 counts one.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

team ana ben
create ana site nom="Les Saules" commune=Aubry
create ana personne prenom=Stefan site="$ID"
person=$ID
create ana entreprise nom="Serres" commune=Aubry
create ana placement personne="$person" employeur="$ID" debut=2025-03-03 etat=en_essai contrat=cdd
job=$ID
synced ana ben
day=2025-03-05T15:00:00Z
item() { on "$1" agenda --json --until 2025-03-07 --now $day | jq -r '.[] | select(.rule == "J3") | .id'; }

step "both derive the same item, and answer it offline"
same "the item" "$(item ana)" "$(item ben)"
wanted=$(item ana)
server_stop
expect 0 on ana done "$wanted" points_forts="à l'heure" --now $day
expect 0 on ben done "$wanted" difficultes="trajet long" --now $day
server_start
synced ana ben
synced ana

step "resolved once, nothing lost"
for who in ana ben; do
    same "J3 at $who" "" "$(item $who)"
    same "notes at $who" '{"n":2,"strong":"à l'"'"'heure","hard":"trajet long"}' \
        "$(query $who "SELECT count(*) AS n, max(points_forts) AS strong, max(difficultes) AS hard FROM suivi WHERE placement = '$job'")"
    expect 0 on $who report P5 --year 2025 --json --now 2025-03-06T08:00:00Z
    same "P5 at $who" 1 "$(jq '.parts[0].rows[] | select(.regle == "J3") | .faits' "$OUT")"
done
