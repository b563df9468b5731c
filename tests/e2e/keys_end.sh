#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: keys end. Copies of devices and of the server's whole database are taken on the way, and
# everything is tried on everything. A removed device that colludes with the server opens
# nothing that was sealed after the rotation. Of an erased dossier the live server and all
# living devices open nothing at once, and last month's key store nothing either, one rotation
# later. An old copy of a phone opens what it could then, and nothing from the rotation after
# next on.
# ctest: timeout=900 no-valgrind
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

server_copy() { # FOLDER
    server_stop
    mkdir -p "$WORK/$1"
    cp "$WORK/server/log.db" "$WORK/server/keys.db" "$WORK/$1/"
    server_start
}

device_copy() { # DEVICE NAME
    rm -rf "${WORK:?}/$2"
    cp -r "$WORK/$1" "$WORK/$2"
}

# What opens: KEYS-FOLDER LOG-FOLDER FROM CODE DEVICE.COPY...; then: got FILTER
loot() {
    local keys=$1 log=$2 from=$3 code=$4 copy homes=()
    shift 4
    for copy in "$@"; do
        homes+=("$WORK/$copy" "$WORK/${copy%%.*}.pass")
    done
    "$BUILD_DIR/tests/e2e/loot_all" "$WORK/$keys/keys.db" "$WORK/$log/log.db" "$from" "$code" \
        "${homes[@]}" >"$WORK/loot" || fail "loot_all"
}
got() { jq -r "$1" "$WORK/loot"; }

# The same for the devices that are alive, from copies: they are in use.
loot_alive() {
    local keys=$1 log=$2 code=$3
    device_copy claire claire.alive
    device_copy nadia nadia.alive
    loot "$keys" "$log" 0 "$code" claire.alive nadia.alive
}

code_of() { query claire "SELECT code FROM record WHERE id = '$1'" | jq -r .code; }
size_now() { expect 0 on claire status --json; jq -r '.spaces[0].size' "$OUT"; }

step "a team with work on it; the search is not blind"
team claire nadia karim dora eva
create claire site nom="Les Saules"
site=$ID
create claire personne prenom=Mircea site="$site"
mircea=$(code_of "$ID")
mircea_id=$ID
create claire personne prenom=Ana site="$site"
ana=$(code_of "$ID")
ana_id=$ID
synced claire nadia karim dora eva
device_copy karim karim.copy
server_copy first
loot first first 0 "$mircea" karim.copy
same "bodies that a member opens" "$(got .bodies)" "$(got .bodies_open)"
[ "$(got .seals_open)" -gt 0 ] || fail "no seal opens"

step "a removed device with the server's whole database"
before=$(size_now)
expect 0 on claire revoke karim --lost
synced claire
expect 0 on claire set "$ana_id" telephone="06 00 00 00 01"
create claire personne prenom=Nouvelle site="$site"
synced claire nadia dora eva
expect 0 on nadia set "$ana_id" texte="apres le retrait"
synced nadia claire
server_copy collusion
loot collusion collusion "$before" "$ana" karim.copy
[ "$(got .bodies)" -ge 3 ] || fail "nothing was written after the rotation"
same "what it opens" "0 0" "$(got '"\(.bodies_open) \(.routes_open)"')"
[ "$(got .newest)" -le 1 ] || fail "something of the new epoch opens"
loot collusion collusion 0 "$ana" karim.copy
[ "$(got .bodies_open)" -gt 0 ] || fail "what it could read before does not open"

step "an erasure: nothing on the live server, for nobody; copies of before still open"
synced claire nadia dora eva
server_copy month
device_copy nadia nadia.month
expect 0 on claire erase "$mircea_id" --reason demande
synced claire nadia dora eva
server_copy live
loot_alive live live "$mircea"
same "of the erased dossier, live" 0 "$(got .of_code.open)"
loot_alive live month "$mircea"
same "of the erased dossier, with last month's log" 0 "$(got .of_code.open)"
[ "$(got .of_code.bodies)" -gt 0 ] || fail "last month's log has nothing of it"
loot_alive month month "$mircea"
[ "$(got .of_code.open)" -gt 0 ] || fail "last month's keys open nothing before the rotation"

step "one more rotation: last month's key store opens nothing of it any more"
expect 0 on claire revoke dora --lost
synced claire nadia eva
synced claire nadia
loot_alive month month "$mircea"
same "of the erased dossier" 0 "$(got .of_code.open)"
[ "$(got .of_code.bodies)" -gt 0 ] || fail "last month's log has nothing of it"
same "seals of last month that open" 0 "$(got .seals_open)"
loot_alive month month "$ana"
[ "$(got .of_code.open)" -gt 0 ] || fail "what is not erased does not open"

step "an old copy of a phone: what it could then; and nothing from the rotation after next on"
loot month month 0 "$mircea" nadia.month
[ "$(got .of_code.open)" -gt 0 ] || fail "an old phone and an old server do not open what they could"
before=$(size_now)
expect 0 on claire revoke eva --lost
synced claire
expect 0 on claire set "$ana_id" telephone="06 00 00 00 02"
synced claire nadia
server_copy live
loot live live "$before" "$ana" nadia.month
[ "$(got .bodies)" -gt 0 ] || fail "nothing was written"
same "what the old phone opens" "0 0" "$(got '"\(.bodies_open) \(.routes_open)"')"
expect 0 on claire audit verify --full
expect 0 on nadia audit verify --full
server_stop
expect 0 "$PASSERELLE_BIN_DIR/passerelled" check --data "$WORK/server"
