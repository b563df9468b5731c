#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: released
#
# Goal: from a package to two synchronised devices, approved, with the recovery sheet in the printer, in fewer than 20
# commands and answers. Everything is done as people do it, and counted; what only a real machine has (the package
# manager, the proxy) is counted and not run. Passphrases are not: a page asks once, a terminal takes them from
# --passphrase-file.
. "${SOURCE_DIR:?}/tests/lib/test.sh"
command -v age-keygen >/dev/null || skip "age is not installed"

count=0
# typed WHAT: something that a person types, a command or an answer.
typed() { count=$((count + 1)); printf '%4d  %s\n' "$count" "$*"; }
does() { typed "$@"; expect 0 "$@"; }
by() {
    local who=$1
    shift
    typed "$who: passerelle $*"
    expect 0 on "$who" "$@"
}

step "the server"
port=$(free_port)
mkdir "$WORK/etc"
typed "apt-get install ./passerelled.deb ./passerelle.deb caddy age"
typed "passerelled setup"
answers=("http://127.0.0.1:$port" "$WORK/data" "127.0.0.1:$port" "$WORK/backup" new)
for answer in "${answers[@]}"; do typed "   $answer"; done
printf '%s\n' "${answers[@]}" |
    "$PASSERELLE_BIN_DIR/passerelled" setup --config "$WORK/etc/passerelled.conf" >"$OUT" 2>"$ERR" ||
    { cat "$OUT" "$ERR"; fail "setup"; }
same "questions" 5 "$(grep -oE '^[1-9]\. |: [1-9]\. ' "$ERR" | wc -l)"
link=$(grep -oE 'http://[^ ]*#f1[^ ]*' "$OUT")
typed "cp /etc/passerelle/Caddyfile /etc/caddy/Caddyfile"
typed "systemctl reload caddy"
background "$PASSERELLE_BIN_DIR/passerelled" serve --config "$WORK/etc/passerelled.conf" >"$WORK/server.log" 2>&1
until_true 30 curl -fsS "http://127.0.0.1:$port/readyz"
does "$PASSERELLE_BIN_DIR/passerelled" setup --test --config "$WORK/etc/passerelled.conf"

step "two devices"
by Claire init --name Claire
by Claire space create Equipe --level team --server "$link"
by Claire invite --role writer --sync
invite=$(grep -oE 'http://[^ ]*#[^ ]*' "$OUT" | head -n 1)
by Nadia init --name Nadia
by Nadia join "$invite"
compare=$(grep -oE '[0-9A-Z]{4}[ -]?[0-9A-Z]{4}' "$OUT" | head -n 1)
by Claire approve --all --sync
has "$OUT" "$compare"
by Nadia sync

step "the recovery sheet"
by Claire recovery-sheet --html "$WORK/sheet.html" --sync
has "$WORK/sheet.html" "<html"

step "they are two"
expect 0 on Claire new site nom="Les Saules" --sync
expect 0 on Nadia list site --sync
has "$OUT" "Les Saules"
expect 0 on Nadia status --json
same "unsent" 0 "$(jq '[.spaces[].unsent] | add' "$OUT")"
echo "$count commands and answers"
[ "$count" -lt 20 ] || fail "$count commands and answers are too many"
