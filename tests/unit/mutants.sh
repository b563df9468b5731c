#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: long no-valgrind timeout=7200
#
# Goal: the tests guard what they claim to: with any one check of the verifying code negated, at least 95 % of such
# programs are noticed by the unit tests of proto/ and the vectors.
set -euo pipefail
"${SOURCE_DIR:?}/tests/mutants" --jobs "$(nproc)"
