#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""dane_sessions.py -- what a session with a destination that promises TLS
must come to, from the capture to what the analyzer says.

	dane_sessions.py [--live] [--all] BUILD [CASE ...]

Each case of sessions.py is a dialogue; it is made a capture of, read with a
snapshot of the DNS, or (--live) with Unbound and NSD that serve the same
zones, signed here, in a network namespace of its own: status 77 where one
of these is not there.  Policy, verdict, kinds, reasons, severities and words
must be as the case says.  --all shows what came of every session.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "dns"), str(HERE.parent / "tools")]

import sensor			# noqa: E402
import sessions			# noqa: E402
import snapshot			# noqa: E402
import talk			# noqa: E402

RANK = ("info", "low", "medium", "high", "critical")


class Program:
    """Sensor and analyzer of one build, and where the DNS is."""

    def __init__(self, build, folder, policy):
        self.sensor = str(build / "striptls-sensor")
        self.analyzer = str(build / "striptls-analyzer")
        self.folder, self.policy = folder, policy

    def read(self, name, source, policy=None):
        """A capture of the dialogue, read into a new database."""
        path = self.folder / f"{name}.talk"
        path.write_text(source, encoding="utf-8")
        told = talk.Talk(path)
        path.with_suffix(".pcap").write_bytes(told.pcap())
        database = path.with_suffix(".db")
        done = subprocess.run(
            [self.sensor, *(policy or self.policy), "-q", "-n", "test", "-d",
             database, "-p", "25,587", "--jsonl", path.with_suffix(".jsonl"),
             "--evidence", self.folder / name, "-r",
             path.with_suffix(".pcap")], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=sensor.PATIENCE, check=False)
        path.with_suffix(".log").write_bytes(done.stdout)
        if done.returncode != 0:
            raise SystemExit(f"{name}: status {done.returncode}: "
                             f"{done.stdout.decode()[-300:]}")
        return database, told

    def ask(self, database, *words):
        done = subprocess.run(
            [self.analyzer, "-d", database, "-o", "jsonl", *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            timeout=sensor.PATIENCE, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def page(self, database, session):
        done = subprocess.run(
            [self.analyzer, "-d", database, "-o", "table", "session",
             str(session)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            timeout=sensor.PATIENCE, check=True)
        return " ".join(done.stdout.decode().split())


def unlike(want, session, findings):
    """What of the session is not as wanted: (what, got, want)."""
    for field in ("policy", "verdict", "offer", "starttls", "capture",
                  "tls", "protection"):
        if field in want and session[field] != want[field]:
            yield field, session[field], want[field]
    if "gaps" in want and session["capture_gaps"] != want["gaps"]:
        yield "gaps", session["capture_gaps"], want["gaps"]
    if "kinds" in want:
        got = {f["kind"] for f in findings}
        if got != set(want["kinds"].split()):
            yield "kinds", sorted(got), want["kinds"]
    for kind, (severity, because, words) in want.get("of", {}).items():
        one = next((f for f in findings if f["kind"] == kind), None)
        if one is None:
            yield kind, "nothing", severity
            continue
        if one["severity"] != severity:
            yield f"{kind} severity", one["severity"], severity
        if set(one["because"]) != set(because.split()):
            yield f"{kind} because", one["because"], because
        if words not in one["summary"]:
            yield f"{kind} words", one["summary"], words
    if "worst" in want:
        got = max((RANK.index(f["severity"]) for f in findings), default=-1)
        got = RANK[got] if got >= 0 else "nothing"
        if got != want["worst"]:
            yield "gravest", got, want["worst"]


def show(session, findings):
    print(f"    {session['client_ip']} {session['policy']} "
          f"{session['verdict']} offer={session['offer']}")
    for f in findings:
        print(f"      {f['kind']} {f['severity']} {f['confidence']} "
              f"{f['because']}: {f['summary']}")


def check(program, case, args):
    """What is wrong with it, as text."""
    wrong = []
    name = case.name.replace(" ", "-").replace("/", "-")
    policy = None if case.policy is True else case.policy or [
        "--policy", "off"]
    database, told = program.read(name, case.source, policy)
    found = program.ask(database, "sessions", "--limit", "1000")
    findings = program.ask(database, "findings", "--limit", "1000")
    left = sorted(found, key=lambda s: (s["started_at"], s["id"]))
    mine = []
    for connection in told.expected:
        ends = (*connection["client"], *connection["server"])
        one = next((s for s in left if sensor.sides(s) == ends), None)
        if one is None:
            return [f"{ends}: no session"]
        left.remove(one)
        mine.append(one)
    for index, want in case.want.items():
        session = mine[index]
        its = [f for f in findings if f["session_id"] == session["id"]]
        if args.all:
            show(session, its)
        wrong += [f"connection {index}, {what}: got {got}, want {wanted}"
                  for what, got, wanted in unlike(want, session, its)]
        for words in want.get("page", ()):
            page = program.page(database, session["id"])
            if words not in page:
                wrong.append(f"page: {words!r} not in {page}")
    if case.secrets:
        wrong += leaks(program, name, database, case.secrets)
    return wrong


def leaks(program, name, database, secrets):
    """Where one of the secrets is, in whatever was written."""
    files = [f for f in program.folder.glob(f"{name}*")
             if f.suffix not in (".talk", ".pcap") and f.is_file()]
    files += [f for f in (program.folder / name).rglob("*") if f.is_file()]
    texts = {f.name: f.read_bytes() for f in files}
    for words in (("sessions",), ("findings",), ("incidents",)):
        texts[words[0]] = json.dumps(program.ask(database, *words)).encode()
    for s in program.ask(database, "sessions"):
        texts[f"page of {s['id']}"] = program.page(
            database, s["id"]).encode()
    if len(texts) < 8:
        yield f"only {sorted(texts)} were looked at"
    for file, octets in texts.items():
        for secret in secrets:
            if secret.lower() in octets.lower():
                yield f"{secret.decode()} in {file}"


def run(program, args):
    failed = ran = 0
    for case in [*sessions.cases(),
                 *(sessions.live_cases() if args.live else ())]:
        if args.case and case.name.split()[0] not in args.case:
            continue
        ran += 1
        wrong = check(program, case, args)
        failed += bool(wrong)
        print(f"{'FAIL' if wrong else 'ok  '} {case.name}: {case.what}")
        for line in wrong:
            print(f"     {line}")
    how = "live" if args.live else "by snapshot"
    print("S23 (the lookup fails, and works later) is late.py's: it is about "
          "the sensor's clock, not a session's")
    print(f"sessions with promises, {how}: {ran} cases, {failed} failed")
    return 1 if failed or not ran else 0


def main():
    parser = argparse.ArgumentParser(
        description="Judge sessions with destinations that promise TLS.")
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("case", nargs="*")
    args = parser.parse_args()
    for program in ("striptls-sensor", "striptls-analyzer"):
        if not os.access(args.build / program, os.X_OK):
            print(f"no {program} in {args.build}")
            return 1
    if args.live:
        if lacking := snapshot.lacking():
            print(f"sessions with promises: {lacking}")
            return 77
        snapshot.enter_namespace()
    with tempfile.TemporaryDirectory(prefix="striptls-sessions.") as name:
        folder = pathlib.Path(name)
        zone = folder / "zones"
        zone.write_text(sessions.ZONES, encoding="ascii")
        if not args.live:
            return run(Program(args.build.resolve(), folder,
                               ["--policy", f"file:{zone}"]), args)
        (folder / "dns").mkdir()
        served = snapshot.Served(str(folder / "dns"), zone)
        try:
            return run(Program(args.build.resolve(), folder, [
                "--policy", "live", "--resolver",
                snapshot.RESOLVER + "@53"]), args)
        finally:
            served.close()


if __name__ == "__main__":
    sys.exit(main())
