#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal (US-12): the auditor, who reads no content, sees per device each offline edit with its claimed
# and its received time, and what came late; verifies the checkpoint; and when a copy of the server
# is rolled back by a day, or shows another history to one device, his check and the device both
# raise an alarm that names the first bad entry.
# ctest: timeout=600
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

at() { local who=$1 when=$2; shift 2; on "$who" "$@" --now "$(date -u -d "$when" +%Y-%m-%dT%H:%M:%SZ)"; }
lines() { expect 0 on guy audit log --json; jq -c "[.[] | select($1)]" "$OUT"; }

step "a day in the field: three edits of one field, without a network"
team claire nadia guy:auditor,guardian
create claire site nom="Les Saules"
create claire personne prenom=Mircea site="$ID"
mircea=$ID
synced claire nadia guy
server_stop
expect 0 at nadia "-30 hours" set "$mircea" telephone="06 00 00 00 01"
expect 0 at nadia "-29 hours" set "$mircea" telephone="06 00 00 00 02"
expect 0 at nadia "-28 hours" set "$mircea" telephone="06 00 00 00 03"
server_start
synced nadia guy

step "the auditor sees each of them, its hour, and that it came late; he reads none"
same "edits" 3 "$(lines '.device_name == "nadia" and .kind == "data"' | jq length)"
same "hours" 3 "$(lines '.device_name == "nadia" and .kind == "data"' | jq '[.[].claimed_at] | unique | length')"
same "receptions" 1 "$(lines '.device_name == "nadia" and .kind == "data"' | jq '[.[].received_at] | unique | length')"
same "late" 3 "$(lines '.device_name == "nadia" and .kind == "data" and .late' | jq length)"
lacks "$OUT" "06000000"

step "the report of the log: counted, dated, drawn, for a spreadsheet, and empty of content"
expect 0 on claire print dossier_personne "$mircea" --html "$WORK/page.html"
synced claire guy
expect 0 on guy report P11 --json
same "summed up" "3 3" "$(jq -r '.parts[] | select(.part == "resume") | .rows[0] | "\(.tardives) \(.appareils >= 2 | if . then 3 else 0 end)"' "$OUT")"
same "late, by whom" "3 nadia" "$(jq -r '[.parts[] | select(.part == "tardives") | .rows[]] | "\(map(.modifications) | add) \(.[0].par)"' "$OUT")"
same "what left" "print claire" "$(jq -r '.parts[] | select(.part == "sorties") | .rows[0] | "\(.quoi) \(.par)"' "$OUT")"
same "devices" "claire guy nadia" "$(jq -r '[.parts[] | select(.part == "appareils") | .rows[].appareil] | sort | join(" ")' "$OUT")"
lacks "$OUT" Mircea
expect 0 on guy report P11 --csv "$WORK/p11.csv"
has "$WORK/p11.csv" $'\xef\xbb\xbf'
has "$WORK/p11.csv" "tardives;Arrivées plus d'un jour après;3;"
expect 0 on guy report P11 --html "$WORK/p11.html" --space Equipe
has "$WORK/p11.html" "<svg "
lacks "$WORK/p11.html" Mircea
expect 1 on guy report P11 --space Ailleurs
same "nothing of it stays" '{"n":0}' "$(query guy "SELECT count(*) AS n FROM domain_audit")"
expect 0 on guy report P12 --json --now "$(date -u -d '+20 days' +%Y-%m-%dT%H:%M:%SZ)"
same "silent in three weeks" "claire guy nadia" "$(jq -r '[.parts[] | select(.part == "silencieux") | .rows[].appareil] | sort | join(" ")' "$OUT")"
same "content" '{"n":0}' "$(query guy "SELECT count(*) AS n FROM history")"
expect 0 on guy audit verify --full
expect 0 on guy audit checkpoint
cp "$OUT" "$WORK/checkpoint"
expect 0 on claire sync
expect 0 on claire audit verify --with "$WORK/checkpoint"

step "an auditor's device knows more than yesterday's copy of the server"
server_stop
cp -a "$WORK/server" "$WORK/yesterday"
server_start
expect 0 on nadia set "$mircea" telephone="06 00 00 00 04"
synced nadia guy claire
server_stop
mv "$WORK/server" "$WORK/today"
cp -a "$WORK/yesterday" "$WORK/server"
server_start
for who in guy claire; do
    expect 4 on $who audit verify --full --lang en
    expect 4 on $who sync
    same "alarm of $who" rollback "$(expect 0 on $who status --json; jq -r '.spaces[0].alarm' "$OUT")"
done
if command -v node >/dev/null; then
    expect 0 node "$SOURCE_DIR/tests/interop/verifier/evidence.mjs" "$(find "$WORK/guy" -name 'evidence-*' | head -n 1)"
    has "$OUT" "rollback: "
fi
expect 0 on nadia show "$mircea"

step "another history for one device: yesterday's copy grows otherwise"
size=$(sed -n 2p "$WORK/checkpoint")
device emma
server_stop
mv "$WORK/server" "$WORK/rolled"
cp -a "$WORK/yesterday" "$WORK/server"
sqlite3 "$WORK/server/log.db" "UPDATE log SET t_recv = t_recv + 1 WHERE idx = $((size - 1))"
server_start
expect 4 on guy audit verify --full --json
same "first bad entry" "$((size - 1))" "$(field '.spaces[0].index')"
server_stop
rm -rf "$WORK/server"
mv "$WORK/today" "$WORK/server"
server_start

step "the right server again: the alarm of the rollback goes, all verifies"
synced guy claire nadia
expect 0 on guy audit verify --full
expect 0 on guy audit report --out "$WORK/report.txt"
expect 0 on claire audit report --check "$WORK/report.txt"
