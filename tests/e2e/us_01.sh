#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: US-01, an outreach round offline. A synced on Monday; on Tuesday, without a network, A meets six people on site S,
# creates two with a first name only, adds six contacts (one of them for a household, in one entry), closes the program and
# opens it again. Then two people and six contacts are there and can be searched ("stefan" finds "Ștefan"), the banner says
# what is still to be sent, a slip is taken back whole, and the device folder holds none of the names.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

team ana ben
create ana site nom="Les Marronniers" commune=Aubry
site=$ID
create ana foyer nom=Vasilescuova
home=$ID
for name in Ruxandra Zdravkovich Margareta Tihomirova; do
    create ana personne prenom=$name site="$site"
    printf -v "$name" %s "$ID"
done
expect 0 on ana set "$Ruxandra" foyer="$home"
expect 0 on ana set "$home" membres=+"$Zdravkovich"
synced ana ben
server_stop

step "three answers a contact; a first name and a site a person"
expect 0 on ana new personne prenom=Ștefanică site=Marronniers
expect 0 on ana new personne prenom=Параскева site=Marronniers
expect 0 on ana new contact personne=stefanica date=hier texte="premier échange au lavoir"
has "$OUT" "Ștefanică · "
expect 0 on ana new contact personne=paraskeva date=hier
expect 0 on ana new contact personne=margareta
expect 0 on ana new contact personne=Tihomirova

step "one entry for a family, taken back as one, and written again"
expect 0 on ana new contact personne=Vasilescuova date=hier --json
same "one each" 2 "$(jq length "$OUT")"
same "one group" '{"n":1}' "$(query ana "SELECT count(DISTINCT groupe) AS n FROM contact WHERE groupe IS NOT NULL")"
printf 'new contact personne=ruxandra,zdravkovich,margareta\nundo\n' >"$WORK/slip"
expect 0 on ana batch "$WORK/slip" --json
same "six, not nine" '{"n":6}' "$(query ana "SELECT count(*) AS n FROM contact")"

step "a name that fits two people is not guessed"
expect 0 on ana new personne prenom=Margareta nom=Alta site="$site"
expect 0 on ana new personne prenom=Ilie nom=Alta site="$site"
expect 1 on ana new contact personne=alta
has "$ERR" "Margareta Alta"
has "$ERR" "donnez le code"
expect 1 on ana show alta
has "$ERR" "Ilie Alta"
expect 0 on ana mistake "Margareta Alta"
expect 0 on ana show alta
has "$OUT" "Ilie Alta"
expect 0 on ana mistake "Ilie Alta"

step "closed and opened again"
expect 0 on ana find stefan --json
same "Ștefanică" "Ștefanică" "$(jq -r '.[0].title' "$OUT")"
same "two people, six contacts" '{"p":2,"c":6}' "$(query ana "SELECT (SELECT count(*) FROM personne
    WHERE prenom IN ('Ștefanică', 'Параскева')) AS p, (SELECT count(*) FROM contact) AS c")"
[ "$(unsent ana)" -ge 8 ] || fail "the banner says $(unsent ana) only"
expect 0 on ana status
has "$OUT" "changement(s) à envoyer"
expect 3 on ana sync

step "no name is in the folder"
for name in Ștefanică Параскева Ruxandra Zdravkovich Margareta Tihomirova Vasilescuova Marronniers lavoir; do
    ! grep -rqaF "$name" "$WORK/ana" || fail "$name is in the device folder"
done

step "somebody changes their mind in more than ten seconds: marked, not gone"
code=$(query ana "SELECT code FROM contact WHERE texte IS NOT NULL" | jq -r .code)
expect 0 on ana mistake "$code"
same "not counted" '{"n":5}' "$(query ana "SELECT count(*) AS n FROM contact WHERE NOT mistake")"
expect 0 on ana history "$code" --json
has "$OUT" lavoir
