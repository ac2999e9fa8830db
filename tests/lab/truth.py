#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""truth.py -- does the sensor find what is known to be in a capture?

	truth.py [--sensor PROGRAM] [-j N] [FOLDER ...]

A folder holds captures and a table of what is in them: TRUTH.tsv or
lab-truth.tsv (our lab), or INDEX.tsv and CONNECTIONS.tsv (public captures).
Without arguments: the bundled pcaps/ and, where it lies beside the project,
../shared/pcaps/lab and ../shared/pcaps/public.  What is not there is said
and skipped.

Every session of a table must be found, none may be invented, and each fact
must be as the table says.  Of the public captures every file is read, mail
in it or not: none may crash the sensor, and the exit status must fit.

Where the table is wrong, or says more than the octets do, deviations.tsv
says so, with the reason and where to look.  A line there that no longer
matches anything is a failure too.
"""
import argparse
import ipaddress
import multiprocessing
import pathlib
import sys
from collections import defaultdict

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tools")]

import packets			# noqa: E402
import sensor			# noqa: E402
import truth_lab		# noqa: E402
import truth_public		# noqa: E402

LAB_PORTS = (25, 587, 465)
SHARED = sensor.ROOT.parent / "shared" / "pcaps"


def normal(field, value):
    """Lists whose order means nothing, for comparing."""
    if field == "rcpt_domains" and value is not None:
        return sorted(value)
    return value


def fits(field, got, want):
    if field == "hellos" and want and want[0] and isinstance(
            want[0][0], tuple):
        return hellos_fit(got, want[0])
    return normal(field, got) in want


def hellos_fit(got, want):
    """A table that gives codes of EHLO only: (command, code) pairs."""
    if len(got) != len(want):
        return False
    for text, (command, code) in zip(got, want):
        name, _, number = text.partition(":")
        if name != command or (name == "EHLO" and number != (code or "0")):
            return False
    return True


# -------------------------------------------------- what the packets say

def scan(path):
    """Per connection: payload octets, and whether both FINs came before
    any RST; a list, for a 4-tuple may come again."""
    seen = defaultdict(list)
    for f in packets.read(path):
        s = packets.parse(f.data)
        if s is None:
            continue
        ends = s.tuple4()
        fresh = s.flags & (packets.SYN | packets.ACK) == packets.SYN
        if not seen[ends] or (fresh and seen[ends][-1]["isn"] not in (
                None, s.seq)):
            seen[ends].append({"isn": None, "octets": 0, "fins": set(),
                               "reset": False, "closed": False})
        c = seen[ends][-1]
        if fresh:
            c["isn"] = s.seq
        c["octets"] += s.end - s.body
        if s.flags & packets.FIN and not c["reset"]:
            c["fins"].add(s.key())
            c["closed"] = len(c["fins"]) == 2
        c["reset"] |= bool(s.flags & packets.RST)
    return seen


def ends_of(key):
    one, two = ((ipaddress.ip_address(ip).packed, port)
                for ip, port in (key[:2], key[2:]))
    return (one, two) if one < two else (two, one)


# ------------------------------------------------------------- one file

def pair(sessions, rows, keyed):
    """(row or None, session or None), in the order of each 4-tuple."""
    found = defaultdict(list)
    for s in sessions:
        found[sensor.sides(s)].append(s)
    for row in rows:
        mine = found.get(keyed(row))
        yield row, mine.pop(0) if mine else None
    for left in found.values():
        for s in left:
            yield None, s


def name_of(session):
    return "{client_ip}:{client_port}>{server_ip}:{server_port}".format(
        **session)


def compare(session, wanted, number):
    for field, want in wanted:
        got = session.get(field, "no such field")
        if not fits(field, got, want):
            yield number, field, got, want


def lab_file(program, path, rows, scratch):
    run = sensor.run(program, path, scratch, LAB_PORTS)
    if run.status != 0:
        yield "-", "status", run.crashed() or run.status, [0]
    bytes_say = scan(path)
    nth = defaultdict(int)
    for row, session in pair(run.sessions, rows, truth_lab.key):
        if row is None:
            yield name_of(session), "session", "invented", ["none"]
            continue
        ends = ends_of(truth_lab.key(row))
        packets_say = bytes_say[ends][nth[ends]]
        nth[ends] += 1
        if session is None:
            if packets_say["octets"] > 0:
                yield row["session"], "session", "missing", [
                    "{client}:{client_port}".format(**row)]
            continue
        if packets_say["octets"] == 0:
            yield row["session"], "session", "found", ["no octets: none"]
        yield from compare(session, truth_lab.wanted(
            row, packets_say["closed"]), row["session"])


def public_file(program, path, index, rows, scratch):
    smtp = [r for r in rows if r["kind"] != "not-smtp"]
    ports = sorted({*truth_public.MAIL_PORTS,
                    *(int(r["server_port"]) for r in smtp)})
    run = sensor.run(program, path, scratch, ports)
    if run.crashed():
        yield "-", "status", run.crashed(), ["an orderly end"]
        return
    if run.status not in truth_public.statuses(index):
        yield ("-", "status", f"{run.status} {run.said.strip()[:200]}",
               truth_public.statuses(index))
    if run.status == 1 and not run.said.strip():
        yield "-", "status", "1 without a word", ["a reason"]
    for row, session in pair(run.sessions, rows, truth_public.key):
        if row is None:
            yield name_of(session), "session", "invented", ["none"]
        elif session is None:
            yield row["conn"], "session", "missing", [
                "{client}:{client_port}".format(**row)]
        else:
            yield from compare(session, truth_public.wanted(row),
                               row["conn"])


# ----------------------------------------------------------- all of them

def lab_tasks(folder, truth):
    rows = defaultdict(list)
    for row in sensor.table(folder / truth):
        rows[row["file"]].append(row)
    return [(lab_file, folder / name, (mine,))
            for name, mine in rows.items()]


def public_tasks(folder):
    rows = defaultdict(list)
    for row in sensor.table(folder / "CONNECTIONS.tsv"):
        rows[row["file"]].append(row)
    return [(public_file, folder / index["file"],
             (index, rows[index["file"]]))
            for index in sensor.table(folder / "INDEX.tsv")]


def tasks_of(folder):
    for truth in ("TRUTH.tsv", "lab-truth.tsv"):
        if (folder / truth).exists():
            return lab_tasks(folder, truth)
    if (folder / "CONNECTIONS.tsv").exists():
        return public_tasks(folder)
    return None


def work(job):
    """In a process of the pool: all differences of one file."""
    program, (check, path, details) = job
    with sensor.scratch() as scratch:
        try:
            found = list(check(program, path, *details, scratch))
        except Exception as why:	# must name the file
            found = [("-", "test", repr(why), ["no exception"])]
    return str(path), sum(len(d) for d in details[-1:]), found


class Deviations:
    """deviations.tsv: file, session, field, got, want, reason."""

    def __init__(self):
        self.rows = sensor.table(HERE / "deviations.tsv")
        self.used = set()

    def excuse(self, path, session, field, got):
        for n, row in enumerate(self.rows):
            if (path.endswith("/" + row["file"]) and
                    row["session"] in (session, "*") and
                    row["field"] == field and row["got"] == str(got)):
                self.used.add(n)
                return True
        return False

    def stale(self, paths):
        for n, row in enumerate(self.rows):
            if n not in self.used and any(
                    p.endswith("/" + row["file"]) for p in paths):
                yield row


def main():
    parser = argparse.ArgumentParser(
        description="Compare the sensor's sessions with tables of truth.")
    parser.add_argument("--sensor", metavar="PROGRAM")
    parser.add_argument("-j", type=int, default=2, metavar="N")
    parser.add_argument("folder", nargs="*", type=pathlib.Path)
    args = parser.parse_args()
    program = sensor.find(args.sensor)
    if program is None:
        print("truth: no sensor; build it or set STRIPTLS_SENSOR")
        return 1
    folders = args.folder or [sensor.ROOT / "pcaps", SHARED / "lab",
                              SHARED / "public"]
    jobs = []
    for folder in folders:
        tasks = tasks_of(folder)
        if tasks is None:
            print(f"truth: {folder}: no captures with a table, skipped")
        else:
            print(f"truth: {folder}: {len(tasks)} captures")
            jobs += [(program, task) for task in tasks]
    excused, failed, rows = 0, 0, 0
    deviations = Deviations()
    with multiprocessing.Pool(args.j) as pool:
        for path, count, found in pool.imap(work, jobs, chunksize=4):
            rows += count
            for session, field, got, want in found:
                if deviations.excuse(path, session, field, got):
                    excused += 1
                    continue
                failed += 1
                want = " or ".join(map(str, want))
                print(f"{path}\t{session}\t{field}\tgot {got}\twant {want}")
    for row in deviations.stale([str(task[1]) for _, task in jobs]):
        failed += 1
        print(f"deviations.tsv: {row['file']} {row['session']} "
              f"{row['field']}: no longer so, take the line out")
    print(f"truth: {len(jobs)} captures, {rows} sessions in the tables, "
          f"{failed} differences, {excused} explained in deviations.tsv")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
