# SPDX-License-Identifier: Apache-2.0
#
# Read by tests that need a clean Debian 12 of their own, after tests/lib/test.sh. Needs root, debootstrap and a mirror;
# ROOT_TAR=FILE takes the clean root from a tar file that an earlier run wrote there.
#
#   clean_root FOLDER            makes it, with this machine's sources of packages
#   clean_root_command FOLDER    sets the array `clean` to what runs a command in it, with /proc and with this tree and
#                                $BUILD_DIR under their own names; all of this goes away with the command
#   inside COMMAND...            runs it there
clean_root() {
    local root=$1 mirror
    mkdir -p "$root"
    if [ -f "${ROOT_TAR:-}" ]; then
        tar -C "$root" -xpf "$ROOT_TAR"
    else
        mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
            awk '$1 == "bookworm" { print $2; exit }')
        [ -n "$mirror" ] || skip "apt knows no mirror of bookworm"
        expect 0 debootstrap --variant=minbase bookworm "$root" "$mirror"
        rm -rf "$root/etc/apt/apt.conf.d" "$root"/etc/apt/sources.list*
        cp -r /etc/apt/apt.conf.d /etc/apt/sources.list* "$root/etc/apt/"
        [ -z "${ROOT_TAR:-}" ] || tar -C "$root" -cpf "$ROOT_TAR" .
    fi
    cp -L /etc/resolv.conf "$root/etc/resolv.conf"
    clean_root_command "$root"
}

clean_root_command() {
    # shellcheck disable=SC2016
    clean=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/ LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
        unshare -m bash -c 'root=$0; mount -t proc proc "$root/proc" || exit
            while [ "$1" != -- ]; do [ ! -d "$root$1" ] || mount --bind "$1" "$root$1" || exit; shift; done
            shift; exec chroot "$root" "$@"' "$1" "$SOURCE_DIR" "$BUILD_DIR" --)
}

inside() { "${clean[@]}" "$@"; }
