#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: nothing in the tree depends on the machine it was written on: no path of
# somebody's folders, no package mirror but the public registries.
#
#   tests/layers/paths.sh [TREE]      checks TREE without the self-check
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/layers.sh"

# The brackets keep these expressions from finding themselves.
places='(^|[^A-Za-z0-9_.}/-])/([w]ork|[r]oot|[h]ome/[a-z][a-z0-9_-]*|[U]sers/[A-Za-z]+|tmp/[b]rief|tmp/[b]uild-[a-z]+)(/|$|[^A-Za-z0-9_-])'
mirrors='"resolved": *"|^(GOPROXY|registry|index-url)[ =]'
public='"resolved": *"(https://registry\.npmjs\.org/|[^":]*")'

check() {
    local found bad=0
    found=$(cd "$1" && tree_files . | xargs -d '\n' grep -HnIE "$places" || true)
    [ -z "$found" ] || { printf 'path of one machine: %s\n' "$found"; bad=1; }
    found=$(cd "$1" && tree_files . | xargs -d '\n' grep -HnIE "$mirrors" | grep -vE "$public" || true)
    [ -z "$found" ] || { printf 'package mirror: %s\n' "$found"; bad=1; }
    return $bad
}

[ $# -eq 0 ] || { check "$1"; exit; }

root=$(cd "$here/../.." && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
plant() { # WHAT LINE
    printf '%s\n' "$2" >"$copy/planted.c"
    expect_found "$1: planted.c:1:" check "$copy"
}
plant 'path of one machine' 'open("/wo''rk/x");'
plant 'path of one machine' 'cd /ho''me/marie/src'
plant 'path of one machine' '/ro''ot/x'
plant 'path of one machine' 'x=/tmp/bu''ild-x'
plant 'package mirror' '"reso''lved": "https://mirror.example/a.tgz",'
printf '%s\n' 'https://example.org/home/page' '"reso''lved": "https://registry.npmjs.org/a.tgz"' \
    >"$copy/planted.c"
check "$copy"
check "$root"
