#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal (US-10): a mediator leaves; twelve of her files go to another team, with a note, once that
# team has accepted. The other team gets the whole history and the same values, but not the
# restricted sheets of two people who did not agree to share them. What the leaver wrote before
# she knew arrives there too, marked "after transfer"; nothing is dropped, nothing comes twice.
# ctest: timeout=600
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

people() { query "$1" "SELECT count(*) AS n FROM personne WHERE space = '$2'" | jq .n; }
space_id() { expect 0 on "$1" status --json; jq -re ".spaces[] | select(.name == \"$2\") | .id" "$OUT"; }

step "two teams on one server; the coordinator of one also writes in the other"
server_init
server_start
device claire alice bob
expect 0 on claire space create Nord --level team --server "$FOUNDER"
expect 0 on claire space create "Nord restreint" --level restricted --server "$URL"
enrol claire Nord alice
expect 0 "$PASSERELLE_BIN_DIR/passerelled" founder-link --data "$WORK/server" --json
link=$(field .founder_link)
expect 0 on bob space create Sud --level team --server "$link"
synced bob
expect 0 on bob space create "Sud restreint" --level restricted --server "$URL"
synced bob
enrol bob Sud claire
enrol bob "Sud restreint" claire
nord=$(space_id claire Nord)
sud=$(space_id claire Sud)

step "twelve files with a history, a conflict, restricted sheets and consents"
create alice site nom="Les Saules" --space Nord
site=$ID
ids=()
for i in 01 02 03 04 05 06 07 08 09 10 11 12; do
    printf 'new personne prenom=P%s telephone=06000000%s site=%s --space Nord\n' "$i" "$i" "$site"
done >"$WORK/persons"
run alice "$WORK/persons"
mapfile -t ids < <(jq -re .id "$OUT")
synced alice claire
expect 0 on claire set "${ids[0]}" telephone="06 11 11 11 11" langues=ro,fr
expect 0 on claire set "${ids[1]}" prenom=Pdeux
synced claire alice
expect 0 on alice set "${ids[0]}" langues=-fr texte="premiere note"
expect 0 on alice set "${ids[2]}" annee_naissance=1990
expect 0 on claire set "${ids[2]}" annee_naissance=1991
create alice contact personne="${ids[0]}" date=2025-03-04 texte="au marche"
for i in 0 1 2; do
    create claire frein_restreint personne="${ids[i]}" theme=sante --space "Nord restreint"
done
for i in 0 1; do create claire consentement personne="${ids[i]}" objet=restreint etat=refuse; done
create claire consentement personne="${ids[2]}" objet=restreint etat=donne
synced alice claire alice claire
head -c 70000 /dev/urandom >"$WORK/scan.pdf"
expect 0 on alice attach "${ids[4]}" "$WORK/scan.pdf"
synced alice claire
columns="id, prenom, telephone, langues, annee_naissance, texte"
before=$(query claire "SELECT $columns FROM personne ORDER BY id")
history_before=$(query claire "SELECT count(*) AS n FROM history h JOIN record r ON r.id = h.record WHERE r.space = '$nord' AND r.kind <> 'site'" | jq .n)
conflicts_before=$(query claire "SELECT record, field, shown FROM conflict ORDER BY record")
[ -n "$conflicts_before" ] || fail "there is no conflict to bring over"

step "proposed with a note, accepted, not before"
create claire transfert de=Nord vers=Sud note="Alice part, merci de reprendre" --space Sud
transfer=$ID
expect 0 on claire set "$transfer" personnes="$(IFS=,; echo "${ids[*]}")"
synced claire
expect 1 on claire transfer "${ids[@]}" --to Sud --lang en
has "$ERR" "has not accepted"
synced bob
expect 0 on bob show "$transfer"
has "$OUT" "merci de reprendre"
same "what bob has yet" 0 "$(people bob "$sud")"
expect 0 on bob set "$transfer" etat=accepte
synced bob claire
expect 1 on alice transfer "${ids[0]}" --to Sud
expect 1 on claire transfer "${ids[0]}" --to Ailleurs

step "alice writes without a network, not knowing"
create alice contact personne="${ids[0]}" date=2025-03-20 texte="ecrit apres coup"
late=$ID
expect 0 on alice set "${ids[3]}" telephone="06 99 99 99 99"

