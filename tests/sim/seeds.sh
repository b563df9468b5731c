#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: serial no-valgrind timeout=900
#
# Goal: whatever breaks, nothing acknowledged is lost, nothing secret leaks, every replica agrees: 600 simulated
# worlds, 100 of each kind, without one violation. Under a sanitizer, which is several times slower, 120.
set -euo pipefail
sim=${BUILD_DIR:?}/tests/sim/passerelle-sim
last=599
[ -z "${PASSERELLE_SANITIZE:-}" ] || last=119
"$sim" --seeds 0..$last --jobs "$(nproc)"
