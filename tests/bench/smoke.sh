#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: no-tsan no-valgrind timeout=120
#
# Goal: the benchmark still runs: every row that starts a server, very small. No figure is judged here, only that each is
# there and that what does not depend on the machine holds: a sync is one turn.
. "${SOURCE_DIR:?}/tests/lib/test.sh"

step "small rows"
expect 0 "$BUILD_DIR/tests/bench/passerelle-bench" --row push --row small --row many --row idle --row caseload \
    --live 200 --changes 300 --records 20 --devices 4 --idle 20 --json
python3 - "$OUT" <<'PYTHON'
import json, sys
figures = json.load(open(sys.argv[1]))["figures"]
rows = {f["row"] for f in figures}
assert rows == {"push", "new", "5+5 dossiers", "5+5 new record", "many", "idle", "caseload"}, rows
for f in figures:
    assert f["value"] >= 0, f
    if f["figure"] == "turns":
        assert f["value"] == 1, f
    if f["unit"].endswith("/s"):
        assert f["value"] > 0, f
PYTHON
