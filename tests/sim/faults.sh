#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: no-valgrind timeout=900
#
# Goal: wherever memory runs out, or a disk fails, in core, engine or server, once or until the program ends: no crash,
# no leak (with a sanitizer), nothing half done; the same for the public interface of the client (--desk). A share of the
# places that a small world reaches: one in 60 for memory, one in 20 for disks, at the desk one in 2000 and in 100 (a third
# of that under a sanitizer). FAULTS_SEED chooses the world; faults_all.sh tries them all.
set -euo pipefail
faults=${BUILD_DIR:?}/tests/sim/passerelle-faults
seed=${FAULTS_SEED:-2}
share=1 failed=0
[ -z "${PASSERELLE_SANITIZE:-}" ] || share=3
for lasts in "" --for-ever; do
    "$faults" memory $lasts --seed "$seed" --every $((60 * share)) --jobs "$(nproc)" || failed=1
    "$faults" io $lasts --seed "$seed" --every $((20 * share)) --jobs "$(nproc)" || failed=1
    "$faults" memory --desk $lasts --seed "$seed" --every $((2000 * share)) --jobs "$(nproc)" || failed=1
    "$faults" io --desk $lasts --seed "$seed" --every $((100 * share)) --jobs "$(nproc)" || failed=1
done
exit $failed
