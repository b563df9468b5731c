#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: what was acknowledged is on the disk. The server is killed (SIGKILL) at 100 random
# points of a running push, from before the first byte to after the answer: nothing that was
# acknowledged is missing, nothing is there twice, the next sync finishes, and the store
# verifies. SEED=N repeats a run.
# ctest: no-valgrind timeout=1200
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

seed=${SEED:-$RANDOM}
step "100 kills, seed $seed"
server_init
mkdir "$WORK/devices"
expect 0 "$BUILD_DIR/tests/e2e/killer" "${server_port[server]}" "$FOUNDER" "$WORK/devices" 100 "$seed" \
    -- "$PASSERELLE_BIN_DIR/passerelled" serve --data "$WORK/server" \
    --listen "127.0.0.1:${server_port[server]}"
tail -n 1 "$OUT"

step "the store verifies"
expect 0 "$PASSERELLE_BIN_DIR/passerelled" check --data "$WORK/server"
