# SPDX-License-Identifier: Apache-2.0
#
# Read by the scripts beside it, after tests/lib/test.sh: the WebAssembly and the npm packages, made once for all builds
# of this tree.
#
#   web_core              builds the core; sets PASSERELLE_WASM and WASM_DIR
#   web_packages          installs what tests/web and client/web name in their package-lock.json
#   web_page              builds the page into $WEB (client/web/build)
WASM_DIR=$SOURCE_DIR/build/wasm
export PASSERELLE_WASM=$WASM_DIR/passerelle.wasm

web_need() {
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null || skip "$tool is not installed"
    done
}

# One build or installation at a time, whichever test comes first.
web_once() {
    local name=$1 code=0
    shift
    mkdir -p "$SOURCE_DIR/build"
    exec 8>"$SOURCE_DIR/build/$name.lock"
    flock 8
    "$@" >"$WORK/$name.log" 2>&1 8>&- || code=$?
    exec 8>&-
    return $code
}

web_core_build() {
    cmake -S "$SOURCE_DIR" -B "$WASM_DIR" -G Ninja \
        -DCMAKE_TOOLCHAIN_FILE="$SOURCE_DIR/client/web/core/wasi.cmake" && ninja -C "$WASM_DIR"
}

web_core() {
    web_need node clang-14 wasm-ld-14 wasm-opt dpkg-source tclsh
    [ -d /usr/include/wasm32-wasi ] || skip "wasi-libc is not installed"
    # Sources that do not arrive are an absence; others than those that are known are a failure.
    if ! web_once sources timeout 300 "$SOURCE_DIR/client/web/core/sources" "$SOURCE_DIR/build/sources"; then
        ! grep -q "is not the archive" "$WORK/sources.log" || fail "the sources of the WebAssembly"
        cat "$WORK/sources.log"
        skip "the sources of the WebAssembly could not be fetched"
    fi
    web_once wasm web_core_build || { tail -n 20 "$WORK/wasm.log"; fail "the WebAssembly does not build"; }
}

web_install() {
    local folder
    for folder in client/web tests/web; do
        cmp -s "$SOURCE_DIR/$folder/package-lock.json" "$SOURCE_DIR/$folder/node_modules/.installed" && continue
        (cd "$SOURCE_DIR/$folder" && timeout 300 npm ci --ignore-scripts --no-audit --no-fund \
            --fetch-timeout=60000 --fetch-retries=1 </dev/null) || return 1
        cp "$SOURCE_DIR/$folder/package-lock.json" "$SOURCE_DIR/$folder/node_modules/.installed"
    done
}

web_packages() {
    web_need node npm
    web_once npm web_install && return
    # What arrived but is not what was pinned is a failure, not an absence.
    ! grep -qE 'EINTEGRITY|EUSAGE|EJSONPARSE' "$WORK/npm.log" || fail "npm packages"
    skip "the npm packages could not be installed"
}

web_page() {
    web_core
    web_packages
    WEB=$WORK/web
    node "$SOURCE_DIR/client/web/build" --wasm "$PASSERELLE_WASM" --out "$WEB" --plain >"$WORK/page.log" 2>&1 ||
        fail "the page does not build"
}
