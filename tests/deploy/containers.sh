#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: released
#
# Goal: the container files are as far right as can be seen without a container engine: both parse, what they copy
# exists, the build installs what the build needs, the image has every library that the program loads, nobody runs as
# root, and the proxy sends the page with the policy that the page names.
. "${SOURCE_DIR:?}/tests/lib/test.sh"
. "$SOURCE_DIR/tests/lib/install.sh"
cd "$SOURCE_DIR"

step "compose.yml"
# YAML of this shape is read by what is there: Python's parser, else the eye of a reader.
if python3 -c 'import yaml' 2>/dev/null; then
    python3 -c 'import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)' deploy/compose.yml >"$OUT"
    same "services" '["database","proxy","server","witness"]' "$(jq -c '.services | keys' "$OUT")"
    for name in server witness; do
        same "the Dockerfile" deploy/Dockerfile "$(jq -r ".services.$name.build.dockerfile" "$OUT")"
        target=$(jq -r ".services.$name.build.target" "$OUT")
        grep -q "^FROM base AS $target\$" deploy/Dockerfile || fail "the Dockerfile has no target $target"
        same "privileges of $name" '["ALL"] true' "$(jq -r ".services.$name | \"\\(.cap_drop) \\(.read_only)\"" "$OUT")"
    done
    for volume in $(jq -r '.services[].volumes[] | split(":")[0]' "$OUT" | grep -v '^\.' | sort -u); do
        jq -e --arg v "$volume" '.volumes | has($v)' "$OUT" >/dev/null || fail "no volume $volume"
    done
    # What is mounted where is what images and commands name.
    for place in $(jq -r '.services | (.server, .witness).volumes[] | split(":")[1]' "$OUT" | grep -v postgresql); do
        has deploy/Dockerfile "\"$place\""
    done
    jq -r '.services.database.volumes[]' "$OUT" | grep -q "^$(jq -r '.services.server.volumes[]' "$OUT" |
        sed -n 's/:.*postgresql$//p'):" || fail "server and database share no socket"
fi

step "Dockerfile"
# Lines joined, comments gone.
sed -e '/^#/d' -e ':a' -e '/\\$/N; s/\\\n//; ta' deploy/Dockerfile | grep . >"$WORK/lines"
same "unknown instructions" "" \
    "$(grep -vE '^(FROM|RUN|COPY|USER|VOLUME|ENTRYPOINT|CMD|STOPSIGNAL|HEALTHCHECK|EXPOSE) ' "$WORK/lines" || true)"
for source in $(grep '^COPY ' "$WORK/lines" | grep -v -- --from | awk '{ print $2 }'); do
    [ -e "$source" ] || fail "COPY $source: there is no such thing"
done
build=$(sed -n '/^FROM.*AS build/,/^FROM/p' "$WORK/lines")
for package in "${needs_build[@]}"; do
    [ "$package" = git ] || grep -qw -- "$package" <<<"$build" || fail "the build lacks $package"
done
image=$(awk '/^FROM/ { n++ } n == 2' "$WORK/lines")
grep -q '^USER passerelle$' <<<"$image" || fail "the programs would run as root"
for library in $(objdump -p "$PASSERELLE_BIN_DIR"/passerelled "$PASSERELLE_BIN_DIR"/passerelle-witness | awk '/NEEDED/ { print $2 }' |
    sed -nE 's/^lib(msgpackc|sodium|uv|sqlite3|curl|qrencode|pq|zstd)\.so.*/\1/p'); do
    grep -q "lib$library" <<<"$image" || fail "the image lacks lib$library"
done

step "the page's policy is the same in its head and in the proxy's"
policy=$(sed -n '/^export const policy/,/^]/p' client/web/build | grep -oE '"[^"]+"' | grep -v '"; "' | tr -d '"' |
    paste -sd';' | sed 's/;/; /g')
has deploy/Caddyfile "$policy; frame-ancestors 'none'"
