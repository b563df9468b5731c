#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: a colleague leaves, a phone is lost, an administrator goes, a guardian acts without a
# key. What had arrived counts, what came after does not; the key is renewed in the same push
# and dossiers are wrapped again for those who stay; the removed device is told so, keeps its
# unsent work sealed, and reads nothing that was written afterwards. Removing an administrator
# takes two persons. What was on a device is known in a moment, without content. Rights that
# were lost and work that was refused are listed.
# ctest: timeout=600
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

epoch_changes() { expect 0 on claire audit log --json; jq '[.[] | select(.kind == "epoch_change")] | length' "$OUT"; }
space_of() { expect 0 on "$1" status --json; jq -r ".spaces[0].$2" "$OUT"; }

step "a team with work on it"
team claire nadia karim guy:auditor,guardian
create claire site nom="Les Saules"
site=$ID
create claire personne prenom=Mircea site="$site"
mircea=$ID
synced claire nadia karim
before=$(epoch_changes)

step "a departure, noted without a network; what the leaver sent meanwhile counts"
create nadia personne prenom=Adela site="$site"
synced nadia
server_stop
expect 0 on claire revoke nadia --lang en
has "$OUT" "leaves"
has "$OUT" "renewed in the same push"
expect 1 on claire revoke nadia
expect 1 on claire revoke quelquun
expect 1 on nadia revoke karim
[ "$(unsent claire)" -gt 0 ] || fail "the revocation does not wait"
create nadia personne prenom=Troptard site="$site"
server_start
synced claire
same "epoch_change leaves" $((before + 1)) "$(epoch_changes)"
same "rotation pending" false "$(space_of claire rotation_pending)"
same "what claire has of the leaver" '{"n":1}' "$(query claire "SELECT count(*) AS n FROM personne WHERE prenom = 'Adela'")"
same "what was too late" '{"n":0}' "$(query claire "SELECT count(*) AS n FROM personne WHERE prenom = 'Troptard'")"
expect 0 on claire audit verify --full
expect 1 on claire revoke nadia --lang en
has "$ERR" "removed already"

step "the removed device is told, hands its unsent work over sealed, and keeps nothing"
create claire personne prenom=Nouvelle site="$site"
expect 0 on claire set "$mircea" texte="ecrit apres le depart"
synced claire
unsent=$(unsent nadia)
[ "$unsent" -gt 0 ] || fail "nadia has nothing unsent"
leaves=$(metric 'passerelle_leaves_total{result="accepted"}')
expect 1 on nadia sync --lang en
has "$ERR" "was removed from the space"
has "$ERR" "$unsent change(s) handed over"
same "leaves that the server took" "$leaves" "$(metric 'passerelle_leaves_total{result="accepted"}')"
same "what is left of the device" device.removed "$(ls "$WORK/nadia" | grep -v lock)"
expect 1 on nadia sync --lang en
has "$ERR" "was removed, its content destroyed"
expect 1 on nadia set "$mircea" texte="encore"
! grep -raqF Troptard "$WORK/server" "$WORK/nadia" || fail "the unsent work lies readable"

step "the coordinator sees the same number, and drops what she does not want: the log says so"
synced claire
expect 0 on claire adopt --json
same "changes" "$unsent" "$(field '.[0].changes')"
same "from" nadia "$(field '.[0].name')"
expect 0 on claire adopt nadia --discard
synced claire
expect 0 on claire adopt --json
same "parcels" 0 "$(jq length "$OUT")"
same "what was too late" '{"n":0}' "$(query claire "SELECT count(*) AS n FROM personne WHERE prenom = 'Troptard'")"
expect 0 on claire audit log --json
jq -e 'any(.[]; .kind == "adopt" and .device_name == "claire")' "$OUT" >"$WORK/said" || fail "the log does not tell"

step "who stays works on; who comes later reads all, under the new key"
expect 0 on karim set "$mircea" telephone="06 00 00 11 22"
synced karim claire
same "karim's view" "$(query claire "SELECT * FROM personne ORDER BY id")" "$(query karim "SELECT * FROM personne ORDER BY id")"
device dora
enrol claire Equipe dora
synced claire karim dora
same "dora's view" "$(query claire "SELECT * FROM personne ORDER BY id")" "$(query dora "SELECT * FROM personne ORDER BY id")"

step "what was on the device of the leaver, without content"
expect 0 on claire audit exposure nadia --json
same "state" revoked "$(field '.spaces[0].state')"
same "dossiers" 3 "$(field '.spaces[0].dossiers')"
same "certain" 2 "$(field '.spaces[0].seen_dossiers')"
same "persons" 2 "$(field '[.dossiers[] | select(.kind == "personne")] | length')"
[ -n "$(field '.spaces[0].key_until')" ] || fail "its key is still in use"
field '.spaces[0].last_sent' >"$WORK/sent"
for word in Mircea Adela Saules; do lacks "$OUT" $word; done
same "codes" "$(query claire "SELECT code FROM record WHERE kind IN ('site', 'personne') AND id IN ('$site', '$mircea')" | jq -r .code | sort)" \
    "$(expect 0 on claire audit exposure nadia --json; jq -r '.dossiers[] | select(.seen) | .code' "$OUT" | sort)"
synced guy
expect 0 on guy audit exposure nadia --json
same "dossiers, says who holds the routing key alone" 3 "$(field '.spaces[0].dossiers')"
expect 1 on claire audit exposure personne-de-ce-nom

