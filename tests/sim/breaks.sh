#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: no-valgrind timeout=900
#
# Goal: the simulator would notice. The code is broken on purpose in each way that sim_break.h names; each mistake is
# found within 200 worlds, or the test fails. What was broken and what found it is printed.
set -euo pipefail
sim=${BUILD_DIR:?}/tests/sim/passerelle-sim
names=$("$sim" --help 2>&1 | sed -n 's/^breakages: //p') || true
[ "$(wc -w <<<"$names")" -ge 10 ]
for name in $names; do
    "$sim" --break "$name" --seeds 0..199 --jobs "$(nproc)"
done
