#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The sensor's speed beside an empty libpcap loop over the same file.

usage: bench.py BUILD-DIR [--size 1G] [--runs 5] [--only A,B,C] [--keep DIR]
                [--check] [--peers] [--record]

Generates three captures (deterministic), reads each into the page cache,
then runs floor and sensor in turn on it and prints medians: wall time,
ratio to the floor and the most it may be, packets, megabytes, sessions and
findings a second, peak memory, octets of the database a session, and the
processor time of all threads.  A run counts only if as many sessions are
stored as the capture has.

--check  exit status 1 if a ratio is above what it may be
--peers  time other programs once on the same file, where installed
--keep   keep the captures there, and use those that are there already
--record add a line a file to history.tsv, with the commit and the machine
"""
import argparse
import datetime
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

# Per file: what it is, the most its ratio may be, options of the generator.
FILES = {
    # 70 of 100 sessions get TLS.
    "A": ("realistic mail, mean 75 KB, 70 % TLS", 2,
          ["--size", "lognormal:75000", "--mix",
           "tls12=20,tls13=50,plain=20,optout=5,stripped=2,mangled=1,"
           "r454=1,ehlorej=1"]),
    # 2.1 KB a session with all headers: most cannot carry mail, nor a
    # whole TLS handshake.  That is what probes and scanners are like.
    "B": ("half a million tiny sessions, 100,000 open at once", 12,
          ["--size", "fixed:200", "--clients", "5000", "--servers", "1000",
           "--mix", "probe=45,plain=22,tlsabort=15,optout=4,tls13=3,tls12=2,"
           "r454=3,stripped=2,mangled=2,ehlorej=2"]),
    # Of packets; SMTP is begun for three quarters of the file, then what
    # is open comes to its end.
    "C": ("5 % SMTP among other traffic", 2, ["--noise", "94.2"]),
}
GIB = 1 << 30
SESSIONS_B = 500000
OPEN_B = 100000
SHARE_C = 0.745

PEERS = {
    # Without something to look for it dissects nothing.
    "tshark": ["-n", "-q", "-Y", "smtp", "-r"],
    "ndpiReader": ["-q", "-i"],
}


def octets(text):
    unit = {"k": 1 << 10, "M": 1 << 20, "G": GIB}.get(text[-1:])
    return int(text[:-1]) * unit if unit else int(text)


def amount(name, size):
    """Options that make file `name` about `size` octets."""
    if name == "B":
        return ["-n", str(max(1000, SESSIONS_B * size // GIB)),
                "--concurrency", str(max(200, OPEN_B * size // GIB))]
    return ["--bytes", str(int(size * (SHARE_C if name == "C" else 1)))]


def generate(gen, name, base, size):
    """BASE.pcap and BASE.tsv, unless they are there, made the same way."""
    options = [*FILES[name][2], *amount(name, size)]
    recipe = " ".join(options)
    if os.path.exists(f"{base}.options"):
        with open(f"{base}.options", encoding="ascii") as f:
            if f.read() == recipe:
                return
        os.unlink(f"{base}.options")
    made = subprocess.run([gen, *options, "-w", f"{base}.pcap",
                           "-t", f"{base}.tsv"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True)
    if made.returncode != 0:
        sys.exit(f"bench: {made.stderr}bench: {name} could not be made")
    with open(f"{base}.options", "w", encoding="ascii") as f:
        f.write(recipe)


def lines(path):
    with open(path, "rb") as f:
        return sum(1 for _ in f)


def warm(path):
    with open(path, "rb", buffering=0) as f:
        while f.read(1 << 20):
            pass


def timed(argv):
    """Wall seconds, peak memory in MiB and processor seconds of one run.
    (The kernel counts this script's own few MiB as the least.)"""
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
            (os.POSIX_SPAWN_DUP2, said.fileno(), 2)])
        _, status, usage = os.wait4(pid, 0)
        wall = time.perf_counter() - start
        if status != 0:
            said.seek(0)
            sys.stderr.write(said.read().decode(errors="replace"))
            sys.exit(f"bench: {' '.join(argv)}: ended with"
                     f" {os.waitstatus_to_exitcode(status)}")
    return wall, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def forget(db):
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(db + suffix):
            os.unlink(db + suffix)


def stored(db):
    con = sqlite3.connect(f"file:{db}?mode=ro", uri=True)
    sessions, = con.execute("SELECT count(*) FROM session").fetchone()
    findings, = con.execute("SELECT count(*) FROM finding").fetchone()
    con.close()
    return sessions, findings


def measure(build, path, db, runs):
    """Medians of floor and sensor, by turns; of the sensor also peak memory
    and the median of its processor time."""
    floor, sensor, memory, busy = [], [], [], []
    for _ in range(runs):
        floor.append(timed([f"{build}/tests/floor", path])[0])
        forget(db)
        wall, peak, cpu = timed([f"{build}/striptls-sensor", "-q", "--policy",
                            "off", "-n", "bench", "-d", db, "-r", path])
        sensor.append(wall)
        memory.append(peak)
        busy.append(cpu)
    return (statistics.median(floor), statistics.median(sensor),
            max(memory), statistics.median(busy))


