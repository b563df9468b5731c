# SPDX-License-Identifier: Apache-2.0
#
# Read by the scripts beside it. Sets `here`, `programs` (where the C programs of this folder are)
# and `scratch` (removed at the end).

set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
built=${PASSERELLE_BIN_DIR:?the build folder}
programs=$built/tests/interop
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

skip() {
    echo "$*: skipped"
    exit 77
}

need() {
    command -v "$1" >/dev/null || skip "$1 is not installed"
}

# Installs the packages of package.json, in the versions of package-lock.json, into the build
# folder, once for all scripts; `modules` is the folder. No package runs a script of its own.
npm_packages() {
    need node
    need npm
    modules=$built/interop-npm/node_modules
    mkdir -p "$built/interop-npm"
    exec 9>"$built/interop-npm/lock"
    flock 9
    if ! cmp -s "$here/package-lock.json" "$built/interop-npm/installed.json"; then
        cp "$here/package.json" "$here/package-lock.json" "$built/interop-npm/"
        if ! (cd "$built/interop-npm" && timeout 300 npm ci --ignore-scripts --no-audit --no-fund \
            --fetch-timeout=60000 --fetch-retries=1 </dev/null >npm.log 2>&1); then
            cat "$built/interop-npm/npm.log"
            # What arrived but is not what was pinned is a failure, not an absence.
            ! grep -qE 'EINTEGRITY|EUSAGE|EJSONPARSE' "$built/interop-npm/npm.log" || exit 1
            skip "the npm packages could not be installed"
        fi
        cp "$here/package-lock.json" "$built/interop-npm/installed.json"
    fi
    flock -u 9
    exec 9>&-
}
