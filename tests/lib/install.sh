# SPDX-License-Identifier: Apache-2.0
#
# Installs Debian packages, but only those that are missing; read by tests/run and
# deploy/demo.
#
#   install_missing NEED...
#
# A NEED is a package name, or COMMAND=PACKAGES for what may as well come from
# elsewhere: it is met when the command exists, else the packages (separated by
# commas) are installed. When nothing is missing apt is not called at all.

needs_build=(gcc libc6-dev cmake ninja-build pkg-config git node-llhttp libmsgpack-dev
    libsodium-dev libzstd-dev libuv1-dev libsqlite3-dev libcurl4-openssl-dev libqrencode-dev
    libpq-dev)
needs_test=("${needs_build[@]}" libcmocka-dev clang clang-format libclang-rt-14-dev valgrind
    binutils procps spin=spin curl=curl python3=python3 sqlite3=sqlite3 jq=jq go=golang-go
    golang-golang-x-mod-dev python3-jsonschema node=nodejs,npm npm=nodejs,npm mandoc=mandoc groff-base age=age
    bsdextrautils postgresql postgresql-client
    lld-14 wasi-libc libclang-rt-14-dev-wasm32 binaryen dpkg-dev tcl make chromium firefox-esr brotli=brotli)
needs_long=("${needs_test[@]}" clang-tidy)

# Prints the packages of the given needs that are not there.
missing_packages() {
    local need command packages
    for need in "$@"; do
        if [[ $need == *=* ]]; then
            command=${need%%=*} packages=${need#*=}
            command -v "$command" >/dev/null || printf '%s\n' ${packages//,/ }
        elif [[ "$(dpkg-query -W -f '${db:Status-Status}' "$need" 2>/dev/null)" != installed* ]]; then
            printf '%s\n' "$need"
        fi
    done | sort -u
}

install_missing() {
    local missing sudo=()
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    if ! command -v apt-get >/dev/null; then
        echo "These Debian packages (or their like) are needed: ${missing[*]}" >&2
        return 1
    fi
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
            if ! command -v sudo >/dev/null || [ ! -t 0 ]; then
                echo "Not root and no sudo; please install: apt-get install ${missing[*]}" >&2
                return 1
            fi
        fi
        sudo=(sudo)
    fi
    echo "Installing: ${missing[*]}"
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null || return 1
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 \
        "${missing[@]}" </dev/null >/dev/null
}
