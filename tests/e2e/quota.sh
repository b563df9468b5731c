#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: a space or a device that uses up what the operator allows costs nobody else anything: its further work stays on its
# devices, they say why and what to do, and it leaves by itself once there is room. Nothing acknowledged is lost; the
# operator sees it in metrics and stats.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

conf() { printf 'data = %s\n' "$WORK/server" "$@" | sed '1!s/^data = //' >"$WORK/passerelled.conf"; }
limited() { server_stop; conf "$@"; server_start server --config "$WORK/passerelled.conf"; }

team claire nadia
expect 0 on claire space create Voisins --level team
synced claire nadia
create claire site nom="Les Saules" --space Equipe
create claire personne prenom=Mihai site="$ID" --space Equipe
PERSON=$ID
synced claire nadia

step "a space's leaves of the day"
limited "quota_space_leaves_day = 1"
create claire site nom="Un" --space Equipe
synced claire nadia
create nadia site nom="Deux" --space Equipe
expect 0 on nadia sync --lang en
has "$OUT" "takes no more today"
[ "$(unsent nadia)" -gt 0 ] || fail "nadia's work is gone"
create claire site nom="Ailleurs" --space Voisins
synced claire
same "refusals" 1 "$(metric passerelle_quota_space_refusals_total)"
same "refusals of a device" 0 "$(metric passerelle_quota_refusals_total)"
limited "quota_space_leaves_day = 0"
synced nadia claire
same "sites that claire sees" '{"n":4}' "$(query claire 'SELECT count(*) AS n FROM site')"

step "a space's attachments"
limited "quota_space_attachments = 200K"
head -c 150000 /dev/urandom >"$WORK/a.jpg"
head -c 120000 /dev/urandom >"$WORK/b.jpg"
expect 0 on claire attach "$PERSON" "$WORK/a.jpg" --json
synced claire nadia
expect 0 on claire attach "$PERSON" "$WORK/b.jpg" --json
on claire sync --lang en >"$OUT" 2>"$ERR" || true
[ "$(unsent claire)" -gt 0 ] || fail "the second attachment is said to be there"
[ "$(metric passerelle_quota_attachments_refusals_total)" -gt 0 ] || fail "the metric says nothing"
expect 0 "$PASSERELLE_BIN_DIR/passerelled" stats --data "$WORK/server" --json
[ "$(jq '[.spaces[].attachment_bytes] | max' "$OUT")" -gt 150000 ] || fail "stats does not show the use"
create nadia site nom="Sans photo" --space Equipe
synced nadia
limited "quota_space_attachments = 400K"
synced claire nadia
expect 0 on nadia attachment list "$PERSON" --json
same "attachments that nadia knows" 2 "$(jq length "$OUT")"
expect 0 "$PASSERELLE_BIN_DIR/passerelled" check --data "$WORK/server" --deep
