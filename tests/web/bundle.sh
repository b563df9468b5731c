#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: the page is what was published, runs nothing else, and a new version waits for an entry; bundle.mjs tells the story.
# ctest: released no-valgrind no-tsan timeout=600
. "${SOURCE_DIR:?}/tests/lib/test.sh"
. "$SOURCE_DIR/tests/web/lib.sh"
web_need chromium jq
web_page
step "the hash by hand, as README.md says"
same "bundle" "$(jq -r .bundle "$WEB/bundle.json")" \
    "$(cd "$WEB" && jq -r '.files | keys_unsorted | sort[]' bundle.json | xargs sha256sum | sha256sum | cut -d' ' -f1)"
timeout 300 node "$SOURCE_DIR/tests/web/bundle.mjs" "$WEB" "$WORK"
