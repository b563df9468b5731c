#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: released long no-valgrind no-tsan timeout=3000
#
# Goal: the packages install, run, upgrade, keep data and purge in a clean Debian 12 made with debootstrap; lintian finds
# no error; the services are shut in. Needs root and a Debian mirror (tests/lib/root.sh).
. "${SOURCE_DIR:?}/tests/lib/test.sh"
. "$SOURCE_DIR/tests/lib/install.sh"
. "$SOURCE_DIR/tests/lib/root.sh"
. "$SOURCE_DIR/tests/web/lib.sh"
[ "$(id -u)" -eq 0 ] || skip "needs root"
install_missing debootstrap lintian systemd curl=curl age=age || skip "no packages to be had"

root=$WORK/root

step "building"
# The page needs tools and archives of its own; without them there is one package less.
code=0
(web_page) || code=$?
[ $code -eq 0 ] || [ $code -eq 77 ] || fail "the page"
rm -f "$BUILD_DIR"/packages/*.deb
expect 0 env WEB="$WORK/web" "$SOURCE_DIR/deploy/package" "$BUILD_DIR/packages"
packages=("$BUILD_DIR"/packages/*.deb)
same "packages" $((code ? 5 : 6)) ${#packages[@]}

step "lintian"
expect 0 lintian --allow-root --fail-on error,warning "$BUILD_DIR"/packages/*.changes

step "the services are shut in"
for unit in passerelled/passerelled passerelled/passerelle-backup passerelle-witness/passerelle-witness; do
    package=${unit%/*} unit=${unit#*/}
    dpkg-deb --fsys-tarfile "$BUILD_DIR/packages/$package"_*.deb |
        tar -xOf - "./lib/systemd/system/$unit.service" >"$WORK/$unit.service"
    expect 0 systemd-analyze security --offline=true --no-pager --threshold=15 "$WORK/$unit.service"
done

step "a clean Debian 12"
clean_root "$root"
mkdir "$root/packages"
cp "${packages[@]}" "$root/packages/"

step "what the packages need, and what is there before them"
expect 0 inside apt-get update -qq
mapfile -t needed < <(for package in "${packages[@]}"; do dpkg-deb -f "$package" Depends; done | tr ',' '\n' |
    sed -E 's/[|(].*//; s/ //g' | grep -v '^libpasserelle0$' | sort -u | grep .)
expect 0 inside apt-get install -y -qq --no-install-recommends "${needed[@]}" curl age
# Everything but the books that apt and dpkg keep.
inventory() {
    find "$root" -xdev -path "$root/packages" -prune -o -path "$root/proc" -prune -o \
        -path "$root/var/lib/dpkg" -prune -o -path "$root/var/log" -prune -o -path "$root/var/cache" -prune -o \
        -path "$root/var/lib/apt" -prune -o -path "$root/var/lib/systemd" -prune -o -path "$root/tmp" -prune -o \
        -name '*-' -path "$root/etc/*" -prune -o -path "$root/run" -prune -o -printf '%P\n' | LC_ALL=C sort
}
inventory >"$WORK/before"

step "install"
expect 0 inside sh -c 'apt-get install -y -qq --no-install-recommends /packages/*.deb'
expect 0 inside passerelled version
expect 0 inside passerelle version
same "owner and mode of the data folder" "passerelle passerelle 700" \
    "$(inside stat -c '%U %G %a' /var/lib/passerelle)"
expect 0 inside passerelle-witness version
same "owner and mode of the witness's folder" "passerelle-witness passerelle-witness 700" \
    "$(inside stat -c '%U %G %a' /var/lib/passerelle-witness)"
expect 0 inside sh -c 'ls /usr/share/bash-completion/completions/passerelled \
    /usr/share/bash-completion/completions/passerelle-witness /usr/share/bash-completion/completions/passerelle'
expect 0 inside sh -c 'ls /usr/share/man/man8/passerelled.8.gz /usr/share/man/man8/passerelle-witness.8.gz /usr/share/man/man5/passerelled.conf.5.gz \
    /usr/share/man/man1/passerelle.1.gz /usr/share/man/man3/libpasserelle.3.gz'

if [ $code -eq 0 ]; then
    step "the page is what was built"
    expect 0 diff -r "$WORK/web" "$root/usr/share/passerelle-web"
fi

step "set up and run, as the unit says"
port=$(free_port)
printf '%s\n' "url = http://127.0.0.1:$port" "data = /var/lib/passerelle" "listen = 127.0.0.1:$port" \
    "backup = /var/backups/passerelle" "recipient = new" >"$root/answers"
