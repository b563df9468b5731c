# SPDX-License-Identifier: Apache-2.0
"""Alters a server's log behind its back.

    tamper.py DATA list             prints WHAT INDEX for everything that can be altered
    tamper.py DATA WHAT INDEX       alters one byte, or one row

WHAT: header, signature, time (t_recv), body.N, leaf (the row and its bodies are removed), body-gone.N
"""
import random
import sqlite3
import sys

folder, what = sys.argv[1:3]
log = sqlite3.connect(folder + "/log.db")


def flip(data):
    dice = random.Random(len(data) * 31 + data[0])
    changed = bytearray(data)
    changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def alter(table, column, where, change):
    """Gives one cell another value."""
    (old,) = log.execute(f"SELECT {column} FROM {table} WHERE {where}").fetchone()
    done = log.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (change(old),))
    assert done.rowcount == 1


def main():
    if what == "list":
        for (index,) in log.execute("SELECT idx FROM log ORDER BY idx").fetchall():
            for one in ("header", "signature", "time", "leaf"):
                print(one, index)
        for index, box in log.execute("SELECT idx, box FROM bodies WHERE body IS NOT NULL").fetchall():
            print(f"body.{box}", index)
            print(f"body-gone.{box}", index)
        return
    index = int(sys.argv[3])
    leaf = f"idx = {index}"
    if what == "header":
        alter("log", "header", leaf, flip)
    elif what == "signature":
        alter("log", "sig", leaf, flip)
    elif what == "time":
        alter("log", "t_recv", leaf, lambda ms: ms + 1)
    elif what == "leaf":
        assert log.execute(f"DELETE FROM log WHERE {leaf}").rowcount == 1
        log.execute(f"DELETE FROM bodies WHERE {leaf}")
    elif what.startswith("body."):
        alter("bodies", "body", f"{leaf} AND box = {what[5:]}", flip)
    elif what.startswith("body-gone."):
        done = log.execute(f"UPDATE bodies SET body = NULL WHERE {leaf} AND box = {what[10:]}")
        assert done.rowcount == 1
    else:
        sys.exit(f"unknown: {what}")
    log.commit()
    log.execute("PRAGMA wal_checkpoint(TRUNCATE)")


main()
