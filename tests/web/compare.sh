#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: two people compare their devices, by camera and by file, without the server; compare.mjs tells it.
# ctest: long no-valgrind no-tsan timeout=900
. "${SOURCE_DIR:?}/tests/lib/test.sh"
. "$SOURCE_DIR/tests/web/lib.sh"
web_need chromium
web_page
timeout 600 node "$SOURCE_DIR/tests/web/compare.mjs" "$WEB" "$WORK"
