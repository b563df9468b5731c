#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ctest: long timeout=1800
#
# Goal: the whole demo, each program of it under valgrind: no error, no leak. (With sanitizers in the build, under those.)
. "${SOURCE_DIR:?}/tests/lib/test.sh"

programs=$PASSERELLE_BIN_DIR
if [ -z "${PASSERELLE_SANITIZE:-}" ]; then
    programs=$WORK/programs
    "$SOURCE_DIR/tests/lib/valgrind" --programs "$PASSERELLE_BIN_DIR" "$programs"
fi
# A command that valgrind or a sanitizer ends exits with another code than the demo expects, which ends the demo.
"$SOURCE_DIR/deploy/demo" --programs "$programs" >"$OUT" 2>"$ERR" || {
    cat "$OUT" "$ERR"
    fail "the demo ended early"
}
has "$OUT" "Done."
lacks "$ERR" "ERROR SUMMARY"
lacks "$ERR" "definitely lost"
