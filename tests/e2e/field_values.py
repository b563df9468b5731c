# SPDX-License-Identifier: Apache-2.0
"""Writes field values for measurements: N short notes as mediators type them, mean length 24 bytes.

    field_values.py N FOREIGN-WORDS >VALUES

Its vocabulary is its own: it ends with an error if one of its words of five letters or more stands
in FOREIGN-WORDS, the file that trained the compression dictionary.
"""
import random
import re
import sys

WHO = ["tante", "belle-soeur", "voisine", "cousin", "gérante", "régisseur", "apprenti", "conjointe",
       "aînée", "benjamin", "vigile", "grutier", "infirmier", "tutrice", "chef"]
DOES = ["attend", "décline", "insiste", "hésite", "approuve", "oublie", "confirme", "déménage",
        "répond", "signe", "conduit", "dépose", "prête", "repasse", "change"]
WHAT = ["scooter", "tablier", "badge", "casier", "clé", "réveil", "trottinette", "planning", "plombier",
        "thermos", "échelle", "cabane", "cadenas", "bâche", "poussette", "vaccin", "jumelles",
        "sablage", "ferraille", "brocante", "gravats", "verger", "serrure", "menuiserie"]
WHEN = ["dans 8 j", "tous les soirs", "vers 7h", "fin mai", "dès août", "à midi", "ce week-end", "14/06",
        "à la Toussaint", "le 23", "hier", "sous huitaine"]
FORMS = ["{who} {does} {when}", "{what} {when}", "{does}: {what}", "{what} chez {who}", "{who}, {what}",
         "{what} et {what2}", "{who} {does}", "voir {who} {when}", "{does} {when}, {what}"]


def note(dice):
    what, what2 = dice.sample(WHAT, 2)
    return dice.choice(FORMS).format(who=dice.choice(WHO), does=dice.choice(DOES), what=what,
                                     what2=what2, when=dice.choice(WHEN))


def main():
    count, foreign = int(sys.argv[1]), sys.argv[2]
    with open(foreign, encoding="utf-8") as file:
        trained = set(re.findall(r"\w{5,}", file.read().lower()))
    own = set(re.findall(r"\w{5,}", " ".join(WHO + DOES + WHAT + WHEN).lower()))
    if own & trained:
        sys.exit(f"these words trained the dictionary: {sorted(own & trained)}")
    dice = random.Random(20260311)
    notes = set()
    # Of the notes that come up, those that keep the mean at 24 bytes.
    total = 0
    while len(notes) < count:
        text = note(dice)
        size = len(text.encode())
        wanted = 24 * (len(notes) + 1) - total
        if text not in notes and abs(size - wanted) <= 14:
            notes.add(text)
            total += size
            print(text)
    if abs(total / count - 24) > 0.5:
        sys.exit(f"the mean is {total / count} bytes")


main()
