#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: no network in the field. Work and news travel on a stick: a bundle is taken with the
# checks of a sync, in any order and twice, goes to the server with whoever comes there first,
# be it somebody who reads nothing of it or was removed, and one altered byte is noticed.
# ctest: timeout=600
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

stick=$WORK/stick
mkdir "$stick"
people() { query "$1" "SELECT prenom FROM personne WHERE prenom IS NOT NULL ORDER BY prenom" | jq -r .prenom | tr '\n' ' '; }
marker=$(head -c 256 /dev/urandom | LC_ALL=C tr -dc 'a-z' | head -c 24)

step "a team; a courier of another space on the same server; a colleague who was removed"
team claire nadia karim ana
device paul
expect 0 on claire space create Organisation --level organisation --server "$URL"
synced claire
enrol claire Organisation paul ana
expect 0 on claire revoke ana --space Equipe
synced claire
on ana sync >"$OUT" 2>"$ERR" || true # says that she was removed from one space, and stays in the other
create claire site nom="Les Saules"
site=$ID
create claire personne prenom=Mircea site="$site"
synced claire nadia karim

step "two write without a network and put it on a stick, twice"
create nadia personne prenom=Adela texte="$marker" site="$site"
expect 0 on nadia bundle export "$stick/nadia1" --space Equipe --since 999999 --json
same "leaves" 1 "$(field .leaves)"
create nadia personne prenom=Bianca site="$site"
expect 0 on nadia bundle export "$stick/nadia2" --space Equipe --since 999999
expect 0 on karim set "$site" texte="vu par karim"
expect 0 on karim bundle export "$stick/karim" --space Equipe
[ "$(unsent nadia)" -gt 0 ] || fail "what lies on a stick counts as sent"
! grep -raqF -e "$marker" -e Adela "$stick" || fail "the stick is readable"

step "a stranger keeps nothing; the courier reads nothing; what is altered is left out"
device etranger
expect 1 on etranger bundle import "$stick/nadia1" --lang en
has "$ERR" "a server that this device does not know"
expect 1 on paul bundle import "$WORK/server.log" --lang en
has "$ERR" "no bundle of Passerelle"
python3 - "$stick/karim" "$WORK/altered" <<'P'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[-10] ^= 1
open(sys.argv[2], "wb").write(data)
P
expect 1 on paul bundle import "$WORK/altered"

step "the second file first; twice; the courier hands both to the server in one sync"
expect 0 on paul bundle import "$stick/nadia2" --json
same "nadia's leaves" 2 "$(field .leaves)"
expect 0 on paul bundle import "$stick/nadia1" --json
same "known already" "0 1" "$(jq -r '"\(.leaves) \(.known)"' "$OUT")"
! grep -raqF -e "$marker" -e Adela "$WORK/paul" || fail "the courier's folder is readable"
expect 0 on paul sync --json
same "handed over" "2 0" "$(jq -r '"\(.relayed) \(.relay_refused)"' "$OUT")"
expect 0 on paul sync --json
same "nothing twice" 0 "$(field .relayed)"
same "what the courier sees" "" "$(people paul)"
synced claire
same "claire has it" "Adela Bianca Mircea " "$(people claire)"
synced nadia
same "nadia sent nothing twice" "Adela Bianca Mircea " "$(people nadia)"

step "somebody who was removed carries it all the same"
expect 0 on ana bundle import "$stick/karim" --json
same "karim's leaf" 1 "$(field .leaves)"
on ana sync --json >"$OUT" 2>"$ERR" || true
same "handed over" 1 "$(field .relayed)"
synced claire karim
same "karim's words" '{"texte":"vu par karim"}' "$(query claire "SELECT texte FROM site WHERE id = '$site'")"

step "news for a device without a network: in any order, with the checks of a page"
size=$(expect 0 on karim status --json; jq '.spaces[0].size' "$OUT")
create claire personne prenom=Corina site="$site"
synced claire
expect 0 on claire bundle export "$stick/news1" --space Equipe --since "$size"
middle=$(expect 0 on claire status --json; jq '.spaces[] | select(.name == "Equipe") | .size' "$OUT")
create claire personne prenom=Doina site="$site"
synced claire
expect 0 on claire bundle export "$stick/news2" --space Equipe --since "$middle"
server_stop
expect 0 on karim bundle import "$stick/news2" --lang en
has "$OUT" "begins beyond what this device has"
same "not yet" "Adela Bianca Mircea " "$(people karim)"
for at in 140 400; do
    python3 - "$stick/news1" "$WORK/altered" $at <<'P'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[int(sys.argv[3])] ^= 1
open(sys.argv[2], "wb").write(data)
P
    expect 1 on karim bundle import "$WORK/altered"
    same "nothing of it" "Adela Bianca Mircea " "$(people karim)"
done
expect 0 on karim status --json
same "no alarm for a stick" null "$(jq '.spaces[0].alarm' "$OUT")"
expect 0 on karim bundle import "$stick/news1"
same "both, and their keys" "Adela Bianca Corina Doina Mircea " "$(people karim)"
expect 0 on karim bundle import "$stick/news1"
expect 0 on karim audit verify
server_start
synced karim
expect 0 on karim audit verify --full

step "phone to phone: the news and the work of one are handed over by the other"
create nadia personne prenom=Elena site="$site"
expect 0 on nadia bundle export "$stick/phone"
expect 0 on karim bundle import "$stick/phone"
synced karim claire
same "all" "Adela Bianca Corina Doina Elena Mircea " "$(people claire)"
synced nadia
same "and the author" "Adela Bianca Corina Doina Elena Mircea " "$(people nadia)"

step "what was erased does not come back from a stick"
person=$(query claire "SELECT id FROM personne WHERE prenom = 'Adela'" | jq -r .id)
expect 0 on claire bundle export "$stick/before"
expect 0 on claire erase "$person" --reason request
synced claire nadia
expect 0 on nadia bundle import "$stick/before"
same "still erased" "Bianca Corina Doina Elena Mircea " "$(people nadia)"

step "work under a key that was renewed meanwhile is refused; its author still has it"
create nadia personne prenom=Fatou site="$site"
expect 0 on nadia bundle export "$stick/stale" --since 999999
expect 0 on claire revoke karim
synced claire
expect 0 on paul bundle import "$stick/stale"
expect 0 on paul sync --json
same "refused" "0 1" "$(jq -r '"\(.relayed) \(.relay_refused)"' "$OUT")"
synced nadia claire
same "all" "Bianca Corina Doina Elena Fatou Mircea " "$(people claire)"
server_stop
expect 0 "$PASSERELLE_BIN_DIR/passerelled" check --data "$WORK/server"
