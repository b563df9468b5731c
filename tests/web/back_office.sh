#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: coordination, administration and audit on the page when something is not as every day; back_office.mjs tells it.
# ctest: released long no-valgrind no-tsan timeout=900
. "${SOURCE_DIR:?}/tests/lib/test.sh"
. "$SOURCE_DIR/tests/web/lib.sh"
web_need chromium
web_page
timeout 600 node "$SOURCE_DIR/tests/web/back_office.mjs" "$WEB" "$WORK"
