#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: the layers hold. Every #include of every C file is allowed by includes.table.
#
#   tests/layers/includes.sh [TREE]      checks TREE without the self-check
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/layers.sh"

check() {
    tree_files "$1" | grep -E '\.[ch]$' | (cd "$1" && xargs -d '\n' awk '
        function pattern(text) {                # a pattern with * becomes an expression
            gsub(/[.+]/, "\\\\&", text)
            gsub(/[*]/, ".*", text)
            return "^" text "$"
        }
        FILENAME == table {
            if ($0 ~ /^[ \t]*(#|$)/)
                next
            if ($1 == "group") {
                for (i = 3; i <= NF; i++)
                    group[$2] = group[$2] " " $i
                next
            }
            files[++rows] = "^" $1 "$"
            for (i = 2; i <= NF; i++)
                allowed[rows] = allowed[rows] " " \
                                (substr($i, 1, 1) == "@" ? group[substr($i, 2)] : $i)
            next
        }
        FNR == 1 {                              # the patterns for this file
            split("", patterns)
            known = 0
            for (row = 1; row <= rows; row++) {
                if (FILENAME !~ files[row])
                    continue
                known = 1
                count = split(allowed[row], words, " ")
                for (i = 1; i <= count; i++)
                    patterns[pattern(words[i])] = 1
            }
            if (!known) {
                print FILENAME ": no row of the table speaks of this file"
                bad = 1
            }
        }
        /^[ \t]*#[ \t]*include/ {
            seen++
            if (!match($0, /<[^>]*>|"[^"]*"/)) {
                print FILENAME ":" FNR ": an include by macro cannot be checked"
                bad = 1
                next
            }
            header = substr($0, RSTART, RLENGTH)
            if (header ~ /[.][.]/) {
                print FILENAME ":" FNR ": " header " does not start at the root"
                bad = 1
                next
            }
            for (p in patterns)
                if (header ~ p)
                    next
            print FILENAME ":" FNR ": may not include " header
            bad = 1
        }
        END { print seen + 0 " includes"; exit bad }
    ' table="$here/includes.table" "$here/includes.table")
}

[ $# -eq 0 ] || { check "$1"; exit; }

root=$(cd "$here/../.." && pwd)
copy=$(tree_copy "$root")
trap 'rm -rf "$copy"' EXIT
plant() { # FILE HEADER
    mkdir -p "$copy/$(dirname "$1")"
    echo "#include $2" >"$copy/$1"
    expect_found "$1:1: may not include $2" check "$copy"
    rm "$copy/$1"
}
check "$root"
plant proto/planted.c '<time.h>'
plant proto/planted.h '<sodium.h>'
plant proto/planted.c '<msgpack.h>'
plant proto/planted.c '"server/planted.h"'
plant proto/planted.c '"client/planted.h"'
plant server/planted.c '"client/planted.h"'
plant server/planted.c '<uv.h>'
plant server/planted.c '<unistd.h>'
plant client/planted.c '"server/planted.h"'
plant client/planted.c '<curl/curl.h>'
plant client/planted.c '<sys/stat.h>'
plant client/cli/planted.c '"server/planted.h"'
mkdir -p "$copy/elsewhere"
echo >"$copy/elsewhere/planted.c"
expect_found "elsewhere/planted.c: no row" check "$copy"
