#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: the main job. Two mediators work a day without a network, 40 changes each, six of
# them on the same fields; one HTTP request each brings everything together: the same tables
# on both, every concurrent value listed, no value gone from the history. A form that was
# opened before a colleague's value arrived does not overwrite it. And the stories US-01 and
# US-02: what was written offline is there after closing, is found, and is sent once.
# ctest: no-valgrind timeout=1200
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

# Every table of the view and every value in it, as one text.
tables() {
    local table
    query "$1" "SELECT key FROM domain_kind ORDER BY key" | jq -r .key >"$WORK/kinds"
    while read -r table; do
        printf 'sql "SELECT * FROM \\"%s\\" ORDER BY id"\n' "$table"
    done <"$WORK/kinds" >"$WORK/all"
    run "$1" "$WORK/all"
    cat "$OUT"
}

conflicting() {
    expect 0 on "$1" conflicts --json
    jq -c 'map({record, field, values: ([.values[].value] | sort)}) | sort_by(.record, .field) | .[]' \
        "$OUT"
}

step "a team of three with something to share"
team claire nadia karim
create claire site nom="Les Saules" commune=Aubry
site=$ID
create claire personne prenom=Mircea site="$site"
mircea=$ID
create claire personne prenom=Adela site="$site"
adela=$ID
create claire entreprise nom="Serres du Nord"
serres=$ID
create claire placement personne="$mircea" employeur="$serres" debut=2025-03-03
placement=$ID
synced claire nadia karim

step "no network: 40 changes on each device, six on the same fields"
server_stop
same_fields() {
    printf 'set %s effectif=%s acces="%s"\n' "$site" "$1" "$2"
    printf 'set %s telephone="%s" nom="%s"\n' "$mircea" "$3" "$4"
    printf 'set %s annee_naissance=%s\n' "$adela" "$5"
    printf 'set %s essai_fin=%s\n' "$placement" "$6"
}
{
    same_fields 42 "par le chemin creux" "06 00 00 11 22" Alpescu 1990 2025-07-04
    for i in $(seq 8); do # 3 changes each: kind, prenom, site
        printf 'new personne prenom=Nadia%s site=%s\n' "$i" "$site"
    done
    for i in $(seq 5); do
        printf 'set %s texte="note %s de Nadia"\n' "$adela" "$i"
    done
    for i in $(seq 5); do
        printf 'set %s alias="alias %s"\n' "$mircea" "$i"
    done
} >"$WORK/nadia.day"
{
    same_fields 45 "derriere la gare" "06 00 00 33 44" Betescu 1991 2025-06-20
    for i in $(seq 8); do
        printf 'new entreprise nom=Karim%s commune=Villers\n' "$i"
    done
    for i in $(seq 5); do
        printf 'set %s texte="note %s de Karim"\n' "$serres" "$i"
    done
    for i in $(seq 5); do
        printf 'set %s ft_action="action %s"\n' "$mircea" "$i"
    done
} >"$WORK/karim.day"
for who in nadia karim; do
    run "$who" "$WORK/$who.day"
    query "$who" "SELECT count(*) AS n FROM history WHERE pending AND field <> 'kind'" >"$WORK/n"
    [ "$(jq .n "$WORK/n")" -ge 40 ] || fail "$who made only $(cat "$WORK/n") changes"
    query "$who" "SELECT record, field, value FROM history WHERE pending AND value IS NOT NULL" \
        >"$WORK/$who.written"
    expect 3 on "$who" sync
    [ "$(unsent "$who")" -ge 40 ] || fail "$who does not know what waits"
done

step "back at the office: A, B, A, one request each"
server_start
requests=$(metric passerelle_syncs_total)
for who in nadia karim nadia; do
    expect 0 on "$who" sync --json
    same "requests of $who's sync" 1 "$(field .requests)"
    same "what $who has not sent" 0 "$(field '[.spaces[].unsent] | add')"
done
same "requests that the server counted" $((requests + 3)) "$(metric passerelle_syncs_total)"

step "the same tables on both"
tables nadia >"$WORK/nadia.tables"
tables karim >"$WORK/karim.tables"
[ "$(grep -c Nadia8 "$WORK/karim.tables")" -ge 1 ] || fail "karim does not see nadia's work"
[ "$(grep -c Karim8 "$WORK/nadia.tables")" -ge 1 ] || fail "nadia does not see karim's work"
same "a table" "$(cat "$WORK/nadia.tables")" "$(cat "$WORK/karim.tables")"

