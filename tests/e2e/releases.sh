#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: data folders that an earlier release made open in this one: the server's is verified and served, the devices'
# show what they showed, send what they had not sent, and go on together. A folder of a newer release is refused with a
# reason, and left as it is.
#
#   RELEASE=NAME tests/e2e/releases.sh      makes testdata/release-NAME.tar.xz with this build, once per release
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

passerelled=$PASSERELLE_BIN_DIR/passerelled
folder=$SOURCE_DIR/tests/e2e/testdata
export PASSERELLE_SOCKET=$WORK/socket

# serve FOLDER: on a Unix socket, for the address in old links leads nowhere.
serve() {
    background "$passerelled" serve --data "$1" --listen "unix:$PASSERELLE_SOCKET" >>"$WORK/server.log" 2>&1
    server_pid[server]=$PID
    until_true 30 curl -fsS --unix-socket "$PASSERELLE_SOCKET" http://localhost/readyz
}

titles() { query "$1" "SELECT title(id) AS t FROM record ORDER BY 1"; }

make_release() {
    expect 0 "$passerelled" init --data "$WORK/server" --url http://127.0.0.1:8787 --json
    FOUNDER=$(field .founder_link)
    serve "$WORK/server"
    device claire nadia
    expect 0 on claire space create Equipe --level team --server "$FOUNDER"
    enrol claire Equipe nadia
    create claire site nom="Les Saules" commune=Villebrume
    site=$ID
    synced claire nadia
    create nadia personne prenom=Mihai site="$site"
    expect 0 on nadia new contact personne="$ID" date=2026-01-05 texte="premier contact"
    expect 0 on nadia set "$site" effectif=42
    expect 0 on claire set "$site" effectif=45
    synced nadia claire nadia
    create nadia site nom="Pas encore envoye"
    for who in claire nadia; do titles "$who" >"$WORK/$who.titles"; done
    server_stop
    mkdir -p "$folder"
    tar -C "$WORK" --sort=name --owner=0 --group=0 --numeric-owner --exclude='lock' -cJf \
        "$folder/release-$1.tar.xz" server claire nadia claire.pass nadia.pass claire.titles nadia.titles
    echo "made $folder/release-$1.tar.xz"
}

[ -z "${RELEASE:-}" ] || { make_release "$RELEASE"; exit; }

open_release() {
    step "$(basename "$1")"
    tar -C "$WORK" -xJf "$1"
    expect 0 "$passerelled" check --data "$WORK/server" --deep
    serve "$WORK/server"
    for who in claire nadia; do
        same "what $who shows" "$(cat "$WORK/$who.titles")" "$(titles "$who")"
    done
    [ "$(unsent nadia)" -gt 0 ] || fail "the fixture has nothing unsent"
    synced nadia claire
    expect 0 on claire conflicts --json
    same "conflicts" 1 "$(jq length "$OUT")"
    create claire site nom="Apres la mise a jour"
    synced claire nadia
    same "both see the same" "$(titles claire)" "$(titles nadia)"
    has <(titles nadia) "Apres la mise a jour"
    expect 0 on nadia audit verify --full
    server_stop
    expect 0 "$passerelled" check --data "$WORK/server" --deep
}

# newer FILE: as a later release would leave it.
newer() { sqlite3 "$1" "PRAGMA user_version = $(($(sqlite3 "$1" 'PRAGMA user_version') + 1))" >/dev/null; }

refuse_newer() {
    step "a newer one is refused, and left alone"
    local file before
    for file in log.db keys.db; do
        cp -r "$WORK/server" "$WORK/newer"
        newer "$WORK/newer/$file"
        before=$(sha256sum "$WORK"/newer/*.db)
        expect 1 "$passerelled" serve --data "$WORK/newer" --listen "unix:$WORK/other"
        has "$ERR" "newer passerelled"
        expect 1 "$passerelled" check --data "$WORK/newer"
        has "$ERR" "Install that version"
        same "the files" "$before" "$(sha256sum "$WORK"/newer/*.db)"
        rm -r "$WORK/newer"
    done
    file=$(find "$WORK/claire" -name '*.db' | head -n 1)
    newer "$file"
    before=$(sha256sum <"$file")
    expect 1 on claire --lang en status
    has "$ERR" "A newer version wrote this"
    expect 1 on claire status
    same "the device" "$before" "$(sha256sum <"$file")"
}

compgen -G "$folder/release-*.tar.xz" >/dev/null || fail "no folder of any release"
for archive in "$folder"/release-*.tar.xz; do
    open_release "$archive"
    refuse_newer
    rm -rf "$WORK"/{server,claire,nadia}*
done
