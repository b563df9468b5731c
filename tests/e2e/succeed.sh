#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: after a restore a part of the log is on no device that could give it back. The space goes on in a
# successor: one command of its administrator; everybody follows at the next sync without meeting anybody
# and is told; records, conflicts, history, files and what waited go over once; what was erased does not;
# the old space stays readable. A device that was away comes later, with what it alone has.
# ctest: timeout=600
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

daemon() { "$PASSERELLE_BIN_DIR/passerelled" "$@"; }
people() { query "$1" "SELECT prenom FROM personne WHERE prenom IS NOT NULL ORDER BY prenom" | jq -r .prenom | tr '\n' ' '; }
state_of() { expect 0 on "$1" status --json; jq -r --arg n "$2" '.spaces[] | select(.name == $n) | .state' "$OUT"; }
roles_of() { expect 0 on "$1" member list --json; jq -r --arg s "$2" '[.[] | select(.space_name == $s and .state == "active") | "\(.name):\(.roles | sort | join("+"))"] | sort | join(" ")' "$OUT"; }

step "a team with an auditor; files of every sort; a backup"
team claire nadia karim "audrey:auditor" "emma:coordination"
create claire site nom="Les Saules"
site=$ID
create claire personne prenom=Mircea site="$site"
mircea=$ID
create claire personne prenom=Parti site="$site"
gone=$ID
synced claire nadia karim audrey
expect 0 on claire set "$mircea" prenom=Mirko
expect 0 on claire set "$mircea" prenom=Mircea
expect 0 on claire set "$mircea" telephone="06 11 11 11 11"
expect 0 on karim set "$mircea" telephone="06 22 22 22 22"
head -c 100000 /dev/urandom >"$WORK/scan.pdf"
expect 0 on claire attach "$mircea" "$WORK/scan.pdf"
expect 0 on claire erase "$gone" --reason request
synced claire karim claire nadia karim audrey emma
expect 0 daemon backup --data "$WORK/server" --to "$WORK/backup" --json

step "an hour that only nadia, and the auditor without content, see; then the disk dies"
create nadia personne prenom=Adela site="$site"
adela=$ID
expect 0 on nadia set "$mircea" texte="la derniere heure"
synced nadia audrey
expect 0 on claire conflicts --json
conflicts=$(jq -c '[.[].values[].value] | sort' "$OUT")
same "two numbers side by side" '["0611111111","0622222222"]' "$conflicts"
server_kill
mv "$WORK/server" "$WORK/dead"
expect 0 daemon restore --data "$WORK/server" --from "$WORK/backup"
server_start
synced claire karim
expect 0 on audrey sync
expect 1 on claire space succeed Equipe
has "$ERR" "audit verify --with"
expect 0 daemon restore --data "$WORK/server" --finish

step "work goes on without it; the auditor's device gives the alarm, and claire's sees the two histories"
create claire personne prenom=Corina site="$site"
for k in 1 2 3; do
    expect 0 on claire set "$site" texte="suite $k"
    synced claire
done
expect 4 on audrey sync
expect 1 on audrey space succeed Equipe
expect 0 on audrey audit checkpoint
cp "$OUT" "$WORK/audrey.checkpoint"
expect 4 on claire audit verify --with "$WORK/audrey.checkpoint"
create karim personne prenom=Denisa site="$site" # waits, for the space that cannot go on
denisa=$ID

step "one command; a stranger and a writer cannot"
expect 1 on karim space succeed Equipe
expect 0 on claire space succeed Equipe --json
same "its name" "Equipe 2" "$(jq -r .name "$OUT")"
expect 1 on claire space succeed Equipe
has "$ERR" "Equipe 2"
expect 0 on claire sync --json
same "claire's alarm is over" 0 "$(field '[.spaces[] | select(.state != "succeeded" and .alarm != null)] | length')"
same "all sent" 0 "$(field '[.spaces[].unsent] | add')"
same "the old one" succeeded "$(state_of claire Equipe)"
expect 0 on claire audit verify --full
same "claire's people" "Corina Mircea " "$(people claire)"

step "the others follow by themselves, and are told"
for who in karim emma audrey; do expect 0 on "$who" sync; done
expect 0 on karim status
has "$OUT" "Equipe 2"
has "$OUT" "continue"
expect 0 on claire sync
for who in karim emma audrey; do expect 0 on "$who" sync; done
expect 0 on claire sync
for who in claire karim emma audrey; do
    same "$who is in" active "$(state_of "$who" "Equipe 2")"
    same "$who's old space" succeeded "$(state_of "$who" Equipe)"
    expect 0 on "$who" audit verify --full --space "Equipe 2"
done
same "the roles" "$(roles_of claire Equipe | tr ' ' '\n' | grep -v nadia | tr '\n' ' ' | sed 's/ $//')" "$(roles_of claire "Equipe 2")"
synced karim claire emma karim audrey
for who in claire karim emma; do
    same "$who's people" "Corina Denisa Mircea " "$(people "$who")"
    expect 0 on "$who" conflicts --json
    same "$who's conflict" "$conflicts" "$(jq -c '[.[].values[].value] | sort' "$OUT")"
done
expect 0 on emma history "$mircea" --json
same "history is there, once" '["Mircea","Mirko","Mircea"]' "$(jq -c '[.[] | select(.field == "prenom") | .value]' "$OUT")"
same "of its author" claire "$(jq -r '[.[] | select(.field == "prenom")][0].author_name' "$OUT")"
expect 1 on karim show "$gone"
expect 0 on emma attachment list "$mircea" --json
expect 0 on emma attachment get "$(field '.[0].code')" "$WORK/back.pdf" --sync
cmp "$WORK/scan.pdf" "$WORK/back.pdf"

step "the old server's branch takes nothing any more; new work goes to the new space"
create karim personne prenom=Elena site="$site"
expect 0 on karim set "$denisa" telephone="06 33 33 33 33"
synced karim claire
same "claire's people" "Corina Denisa Elena Mircea " "$(people claire)"
expect 1 on claire new personne prenom=Personne site="$site" --space Equipe
has "$ERR" "Equipe 2"

step "nadia comes back with the hour that was lost: it goes over too, with what she wrote since"
create nadia personne prenom=Florin site="$site"
expect 0 on nadia sync
expect 0 on claire sync
expect 0 on nadia sync
synced nadia claire karim emma
for who in nadia claire karim emma; do
    same "$who's people" "Adela Corina Denisa Elena Florin Mircea " "$(people "$who")"
    expect 0 on "$who" show "$mircea" --json
    same "her words" "la derniere heure" "$(field .texte)"
    expect 0 on "$who" history "$adela" --json
    same "once, by nadia" "nadia" "$(jq -r '[.[] | select(.field == "prenom") | .author_name] | join(" ")' "$OUT")"
done

step "an erasure in the new space reaches what devices kept of the old one"
expect 0 on claire erase "$mircea" --reason request
synced claire karim nadia
for who in claire karim nadia; do
    expect 1 on "$who" show "$mircea"
    same "$who's people" "Adela Corina Denisa Elena Florin " "$(people "$who")"
done
server_stop
expect 0 daemon check --data "$WORK/server" --deep
