#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: somebody who reads no content sees who did what and when: each offline edit with its
# claimed and its received time, what arrived late, what was opened, exported and printed, what
# was erased. The lines leave as CSV or as a signed report, which is noted too; whoever alters
# the report is found out, here and by a stranger's few lines.
# ctest: timeout=600
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

lines() { expect 0 on "$1" audit log --json; jq -c "[.[] | select($2)]" "$OUT"; }
count() { lines "$1" "$2" | jq length; }
at() { local who=$1; shift; on "$who" "$@" --now "$NOW"; }
later() { NOW=$(date -u -d "$1" +%Y-%m-%dT%H:%M:%SZ); }

step "a team, an auditor, three offline edits of one field"
team claire nadia guy:auditor,guardian dora
create claire site nom="Les Saules"
create claire personne prenom=Mircea site="$ID"
mircea=$ID
code=$(query claire "SELECT code FROM record WHERE id = '$mircea'" | jq -r .code)
synced claire nadia guy
server_stop
for n in 1 2 3; do expect 0 on nadia set "$mircea" telephone="06 00 00 00 0$n"; done
server_start
synced nadia guy
same "entries of the day" 3 "$(count guy ".device_name == \"nadia\" and .code == \"$code\" and .kind == \"data\"")"
same "claimed and received" 3 "$(count guy '.device_name == "nadia" and .kind == "data" and .claimed_at <= .received_at')"
same "what the auditor reads" '{"n":0}' "$(query guy "SELECT count(*) AS n FROM history")"

step "work of three days ago is late, a clock that is ahead is suspect"
later "-3 days"
expect 0 at nadia set "$mircea" telephone="06 11 11 11 11"
synced nadia guy
same "late" 1 "$(count guy '.late and .kind == "data"')"
[ "$(lines guy '.late and .kind == "data"' | jq '.[0].delay_s')" -gt 200000 ] || fail "the delay is not told"

step "an opened dossier is noted once a day, sealed, and told half a day later"
before=$(metric 'passerelle_leaves_total{result="accepted"}')
for n in 1 2 3; do expect 0 on nadia show "$mircea"; done
expect 0 on nadia history "$mircea"
synced nadia guy
same "leaves for openings so far" "$before" "$(metric 'passerelle_leaves_total{result="accepted"}')"
told=$(count guy '.kind == "access"')
! grep -raqF "$code" "$WORK/nadia" || fail "the noted code lies readable"
later "+13 hours"
expect 0 at nadia sync
synced guy
same "openings" "[{\"what\":\"opened\",\"device_name\":\"nadia\",\"code\":\"$code\"}]" \
    "$(lines guy '.kind == "access"' | jq -c ".[$told:] | map({what, device_name, code})")"
same "openings without a time" 0 "$(count guy '.kind == "access" and .claimed_at == null')"

step "what leaves the system is told at the next sync"
expect 0 on claire print dossier_personne "$mircea" --html "$WORK/page.html"
expect 0 on claire agenda --ics "$WORK/agenda.ics"
synced claire guy
same "exports" '["file","print"]' "$(lines guy '.kind == "export_notice"' | jq -c 'map(.what) | sort')"
same "the printed one" "\"$code\"" "$(lines guy '.what == "print"' | jq -c '.[0].code')"

step "the auditor takes the lines along: that is noted as well"
expect 0 on guy audit log --csv "$WORK/log.csv"
has "$WORK/log.csv" "$code"
lacks "$WORK/log.csv" Mircea
synced guy claire
same "noted" '["guy"]' "$(lines claire '.what == "journal"' | jq -c 'map(.device_name)')"

step "a signed report"
expect 2 on guy audit report
expect 0 on guy audit report --out "$WORK/report.txt"
has "$WORK/report.txt" "late: $(count guy .late)"
has "$WORK/report.txt" "opened: $(count guy '.kind == "access"')"
has "$WORK/report.txt" "exported: 3"
lacks "$WORK/report.txt" Mircea
expect 0 on claire sync
expect 0 on claire audit report --check "$WORK/report.txt" --json
same "who signed" guy "$(field .device_name)"
same "a member" true "$(field .member)"
same "its history is ours" ok "$(field .history)"
sed 's/late: ./late: 0/' "$WORK/report.txt" >"$WORK/altered.txt"
expect 4 on claire audit report --check "$WORK/altered.txt" --lang en
has "$ERR" "altered"
head -c 300 "$WORK/report.txt" >"$WORK/cut.txt"
expect 1 on claire audit report --check "$WORK/cut.txt"
cat >"$WORK/check.mjs" <<'J'
// From PROTOCOL.md 15.2 alone.
import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
const all = readFileSync(process.argv[2]);
const at = all.lastIndexOf("signature: ");
const value = (name) => all.toString("utf8").match(new RegExp(`^${name}: ([0-9a-f]+)$`, "m"))[1];
const key = Buffer.from(value("key"), "hex");
const id = createHash("sha256").update("passerelle/dev/v1\0").update(key).digest("hex").slice(0, 32);
const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), key]);
const good = id === value("device") &&
    verify(null, Buffer.concat([Buffer.from("passerelle/report/v1\0"), all.subarray(0, at)]),
        createPublicKey({ key: spki, format: "der", type: "spki" }), Buffer.from(value("signature"), "hex"));
process.exit(good ? 0 : 1);
J
if command -v node >/dev/null; then
    expect 0 node "$WORK/check.mjs" "$WORK/report.txt"
    expect 1 node "$WORK/check.mjs" "$WORK/altered.txt"
fi

step "a number that a device left out is a gap: made under the keys of before a removal, refused, made again"
same "gaps so far" 0 "$(count guy '.skipped > 0')"
expect 0 on claire revoke dora --lost
synced claire
expect 0 on nadia set "$mircea" telephone="06 22 22 22 22"
synced nadia guy
same "gaps" 1 "$(lines guy '.skipped > 0 and .device_name == "nadia"' | jq '.[0].skipped')"

step "an erasure is told with its reason; the history still verifies"
expect 0 on claire erase "$mircea" --reason request
synced claire guy
same "erased" '["request"]' "$(lines guy '.kind == "erase"' | jq -c 'map(.detail)')"
expect 0 on guy audit verify --full
expect 0 on claire audit verify --full
