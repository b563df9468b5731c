#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: released serial no-valgrind timeout=1200
#
# Goal: an organisation that outgrew one machine. A PostgreSQL primary with a synchronous standby, three nodes on that
# database, any device to any node: a day of two mediators merges, a long poll on one node hears what another wrote, and
# when the primary is killed under load and the standby promoted, every acknowledged change is there.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"
. "$SOURCE_DIR/tests/lib/pg.sh"

step "a primary, and a standby that every commit waits for"
pg_init first
pg_standby second first
second=$(pg_dir second)

step "three nodes with one key on one database"
place="postgresql://postgres@127.0.0.1:${pg_port[first]},127.0.0.1:${pg_port[second]}/postgres?target_session_attrs=read-write&connect_timeout=5"
for node in one two three; do server_port[$node]=$(free_port); done
URL=http://127.0.0.1:${server_port[one]}
expect 0 "$PASSERELLE_BIN_DIR/passerelled" init --data "$WORK/one" --url "$URL" --store "$place" --json
FOUNDER=$(field .founder_link)
for node in two three; do
    mkdir -m 700 "$WORK/$node"
    cp -p "$WORK/one/server.key" "$WORK/one/store" "$WORK/$node/"
done
expect 1 "$PASSERELLE_BIN_DIR/passerelled" init --data "$WORK/four" --url "$URL" --store "$place"
has "$ERR" "another server"
for node in one two three; do server_start "$node"; done

# A device reaches any node: what its folder calls the server is a name that a front proxy serves. Here the devices are
# led to a node by a small forwarder that the test turns around.
front=${server_port[one]}
server_stop one
turn() { echo "$1" >"$WORK/front"; }
turn "${server_port[two]}"
background python3 "$SOURCE_DIR/tests/e2e/front.py" "$front" "$WORK/front"
server_port[one]=$(free_port)
server_start one

step "a day, each device on another node"
device claire nadia
expect 0 on claire space create Equipe --level team --server "$FOUNDER"
turn "${server_port[three]}"
enrol claire Equipe nadia
turn "${server_port[one]}"
create claire site nom="Les Saules"
expect 0 on claire sync
turn "${server_port[two]}"
create nadia entreprise nom="Serres du Nord"
synced nadia
turn "${server_port[three]}"
synced claire
for who in claire nadia; do
    turn "${server_port[one]}"
    synced "$who"
    same "companies at $who" '{"n":1}' "$(query "$who" 'SELECT count(*) AS n FROM entreprise')"
    same "sites at $who" '{"n":1}' "$(query "$who" 'SELECT count(*) AS n FROM site')"
    expect 0 on "$who" audit verify --full
done
expect 0 "$PASSERELLE_BIN_DIR/passerelled" check --data "$WORK/two"

step "a backup while all nodes serve: of one moment, as files that restore takes"
expect 0 "$PASSERELLE_BIN_DIR/passerelled" backup --data "$WORK/two" --to "$WORK/backup"
expect 0 "$PASSERELLE_BIN_DIR/passerelled" backup --data "$WORK/two" --to "$WORK/backup"
same "files" "keys.db log.db server.key" "$(ls "$WORK/backup" | grep -v blobs | xargs)"
expect 0 "$PASSERELLE_BIN_DIR/passerelled" restore --data "$WORK/restored" --from "$WORK/backup"
expect 0 "$PASSERELLE_BIN_DIR/passerelled" check --data "$WORK/restored" --deep

step "moved to files and back: the same roots and checkpoints"
for node in one two three; do server_stop "$node"; done
expect 0 on claire audit checkpoint
cp "$OUT" "$WORK/checkpoint"
expect 0 "$PASSERELLE_BIN_DIR/passerelled" copy --data "$WORK/one" --to "$WORK/files" --json
same "spaces copied" 1 "$(field .spaces)"
expect 0 "$PASSERELLE_BIN_DIR/passerelled" check --data "$WORK/files"
pg_sql first "CREATE DATABASE again"
expect 0 "$PASSERELLE_BIN_DIR/passerelled" copy --data "$WORK/files" --to "$WORK/back" \
    --store "$(sed "s#/postgres?#/again?#" <<<"$place")"
expect 0 "$PASSERELLE_BIN_DIR/passerelled" check --data "$WORK/back"
server_port[files]=$(free_port)
server_start files
turn "${server_port[files]}"
synced claire nadia
expect 0 on nadia audit verify --with "$WORK/checkpoint"
expect 0 on nadia audit verify --full
server_stop files
for node in one two three; do server_start "$node"; done

step "who waits at one node hears what comes in at another"
turn "${server_port[one]}"
on nadia sync --watch --json >"$WORK/watch" 2>&1 &
watch=$!
started+=("$watch")
until_true 30 grep -q '"pulled"' "$WORK/watch"
before=$(grep -c '"pulled"' "$WORK/watch")
sleep 1
[ "$(grep -c '"pulled"' "$WORK/watch")" -eq "$before" ] || fail "it does not wait"
turn "${server_port[two]}"
create claire site nom="Le Moulin"
synced claire
until_true 20 sh -c "[ \$(grep -c '\"pulled\"' '$WORK/watch') -gt $before ]"
pkill -TERM -P "$watch" || true
wait "$watch" || true

step "the primary is killed under load; the standby takes over"
turn "${server_port[one]}"
(
    for n in $(seq 1 30); do
        echo "new site nom=\"Site $n\""
        echo sync
    done
) >"$WORK/load"
on claire batch "$WORK/load" --json >"$WORK/load.out" 2>"$WORK/load.err" &
load=$!
started+=("$load")
until_true 60 sh -c "[ \$(grep -c '\"unsent\"' '$WORK/load.out') -ge 5 ]"
pg_kill first
(cd / && as_pg "$PG_BIN/pg_ctl" -D "$second" -w promote >/dev/null)
wait "$load" || true
acknowledged=$(jq -c 'select(.spaces) | .spaces[0] | select(.unsent == 0) | .size' "$WORK/load.out" | tail -n 1)
[ -n "$acknowledged" ] || fail "nothing was acknowledged: $(cat "$WORK/load.err")"
echo "   acknowledged up to size $acknowledged before and after the change"
for _ in 1 2 3 4 5; do
    on claire sync --json >"$OUT" 2>"$ERR" && break
    sleep 1
done
synced claire nadia
expect 0 on claire audit verify --full
expect 0 "$PASSERELLE_BIN_DIR/passerelled" check --data "$WORK/three"
expect 0 on claire status --json
[ "$(field '.spaces[0].size')" -ge "$acknowledged" ] || fail "something acknowledged is gone"
same "sites at both" "$(query claire 'SELECT count(*) AS n FROM site')" "$(query nadia 'SELECT count(*) AS n FROM site')"
