#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: an organisation makes the pack its own with a text editor and no compiler: it renames a field, adds an item to a
# check-list, a field and a report. Every device follows at its next sync, whoever worked offline meanwhile loses nothing,
# and a change that would make people's records unreadable is refused with its place.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

team ana ben
create ana site nom="Les Saules" commune=Aubry
create ana entreprise nom="Serres du Nord" commune=Aubry
company=$ID
create ana poste intitule=Serriste entreprise="$company"
job=$ID
synced ana ben
shipped=$SOURCE_DIR/client/domain/mediation-emploi.json
jq '.version += 1
    | .kinds.site.fields.effectif.label.fr = "Habitants (comptage associatif)"
    | .kinds.site.fields.point_eau = {number: 900, type: "bool", label: {fr: "Point d'"'"'eau", en: "Water point"}}
    | .checklists.poste.items.navette = {label: {fr: "Navette ou covoiturage possible", en: "Shuttle or car sharing"}}
    | .reports.LOCAL1 = {code: "L1", title: {fr: "Sites sans eau", en: "Sites without water"}, parts: {sites: {
        title: {fr: "Sites", en: "Sites"}, sql: "SELECT nom, commune FROM site WHERE NOT mistake AND coalesce(point_eau, 0) = 0 ORDER BY nom",
        columns: {nom: {label: {fr: "Site", en: "Site"}}, commune: {label: {fr: "Commune", en: "Town"}}}}}}' \
    "$shipped" >"$WORK/ours.json"
expect 0 on ana pack check "$WORK/ours.json"

step "ben works offline with the older one; ana publishes"
expect 0 on ben set "Les Saules" effectif=77
expect 1 on ben tick "$job" navette
expect 0 on ana pack publish "$WORK/ours.json" --space Equipe
synced ana ben ana

step "every device follows"
number=$(jq .version "$WORK/ours.json")
for who in ana ben; do
    expect 0 on $who status --json
    same "in force at $who" "$number" "$(jq .pack "$OUT")"
    expect 0 on $who show "Les Saules"
    has "$OUT" "Habitants (comptage associatif) : 77"
    expect 0 on $who report L1 --json
    same "the new report at $who" "Les Saules" "$(jq -r '.parts[0].rows[0].nom' "$OUT")"
done
expect 0 on ben tick "$job" navette
expect 0 on ben set "Les Saules" point_eau=oui
synced ben ana
expect 0 on ana print fiche_poste "$job" --html "$WORK/poste.html"
has "$WORK/poste.html" "Navette ou covoiturage possible"
expect 0 on ana report L1 --json
same "with water now" 0 "$(jq '.parts[0].rows | length' "$OUT")"
same "the item at ana" '{"n":1}' "$(query ana "SELECT count(*) AS n FROM poste p, json_each(p.checklist) x WHERE x.value = 'navette'")"

step "a new device gets the organisation's pack with its first sync"
device claire
enrol ana Equipe claire
expect 0 on claire show "Les Saules"
has "$OUT" "Habitants (comptage associatif)"

step "the pack in force can be had as a file, to be changed"
expect 0 on claire pack show "$WORK/shown.json"
cmp -s "$WORK/shown.json" "$WORK/ours.json" || fail "what pack show writes is not what was published"

step "what would make records unreadable is refused"
jq '.version += 1 | del(.kinds.site.fields.point_eau, .reports.LOCAL1)' "$WORK/ours.json" >"$WORK/less.json"
expect 1 on ana pack publish "$WORK/less.json" --space Equipe
has "$ERR" "site.point_eau"
jq '.version += 1 | .kinds.site.fields.point_eau.number = 901' "$WORK/ours.json" >"$WORK/less.json"
expect 1 on ana pack publish "$WORK/less.json" --space Equipe
jq '.version += 1 | .reports.LOCAL1.parts.sites.sql = "SELECT rien FROM site"' "$WORK/ours.json" >"$WORK/wrong.json"
expect 1 on ana pack check "$WORK/wrong.json"
has "$ERR" "LOCAL1"
expect 1 on ana pack publish "$WORK/ours.json" --space Equipe
jq '.version += 1 | .kinds.site.fields.point_eau.hidden = true' "$WORK/ours.json" >"$WORK/hidden.json"
expect 0 on ana pack publish "$WORK/hidden.json" --space Equipe
synced ana ben
expect 0 on ben show "Les Saules" --json
same "kept" true "$(jq .point_eau "$OUT")"
