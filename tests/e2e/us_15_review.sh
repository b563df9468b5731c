#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: US-15, its first half. With the clock at the last contact + 23 months the review lists the case, and so does the
# agenda; one is postponed with a reason and is silent until its day; 24 months after the last contact the other is due
# for deletion; a published pack with 12 months changes the answer on every device.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

team ana ben
create ana site nom="Les Saules" commune=Aubry --now 2023-01-02T08:00:00Z
site=$ID
for name in Zlatka Yordan; do
    create ana personne prenom=$name site="$site" --now 2023-01-02T08:00:00Z
    printf -v "$name" %s "$ID"
    create ana contact personne="$ID" date=2023-02-10 --now 2023-02-10T08:00:00Z
done
synced ana ben
review() { # DEVICE DAY
    expect 0 on "$1" retention review --json --now "${2}T08:00:00Z"
    jq -r 'map(select(.kind == "personne") | "\(.title):\(.state)") | sort | join(" ")' "$OUT"
}
same "before" "" "$(review ana 2025-01-09)"
same "23 months" "Yordan:review Zlatka:review" "$(review ana 2025-01-10)"
expect 0 on ana agenda --json --now 2025-01-10T08:00:00Z
item=$(jq -r --arg p "$Zlatka" '.[] | select(.record == $p and .rule == "REVUE") | .id' "$OUT")
expect 0 on ana postpone "$item" 2025-06-01 motif="reprend contact en mai" --now 2025-01-10T08:00:00Z
synced ana ben
same "one was postponed" "Yordan:review" "$(review ben 2025-01-10)"
same "24 months" "Yordan:purge" "$(review ben 2025-02-10)"
same "on its day" "Yordan:purge Zlatka:purge" "$(review ben 2025-06-01)"
same "with a reason" '{"motif":"reprend contact en mai"}' "$(query ben "SELECT motif FROM ajournement")"

step "another period, published"
jq '.version += 1 | .retention.personne.review_months = 11 | .retention.personne.purge_months = 12' \
    "$SOURCE_DIR/client/domain/mediation-emploi.json" >"$WORK/pack.json"
expect 0 on ana pack publish "$WORK/pack.json" --space Equipe
synced ana ben
same "12 months on the other device" "Yordan:purge Zlatka:purge" "$(review ben 2025-06-01)"
same "after 11, but not what was postponed" "Yordan:review" "$(review ben 2024-01-10)"
