#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: timeout=600
#
# Goal: the server changes its keys while it runs. An administrator compares a code and puts the new ones into the log;
# each device verifies the hand-over there at its next sync, one that was away long too; links, a recovery sheet and
# files from before go on working; a witness takes up the new key by the old one's word and counts the old one no more.
# Who stole the old key speaks to nobody who knows of the new one.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

passerelled=$PASSERELLE_BIN_DIR/passerelled
witness=$PASSERELLE_BIN_DIR/passerelle-witness
ask() { curl -sS -o "$OUT" -w '%{http_code}' --data-binary "@$1" "http://127.0.0.1:$wport/add-checkpoint"; }
note_of() { expect 0 on "$1" audit checkpoint; cp "$OUT" "$2"; }
rotate() { expect 0 "$passerelled" rotate-key --data "$WORK/server" --json; CODE=$(field .code); sleep 1.5; }
offered() { expect 0 on "$1" status --json; jq -r '.spaces[0].server_code' "$OUT"; }
accept() { synced "$1"; expect 0 on "$1" server-key --accept "$CODE"; synced "$1"; }
cosigned() { grep -q "^$1 " "$WORK"/witness/seen-*; }
size_of() { expect 0 on "$1" status --json; jq -r '.spaces[0].size' "$OUT"; }

step "a team, a witness, and what was handed out before"
team claire nadia emma
server_stop
wport=$(free_port)
expect 0 "$witness" init --data "$WORK/witness" --name w.example
read -r _ name key <"$OUT"
printf 'witness %s %s http://127.0.0.1:%s\ninterval 1\n' "$name" "$key" "$wport" >"$WORK/server/witnesses"
expect 0 "$passerelled" log-key --data "$WORK/server"
cp "$OUT" "$WORK/witness/logs"
background "$witness" serve --data "$WORK/witness" --listen "127.0.0.1:$wport" >>"$WORK/witness.log" 2>&1
server_start
create claire site nom="Les Saules"
synced claire nadia emma
until_true 20 cosigned "$(size_of claire)"
note_of claire "$WORK/old.note"
expect 0 on claire invite --role writer --json
invite=$(field .link)
expect 0 on claire recovery-sheet --json
sheet=$(field .link)
synced claire nadia
expect 0 "$passerelled" founder-link --data "$WORK/server" --json
founder=$(field .founder_link)
cp -r "$WORK/server" "$WORK/stolen"
mkdir "$WORK/backup"
expect 0 "$passerelled" backup --data "$WORK/server" --to "$WORK/backup"
create emma site nom="Loin du reseau"

step "new keys, while it runs"
running=${server_pid[server]}
expect 1 on claire server-key --accept 0000-0000
has "$ERR" "ne propose pas"
rotate
kill -0 "$running" || fail "the server has ended"
has "$WORK/server.log" key_rotated
same "mode of server.key" 600 "$(stat -c %a "$WORK/server/server.key")"
synced claire nadia
same "what claire is shown" "$CODE" "$(offered claire)"
same "what a writer is shown" null "$(offered nadia)"
expect 1 on nadia server-key --accept "$CODE"
expect 1 on claire server-key --accept 0000-0000
has "$ERR" "d'autres clés"
create nadia site nom="Avant la reprise"
synced nadia claire
expect 0 on claire server-key --accept "${CODE,,}"
synced claire nadia claire
same "once it is in the log" null "$(offered claire)"
for who in claire nadia; do expect 0 on "$who" audit verify --full; done
expect 0 "$passerelled" check --data "$WORK/server" --deep
expect 0 on claire audit log --json
[ "$(jq '[.[] | select(.kind == "log_key")] | length' "$OUT")" = 1 ] || fail "the audit does not show it"

step "a checkpoint of before still compares, on a device that has gone on"
expect 0 on nadia audit verify --with "$WORK/old.note"

step "the witness: not before it knows the new key by the old one's word; then the old one is over"
new=$(size_of claire)
sleep 2.5
! cosigned "$new" || fail "cosigned a key that it does not know"
expect 0 "$passerelled" log-key --data "$WORK/server"
same "lines" 2 "$(wc -l <"$OUT")"
cp "$OUT" "$WORK/lines"
sed '2s/\(.*\) [^ ]*/\1 '"$(head -c 64 /dev/zero | base64 -w0)"'/' "$WORK/lines" >"$WORK/witness/logs"
sleep 2.5
! cosigned "$new" || fail "cosigned on a forged hand-over"
has "$WORK/witness.log" logs_refused
cp "$WORK/lines" "$WORK/witness/logs"
until_true 20 cosigned "$new"
printf 'old %s\n\n' "$new" | cat - "$WORK/old.note" >"$WORK/ask"
same "a note by the old key" 403 "$(ask "$WORK/ask")"

