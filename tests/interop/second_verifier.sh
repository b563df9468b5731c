#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: PROTOCOL.md is enough. A verifier in another language, written from it alone, comes to the
# same verdicts, roots, keys and plaintexts as our vectors, finds forgeries at their index, and as
# a client of the server judges every leaf as the server does.
#
# ctest: released no-valgrind no-tsan
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
vectors=$here/../vectors
place=${BUILD_DIR:?the build folder}/second-verifier

skip() {
    echo "$*: skipped"
    exit 77
}

command -v node >/dev/null && command -v npm >/dev/null || skip "node or npm is not installed"
[ "$(node -p 'parseInt(process.versions.node)')" -ge 18 ] || skip "node is older than 18"

# The packages are looked for beside the programs, so these go into the build folder too.
mkdir -p "$place"
rm -f "$place"/*.mjs
cp "$here"/verifier/*.mjs "$place/"
if ! cmp -s "$here/verifier/package-lock.json" "$place/installed.json"; then
    cp "$here/verifier/package.json" "$here/verifier/package-lock.json" "$place/"
    if ! (cd "$place" && timeout 300 npm ci --ignore-scripts --no-audit --no-fund \
        --fetch-timeout=60000 --fetch-retries=1 </dev/null >npm.log 2>&1); then
        cat "$place/npm.log"
        # What arrived but is not what was pinned is a failure, not an absence.
        ! grep -qE 'EINTEGRITY|EUSAGE|EJSONPARSE' "$place/npm.log" || exit 1
        skip "the npm packages could not be installed"
    fi
    cp "$here/verifier/package-lock.json" "$place/installed.json"
fi

node "$place/check_vectors.mjs" "$vectors"
node "$place/check_forgeries.mjs" "$vectors"

# A server of our own, on a port that the system chooses.
scratch=$(mktemp -d)
server=
clean() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$scratch"
}
trap clean EXIT
passerelled=${PASSERELLE_BIN_DIR:?the programs}/passerelled
link=$("$passerelled" init --data "$scratch/data" --url http://127.0.0.1 | grep -o 'http[^ ]*/#f1[^ ]*')
timeout 120 "$passerelled" serve --data "$scratch/data" --listen 127.0.0.1:0 >"$scratch/log" 2>&1 &
server=$!
for _ in $(seq 100); do
    port=$(sed -n 's/.*(port \([0-9]*\)).*/\1/p' "$scratch/log")
    [ -z "$port" ] || break
    sleep 0.1
done
[ -n "$port" ] || { cat "$scratch/log"; exit 1; }
timeout 100 node "$place/check_server.mjs" "$link" "http://127.0.0.1:$port"
kill "$server"
wait "$server" || true
server=

# The check itself must be able to fail: a verdict, a root, a key that is not what the vectors say.
must_fail() { # FILE SED-EXPRESSION
    cp "$vectors"/*.json "$scratch/"
    sed -i -E "$2" "$scratch/$1.json"
    ! cmp -s "$scratch/$1.json" "$vectors/$1.json" || { echo "nothing was altered: $1 $2"; exit 1; }
    if node "$place/check_vectors.mjs" "$scratch" >"$scratch/out"; then
        echo "the verifier did not notice: $1 $2"
        exit 1
    fi
    grep -q "^FAILED:" "$scratch/out" || { echo "it ended without a finding: $1 $2"; exit 1; }
}
must_fail fold 's/"verdict": "ORPHAN"/"verdict": "OK"/'
must_fail fold '0,/"root": "[0-9a-f]{2}/s//"root": "00/'
must_fail seal 's/"slot": "../"slot": "aa/'
must_fail text 's/"NPNW24RG"/"NPNW24RH"/'
