#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: released no-valgrind no-tsan
#
# Goal: the drill of deploy/RUNBOOK.md with a disk that is really gone. Nightly backups are encrypted to a key that is not
# there and hold nothing readable; old ones go, those of the keys first, the newest never; the server comes back from last
# night's, the devices refill it, and it stands where it stood, root by root.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"
command -v age-keygen >/dev/null || skip "age is not installed"

passerelled=$PASSERELLE_BIN_DIR/passerelled
export PATH=$PASSERELLE_BIN_DIR:$PATH
backups=$WORK/backups
backup() { "$SOURCE_DIR/deploy/backup" --config "$WORK/backup.conf" "$@"; }
root_of() { on "$1" audit checkpoint | sed -n 2,3p; }
count() { find "$backups" -name "$1-*.tar.age" | wc -l; }

team claire nadia
expect 0 age-keygen -o "$WORK/key.age"
recipient=$(age-keygen -y "$WORK/key.age")
printf '%s\n' "data = $WORK/server" "to = $backups" "recipient = $recipient" "keep_log = 400" "keep_keys = 30" \
    >"$WORK/backup.conf"

step "last night's backup, beside the running server"
create claire site nom="Les Saules"
synced claire nadia
create nadia personne prenom=Mihai site="$ID"
head -c 600000 /dev/urandom >"$WORK/photo.jpg"
expect 0 on nadia attach "$ID" "$WORK/photo.jpg"
synced nadia claire
expect 0 backup
same "files" "1 1 0" "$(count log) $(count keys) $(find "$backups" -mindepth 1 ! -name '*.tar.age' | wc -l)"
for file in "$backups"/*; do
    head -c 21 "$file" | grep -q '^age-encryption.org/v1' || fail "$file is not encrypted"
    ! grep -aqE 'SQLite|log_seed' "$file" || fail "$file can be read"
    same "mode of $file" 600 "$(stat -c %a "$file")"
done

step "rotation: the keys after a month, the log after a year and more, the newest never"
for days in 29 31 399 401; do
    for part in log keys; do
        old=$backups/$part-$(date -u -d "-$days days" +%Y-%m-%dT%H%M%SZ).tar.age
        cp "$(find "$backups" -name "$part-*.tar.age" | sort | tail -n 1)" "$old"
        touch -d "-$days days" "$old"
    done
done
sleep 1.1
expect 0 backup
same "logs, keys" "5 3" "$(count log) $(count keys)"
find "$backups" -name '*.age' -exec touch -d '-500 days' {} +
sleep 1.1
expect 0 backup
same "logs, keys when all but one are too old" "1 1" "$(count log) $(count keys)"

step "the next nights hold what is new; one that is damaged costs itself, the whole one is named when it is missing"
whole=$(find "$backups" -name 'log-*.tar.age')
create claire site nom="Le Verger"
synced claire nadia
for _ in 1 2; do
    sleep 1.1
    expect 0 backup
done
mapfile -t nights < <(find "$backups" -name '*.since-*' | sort)
same "nights" 2 ${#nights[@]}
[ $((4 * $(stat -c %s "${nights[0]}"))) -lt "$(stat -c %s "$whole")" ] || fail "a night is as large as the whole"
cp "${nights[1]}" "$WORK/night"
head -c -1000 "$WORK/night" >"${nights[1]}"
expect 1 backup --open "$WORK/key.age" "$WORK/opened"
has "$ERR" "is damaged"
has "$ERR" "--at"
rm -rf "$WORK/opened"
stamp=$(basename "${nights[0]}" | sed 's/^log-\([^.]*\).*/\1/')
expect 0 backup --open "$WORK/key.age" "$WORK/opened" --at "$stamp"
expect 0 "$passerelled" restore --data "$WORK/earlier" --from "$WORK/opened/log" --keys-from "$WORK/opened/keys"
expect 0 "$passerelled" check --data "$WORK/earlier" --deep
[ "$(ls -R "$WORK/earlier/blobs" | grep -cE '^[0-9a-f]{64}$')" -gt 0 ] || fail "the attachment is not there"
same "attachments" "$(ls -R "$WORK/server/blobs" | grep -cE '^[0-9a-f]{64}$')" \
    "$(ls -R "$WORK/earlier/blobs" | grep -cE '^[0-9a-f]{64}$')"
expect 1 backup --open "$WORK/key.age" "$WORK/opened"
has "$ERR" "not empty"
rm -rf "$WORK/opened" "$WORK/earlier"
cp "$WORK/night" "${nights[1]}"
mv "$whole" "$WORK/whole"
expect 1 backup --open "$WORK/key.age" "$WORK/opened"
has "$ERR" "is missing"
mv "$WORK/whole" "$whole"
rm -rf "$WORK/opened"

step "a day of work after it, then the disk is gone"
create claire site nom="Les Acacias"
synced claire nadia
expect 0 on nadia new personne prenom=Adela site="$ID"
synced claire nadia claire
before=$(root_of claire)
create nadia site nom="Pas encore envoye"
server_kill
rm -rf "$WORK/server"
mkdir -m 700 "$WORK/server"

step "nobody opens it without the key"
expect 0 age-keygen -o "$WORK/other.age"
expect 1 backup --open "$WORK/other.age" "$WORK/opened"
has "$ERR" "does not open"
rm -rf "$WORK/opened"

step "restore"
expect 0 backup --open "$WORK/key.age" "$WORK/opened"
expect 0 "$passerelled" restore --data "$WORK/server" --from "$WORK/opened/log" --keys-from "$WORK/opened/keys"
expect 0 "$passerelled" check --data "$WORK/server" --deep
server_start

step "the devices refill it"
for who in claire nadia claire; do expect 0 on "$who" sync; done
same "root" "$before" "$(root_of claire)"
expect 0 "$passerelled" restore --data "$WORK/server" --finish
synced nadia claire
same "what claire sees" '{"n":4}' "$(query claire "SELECT count(*) AS n FROM site")"
for who in claire nadia; do expect 0 on "$who" audit verify --full; done
expect 0 "$passerelled" check --data "$WORK/server" --deep

step "what is wrong is said"
expect 2 backup --what
expect 1 "$SOURCE_DIR/deploy/backup" --config "$WORK/none.conf"
has "$ERR" "cannot be read"
sed -i /recipient/d "$WORK/backup.conf"
expect 1 backup
has "$ERR" "recipient"
