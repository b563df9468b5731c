#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: US-14, the report of the year. A person whom A and B follow counts once; small counts are hidden in the shared
# version; the file names nobody; the export stands in the history.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

team ana ben
create ana site nom="Les Saules" commune=Aubry
site=$ID
for name in Zlatka Yordan Marioara Nelu Viorica Todor; do
    sexe=homme
    [[ $name == *a ]] && sexe=femme
    echo "new personne prenom=$name site=$site sexe=$sexe"
done >"$WORK/people"
run ana "$WORK/people"
mapfile -t people < <(jq -r .id "$OUT")
synced ana ben
for who in ana ben; do
    for person in "${people[@]}"; do
        echo "new contact personne=$person date=2025-02-03"
    done >"$WORK/contacts"
    run $who "$WORK/contacts"
done
create ben placement personne="${people[0]}" debut=2025-05-05 etat=en_essai contrat=cdi
synced ana ben
synced ana

number() { jq --arg key "$1" '.parts[].rows[] | select(has($key)) | .[$key]' "$OUT"; }
for who in ana ben; do
    expect 0 on $who report P1 --year 2025 --json
    same "people at $who" 6 "$(number nombre_personnes)"
    same "women at $who" 3 "$(number nombre_femmes)"
    same "at work at $who" 1 "$(number travail_nombre_personnes)"
    same "women at work at $who" 1 "$(number travail_nombre_femmes)"
done
expect 0 on ana report P1 --year 2024 --json
same "the year before" 0 "$(number nombre_personnes)"

step "the shared version"
expect 0 on ana report P1 --year 2025 --shared --csv "$WORK/p1.csv"
has "$WORK/p1.csv" "nombre_personnes;Personnes;6;"
has "$WORK/p1.csv" "travail_nombre_personnes;Travail : personnes;< 5;"
for name in Zlatka Yordan Marioara Nelu Viorica Todor Saules ana ben; do
    lacks "$WORK/p1.csv" "$name"
done
same "the export is noted" '{"quoi":"P1","type":"export"}' "$(query ana "SELECT quoi, type FROM export_fait")"
synced ana ben
expect 0 on ben audit log --json
same "in the audit" "file ana" "$(jq -r '[.[] | select(.kind == "export_notice")][0] | "\(.what) \(.author_name)"' "$OUT")"
same "and known to the others" '{"n":1}' "$(query ben "SELECT count(*) AS n FROM export_fait")"
expect 2 on ana report P1 --year last
expect 1 on ana report NOSUCH
expect 1 on ana report P1 debut=never
