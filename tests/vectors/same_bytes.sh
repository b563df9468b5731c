#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: the formats do not drift. The vectors in the tree are what the code makes today, byte by byte.
# compress.json is not compared: another release of zstd may make another frame that says the same; that the frame in
# the tree stays readable is checked in tests/unit/test_compress.c.
# After a change of format that is meant: make_vectors PART > tests/vectors/PART.json, and say why in PROTOCOL.md.
set -eu
made=$BUILD_DIR/tests/tools/make_vectors
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
for part in fold seal change tree proof message text unlock; do
    "$made" "$part" > "$out/$part.json"
    cmp "$out/$part.json" "$SOURCE_DIR/tests/vectors/$part.json"
done
# It can fail: one altered byte is seen.
sed 's/"verdict": "OK"/"verdict": "SEQ"/' "$out/fold.json" > "$out/altered.json"
! cmp -s "$out/altered.json" "$SOURCE_DIR/tests/vectors/fold.json"
echo "the vectors are what the code makes"
