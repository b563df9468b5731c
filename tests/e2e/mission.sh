#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: nothing of the mission is missing. client/domain/README.md lists every item with what serves it: each kind, field,
# option, rule, content and command named there exists, every item of the mission has its row, each kind can be written
# from the command line with what the page says, every report and every sheet can be made over a caseload, and each
# command is run by a test.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

python3 - "$SOURCE_DIR" "$WORK" "$("$PASSERELLE_BIN_DIR/passerelle" help)" <<'PYTHON'
import glob, json, re, sys
source, work, help_text = sys.argv[1:4]
folder = source + "/client/domain"
scripts = "".join(open(path, encoding="utf-8").read() for path in glob.glob(source + "/tests/e2e/*.sh"))
pack = json.load(open(folder + "/mediation-emploi.json", encoding="utf-8"))
page = open(folder + "/README.md", encoding="utf-8").read()
page = page[page.index("## The mission, item by item"):]
rows = [line.strip("|").split("|") for line in page.split("\n") if line.startswith("| ")]
rows = [(a.strip(), "|".join(b).strip()) for a, *b in rows if a.strip() not in ("item", "")]
kinds, failures = pack["kinds"], []
commands = set(re.findall(r"^  ([a-z][a-z-]*(?: [a-z][a-z-]*)?)", help_text, re.M))
commands |= {c.split()[0] for c in commands}

wanted = ["K%d" % i for i in range(1, 8)] + ["P1.%d" % i for i in range(1, 8)] + ["P2.%d" % i for i in range(1, 5)]
wanted += ["P3.1", "P3.2", "E1", "E2", "E3", "E4", "E5", "E6", "T1", "T2", "T3", "T4", "T5", "T6", "Public 1",
           "Company 1", "IOD", "IPS", "1-3-5", "Design thinking", "C1", "C2", "G1", "D1", "D2", "D3", "D4", "R1"]
heads = " ; ".join(head for head, _ in rows)
failures += ["no row for " + item for item in wanted if not re.search(r"(^|[ ;,])" + re.escape(item) + r"\b", heads)]

def field(kind, name, where, value=None):
    if kind not in kinds:
        failures.append("%s: no kind %s" % (where, kind))
        return
    found = kinds[kind]["fields"].get(name)
    if found is None:
        failures.append("%s: no field %s.%s" % (where, kind, name))
    elif value and "options" in found and re.fullmatch("[a-z_0-9]+", value):
        options = found["options"]
        options = pack["options"][options[1:]] if isinstance(options, str) else options
        if value not in options:
            failures.append("%s: no option %s.%s=%s" % (where, kind, name, value))

named, said = set(), {}  # commands; kinds with the values that the page gives

for head, text in rows:
    for word in re.findall(r"\b(R\d+C?|SAISON|RUPTURE)\b", text):
        if word not in pack["rules"] and word != head:
            failures.append("%s: no rule %s" % (head, word))
    for name in re.findall(r"contents? ((?:`[a-z_]+`,? ?)+)", text):
        for one in re.findall(r"`([a-z_]+)`", name):
            if one not in pack["contents"]:
                failures.append("%s: no content %s" % (head, one))
    for one in re.findall(r"form `([a-z_]+)`", text):
        if one not in pack["forms"]:
            failures.append("%s: no form %s" % (head, one))
    plain = re.sub(r"form `[a-z_]+`", "", re.sub(r"contents? (?:`[a-z_]+`,? ?)+", "", text))
    for code in re.findall(r"`([^`]+)`", plain):
        words = code.split()
        if re.fullmatch(r"[a-z_]+\.[a-z_0-9]+(=\S+)?", code) and code.split(".")[0] in kinds:
            kind, rest = code.split(".", 1)
            field(kind, *rest.split("=")[:1], head, *rest.split("=")[1:2])
        elif words[0] == "new":
            if words[1] == "K":
                continue
            if words[1] not in kinds:
                failures.append("%s: no kind %s" % (head, words[1]))
            for pair in words[2:]:
                if "=" in pair:
                    name, value = pair.split("=", 1)
                    field(words[1], name, head, value)
                    if value.islower() or name == "organisme":
                        said.setdefault(words[1], {})[name] = value
            said.setdefault(words[1], {})
        elif words[0] in ("report", "print"):
            names = {r.get("code", k) for k, r in pack["reports"].items()} | set(pack["reports"])
            if words[0] == "report" and words[1] not in names or words[0] == "print" and words[1] not in pack["sheets"]:
                failures.append("%s: no %s" % (head, code))
        elif code in kinds or code.startswith("exemples/"):
            continue
        elif " ".join(words[:2]) not in commands and words[0] not in commands:
            failures.append("%s: no command %s" % (head, code))
        else:
            named.add(" ".join(words[:2]) if " ".join(words[:2]) in commands else words[0])

# "on ana tick ...", "create ana ...", or a line of a batch.
for command in sorted(named):
    if not re.search(r"(\bon \$?\w+ |^|')%s\b" % command, scripts, re.M):
        failures.append("no test runs: passerelle " + command)

