#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""How fast may packets come on an interface before the kernel drops some?

usage: live.py BUILD-DIR [--only A,B,C] [--size 128M] [--keep DIR]

In a network namespace of its own a capture, made as bench.py makes it but
smaller, is replayed by tcpreplay over a veth pair, and taken on the other
end by the sensor, storing into a new database, and by tcpdump, writing to
/dev/null.  The rate doubles until something is dropped; then the gap is
halved three times.  Both are then run at the sensor's highest rate without a
drop, for their processor time.  tcpreplay's own core is one of the
machine's: on two, it and the sensor's two threads share them.

Needs root, tcpreplay and tcpdump; ends with status 77 without.
"""
import argparse
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "tools")]
import bench	# noqa: E402
import span	# noqa: E402

FIRST = 20000		# packets a second
HALVINGS = 3
SETTLE = 1.5		# seconds for the last packets to come through
READY = re.compile(r"listening on")


def replay(pcap, pps):
    """Packets a second as truly sent, and how many."""
    said = subprocess.run(["tcpreplay", "-q", "-K", "-i", "span0", "--pps",
                           str(pps), pcap], capture_output=True, text=True,
                          check=True)
    got = re.search(r"Rated: .*?([\d.]+) pps", said.stdout)
    sent = re.search(r"Actual: (\d+) packets", said.stdout)
    return float(got.group(1)), int(sent.group(1))


def usage_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        part = f.read().rsplit(")", 1)[1].split()
    return (int(part[11]) + int(part[12])) / os.sysconf("SC_CLK_TCK")


def sensor(build, folder, pcap, pps):
    """Packets a second, frames missed, processor seconds, and of how many."""
    db = os.path.join(folder, "live.db")
    bench.forget(db)
    live = span.Sensor(os.path.join(build, "striptls-sensor"), db, "-q",
                       "--policy", "off")
    if not live.ready:
        sys.exit(f"live: {live.end()[1]}")
    rate, sent = replay(pcap, pps)
    time.sleep(SETTLE)
    busy = usage_of(live.proc.pid)
    status, said = live.end()
    if status != 0:
        sys.exit(f"live: {said}")
    con = sqlite3.connect(db)
    counters, = con.execute("SELECT counters FROM run").fetchone()
    con.close()
    n = json.loads(counters)
    missed = n.get("kernel_drops", 0) + n.get("interface_drops", 0) + \
        n.get("sessions_unrecorded", 0)
    return rate, missed, busy, sent / rate


def tcpdump(_build, _folder, pcap, pps):
    taker = subprocess.Popen(["tcpdump", "-n", "-i", "span1", "-w",
                              "/dev/null"], stderr=subprocess.PIPE, text=True)
    said = taker.stderr.readline()
    if READY.search(said) is None:
        sys.exit(f"live: tcpdump: {said}")
    rate, sent = replay(pcap, pps)
    time.sleep(SETTLE)
    busy = usage_of(taker.pid)
    taker.send_signal(signal.SIGINT)
    said = taker.communicate(timeout=span.PATIENCE)[1]
    return rate, int(re.search(r"(\d+) packets dropped by kernel",
                               said).group(1)), busy, sent / rate


def highest(taker, args):
    """The greatest rate of which nothing was missed, as it truly was."""
    good, pps, bad = 0.0, FIRST, None
    while bad is None:
        rate, missed, *_ = taker(*args, pps)
        if missed:
            bad = pps
        elif rate < 0.8 * pps:		# the sender can no more
            return max(good, rate)
        else:
            good, pps = rate, pps * 2
    low = good
    for _ in range(HALVINGS):
        pps = int((low + bad) / 2)
        rate, missed, *_ = taker(*args, pps)
        if missed:
            bad = pps
        else:
            low = good = max(good, rate)
    return good


def inside(args):
    span.make_pair()
    for end in ("span0", "span1"):
        subprocess.run(["ip", "link", "set", end, "mtu", "9000"], check=True)
    folder = args.keep or tempfile.mkdtemp(prefix="striptls-live.")
    print(f"{os.cpu_count()} cores; most packets a second without a drop, "
          "and processor seconds at the sensor's rate")
    print("file    sensor   tcpdump  cpu s sensor  cpu s tcpdump  seconds")
    try:
        for name in args.only.split(","):
            base = os.path.join(folder, f"live-{name}")
            bench.generate(f"{args.build}/tests/smtpgen", name, base,
                           bench.octets(args.size))
            bench.warm(f"{base}.pcap")
            told = (args.build, folder, f"{base}.pcap")
            ours, theirs = highest(sensor, told), highest(tcpdump, told)
            _, _, busy, took = sensor(*told, int(ours))
            _, _, busy_theirs, _ = tcpdump(*told, int(ours))
            print(f"{name:4} {ours:10.0f} {theirs:9.0f} {busy:13.2f} "
                  f"{busy_theirs:14.2f} {took:8.1f}",
                  flush=True)
    finally:
        if not args.keep:
            shutil.rmtree(folder)


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("build")
    p.add_argument("--only", default="A,B,C")
    p.add_argument("--size", default="128M")
    p.add_argument("--keep")
    p.add_argument("--inside", action="store_true")
    args = p.parse_args()
    if args.inside:
        inside(args)
        return 0
    if os.getuid() != 0 or not all(map(shutil.which, ("tcpreplay",
                                                      "tcpdump"))):
        print("live: needs root, tcpreplay and tcpdump")
        return 77
    return subprocess.run(["unshare", "-n", sys.executable, __file__,
                           *sys.argv[1:], "--inside"], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
