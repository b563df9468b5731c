#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: rule R17. A device that has not synchronised for 3, 7, 14 days reminds its own mediator; after 14 days without
# anything from a colleague's device the coordinator's agenda names that device, and nobody else's agenda does.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

team ana ben claire
create ben site nom="Les Saules" commune=Aubry
create claire site nom="Les Prés" commune=Aubry
synced ben claire ana
day() { date -u -d "+$1 days" +%Y-%m-%dT%H:%M:%SZ; }
silent() { # DEVICE DAYS
    expect 0 on "$1" agenda --json --now "$(day "$2")"
    jq -r 'map(select(.series[:3] == "R17") | "\(.rule):\(.title)") | sort | join(" ")' "$OUT"
}
same "today" "" "$(silent ana 0)"
same "ben's own" "SYNCHRO3:ben" "$(silent ben 4)"
same "ben's own, later" "SYNCHRO7:ben" "$(silent ben 9)"
same "no colleague's at ben's" "SYNCHRO14:ben" "$(silent ben 16)"
same "the coordinator's" "SILENCE14:ben SILENCE14:claire SYNCHRO14:ana" "$(silent ana 16)"
