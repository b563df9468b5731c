#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: released long serial no-valgrind no-tsan timeout=7200
#
# Goal: the same programs on another processor. A cross build for aarch64, without a warning, is run under qemu: the unit
# tests, the vectors byte by byte, the store's suite, the corpora of hostile bytes, and a day offline. Then both kinds of
# machine share one work: an aarch64 device and this machine's device at one aarch64 server, and a data folder of
# each opened by the other. Needs root and a Debian mirror (tests/lib/root.sh).
. "${SOURCE_DIR:?}/tests/lib/test.sh"
. "$SOURCE_DIR/tests/lib/install.sh"
. "$SOURCE_DIR/tests/lib/root.sh"
[ "$(id -u)" -eq 0 ] || skip "needs root"
[ "$(uname -m)" != aarch64 ] || skip "this is aarch64 already"
install_missing debootstrap qemu-user-static || skip "no packages to be had"

step "a root with a cross compiler and the libraries of aarch64"
# It stands beside the build, so that a second run is a quick one.
root=$BUILD_DIR/aarch64-root build=$BUILD_DIR/aarch64 qemu=/usr/bin/qemu-aarch64-static
if [ ! -e "$root/complete" ]; then
    rm -rf "$root"
    clean_root "$root"
    expect 0 inside dpkg --add-architecture arm64
    expect 0 inside apt-get update -qq
    mapfile -t libraries < <(printf '%s:arm64\n' libcmocka-dev "${needs_build[@]}" | grep -E '^lib')
    expect 0 inside apt-get install -y -qq --no-install-recommends cmake ninja-build pkg-config node-llhttp \
        gcc-aarch64-linux-gnu libc6-dev-arm64-cross "${libraries[@]}"
    cp $qemu "$root$qemu"
    mkdir -p "$root$SOURCE_DIR" "$root$BUILD_DIR"
    touch "$root/complete"
fi
clean_root_command "$root"
foreign=("$qemu" -L "$root")
launcher=$(IFS=';' && echo "${foreign[*]}")

step "building"
mkdir -p "$build" "$WORK/bin" "$WORK/build/tests/tools"
expect 0 inside env PKG_CONFIG_LIBDIR=/usr/lib/aarch64-linux-gnu/pkgconfig:/usr/share/pkgconfig \
    cmake -S "$SOURCE_DIR" -B "$build" -G Ninja -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
    -DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc -DCMAKE_CROSSCOMPILING_EMULATOR="$launcher" \
    -DTEST_LAUNCHER="$launcher" -DPROGRAM_DIR="$WORK/bin"
expect 0 inside ninja -C "$build" -j "$(nproc)"
expect 0 readelf -h "$build/passerelled"
has "$OUT" AArch64

# What scripts start as programs of aarch64.
stand_in() {
    printf '#!/bin/sh\nexec %s %s "$@"\n' "${foreign[*]}" "$1" >"$2"
    chmod +x "$2"
}
for program in passerelle passerelled passerelle-witness; do stand_in "$build/$program" "$WORK/bin/$program"; done
stand_in "$build/tests/tools/make_vectors" "$WORK/build/tests/tools/make_vectors"

step "vectors, byte by byte"
expect 0 env BUILD_DIR="$WORK/build" "$SOURCE_DIR/tests/vectors/same_bytes.sh"

step "unit tests, the store, hostile bytes"
expect 0 ctest --test-dir "$build" -j "$(nproc)" -L '^(unit|store|fuzz)$' -LE 'long|matrix|released' -E '\.sh$' \
    --timeout 1200 --output-on-failure
grep -E 'tests passed|tests failed' "$OUT"

step "a day offline"
expect 0 env PASSERELLE_BIN_DIR="$WORK/bin" BUILD_DIR="$build" "$SOURCE_DIR/tests/e2e/day_offline.sh"

step "both kinds of machine, one work"
here=$PASSERELLE_BIN_DIR
there() { PASSERELLE_BIN_DIR=$WORK/bin "$@"; }
there server_init
there server_start
expect 0 on claire init --name Claire --kdf light
expect 0 on claire space create Equipe --level team --server "$FOUNDER"
expect 0 on claire new site nom="Les Saules"
expect 0 on claire invite --role writer --sync --json
link=$(jq -re .link "$OUT")
expect 0 there on nadia init --name Nadia --kdf light
expect 0 there on nadia join "$link"
expect 0 on claire approve --all --sync
expect 0 there on nadia sync
expect 0 there on nadia new site nom="Les Acacias"
expect 0 there on nadia sync
expect 0 on claire sync
rows() { "$@" sql 'SELECT * FROM site ORDER BY id' --json; }
same "tables" "$(rows on claire)" "$(rows there on nadia)"
server_stop

step "folders of one kind of machine, programs of the other"
same "claire's, there" "$(rows on claire)" "$(rows there on claire)"
same "nadia's, here" "$(rows on claire)" "$(rows on nadia)"
expect 0 "$here/passerelled" check --data "$WORK/server" --deep
server_start
expect 0 on nadia new site nom="Les Ormes"
for who in nadia claire; do expect 0 on $who sync; done
expect 0 there on claire audit verify --full
same "sites" 3 "$(there on claire list site --json | jq length)"
