#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: long serial no-valgrind timeout=9000
#
# Goal: the same for longer: worlds from a seed that nobody has tried yet, for half an hour (SIM_HOURS), and teams of
# twenty devices, each with eight syncs a day and more, for an hour (SIM_TEAM_HOURS): at least 20 years of a space
# on two idle cores. The first seed is printed: with it the run can be repeated.
set -euo pipefail
sim=${BUILD_DIR:?}/tests/sim/passerelle-sim
first=${SIM_FIRST_SEED:-$(date +%s)000}
echo "first seed $first"
"$sim" --seeds "$first..$first" --hours "${SIM_HOURS:-0.5}" --jobs "$(nproc)"
"$sim" --seeds "$first..$first" --hours "${SIM_TEAM_HOURS:-1}" --profile team --jobs "$(nproc)"
