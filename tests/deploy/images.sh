#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: released long no-valgrind no-tsan timeout=3600
#
# Goal: the Dockerfile builds, and its images do their work: setup, serving, a witness. There is no container engine on
# the machines that run tests, so buildah carries out its instructions in a chroot, on a Debian made with debootstrap that
# takes the name of the base image. What compose.yml adds (networks, volumes, Caddy's and PostgreSQL's images) is only read,
# by containers.sh. Needs root and a Debian mirror (tests/lib/root.sh).
. "${SOURCE_DIR:?}/tests/lib/test.sh"
. "$SOURCE_DIR/tests/lib/install.sh"
. "$SOURCE_DIR/tests/lib/root.sh"
[ "$(id -u)" -eq 0 ] || skip "needs root"
install_missing debootstrap buildah || skip "no packages to be had"
export BUILDAH_ISOLATION=chroot
engine() { buildah --root "$WORK/images" --runroot "$WORK/run" --storage-driver vfs "$@"; }

step "the base image"
clean_root "$WORK/root"
base=$(engine from scratch)
expect 0 engine add -q "$base" "$WORK/root" /
expect 0 engine commit -q --rm "$base" docker.io/library/debian:bookworm-slim
rm -rf "$WORK/root"

step "the Dockerfile"
# buildah reads no Dockerfile.dockerignore by itself.
for target in server witness; do
    expect 0 engine build -q --layers --pull-never -f "$SOURCE_DIR/deploy/Dockerfile" \
        --ignorefile "$SOURCE_DIR/deploy/Dockerfile.dockerignore" --target $target -t $target "$SOURCE_DIR"
done

# container NAME IMAGE; within NAME COMMAND...: as the image says, as its user
container() { expect 0 engine from --pull-never --name "$1" "$2"; }
within() {
    local name=$1
    shift
    engine run --user passerelle "$name" -- "$@"
}
container server server
container witness witness
same "who serves" passerelle "$(engine inspect --type image --format '{{.OCIv1.Config.User}}' server)"
same "what is started" '["/usr/bin/passerelled"] ["serve","--config","/etc/passerelle/passerelled.conf"]' \
    "$(engine inspect --type image server | jq -c '.OCIv1.config | .Entrypoint, .Cmd' | paste -sd' ')"

step "setup, and a server"
port=$(free_port)
printf '%s\n' "url = http://127.0.0.1:$port" "listen = 127.0.0.1:$port" 'recipient = none' \
    >"$(engine mount server)/tmp/answers"
expect 0 within server /usr/bin/passerelled setup --answers /tmp/answers --json
FOUNDER=$(jq -re .founder_link "$OUT")
same "reached" true "$(jq .reached "$OUT")"
same "whose data" passerelle "$(within server stat -c %U /var/lib/passerelle/server.key)"
background within server /usr/bin/passerelled serve --config /etc/passerelle/passerelled.conf >"$WORK/server.log" 2>&1
until_true 60 curl -fsS "http://127.0.0.1:$port/readyz"

step "a witness"
witness_port=$(free_port)
expect 0 within witness /usr/bin/passerelle-witness init --data /var/lib/passerelle --name witness.example.org
same "its line" "witness witness.example.org" "$(cut -d' ' -f1,2 "$OUT")"
expect 0 within server /usr/bin/passerelled log-key --data /var/lib/passerelle
# In a volume of the container, as compose.yml says it.
within witness tee /var/lib/passerelle/logs <"$OUT" >/dev/null
background within witness /usr/bin/passerelle-witness serve --data /var/lib/passerelle \
    --listen "0.0.0.0:$witness_port" >"$WORK/witness.log" 2>&1
until_true 60 curl -fsS "http://127.0.0.1:$witness_port/readyz"

step "a device at work"
expect 0 on claire init --name Claire --kdf light
expect 0 on claire space create Equipe --level team --server "$FOUNDER"
expect 0 on claire new site nom="Les Saules" --sync
expect 0 within server /usr/bin/passerelled check --data /var/lib/passerelle --deep
