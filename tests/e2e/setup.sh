#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: five answers make a server that runs: configuration, keys, a founder link that founds, a backup key that is
# written nowhere, a test from the outside that tells a stranger from itself; and nothing is ever overwritten.
. "${SOURCE_DIR:?}/tests/lib/test.sh"
command -v age-keygen >/dev/null || skip "age is not installed"

setup() { env LC_ALL="${language:-en_GB.UTF-8}" "$PASSERELLE_BIN_DIR/passerelled" setup "$@"; }
mkdir "$WORK/etc"
port=$(free_port)
conf=$WORK/etc/passerelled.conf

step "answers from a file"
answers() { printf '%s\n' "url = $1" "data=$2" "listen = 127.0.0.1:$port" "backup = $WORK/backup" "recipient = $3"; }
answers "http://127.0.0.1:$port" "$WORK/data" new >"$WORK/answers"
expect 0 setup --answers "$WORK/answers" --config "$conf" --json
founder=$(jq -re .founder_link "$OUT")
identity=$(jq -re .identity "$OUT")
same "reached" true "$(jq .reached "$OUT")"
has "$WORK/etc/backup.conf" "$(jq -r .recipient "$OUT")"
! grep -rq "$identity" "$WORK/etc" "$WORK/data" || fail "the secret key of the backups lies on the server"
! grep -rq "${founder##*.}" "$WORK/etc" "$WORK/data" || fail "the founder link lies on the server"

step "nothing is overwritten"
before=$(cat "$conf" "$WORK/data/server.key" | sha256sum)
expect 1 setup --answers "$WORK/answers" --config "$conf"
has "$ERR" "nothing was changed"
same "configuration and key" "$before" "$(cat "$conf" "$WORK/data/server.key" | sha256sum)"
expect 1 setup --answers "$WORK/answers" --config "$WORK/etc/other.conf"
has "$ERR" "holds a server already"
[ ! -e "$WORK/etc/other.conf" ] || fail "a configuration was left behind"

step "the server runs, the link founds"
background "$PASSERELLE_BIN_DIR/passerelled" serve --config "$conf" >"$WORK/server.log" 2>&1
until_true 30 curl -fsS "http://127.0.0.1:$port/readyz"
expect 0 setup --test --config "$conf"
has "$OUT" "with the keys of this server"
expect 0 on claire init --name claire --kdf light
expect 0 on claire space create Equipe --level team --server "$founder"
expect 0 on claire sync

step "a stranger under its address, and nobody, are told apart"
answers "http://127.0.0.1:$port" "$WORK/second" none | sed "s/^listen.*/listen = 127.0.0.1:$(free_port)/" >"$WORK/answers"
expect 0 setup --answers "$WORK/answers" --config "$WORK/etc/second.conf"
has "$ERR" "another server answers"
answers "https://127.0.0.1:$(free_port)" "$WORK/third" none | sed "s/^listen.*/listen = 127.0.0.1:$(free_port)/" >"$WORK/answers"
expect 0 setup --answers "$WORK/answers" --config "$WORK/etc/third.conf"
has "$ERR" "What is left is the TLS proxy"
has "$OUT" "To lock away"

step "questions: a bad answer is asked again"
port=$(free_port)
expect_input() {
    setup --config "$WORK/etc/fourth.conf" >"$OUT" 2>"$ERR" || { cat "$ERR"; fail "setup failed"; }
}
printf '%s\n' "" ftp://x "http://127.0.0.1:$port" "$WORK/fourth" nowhere "127.0.0.1:$port" relative "$WORK/backup" \
    age2 none | expect_input
for message in "an answer is needed" "the address looks like" "write ADDRESS:PORT" "must begin with /" "begins with age1"; do
    has "$ERR" "$message"
done
has "$OUT" "The founder link"
lacks "$ERR" '"event"'
same "the listed address" "listen = 127.0.0.1:$port" "$(grep ^listen "$WORK/etc/fourth.conf")"

step "the Caddyfile carries the name and the address, and Caddy takes it"
has "$WORK/etc/Caddyfile" "reverse_proxy 127.0.0.1:$port"
lacks "$WORK/etc/Caddyfile" "passerelle.example.org {"
if command -v caddy >/dev/null; then
    expect 0 caddy adapt --adapter caddyfile --config "$WORK/etc/Caddyfile"
fi

step "without an answer for everything nothing is made"
printf 'url = http://127.0.0.1:1\ndata = relative\n' >"$WORK/answers"
expect 2 setup --answers "$WORK/answers" --config "$WORK/etc/fifth.conf"
has "$ERR" "data"
[ ! -e "$WORK/etc/fifth.conf" ] || fail "a configuration was left behind"
language=fr_FR.UTF-8 expect 1 setup --config "$conf"
has "$ERR" "rien n'a été changé"
