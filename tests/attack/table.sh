#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: PROTOCOL.md 14 names each attack that is tested, and none that is not: at least 40 by a server, 20 by a member.
set -euo pipefail
cd "${SOURCE_DIR:?}"
tested() { # FILE...: the names in the tables, and of tests that say theirs in a comment
    sed -nE 's/^    \{"([^"]+)", [a-z_]+, .*/\1/p; s/^\/\* "([^"]+)".*/\1/p' "$@" | sort
}
named() { # FROM TO: the first column of the tables between two headings
    sed -n "/^### $1/,/^$2/p" proto/PROTOCOL.md | sed -nE 's/^\| ([^|]+) \|.*/\1/p' | grep -vx attack | sort
}
server=$(tested tests/attack/test_server_*.c)
member=$(tested tests/attack/test_client_*.c)
diff <(echo "$server") <({ named 14.1 '### 14.2'; named 14.2 '### 14.3'; } | sort)
diff <(echo "$member") <(named 14.3 '#')
echo "$(wc -l <<<"$server") attacks by a server, $(wc -l <<<"$member") by a member"
[ "$(wc -l <<<"$server")" -ge 40 ] && [ "$(wc -l <<<"$member")" -ge 20 ]
