#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: serial no-valgrind timeout=1800
#
# Goal: whatever breaks, nothing acknowledged is lost, nothing secret leaks, every replica agrees: 60 simulated
# worlds of all kinds, without one violation. Under a sanitizer, which is several times slower, 20. hours.sh runs on.
set -euo pipefail
sim=${BUILD_DIR:?}/tests/sim/passerelle-sim
last=59
[ -z "${PASSERELLE_SANITIZE:-}" ] || last=19
"$sim" --seeds 0..$last --jobs "$(nproc)"
