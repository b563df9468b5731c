#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: the browser's file store keeps names and contents through cuts; pool.mjs tells how.
# ctest: released no-valgrind no-tsan
. "${SOURCE_DIR:?}/tests/lib/test.sh"
. "$SOURCE_DIR/tests/web/lib.sh"
web_need node
node "$SOURCE_DIR/tests/web/pool.mjs"
