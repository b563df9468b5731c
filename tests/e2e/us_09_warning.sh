#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: US-09, its first half. A and B create "Maria", born in 1990, on the same site, offline. Each creation that could
# be known to be double warns; after the synchronisation both devices list the pair, and nobody else.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

team ana ben
create ana site nom="Les Saules" commune=Aubry
site=$ID
synced ana ben
server_stop
create ana personne prenom=Maria annee_naissance=1990 site="$site"
a=$ID
create ben personne prenom=Мария annee_naissance=1990 site="$site"
b=$ID
create ben personne prenom=Maria annee_naissance=1955 site="$site"
server_start
synced ana ben
synced ana
for who in ana ben; do
    expect 0 on $who duplicates personne --json
    same "pairs at $who" "$(printf '%s\n' "$a" "$b" | sort | tr '\n' ' ')" \
        "$(jq -r '.[] | .a, .b' "$OUT" | sort | tr '\n' ' ')"
done

step "a third one is warned of at once, and kept all the same"
expect 0 on ana new personne prenom=Mariya annee_naissance=1991 site="$site"
has "$ERR" Maria
expect 0 on ana new personne prenom=Costel annee_naissance=1990 site="$site"
lacks "$ERR" Maria

step "a spreadsheet: preview, doubles, a bad row, accents of Windows"
printf 'Pr\xe9nom;Lieu de vie;Naissance;Couleur\r\nMaria;Les Saules;1990;x\r\nZo\xe9;Les Saules;1988;\r\nZo\xe9;Les Saules;1988;\r\n;;;\r\nPetru;Nulle part;1980;\r\nIon;Les Saules;mille;\r\n' >"$WORK/people.csv"
statuses() { jq -r '[.[].status] | join(" ")' "$OUT"; }
before=$(query ana "SELECT count(*) AS n FROM personne")
expect 1 on ana import "$WORK/people.csv" --kind personne --dry-run --json
same "preview" "duplicate new duplicate empty refused refused" "$(statuses)"
same "nothing was written" "$before" "$(query ana "SELECT count(*) AS n FROM personne")"
expect 1 on ana import "$WORK/people.csv" --kind personne --json
same "import" "duplicate new duplicate empty refused refused" "$(statuses)"
same "lines of the file" "2 3 4 5 6 7" "$(jq -r '[.[].line] | join(" ")' "$OUT")"
same "Zoé" '{"prenom":"Zoé","annee_naissance":1988}' \
    "$(query ana "SELECT prenom, annee_naissance FROM personne WHERE prenom LIKE 'Zo%'")"
expect 1 on ana import "$WORK/people.csv" --kind evenement
expect 2 on ana import "$WORK/people.csv"
expect 0 on ana import "${SOURCE_DIR}/client/domain/exemples/calendrier-2024-2025.csv" --kind evenement --dry-run --json
jq -e 'length > 8 and all(.[]; .status == "new")' "$OUT" >/dev/null || fail "the calendar does not import: $(cat "$OUT")"
