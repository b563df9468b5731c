#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: released long no-valgrind no-tsan timeout=3600
#
# Goal: the first hour on a machine that boots. A clean Debian 12 with systemd, Caddy and the packages starts in qemu;
# inside, setup answers, the services run as shut in as their units say, a device works through the TLS proxy, the nightly
# backup and a witness do their work, a restart loses nothing, and a second boot brings everything back by itself.
# Needs root and a Debian mirror (tests/lib/root.sh). The machine is emulated throughout: half an hour's patience.
. "${SOURCE_DIR:?}/tests/lib/test.sh"
. "$SOURCE_DIR/tests/lib/install.sh"
. "$SOURCE_DIR/tests/lib/root.sh"
[ "$(id -u)" -eq 0 ] || skip "needs root"
[ "$(uname -m)" = x86_64 ] || skip "written for x86_64"
install_missing debootstrap qemu-system-x86 e2fsprogs || skip "no packages to be had"
root=$WORK/root

step "the packages, in a Debian that boots"
expect 0 "$SOURCE_DIR/deploy/package" "$WORK/packages"
clean_root "$root"
expect 0 inside apt-get update -qq
expect 0 inside apt-get install -y -qq --no-install-recommends systemd-sysv udev linux-image-cloud-amd64 \
    initramfs-tools caddy age curl ca-certificates jq
mkdir "$root/packages"
cp "$WORK"/packages/{passerelled,passerelle,passerelle-witness}_*.deb "$root/packages/"
expect 0 inside sh -c 'apt-get install -y -qq --no-install-recommends /packages/*.deb'
rm -rf "$root/packages" "$root/var/cache/apt"
echo '/dev/vda / ext4 defaults 0 1' >"$root/etc/fstab"
echo '127.0.0.1 localhost' >"$root/etc/hosts"

# What the machine does at each boot; its lines leave through the serial port.
cat >"$root/usr/local/sbin/at-boot" <<'END'
#!/bin/bash
exec >/dev/ttyS0 2>&1
set -euo pipefail
# The last word is what the outside waits for.
trap 'code=$?; [ $code -eq 0 ] || { journalctl -b --no-pager -n 60; systemctl --failed --no-pager; }
      echo "BOOT ENDS WITH $code"; sync; systemctl poweroff --force' EXIT
ok() { echo "   ok: $*"; }
is() { [ "$2" = "$3" ] || { echo "$1: $3 instead of $2"; exit 1; }; ok "$1: $3"; }
export PASSERELLE_HOME=/srv/claire PASSERELLE_PASSPHRASE_FILE=/srv/words HOME=/srv LC_ALL=C.UTF-8
units=(passerelled.service passerelle-witness.service)
if [ ! -e /srv/words ]; then
    echo 'tilleul marteau brume orchidee' >/srv/words
    for unit in "${units[@]}"; do
        is "$unit before setup" inactive "$(systemctl is-active $unit || true)"
    done
    printf '%s\n' 'url = https://localhost' 'recipient = new' >/srv/answers
    passerelled setup --answers /srv/answers --json >/srv/made
    is "tested from the outside, without a proxy" false "$(jq .reached /srv/made)"
    is "the service" "active enabled" "$(echo $(systemctl is-active passerelled) $(systemctl is-enabled passerelled))"
    is "the nightly backup" "active enabled" \
        "$(echo $(systemctl is-active passerelle-backup.timer) $(systemctl is-enabled passerelle-backup.timer))"
    cp /etc/passerelle/Caddyfile /etc/caddy/Caddyfile
    systemctl reload caddy
    # A name of the wide world would get its certificate there.
    authority=/var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt
    for _ in $(seq 60); do [ ! -e $authority ] || break; sleep 0.5; done
    cp $authority /usr/local/share/ca-certificates/caddy.crt
    update-ca-certificates >/dev/null 2>&1
    passerelled setup --test
    ok "tested from the outside, through the proxy"
    passerelle init --name Claire
    passerelle space create Equipe --level team --server "$(jq -r .founder_link /srv/made)"
    passerelle-witness init --data /var/lib/passerelle-witness --name witness.example.org >/srv/witness
    passerelled log-key --data /var/lib/passerelle >>/etc/passerelle-witness.conf
    systemctl start passerelle-witness
    read -r _ name key </srv/witness
    printf '%s\n' "witness $name $key http://127.0.0.1:8788" 'interval 1' >/var/lib/passerelle/witnesses
    chown passerelle: /var/lib/passerelle/witnesses
    systemctl restart passerelled
    passerelle witness set "$name=$key" --sync
    is "security of the units" "" "$(for unit in passerelled passerelle-backup passerelle-witness; do
        systemd-analyze security --no-pager --threshold=15 $unit.service >/dev/null || echo $unit; done)"
fi
for unit in "${units[@]}"; do
    is "$unit" active "$(systemctl is-active $unit)"
    pid=$(systemctl show -P MainPID $unit)
    is "its user" "$(systemctl show -P User $unit)" "$(stat -c %U /proc/$pid)"
    is "capabilities, no new privileges, system calls filtered" "0000000000000000 1 2" \
        "$(awk '$1 ~ /^(CapEff|NoNewPrivs|Seccomp):$/ { print $2 }' /proc/$pid/status | paste -sd' ')"
done
passerelle new site nom="Les Saules" --sync
is "unsent" 0 "$(passerelle status --json | jq '[.spaces[].unsent] | add')"
systemctl start passerelle-backup.service
is "backups" 2 "$(find /var/backups/passerelle -newer /proc/1 -name '*.tar.age' | wc -l)"
for _ in $(seq 30); do
    passerelle sync --now "$(date -u -d '+1500 min' +%FT%TZ)"
    [ "$(passerelle witness list --json | jq '.[0].confirmed_at')" = null ] || break
    sleep 1
done
is "the witness confirms" true "$(passerelle witness list --json | jq '.[0].confirmed_at != null')"
systemctl restart passerelled
passerelle new site nom="Les Acacias" --sync
passerelled check --data /var/lib/passerelle --deep
is "failed units" "" "$(systemctl --failed --plain --no-legend | grep passerelle || true)"
END
chmod 755 "$root/usr/local/sbin/at-boot"
cat >"$root/etc/systemd/system/at-boot.service" <<'END'
[Unit]
After=multi-user.target caddy.service passerelled.service passerelle-witness.service
[Service]
ExecStart=/usr/local/sbin/at-boot
[Install]
WantedBy=multi-user.target
END
expect 0 inside systemctl enable at-boot.service

step "a disk of it"
kernel=$(find "$root/boot" -name 'vmlinuz-*') initrd=$(find "$root/boot" -name 'initrd.img-*')
cp "$kernel" "$WORK/vmlinuz"
cp "$initrd" "$WORK/initrd"
expect 0 mke2fs -q -t ext4 -d "$root" "$WORK/disk" 3G
rm -rf "$root"

# boot: one life of the machine, to its last word.
boot() {
    expect 0 timeout 1500 qemu-system-x86_64 -machine accel=tcg -cpu max -m 1024 -smp 2 -display none -no-reboot -nic none \
        -serial "file:$WORK/serial.log" -kernel "$WORK/vmlinuz" -initrd "$WORK/initrd" \
        -drive "file=$WORK/disk,if=virtio,format=raw,cache=unsafe" \
        -append 'root=/dev/vda rw console=ttyS0 quiet systemd.show_status=no'
    sed -n 's/\r$//; /^   ok: /p' "$WORK/serial.log"
    has "$WORK/serial.log" "BOOT ENDS WITH 0"
}
step "the first hour"
boot
step "the next morning"
boot
