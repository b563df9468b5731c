#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: every administrator's device is lost. A sheet of paper, printed long before, brings the
# spaces back on a new device: after several rotations of the keys, with all that was written
# since, verified from the checkpoint on the sheet, and with the lost devices removed in the same
# push. A slip in a typed character is caught and located. A sheet ends the trial; a removed or
# foreign one opens nothing; the space says on how few devices it hangs.
# ctest: timeout=600
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

step "a space says that it hangs on one device; a sheet ends the trial"
team claire nadia
expect 0 on claire status --lang en
has "$OUT" "hangs on a single device"
expect 1 on nadia recovery-sheet --lang en
has "$ERR" "made by who administers"
create claire site nom="Les Saules"
site=$ID
synced claire nadia
expect 0 on claire recovery-sheet --json
code=$(field .code) link=$(field .link) space=$(field '.spaces[0].code')
same "characters" 28 "$(tr -d '\n-' <<<"$code" | wc -c)"
synced claire nadia
expect 0 on claire status --json
same "trial" false "$(field '.spaces[0].trial | tostring')"
same "keepers" 2 "$(field '.spaces[0].keepers')"
! grep -raqF "${code:0:14}" "$WORK/claire" "$WORK/server" || fail "the code lies on a disk"

step "as a page to print"
expect 0 on claire space create Asso --level organisation
synced claire
expect 0 on claire recovery-sheet --space Asso --html "$WORK/feuille.html" --lang fr
has "$WORK/feuille.html" "Feuille de secours"
has "$WORK/feuille.html" "Asso"
lacks "$WORK/feuille.html" "Equipe"
expect 1 on claire recovery-sheet --space Asso --html "$WORK/feuille.html"
page=$(grep -o 'http[^<]*#r1\.[A-Za-z0-9_-]*' "$WORK/feuille.html" | head -n 1)
synced claire nadia

# Prints the link $1 with one bit of its byte $2 changed.
altered() {
    python3 -c '
import base64, sys
head, body = sys.argv[1].split("#r1.")
raw = bytearray(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
raw[int(sys.argv[2])] ^= 1
print(head + "#r1." + base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("="))' "$1" "$2"
}

step "the keys are renewed several times, work goes on"
device un deux trois
enrol claire Equipe un deux trois
for person in un deux trois; do
    create claire personne prenom="Avant-$person" site="$site"
    synced claire
    expect 0 on claire revoke $person
    synced claire nadia
done
create nadia personne prenom=Derniere site="$site"
synced nadia claire
people=$(query claire "SELECT prenom FROM personne ORDER BY prenom")
expect 0 on claire audit log --json
[ "$(jq '[.[] | select(.kind == "epoch_change")] | length' "$OUT")" -ge 4 ] || fail "too few keys"

step "all administrators are lost; the slips of whoever types the code"
rm -r "$WORK/claire"
device neuve
right=${code:8:1}
[ "$right" = A ] && slip=B || slip=A # the 8th character, without the separators
expect 1 on neuve recover "${code:0:8}$slip${code:9}" --server "$URL" --spaces "$space" --lang en
has "$ERR" "Character 8"
has "$ERR" "probably \"$right\""
expect 1 on neuve recover "${code:0:30}" --server "$URL" --spaces "$space" --lang en
has "$ERR" "28 characters"
expect 2 on neuve recover "$code"
expect 1 on neuve recover "$(altered "$link" 0)" --lang en
has "$ERR" "not valid here"
[ ! -e "$WORK/neuve/recover.tmp" ] || fail "the scratch folder is left"

step "typed without the QR code, everything is there; the lost device is out"
typed=$(tr 'A-Z0-' 'a-zo ' <<<"$code")
expect 0 on neuve recover "$typed" --server "$URL" --spaces "$space" --lost claire --json
same "spaces" 1 "$(field .spaces)"
same "removed" 1 "$(field .removed)"
[ ! -e "$WORK/neuve/recover.tmp" ] || fail "the scratch folder is left"
synced neuve nadia
same "people" "$people" "$(query neuve "SELECT prenom FROM personne ORDER BY prenom")"
expect 0 on neuve member list --json
same "claire" revoked "$(jq -r '.[] | select(.name == "claire") | .state' "$OUT")"
expect 0 on neuve status --json
same "rotation pending" false "$(field '.spaces[0].rotation_pending | tostring')"
expect 0 on neuve set "$site" nom="Les Saules du haut"
create neuve personne prenom=Apres site="$site"
synced neuve nadia
same "nadia's view" "$(query neuve "SELECT * FROM personne ORDER BY id")" "$(query nadia "SELECT * FROM personne ORDER BY id")"
expect 0 on neuve audit verify --full
expect 0 on nadia audit verify --full

step "a second time from the same sheet, by its link: its own history is in the log"
device encore
expect 0 on encore recover "$link"
same "people" "$(query neuve "SELECT prenom FROM personne ORDER BY prenom")" "$(query encore "SELECT prenom FROM personne ORDER BY prenom")"

step "a checkpoint that the log does not continue is an alarm, and the new device is not admitted"
device naive
expect 4 on naive recover "$(altered "$link" -1)"
expect 0 on naive space list --json
same "spaces" 0 "$(jq length "$OUT")"

step "the printed page works as well"
expect 0 on naive recover "$page"
expect 0 on naive space list --json
same "spaces" Asso "$(field '.[0].name')"

step "a sheet that was removed opens nothing"
synced encore neuve
expect 0 on encore member list --json
sheet=$(jq -r '[.[] | select(.name | test("Feuille|sheet")) | select(.state == "active")][0].device' "$OUT")
expect 0 on encore revoke "$sheet"
synced encore neuve
expect 0 on neuve member proposals --json
expect 0 on neuve member confirm "$(jq -r '[.[] | select(.kind == "device_revoke")][0].hash' "$OUT")"
synced neuve encore
device tard
expect 1 on tard recover "$link" --lang en
has "$ERR" "not valid here"
server_stop
expect 0 "$PASSERELLE_BIN_DIR/passerelled" check --data "$WORK/server"
