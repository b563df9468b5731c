#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: the WebAssembly is the same program. Every test vector comes out of it byte by byte, and small random logs lead to
# the same state as natively: all that the tables, search, titles and conflicts show, and every verdict of the fold. Here a
# share of them; agree_long.sh compares 10,000.
# ctest: released no-valgrind no-tsan
. "${SOURCE_DIR:?}/tests/lib/test.sh"
. "$SOURCE_DIR/tests/web/lib.sh"
logs=${RANDOM_LOGS:-400}
web_core
wasm() { node "$SOURCE_DIR/tests/web/command.mjs" "$WASM_DIR/$1.wasm" "${@:2}"; }

step "vectors"
for part in fold seal change tree proof message text unlock; do
    wasm make_vectors "$part" >"$WORK/$part.json"
    cmp "$WORK/$part.json" "$SOURCE_DIR/tests/vectors/$part.json"
done
# Of compression the native program's own bytes: another release of zstd may make others.
"$BUILD_DIR/tests/tools/make_vectors" compress >"$WORK/native.json"
wasm make_vectors compress >"$WORK/compress.json"
cmp "$WORK/native.json" "$WORK/compress.json"

step "$logs random logs"
"$BUILD_DIR/tests/web/random_logs" 0 "$logs" >"$WORK/native" 2>"$WORK/native.refused" &
native=$!
wasm random_logs 0 "$logs" >"$WORK/wasm" 2>"$WORK/wasm.refused"
wait $native
cmp "$WORK/native" "$WORK/wasm"
cmp "$WORK/native.refused" "$WORK/wasm.refused"
same "number of logs" "$logs" "$(wc -l <"$WORK/wasm")"
# They are logs of something: no two end alike, and the fold refused leaves for many reasons.
same "different states" "$logs" "$(cut -d' ' -f2 "$WORK/wasm" | sort -u | wc -l)"
[ "$(sed 's/.*: //' "$WORK/wasm.refused" | sort -u | wc -l)" -ge 8 ] || fail "the logs are too tame"

step "the comparison can fail"
wasm random_logs 1000000 2 >"$WORK/other" 2>/dev/null
! cmp -s <(head -n 2 "$WORK/wasm" | cut -d' ' -f2-) <(cut -d' ' -f2- "$WORK/other")
