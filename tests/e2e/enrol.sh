#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: who may what. Invites for every role, approval of one and of all, refusal; a reader
# reads and cannot write, an auditor verifies everything and reads nothing, a writer cannot
# invite an administrator; further spaces on the same server need no link; one sync request
# serves all spaces of a device.
# ctest: no-valgrind timeout=1200
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

invite() { # ROLES [SPACE]: sets $LINK
    expect 0 on claire invite --role "$1" --space "${2:-Equipe}" --json
    LINK=$(field .link)
}

member() { # DEVICE FILTER: about one member, as claire sees it
    expect 0 on claire member list --space Equipe --json
    jq -r --arg name "$1" ".[] | select(.name == \$name) | $2" "$OUT"
}

step "a founder and five who knock"
team claire
create claire site nom="Les Saules"
site=$ID
device nadia rachid odile sam mallory
declare -A roles=([nadia]=writer [rachid]=reader [odile]=auditor [sam]=coordination [mallory]=writer)
for who in nadia rachid odile sam mallory; do
    invite "${roles[$who]}"
    synced claire
    expect 0 on "$who" join "$LINK" --json
done
expect 0 on claire sync --json
same "who waits" "mallory nadia odile rachid sam" \
    "$(expect 0 on claire member list --json; jq -r '[.[] | select(.state == "waiting") | .name] | sort | join(" ")' "$OUT")"

step "the code to compare is the same on both sides"
invite writer
synced claire
device tom
expect 0 on tom join "$LINK" --json
code=$(field .compare)
expect 0 on claire sync
same "code" "$code" "$(member tom .compare)"
[ "${#code}" -ge 8 ] || fail "a short code: $code"

step "approve one by name, one by its code; nobody else gets in"
expect 0 on claire approve nadia
synced claire nadia
same "nadia's state" active "$(member nadia .state)"
same "tom's state" waiting "$(member tom .state)"
expect 0 on tom sync --json
same "tom's own state" waiting "$(jq -r '.spaces[0].state' "$OUT")"
same "what tom sees" '{"n":0}' "$(query tom "SELECT count(*) AS n FROM site")"
expect 0 on claire approve "$code"
synced claire tom
same "tom's sites" '{"n":1}' "$(query tom "SELECT count(*) AS n FROM site")"
expect 1 on claire approve nobody-like-that

step "work that a joiner writes before the approval waits and arrives"
invite writer
synced claire
device uma
expect 0 on uma join "$LINK"
expect 0 on uma new entreprise nom="Avant l'heure" --json
expect 0 on uma sync --json
[ "$(unsent uma)" -gt 0 ] || fail "nothing waits"
expect 0 on claire sync

step "refuse one, then approve all the others"
expect 0 on claire refuse mallory
synced claire
code=0
on mallory sync >"$OUT" 2>"$ERR" </dev/null || code=$?
[ $code -eq 0 ] || [ $code -eq 1 ] || fail "exit $code of a refused joiner"
same "sites of a refused joiner" '{"n":0}' "$(query mallory "SELECT count(*) AS n FROM site")"
expect 0 on claire approve --all
synced claire
synced rachid odile sam uma claire
same "members" "claire nadia odile rachid sam tom uma" \
    "$(expect 0 on claire member list --json; jq -r '[.[] | select(.state == "active") | .name] | sort | join(" ")' "$OUT")"
same "the early record" '{"n":1}' "$(query claire "SELECT count(*) AS n FROM entreprise")"
same "rachid's roles" reader "$(member rachid '.roles | join(",")')"
same "odile's roles" auditor "$(member odile '.roles | join(",")')"
[[ $(member sam '.roles | join(",")') == *admin* ]] || fail "a coordinator is no admin"

step "a reader reads and does not write"
same "rachid's sites" '{"n":1}' "$(query rachid "SELECT count(*) AS n FROM site")"
expect 1 on rachid set "$site" commune=Aubry --lang en
has "$ERR" "does not write"
expect 1 on rachid new site nom="Autre"
expect 1 on rachid invite --role writer
expect 1 on nadia invite --role admin

step "an auditor verifies everything and reads nothing"
expect 0 on nadia set "$site" texte="ligne que personne ne doit lire"
expect 0 on nadia set "$site" effectif=4
expect 0 on nadia set "$site" effectif=5
synced nadia odile
expect 0 on odile audit verify
expect 0 on odile audit verify --full
expect 0 on odile audit log --json
edits=$(jq '[.[] | select(.kind == "data" and .author_name == "nadia")] | length' "$OUT")
[ "$edits" -ge 3 ] || fail "three edits show as $edits entries"
for column in verdict device author claimed_at received_at code index; do
    jq -e --arg column "$column" '.[-1] | has($column)' "$OUT" >"$WORK/has" || fail "audit log has no $column"
done
lacks "$OUT" "ligne que"
expect 0 on odile audit log --csv "$WORK/audit.csv"
[ "$(wc -l <"$WORK/audit.csv")" -gt "$edits" ] || fail "the CSV is short"
for kind in site personne contact entreprise; do
    code=0
    on odile list "$kind" --json >"$OUT" 2>"$ERR" </dev/null || code=$?
    [ $code -ne 0 ] || same "odile's $kind" 0 "$(jq length "$OUT")"
done
code=0
on odile find ligne --json >"$OUT" 2>"$ERR" </dev/null || code=$?
[ $code -ne 0 ] || same "what odile finds" 0 "$(jq length "$OUT")"
expect 1 on odile new site nom="Autre"

step "further spaces on the same server, without a link"
expect 0 on claire space create "Cercle" --level restricted
expect 0 on claire space create "Association" --level organisation
expect 0 on claire space list --json
same "claire's spaces" "Association Cercle Equipe" "$(jq -r '[.[].name] | sort | join(" ")' "$OUT")"
invite writer Cercle
synced claire
expect 0 on nadia join "$LINK"
expect 0 on claire sync
expect 0 on claire approve --all --space Cercle
synced claire nadia
expect 0 on nadia space list --json
same "nadia's spaces" "Cercle Equipe" "$(jq -r '[.[].name] | sort | join(" ")' "$OUT")"

step "a kind goes to the space of its level, never to a wider one"
create nadia personne prenom=Mircea site="$site"
mircea=$ID
create nadia frein_restreint personne="$mircea" theme=sante
create claire partenaire structure="Mission locale"
space_of() { query "$1" "SELECT s.name FROM record r JOIN space s ON s.id = r.space WHERE r.id = '$2'" | jq -r .name; }
same "space of a barrier that few may see" Cercle \
    "$(space_of nadia "$(query nadia "SELECT id FROM frein_restreint" | jq -r .id)")"
same "space of a partner" Association "$(space_of claire "$ID")"

step "one request for all spaces"
expect 0 on nadia sync --json
same "requests" 1 "$(field .requests)"
same "spaces" 2 "$(field '.spaces | length')"
before=$(metric passerelle_syncs_total)
expect 0 on claire sync --json
same "requests" 1 "$(field .requests)"
same "spaces" 3 "$(field '.spaces | length')"
same "requests that the server counted" $((before + 1)) "$(metric passerelle_syncs_total)"
same "claire's view" "$(query nadia "SELECT id, theme FROM frein_restreint")" \
    "$(query claire "SELECT id, theme FROM frein_restreint")"
synced rachid
same "a reader of the team sees nothing of the circle" '{"n":0}' \
    "$(query rachid "SELECT count(*) AS n FROM frein_restreint")"
server_stop
expect 0 "$PASSERELLE_BIN_DIR/passerelled" check --data "$WORK/server"
