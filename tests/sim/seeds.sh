#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: serial no-valgrind timeout=1800
#
# Goal: whatever breaks, nothing acknowledged is lost, nothing secret leaks, every replica agrees: 60 simulated
# worlds of all kinds, without one violation. Under a sanitizer, which is several times slower, 20. SIM_WORLDS says
# another number (600 take a minute on two idle cores); hours.sh runs on.
set -euo pipefail
sim=${BUILD_DIR:?}/tests/sim/passerelle-sim
worlds=60
[ -z "${PASSERELLE_SANITIZE:-}" ] || worlds=20
"$sim" --seeds 0..$((${SIM_WORLDS:-$worlds} - 1)) --jobs "$(nproc)"
