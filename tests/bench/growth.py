#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Does the sensor's time stay flat when there is more of everything?

usage: growth.py BUILD-DIR open|stored [--runs 3] [--steps N,N,...]
                 [--keep DIR]

open    connections open at once: for each step a capture of tiny sessions,
        that many of them open together, is read into a new database.  Shown:
        processor nanoseconds a packet, wall time over that of an empty
        libpcap loop on the same file, octets of memory an open connection.
stored  sessions in the database already: captures of 100,000 sessions, each
        of a later day, are read into one database until it has so many.
        Shown: seconds and sessions a second of the last capture before each
        step, and octets of the database a session.

Markdown, with a bar a step, as docs/performance.md has it.
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import bench			# noqa: E402

OPEN = "10000,100000,500000,1000000,2000000"
STORED = "1000,100000,1000000,10000000"
BATCH = 100000		# sessions a capture
DAY = 86400
BAR = 40		# columns of the longest bar
CONFIG = """limits:
  connections: 4000000
  memory_mib: 4096
"""


def numbers(text):
    return [int(n) for n in text.split(",")]


def generate(args, path, sessions, *more):
    subprocess.run([f"{args.build}/tests/smtpgen", *bench.FILES["B"][2],
                    "-n", str(sessions), *more, "-w", path], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    bench.warm(path)


def read(args, path, db):
    """Wall seconds, peak MiB and processor seconds."""
    config = os.path.join(os.path.dirname(db), "growth.yaml")
    with open(config, "w", encoding="ascii") as f:
        f.write(CONFIG)
    return bench.timed([f"{args.build}/striptls-sensor", "-q", "-c", config,
                        "--policy", "off", "-n", "growth", "-d", db, "-r",
                        path])


def table(head, rows, shown):
    """Markdown, and of column `shown` a bar."""
    most = max(float(row[shown]) for row in rows)
    print("| " + " | ".join(head) + " | |")
    print("|" + "---:|" * len(head) + "---|")
    for row in rows:
        bar = "█" * max(1, round(BAR * float(row[shown]) / most))
        print("| " + " | ".join(str(c) for c in row) + f" | {bar} |")


def open_at_once(args, folder):
    rows = []
    path, db = os.path.join(folder, "open.pcap"), os.path.join(folder, "g.db")
    for step in args.steps or numbers(OPEN):
        generate(args, path, max(2 * step, BATCH), "--concurrency", str(step))
        packets = bench.frames_of(args.build, path)
        floors, walls, cpus, peak = [], [], [], 0
        for _ in range(args.runs):
            floors.append(bench.timed([f"{args.build}/tests/floor", path])[0])
            bench.forget(db)
            wall, memory, cpu = read(args, path, db)
            walls.append(wall)
            cpus.append(cpu)
            peak = max(peak, memory)
        bench.forget(db)
        os.unlink(path)
        rows.append([step, packets,
                     f"{statistics.median(cpus) * 1e9 / packets:.0f}",
                     f"{statistics.median(walls) / statistics.median(floors):.1f}",
                     f"{peak:.0f}", f"{peak * (1 << 20) / step:.0f}"])
    table(["open at once", "packets", "cpu ns a packet", "times the floor",
           "peak MiB", "octets of all memory each"], rows, 2)


def stored(args, folder):
    rows, have = [], 0
    path, db = os.path.join(folder, "one.pcap"), os.path.join(folder, "g.db")
    for step in args.steps or numbers(STORED):
        while have < step:
            part = min(BATCH, step - have)
            generate(args, path, part, "--seed", str(have + 1), "--start",
                     str(1600000000 + have // BATCH * DAY))
            wall, peak, cpu = read(args, path, db)
            os.unlink(path)
            have += part
        sessions = bench.stored(db)[0]
        if sessions != have:
            sys.exit(f"growth: {sessions} sessions stored of {have}")
        rows.append([have, f"{wall:.2f}", f"{part / wall:.0f}",
                     f"{cpu * 1e6 / part:.1f}", f"{peak:.0f}",
                     f"{os.path.getsize(db) / have:.0f}"])
    table(["stored", "s, the last part", "sessions/s", "cpu us a session",
           "peak MiB", "octets of database a session"], rows, 3)


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("build")
    ap.add_argument("what", choices=["open", "stored"])
    ap.add_argument("--runs", type=int, default=3)
    ap.add_argument("--steps", type=numbers)
    ap.add_argument("--keep", metavar="DIR", help="work there")
    args = ap.parse_args()
    args.build = os.path.abspath(args.build)
    folder = args.keep or tempfile.mkdtemp(prefix="striptls-growth.")
    os.makedirs(folder, exist_ok=True)
    try:
        (open_at_once if args.what == "open" else stored)(args, folder)
    finally:
        if not args.keep:
            shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
