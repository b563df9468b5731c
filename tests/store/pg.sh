#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: PostgreSQL behind store.h keeps the promises that SQLite keeps: the same conformance suite, on a real server.
. "${SOURCE_DIR:?}/tests/lib/test.sh"
. "$SOURCE_DIR/tests/lib/pg.sh"

step "a server of the test's own"
pg_init
pg_start
PASSERELLE_PG=$(pg_uri)
pg_sql pg "CREATE DATABASE nothing"
PASSERELLE_PG_NOWHERE=${PASSERELLE_PG%/*}/nothing
PASSERELLE_PG_EMPTY="psql -qX '$PASSERELLE_PG' -c 'SET client_min_messages = error; DROP SCHEMA IF EXISTS passerelle_log, passerelle_keys CASCADE' >/dev/null"
export PASSERELLE_PG PASSERELLE_PG_NOWHERE PASSERELLE_PG_EMPTY

step "the conformance suite"
for suite in test_store test_store_keys; do
    "$BUILD_DIR/tests/store/$suite" 2>&1 | tee "$OUT"
    same "engines that passed $suite" 2 "$(grep -c "^\[  PASSED" "$OUT")"
done
