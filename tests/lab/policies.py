#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""policies.py -- does the sensor know what each destination promised?

	policies.py [--sensor PROGRAM] [-j N] [--live] [FOLDER]

FOLDER has captures, their truth (TRUTH.tsv or lab-truth.tsv) and what the
DNS said then (lab.snapshot or lab.zone); without it the bundled ones.

The policy of every session must be what the truth's dane_state says of the
destination domains: of those seen in clear, else of all that lead to that
server.  With --live the snapshot's zones are served by NSD, signed, broken
or neither as it says, and asked for through Unbound (in a network namespace
of its own; skipped, with status 77, where one of these is not there).
"""
import argparse
import multiprocessing
import pathlib
import subprocess
import sys
import tempfile
from collections import Counter

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "dns"), str(HERE.parent / "tools")]

import cases			# noqa: E402
import sensor			# noqa: E402
import snapshot			# noqa: E402
import verdicts			# noqa: E402

# What the table knows and the capture does not tell: by scenario and
# destination, what may be got, and why.
NAMELESS = ({"unknown"}, "TLS without SNI, and the names that the back ends "
            "greet with are in no DNS")
EXPLAINED = {
    ("base-history", "lb.example"): NAMELESS,
    ("b-one-address-two-backends", "lb.example"): NAMELESS,
    ("d-bogus", "bogus.example"): (
        {"unknown"}, "TLS without SNI, and the name that it greets with "
        "cannot be validated: nothing ties it to a destination"),
    ("a-inject-commands", "osmtpd.example"): (
        {"not-applicable"}, "the recipient in clear is the attacker's, of "
        "a domain that has other servers"),
    ("b-submission", "submit.example"): (
        {"not-applicable", "unknown"}, "on 587 the recipient is anybody's; "
        "on 465 nothing is said in clear, not even SNI"),
    ("b-probes", "ordinary.example"): (
        {"unknown", "not-applicable"}, "the recipient's domain is nowhere"),
}
NO_OCTETS = "refused at the first packet: no session"


def wanted(row):
    """The policies that this session may have."""
    states = dict(part.split("=", 1) for part in row["dane_state"].split(",")
                  if "=" in part)
    seen = set(row["plain_rcpt_domains"].split(",")) & set(states)
    return {cases.TRUTH[states[d]] for d in seen or states}


def work(job):
    program, folder, name, rows, policy = job
    wrong, answers, used = [], Counter(), Counter()
    with sensor.scratch() as scratch:
        database = pathlib.Path(scratch) / "a.db"
        done = subprocess.run(
            [program, *policy, "-q", "-n", "lab", "-d", str(database), "-p",
             verdicts.PORTS, "-r", str(folder / name)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            return [f"{name}\tstatus {done.returncode}: "
                    f"{done.stdout.decode()[-300:]}"], answers, used
        sessions = sensor.rows(database, "v_sessions")
    for row in rows:
        session = verdicts.session_of(row, sessions)
        got = session and session["policy"]
        answers[got or NO_OCTETS] += 1
        if session is None and row["kind_nohist_dns"] == "not-smtp":
            continue
        key = (row["scenario"], row["destination_domains"].split(",")[0])
        if got not in wanted(row) and row["plain_rcpt_domains"] == "-" and \
                got in EXPLAINED.get(key, ((),))[0]:
            used[key] += 1
        elif got not in wanted(row):
            wrong.append(f"{name} {row['session']} {row['server']}:"
                         f"{row['server_port']} {row['dane_state']} "
                         f"rcpt {row['plain_rcpt_domains']}\tgot "
                         f"{got}\twant {' or '.join(sorted(wanted(row)))}")
    return wrong, answers, used


def jobs(program, folder, policy):
    files = {}
    for row in verdicts.truth(folder):
        files.setdefault(row["file"], []).append(row)
    for name, rows in files.items():
        if (folder / name).exists():
            yield program, folder, name, rows, policy


def compare(program, args, policy):
    """Of all captures; prints what is wrong, and how often it was what."""
    failed, answers, used = [], Counter(), Counter()
    table = {row["scenario"] for row in verdicts.truth(args.folder)
             if (args.folder / row["file"]).exists()}
    with multiprocessing.Pool(args.j) as pool:
        for wrong, some, excused in pool.imap(work, list(jobs(
                program, args.folder, policy))):
            failed += wrong
            answers += some
            used += excused
    for key, (_, why) in EXPLAINED.items():
        if used[key]:
            print(f"explained: {key[0]}, {key[1]}, {used[key]} sessions: "
                  f"{why}")
        elif key[0] in table:
            failed.append(f"{key}: explained, and no longer so")
    print("\n".join(failed))
    print(", ".join(f"{n} {p}" for p, n in answers.most_common()))
    print(f"policies, {'live' if args.live else 'by snapshot'}: "
          f"{sum(answers.values())} sessions, {sum(used.values())} "
          f"explained, {len(failed)} wrong")
    return 1 if failed or not answers else 0


def live(program, args, zone):
    with tempfile.TemporaryDirectory(prefix="striptls-zones.") as folder:
        served = snapshot.Served(folder, zone)
        try:
            return compare(program, args, [
                "--policy", "live", "--resolver", snapshot.RESOLVER + "@53"])
        finally:
            served.close()


def main():
    parser = argparse.ArgumentParser(
        description="Compare the sensor's policies with the lab's truth.")
    parser.add_argument("--sensor", metavar="PROGRAM")
    parser.add_argument("-j", type=int, default=2, metavar="N")
    parser.add_argument("--live", action="store_true")
    parser.add_argument("folder", nargs="?", type=pathlib.Path,
                        default=sensor.ROOT / "pcaps")
    args = parser.parse_args()
    program = sensor.find(args.sensor)
    if program is None:
        print("policies: no sensor; build it or set STRIPTLS_SENSOR")
        return 1
    zone = next((args.folder / n for n in ("lab.snapshot", "lab.zone")
                 if (args.folder / n).exists()), None)
    if zone is None or not verdicts.truth(args.folder):
        print(f"policies: no truth and snapshot in {args.folder}")
        return 77
    if not args.live:
        return compare(program, args, ["--policy", f"file:{zone}"])
    if lacking := snapshot.lacking():
        print(f"policies: {lacking}")
        return 77
    snapshot.enter_namespace()
    return live(program, args, zone)


if __name__ == "__main__":
    sys.exit(main())
