#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: one disk barrier serves many. 64 pushes that wait at the same time become fewer than
# 16 commits, and each of the 64 is accepted. (The server is stopped until all requests are
# there, so that the machine's mood does not decide.)
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

server_init
server_start
step "64 devices join, each writes one record, all push at the same time"
mkdir "$WORK/devices"
expect 0 "$BUILD_DIR/tests/e2e/pushers" "${server_port[server]}" "$FOUNDER" "${server_pid[server]}" \
    "$WORK/devices" 64
commits=$(cat "$OUT")
echo "   64 pushes, $commits commits"
[ "$commits" -ge 1 ] && [ "$commits" -lt 16 ] || fail "$commits commits for 64 pushes"
server_stop
