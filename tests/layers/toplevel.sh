#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: a newcomer sees five folders and three files at the top, and nothing else.
#
#   tests/layers/toplevel.sh [TREE]      checks TREE without the self-check
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/layers.sh"

allowed='server|client|proto|tests|deploy|CMakeLists\.txt|README\.md|CHANGES\.md|LICENSE|\.[a-z-]+'

check() {
    local extra
    extra=$(tree_files "$1" | cut -d/ -f1 | sort -u | grep -vxE "$allowed" || true)
    [ -z "$extra" ] || { printf 'not allowed at the top: %s\n' $extra; return 1; }
}

[ $# -eq 0 ] || { check "$1"; exit; }

root=$(cd "$here/../.." && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir "$copy/docs" "$copy/proto"
touch "$copy/docs/planted.md" "$copy/proto/a.c"
expect_found "not allowed at the top: docs" check "$copy"
rm -r "$copy/docs"
check "$copy"
touch "$copy/CMakePresets.json"
expect_found "not allowed at the top: CMakePresets.json" check "$copy"
check "$root"
