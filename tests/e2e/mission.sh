#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: nothing of the mission is missing. client/domain/README.md lists every item with what serves it: each kind, field,
# option, rule, content and command named there exists, every report and every sheet that it or the pack names can be
# made over a caseload, and every item of the mission has its row.
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

python3 - "$SOURCE_DIR/client/domain" "$WORK/batch" "$("$PASSERELLE_BIN_DIR/passerelle" help)" <<'PYTHON'
import json, re, sys
folder, batch, help_text = sys.argv[1:4]
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
                    field(words[1], name, head, value.strip("."))
        elif words[0] in ("report", "print"):
            names = {r.get("code", k) for k, r in pack["reports"].items()} | set(pack["reports"])
            if words[0] == "report" and words[1] not in names or words[0] == "print" and words[1] not in pack["sheets"]:
                failures.append("%s: no %s" % (head, code))
        elif code in kinds or code.startswith("exemples/"):
            continue
        elif " ".join(words[:2]) not in commands and words[0] not in commands:
            failures.append("%s: no command %s" % (head, code))

with open(batch, "w", encoding="utf-8") as out:
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

step "every report and every sheet"
team ana
printf 'demo-data --people 6 --seed 5\n' >"$WORK/demo"
run ana "$WORK/demo"
run ana "$WORK/batch"
[ "$(wc -l <"$OUT")" -ge "$(wc -l <"$WORK/batch")" ] || fail "fewer answers than questions"
