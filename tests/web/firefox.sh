#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: storage and sync hold in Debian's Firefox ESR; storage.mjs tells the story.
# ctest: released no-valgrind no-tsan timeout=1200
. "${SOURCE_DIR:?}/tests/lib/test.sh"
. "$SOURCE_DIR/tests/web/lib.sh"
web_need firefox-esr
web_core
web_packages
timeout 300 node "$SOURCE_DIR/tests/web/storage.mjs" firefox "$WORK"
