#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: little goes over the air. Bytes of bodies, both ways, counted by a proxy in front of
# the server: an empty sync with one space stays under 400, each further space adds less than
# 60; 100 field edits on 20 existing dossiers (values of 24 bytes on average, from words that
# did not train the compression dictionary) cost less than 40 bytes of request body each.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

# A server whose address is the proxy's.
server_init
proxy_port=${server_port[server]}
server_port[server]=$(free_port)
server_start
background python3 "$SOURCE_DIR/tests/e2e/proxy.py" "$proxy_port" "${server_port[server]}" \
    "$WORK/bodies"
until_true 10 curl -fsS "http://127.0.0.1:$proxy_port/healthz"

# The request and answer bytes of the one sync that DEVICE makes now.
measure() {
    rm -f "$WORK/bodies"
    synced "$1"
    same "requests of one sync" 1 "$(grep -c 'POST /v1/sync' "$WORK/bodies")"
    read -r _ _ sent received _ <<<"$(grep 'POST /v1/sync' "$WORK/bodies")"
}

step "an empty sync"
device claire nadia
expect 0 on claire space create "Equipe 1" --level team --server "$FOUNDER"
enrol claire "Equipe 1" nadia
synced claire nadia
measure nadia
echo "   nadia, one space: $sent + $received bytes"
[ $((sent + received)) -lt 400 ] || fail "an empty sync takes $((sent + received)) bytes"
synced claire
measure claire
one=$((sent + received))
echo "   one space: $sent + $received = $one bytes"
[ $one -lt 400 ] || fail "an empty sync takes $one bytes"

step "further spaces"
for n in 2 3 4 5 6 7 8; do
    printf 'space create "Equipe %s" --level team\n' $n
done >"$WORK/spaces"
run claire "$WORK/spaces"
synced claire
synced claire
measure claire
eight=$((sent + received))
echo "   eight spaces: $sent + $received = $eight bytes, $(((eight - one + 6) / 7)) for each further one"
[ $((eight - one)) -lt $((7 * 60)) ] || fail "each further space takes $(((eight - one) / 7)) bytes"

step "100 field edits on 20 existing dossiers"
for n in $(seq 20); do
    printf 'new site nom="Terrain %s" --space "Equipe 1"\n' "$n"
done >"$WORK/sites"
run claire "$WORK/sites"
mapfile -t sites < <(jq -re .id "$OUT")
synced claire nadia nadia
python3 "$SOURCE_DIR/tests/e2e/field_values.py" 100 "$SOURCE_DIR/tests/tools/dictionary_words.txt" \
    >"$WORK/values"
same "values" 100 "$(wc -l <"$WORK/values")"
i=0
while IFS= read -r value; do
    fields=(nom commune acces texte acces)
    printf 'set %s %s="%s"\n' "${sites[i % 20]}" "${fields[i / 20]}" "$value"
    i=$((i + 1))
done <"$WORK/values" >"$WORK/edits"
run nadia "$WORK/edits"
same "changes" '{"n":100}' "$(query nadia "SELECT count(*) AS n FROM history WHERE pending")"
measure nadia
echo "   $sent bytes of request for 100 changes, $received of answer"
[ "$sent" -lt 4000 ] || fail "$sent bytes of request body for 100 changes"
synced claire
same "the last value at a colleague" "$(tail -n 1 "$WORK/values")" \
    "$(query claire "SELECT acces FROM site WHERE id = '${sites[19]}'" | jq -r .acces)"
