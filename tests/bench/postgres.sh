#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: long released serial timeout=900
#
# Goal: what a synchronous standby costs. The rows of many devices once on files and once on a PostgreSQL primary whose
# every commit waits for its standby, in one run on one machine; one line for each figure with the ratio. Nothing is judged.
. "${SOURCE_DIR:?}/tests/lib/test.sh"
. "$SOURCE_DIR/tests/lib/pg.sh"

step "a primary and a synchronous standby"
pg_init first
pg_standby second first
for n in $(seq 1 20); do pg_sql first "CREATE DATABASE bench$n"; done

step "the rows on both"
rows=(--row many --row single --row bulk --json)
expect 0 "$BUILD_DIR/tests/bench/passerelle-bench" "${rows[@]}"
cp "$OUT" "$WORK/files"
expect 0 env TESTDAEMON_STORE="$(sed 's#/postgres$#/bench\##' <<<"$(pg_uri first)")" \
    "$BUILD_DIR/tests/bench/passerelle-bench" "${rows[@]}"
jq -rn --slurpfile files "$WORK/files" --slurpfile pg "$OUT" '
    [$files[0].figures, $pg[0].figures] | transpose[] | select(.[0].unit | test("/s$"))
    | "   \(.[0].row), \(.[0].figure): \(.[0].value | round) on files, \(.[1].value | round) on PostgreSQL with a standby: \(100 * .[1].value / .[0].value | round) %"'
