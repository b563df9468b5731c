# SPDX-License-Identifier: Apache-2.0
#
# Read by shell tests, on top of test.sh: PostgreSQL servers of the test's own, on a Unix socket in $WORK and on loopback.
#
#   pg_init [NAME]        makes a cluster $WORK/NAME (pg)        pg_start [NAME]
#   pg_standby NAME OF     a synchronous standby of OF, which is already set up and not started; starts both
#   pg_stop [NAME]        fast shutdown                          pg_kill [NAME]  as a power cut: immediate
#   pg_uri [NAME]         prints how to connect to its database "postgres"
#   pg_sql NAME SQL       runs SQL there
PG_BIN=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -x "${PG_BIN:-}/initdb" ] || skip "no PostgreSQL here"
declare -A pg_port

# PostgreSQL refuses to run as root.
as_pg() {
    if [ "$(id -u)" -eq 0 ]; then
        runuser -u postgres -- "$@"
    else
        "$@"
    fi
}

pg_dir() { echo "$WORK/${1:-pg}"; }

pg_init() {
    local name=${1:-pg} dir
    dir=$(pg_dir "$name")
    chmod 711 "$WORK"
    as_pg test -x "$WORK" || skip "PostgreSQL's user cannot reach $WORK"
    mkdir -m 700 "$dir"
    [ "$(id -u)" -ne 0 ] || chown postgres "$dir"
    pg_port[$name]=$(free_port)
    (cd / && as_pg "$PG_BIN/initdb" -D "$dir" -A trust -U postgres -E UTF8 --no-locale >/dev/null)
    as_pg tee -a "$dir/postgresql.conf" >/dev/null <<EOF
listen_addresses = '127.0.0.1'
port = ${pg_port[$name]}
unix_socket_directories = ''
max_connections = 400
EOF
}

pg_start() {
    local name=${1:-pg} dir
    dir=$(pg_dir "$name")
    (cd / && as_pg "$PG_BIN/pg_ctl" -D "$dir" -w -t 60 -l "$dir/server.log" start >/dev/null) ||
        { cat "$dir/server.log"; fail "PostgreSQL did not start"; }
    started+=("$(head -n 1 "$dir/postmaster.pid")")
}

pg_standby() {
    local name=$1 of=$2 dir
    dir=$(pg_dir "$name")
    cat >>"$(pg_dir "$of")/postgresql.conf" <<EOF
synchronous_standby_names = '$name'
wal_level = replica
max_wal_senders = 5
hot_standby = on
EOF
    pg_start "$of"
    pg_port[$name]=$(free_port)
    (cd / && as_pg "$PG_BIN/pg_basebackup" -h 127.0.0.1 -p "${pg_port[$of]}" -U postgres \
        -D "/tmp/passerelle-standby.$$" -R -X stream -c fast >/dev/null)
    mv "/tmp/passerelle-standby.$$" "$dir"
    sed -i "s/^port = .*/port = ${pg_port[$name]}/; s/^synchronous_standby_names.*//" "$dir/postgresql.conf"
    sed -i "s/^primary_conninfo = '/&application_name=$name /" "$dir/postgresql.auto.conf"
    pg_start "$name"
    until_true 30 sh -c "[ \"\$(psql -qAtX '$(pg_uri "$of")' -c \"SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'\")\" = 1 ]"
}

pg_stop() { (cd / && as_pg "$PG_BIN/pg_ctl" -D "$(pg_dir "$@")" -w -m fast stop >/dev/null); }
pg_kill() { (cd / && as_pg "$PG_BIN/pg_ctl" -D "$(pg_dir "$@")" -w -m immediate stop >/dev/null); }
pg_uri() { echo "postgresql://postgres@127.0.0.1:${pg_port[${1:-pg}]}/postgres"; }
pg_sql() { psql -qAtX -v ON_ERROR_STOP=1 "$(pg_uri "$1")" -c "$2"; }