step "concurrent values are listed on both, none is gone"
conflicting nadia >"$WORK/nadia.conflicts"
conflicting karim >"$WORK/karim.conflicts"
same "the list of conflicts" "$(cat "$WORK/nadia.conflicts")" "$(cat "$WORK/karim.conflicts")"
same "conflicts" 6 "$(wc -l <"$WORK/nadia.conflicts")"
for pair in "$site:effectif" "$site:acces" "$mircea:telephone" "$mircea:nom" \
    "$adela:annee_naissance" "$placement:essai_fin"; do
    jq -es --arg record "${pair%:*}" --arg field "${pair##*:}" \
        'any(.[]; .record == $record and .field == $field and (.values | length) == 2)' \
        "$WORK/nadia.conflicts" >"$OUT" || fail "no conflict for $pair"
done
for who in nadia karim; do
    query "$who" "SELECT record, field, value FROM history WHERE value IS NOT NULL" | sort \
        >"$WORK/$who.history"
    for other in nadia karim; do
        gone=$(sort -u "$WORK/$other.written" | comm -13 "$WORK/$who.history" -)
        [ -z "$gone" ] || fail "gone from $who's history: $gone"
    done
    expect 0 on "$who" history "$site" --json
    for value in 42 45; do
        jq -e --arg value "$value" 'any(.[]; .field == "effectif" and (.value | tostring) == $value)' \
            "$OUT" >"$WORK/found" || fail "$value is not in what $who's history command says"
    done
done

step "somebody chooses: one value on both, the others stay in the history"
expect 0 on karim resolve "$placement" essai_fin=2025-06-20
synced karim nadia
conflicting nadia >"$WORK/nadia.conflicts"
same "conflicts after the choice" 5 "$(wc -l <"$WORK/nadia.conflicts")"
same "trial end" '{"essai_fin":"2025-06-20"}' "$(query nadia "SELECT essai_fin FROM placement")"
expect 0 on nadia history "$placement" --json
has "$OUT" 2025-07-04

step "a form that was opened before a colleague's value arrived"
expect 0 on nadia show "$site" --json
base=$(field .base)
expect 0 on karim set "$site" commune="valeur de Karim"
synced karim nadia
same "what nadia sees meanwhile" "valeur de Karim" "$(query nadia "SELECT commune FROM site" | jq -r .commune)"
expect 0 on nadia set "$site" commune="valeur de Nadia" --base "$base"
synced nadia karim
for who in nadia karim; do
    conflicting "$who" >"$WORK/form"
    jq -es --arg site "$site" 'any(.[]; .record == $site and .field == "commune" and
        .values == ["valeur de Karim", "valeur de Nadia"])' "$WORK/form" >"$OUT" ||
        fail "$who does not see both values of the form: $(cat "$WORK/form")"
done
expect 0 on nadia set "$site" commune="en connaissance de cause"
synced nadia karim
conflicting karim >"$WORK/form"
lacks "$WORK/form" commune

step "US-01: Tuesday offline, the program closed and opened again"
server_stop
expect 0 on nadia --now 2025-03-04T09:00:00Z new personne prenom="Ștefan" site="$site" --json
stefan=$(field .id)
expect 0 on nadia --now 2025-03-04T09:05:00Z new personne prenom="Zlatomira" site="$site" --json
zlatomira=$(field .id)
for i in $(seq 6); do
    who=$([ $((i % 2)) = 0 ] && echo "$stefan" || echo "$zlatomira")
    printf 'new contact personne=%s date=2025-03-04 texte="rencontre numero %s"\n' "$who" "$i"
done >"$WORK/tuesday"
run nadia "$WORK/tuesday"
[ "$(unsent nadia)" -ge 8 ] || fail "the banner says less than 8 changes"
same "contacts of the day" '{"n":6}' \
    "$(query nadia "SELECT count(*) AS n FROM contact WHERE date = '2025-03-04'")"
for word in stefan STEFAN Ștefan; do
    expect 0 on nadia find "$word" --json
    same "what '$word' finds" "$stefan" "$(field '.[0].id')"
done
for word in Ștefan tefan Zlatomira "rencontre numero"; do
    ! grep -raqF -- "$word" "$WORK/nadia" || fail "'$word' stands readable in the device's folder"
done

step "US-02: one round trip, and nothing more to send"
server_start
expect 0 on nadia sync --json
same "requests" 1 "$(field .requests)"
same "unsent" 0 "$(field '[.spaces[].unsent] | add')"
synced karim
expect 0 on karim find stefan --json
same "what karim finds" "$stefan" "$(field '.[0].id')"
! grep -raqF -e tefan -e Zlatomira "$WORK/server" "$WORK/server.log" ||
    fail "a name stands readable on the server"
leaves=$(metric 'passerelle_leaves_total{result="accepted"}')
expect 0 on nadia sync --json
same "leaves of a second sync" 0 "$(field .pushed)"
same "leaves that the server took" "$leaves" "$(metric 'passerelle_leaves_total{result="accepted"}')"
