#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: native and WebAssembly agree on the state after 10,000 random logs (agree.sh).
# ctest: released long no-valgrind no-tsan timeout=3600
RANDOM_LOGS=10000 exec "${SOURCE_DIR:?}/tests/web/agree.sh"