step "who stole the old key and the old disk finds nobody who follows"
server_stop
mv "$WORK/server" "$WORK/true" && mv "$WORK/stolen" "$WORK/server"
rm -f "$WORK/server/witnesses"
server_start
before=$(size_of nadia)
create nadia site nom="Pas pour le voleur"
code=0
on nadia sync >"$OUT" 2>"$ERR" || code=$?
[ $code -ne 0 ] || fail "the old keys were believed"
same "what nadia has" "$before" "$(size_of nadia)"
[ "$(unsent nadia)" -gt 0 ] || fail "nadia's work is lost"
server_stop
rm -r "$WORK/server" && mv "$WORK/true" "$WORK/server"
server_start
synced nadia claire

step "links and the sheet of before, links of now"
device hugo iris jean rose
expect 0 on hugo join "$invite"
expect 0 on claire invite --role writer --json
again=$(field .link)
synced claire
expect 0 on iris join "$again"
printf 'sync\napprove --all\nsync\n' >"$WORK/approve"
run claire "$WORK/approve"
synced hugo iris
same "sites that hugo sees" '{"n":3}' "$(query hugo 'SELECT count(*) AS n FROM site')"
expect 0 on jean space create Voisins --level team --server "$founder"
synced jean
expect 0 on claire space create Deux --level team
synced claire
expect 0 on rose recover "$sheet"
synced rose
same "sites that rose sees" '{"n":3}' "$(query rose 'SELECT count(*) AS n FROM site')"

step "a second time, and somebody who was away for both"
rotate
accept claire
accept jean
expect 0 on emma sync
synced emma nadia claire
for who in emma nadia hugo jean; do expect 0 on "$who" audit verify --full; done
same "sites that nadia sees" '{"n":4}' "$(query nadia 'SELECT count(*) AS n FROM site')"
expect 0 "$passerelled" check --data "$WORK/server" --deep

step "who is in one space that followed is invited to one that has not, and the other way round"
expect 0 on jean invite --role writer --space Voisins --json
link=$(field .link)
synced jean
expect 0 on nadia join "$link"
synced jean
expect 0 on jean approve --all
synced jean nadia
rotate
synced claire jean
expect 0 on claire server-key --accept "$CODE"
synced claire
expect 0 on claire invite --role writer --space Equipe --json
link=$(field .link)
synced claire
expect 0 on jean join "$link"
synced claire
expect 0 on claire approve --all
synced claire jean nadia jean
expect 0 on jean server-key --accept "$CODE"
synced jean nadia jean
for who in jean nadia; do expect 0 on "$who" audit verify --full; done

step "another store takes it along"
server_stop
expect 0 "$passerelled" copy --data "$WORK/server" --to "$WORK/copy"
expect 0 "$passerelled" check --data "$WORK/copy" --deep

step "restored from before the first change, with the keys of now: the devices bring it back"
mv "$WORK/server" "$WORK/lost"
expect 0 "$passerelled" restore --data "$WORK/server" --from "$WORK/backup"
cp -p "$WORK/lost/server.key" "$WORK/server/server.key"
server_start
for who in claire jean nadia emma claire jean; do expect 0 on "$who" sync; done
expect 0 "$passerelled" restore --data "$WORK/server" --finish
synced claire nadia emma
same "sites that emma sees" '{"n":4}' "$(query emma 'SELECT count(*) AS n FROM site')"
for who in claire emma jean; do expect 0 on "$who" audit verify --full; done

step "a server.key that lacks what the store needs is found out, and another server's is not taken"
server_stop
cp -p "$WORK/server/server.key" "$WORK/good.key"
cp -p "$WORK/backup/server.key" "$WORK/server/server.key"
server_start
code=0
on nadia sync >"$OUT" 2>"$ERR" || code=$?
[ $code -ne 0 ] || fail "a server without its keys was believed"
cp -p "$WORK/good.key" "$WORK/server/server.key"
sleep 2.5
synced nadia
server_init other
cp -p "$WORK/other/server.key" "$WORK/server/server.key"
sleep 2.5
has "$WORK/server.log" key_refused
URL=http://127.0.0.1:${server_port[server]}
synced nadia
