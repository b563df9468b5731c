# SPDX-License-Identifier: Apache-2.0
#
# Read by shell tests:
#
#   . "${SOURCE_DIR:?}/tests/lib/test.sh"
#
# Gives a scratch folder $WORK (removed at the end, with every process that the test
# started), a server, devices, and ways to say what is expected. The first unmet
# expectation ends the test.
#
#   step TEXT                    says what comes next
#   fail TEXT | skip TEXT        ends the test
#   expect CODE COMMAND...       runs it; the exit code must be CODE; output goes to
#                                $OUT and $ERR (files)
#   same WHAT WANTED GOT         two texts must be equal
#   has FILE TEXT | lacks FILE TEXT
#   until_true SECONDS COMMAND   repeats it until it succeeds
#   free_port                    prints a TCP port of 127.0.0.1 that is free now
#   background COMMAND...        starts it, stopped at the end of the test; sets $PID
#
#   server_init [NAME]           a data folder $WORK/NAME (server); sets $FOUNDER, $URL
#   server_start [NAME] [ARG...] serves it; returns once it is ready
#   server_stop [NAME]           SIGTERM, must end with 0      server_kill [NAME]   SIGKILL
#   on DEVICE COMMAND...         passerelle with the folder and passphrase of DEVICE
#   metric NAME                  prints one number of /metrics
set -euo pipefail

: "${PASSERELLE_BIN_DIR:?the folder of the programs}"
WORK=$(mktemp -d "${TMPDIR:-/tmp}/passerelle-test.XXXXXX")
OUT=$WORK/out ERR=$WORK/err PID=
export TMPDIR=$WORK/tmp
mkdir "$TMPDIR"
declare -A server_pid server_port
started=()

finish_test() {
    local code=$? pid log
    trap - EXIT
    set +e
    for pid in "${started[@]}"; do
        kill -KILL "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
    done
    if [ $code -ne 0 ] && [ $code -ne 77 ]; then
        echo "FAILED with $code"
        for log in "$WORK"/*.log; do
            [ -s "$log" ] && { echo "--- $(basename "$log")"; tail -n 40 "$log"; }
        done
    fi
    [ -n "${KEEP:-}" ] && echo "kept: $WORK" || rm -rf "$WORK"
    exit $code
}
trap finish_test EXIT
trap 'exit 1' INT TERM

step() { echo "-- $*"; }
fail() { echo "FAIL: $*" >&2; exit 1; }
skip() { echo "SKIPPED: $*"; exit 77; }

expect() {
    local wanted=$1 code=0
    shift
    "$@" >"$OUT" 2>"$ERR" </dev/null || code=$?
    [ "$code" -eq "$wanted" ] && return 0
    cat "$OUT" "$ERR"
    fail "exit $code instead of $wanted: $*"
}

same() {
    [ "$2" = "$3" ] && return 0
    diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") || true
    fail "$1 differs (wanted <, got >)"
}

has() { grep -qF -- "$2" "$1" || { cat "$1"; fail "$1 does not contain: $2"; }; }
lacks() { ! grep -qF -- "$2" "$1" || fail "$1 contains: $2"; }

until_true() {
    local deadline=$((SECONDS + $1))
    shift
    while ! "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || fail "waited in vain for: $*"
        sleep 0.05
    done
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

background() {
    "$@" </dev/null &
    PID=$!
    started+=("$PID")
}

server_init() {
    local name=${1:-server}
    server_port[$name]=$(free_port)
    URL=http://127.0.0.1:${server_port[$name]}
    expect 0 "$PASSERELLE_BIN_DIR/passerelled" init --data "$WORK/$name" --url "$URL" --json
    FOUNDER=$(jq -re .founder_link "$OUT")
}

server_start() {
    local name=${1:-server}
    shift $(($# > 0))
    URL=http://127.0.0.1:${server_port[$name]}
    background "$PASSERELLE_BIN_DIR/passerelled" serve --data "$WORK/$name" \
        --listen "127.0.0.1:${server_port[$name]}" "$@" >>"$WORK/$name.log" 2>&1
    server_pid[$name]=$PID
    until_true 30 server_answers "$name"
}

# Ready, or dead: both end the waiting.
server_answers() {
    kill -0 "${server_pid[$1]}" 2>/dev/null || fail "the server ended: $(tail -n 5 "$WORK/$1.log")"
    curl -fsS "http://127.0.0.1:${server_port[$1]}/readyz"
}

server_stop() {
    local pid=${server_pid[${1:-server}]} code=0
    kill -TERM "$pid"
    wait "$pid" || code=$?
    [ $code -eq 0 ] || fail "passerelled ended with $code on SIGTERM"
}

server_kill() {
    local pid=${server_pid[${1:-server}]}
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null || true
}

metric() { curl -fsS "$URL/metrics" | awk -v name="$1" '$1 == name { print $2 }'; }

on() {
    local device=$1
    shift
    [ -f "$WORK/$device.pass" ] || printf 'passphrase of %s\n' "$device" >"$WORK/$device.pass"
    PASSERELLE_HOME=$WORK/$device PASSERELLE_PASSPHRASE_FILE=$WORK/$device.pass \
        "$PASSERELLE_BIN_DIR/passerelle" "$@"
}
