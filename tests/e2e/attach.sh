#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: a scanned document hangs on a person's file. It lies sealed everywhere, goes up in pieces
# from where a cut stopped it, counts as unsent until the server has all of it, comes down to
# nobody who did not ask, and goes with its file. What was altered is refused.
# ctest: timeout=600
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

marker=$(head -c 256 /dev/urandom | LC_ALL=C tr -dc 'a-z' | head -c 24)
state_of() { expect 0 on "$1" attachment list "$2" --json; jq -r '.[0].state' "$OUT"; }
blobs() { find "$WORK/server/blobs" -type f 2>/dev/null | wc -l; }

step "a file of several pieces, and one of no byte"
team claire nadia
create claire site nom="Les Saules"
site=$ID
create claire personne prenom=Mircea site="$site"
person=$ID
{ printf '%s' "$marker"; head -c 1300000 /dev/urandom; } >"$WORK/scan.pdf"
: >"$WORK/empty.txt"
expect 0 on claire attach "$person" "$WORK/scan.pdf" --json
scan=$(field .id)
expect 0 on claire attach "$person" "$WORK/empty.txt" --json
empty=$(field .id)
expect 1 on claire attach nobody "$WORK/scan.pdf"
expect 1 on claire attach "$person" "$WORK/none.pdf"
expect 0 on claire attachment list "$person" --json
same "both" "empty.txt scan.pdf" "$(jq -r '[.[].name] | sort | join(" ")' "$OUT")"
same "state" waits "$(jq -r '.[] | select(.name == "scan.pdf") | .state' "$OUT")"
[ "$(unsent claire)" -gt 2 ] || fail "the files do not count as unsent"
expect 0 on claire attachment get "$scan" "$WORK/back.pdf"
cmp "$WORK/scan.pdf" "$WORK/back.pdf"

step "up with a sync; nobody gets it unasked; it is sealed everywhere"
synced claire nadia
same "files on the server" 2 "$(blobs)"
expect 0 on nadia attachment list "$person" --json
same "away" "away away" "$(jq -r '[.[].state] | join(" ")' "$OUT")"
[ "$(du -sk "$WORK/nadia" | cut -f1)" -lt 1000 ] || fail "it came down unasked"
! grep -raqF "$marker" "$WORK/server" "$WORK/claire" "$WORK/nadia" || fail "it stands readable"
expect 0 on nadia attachment get "$scan" "$WORK/nadia.pdf"
cmp "$WORK/scan.pdf" "$WORK/nadia.pdf"
expect 0 on nadia attachment get "$empty" "$WORK/nadia.txt"
cmp "$WORK/empty.txt" "$WORK/nadia.txt"
server_stop
expect 0 on nadia attachment get "$scan" "$WORK/again.pdf"
cmp "$WORK/scan.pdf" "$WORK/again.pdf"

step "cut off on the way up: it goes on from there"
head -c 2000000 /dev/urandom >"$WORK/second.bin"
expect 0 on nadia attach "$person" "$WORK/second.bin" --json
second=$(field .id)
server_start
PASSERELLE_HOME=$WORK/nadia PASSERELLE_PASSPHRASE_FILE=$WORK/nadia.pass \
    timeout -s KILL 1 "$PASSERELLE_BIN_DIR/passerelle" sync >"$WORK/cut" 2>&1 || true
server_kill
server_start
synced nadia claire
same "files on the server" 3 "$(blobs)"
expect 0 on claire attachment get "$second" "$WORK/claire.bin"
cmp "$WORK/second.bin" "$WORK/claire.bin"

step "the server alters a byte, or swaps two files: refused, and said"
device dora
enrol claire Equipe dora
synced dora
file=$(find "$WORK/server/blobs" -type f -size +1900k)
cp "$file" "$WORK/kept"
python3 - "$file" <<'P'
import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(700000); b = f.read(1); f.seek(700000); f.write(bytes([b[0] ^ 1]))
P
expect 4 on dora attachment get "$second" "$WORK/dora.bin"
[ ! -e "$WORK/dora.bin" ] || fail "an altered file was written"
cp "$WORK/kept" "$file"
expect 0 on dora attachment get "$second" "$WORK/dora.bin"
cmp "$WORK/second.bin" "$WORK/dora.bin"
truncate -s 1200000 "$(find "$WORK/server/blobs" -type f -size +1200k -size -1400k)"
expect 4 on dora attachment get "$scan" "$WORK/dora.pdf"
[ ! -e "$WORK/dora.pdf" ] || fail "a truncated file was written"

step "a backup takes them along, and names one that is damaged"
expect 1 "$PASSERELLE_BIN_DIR/passerelled" backup --data "$WORK/server" --to "$WORK/backup"
has "$ERR" "damaged"
same "files in the backup" 2 "$(find "$WORK/backup/blobs" -type f | wc -l)"
expect 0 "$PASSERELLE_BIN_DIR/passerelled" restore --data "$WORK/restored" --from "$WORK/backup"
same "files that were restored" 2 "$(find "$WORK/restored/blobs" -type f | wc -l)"

step "erased with its file, here and there"
expect 0 on claire erase "$person" --reason request
synced claire nadia
same "files on the server" 0 "$(blobs)"
expect 1 on claire attachment get "$second" "$WORK/x"
expect 1 on nadia attachment get "$scan" "$WORK/x"
[ ! -e "$WORK/x" ] || fail "an erased file was written"
server_stop
