#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: released
#
# Goal: npm date-holidays, somebody else's calendar, knows the same public holidays as we do, from
# 2000 to 2050, in metropolitan France and in Alsace-Moselle.
. "$(dirname "$0")/lib.sh"

npm_packages
"$programs/holidays" | sort >"$scratch/ours"
NODE_PATH=$modules node "$here/holidays.js" | sort >"$scratch/theirs"
[ "$(wc -l <"$scratch/theirs")" -gt 1200 ] || { echo "too few days to compare"; exit 1; }
diff "$scratch/ours" "$scratch/theirs"
echo "$(wc -l <"$scratch/ours") holidays agree"
