#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal (US-13, second half): a person asks to be forgotten. "mentions" finds her name in other records; "erase" is
# noted without a network; at the next sync the server has none of her bytes left, and each
# device none after its own: no sealed body, no slot, no readable word, in no file. Work that
# colleagues wrote to her file meanwhile is kept out or purged, and they are told why. The
# history still verifies, for those who were there and for those who come later, and the year's
# figures are what they were.
# ctest: timeout=600
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

marker=$(head -c 512 /dev/urandom | LC_ALL=C tr -dc 'a-z0-9' | head -c 32)

# Prints index and box of the bodies that are about the dossier with the code $1, from what
# claire has: in the order of the log's lines, since each box of a leaf has lines of its own.
bodies_of() {
    expect 0 on claire audit log --json
    python3 - "$OUT" "$WORK/server/log.db" "$1" <<'P'
import json, sqlite3, sys
lines = [e for e in json.load(open(sys.argv[1])) if e["kind"] == "data"]
db = sqlite3.connect(f"file:{sys.argv[2]}?mode=ro", uri=True)
for index in sorted({e["index"] for e in lines}):
    codes = []
    for e in lines:
        if e["index"] == index and (not codes or codes[-1] != e["code"]):
            codes.append(e["code"])
    for box, code in enumerate(codes):
        body = db.execute("SELECT body FROM bodies WHERE idx = ? AND box = ?", (index, box)).fetchone()
        if code == sys.argv[3] and body and body[0] and len(body[0]) > 64:
            print(body[0].hex())
P
}

