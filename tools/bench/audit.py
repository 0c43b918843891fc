"""Measures `trueup audit verify` over a made-up trail, written by docs/audit-format.md.

    audit.py [ENTRIES] [--program PATH]

Streams of five entries each, as cases have them, in a SQLite store below .tools/bench/.
"""

import argparse
import hashlib
import json
import resource
import shutil
import sqlite3
import subprocess
import sys
import time

from run import ROOT, WORK, built_program

FOLDER = WORK / "audit"
STREAM_ENTRIES = 5


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("entries", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--program", help="trueup (else it is built)")
    arguments = parser.parse_args()
    program = arguments.program or built_program()
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.copytree(ROOT / "examples" / "bench", FOLDER)
    subprocess.run([program, "--config", FOLDER, "store", "create"], check=True)
    write_trail(next(FOLDER.glob("data/*.db")), arguments.entries)
    started = time.monotonic()
    said = subprocess.run([program, "--config", FOLDER, "audit", "verify", "--json"],
                          capture_output=True, text=True)
    wall = time.monotonic() - started
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = json.loads(said.stdout)
    if said.returncode != 0 or told["broken"]:
        sys.exit(f"the trail does not hold: {said.stdout[:500]}{said.stderr[:500]}")
    print(f"{arguments.entries:,} entries in {wall:.1f} s, largest memory "
          f"{usage.ru_maxrss / 1024:.0f} MiB")


def write_trail(database, count):
    connection = sqlite3.connect(database)
    for number in range(0, count, STREAM_ENTRIES):
        stream = f"case/{hashlib.md5(str(number).encode()).hexdigest()}"
        previous = bytes(32)
        for sequence in range(min(STREAM_ENTRIES, count - number)):
            fields = [["note", f"looked at {number}"], ["to", "ann"]]
            second = sequence % 60
            at = 1_795_000_000 + second
            stated = (stream, sequence, previous.hex(), iso(at), "ann", "case_commented",
                      json.dumps(fields, separators=(",", ":")))
            connection.execute("INSERT INTO audit_entries VALUES (?,?,?,?,?,?,?)", stated)
            previous = entry_hash(stream, sequence, previous, at * 10**9, fields)
        connection.execute("INSERT INTO audit_heads (stream, length, hash) VALUES (?,?,?)",
                           (stream, sequence + 1, previous.hex()))
    connection.commit()
    connection.close()


def entry_hash(stream, sequence, previous, at, fields):
    hashed = hashlib.sha256()
    hashed.update(text("trueup.audit.v1") + text(stream) + sequence.to_bytes(8, "big"))
    hashed.update(previous + at.to_bytes(16, "big", signed=True))
    hashed.update(text("ann") + text("case_commented") + len(fields).to_bytes(8, "big"))
    for name, value in fields:
        hashed.update(text(name) + text(value))
    return hashed.digest()


def text(of):
    data = of.encode()
    return len(data).to_bytes(8, "big") + data


def iso(at):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


main()
