# SPDX-License-Identifier: Apache-2.0
"""Makes one record of every kind of a domain pack, with a marker in every field that can hold one.

    PASSERELLE_HOME=... every_field.py PASSERELLE PACK MARKER DIGITS

MARKER is a word, DIGITS a number of 15 digits, for telephone numbers. The commands go through
`passerelle batch`, one run for all kinds whose references exist. Prints KIND ID for each record.
"""
import json
import os
import shlex
import subprocess
import sys
import tempfile

program, pack_file, marker, digits = sys.argv[1:]
with open(pack_file, encoding="utf-8") as file:
    pack = json.load(file)
made = {}  # kind -> id


def first_option(field):
    options = field.get("options", {})
    if isinstance(options, str):
        options = pack["options"][options.lstrip("@")]
    return list(options)[0]


def known(field):
    """The id of a record that a reference may name, or None."""
    return next((made[kind] for kind in field.get("to", []) if kind in made), None)


def typed(kind, name, field):
    """What to type into a field; None: leave it out."""
    of = field["type"]
    if of == "set":
        of = field.get("of", "text")
    if of == "ref":
        return known(field)
    if of in ("text", "longtext"):
        text = f"{kind} {name} {marker}"
        return text if len(text) <= field.get("max", 10000) else f"{marker}"[: field["max"]]
    simple = {
        "phone": "+" + digits,
        "email": f"{marker}@example.org",
        "url": f"https://example.org/{marker}",
        "int": str(max(field.get("min", 1), min(field.get("max", 9), 9))),
        "decimal": "1",
        "bool": "oui",
        "date": "2025-03-04",
        "datetime": "2025-03-04T10:00",
        "weekdays": "12345",
    }
    if of == "enum" and field.get("required"):
        return first_option(field)
    return simple.get(of)


def ready(kind):
    fields = pack["kinds"][kind]["fields"].values()
    return all(known(f) for f in fields if f["type"] == "ref" and f.get("required"))


def command(kind):
    pairs = [(name, typed(kind, name, field)) for name, field in pack["kinds"][kind]["fields"].items()]
    return " ".join(["new", kind] + [shlex.quote(f"{a}={b}") for a, b in pairs if b is not None])


waiting = list(pack["kinds"])
while waiting:
    now = [kind for kind in waiting if ready(kind)]
    if not now:
        sys.exit(f"no record can be made of: {', '.join(waiting)}")
    with tempfile.NamedTemporaryFile("w", suffix=".batch", encoding="utf-8", delete=False) as batch:
        batch.write("".join(command(kind) + "\n" for kind in now))
    done = subprocess.run([program, "batch", batch.name, "--json"], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)
    os.unlink(batch.name)
    if done.returncode != 0:
        sys.exit(f"batch ended with {done.returncode}: {done.stderr} {done.stdout}")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    for kind, answer in zip(now, answers, strict=True):
        made[kind] = answer["id"]
        print(kind, answer["id"])
    waiting = [kind for kind in waiting if kind not in made]