# One record of each kind that the page names: what it must have, and what the page says. References are names.
plain = {"text": "Mission", "longtext": "Mission", "date": "hier", "datetime": "2026-01-15T10:00", "int": "2026"}
made = []
def make(kind):
    if kind in made:
        return
    made.append(kind)
    fields, values = kinds[kind]["fields"], {}
    for key, one in fields.items():
        if one["type"] == "ref" and (one.get("required") or key == kinds[kind]["dossier"]):
            make(one["to"][0])
            values[key] = "$" + one["to"][0]
        elif one.get("required"):
            options = one.get("options")
            options = pack["options"][options[1:]] if isinstance(options, str) else options
            values[key] = next(iter(options)) if one["type"] == "enum" else plain[one["type"]]
    values.update({key: value for key, value in said.get(kind, {}).items() if fields[key]["type"] != "ref"})
    out.write(kind + "".join("\t%s=%s" % pair for pair in values.items()) + "\n")
with open(work + "/records", "w", encoding="utf-8") as out:
    for kind in kinds:
        if kind in said:
            make(kind)
        elif kind not in ("site", "personne", "equipe", "acces", "stat_anonyme", "compteur", "ajournement", "archive_scellee"):
            failures.append("no row writes a record of the kind " + kind)

with open(work + "/batch", "w", encoding="utf-8") as out:
    for key, report in pack["reports"].items():
        if all("initial" in p for p in report.get("params", {}).values()):
            out.write("report %s\nreport %s --shared\n" % (key, key))
    for key, sheet in pack["sheets"].items():
        out.write("print %s --blank --html -\n" % key if sheet.get("kind") else "print %s --html -\n" % key)
print(len(rows), "rows")
for failure in failures:
    print(failure)
sys.exit(1 if failures else 0)
PYTHON

step "a record of each kind, from the command line"
team ana
expect 0 on ana space create Restreint --level restricted --server "$URL"
synced ana
declare -A made
while IFS=$'\t' read -ra words; do
    for i in "${!words[@]}"; do
        [[ ${words[i]} == *=\$* ]] && words[i]="${words[i]%%=*}=${made[${words[i]#*=\$}]}"
    done
    create ana "${words[@]}"
    made[${words[0]}]=$ID
done <"$WORK/records"
[ "${#made[@]}" -ge 40 ] || fail "only ${#made[@]} kinds were written"
expect 0 on ana match "${made[poste]}"
expect 0 on ana suggest "${made[proposition]}"
expect 0 on ana tick "${made[entretien]}" "$(jq -r '.checklists.entretien.items | keys[0]' "$SOURCE_DIR/client/domain/mediation-emploi.json")"
expect 0 on ana report RELAIS entreprise="${made[entreprise]}"
expect 0 on ana print fiche_rex "${made[rex]}" --html -
has "$OUT" Mission
expect 0 on ana print compte_rendu "${made[evenement]}" --html -

step "a list as people ask for it, and as a spreadsheet"
create ana personne prenom=Ștefana site=Mission sexe=femme langues=ro
expect 0 on ana list personne site=mission prenom=stef sexe=femme langues=ro --json
same "found" Ștefana "$(jq -r '[.[].prenom] | join(" ")' "$OUT")"
expect 0 on ana list personne sexe= --json
jq -e 'length > 0 and all(.[]; .sexe == null)' "$OUT" >/dev/null || fail "an empty text does not mean empty"
expect 1 on ana list personne prenon=x
has "$ERR" prenon
expect 2 on ana list personne prenom
expect 0 on ana list personne site="l'école" --json
same "nobody" 0 "$(jq length "$OUT")"
expect 0 on ana list personne prenom=stef --csv "$WORK/list.csv"
has "$WORK/list.csv" "Prénom"
has "$WORK/list.csv" "Ștefana"
same "noted" '{"n":1}' "$(query ana "SELECT count(*) AS n FROM export_fait WHERE quoi = 'personne'")"

step "two appointments at one hour are said, appointments are counted"
create ana rdv personne="${made[personne]}" debut=2026-01-15T10:30 presence=present etat=prevu
expect 0 on ana agenda --json --now 2026-01-14T08:00:00Z
same "one warning" 1 "$(jq '[.[] | select(.rule == "HEURE")] | length' "$OUT")"
expect 0 on ana done "$(jq -r '.[] | select(.rule == "HEURE") | .id' "$OUT")" --now 2026-01-14T08:00:00Z
expect 0 on ana agenda --json --now 2026-01-14T08:00:00Z
same "said once" 0 "$(jq '[.[] | select(.rule == "HEURE")] | length' "$OUT")"
expect 0 on ana report P5 --year 2026 --json --now 2026-06-01T08:00:00Z
same "kept" "2 1" "$(jq -r '.parts[] | select(.part == "rendez_vous") | .rows[0] | "\(.pris) \(.tenus)"' "$OUT")"

step "every report and every sheet"
printf 'demo-data --people 6 --seed 5\n' >"$WORK/demo"
run ana "$WORK/demo"
run ana "$WORK/batch"
[ "$(wc -l <"$OUT")" -ge "$(wc -l <"$WORK/batch")" ] || fail "fewer answers than questions"
