#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: US-06, method 1-3-5. A job that starts on Monday 5 May 2025 (8 May is a holiday): the agenda shows day 1, day 3,
# the end of week 1 as one visit with two boxes, day 5, and the months; what is done goes; moving the start moves only
# what is not done; a broken contract cancels the rest and adds its two follow-ups; a calendar program can read it.
. "${SOURCE_DIR:?}/tests/lib/test.sh"

id() { jq -re .id "$OUT"; }
agenda() { on ana agenda --until 2025-12-31 --json --now "${1:-2025-05-05T07:00:00Z}"; }
due() { jq -r --arg rule "$1" 'map(select(.rule == $rule) | .due) | join(" ")'; }

server_init
server_start
expect 0 on ana init --name Ana
expect 0 on ana space create equipe --level team --server "$FOUNDER"
export NOW=2025-05-02T08:00:00Z
expect 0 on ana new site nom="Les Prés" commune=Montreuil --now $NOW --json
site=$(id)
expect 0 on ana new personne prenom=Stefan site="$site" --now $NOW --json
person=$(id)
expect 0 on ana new entreprise nom="Serres du Nord" commune=Montreuil --now $NOW --json
company=$(id)
expect 0 on ana new placement personne="$person" employeur="$company" contrat=cdi debut=2025-05-05 \
    jours=12345 etat=en_essai --now $NOW --json
job=$(id)

step "the days of the method"
agenda >"$WORK/agenda"
jq -e "all(.[]; has(\"rule\") and has(\"due\") and has(\"record\") and has(\"kind\") and has(\"label\")
        and has(\"state\") and has(\"id\"))" "$WORK/agenda" >/dev/null || fail "a member is missing"
for wanted in J1:2025-05-05 J3:2025-05-07 FS1s:2025-05-09 FS1e:2025-05-09 J5:2025-05-12 \
    M1:2025-06-05 M2:2025-07-07 M3:2025-08-05 M4:2025-09-05 M5:2025-10-06 M6:2025-11-05; do
    same "${wanted%%:*}" "${wanted#*:}" "$(due "${wanted%%:*}" <"$WORK/agenda")"
done
same "two boxes of one visit" 1 "$(jq '[.[] | select(.rule[:3] == "FS1") | .visit] | unique | length' "$WORK/agenda")"
same "J5 alone" null "$(jq '.[] | select(.rule == "J5") | .visit' "$WORK/agenda")"

step "the calendar file tells nothing"
expect 0 on ana agenda --until 2025-12-31 --ics "$WORK/a.ics" --now $NOW
has "$WORK/a.ics" "DTSTART;VALUE=DATE:20250505"
has "$WORK/a.ics" "SUMMARY:2 rappels"
lacks "$WORK/a.ics" Stefan
lacks "$WORK/a.ics" Serres

step "day 1 is done, and the two talks of the week in one answer"
item=$(jq -r '.[] | select(.rule == "J1") | .id' "$WORK/agenda")
expect 0 on ana done "$item" mode=sur_place --now 2025-05-05T16:00:00Z --json
same "what was written" "suivi" "$(jq -r '.[0].kind' "$OUT")"
visit=$(jq -r '.[] | select(.rule == "FS1s") | .visit' "$WORK/agenda")
expect 0 on ana done "$visit" --now 2025-05-09T16:00:00Z --json
same "both boxes" "FS1e FS1s" "$(jq -r 'map(.rule) | sort | join(" ")' "$OUT")"
agenda >"$WORK/agenda"
same "J1" "" "$(due J1 <"$WORK/agenda")"
same "FS1s" "" "$(due FS1s <"$WORK/agenda")"
expect 1 on ana done "$item" --now 2025-05-05T17:00:00Z

step "the start moves by a day"
before=$(jq -r '.[] | select(.rule == "J3") | .id' "$WORK/agenda")
expect 0 on ana set "$job" debut=2025-05-06 --now 2025-05-05T18:00:00Z
agenda >"$WORK/agenda"
same "J1" "" "$(due J1 <"$WORK/agenda")"
same "J3" 2025-05-09 "$(due J3 <"$WORK/agenda")"
same "J5" 2025-05-13 "$(due J5 <"$WORK/agenda")"
same "M1" 2025-06-06 "$(due M1 <"$WORK/agenda")"
same "the item is the same" "$before" "$(jq -r '.[] | select(.rule == "J3") | .id' "$WORK/agenda")"

step "a month is postponed, another set aside"
expect 0 on ana postpone "$(jq -r '.[] | select(.rule == "M1") | .id' "$WORK/agenda")" 2025-06-12 --now $NOW
expect 0 on ana skip "$(jq -r '.[] | select(.rule == "M2") | .id' "$WORK/agenda")" --now $NOW
agenda >"$WORK/agenda"
same "M1" 2025-06-12 "$(due M1 <"$WORK/agenda")"
same "M2" "" "$(due M2 <"$WORK/agenda")"
expect 1 on ana postpone "$before" jamais --now $NOW

step "the contract is broken off"
expect 0 on ana set "$job" etat=rompu --now 2025-05-16T08:00:00Z
agenda 2025-05-16T09:00:00Z >"$WORK/agenda"
same "what is left" "REPRISE:2025-05-23 RUPTURE:2025-05-20" \
    "$(jq -r --arg job "$job" 'map(select(.record == $job) | "\(.rule):\(.due)") | sort | join(" ")' "$WORK/agenda")"
expect 0 on ana print fiche_suivi "$job" --html "$WORK/suivi.html" --in ro --now 2025-05-16T09:00:00Z
has "$WORK/suivi.html" Stefan
has "$WORK/suivi.html" "traducere neverificată"
lacks "$WORK/suivi.html" salarie
