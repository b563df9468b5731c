#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: who alters what the server has stored is caught, and the place is named. One byte
# changed in any stored leaf or body, a leaf or a body removed: `passerelled check` names the
# index for each of them; for one of each sort, so do the first sync of a device that joins
# and `audit verify --full` of one that was there before.
# ctest: no-valgrind timeout=1200
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

tamper() { python3 "$SOURCE_DIR/tests/e2e/tamper.py" "$@"; }
check() { "$PASSERELLE_BIN_DIR/passerelled" check --data "$1" --json; }

step "a log with work of two"
team claire nadia
create claire site nom="Les Saules"
site=$ID
create claire personne prenom=Mircea site="$site"
synced claire nadia
create nadia entreprise nom="Serres du Nord"
expect 0 on nadia set "$site" effectif=12 texte="deux caravanes de plus"
synced nadia
expect 0 on claire invite --role reader --json
link=$(field .link)
create claire contact personne=Mircea texte="premiere rencontre"
synced claire nadia
expect 0 on claire audit verify
expect 0 on claire audit verify --full
device dora
expect 0 on dora join "$link"
printf 'sync\napprove --all\nsync\n' >"$WORK/approve"
run claire "$WORK/approve"
server_stop
expect 0 check "$WORK/server"
mv "$WORK/server" "$WORK/good"
tamper "$WORK/good" list >"$WORK/places"
entries=$(grep -c ^header "$WORK/places")
echo "   $entries entries, $(wc -l <"$WORK/places") alterations"
[ "$entries" -ge 8 ] || fail "too little to alter"

step "passerelled check names the index of every alteration"
while read -r what index; do
    rm -rf "$WORK/server"
    cp -a "$WORK/good" "$WORK/server"
    tamper "$WORK/server" "$what" "$index"
    expect 1 check "$WORK/server"
    same "the first bad index after an altered $what at $index" "$index" \
        "$(jq '[.findings[] | select(.index != null) | .index] | min' "$OUT")"
done <"$WORK/places"

step "a device that joins, and audit verify --full"
last_data=$(sqlite3 "$WORK/good/log.db" "SELECT max(idx) FROM log WHERE kind = 64")
first_data=$(sqlite3 "$WORK/good/log.db" "SELECT min(idx) FROM log WHERE kind = 64")
label=$(sqlite3 "$WORK/good/log.db" "SELECT max(idx) FROM log WHERE kind = 19")
for who in claire dora; do mv "$WORK/$who" "$WORK/$who.good"; done
named() { # DEVICE WHAT INDEX: the last answer names the index
    grep -qE "(^|[^0-9:])$3([^0-9:]|\$)" "$OUT" "$ERR" ||
        fail "$1 does not name $3 ($2): $(cat "$OUT" "$ERR")"
}
for place in "header $first_data" "signature $last_data" "time $first_data" "leaf $first_data" \
    "leaf $last_data" "body.0 $first_data" "body.0 $last_data" "body.0 $label" \
    "body-gone.0 $last_data"; do
    read -r what index <<<"$place"
    echo "   $what $index"
    rm -rf "$WORK/server" "$WORK/claire" "$WORK/dora"
    for who in claire dora; do cp -a "$WORK/$who.good" "$WORK/$who"; done
    cp -a "$WORK/good" "$WORK/server"
    tamper "$WORK/server" "$what" "$index"
    server_start
    expect 4 on claire audit verify --full
    named claire "$what" "$index"
    expect 4 on dora sync
    named dora "$what" "$index"
    expect 0 on dora status --json
    same "the index in status after $what" "$index" "$(field '.spaces[0].alarm_index')"
    server_stop
done
