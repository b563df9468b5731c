#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: the page is what was published, runs nothing else, and a new version waits for an entry; bundle.mjs tells the story.
# ctest: released no-valgrind no-tsan timeout=600
. "${SOURCE_DIR:?}/tests/lib/test.sh"
. "$SOURCE_DIR/tests/web/lib.sh"
web_need chromium
web_page
timeout 300 node "$SOURCE_DIR/tests/web/bundle.mjs" "$WEB" "$WORK"
