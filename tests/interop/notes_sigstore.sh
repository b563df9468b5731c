#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: released
#
# Goal: an independent verifier, npm @sigstore/verify, accepts our notes and inclusion proofs, and
# refuses them once a byte is changed.
. "$(dirname "$0")/lib.sh"

npm_packages
"$programs/emit_notes" >"$scratch/lines"
node "$here/notes_sigstore.js" "$modules" "$scratch/lines"
