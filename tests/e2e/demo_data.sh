#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: a fictional caseload fills every tool: people, companies, jobs, follow-ups, things due, reports with figures. The
# same seed tells the same story; a wrong recipe is refused with its place.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

story() { query "$1" "SELECT prenom, nom, annee_naissance FROM personne ORDER BY created_at, prenom, nom, annee_naissance"; }
for who in ana ben; do
    server_init $who.server
    server_start $who.server
    device $who
    expect 0 on $who space create Equipe --level team --server "$FOUNDER"
    expect 0 on $who space create Asso --level organisation
    expect 0 on $who space create Reseau --level community
    expect 0 on $who demo-data --people 24 --seed 7 --json --now 2025-05-05T08:00:00Z
    made=$(field .records)
    [ "$made" -gt 300 ] || fail "only $made records"
done
same "the same seed" "$(story ana)" "$(story ben)"
same "people" 24 "$(story ana | wc -l)"
expect 0 on ana agenda --json --now 2025-05-05T08:00:00Z
[ "$(jq length "$OUT")" -gt 20 ] || fail "little is due: $(cat "$OUT")"
for rule in R3 R6 R11 R12 R14 R16; do
    jq -e --arg rule $rule 'any(.[]; .series == $rule)' "$OUT" >/dev/null || echo "nothing due by $rule"
done
expect 0 on ana report P2 --year 2025 --json --now 2025-05-05T08:00:00Z
jq -e '.parts[0].rows | map(.personnes) | .[0] > 10 and .[4] > 3' "$OUT" >/dev/null ||
    fail "an empty funnel: $(cat "$OUT")"
expect 0 on ana sync
expect 0 on ana report P5 --json --now 2025-05-05T08:00:00Z
jq -e '.parts[0].rows | length > 3' "$OUT" >/dev/null || fail "no follow-up: $(cat "$OUT")"

step "a recipe of one's own"
printf '[make]\n1/1 personne: prenom={nobody}; site=x\n' >"$WORK/recipe"
expect 1 on ana demo-data --recipe "$WORK/recipe"
has "$ERR" nobody
expect 2 on ana demo-data --people many