HISTORY = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "history.tsv")
COLUMNS = ["date", "commit", "machine", "file", "octets", "runs", "floor_s",
           "sensor_s", "ratio", "cpu_s", "packets_s", "sessions_s",
           "findings_s", "peak_mib", "octets_session"]


def machine():
    """What it is, without its name."""
    model = platform.processor() or platform.machine()
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
        for line in f:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}"


def commit():
    """Of the tree this script is in; + if there are changes besides."""
    said = subprocess.run(["git", "describe", "--always", "--dirty=+",
                           "--exclude", "*"], cwd=os.path.dirname(HISTORY),
                          capture_output=True, text=True)
    return said.stdout.strip() or "unknown"


def record(row):
    fresh = not os.path.exists(HISTORY)
    with open(HISTORY, "a", encoding="utf-8") as f:
        if fresh:
            f.write("# SPDX-License-Identifier: ISC\n")
            f.write("\t".join(COLUMNS) + "\n")
        f.write("\t".join(str(row[c]) for c in COLUMNS) + "\n")


def frames_of(build, path):
    return int(subprocess.run([f"{build}/tests/floor", path], check=True,
                              capture_output=True, text=True).stdout)


def peers(path, floor):
    for name, options in PEERS.items():
        program = shutil.which(name)
        if program:
            wall = timed([program, *options, path])[0]
            print(f"      {name}: {wall:.1f} s, {wall / floor:.1f} times"
                  " the floor", flush=True)


def bench(args, name, folder):
    """One file; True if its ratio is as small as it should be."""
    what, limit, _ = FILES[name]
    base = os.path.join(folder, name)
    path = f"{base}.pcap"
    generate(f"{args.build}/tests/smtpgen", name, base, args.size)
    want = lines(f"{base}.tsv") - 1
    warm(path)
    db = os.path.join(folder, "bench.db")
    floor, sensor, peak, cpu = measure(args.build, path, db, args.runs)
    sessions, findings = stored(db)
    if sessions != want:
        sys.exit(f"bench: {name}: {sessions} sessions stored of {want}")
    size = os.path.getsize(path)
    ratio = sensor / floor
    packets = frames_of(args.build, path) / sensor
    row = os.path.getsize(db) / sessions
    print(f"{name:4} {floor:8.3f} {sensor:9.3f} {ratio:6.2f} {limit:4}"
          f"{'  ' if ratio <= limit else ' !'} {cpu:6.2f}"
          f" {packets / 1e6:10.2f}"
          f" {size / sensor / 1e6:6.0f} {sessions / sensor:11.0f}"
          f" {findings / sensor:11.0f}"
          f" {peak:9.0f} {row:15.0f}  {what}", flush=True)
    if args.record:
        record({"date": datetime.date.today().isoformat(),
                "commit": commit(), "machine": machine(), "file": name,
                "octets": size, "runs": args.runs,
                "floor_s": f"{floor:.3f}", "sensor_s": f"{sensor:.3f}",
                "ratio": f"{ratio:.2f}", "cpu_s": f"{cpu:.2f}",
                "packets_s": f"{packets:.0f}",
                "sessions_s": f"{sessions / sensor:.0f}",
                "findings_s": f"{findings / sensor:.0f}",
                "peak_mib": f"{peak:.0f}", "octets_session": f"{row:.0f}"})
    if args.peers:
        peers(path, floor)
    forget(db)
    if not args.keep:
        for suffix in ("pcap", "tsv", "options"):
            os.unlink(f"{base}.{suffix}")
    return ratio <= limit


def arguments():
    ap = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], epilog="See README.md.")
    ap.add_argument("build", help="a build folder, Release")
    ap.add_argument("--size", type=octets, default=GIB,
                    help="of each capture, with k, M or G (1G)")
    ap.add_argument("--runs", type=int, default=5)
    ap.add_argument("--only", default="A,B,C", metavar="A,B,C")
    ap.add_argument("--keep", metavar="DIR")
    ap.add_argument("--check", action="store_true")
    ap.add_argument("--peers", action="store_true")
    ap.add_argument("--record", action="store_true")
    args = ap.parse_args()
    args.only = args.only.split(",")
    for name in args.only:
        if name not in FILES:
            ap.error(f"--only: {name}: files are A, B and C")
    if args.runs < 1 or args.size < 1 << 20:
        ap.error("at least one run, and a size of 1M")
    # posix_spawn looks for no program: a path, please.
    args.build = os.path.abspath(args.build)
    return args


def main():
    args = arguments()
    folder = args.keep or tempfile.mkdtemp(prefix="striptls-bench.")
    os.makedirs(folder, exist_ok=True)
    print(f"{os.cpu_count()} cores, {args.runs} runs, medians; ratio: wall"
          " time to that of an empty libpcap loop on the same file")
    print("file  floor s  sensor s  ratio  max   cpu s Mpackets/s   MB/s"
          "  sessions/s  findings/s  peak MiB  octets/session  what",
          flush=True)
    try:
        within = [bench(args, name, folder) for name in args.only]
    finally:
        if not args.keep:
            shutil.rmtree(folder)
    return 1 if args.check and not all(within) else 0


if __name__ == "__main__":
    sys.exit(main())
