#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: a space whose stored log is damaged stops nobody's work in the other spaces: each sync says which
# space the server cannot read, sends and receives the rest, and keeps what waits.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

step "two spaces, and work in both that nadia has not seen"
team claire nadia
expect 0 on claire space create Autre --level team
synced claire
enrol claire Autre nadia
create claire site nom="Les Saules" --space Equipe
create claire entreprise nom="Serres du Nord" --space Autre
synced claire
space=$(on claire status --json | jq -r '.spaces[] | select(.name == "Equipe") | .id // empty')
[ -n "$space" ] || space=$(on claire space list --json | jq -r '.[] | select(.name == "Equipe") | .id')

step "the last entry of one of them loses its tree nodes on the server's disk"
server_stop
sqlite3 "$WORK/server/log.db" "UPDATE log SET nodes = x'00' WHERE space = x'$space'
    AND idx = (SELECT max(idx) FROM log WHERE space = x'$space')"
server_start

step "the other space goes on, both ways"
expect 0 on nadia new entreprise nom="Menuiserie Morel" --space Autre --json
expect 0 on nadia new site nom="Le Moulin" --space Equipe --json
run_sync() { on "$1" sync --json >"$OUT" 2>"$ERR" || true; }
expect 0 on nadia status --json
waiting=$(field '.spaces[] | select(.name == "Equipe") | .unsent')
run_sync nadia
same "what waits for the damaged space" "$waiting" "$(field '.spaces[] | select(.name == "Equipe") | .unsent')"
same "what waits for the other" 0 "$(field '.spaces[] | select(.name == "Autre") | .unsent')"
same "why" '"IO"' "$(jq -c '.spaces[] | select(.name == "Equipe") | .status' "$OUT")"
expect 0 on nadia list entreprise --json
same "companies that nadia sees" 2 "$(field length)"
run_sync claire
expect 0 on claire list entreprise --json
same "companies that claire sees" 2 "$(field length)"
expect 1 "$PASSERELLE_BIN_DIR/passerelled" check --data "$WORK/server"
expect 0 on nadia list site --json
same "nothing is lost" 1 "$(field length)"
