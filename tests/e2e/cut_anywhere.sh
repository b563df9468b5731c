#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: no-valgrind timeout=1200
#
# Goal: a connection may end at any byte. Every byte position of a request is the last one that leaves, every byte
# position of an answer the last one that arrives; a crowd of silent connections, more than the server takes, a server
# that has no files left and one that is stopped in the middle keep nobody out for good. Nothing is lost, nothing
# arrives twice.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

fresh() { # [SERVE-ARGUMENT...]: a server of its own for each part
    [ -z "${server_pid[server]:-}" ] || { server_stop; unset 'server_pid[server]'; }
    rm -rf "$WORK/server" "$WORK/devices"
    mkdir "$WORK/devices"
    server_init
    server_start server "$@"
}
cutter() { expect 0 "$BUILD_DIR/tests/e2e/cutter" "${server_port[server]}" "$FOUNDER" "$WORK/devices" "$@"; tail -n 1 "$OUT"; }

step "a cut at every byte"
fresh
cutter cut
server_stop
expect 0 "$PASSERELLE_BIN_DIR/passerelled" check --data "$WORK/server"
unset 'server_pid[server]'

step "more silent connections than the server takes"
printf 'connections_max = 300\nheader_timeout_ms = 2000\nidle_timeout_ms = 2000\n' >"$WORK/conf"
fresh --config "$WORK/conf"
cutter crowd 1000

step "no files left"
server_stop
unset 'server_pid[server]'
rm -rf "$WORK/server" "$WORK/devices"
mkdir "$WORK/devices"
server_init
background bash -c "ulimit -n 160; exec '$PASSERELLE_BIN_DIR/passerelled' serve --config '$WORK/conf' \
    --data '$WORK/server' --listen 127.0.0.1:${server_port[server]}" >>"$WORK/server.log" 2>&1
server_pid[server]=$PID
until_true 30 server_answers server
cutter crowd 400

step "a server that is stopped in the middle, and goes on"
fresh
device claire
expect 0 on claire space create Equipe --level team --server "$FOUNDER"
create claire site nom="Le Moulin"
kill -STOP "${server_pid[server]}"
on claire sync --json >"$WORK/late" 2>&1 &
late=$!
sleep 2
kill -CONT "${server_pid[server]}"
wait "$late" || fail "the sync gave up: $(cat "$WORK/late")"
same "what is unsent" 0 "$(jq '[.spaces[].unsent] | add' "$WORK/late")"
