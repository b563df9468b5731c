#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: US-01 to US-09 on two phones and a terminal; stories.mjs tells them.
# ctest: long no-valgrind no-tsan timeout=1200
. "${SOURCE_DIR:?}/tests/lib/test.sh"
. "$SOURCE_DIR/tests/web/lib.sh"
web_need chromium
web_page
timeout 900 node "$SOURCE_DIR/tests/web/stories.mjs" "$WEB" "$WORK"
