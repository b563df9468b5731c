#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: the pure layers ask the system for nothing. The undefined symbols of their
# objects are looked at one by one; symbols.table says which ones may be there.
#
#   tests/layers/symbols.sh [FOLDER]     checks the archives of FOLDER, without the self-check
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/layers.sh"

# Symbols that compilers and sanitizers add by themselves.
runtime='stack_chk_fail|[atul]san_.*|asan_.*|ubsan_.*|tsan_.*|lsan_.*|sanitizer_.*|sancov_.*'
runtime+='|start_.*sancov.*|stop_.*sancov.*|_GLOBAL_OFFSET_TABLE_|gcov_.*|llvm_.*|TMC_END__'

# Prints MEMBER SYMBOL for what the archive needs from elsewhere, that is, neither from
# itself nor from the core below it.
needs() {
    { nm -A --defined-only "$1" "$(dirname "$1")/libproto.a" 2>/dev/null |
          awk '{ print "have", $NF }'
      nm -A -u "$1" 2>/dev/null |
          awk '{ split($1, part, ":"); print "need", part[2], $NF }'; } |
        awk '$1 == "have" { have[$2] = 1; next } !($3 in have) { print $2, $3 }' | sort -u
}

check() {
    local folder=$1 table=${2:-$here/symbols.table} archive count bad=0
    for archive in $(awk '!/^[ \t]*(#|$|group )/ { print $1 }' "$table" | sort -u); do
        [ -f "$folder/$archive" ] || { echo "$archive is not built"; continue; }
        count=$(needs "$folder/$archive" | wc -l)
        nm --defined-only "$folder/$archive" | grep -c ' T ' >/dev/null ||
            { echo "$archive: nm shows no function"; bad=1; }
        needs "$folder/$archive" | awk -v archive="$archive" -v runtime="^($runtime)$" '
            FILENAME != "-" {
                if ($0 ~ /^[ \t]*(#|$)/ || ($1 != "group" && $1 != archive))
                    next
                joined = ""
                for (i = 3; i <= NF; i++)
                    joined = joined "|" (substr($i, 1, 1) == "@" ? group[substr($i, 2)] : $i)
                joined = substr(joined, 2)
                if ($1 == "group") {
                    group[$2] = ($2 in group ? group[$2] "|" : "") joined
                } else {
                    member[++rows] = "^(" $2 ")[.]c[.]o$"
                    symbols[rows] = joined
                }
                next
            }
            {
                plain = $2
                sub(/@.*/, "", plain)
                sub(/^_+/, "", plain)
                sub(/_chk$/, "", plain)
                if (plain ~ runtime || $2 ~ runtime)
                    next
                judged = 0
                for (row = 1; row <= rows; row++) {
                    if ($1 !~ member[row])
                        continue
                    judged = 1
                    if (plain ~ ("^(" symbols[row] ")$"))
                        next
                }
                if (!judged)                    # a shell: the table says nothing about it
                    next
                print archive "(" $1 ") calls " plain
                bad = 1
            }
            END { exit bad }
        ' "$table" - || bad=1
        echo "$archive: $count symbols from elsewhere"
    done
    return $bad
}

[ $# -eq 0 ] || { check "$1"; exit; }

built=${BUILD_DIR:-${PASSERELLE_BIN_DIR:?the build folder}}
[ -f "$built/libproto.a" ] || { echo "libproto.a is not built: skipped"; exit 77; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cc=${CC:-cc}

# The planted violation is added to a copy of the real archive.
plant() { # SYMBOL STATEMENT [ARCHIVE MEMBER]
    local archive=${3:-libproto.a} member=${4:-planted}.c.o
    [ -f "$built/$archive" ] || return 0
    cp "$built/libproto.a" "$scratch/"
    cp "$built/$archive" "$scratch/$archive"
    printf '#include <%s>\n' stdio.h stdlib.h time.h unistd.h fcntl.h sys/socket.h sys/stat.h \
        sys/time.h sys/random.h >"$scratch/planted.c"
    printf 'int planted(void *p);\nint planted(void *p) { %s; return p != 0; }\n' "$2" \
        >>"$scratch/planted.c"
    $cc -O2 -D_GNU_SOURCE -D_FORTIFY_SOURCE=2 -w -c "$scratch/planted.c" -o "$scratch/$member"
    ar rs "$scratch/$archive" "$scratch/$member" 2>/dev/null
    expect_found "$archive($member) calls $1" check "$scratch"
    rm "$scratch"/*
}
check "$built"
plant time 'time(p)'
plant clock_gettime 'clock_gettime(0, p)'
plant gettimeofday 'gettimeofday(p, 0)'
plant fopen 'fopen(p, p)'
plant open 'open(p, 0)'
plant read 'return (int)read(0, p, 99)'
plant write 'return (int)write(1, p, 9)'
plant stat 'stat(p, p)'
plant socket 'return socket(1, 1, 0)'
plant getenv 'return getenv(p) != 0'
plant rand 'return rand()'
plant getrandom 'return (int)getrandom(p, 9, 0)'
plant printf 'printf("%s%d", (char *)p, 1)'
plant puts 'puts(p)'
plant time 'time(p)' libserver.a sync_planted
plant sqlite3_open 'return sqlite3_open(p, p)' libserver.a access
plant clock_gettime 'clock_gettime(0, p)' libpasserelle.a session
plant fopen 'fopen(p, p)' libpasserelle.a pack_planted