step "a lost phone: what it sent behind our back does not count"
create karim personne prenom=Voleur site="$site"
synced karim
expect 0 on claire revoke karim --lost
synced claire
same "what the thief wrote" '{"n":0}' "$(query claire "SELECT count(*) AS n FROM personne WHERE prenom = 'Voleur'")"
same "what karim had written" '{"telephone":"0600001122"}' "$(query claire "SELECT telephone FROM personne WHERE id = '$mircea'")"
expect 0 on claire audit log --json
jq -e 'any(.[]; .device_name == "karim" and .verdict == "REVOKED")' "$OUT" >"$WORK/cut" ||
    fail "the log does not show what was cut"
expect 1 on karim sync
expect 0 on claire audit verify --full

step "a guardian removes without a key; the new one waits, visibly, for an administrator"
same "what the guardian reads" '{"n":0}' "$(query guy "SELECT count(*) AS n FROM history")"
before=$(epoch_changes)
expect 0 on guy revoke dora
synced guy
same "rotation pending, says the guardian" true "$(space_of guy rotation_pending)"
expect 0 on guy status --lang en
has "$OUT" "waits for an administrator"
expect 1 on dora sync
synced claire
same "epoch_change leaves" $((before + 1)) "$(epoch_changes)"
synced guy
same "rotation pending" false "$(space_of guy rotation_pending)"

step "a role is lost: the work that comes after is refused, listed and kept"
device eva
enrol claire Equipe eva
expect 0 on claire role eva reader --lang en
has "$OUT" "New roles of eva"
synced claire
expect 0 on eva new personne prenom=Refusee site="$site"
expect 0 on eva sync --json
expect 0 on eva refused --json
same "pieces" 1 "$(jq length "$OUT")"
same "why" DENIED "$(field '.[0].status')"
[ "$(field '.[0].changes')" -gt 0 ] || fail "no changes in the refused work"
expect 1 on eva new personne prenom=Encore site="$site"
expect 0 on claire role eva writer
expect 1 on claire role eva writer
synced claire
expect 0 on eva sync
expect 0 on eva sync --retry --json
same "unsent" 0 "$(unsent eva)"
synced claire
same "what eva had written" '{"n":1}' "$(query claire "SELECT count(*) AS n FROM personne WHERE prenom = 'Refusee'")"
expect 2 on claire role eva prince
expect 0 on claire role eva reader
synced claire
create eva personne prenom=Abandon site="$site"
expect 0 on eva sync
expect 2 on eva refused --discard rien
expect 1 on eva refused --discard 7
expect 0 on eva refused --discard 1 --lang en
has "$OUT" deleted
same "unsent" 0 "$(unsent eva)"
same "what eva dropped" '{"n":0}' "$(query eva "SELECT count(*) AS n FROM personne WHERE prenom = 'Abandon'")"

step "an administrator goes: two persons"
device anna bob
enrol claire Equipe anna:admin,writer
synced claire anna
same "trial" false "$(space_of claire trial)"
expect 0 on claire invite --role admin,writer --json
link=$(field .link)
synced claire
expect 0 on bob join "$link"
expect 0 on claire sync
expect 0 on claire approve bob
expect 0 on claire sync
synced anna
expect 0 on anna member proposals --json
same "whom claire would let in" device_add "$(field '.[0].kind')"
expect 0 on anna member confirm "$(field '.[0].hash')"
synced anna bob claire anna bob
same "bob" active "$(expect 0 on claire member list --json; jq -r '.[] | select(.name == "bob") | .state' "$OUT")"
before=$(epoch_changes)
expect 0 on claire revoke bob --lang en
has "$OUT" proposed
synced claire
same "bob, after one person" active "$(expect 0 on claire member list --json; jq -r '.[] | select(.name == "bob") | .state' "$OUT")"
expect 0 on claire member proposals --json
hash=$(field '.[0].hash')
same "may claire confirm her own" false "$(jq -r '.[0].mine' "$OUT")"
expect 1 on claire member confirm "$hash" --lang en
has "$ERR" "Somebody else"
synced bob
expect 1 on bob member confirm "$hash"
synced anna
expect 0 on anna member proposals --json
same "may anna confirm" true "$(field '.[0].mine')"
same "whom it is about" bob "$(field '.[0].name')"
expect 1 on anna member confirm 0000000000
expect 0 on anna member confirm "${hash:0:12}"
synced anna claire
same "bob, after two" revoked "$(expect 0 on claire member list --json; jq -r '.[] | select(.name == "bob") | .state' "$OUT")"
same "epoch_change leaves" $((before + 1)) "$(epoch_changes)"
expect 0 on claire member proposals --json
same "proposals" 0 "$(jq length "$OUT")"
expect 1 on bob sync

step "one leaves by oneself; the last administrator cannot"
expect 0 on eva revoke eva
expect 1 on eva sync
same "rotation pending" true "$(expect 0 on guy sync --json; jq -r '.spaces[0].rotation_pending' "$OUT")"
synced claire anna
same "rotation pending" false "$(space_of claire rotation_pending)"
expect 0 on claire audit verify --full
expect 0 on guy audit verify --full
server_stop
expect 0 "$PASSERELLE_BIN_DIR/passerelled" check --data "$WORK/server"
