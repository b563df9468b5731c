#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: released
#
# Goal: the reference verifiers of Go (sumdb/note, sumdb/tlog) accept our notes, cosignatures,
# inclusion and consistency proofs, and refuse them once a bit is changed.
#
# Needs Debian's golang-go and golang-golang-x-mod-dev; nothing is downloaded.
. "$(dirname "$0")/lib.sh"

gopath=${GO_SOURCE_PATH:-/usr/share/gocode}
need go
[ -d "$gopath/src/golang.org/x/mod/sumdb/note" ] || skip "golang-golang-x-mod-dev is not installed"

export GOPATH=$gopath GO111MODULE=off GOFLAGS= GOCACHE=$built/interop-go GOTELEMETRY=off
go build -o "$scratch/notes" "$here/notes.go"
"$programs/emit_notes" >"$scratch/lines"
"$scratch/notes" <"$scratch/lines"

# The check itself must be able to fail: another root, another key.
must_fail() { # WHAT SED-EXPRESSION
    sed -E "$2" "$scratch/lines" >"$scratch/altered"
    ! cmp -s "$scratch/lines" "$scratch/altered" || { echo "nothing was altered: $1"; exit 1; }
    if "$scratch/notes" <"$scratch/altered" >"$scratch/out"; then
        echo "the verifier did not notice: $1"
        exit 1
    fi
}
must_fail "another old root" '/"consistency", "old": 3,/s/"old_root": "./"old_root": "+/'
must_fail "another key" '/"log"/s/"public_key": "./"public_key": "+/'
must_fail "another index" '/"inclusion"/s/"index": 3,/"index": 4,/'
