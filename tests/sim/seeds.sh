#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: serial no-valgrind timeout=1800
#
# Goal: whatever breaks, nothing acknowledged is lost, nothing secret leaks, every replica agrees: 500 simulated
# worlds of all kinds, without one violation. Under a sanitizer, which is several times slower, 20. SIM_WORLDS says
# another number (500 take a minute on two idle cores); hours.sh runs on.
set -euo pipefail
sim=${BUILD_DIR:?}/tests/sim/passerelle-sim
worlds=500
[ -z "${PASSERELLE_SANITIZE:-}" ] || worlds=20
"$sim" --seeds 0..$((${SIM_WORLDS:-$worlds} - 1)) --jobs "$(nproc)"
