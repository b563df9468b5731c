#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: the administrator's first hour on a laptop, counted in clicks and answers; first_hour.mjs tells the story.
# ctest: released no-valgrind no-tsan timeout=900
. "${SOURCE_DIR:?}/tests/lib/test.sh"
. "$SOURCE_DIR/tests/web/lib.sh"
web_need chromium
web_page
timeout 420 node "$SOURCE_DIR/tests/web/first_hour.mjs" "$WEB" "$WORK"
