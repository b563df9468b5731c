#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: pairing by the camera, both ways, and the automatic lock; camera.mjs tells it.
# ctest: released long no-valgrind no-tsan timeout=900
. "${SOURCE_DIR:?}/tests/lib/test.sh"
. "$SOURCE_DIR/tests/web/lib.sh"
web_need chromium
web_page
timeout 420 node "$SOURCE_DIR/tests/web/camera.mjs" "$WEB" "$WORK"
