#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal (US-13, first half): a person asks for her file. She gets a page and JSON in her language:
# all that is noted about her, what is restricted too, and who opened, exported or printed it.
# Other people do not appear in it. That she got it is in the audit.
# ctest: timeout=600
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

step "a team and a person who speaks Romanian; a colleague reads her file, another prints it"
team claire nadia guy:auditor
create claire site nom="Les Saules"
site=$ID
create claire personne prenom=Mircea nom=Ionescu site="$site"
synced claire nadia
create claire personne prenom=Adela nom=Popescu site="$site" langues=ro,fr
adela=$ID
create claire contact personne="$adela" date=2025-03-04 texte="Venue avec Mircea, son voisin. Adela veut travailler."
create claire frein personne="$adela" theme=langue
synced claire nadia
expect 0 on nadia show "$adela"
expect 0 on nadia sync --now "$(date -u -d '+13 hours' +%Y-%m-%dT%H:%M:%SZ)"
expect 0 on claire print dossier_personne "$adela" --html "$WORK/page.html"
synced claire nadia claire

step "who opened the file stands in the report and on the sheet that she may be handed"
expect 0 on claire report P10 personne="$adela" --json
same "opened, printed" "impression claire,ouverture nadia" \
    "$(jq -r '[.parts[] | select(.part == "acces") | .rows[] | "\(.type) \(.par)"] | unique | join(",")' "$OUT")"
expect 0 on claire print dossier_personne "$adela" --in ro --html "$WORK/page.html"
has "$WORK/page.html" "dosar deschis"
has "$WORK/page.html" nadia

step "the copy"
expect 1 on claire export-person "$site" --to "$WORK/copy" --lang en
has "$ERR" "not a person"
expect 2 on claire export-person "$adela"
[ ! -e "$WORK/copy" ] || fail "a refused copy left a folder"
expect 0 on claire export-person "$adela" --to "$WORK/copy" --json
code=$(field .code)
html=$WORK/copy/dossier-$code.html json=$WORK/copy/dossier-$code.json
same "language" ro "$(jq -r .language "$json")"
has "$html" "Ce este notat"
has "$html" "Prenume"
has "$html" Adela
has "$html" "veut travailler"
same "records" '["contact","frein","personne"]' "$(jq -c '[.records[].kind] | unique - ["parcours"]' "$json")"
jq -e '.records[] | select(.kind == "personne") | .fields.prenom.text == "Adela"' "$json" >/dev/null ||
    fail "her first name is not there"

step "nobody else stands in it but those who opened it"
for file in "$html" "$json"; do
    lacks "$file" Mircea
    lacks "$file" Ionescu
done
has "$html" "[…]"
jq -e 'any(.accesses[]; .what == "opened" and .name == "nadia")' "$json" >/dev/null || fail "nadia's reading is missing"
jq -e 'any(.accesses[]; .what == "print" and .name == "claire")' "$json" >/dev/null || fail "the print is missing"

step "in another language; for a part of the file the whole is given"
expect 0 on claire export-person "$adela" --to "$WORK/french" --in fr
has "$WORK/french/dossier-$code.html" "Ce qui est noté sur vous"
has "$WORK/french/dossier-$code.html" "Prénom"

step "the auditor sees that she got it, and reads nothing of it"
synced claire guy
expect 0 on guy audit log --json
same "copies" 2 "$(jq "[.[] | select(.what == \"person\" and .code == \"$code\")] | length" "$OUT")"
expect 1 on guy export-person "$code" --to "$WORK/none"
expect 0 on guy audit verify --full
