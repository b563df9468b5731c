#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: a server that shows two histories is found out although its victims never meet. Two
# witnesses cosign what continues what they saw, and nothing else; the server asks them in the
# background; devices see who confirmed and when, say amber after 7 days of silence and red after
# 30, and are never kept from working. A stranger verifies a cosignature from the C2SP text.
# ctest: timeout=600
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

witness=$PASSERELLE_BIN_DIR/passerelle-witness
declare -A port pid
level() { expect 0 on "$1" status --json --now "${2:-$(date -u +%Y-%m-%dT%H:%M:%SZ)}"; jq -r '.spaces[0].witness' "$OUT"; }
later() { date -u -d "$1" +%Y-%m-%dT%H:%M:%SZ; }
confirmed() { expect 0 on "$1" sync; expect 0 on "$1" witness list --json; jq -e "[.[] | select(.confirmed_at != null)] | length == $2" "$OUT"; }
ask() { curl -sS -o "$OUT" -w '%{http_code}' --data-binary "@$2" "http://127.0.0.1:${port[$1]}/add-checkpoint"; }

start_witness() {
    background "$witness" serve --data "$WORK/$1" --listen "127.0.0.1:${port[$1]}" >>"$WORK/$1.log" 2>&1
    pid[$1]=$PID
    until_true 30 curl -fsS "http://127.0.0.1:${port[$1]}/readyz"
}

step "two witnesses, a server that knows them, a space that names them"
server_init
expect 0 "$PASSERELLE_BIN_DIR/passerelled" log-key --data "$WORK/server"
logline=$(cat "$OUT")
for w in w1 w2; do
    port[$w]=$(free_port)
    expect 0 "$witness" init --data "$WORK/$w" --name "$w.example"
    read -r _ name key <"$OUT"
    echo "$logline" >"$WORK/$w/logs"
    echo "witness $name $key http://127.0.0.1:${port[$w]}" >>"$WORK/server/witnesses"
    eval "key_$w=$key"
    start_witness $w
done
expect 1 "$witness" init --data "$WORK/w1" --name other
echo "interval 1" >>"$WORK/server/witnesses"
server_start
device claire nadia
expect 0 on claire space create Equipe --level team --server "$FOUNDER"
enrol claire Equipe nadia
same "without a list" null "$(level claire)"
expect 1 on nadia witness set "w1.example=$key_w1"
expect 1 on claire witness set "w1.example"
expect 0 on claire witness set "w1.example=$key_w1" "w2.example=$key_w2" --quorum 2
synced claire nadia
same "not heard of yet" fresh "$(level claire)"

step "their word reaches the devices: at once where a device brings news, else when it asks"
sleep 2
create claire site nom="Les Saules"
synced claire
expect 0 on nadia sync --now "$(later +1500min)"
sleep 3
expect 0 on nadia sync --now "$(later +3100min)"
expect 0 on nadia witness list --json
same "who confirmed" 2 "$(jq '[.[] | select(.confirmed_at != null)] | length' "$OUT")"
expect 0 on claire sync --now "$(later +1500min)"
expect 0 on claire witness list --json
same "who confirmed, says claire" 2 "$(jq '[.[] | select(.confirmed_at != null)] | length' "$OUT")"

step "silence: amber after 7 days, red after 30; work goes on"
kill "${pid[w2]}"
same "after 5 days" fresh "$(level claire "$(later '+5 days')")"
same "after 8 days" amber "$(level claire "$(later '+8 days')")"
same "after 31 days" red "$(level claire "$(later '+31 days')")"
expect 0 on claire status --lang en --now "$(later '+31 days')"
has "$ERR" "ALERT"
expect 0 on claire new site nom="Les Ormes" --now "$(later '+31 days')"
expect 0 on claire sync
synced claire nadia

step "a witness refuses what does not continue what it saw"
expect 0 on claire audit checkpoint
cp "$OUT" "$WORK/note"
size=$(sed -n 2p "$WORK/note")
printf 'old 0\n\n' | cat - "$WORK/note" >"$WORK/ask"
sleep 2
same "it knows a size" 409 "$(ask w1 "$WORK/ask")"
same "which" "$size" "$(cat "$OUT")"
printf 'old %s\n\n' "$size" | cat - "$WORK/note" >"$WORK/ask"
same "the same again" 200 "$(ask w1 "$WORK/ask")"
cp "$OUT" "$WORK/cosig"
printf 'old %s\n\n' $((size + 1)) | cat - "$WORK/note" >"$WORK/ask"
same "an old size beyond" 400 "$(ask w1 "$WORK/ask")"
sed "2s/.*/$((size + 1))/" "$WORK/note" >"$WORK/forged"
printf 'old %s\n\n' "$size" | cat - "$WORK/forged" >"$WORK/ask"
same "an altered note" 403 "$(ask w1 "$WORK/ask")"
sed "1s/.*/unknown.example\/aaaaaaaaaaaaaaaaaaaaaaaaaa/" "$WORK/note" >"$WORK/other"
printf 'old 0\n\n' | cat - "$WORK/other" >"$WORK/ask"
same "a log it does not know" 404 "$(ask w1 "$WORK/ask")"
echo nonsense >"$WORK/ask"
same "nonsense" 400 "$(ask w1 "$WORK/ask")"

step "a stranger verifies the cosignature from the C2SP text"
cat >"$WORK/cosig.mjs" <<'J'
import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
const [, , notePath, cosigPath, name, keyBase64] = process.argv;
const text = readFileSync(notePath, "utf8").split("\n\n")[0] + "\n";
const [dash, who, base64] = readFileSync(cosigPath, "utf8").trim().split(" ");
const key = Buffer.from(keyBase64, "base64"), sig = Buffer.from(base64, "base64");
const hash = createHash("sha256").update(name + "\n").update(Buffer.from([4])).update(key).digest();
const seconds = sig.readBigUInt64BE(4);
const message = `cosignature/v1\ntime ${seconds}\n${text}`;
const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), key]);
const ok = dash === "\u2014" && who === name && hash.subarray(0, 4).equals(sig.subarray(0, 4)) &&
    sig.length === 76 && Math.abs(Number(seconds) - Date.now() / 1000) < 600 &&
    verify(null, Buffer.from(message), createPublicKey({ key: spki, format: "der", type: "spki" }), sig.subarray(12));
process.exit(ok ? 0 : 1);
J
if command -v node >/dev/null; then
    expect 0 node "$WORK/cosig.mjs" "$WORK/note" "$WORK/cosig" w1.example "$key_w1"
    expect 1 node "$WORK/cosig.mjs" "$WORK/note" "$WORK/cosig" w1.example "$key_w2"
fi

step "the server is rolled back: the witness says so by cosigning nothing any more"
server_stop
cp -r "$WORK/server" "$WORK/old"
server_start
create claire site nom="Les Charmes"
synced claire
sleep 3
grown=$(cat "$WORK"/w1/seen-* | sed -n 2p | cut -d' ' -f1)
[ "$grown" -gt "$size" ] || fail "the witness has not seen the new entries"
server_stop
mv "$WORK/server" "$WORK/new" && mv "$WORK/old" "$WORK/server"
server_start
sleep 3
same "what the witness holds" "$grown" "$(cat "$WORK"/w1/seen-* | sed -n 2p | cut -d' ' -f1)"
has "$WORK/server.log" witness_failed
expect 4 on claire sync
