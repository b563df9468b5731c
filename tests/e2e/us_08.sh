#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: US-08, a real conflict. A and B set different trial ends offline. After the synchronisation both see the same two
# values with author and date; A chooses; the choice, who chose and the other value stay in the history of both, and the
# audit, by somebody who reads no content, shows that something was written, not what.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

team ana ben dora:auditor
create ana site nom="Les Saules" commune=Aubry
create ana personne prenom=Stefan site="$ID"
create ana placement personne="$ID" debut=2025-05-05 etat=en_essai contrat=cdi
job=$ID
synced ana ben
server_stop
expect 0 on ana set "$job" essai_fin=2025-07-04
expect 0 on ben set "$job" essai_fin=2025-06-20
server_start
synced ana ben
synced ana

step "the same two values on both devices"
for who in ana ben; do
    expect 0 on $who conflicts "$job" --json
    jq -S '.[0].values | map({value, author_name}) | sort_by(.value)' "$OUT" >"$WORK/$who.values"
    same "values at $who" "2025-06-20 2025-07-04" "$(jq -r '[.[].value] | join(" ")' "$WORK/$who.values")"
    expect 0 on $who agenda --until 2025-12-31 --json --now 2025-05-05T08:00:00Z
    jq -r '.[] | select(.rule == "ESSAI") | .due' "$OUT" >"$WORK/$who.due"
done
same "both see the same" "$(cat "$WORK/ana.values")" "$(cat "$WORK/ben.values")"
same "both agendas say the same" "$(cat "$WORK/ana.due")" "$(cat "$WORK/ben.due")"
same "the earlier one until somebody chose" 2025-06-20 "$(cat "$WORK/ana.due")"

step "one chooses"
expect 0 on ana resolve "$job" essai_fin=2025-07-04
synced ana ben
for who in ana ben; do
    expect 0 on $who conflicts --json
    same "conflicts at $who" 0 "$(jq length "$OUT")"
    expect 0 on $who history "$job" --json
    same "history at $who" "2025-06-20 2025-07-04 2025-07-04" \
        "$(jq -r '[.[] | select(.field == "essai_fin") | .value] | sort | join(" ")' "$OUT")"
    expect 0 on $who agenda --until 2025-12-31 --json --now 2025-05-05T08:00:00Z
    same "agenda at $who" 2025-07-04 "$(jq -r '.[] | select(.rule == "ESSAI") | .due' "$OUT")"
done

step "the earlier date is safe, whoever wrote last"
server_stop
expect 0 on ana set "$job" essai_fin=2025-06-13
sleep 1.1
expect 0 on ben set "$job" essai_fin=2025-07-18
server_start
synced ana ben
synced ana
for who in ana ben; do
    expect 0 on $who conflicts --json
    same "conflicts at $who" 1 "$(jq length "$OUT")"
    expect 0 on $who agenda --until 2025-12-31 --json --now 2025-05-05T08:00:00Z
    same "agenda at $who" 2025-06-13 "$(jq -r '.[] | select(.rule == "ESSAI") | .due' "$OUT")"
done

step "the audit shows that, not what"
synced dora
expect 0 on dora audit log --json
same "who wrote" "ana ben" "$(jq -r '[.[] | select(.kind == "data") | .device_name] | unique | join(" ")' "$OUT")"
lacks "$OUT" 2025-07-04
lacks "$OUT" Stefan
same "what the auditor reads" '{"n":0}' "$(query dora "SELECT count(*) AS n FROM history")"
