#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: US-04, a job analysed at a workshop. Offline, A fills a job, ticks 7 of 12 points and adds a photo; B ticks 4 others
# offline on the same job. After both synchronised 11 points are ticked on both devices, nobody is asked anything, and both authors
# stand in the history, B opens the photo. The printed sheet shows 11 ticks.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

team ana ben
create ana entreprise nom="Atelier Roux" commune=Aubry
company=$ID
create ana poste entreprise="$company" intitule="Aide menuisier"
job=$ID
synced ana ben

step "both tick without network"
server_stop
expect 0 on ana set "$job" taches="Poncer, trier" horaires="7h-15h" epi="gants, casque"
expect 0 on ana tick "$job" taches gestes epi horaires essai salaire transport
expect 0 on ben tick "$job" documents francais recrutement tuteur
expect 1 on ben tick "$job" nothing_like_it
printf '\xff\xd8\xff\xe0 the workbench, %s' "$RANDOM" >"$WORK/photo.jpg"
expect 0 on ana attach "$job" "$WORK/photo.jpg" --json
photo=$(field .code)
server_start

step "after both synchronised"
synced ana ben
synced ana
for who in ana ben; do
    same "ticks at $who" 11 "$(query $who "SELECT json_array_length(checklist) AS n FROM poste" | jq .n)"
    expect 0 on $who conflicts --json
    same "questions at $who" 0 "$(jq length "$OUT")"
    expect 0 on $who history "$job" --json
    same "authors at $who" 2 "$(jq '[.[] | select(.field == "checklist") | .author] | unique | length' "$OUT")"
done
expect 0 on ben attachment list "$job" --json
same "the photo" "$photo" "$(jq -r '.[0].code' "$OUT")"
expect 0 on ben attachment get "$photo" "$WORK/copy.jpg"
same "of which job" "{\"poste\":\"$job\",\"entreprise\":\"$company\"}" "$(query ben "SELECT poste, entreprise FROM piece_entreprise")"
cmp "$WORK/photo.jpg" "$WORK/copy.jpg" || fail "the photo came otherwise"
expect 0 on ben print fiche_poste "$job" --html "$WORK/poste.html"
same "ticks on paper" 11 "$(grep -o '<span class="box">✓' "$WORK/poste.html" | wc -l)"
expect 0 on ben print fiche_poste --blank --html "$WORK/blank.html"
lacks "$WORK/blank.html" menuisier
lacks "$WORK/blank.html" "✓"

step "a tick is taken away again"
expect 0 on ben tick "$job" epi --off
same "ticks" 10 "$(query ben "SELECT json_array_length(checklist) AS n FROM poste" | jq .n)"
