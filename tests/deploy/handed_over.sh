#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: released no-valgrind no-tsan
#
# Goal: the drill "A legal request": all that the operator has (disk, figures, metrics, log, opened backup) holds no name, no
# place, no content and no address, and the figures are the counts that the RUNBOOK says can be handed over, nothing else.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"
passerelled=$PASSERELLE_BIN_DIR/passerelled

team claire nadia
create claire site nom="Les Saules" commune=Villebrume
synced claire nadia
expect 0 on nadia new personne prenom=Mihai site="$ID"
printf 'Ordonnance de Mihai\n' >"$WORK/piece.txt"
expect 0 on nadia attach "$(query nadia "SELECT code FROM personne" | jq -r .code)" "$WORK/piece.txt"
synced nadia claire
expect 0 on claire revoke nadia --lost
synced claire

step "what there is to hand over"
mkdir "$WORK/all"
expect 0 "$passerelled" stats --data "$WORK/server" --json
cp "$OUT" "$WORK/all/stats"
curl -fsS "$URL/metrics" >"$WORK/all/metrics"
expect 0 "$passerelled" backup --data "$WORK/server" --to "$WORK/all/backup"
server_stop
cp -r "$WORK/server" "$WORK/all/data"
grep '^{' "$WORK/server.log" >"$WORK/all/log"

step "nothing of it names anybody"
for word in Saules Villebrume Mihai Ordonnance piece.txt Equipe claire nadia; do
    ! grep -rlaiF -- "$word" "$WORK/all" || fail "it holds $word"
done
! grep -aoE '"[^"]*127\.0\.0\.1[^"]*"' "$WORK/all/log" "$WORK/all/stats" "$WORK/all/metrics" || fail "it holds an address"
for word in "Les Saules" Mihai; do
    ! grep -rlaF -- "$(printf %s "$word" | base64 | tr -d =)" "$WORK/all" || fail "it holds $word in base64"
done

step "the figures are counts"
expect 0 jq -e '(keys == ["keys_bytes", "log_bytes", "spaces"]) and (.spaces | length == 1) and all(.spaces[];
    (.devices == 2) and (.devices_active == 1) and (.space | test("^[0-9a-f]{32}$")) and
    all(del(.space) | .[]; type == "number"))' "$WORK/all/stats"
