#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: released
#
# Goal: what operators look at is true. Dashboard and alerts name only metrics that the server gives and sections that
# the RUNBOOK has; a log line is JSON with a time, a level, an event, numbers and words of the program, and nothing that
# a client sent; a restart under load loses no request: each push ends as stored or can be sent again.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

team claire nadia
create claire site nom="Les Saules"
synced claire nadia

step "dashboard and alerts"
curl -fsS "$URL/metrics" >"$WORK/metrics"
expect 0 jq -e '.panels | length > 10' "$SOURCE_DIR/deploy/grafana.json"
names=$(jq -r '.panels[].targets[].expr' "$SOURCE_DIR/deploy/grafana.json" |
    cat - <(sed -n 's/^ *expr: //p' "$SOURCE_DIR/deploy/alerts.yml") |
    grep -oE '\b(passerelle|process)_[a-z_]+' | sort -u)
[ "$(wc -w <<<"$names")" -gt 20 ] || fail "too few names: $names"
for name in $names; do
    grep -q "^$name[{ ]" "$WORK/metrics" || fail "the server gives no $name"
done
for name in $(grep -v '^#' "$WORK/metrics" | grep -oE '^passerelle_[a-z_]+' |
    sed -E 's/_(sum|count|bucket)$//' | sort -u); do
    grep -q "$name" "$SOURCE_DIR/deploy/grafana.json" || [ "$name" = passerelle_connections_accepted_total ] ||
        [ "$name" = passerelle_commits_total ] || [ "$name" = passerelle_sync_items_total ] ||
        echo "not on the dashboard: $name"
done
same "store, clock" "1 1" "$(metric passerelle_store_writable) $(metric passerelle_clock_trusted)"
[ "$(metric passerelle_disk_free_bytes)" -gt 0 ] || fail "no room on the disk?"
while IFS= read -r section; do
    grep -qxF "## $section" "$SOURCE_DIR/deploy/RUNBOOK.md" || fail "RUNBOOK.md has no section $section"
done < <(sed -n 's/^ *runbook: "RUNBOOK: \(.*\)"/\1/p' "$SOURCE_DIR/deploy/alerts.yml")
if command -v promtool >/dev/null; then
    expect 0 promtool check rules "$SOURCE_DIR/deploy/alerts.yml"
fi

step "each drill of the RUNBOOK is a test"
runbook=$SOURCE_DIR/deploy/RUNBOOK.md
same "sections" "$(sed -n 's/^## //p' "$runbook" | grep -vx 'Who plays it')" \
    "$(sed -n '/^## Who plays it/,$ s/^| \([A-Z0-9][^|]*\) | .*/\1/p' "$runbook")"
for name in $(sed -n '/^## Who plays it/,$p' "$runbook" | grep -E '^\| [A-Z0-9]' | cut -d'|' -f4 | grep -oE '[a-z0-9]+/[a-z0-9_]+'); do
    [ -x "$SOURCE_DIR/tests/$name.sh" ] || [ -e "$SOURCE_DIR/tests/$name.c" ] || fail "RUNBOOK.md: no test $name"
    ! head -n 20 "$SOURCE_DIR/tests/$name".* | grep -q 'ctest:.* long' || fail "RUNBOOK.md: $name is no default test"
done

step "the service is shut in"
if command -v systemd-analyze >/dev/null; then
    for unit in "$SOURCE_DIR"/deploy/debian/*.service; do
        expect 0 systemd-analyze security --offline=true --no-pager --threshold=15 "$unit"
    done
fi

step "the log"
for body in garbage "$(head -c 3000 /dev/urandom | base64)"; do
    curl -sS -o "$OUT" --data-binary "$body" "$URL/v1/sync?marker=secretmarker" -H 'X-Marker: secretmarker'
done
server_stop
server_start server
grep '^{' "$WORK/server.log" >"$WORK/lines"
expect 0 jq -se 'length > 0 and all(.[]; (.time | test("^2[0-9-]+T[0-9:.]+Z$")) and
    (.level | IN("debug", "info", "warn", "error")) and (.event | test("^[a-z_]+$")) and
    all(del(.time, .level, .event) | to_entries[]; (.value | type) as $t | $t == "number" or $t == "string"))' \
    "$WORK/lines"
for word in 127.0.0.1 secretmarker Saules claire "$(on claire status --json | jq -r .device)"; do
    lacks "$WORK/lines" "$word"
done

step "restarts while 40 syncs run"
for i in $(seq 10); do
    for who in claire nadia; do
        printf 'new site nom="%s %d"\nsync\nset %s effectif=%d\nsync --retry\n' "$who" "$i" "$ID" "$i"
    done
done >"$WORK/all"
for who in claire nadia; do
    grep -n . "$WORK/all" | awk -F: -v who="$who" '{ block = int(($1 - 1) / 4) } (block % 2 == 0) == (who == "claire")' |
        cut -d: -f2- >"$WORK/$who.work"
    # The proxy of deploy/Caddyfile holds requests while the server restarts; here the device itself tries again.
    on "$who" batch "$WORK/$who.work" --keep-going --json >"$WORK/$who.out" 2>"$WORK/$who.err" &
    started+=($!) workers+=($!)
done
for _ in 1 2 3 4; do
    sleep 0.3
    server_stop
    server_start server
done
for pid in "${workers[@]}"; do wait "$pid" || true; done
lacks "$WORK/server.log" stop_forced
synced claire nadia claire

step "a hangup ends it as gently"
kill -HUP "${server_pid[server]}"
wait "${server_pid[server]}" || fail "SIGHUP killed it"
server_start server
for who in claire nadia; do
    same "sites that $who sees" '{"n":21}' "$(query "$who" "SELECT count(*) AS n FROM site")"
done
expect 0 "$PASSERELLE_BIN_DIR/passerelled" check --data "$WORK/server"
