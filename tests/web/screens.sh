#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: axe-core finds nothing on any screen of a phone, and no screen is wider than it.
# ctest: released no-valgrind no-tsan timeout=900
. "${SOURCE_DIR:?}/tests/lib/test.sh"
. "$SOURCE_DIR/tests/web/lib.sh"
web_need chromium
web_page
timeout 600 node "$SOURCE_DIR/tests/web/screens.mjs" "$WEB" "$WORK" --modes phone-light
