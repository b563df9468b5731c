#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: US-03, the prospection table. Three companies were contacted without answer on 2 March: on 9 March all three are
# due, the overdue first; logging a visit moves a company's state and answers its item; the table prints on A4 and
# exports as CSV that a spreadsheet opens with accents.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

team ana
cat >"$WORK/companies" <<'LINES'
new entreprise nom="Bâti Évreux" commune=Évreux
new entreprise nom="Serres du Nord" commune=Aubry
new entreprise nom="=cmd()" commune=Aubry
LINES
run ana "$WORK/companies"
mapfile -t company < <(jq -r .id "$OUT")
for i in 0 1 2; do
    echo "new prospection entreprise=${company[i]} date=2025-03-02 type=appel resultat=sans_reponse --now 2025-03-02T10:00:00Z"
done >"$WORK/calls"
run ana "$WORK/calls"
due() { # DAY
    expect 0 on ana agenda --json --now "${1}T07:00:00Z"
    jq -r 'map(select(.series == "R11")) | map("\(.state):\(.due)") | sort | join(" ")' "$OUT"
}

step "a week later the three are due"
same "on 8 March" "later:2025-03-09 later:2025-03-09 later:2025-03-09" "$(due 2025-03-08)"
same "on 9 March" "due:2025-03-09 due:2025-03-09 due:2025-03-09" "$(due 2025-03-09)"
same "on 12 March" "overdue:2025-03-09 overdue:2025-03-09 overdue:2025-03-09" "$(due 2025-03-12)"
same "calls made them contacted" '{"n":3}' \
    "$(query ana "SELECT count(*) AS n FROM entreprise WHERE etat = 'contactee'")"

step "a visit moves the state and answers the item"
expect 0 on ana agenda --json --now 2025-03-09T07:00:00Z
item=$(jq -r --arg c "${company[1]}" '.[] | select(.dossier == $c and .series == "R11") | .id' "$OUT")
expect 0 on ana done "$item" type=visite resultat=rencontre --now 2025-03-09T15:00:00Z --json
same "kind" prospection "$(field '.[0].kind')"
same "state" '{"etat":"rencontree"}' \
    "$(query ana "SELECT etat FROM entreprise WHERE id = '${company[1]}'")"
same "two are left" "due:2025-03-09 due:2025-03-09" "$(due 2025-03-09)"

step "the table: overdue first, CSV, A4"
expect 0 on ana report P4 --json --now 2025-03-12T07:00:00Z
same "overdue first" "1 1 0" \
    "$(jq -r '.parts[] | select(.part == "tableau") | [.rows[].retard] | join(" ")' "$OUT")"
expect 0 on ana report P4 --csv "$WORK/p4.csv" --now 2025-03-12T07:00:00Z
python3 - "$WORK/p4.csv" <<'PYTHON'
import csv, sys
text = open(sys.argv[1], "rb").read()
assert text.startswith(b"\xef\xbb\xbf"), "no byte order mark"
rows = list(csv.reader(text.decode("utf-8-sig").splitlines(), delimiter=";"))
head = next(i for i, row in enumerate(rows) if row and row[0] == "Entreprise")
table = {row[0]: row for row in rows[head + 1:head + 4]}
assert table["Bâti Évreux"][1] == "Évreux", table
assert "'=cmd()" in table, table          # a spreadsheet shows it and computes nothing
assert table["Serres du Nord"][2].startswith("rencontr"), table
PYTHON
expect 0 on ana report P4 --html "$WORK/p4.html" --now 2025-03-12T07:00:00Z
has "$WORK/p4.html" "size:A4"
has "$WORK/p4.html" "Bâti Évreux"
has "$WORK/p4.html" "<svg "
expect 0 on ana print fiche_entreprise "${company[0]}" --html "$WORK/fiche.html"
has "$WORK/fiche.html" "sans réponse"
same "what left is noted" '{"n":3}' "$(query ana "SELECT count(*) AS n FROM export_fait")"
