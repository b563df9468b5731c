#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: the domain is data. No C file of the client speaks of a kind or a telling field of the pack: every key of three
# letters or more with an underscore, and every kind, is looked for as a whole string or SQL word.
#
#   tests/layers/vocabulary.sh [TREE]      checks TREE without the self-check
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/layers.sh"

# Words that mean something else in C files as well.
ordinary='site|contact|piece|cercle|acces|organisation|suivi|poste|equipe|transfert|sujet|contenu|objectif|personne|proposition'

check() {
    local words
    words=$(jq -r '.kinds | to_entries[] | .key, (.value.fields | keys_unsorted[] | select(test("_")))' \
        "$1/client/domain/mediation-emploi.json" | sort -u | grep -vxE "$ordinary" | paste -sd'|')
    [ ${#words} -gt 500 ] || { echo "the pack has no words?"; return 1; }
    # Inside string literals only, and as whole words: comments may give examples.
    ! (cd "$1" && tree_files . | grep -E '^(\./)?client/.*\.[ch]$' | while IFS= read -r file; do
        sed -e 's,/\*.*,,' -e '/^ *\*/d' "$file" | grep -E "\"[^\"]*\b($words)\b[^\"]*\"" |
            sed "s,^,$file: ," || true
    done | grep .)
}

[ $# -eq 0 ] || { check "$1"; exit; }
command -v jq >/dev/null || { echo "jq is not installed: skipped"; exit 77; }

root=$(cd "$here/../.." && pwd)
check "$root"
copy=$(tree_copy "$root")
trap 'rm -rf "$copy"' EXIT
echo 'const char *planted = "SELECT 1 FROM placement";' >"$copy/client/planted.c"
expect_found "client/planted.c: " check "$copy"
