#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The sensor's speed beside an empty libpcap loop over the same file.

usage: bench.py BUILD-DIR [--size 1G] [--runs 5] [--keep DIR] [--only A,B,C]

Generates three captures (deterministic), reads each into the page cache,
then runs floor and sensor in turn on it and prints medians: wall time,
ratio to the floor, packets and megabytes a second, sessions a second, peak
memory, size of the database a session.  Other programs (tshark, ndpiReader)
are timed once on the same file when they are installed and --peers is given.
"""
import argparse
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

FILES = {
    "A": ("realistic mail, mean 75 KB, 70 % TLS",
          ["--mix", "tls12=20,tls13=50,plain=20,optout=5,stripped=2,"
           "mangled=1,r454=1,ehlorej=1",
           "--size", "lognormal:75000"]),
    "B": ("half a million tiny sessions, 100,000 open at once",
          ["--size", "small", "--concurrency", "100000"]),
    "C": ("5 % SMTP among other traffic", ["--noise", "95"]),
}
SESSIONS_B = 500000


def octets(text):
    unit = {"k": 1 << 10, "M": 1 << 20, "G": 1 << 30}.get(text[-1])
    return int(text[:-1]) * unit if unit else int(text)


def generate(gen, name, path, size):
    options = list(FILES[name][1])
    if name == "B":
        sessions = max(1000, SESSIONS_B * size // (1 << 30))
        options[options.index("100000")] = str(max(200, sessions // 5))
        options += ["-n", str(sessions)]
    else:
        options += ["--bytes", str(size)]
    subprocess.run([gen, *options, "-w", path], check=True,
                   stderr=subprocess.DEVNULL)


def warm(path):
    with open(path, "rb", buffering=0) as f:
        while f.read(1 << 22):
            pass


def timed(argv):
    """Wall seconds and peak memory in MiB of one run."""
    start = time.perf_counter()
    pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=[
        (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0)])
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    if status != 0:
        sys.exit(f"bench: {argv} ended with {os.waitstatus_to_exitcode(status)}")
    return wall, usage.ru_maxrss / 1024


def forget(db):
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(db + suffix):
            os.unlink(db + suffix)


def measure(build, path, db, runs):
    floor, sensor, memory = [], [], []
    for _ in range(runs):
        floor.append(timed([f"{build}/tests/floor", path])[0])
        forget(db)
        wall, peak = timed([f"{build}/striptls-sensor", "-q", "--policy",
                            "off", "-n", "bench", "-d", db, "-r", path])
        sensor.append(wall)
        memory.append(peak)
    return (statistics.median(floor), statistics.median(sensor),
            max(memory))


def peers(path):
    for argv in (["tshark", "-n", "-q", "-r", path],
                 ["ndpiReader", "-q", "-i", path]):
        program = shutil.which(argv[0])
        if program:
            yield argv[0], timed([program, *argv[1:]])[0]


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("build")
    ap.add_argument("--size", type=octets, default=1 << 30)
    ap.add_argument("--runs", type=int, default=5)
    ap.add_argument("--keep", help="keep the captures in this folder")
    ap.add_argument("--only", default="A,B,C")
    ap.add_argument("--peers", action="store_true")
    args = ap.parse_args()
    folder = args.keep or tempfile.mkdtemp(prefix="striptls-bench.")
    os.makedirs(folder, exist_ok=True)
    print(f"{os.cpu_count()} cores, {args.runs} runs, medians; "
          "ratio = wall time to an empty libpcap loop on the same file")
    print("file  floor s  sensor s  ratio  Mpackets/s   MB/s  sessions/s"
          "  peak MiB  octets/session  what")
    try:
        for name in args.only.split(","):
            path = os.path.join(folder, f"{name}.pcap")
            if not os.path.exists(path):
                generate(f"{args.build}/tests/smtpgen", name, path, args.size)
            warm(path)
            db = os.path.join(folder, "bench.db")
            floor, sensor, peak = measure(args.build, path, db, args.runs)
            frames = int(subprocess.run([f"{args.build}/tests/floor", path],
                                        check=True, capture_output=True,
                                        text=True).stdout)
            con = sqlite3.connect(db)
            sessions, = con.execute("SELECT count(*) FROM session").fetchone()
            con.close()
            size = os.path.getsize(path)
            print(f"{name:4} {floor:8.3f} {sensor:9.3f} {sensor / floor:6.2f}"
                  f" {frames / sensor / 1e6:11.2f} {size / sensor / 1e6:6.0f}"
                  f" {sessions / sensor:11.0f} {peak:9.0f}"
                  f" {os.path.getsize(db) / max(sessions, 1):15.0f}"
                  f"  {FILES[name][0]}", flush=True)
            if args.peers:
                for peer, wall in peers(path):
                    print(f"     {peer}: {wall:.1f} s, {wall / floor:.1f} "
                          "times the floor", flush=True)
            forget(db)
            if not args.keep:
                os.unlink(path)
    finally:
        if not args.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
