#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: the server's disk dies; an hour-old backup is put back. It says so, signed, takes no new
# work, and the devices bring back what it had lost, dossier keys too, until all roots match.
# Nothing is an alarm, nothing is lost. What is no backup of that history still is an alarm.
# ctest: timeout=600
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

daemon() { "$PASSERELLE_BIN_DIR/passerelled" "$@"; }
people() { query "$1" "SELECT prenom FROM personne WHERE prenom IS NOT NULL ORDER BY prenom" | jq -r .prenom | tr '\n' ' '; }
size_of() { expect 0 on "$1" status --json; jq -r '.spaces[0].size' "$OUT"; }
root_of() { expect 0 on "$1" audit checkpoint; sed -n 3p "$OUT"; }
copy() { # NAME FROM: the databases of a backup without the word of a restore
    cp "$WORK/$2/log.db" "$WORK/$2/keys.db" "$WORK/$2/server.key" "$WORK/$1/"
}

step "a team, a backup beside the running server"
team claire nadia karim
create claire site nom="Les Saules"
site=$ID
create claire personne prenom=Mircea site="$site"
create claire personne prenom=Parti site="$site"
gone=$ID
synced claire nadia karim
expect 0 daemon backup --data "$WORK/server" --to "$WORK/backup" --json
for file in log.db keys.db server.key; do
    same "mode of $file" 600 "$(stat -c %a "$WORK/backup/$file")"
done
expect 0 daemon check --data "$WORK/backup" --deep
expect 0 daemon backup --data "$WORK/server" --to "$WORK/apart" --only keys
[ ! -e "$WORK/apart/log.db" ] || fail "--only keys copied the log"
expect 1 daemon backup --data "$WORK/none" --to "$WORK/apart"
expect 2 daemon backup --data "$WORK/server"

step "an hour of work: new files, an erasure, a new colleague, a new space"
create nadia personne prenom=Adela site="$site"
synced nadia claire
expect 0 on claire erase "$gone" --reason request
synced claire nadia
device dora
enrol claire Equipe dora
create dora personne prenom=Bianca site="$site"
synced dora claire
expect 0 on nadia set "$site" texte="la derniere heure"
synced nadia
before=$(size_of nadia)
root=$(root_of nadia)

step "the disk dies; the backup is put back"
server_kill
mv "$WORK/server" "$WORK/dead"
expect 1 daemon restore --data "$WORK/server" --from "$WORK/nothing"
expect 0 daemon restore --data "$WORK/server" --from "$WORK/backup"
expect 1 daemon restore --data "$WORK/server" --from "$WORK/backup"
has "$ERR" "holds a store"
server_start
create karim personne prenom=Corina site="$site"
expect 0 on karim sync --json
[ "$(unsent karim)" -gt 0 ] || fail "a recovering server took new work"
expect 0 on claire sync --json
same "no alarm" null "$(jq '.spaces[0].alarm' "$OUT")"
expect 0 on nadia sync --json
same "no alarm" null "$(jq '.spaces[0].alarm' "$OUT")"
same "the size is back" "$before" "$(expect 0 on nadia sync --json; jq '.spaces[0].size' "$OUT")"
expect 0 daemon check --data "$WORK/server" --deep
expect 0 daemon restore --data "$WORK/server" --finish

step "work goes on; everybody has everything, under the same root"
synced karim claire nadia dora karim
for who in claire nadia karim dora; do
    same "$who's people" "Adela Bianca Corina Mircea " "$(people "$who")"
    expect 0 on "$who" audit verify --full
done
device emil
enrol claire Equipe emil
synced emil
same "a newcomer opens all, by keys that came back" "Adela Bianca Corina Mircea " "$(people emil)"
expect 1 on emil show "$gone"
same "the root before the loss is a root of this history" "$root" \
    "$(python3 - "$WORK/server/log.db" "$before" <<'P'
import base64, sqlite3, sys
db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
row = db.execute("SELECT root FROM notes WHERE size = ?", (int(sys.argv[2]),)).fetchone()
print(base64.b64encode(row[0]).decode() if row else "no note of that size")
P
)"
server_stop
expect 0 daemon check --data "$WORK/server" --deep

step "the keys are lost with the disk: devices bring those too"
mv "$WORK/server" "$WORK/second"
expect 0 daemon restore --data "$WORK/server" --from "$WORK/second" --no-keys
server_start
expect 0 on claire sync
expect 0 daemon restore --data "$WORK/server" --finish
synced claire nadia
device fatou
enrol claire Equipe fatou
synced fatou
same "a newcomer opens all" "Adela Bianca Corina Mircea " "$(people fatou)"
server_stop

step "a backup without the word of a restore is a rollback all the same"
mkdir -m 700 "$WORK/third"
mv "$WORK/server" "$WORK/fourth"
mv "$WORK/third" "$WORK/server"
copy server backup
server_start
expect 4 on claire sync
server_stop
