#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""dns.py -- the DNS of captures that others made.

	dns.py [--sensor PROGRAM] [-j N]

Needs ../shared/pcaps beside the project, and is skipped without (status 77).
Each public capture is read without harm.  The lab's DNS is honest: none of
its questions may look as if it had been answered in two ways, not by itself
and not when every frame comes twice by different ways.  Put together with
the mail that it led to, it names the servers as the table of truth does.
"""
import argparse
import json
import multiprocessing
import pathlib
import sqlite3
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "tools")]

import mutate			# noqa: E402
import packets			# noqa: E402
import sensor			# noqa: E402

SHARED = sensor.ROOT.parent / "shared" / "pcaps"
FREE = ("mx", "dns")		# names that come from DNS
# Two hosts of the lab share an address: either name is right.
ALIAS = {"host1.hoster.example": "mail.cname.example",
         "mx.bogus.example": "mx.bogustlsa.example",
         "mx.unusable.example": "mx.badtype.example"}


def read(program, path, scratch):
    """Status, counters of the run, and the rows of the sessions."""
    database = pathlib.Path(scratch) / "dns.db"
    for left in scratch_files(database):
        left.unlink()
    done = subprocess.run(
        [program, "-q", "-n", "test", "-d", database, "-p", "25,465,587",
         "-r", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=sensor.PATIENCE, check=False)
    if not database.exists():
        return done.returncode, done.stdout, {}, []
    db = sqlite3.connect(database)
    counters = {}
    for (text,) in db.execute("SELECT counters FROM run"):
        counters.update(json.loads(text or "{}"))
    db.close()
    return (done.returncode, done.stdout, counters,
            sensor.rows(database, "v_sessions"))


def scratch_files(database):
    return list(database.parent.glob(database.name + "*"))


def truth():
    """(client, port, server) of the sender's side: names it may have."""
    names = {}
    for row in sensor.table(SHARED / "lab" / "TRUTH.tsv"):
        if row["vantage"] == "sender":
            key = (row["scenario"], row["client"], int(row["client_port"]),
                   row["server"])
            names.setdefault(key, set()).update(
                (row["server_name"], ALIAS.get(row["server_name"])))
    return names


def lab(job):
    """(messages, names told, complaints) of one scenario."""
    program, path, names = job
    scenario, complaints, told, messages = path.name[:-9], [], 0, 0
    frames = packets.read(path)
    mail = path.with_name(f"{scenario}-sender.pcap")
    with sensor.scratch() as scratch:
        for what, some in (
                ("as is", frames),
                ("twice", mutate.twice_otherwise(frames)),
                ("reordered", mutate.reorder(frames)),
                ("with the mail", sorted(frames + packets.read(mail),
                                         key=lambda f: f.time))):
            file = pathlib.Path(scratch) / "made.pcap"
            file.write_bytes(packets.pcap(some))
            status, said, counters, sessions = read(program, file, scratch)
            messages += counters.get("decode_dns", 0)
            if status != 0:
                complaints.append((what, status, said[-300:]))
            for bad in ("dns_conflicts", "dns_bad", "dns_cut"):
                if counters.get(bad, 0) != 0:
                    complaints.append((what, bad, counters[bad]))
        for s in sessions:
            key = (scenario, s["client_ip"], s["client_port"],
                   s["server_ip"])
            if s["server_name_from"] not in FREE or key not in names:
                continue
            told += 1
            if s["server_name"] not in names[key]:
                complaints.append((key, s["server_name"], names[key]))
    return path.name, messages, told, complaints


def public(job):
    program, path = job
    with sensor.scratch() as scratch:
        status, said, counters, _ = read(program, path, scratch)
    if status in (0, 1, 2) and b"Sanitizer" not in said:
        return path.name, counters.get("decode_dns", 0), 0, []
    return path.name, 0, 0, [("status", status, said[-300:])]


def main():
    parser = argparse.ArgumentParser(
        description="Read the DNS of captures that others made.")
    parser.add_argument("--sensor", metavar="PROGRAM")
    parser.add_argument("-j", type=int, default=2, metavar="N")
    args = parser.parse_args()
    program = sensor.find(args.sensor)
    if program is None:
        print("dns: no sensor; build it or set STRIPTLS_SENSOR")
        return 1
    labs = sorted((SHARED / "lab").glob("*-dns.pcap"))
    others = [p for p in sorted((SHARED / "public").glob("*/*"))
              if "dns" in str(p).lower()]
    if not labs or not others:
        print("dns: no captures beside the project")
        return 77
    names = truth()
    failed = messages = told = 0
    with multiprocessing.Pool(args.j) as pool:
        for results in (
                pool.imap(lab, [(program, p, names) for p in labs]),
                pool.imap(public, [(program, p) for p in others])):
            for name, seen, named, complaints in results:
                messages += seen
                told += named
                for what, got, want in complaints:
                    print(f"{name}\t{what}\tgot {got}\twant {want}")
                    failed += 1
    if messages < 1000 or told < 100:
        print(f"too little: {messages} messages, {told} names")
        failed += 1
    print(f"dns: {len(labs)} + {len(others)} captures, {messages} messages, "
          f"{told} names as in the table, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
