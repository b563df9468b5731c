# SPDX-License-Identifier: Apache-2.0
#
# Read by the scripts of this folder, not run: a server with a team on it, and shorter
# ways to ask. Comes on top of tests/lib/test.sh.
#
#   device NAME...               makes device folders (with the cheap key derivation)
#   team FOUNDER NAME[:ROLES]... server, devices, a space "Equipe" of level team; all are
#                                members (writer unless said otherwise) and synchronised
#   enrol FOUNDER SPACE NAME[:ROLES]...   the same for an existing space and its founder
#   create DEVICE KIND FIELD=VALUE...     a new record, sets $ID
#   run DEVICE FILE              the commands of FILE after one unlock; must all succeed;
#                                one JSON document per line in $OUT
#   query DEVICE SQL             prints the rows as JSON
#   field FILTER                 jq on $OUT; fails when there is no such thing
#   synced DEVICE...             syncs each, must be told that nothing is unsent
#   unsent DEVICE                prints how much no checkpoint covers yet
. "${SOURCE_DIR:?}/tests/lib/test.sh"

# Programs that live for a moment need not keep 256 MB of what they freed: half of their time.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=8

field() { jq -re "$1" "$OUT" || { cat "$OUT" "$ERR"; fail "no $1 in the answer"; }; }

device() {
    local name
    for name in "$@"; do
        expect 0 on "$name" init --name "$name" --kdf light
    done
}

team() {
    local founder=$1
    shift
    server_init
    server_start
    device "$founder" "${@%%:*}"
    expect 0 on "$founder" space create Equipe --level team --server "$FOUNDER"
    enrol "$founder" Equipe "$@"
}

enrol() {
    local founder=$1 space=$2 person roles i=0 links
    shift 2
    [ $# -gt 0 ] || return 0
    for person in "$@"; do
        roles=${person#*:}
        [ "$roles" != "$person" ] || roles=writer
        printf 'invite --role %s --space "%s"\n' "$roles" "$space"
    done >"$WORK/invites"
    run "$founder" "$WORK/invites"
    mapfile -t links < <(jq -re .link "$OUT")
    synced "$founder"
    for person in "$@"; do
        expect 0 on "${person%%:*}" join "${links[i]}"
        i=$((i + 1))
    done
    printf 'sync\napprove --all\nsync\n' >"$WORK/approve"
    run "$founder" "$WORK/approve"
    synced "${@%%:*}"
}

create() {
    local who=$1
    shift
    expect 0 on "$who" new "$@" --json
    ID=$(field .id)
}

run() { expect 0 on "$1" batch "$2" --json; }

query() {
    expect 0 on "$1" sql "$2" --json
    jq -c '.[]' "$OUT"
}

synced() {
    local who
    for who in "$@"; do
        expect 0 on "$who" sync --json
        same "what $who has not sent" 0 "$(field '[.spaces[].unsent] | add')"
    done
}

unsent() {
    expect 0 on "$1" status --json
    field '[.spaces[].unsent] | add'
}
