#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: every source file says its licence, once, in its first five lines.
#
#   tests/layers/spdx.sh [TREE]      checks TREE without the self-check
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/layers.sh"

# Files without comments, prose, and data that tools or tests read byte by byte.
exempt='(\.(json|md|txt|csv|tsv|bin|hex|dict|png|svg|ico|jpg|woff2|webp|diff|wasm|note|lock)|(^|/)\.gitignore|(^|/)\.dockerignore'
exempt+='|(^|/)(LICENSE|compat|[^/]*\.install|[^/]*\.docs|[^/]*\.examples|[^/]*\.manpages|[^/]*\.dirs)|debian/(changelog|control|copyright|source/.*|watch))$'
exempt+='|^tests/fuzz/corpus/|(^|/)(vectors|testdata|golden)/'

check() {
    local file lines total bad=0 count=0
    while IFS= read -r file; do
        count=$((count + 1))
        lines=$(head -n 5 "$1/$file" | grep -ac 'SPDX-License-Identifier: Apache-2\.0' || true)
        total=$(grep -acE '^[^"'\'']{0,8}SPDX-License-Identifier:' "$1/$file" || true)
        if [ "$lines" -ne 1 ] || [ "$total" -gt 1 ]; then
            echo "$file: $lines SPDX lines at its head, $total in all"
            bad=1
        fi
    done < <(tree_files "$1" | grep -vE "$exempt")
    echo "$count files"
    return $bad
}

[ $# -eq 0 ] || { check "$1"; exit; }

root=$(cd "$here/../.." && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir "$copy/proto"
echo 'int a;' >"$copy/proto/planted.c"
expect_found "proto/planted.c: 0 SPDX lines" check "$copy"
printf '/* SPDX-License-Identifier: Apache-2.0 */\n/* SPDX-License-Identifier: Apache-2.0 */\n' \
    >"$copy/proto/planted.c"
expect_found "proto/planted.c: 2 SPDX lines" check "$copy"
check "$root"