# Prints "FOLDER N": in how many of the folders' files pieces of the bodies of the file $1 stand.
holding() {
    local bodies=$1
    shift
    python3 - "$bodies" "$WORK" "$@" <<'P'
import pathlib, sys
bodies = [bytes.fromhex(line) for line in open(sys.argv[1]).read().split()]
pieces = [b[at:at + 32] for b in bodies for at in (0, len(b) // 2, len(b) - 32)]
for folder in sys.argv[3:]:
    n = 0
    for path in pathlib.Path(sys.argv[2], folder).rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            n += sum(piece in data for piece in pieces)
    print(folder, n)
P
}

nothing_in() { # BODIES FOLDER...
    local folder n
    holding "$@" >"$WORK/holding"
    while read -r folder n; do
        [ "$n" -eq 0 ] || { echo "$n pieces in $folder"; return 1; }
    done <"$WORK/holding"
}

slots() {
    python3 -c 'import sqlite3, sys
for row, in sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True).execute("SELECT DISTINCT hex(row) FROM slots ORDER BY 1"):
    print(row)' "$WORK/server/keys.db"
}

step "a person with a history, on all devices"
team claire nadia karim
create claire site nom="Les Saules"
site=$ID
create claire personne prenom="Zlatomira $marker" site="$site"
person=$ID
expect 0 on claire show "$person" --json
code=$(field .code)
synced claire nadia
create nadia contact personne="$person" date=2025-03-04 texte="rencontre $marker"
contact=$ID
create nadia personne prenom=Mircea site="$site"
synced nadia claire karim
expect 0 on karim set "$person" telephone="06 11 22 33 44"
expect 0 on karim set "$site" texte="La famille de ZLATOMIRA $marker passe le mardi"
expect 0 on karim set "$person" texte="notes $marker"
synced karim claire nadia
slots >"$WORK/slots.before"

step "where else she is named"
expect 0 on claire mentions "zlatómira" --json
same "kinds that name her" "personne site" "$(jq -r '[.[].kind] | unique | join(" ")' "$OUT")"
expect 0 on claire mentions "zlatomira $marker" --json
same "the note of the site" "$site" "$(jq -r '.[] | select(.kind == "site") | .record' "$OUT")"
expect 0 on claire set "$site" texte="Une famille passe le mardi"
expect 0 on claire mentions "ZLATOMIRA" --json
same "what was replaced is still found, as such" false \
    "$(jq -r '.[] | select(.kind == "site") | (.live == true or .live == 1)' "$OUT")"
expect 0 on claire mentions "personne de ce nom" --json
same "mentions of nobody" 0 "$(jq length "$OUT")"
synced claire nadia karim

step "who may, of what, and why"
expect 1 on nadia erase "$person" --reason request
expect 2 on claire erase "$person"
expect 1 on claire erase "$person" --reason caprice
expect 1 on claire erase "$contact" --reason demande --lang en
has "$ERR" "only a part of the file $code"
expect 1 on claire erase nobody --reason demande

step "the request, its ground and the decision are on record, by the file's code"
create claire demande_droit code_dossier="$code" type=effacement recue_le=2025-03-10 fondement=retrait etat=recue
request=$ID
expect 0 on claire set "$request" decision="Retrait du consentement : rien n'oblige à garder." decidee_le=2025-03-12 \
    etat=acceptee mentions=oui
synced claire nadia karim

figures() { on "$1" report P1 --year 2025 --json | jq -S .; }
before=$(figures claire)
same "the year's figures at nadia" "$before" "$(figures nadia)"

step "no network: the erasure is noted, colleagues go on writing to the same file"
server_stop
bodies_of "$code" >"$WORK/bodies"
[ "$(wc -l <"$WORK/bodies")" -ge 3 ] || fail "only $(wc -l <"$WORK/bodies") bodies of $code"
holding "$WORK/bodies" server claire nadia karim >"$WORK/holding"
while read -r folder n; do
    [ "$n" -gt 0 ] || fail "the search finds no body in $folder before the erasure: it is blind"
done <"$WORK/holding"
expect 0 on claire erase "$person" --reason demande --lang en
has "$OUT" "$code is erased at the next sync"
expect 1 on claire erase "$person" --reason demande
expect 0 on claire show "$person"
expect 0 on nadia set "$person" texte="tard, envoye $marker"
expect 0 on karim set "$person" texte="tard, jamais envoye $marker"
server_start
synced nadia
server_stop
cp -r "$WORK/server" "$WORK/copy"
server_start

step "the server at once"
synced claire
until_true 20 nothing_in "$WORK/bodies" server claire
until_true 20 nothing_in "$WORK/bodies" server
slots >"$WORK/slots.after"
same "slot rows that went" 1 "$(comm -23 "$WORK/slots.before" "$WORK/slots.after" | wc -l)"
expect 1 on claire show "$person" --lang en
has "$ERR" "The file $code was erased"
has "$ERR" request
expect 1 on claire show "$code"
expect 1 on claire history "$code"
expect 1 on claire set "$code" texte="encore"
expect 0 on claire erased --json
same "what was erased" "$code request claire" "$(jq -r '.[] | "\(.code) \(.reason) \(.name)"' "$OUT")"
same "how far it is" "1 of 3, waits for karim, nadia" \
    "$(jq -r '.[0] | "\(.done) of \(.devices), waits for \(.waiting | split(", ") | sort | join(", "))"' "$OUT")"
expect 1 on claire erase "$code" --reason demande

step "each device at its next sync; late work is kept out and its author is told why"
synced nadia claire
expect 0 on karim sync --lang en
has "$OUT" "Your work on the file $code was not kept: claire erased it"
has "$OUT" request
expect 0 on karim sync --lang en
lacks "$OUT" "was not kept"
for who in nadia karim claire; do
    nothing_in "$WORK/bodies" "$who" || fail "$who still holds a body"
    expect 1 on "$who" show "$code"
    expect 0 on "$who" find "$marker" --json
    same "what $who finds" 0 "$(field length)"
    same "what $who has" '{"n":0}' "$(query "$who" "SELECT count(*) AS n FROM record WHERE id LIKE '$person%' OR dossier = '$person'")"
done
for who in nadia karim; do
    expect 0 on "$who" refused --late --json
    same "$who's late work" "$code request claire" "$(jq -r '.[0] | "\(.code) \(.reason) \(.name)"' "$OUT")"
done
expect 0 on karim refused --json
same "karim's refused work" 0 "$(jq length "$OUT")"
synced karim nadia claire
expect 0 on claire erased --json
same "how far it is" "3 of 3, waits for " "$(jq -r '.[0] | "\(.done) of \(.devices), waits for \(.waiting)"' "$OUT")"
same "foreign bodies" 0 "$(field '.[0].foreign')"
expect 0 on claire audit log --json
same "who purged late work" "karim nadia" "$(jq -r '[.[] | select(.kind == "purge") | .device_name] | unique | join(" ")' "$OUT")"

expect 0 on claire set "$request" etat=executee
synced claire nadia karim
expect 0 on nadia show "$request" --json
same "the request stays, without her" "$code executee 2025-03-12" \
    "$(jq -r '.fields // . | [.code_dossier, .etat, .decidee_le] | map(if type == "object" then .value // .text else . end) | join(" ")' "$OUT")"

step "the year's figures are the same without her"
for who in claire nadia karim; do same "P1 at $who" "$before" "$(figures "$who")"; done

step "nothing of the late work either, and nothing readable anywhere"
mv "$WORK/server" "$WORK/server.live"
mv "$WORK/copy" "$WORK/server"
bodies_of "$code" >"$WORK/late"
mv "$WORK/server" "$WORK/copy"
mv "$WORK/server.live" "$WORK/server"
[ "$(wc -l <"$WORK/late")" -gt "$(wc -l <"$WORK/bodies")" ] || fail "the late body was not logged"
until_true 20 nothing_in "$WORK/late" server claire nadia karim
for folder in server claire nadia karim; do
    ! grep -raqF -- "$marker" "$WORK/$folder" || fail "the marker stands readable in $folder"
done

step "others are untouched; the history verifies, for newcomers too"
expect 0 on claire show "$site"
device dora
enrol claire Equipe dora
synced claire dora
for who in claire nadia karim dora; do
    expect 0 on "$who" audit verify
    expect 0 on "$who" audit verify --full
    same "$who's sites" "$(query claire "SELECT * FROM site")" "$(query "$who" "SELECT * FROM site")"
done
expect 1 on dora show "$code" --lang en
has "$ERR" "was erased"
nothing_in "$WORK/late" dora || fail "the newcomer got a body"
server_stop
expect 0 "$PASSERELLE_BIN_DIR/passerelled" check --data "$WORK/server"
