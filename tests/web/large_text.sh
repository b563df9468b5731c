#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: the first ten minutes with text at 200 %, and every screen of screens.mjs in every mode.
# ctest: released long no-valgrind no-tsan timeout=1800
. "${SOURCE_DIR:?}/tests/lib/test.sh"
. "$SOURCE_DIR/tests/web/lib.sh"
web_need chromium
web_page
timeout 600 node "$SOURCE_DIR/tests/web/first_minutes.mjs" "$WEB" "$WORK" 200
mkdir "$WORK/all"
timeout 1000 node "$SOURCE_DIR/tests/web/screens.mjs" "$WEB" "$WORK/all"
