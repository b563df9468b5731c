#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: US-05, a proposal and a refusal. A presents a job in Romanian with an interpreter, ticks the effects that were
# explained, the person refuses for lack of child care: the motive counts in P6, a barrier can be opened in one go, and
# the employer's sheet shows nothing of it.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

team ana
create ana site nom="Les Saules" commune=Aubry
create ana personne prenom=Zlatomira site="$ID"
person=$ID
create ana entreprise nom="Blanchisserie Nette" commune=Aubry
company=$ID
create ana poste entreprise="$company" intitule="Repasseuse"
job=$ID
create ana proposition personne="$person" poste="$job" langue=ro interprete="Mme Dinu" date=2025-04-02 etat=presentee
offer=$ID
expect 0 on ana tick "$offer" ecole foyer horaires refus
expect 0 on ana set "$offer" etat=refusee motif=garde reponse_le=2025-04-03 texte="pas de place en crèche"
has "$OUT" "garde"

step "one go opens the barrier"
expect 0 on ana suggest "$offer" --json
key=$(jq -r '.[] | select(.kind == "frein") | .key' "$OUT")
expect 0 on ana suggest "$offer" "$key" --json
barrier=$(field .id)
same "the barrier" "{\"personne\":\"$person\",\"theme\":\"garde\"}" \
    "$(query ana "SELECT personne, theme FROM frein WHERE id = '$barrier'")"

step "the motive counts"
expect 0 on ana report P6 --year 2025 --json
same "P6" 1 "$(jq '.parts[] | select(.part == "refus") | .rows[] | select(.motif == "garde") | .refus' "$OUT")"
expect 0 on ana report P6 --year 2025 --json --shared
same "P6, shared" null \
    "$(jq '.parts[] | select(.part == "refus") | .rows[] | select(.motif == "garde") | .refus' "$OUT")"

step "the employer's sheets show nothing of it"
expect 0 on ana print fiche_entreprise "$company" --html "$WORK/company.html"
expect 0 on ana print fiche_poste "$job" --html "$WORK/job.html"
for file in company job; do
    for word in Zlatomira garde crèche refus Dinu "Les Saules"; do
        lacks "$WORK/$file.html" "$word"
    done
done
expect 0 on ana print fiche_proposition "$offer" --in ro --html "$WORK/offer.html"
same "effects explained" 4 "$(grep -o '<span class="box">✓' "$WORK/offer.html" | wc -l)"