step "the files go, with what is attached to them: that is fetched first"
expect 3 on claire transfer "${ids[4]}" --to Sud --lang en
has "$ERR" "attached"
synced claire
expect 0 on claire transfer "${ids[@]}" --to Sud --restricted "Sud restreint" --json
same "on their way" "12 1" "$(jq -r '"\(.dossiers) \(.restricted)"' "$OUT")"
expect 1 on claire transfer "${ids[0]}" --to Sud
synced claire
expect 0 on claire set "$transfer" etat=effectif
synced claire bob
same "people of Nord, to claire" 0 "$(people claire "$nord")"
same "people of Sud, to claire" 12 "$(people claire "$sud")"
same "claire sees the same" "$before" "$(query claire "SELECT $columns FROM personne ORDER BY id")"
same "bob sees the same" "$before" "$(query bob "SELECT $columns FROM personne ORDER BY id")"
expect 0 on bob attachment list "${ids[4]}" --json
expect 0 on bob attachment get "$(field '.[0].code')" "$WORK/back.pdf" --sync
cmp "$WORK/scan.pdf" "$WORK/back.pdf"
same "the same conflicts" "$conflicts_before" "$(query bob "SELECT record, field, shown FROM conflict ORDER BY record")"
same "the whole history, and where it is from" $((history_before + 12)) \
    "$(query bob "SELECT count(*) AS n FROM history h JOIN record r ON r.id = h.record WHERE r.space = '$sud' AND r.kind <> 'transfert'" | jq .n)"
same "taken over from" Nord "$(query bob "SELECT DISTINCT value FROM history WHERE field = 'origin' AND record = '${ids[0]}'" | jq -r .value)"
same "restricted sheets that bob has" "${ids[2]}" "$(query bob "SELECT personne FROM frein_restreint" | jq -r .personne)"
same "restricted sheets that stay" 2 "$(query claire "SELECT count(*) AS n FROM frein_restreint f JOIN space s ON s.id = f.space WHERE s.name = 'Nord restreint'" | jq .n)"
expect 0 on claire audit log --json
same "said in the log of Nord" 12 "$(jq "[.[] | select(.kind == \"moved\" and .space == \"Nord\")] | length" "$OUT")"

step "what alice wrote arrives, marked; she is told; nothing comes twice"
synced alice
expect 1 on alice set "${ids[0]}" texte="encore" --lang en
has "$ERR" "handed to another team"
expect 0 on alice show "${ids[0]}"
expect 0 on claire sync
synced claire bob
for who in claire bob; do
    expect 0 on "$who" show "$late" --json
    same "marked for $who" "ecrit apres coup true" "$(jq -r '"\(.texte) \(.after_transfer == true or .after_transfer == 1)"' "$OUT")"
    expect 0 on "$who" show "$late"
    has "$OUT" "après transfert"
    same "once" 1 "$(query "$who" "SELECT count(*) AS n FROM history WHERE record = '$late' AND field = 'texte'" | jq .n)"
done
expect 0 on bob history "${ids[3]}" --json
jq -e 'any(.[]; .field == "telephone" and .after_transfer and (.value | test("99999999")))' "$OUT" >"$WORK/late" ||
    fail "the late number is not marked"
expect 0 on claire sync --json
same "nothing more to forward" 0 "$(field .pushed)"
same "what is not late is not marked" 0 "$(query bob "SELECT count(*) AS n FROM history WHERE after_transfer AND received_at IS NULL" | jq .n)"

step "alice leaves; bob works on; each history verifies"
expect 0 on claire revoke alice --space Nord
expect 0 on bob set "${ids[0]}" texte="suivi par bob"
synced claire bob
expect 1 on alice sync
expect 1 on alice show "${ids[0]}"
! grep -raqF "suivi par bob" "$WORK/alice" || fail "alice got what came after her"
synced claire
same "claire follows" "suivi par bob" "$(query claire "SELECT texte FROM personne WHERE id = '${ids[0]}'" | jq -r '.texte' | tail -n 1)"
for who in claire bob; do expect 0 on "$who" audit verify --full; done
server_stop
expect 0 "$PASSERELLE_BIN_DIR/passerelled" check --data "$WORK/server"
