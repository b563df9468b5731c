#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: released
#
# Goal: the domain pack fits its JSON Schema (python3-jsonschema, a validator that is not ours), the
# schema refuses what it should, every wording exists in the languages of those who read it, and no
# number that stands in people's logs has moved (pack_numbers.txt).
#
#   tests/interop/pack_schema.sh --write      adds new numbers to pack_numbers.txt
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
python3 -c 'import jsonschema' 2>/dev/null || { echo "python3-jsonschema is not installed: skipped"; exit 77; }

python3 - "$root/client/domain" "$here/pack_numbers.txt" "${1:-}" <<'PYTHON'
import copy, json, sys
import jsonschema

folder, ledger_path, option = sys.argv[1:4]
failures = []

def unique(pairs):
    keys = [key for key, _ in pairs]
    failures.extend("key stands twice: " + key for key in set(keys) if keys.count(key) > 1)
    return dict(pairs)

with open(folder + "/mediation-emploi.json", encoding="utf-8") as file:
    pack = json.load(file, object_pairs_hook=unique)
with open(folder + "/pack.schema.json", encoding="utf-8") as file:
    schema = json.load(file)

jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
for error in validator.iter_errors(pack):
    failures.append("/".join(map(str, error.absolute_path)) + ": " + error.message[:200])

# What the schema must refuse: (path to the object, member, value or None to take it away).
kind, field = ("kinds", "personne"), ("kinds", "personne", "fields", "prenom")
placement = ("kinds", "placement", "fields")
wrong = [
    ((), "format", 2), ((), "version", "1"), ((), "kinds", {}), ((), "surprise", 1),
    (kind, "number", 0), (kind, "level", "world"), (kind, "dossier", None), (kind, "fields", {}),
    (kind, "label", {"en": "Person"}), (field, "number", 15), (field, "type", "txt"),
    (field, "sensitivity", "x"), (field, "merge", "S"), (field, "labell", {}), (field, "to", ["Site"]),
    (placement + ("employeur",), "to", None), (placement + ("etat",), "options", None),
    (placement + ("etat",), "options", "contrat"), (kind + ("fields", "langues"), "merge", "L"),
    (kind + ("fields", "langues"), "of", None), (("rules", "R2"), "kind", None),
    (("rules", "R2"), "source", "device"), (("rules", "R2", "points", "J3"), "unit", "weeks"),
    (("reports", "P4", "parts", "tableau"), "sql", None), (("retention", "personne"), "purge_months", 0),
    (("checklists", "poste"), "status", None), (("settings", "masque"), "value", []),
]
for path, member, value in wrong:
    changed = copy.deepcopy(pack)
    place = changed
    for step in path:
        place = place[step]
    if value is None:
        del place[member]
    else:
        place[member] = value
    if validator.is_valid(changed):
        failures.append("the schema lets through: %s %s=%r" % ("/".join(path), member, value))

# Wordings: French and English everywhere; all languages for what the person sees, hears or signs.
WORDS = ("label", "plural", "title", "help", "text", "definition")
languages = list(pack["languages"])

def wordings(node, path, person):
    if isinstance(node, list):
        for i, item in enumerate(node):
            wordings(item, "%s[%d]" % (path, i), person)
    elif isinstance(node, dict):
        person = person or node.get("person") is True
        shared = node.get("options")
        if person and isinstance(shared, str):
            wordings(pack["options"][shared[1:]], "options." + shared[1:], True)
        for key, value in node.items():
            if key in WORDS and isinstance(value, dict) and "fr" in value:
                for language in languages if person else ("fr", "en"):
                    if not value.get(language, "").strip():
                        failures.append("%s.%s: no %s" % (path, key, language))
            else:
                wordings(value, (path + "." + key).lstrip("."), person)

wordings(pack, "", False)
for language in languages[2:]:
    if "status" not in pack["languages"][language]:
        failures.append("languages.%s: says nothing of who has read it" % language)

# The mission's kinds.
for name in """site site_diag site_diag_restreint personne foyer info_restreinte consentement parcours
        diag_personne frein frein_restreint demarche formation rdv contact entreprise interlocuteur prospection
        poste proposition proposition_restreinte entretien placement suivi partenaire cercle orientation
        transfert piece contenu evenement sujet rex inscription demarche_territoriale prototype organisation
        equipe acces export_fait demande_droit archive_scellee stat_anonyme""".split():
    if name not in pack["kinds"]:
        failures.append("kinds: no " + name)
for name in ["R%d" % n for n in range(19)]:
    if name not in pack["rules"]:
        failures.append("rules: no " + name)
for n in range(1, 14):
    if "P%d" % n not in pack["reports"]:
        failures.append("reports: no P%d" % n)

# Numbers.
now = {}
for name, body in pack["kinds"].items():
    now[name] = body["number"]
    for key, field in body["fields"].items():
        now[name + "." + key] = field["number"]
try:
    with open(ledger_path, encoding="ascii") as file:
        known = dict(line.split() for line in file if not line.startswith("#"))
except FileNotFoundError:
    known = {}
for name, number in known.items():
    if name in now and now[name] != int(number):
        failures.append("%s: number %s became %d; logs know the old one" % (name, number, now[name]))
taken = {(name.rpartition(".")[0], int(number)): name for name, number in known.items()}
fresh = [name for name in now if name not in known]
for name in fresh:
    owner = taken.get((name.rpartition(".")[0], now[name]))
    if owner:
        failures.append("%s: number %d was %s's; numbers are never reused" % (name, now[name], owner))
if option == "--write":
    with open(ledger_path, "w", encoding="ascii") as file:
        file.write("# SPDX-License-Identifier: Apache-2.0\n")
        file.write("# Every number that a kind or field ever had. Lines are added, never changed or removed.\n")
        for name, number in list(known.items()) + [(name, now[name]) for name in fresh]:
            file.write("%s %s\n" % (name, number))
elif fresh:
    failures.append("new numbers, to be kept with --write: " + ", ".join(fresh[:10]))

for failure in failures[:60]:
    print(failure)
print("%d kinds, %d fields, %d wrong packs refused, %d failures" % (
    len(pack["kinds"]), len(now) - len(pack["kinds"]), len(wrong), len(failures)))
sys.exit(1 if failures else 0)
PYTHON
