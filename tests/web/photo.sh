#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: a photo leaves neither place nor marker behind; photo.mjs tells the story.
# ctest: released no-valgrind no-tsan timeout=600
. "${SOURCE_DIR:?}/tests/lib/test.sh"
. "$SOURCE_DIR/tests/web/lib.sh"
web_need chromium
web_page
timeout 300 node "$SOURCE_DIR/tests/web/photo.mjs" "$WEB" "$WORK"
