#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: one device cannot take the server's places. Twelve copies of it wait for news at the same time; four are held,
# the others are told to come back, and a colleague is served as if nobody were there.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

team claire nadia
server_stop
printf 'data = %s\ndevice_requests_max = 4\n' "$WORK/server" >"$WORK/server.conf"
background "$PASSERELLE_BIN_DIR/passerelled" serve --config "$WORK/server.conf" \
    --listen "127.0.0.1:${server_port[server]}" >>"$WORK/server.log" 2>&1
server_pid[server]=$PID
until_true 30 server_answers server

step "twelve of one device wait"
cp "$WORK/nadia.pass" "$WORK/copy.pass"
waiters=()
for i in $(seq 12); do
    cp -r "$WORK/nadia" "$WORK/copy$i"
    cp "$WORK/nadia.pass" "$WORK/copy$i.pass"
    on "copy$i" --lang en sync --watch --for 20 >"$WORK/copy$i.out" 2>&1 </dev/null &
    waiters+=($!) started+=($!)
done
held() { [ "$(metric passerelle_long_polls_held)" = 4 ] && [ "$(metric passerelle_admission_refusals_total)" -ge 8 ]; }
until_true 60 held

step "a colleague is served, and her work wakes those who wait"
create claire site nom="Les Saules"
synced claire
[ "$(metric passerelle_long_polls_held)" -le 4 ] || fail "more than a share is held"
for pid in "${waiters[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
for pid in "${waiters[@]}"; do wait "$pid" || true; done
synced nadia
has <(query nadia "SELECT nom FROM site") "Les Saules"
server_stop
