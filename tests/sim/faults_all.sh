#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: long serial no-valgrind timeout=9000
#
# Goal: as faults.sh, for each place at its 1st, 2nd, 4th, 8th... turn, in three worlds (FAULTS_SEEDS); at the desk, where
# each failure costs more, for one in eight.
set -euo pipefail
faults=${BUILD_DIR:?}/tests/sim/passerelle-faults
failed=0
for seed in ${FAULTS_SEEDS:-2 3 4}; do
    for kind in memory io; do
        for lasts in "" --for-ever; do
            "$faults" $kind $lasts --seed "$seed" --jobs "$(nproc)" || failed=1
            "$faults" $kind --desk $lasts --seed "$seed" --every 8 --jobs "$(nproc)" || failed=1
        done
    done
done
exit $failed
