#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: US-15, its second half. What is due for deletion is erased with its key, anonymous rows remain (year, month, year
# of birth, contract), last year's figures are the same before and after, on every device; a file that a duty asks to keep
# is sealed into an archive with a reason and an end date, and nobody opens it once that date has passed and its key is
# gone.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

NOW=2025-06-20T08:00:00Z
team ana ben
create ana site nom="Les Saules" commune=Aubry --now 2023-01-02T08:00:00Z
site=$ID
create ana foyer nom=Petrov --now 2023-01-02T08:00:00Z
home=$ID
person() { # NAME SEX DAY_OF_CONTACT
    create ana personne prenom="$1" sexe="$2" annee_naissance=1990 site="$site" foyer="$home" --now 2023-01-02T08:00:00Z
    printf -v "$1" %s "$ID"
    create ana contact personne="$ID" date="$3" texte="vue avec $1" --now "${3}T08:00:00Z"
}
person Zlatka femme 2023-02-10
person Yordan homme 2023-03-11
person Stoyan homme 2025-05-01
create ana entreprise nom="Serres du Nord" commune=Aubry --now 2023-02-11T08:00:00Z
company=$ID
create ana placement personne="$Zlatka" employeur="$company" contrat=cdi debut=2023-02-15 etat=confirme essai_fin=2023-04-15 --now 2023-02-15T08:00:00Z
create ana poste intitule=Serriste entreprise="$company" --now 2023-02-11T08:00:00Z
create ana proposition personne="$Yordan" poste="$ID" date=2023-03-12 etat=refusee --now 2023-03-12T08:00:00Z
synced ana ben

figures() { # DEVICE
    for report in P1 P2 P3; do
        expect 0 on "$1" report $report --year 2023 --json --now $NOW
        jq -S . "$OUT"
    done
}
before=$(figures ana)
same "what is counted" "3 1 1 1" "$(on ana report P1 --year 2023 --json --now $NOW |
    jq -r '[.. | objects | select(has("nombre_personnes"))][0] | "\(.nombre_personnes + 1) \(.nombre_femmes) \(.travail_nombre_personnes) \(.nombre_menages)"')"

step "only what is due, and only by who may"
expect 2 on ana retention apply --now $NOW
expect 1 on ana retention apply "$Stoyan" --now $NOW
has "$ERR" "n'est pas écoulée"
expect 1 on ben retention apply "$Zlatka" --now $NOW

step "an archive needs a restricted space, a reason and an end"
expect 1 on ana retention archive "$Zlatka" --reason fse --until 2030-12-31 --to "$WORK/z.archive" --now $NOW
[ ! -e "$WORK/z.archive" ] || fail "an archive without a key"
expect 0 on ana space create Coordination --level restricted --server "$URL"
synced ana
expect 2 on ana retention archive "$Zlatka" --to "$WORK/z.archive" --now $NOW
expect 0 on ana retention archive "$Zlatka" --reason fse --until 2030-12-31 --to "$WORK/z.archive" --now $NOW --json
lacks "$WORK/z.archive" Zlatka
expect 1 on ana retention archive "$Zlatka" --reason fse --until 2030-12-31 --to "$WORK/z.archive" --now $NOW
synced ana

step "all that is due goes"
expect 0 on ana retention apply --all --now $NOW --json
same "erased" "Yordan Zlatka" "$(jq -r 'map(select(.status == "erased") | .title) | sort | join(" ")' "$OUT")"
expect 0 on ana retention apply --all --now $NOW --json
jq -e 'all(.[]; .status == "waiting")' "$OUT" >/dev/null || fail "erased twice: $(cat "$OUT")"
synced ana ben
for who in ana ben; do
    same "who is left at $who" '{"prenom":"Stoyan"}' "$(query $who "SELECT prenom FROM personne")"
    same "nothing about them at $who" 0 "$(on $who mentions Zlatka --json | jq length)"
    same "rows at $who" '{"annee":2023,"mois":"2023-02","annee_naissance":1990,"contrat":"cdi"}' \
        "$(query $who "SELECT annee, mois, annee_naissance, contrat FROM stat_anonyme WHERE contrat IS NOT NULL AND annee = 2023")"
    same "the figures at $who" "$before" "$(figures $who)"
done

step "the archive opens for who has its key"
expect 0 on ana retention open "$WORK/z.archive" --to "$WORK/z.json" --now $NOW
jq -e '.[0].record.prenom == "Zlatka" and any(.[]; .record.kind == "placement")' "$WORK/z.json" >/dev/null ||
    fail "what is in the archive: $(head -c 300 "$WORK/z.json")"
expect 1 on ben retention open "$WORK/z.archive" --to "$WORK/no.json" --now $NOW
has "$ERR" "clé de cette archive"
printf 'x' | cat "$WORK/z.archive" - >"$WORK/longer"
expect 1 on ana retention open "$WORK/longer" --to "$WORK/no.json" --now $NOW

step "at its end the archive is due; then its file is waste"
LATER=2031-01-02T08:00:00Z
expect 0 on ana retention review --json --now $LATER
same "due" purge "$(jq -r '.[] | select(.kind == "archive_scellee") | .state' "$OUT")"
expect 0 on ana retention apply "$(jq -r '.[] | select(.kind == "archive_scellee") | .id' "$OUT")" --now $LATER
synced ana
expect 1 on ana retention open "$WORK/z.archive" --to "$WORK/no.json"
has "$ERR" "clé de cette archive"
