#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: released
#
# Goal: libpasserelle serves a program that knows nothing but what is installed: the example is built with pkg-config and
# with CMake and does its job against a server. What the library exports is what its headers declare, nothing that was
# ever exported goes away, and the manual pages are in form.
#
# With UPDATE=1 the list of symbols is written anew, at a release.
. "${SOURCE_DIR:?}/tests/lib/test.sh"

list=$SOURCE_DIR/client/libpasserelle.symbols
exported() { nm -D --defined-only "$1" | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' | LC_ALL=C sort; }

step "installed"
expect 0 cmake --install "$BUILD_DIR" --component libpasserelle --prefix "$WORK/root"
libdir=$(dirname "$(find "$WORK/root" -name libpasserelle.so.0)")

step "symbols"
exported "$libdir/libpasserelle.so.0" >"$WORK/exported"
if [ "${UPDATE:-}" ]; then
    { echo '# SPDX-License-Identifier: Apache-2.0'; cat "$WORK/exported"; } >"$list"
fi
grep -v '^#' "$list" >"$WORK/listed"
gone=$(comm -23 "$WORK/listed" "$WORK/exported")
[ -z "$gone" ] || fail "no longer exported, so programs built before would not start: $gone"
new=$(comm -13 "$WORK/listed" "$WORK/exported")
[ -z "$new" ] || echo "new since the last release (UPDATE=1 adds them to the list): $new"
grep -qx pas_open "$WORK/exported" || fail "pas_open is not exported"
[ "$(grep -vc '^pas_' "$WORK/exported")" = 0 ] || fail "more than pas_* is exported"

step "the example, by pkg-config and by CMake"
export PKG_CONFIG_PATH=$libdir/pkgconfig LD_LIBRARY_PATH=$libdir
sed -i "s,^prefix=.*,prefix=$WORK/root," "$libdir/pkgconfig/libpasserelle.pc"
sanitize=${PASSERELLE_SANITIZE:+-fsanitize=$PASSERELLE_SANITIZE}
# shellcheck disable=SC2046
expect 0 cc $sanitize -Wall -Wextra -Werror -o "$WORK/carnet" "$SOURCE_DIR/client/example/carnet.c" \
    $(pkg-config --cflags --libs libpasserelle)
[ -n "$sanitize" ] || {
    expect 0 cmake -S "$SOURCE_DIR/client/example" -B "$WORK/build" -DCMAKE_PREFIX_PATH="$WORK/root"
    expect 0 cmake --build "$WORK/build"
    cp "$WORK/build/carnet" "$WORK/carnet"
}
[ "$(wc -l <"$SOURCE_DIR/client/example/carnet.c")" -le 80 ] || fail "the example is no longer short"

step "the example runs"
server_init
server_start
cd "$TMPDIR"
expect 0 "$WORK/carnet" "$WORK/device" "tilleul marteau brume orchidee" "$FOUNDER" "Les Acacias"
same "the site" "Les Acacias" "$(jq -r '.[0].nom' "$OUT")"
expect 1 "$WORK/carnet" "$WORK/device" "tilleul marteau brume orchidee" "$FOUNDER" "Les Acacias"
has "$ERR" EXISTS
printf 'tilleul marteau brume orchidee\n' >"$WORK/device.pass"
expect 0 on device status --json
same "what the program finds of it" 0 "$(jq '[.spaces[].unsent] | add' "$OUT")"

step "manual pages"
pages=("$SOURCE_DIR"/{server,deploy}/*.8 "$SOURCE_DIR"/client/*.3 "$BUILD_DIR"/generated/*.[0-9])
[ ${#pages[@]} -ge 4 ] || fail "manual pages are missing: ${pages[*]}"
for page in "${pages[@]}"; do
    expect 0 mandoc -T lint -W warning "$page"
    same "what groff says of $page" "" "$(groff -mdoc -ww -Tutf8 -z "$page" 2>&1)"
done
mandoc -T utf8 "$BUILD_DIR/generated/passerelle.1" | col -b >"$OUT"
for command in "space create" sync erase; do
    has "$OUT" "$command"
done
# Every command and option of a server program stands in its page.
while read -r program words; do
    mandoc -T utf8 "$SOURCE_DIR/server/$program.8" | col -b >"$OUT"
    for word in $words; do has "$OUT" "$word"; done
done < <(for program in passerelled passerelle-witness; do
    echo "$program" "$(sed -n "s/.* words='\(.*\)' ;;/\1/p" "$BUILD_DIR/generated/$program.bash" | paste -sd' ')"
done)
mandoc -T utf8 "$BUILD_DIR/generated/passerelled.conf.5" | col -b >"$OUT"
for key in $(sed -nE 's/^ *(TEXT|NUMBER|FLAG)\(([a-z_]+),.*/\2/p' "$SOURCE_DIR/server/conf.h"); do
    has "$OUT" "$key ="
done

step "completion"
cat >"$WORK/complete" <<'END'
. "$1"
COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
"_${2//-/_}"
printf '%s\n' "${COMPREPLY[@]}"
END
completed_by() { bash "$WORK/complete" "$BUILD_DIR/generated/$1.bash" "$@" | paste -sd' '; }
completed() { completed_by passerelle "$@"; }
same "first words" "set show skip space sql status suggest sync" \
    "$(completed s | tr ' ' '\n' | grep -xE 'space|sql|status|suggest|sync|show|set|skip' | paste -sd' ')"
same "second words" "create list" "$(completed space "" | tr ' ' '\n' | grep -xE 'create|list' | paste -sd' ')"
same "options" "--kdf" "$(completed init --k)"
same "options of two words" "--full" "$(completed --home x audit verify --f)"
same "commands of the server" "serve setup stats" "$(completed_by passerelled s | tr ' ' '\n' | sort | paste -sd' ')"
same "its options" "--from --finish" "$(completed_by passerelled restore --f | tr ' ' '\n' | sort -r | paste -sd' ')"
same "files, by bash itself" "" "$(completed_by passerelled restore --from "")"
same "the witness" "--data --name" "$(completed_by passerelle-witness init -)"
