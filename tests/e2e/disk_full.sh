#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: a full disk is said in words and loses nothing, on a device and on the server. Once
# there is room again the same command works, and everything that was accepted is there.
# Needs root, for small file systems in memory.
# ctest: no-valgrind timeout=1200
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

[ "$(id -u)" -eq 0 ] || skip "not root: no small file system can be mounted"
mounted=()
unmount_all() {
    local code=$? at
    for at in "${mounted[@]}"; do
        umount -l "$at" 2>/dev/null
    done
    (exit $code)
    finish_test
}
trap unmount_all EXIT

# small FOLDER MEGABYTES: what is in FOLDER moves to a file system of that size.
small() {
    mv "$1" "$1.before"
    mkdir "$1"
    mount -t tmpfs -o "size=$2m,mode=700" tmpfs "$1" 2>/dev/null || skip "tmpfs cannot be mounted here"
    mounted+=("$1")
    cp -a "$1.before/." "$1/"
    rm -rf "$1.before"
}

fill() {
    dd if=/dev/zero of="$1/filler" bs=4096 2>/dev/null || true
    [ "$(df --output=avail "$1" | tail -n 1)" -eq 0 ] || fail "$1 is not full"
}

says_full() { grep -qiE 'space|place|disk|disque|full' "$ERR" || fail "no clear message: $(cat "$ERR")"; }

step "a team"
team claire nadia
create claire site nom="Les Saules"
site=$ID
synced claire nadia

step "a full device"
small "$WORK/nadia" 4
create nadia personne prenom=Mircea site="$site"
before=$(unsent nadia)
fill "$WORK/nadia"
truncate -s -600K "$WORK/nadia/filler" # it fills up in the middle of the work
for i in $(seq 60); do
    printf 'new personne prenom=P%s site=%s texte="%s"\n' "$i" "$site" "$(head -c 3000 /dev/urandom | base64 -w0)"
done >"$WORK/many.commands"
code=0
on nadia batch "$WORK/many.commands" --json --lang en >"$OUT" 2>"$ERR" </dev/null || code=$?
[ $code -eq 1 ] || fail "exit $code of a batch on a full disk"
cat "$OUT" >>"$ERR"
says_full
jq -c 'select(.id != null) | .id' "$OUT" >"$WORK/accepted"
echo "   $(wc -l <"$WORK/accepted") of 60 records were accepted"
[ "$(wc -l <"$WORK/accepted")" -lt 60 ] || fail "the disk was never full"
[ "$(wc -l <"$WORK/accepted")" -gt 0 ] || fail "nothing was accepted while there was room"
code=0
on nadia sync --lang en >"$OUT" 2>"$ERR" </dev/null || code=$?
[ $code -ne 0 ] && says_full || echo "   (a sync still fits)"
expect 0 on nadia list personne --json
rm "$WORK/nadia/filler"
query nadia "SELECT id FROM personne" | jq .id | sort >"$WORK/there"
same "accepted records that are gone" "" "$(sort "$WORK/accepted" | comm -13 "$WORK/there" -)"
[ "$(unsent nadia)" -ge "$before" ] || fail "what waited is gone"
create nadia personne prenom=Iulia site="$site"
synced nadia claire
same "people" "$(($(wc -l <"$WORK/accepted") + 2))" "$(query claire "SELECT id FROM personne" | wc -l)"

step "a full server"
server_stop
small "$WORK/server" 4
server_start
fill "$WORK/server"
for i in $(seq 40); do
    printf 'new site nom="N%s" texte="%s"\n' "$i" "$(head -c 3000 /dev/urandom | base64 -w0)"
done >"$WORK/sites.commands"
run claire "$WORK/sites.commands"
code=0
on claire sync --lang en >"$OUT" 2>"$ERR" </dev/null || code=$?
[ $code -eq 1 ] || [ $code -eq 3 ] || fail "exit $code when the server is full"
says_full
has "$ERR" "server's disk"
waiting=$(unsent claire)
[ "$waiting" -ge 40 ] || fail "only $waiting changes still wait"
expect 0 curl -fsS "$URL/healthz"
code=$(curl -s -o "$OUT" -w '%{http_code}' "$URL/readyz")
echo "   readyz says $code while the disk is full"
expect 0 on nadia list site
rm "$WORK/server/filler"
until_true 30 curl -fsS "$URL/readyz"
synced claire nadia
same "sites at the colleague's" 41 "$(query nadia "SELECT id FROM site" | wc -l)"
server_stop
expect 0 "$PASSERELLE_BIN_DIR/passerelled" check --data "$WORK/server"
server_start
synced claire

step "init on a full disk leaves nothing half made"
mkdir "$WORK/tiny"
mount -t tmpfs -o size=1m tmpfs "$WORK/tiny"
mounted+=("$WORK/tiny")
fill "$WORK/tiny"
code=0
on tiny init --name tiny --lang en >"$OUT" 2>"$ERR" </dev/null || code=$?
[ $code -eq 1 ] || fail "exit $code of init on a full disk"
says_full
rm "$WORK/tiny/filler"
expect 0 on tiny init --name tiny
