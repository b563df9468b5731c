#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: US-09, its second half. C merges the two sheets of one person: the contacts of both hang under one person on every
# device, an edit and a contact made offline on the losing sheet after the merge land on the merged one, values that
# differ stand side by side, the merge can be undone, and an erasure takes both.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

team ana ben claire
create ana site nom="Les Saules" commune=Aubry
site=$ID
synced ana ben claire
create ana personne prenom=Maria nom=Ionescu annee_naissance=1990 site="$site" telephone="06 11 11 11 11" langues=ro
kept=$ID
create ana contact personne="$kept" date=2025-03-01 texte="au lavoir"
create ana foyer nom=Ionescu membres="$kept" site="$site"
home=$ID
create ben personne prenom=Мария annee_naissance=1990 site="$site" telephone="06 22 22 22 22" langues=ro,bg
lost=$ID
create ben contact personne="$lost" date=2025-03-02 texte="devant l'école"
create ben entreprise nom="Serres du Nord" commune=Aubry
company=$ID
create ben placement personne="$lost" employeur="$company" contrat=cdi debut=2025-03-10 etat=en_essai
synced ana ben
synced ana claire
lost_code=$(query claire "SELECT code FROM personne WHERE id = '$lost'" | jq -r .code)

step "what cannot be merged says why"
expect 1 on claire merge "$kept" "$company"
has "$ERR" "même type"
expect 1 on claire merge "$kept" "$kept"
expect 1 on claire merge --undo "$kept"
expect 2 on claire merge "$kept"

step "claire merges; ben does not know and goes on with the sheet that lost"
expect 0 on claire merge "$kept" "$lost" --json
same "what it is now" "$kept" "$(jq -r .id "$OUT")"
synced claire
expect 0 on ben set "$lost" niveau_fr=a1 telephone="06 33 33 33 33"
create ben contact personne="$lost" date=2025-03-09 texte="après la fusion"
expect 0 on ben set "$home" membres=+"$lost"
synced ben ana claire ben ana

people() { query "$1" "SELECT count(*) AS n, max(id = '$kept') AS kept, max(niveau_fr) AS fr FROM personne"; }
contacts() { query "$1" "SELECT group_concat(date, ' ') AS dates FROM (SELECT date FROM contact WHERE personne = '$kept' AND dossier = '$kept' ORDER BY date)"; }
for who in ana ben claire; do
    same "people at $who" '{"n":1,"kept":1,"fr":"a1"}' "$(people $who)"
    same "contacts at $who" '{"dates":"2025-03-01 2025-03-02 2025-03-09"}' "$(contacts $who)"
    same "the job at $who" "{\"personne\":\"$kept\"}" "$(query $who "SELECT personne FROM placement")"
    same "one member at $who" "{\"membres\":\"[\\\"$kept\\\"]\"}" "$(query $who "SELECT membres FROM foyer" | jq -c '{membres: (.membres | if type == "string" then . else tojson end)}')"
    same "languages at $who" '["bg","ro"]' "$(query $who "SELECT json(langues) AS l FROM personne" | jq -c '.l | if type == "string" then fromjson else . end')"
    expect 0 on $who show "$lost_code" --json
    same "the old code at $who" "$kept $lost_code" "$(jq -r '"\(.id) \(.merged[0].code)"' "$OUT")"
    same "pairs at $who" 0 "$(on $who duplicates personne --json | jq length)"
done
expect 0 on ana conflicts "$kept" --json
same "both numbers wait for a choice" "0611111111|0633333333" \
    "$(jq -r '.[] | select(.field == "telephone") | [.values[].value] | sort | join("|")' "$OUT")"
expect 0 on ana history "$kept" --json
jq -e 'map(.value) | index("0622222222") and index("0611111111")' "$OUT" >/dev/null || fail "history has not both"

step "somebody chooses, and adds to the merged sheet by the old code"
expect 0 on ana resolve "$lost_code" telephone="06 33 33 33 33"
create ana contact personne="$lost_code" date=2025-03-12 texte="par l'ancien code"
synced ana ben claire
for who in ana ben claire; do
    same "chosen at $who" "" "$(on $who conflicts "$kept" --json | jq -r '.[] | select(.field == "telephone") | .field')"
done

step "taken back"
expect 0 on ben merge --undo "$lost_code"
synced ben ana claire
for who in ana ben claire; do
    same "two again at $who" '{"n":2}' "$(query $who "SELECT count(*) AS n FROM personne")"
    same "its own contacts at $who" '{"d":"2025-03-02 2025-03-09"}' \
        "$(query $who "SELECT group_concat(date, ' ') AS d FROM (SELECT date FROM contact WHERE personne = '$lost' ORDER BY date)")"
    same "its own job at $who" "{\"personne\":\"$lost\"}" "$(query $who "SELECT personne FROM placement")"
    same "what was written to the merged one stays at $who" '{"d":"2025-03-01 2025-03-12"}' \
        "$(query $who "SELECT group_concat(date, ' ') AS d FROM (SELECT date FROM contact WHERE personne = '$kept' ORDER BY date)")"
done

step "two people merge in opposite directions: every device agrees"
expect 0 on ana merge "$kept" "$lost"
expect 0 on ben merge "$lost" "$kept"
synced ana ben claire ana
one=$(query ana "SELECT id FROM personne" | jq -r .id)
for who in ben claire; do
    same "at $who" "{\"id\":\"$one\"}" "$(query $who "SELECT id FROM personne")"
done
same "all contacts hang there" '{"n":4}' "$(query claire "SELECT count(*) AS n FROM contact WHERE personne = '$one'")"

step "an erasure takes both sheets"
expect 0 on ana erase "$one" --reason demande
synced ana claire ben
for who in ana ben claire; do
    same "nobody is left at $who" '{"n":0,"c":0}' \
        "$(query $who "SELECT (SELECT count(*) FROM personne) AS n, (SELECT count(*) FROM contact) AS c")"
done
