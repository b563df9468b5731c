#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal (US-11): a phone is lost, with unsent work on it. In a moment the coordinator knows what
# was on it and removes it; at its next contact the phone seals its unsent work to the
# coordinators, destroys its keys and content, and is over. The coordinators see the same number
# of changes and adopt them, once, under their author's name, dossiers that were never sent
# included. The owner works on with a new phone. A role that was lost is handled the same way,
# when a person says so.
# ctest: timeout=600
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

names() { query "$1" "SELECT prenom FROM personne ORDER BY prenom" | jq -r .prenom | paste -sd' '; }

step "a team; ana's phone has work that it never sent, on an old dossier and on a new one"
team claire ana karim:coordination
create claire site nom="Les Saules"
site=$ID
create claire personne prenom=Mircea site="$site"
mircea=$ID
create claire entreprise nom="Serres du Nord"
create claire placement personne="$mircea" employeur="$ID" contrat=cdi debut=2025-05-05 jours=12345
synced claire ana karim
create ana personne prenom=Zoe site="$site"
zoe=$ID
expect 0 on ana set "$mircea" telephone="06 99 88 77 66"
expect 0 on ana set "$zoe" texte="jamais envoye"
unsent=$(unsent ana)
ana=$(field .device)
before=$(query ana "SELECT field, value, author, claimed_at FROM history WHERE record IN ('$zoe', '$mircea') AND pending ORDER BY field, value" | sort)

step "what was on it, known and decided in under a minute"
SECONDS=0
expect 0 on claire audit exposure ana --json
same "dossiers" 3 "$(field '.spaces[0].dossiers')"
same "persons" 1 "$(field '[.dossiers[] | select(.kind == "personne")] | length')"
field '.spaces[0].key_since' >"$WORK/since"
expect 0 on claire revoke ana --lost
synced claire karim
[ $SECONDS -lt 60 ] || fail "that took $SECONDS seconds"

step "it watches when the removal arrives there: it hands its work over, and is over"
until_true 60 test -f "$WORK/ana/device.removed" &
waiter=$!
expect 1 on ana sync --watch --for 60 --lang en
wait $waiter || fail "the phone did not destroy its keys"
has "$ERR" "was removed from the space"
has "$ERR" "$unsent change(s) handed over"
same "what is left" device.removed "$(ls "$WORK/ana" | grep -v lock)"
! grep -raqF "jamais envoye" "$WORK/server" || fail "the server can read it"

step "the same number on the other screens; the adopted work has its author, and is there once"
synced claire karim
for who in claire karim; do
    expect 0 on $who adopt --json
    same "changes, says $who" "$unsent" "$(field '.[0].changes')"
    same "readable to $who" true "$(field '.[0].readable')"
done
expect 1 on claire adopt quelquun
expect 0 on claire adopt ana --lang en
has "$OUT" "$unsent change(s) taken over"
expect 1 on claire adopt ana
server_stop
expect 0 on claire status --json
[ "$(unsent claire)" -gt 0 ] || fail "the adopted work is not kept here"
server_start
# The other coordinator decides the same without having heard of it.
expect 0 on karim adopt ana
synced claire
expect 0 on karim sync
synced karim claire
for who in claire karim; do
    same "people, says $who" "Mircea Zoe" "$(names $who)"
    same "the work, says $who" "$before" \
        "$(query $who "SELECT field, value, author, claimed_at FROM history WHERE record IN ('$zoe', '$mircea') AND author = '$ana' ORDER BY field, value" | sort)"
    expect 0 on $who adopt --json
    same "parcels that wait, says $who" 0 "$(jq length "$OUT")"
done
expect 0 on claire audit log --json
same "the adoption" "claire" "$(jq -r '[.[] | select(.kind == "adopt" and .verdict == "ok")][0].device_name' "$OUT")"
same "the server's inbox" 0 "$(python3 -c 'import sqlite3, sys
print(sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True).execute("SELECT count(*) FROM inbox WHERE type = 2").fetchone()[0])' "$WORK/server/keys.db")"

step "a new phone for ana, approved by a colleague: her agenda is there after the first answer, and all else"
expect 0 on ana init --name ana2 --kdf light
enrol karim Equipe ana
synced claire
expect 0 on ana agenda --now 2025-05-06T08:00:00Z --json
same "her day" 2025-05-05 "$(jq -r '.[] | select(.rule == "J1") | .due' "$OUT")"
same "people, says the new phone" "Mircea Zoe" "$(names ana)"

step "a role is lost: the work that was refused is handed over when its author says so"
expect 1 on ana refused --hand-over
expect 0 on claire role ana2 reader
synced claire
create ana personne prenom=Refusee site="$site"
expect 0 on ana sync
unsent=$(unsent ana)
[ "$unsent" -gt 0 ] || fail "nothing was refused"
expect 0 on ana refused --hand-over --lang en
has "$OUT" "$unsent change(s) sealed"
server_stop
expect 3 on ana sync
same "before the receipt" "$unsent" "$(unsent ana)"
server_start
synced ana
expect 0 on claire sync --lang en
has "$OUT" "$unsent change(s) wait for a decision"
expect 0 on claire adopt ana2
synced claire ana
same "people, says ana" "Mircea Refusee Zoe" "$(names ana)"

step "all spaces of a device in one revocation"
expect 0 on claire space create Asso --level organisation
enrol claire Asso ana
synced ana claire
expect 0 on claire revoke ana2
synced claire
expect 1 on ana sync --lang en
has "$ERR" 'space "Equipe"'
has "$ERR" 'space "Asso"'
same "what is left" device.removed "$(ls "$WORK/ana" | grep -v lock)"
expect 0 on claire audit verify --full
server_stop
expect 0 "$PASSERELLE_BIN_DIR/passerelled" check --data "$WORK/server"
