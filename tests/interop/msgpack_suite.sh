#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: released
#
# Goal: msgpack-c, as we link it, decodes every case of npm msgpack-test-suite, and our check accepts
# of each value exactly the shortest form, if it is of a type that the protocol uses.
. "$(dirname "$0")/lib.sh"

npm_packages
"$programs/msgpack_suite" "$modules/msgpack-test-suite/dist/msgpack-test-suite.json"
