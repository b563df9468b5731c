#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: one seed, one trace. Worlds of every kind run twice, alone and side by side, and say the same to the last byte.
set -euo pipefail
sim=${BUILD_DIR:?}/tests/sim/passerelle-sim
for seed in 0 1 2 3 4 5; do
    "$sim" --seed $seed -v >one.$$.txt
    "$sim" --seed $seed -v >two.$$.txt
    cmp one.$$.txt two.$$.txt
done
"$sim" --seeds 6..17 --jobs 1 >one.$$.txt
"$sim" --seeds 6..17 --jobs 2 >two.$$.txt
cmp one.$$.txt two.$$.txt
tail -n 1 one.$$.txt
rm one.$$.txt two.$$.txt