expect 0 inside passerelled setup --answers /answers --json
rm "$root/answers"
FOUNDER=$(jq -re .founder_link "$OUT")
jq -re .identity "$OUT" >"$root/key.age"
same "tested from the outside" true "$(jq .reached "$OUT")"
same "who owns the data" passerelle "$(inside find /var/lib/passerelle -printf '%u\n' | sort -u)"
# serve UNIT PORT: what the unit starts, as its user.
serve() {
    local command user
    command=$(sed -n 's/^ExecStart=//p' "$WORK/$1.service")
    user=$(sed -n 's/^User=//p' "$WORK/$1.service")
    # shellcheck disable=SC2086
    background "${clean[@]}" setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs $command \
        >>"$WORK/$1.log" 2>&1
    server_pid[$1]=$PID
    until_true 30 curl -fsS "http://127.0.0.1:$2/readyz"
}
serve passerelled "$port"
# A device of the package, at work.
device() { inside env PASSERELLE_HOME=/device PASSERELLE_PASSPHRASE_FILE=/words passerelle --lang en "$@"; }
echo 'tilleul marteau brume orchidee' >"$root/words"
expect 0 device init --name Claire --kdf light
expect 0 device space create Equipe --level team --server "$FOUNDER"
expect 0 device new site nom="Les Saules"
expect 0 device sync
expect 0 inside passerelled check --data /var/lib/passerelle --deep
same "who owns the data after root looked" passerelle "$(inside find /var/lib/passerelle -printf '%u\n' | sort -u)"

step "a witness beside it"
witness_port=$(free_port)
expect 0 inside passerelle-witness init --data /var/lib/passerelle-witness --name witness.example.org
read -r _ name key <"$OUT"
same "who owns its key" passerelle-witness "$(inside stat -c %U /var/lib/passerelle-witness/server.key)"
expect 0 inside passerelled log-key --data /var/lib/passerelle
{ echo "listen 127.0.0.1:$witness_port"; cat "$OUT"; } >>"$root/etc/passerelle-witness.conf"
serve passerelle-witness "$witness_port"
printf '%s\n' "witness $name $key http://127.0.0.1:$witness_port" "interval 1" >"$root/var/lib/passerelle/witnesses"
inside chown passerelle: /var/lib/passerelle/witnesses
server_stop passerelled
serve passerelled "$port"
expect 0 device witness set "$name=$key"
expect 0 device sync
until_true 30 bash -c 'compgen -G "$1/var/lib/passerelle-witness/seen-*"' - "$root"
# A device that brings nothing asks once a day whether its newest checkpoint was confirmed.
confirmed() { device sync --now "$(date -u -d '+1500 min' +%FT%TZ)" && device witness list --json | jq -e '.[0].confirmed_at'; }
until_true 30 confirmed

step "the nightly backup, by root for the server's user"
expect 0 inside passerelle-backup
same "files" 2 "$(find "$root/var/backups/passerelle" -name '*.tar.age' | wc -l)"
expect 0 inside passerelle-backup --open /key.age /opened
expect 0 inside install -d -o passerelle -g passerelle -m 0700 /restored
expect 0 inside passerelled restore --data /restored --from /opened/log --keys-from /opened/keys
expect 0 inside passerelled check --data /restored --deep
same "who owns what was restored" passerelle "$(inside find /restored -printf '%u\n' | sort -u)"
same "who owns the data after a backup" passerelle "$(inside find /var/lib/passerelle -printf '%u\n' | sort -u)"
rm -rf "$root"/{opened,restored,key.age}

step "upgrade"
for package in "${packages[@]}"; do
    name=$(basename "$package")
    expect 0 dpkg-deb -R "$package" "$WORK/newer"
    version=$(dpkg-deb -f "$package" Version)
    sed -i "s/$version/$version+1/g" "$WORK/newer/DEBIAN/control"
    expect 0 dpkg-deb -b "$WORK/newer" "$root/packages/newer-$name"
    rm -rf "$WORK/newer"
done
files() { sha256sum "$root"/etc/passerelle/* "$root/etc/passerelle-witness.conf" "$root"/var/lib/passerelle*/server.key; }
before=$(files)
expect 0 inside sh -c 'dpkg -i /packages/newer-*.deb'
same "configuration and keys" "$before" "$(files)"
server_stop passerelled
serve passerelled "$port"
expect 0 device new site nom="Les Acacias"
expect 0 device sync --json
same "unsent" 0 "$(jq '[.spaces[].unsent] | add' "$OUT")"
server_stop passerelled
server_stop passerelle-witness

step "a program of the library's users"
expect 0 inside sh -c 'test -f /usr/share/doc/libpasserelle-dev/examples/carnet.c'

step "removal keeps the data, purge takes everything but what was asked to keep"
names=$(inside dpkg-query -W -f '${Package}\n' | grep passerelle | paste -sd' ')
expect 0 inside sh -c "dpkg -r $names"
expect 0 test -f "$root/var/lib/passerelle/log.db"
touch "$root"/var/lib/{passerelle,passerelle-witness}/keep
expect 0 inside sh -c "dpkg -P $names"
expect 0 test -f "$root/var/lib/passerelle/server.key" -a -f "$root/var/lib/passerelle-witness/server.key"
expect 1 test -e "$root/etc/passerelle"
rm "$root"/var/lib/{passerelle,passerelle-witness}/keep
expect 0 inside sh -c 'dpkg -i /packages/newer-*.deb'
expect 0 inside sh -c "dpkg -P $names"
# Backups are the administrator's.
rm -rf "$root/device" "$root/words" "$root/var/backups/passerelle"
inventory >"$WORK/after"
same "what is left" "" "$(diff "$WORK/before" "$WORK/after" || true)"
same "the user" "" "$(grep passerelle "$root/etc/passwd" "$root/etc/group" || true)"
