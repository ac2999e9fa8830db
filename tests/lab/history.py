#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""history.py -- what is remembered, and what nobody can make it forget.

	history.py [--sensor PROGRAM] [NAME ...]

Replay: the bundled captures, read again, change nothing at all: sessions,
findings, incidents and table `past` stay as they are.  Read in another
order, captures that are weeks apart give the same findings and incidents;
a present read ahead of its past is judged without it (later knowledge does
not judge anew), and what comes after both is judged as if they had been in
order.

Poisoning: who strips slowly, for longer than anything is remembered, or
floods the sensor with forged sessions, silences no rule.

NAME: the checks whose name contains it.
"""
import argparse
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tools")]

import packets			# noqa: E402
import sensor			# noqa: E402
import talk			# noqa: E402

PCAPS = sensor.ROOT / "pcaps"
PORTS = ",".join(map(str, sensor.SMTP_PORTS))
SEED = 20260301
DAY = 86400

# An ordinary server, and a session of it with TLS and one without an offer.
HERE_NET = "[2001:db8:1::1]"
MX = "[2001:db8:ffff::25]:25"
HONEST = """
client {client}
server {mx}
at {at}
repeat {repeat}
greet mx.example
starttls tls12-key 4
"""
WIDE = HONEST.replace("tls12-key 4", "tls12-wide 4")
ANONYMOUS = HONEST.replace("tls12-key 4", "tls12-wide-anonymous 4")
STATIC = HONEST.replace("tls12-key 4", "tls12-wide-static 4")
STRIPPED = """
client {client}
server {mx}
at {at}
repeat {repeat}
greet {name} -
mail
quit
"""


def part(template, port, at, repeat="1 1", net=HERE_NET, name="mx.example"):
    return template.format(client=f"{net}:{port}", mx=MX, at=at,
                           repeat=repeat, name=name)


class Desk:
    """A sensor, a folder, and one database in it."""

    def __init__(self, program, folder):
        self.program, self.folder = program, pathlib.Path(folder)
        self.database = self.folder / "history.db"
        self.made = 0

    def read(self, *paths):
        words = [word for path in paths for word in ("-r", str(path))]
        done = subprocess.run(
            [self.program, "--policy", "off", "-q", "-n", "test",
             "-p", PORTS, "-d", str(self.database), *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"status {done.returncode}: "
                               f"{done.stdout.decode()[-300:]}")

    def say(self, text):
        """A capture of that talk, read."""
        self.made += 1
        source = self.folder / f"{self.made}.talk"
        source.write_text("start 2024-01-01T00:00:00Z\n" + text,
                          encoding="utf-8")
        capture = source.with_suffix(".pcap")
        capture.write_bytes(talk.Talk(source).pcap())
        self.read(capture)

    def rows(self, view):
        return sensor.rows(self.database, view)

    def table(self, name):
        db = sqlite3.connect(self.database)
        try:
            return sorted(map(repr, db.execute(f"SELECT * FROM {name}")))
        finally:
            db.close()

    def of_port(self, port):
        """The session of that client port, and its findings by kind."""
        session = next(s for s in self.rows("v_sessions")
                       if s["client_port"] == port)
        return session, {f["kind"]: f for f in self.rows("v_findings")
                         if f["session_id"] == session["id"]}


def found(desk):
    """Findings, without the numbers that the order of reading gives."""
    return sorted((f["at"], *sensor.sides(f), f["kind"], f["severity"],
                   f["confidence"], f["because"], f["summary"])
                  for f in desk.rows("v_findings"))


def incidents(desk):
    return sorted((i["first_seen"], i["last_seen"], i["kind"],
                   str(i["server_ip"]), i["severity"], i["confidence"],
                   i["because"], i["client_nets"], i["sessions"],
                   i["mails_in_clear"], i["rcpt_domains"], i["located"],
                   i["title"], i["explanation"])
                  for i in desk.rows("v_incidents"))


def first_difference(got, want):
    for a, b in zip(got, want):
        if a != b:
            return f"{a}, want {b}"
    return f"{len(got)}, want {len(want)}" if len(got) != len(want) else None


def apart(weeks=1):
    """Bundled captures, each at least so long after the one before."""
    spans = []
    for path in PCAPS.glob("*.talk"):
        times = [f.time for f in packets.read(path.with_suffix(".pcap"))]
        spans.append((min(times), max(times), path.with_suffix(".pcap")))
    kept, end = [], -weeks * 7 * DAY * 10**6
    for begin, last, path in sorted(spans):
        if begin - end >= weeks * DAY * 10**6:
            kept.append(path)
            end = max(end, last)
    return kept


# ------------------------------------------------------------------ replay

def check_read_twice(desk):
    captures = sorted(PCAPS.glob("*.pcap"))
    tables = ("session", "finding", "incident", "incident_part", "past")
    desk.read(*captures)
    before = {name: desk.table(name) for name in tables}
    desk.read(*captures)
    for name in tables:
        if not before[name]:
            yield f"table {name}", "empty", "rows"
        why = first_difference(desk.table(name), before[name])
        if why is not None:
            yield f"table {name}", why[:300], "as before"


def check_other_order(desk):
    captures = apart()
    if len(captures) < 20:
        yield "captures", len(captures), "at least twenty"
    desk.read(*captures)
    want = found(desk), incidents(desk)
    shuffled = random.Random(SEED).sample(captures, len(captures))
    for name, order in (("backwards", captures[::-1]),
                        ("shuffled", shuffled)):
        desk.database = desk.folder / f"{name}.db"
        for path in order:
            desk.read(path)
        for what, got, like in zip(("findings", "incidents"),
                                   (found(desk), incidents(desk)), want):
            why = first_difference(got, like)
            if why is not None:
                yield f"{name}: {what}", why, "as in order"


def check_present_before_past(desk):
    past = part(HONEST, 40000, 0, f"12 {DAY // 2}")
    strip = part(STRIPPED, 41000, 6.2 * DAY)
    later = part(STRIPPED, 42000, 6.6 * DAY)
    desk.say(strip)
    desk.say(past)
    session, kinds = desk.of_port(41000)
    if session["verdict"] != "benign":
        yield "judged without its past", session["verdict"], "benign"
    desk.say(later)
    late = desk.of_port(42000)
    desk.database = desk.folder / "in-order.db"
    desk.say(past)
    desk.say(strip)
    desk.say(later)
    want = desk.of_port(42000)
    for what, a, b in (("verdict", late[0]["verdict"], want[0]["verdict"]),
                       ("kinds", sorted(late[1]), sorted(want[1]))):
        if a != b:
            yield f"what comes after both: {what}", a, b
    for kind in want[1].keys() & late[1].keys():
        for field in ("severity", "confidence", "because"):
            if late[1][kind][field] != want[1][kind][field]:
                yield (f"what comes after both: {kind} {field}",
                       late[1][kind][field], want[1][kind][field])
    if want[0]["verdict"] != "attack":
        yield "in order", want[0]["verdict"], "attack"


def check_suites_of_the_past_read_late(desk):
    """A past of good suites, read after the session that lacks them: judged
    without it; and what comes after both is judged as in order."""
    past = part(WIDE, 40000, 0, f"8 {DAY // 2}")
    present = part(ANONYMOUS, 41000, 5 * DAY)
    later = part(ANONYMOUS, 42000, 5.1 * DAY)
    desk.say(present)
    desk.say(past)
    if desk.of_port(41000)[0]["verdict"] != "benign":
        yield "judged without its past", desk.of_port(41000), "benign"
    desk.database = desk.folder / "in-order.db"
    for text in (past, present, later):
        desk.say(text)
    yield from grave(desk, (41000, 42000), "tls-downgraded", "medium")
    # the past of another week, behind all that: nothing of it is learnt
    desk.say(part(ANONYMOUS, 43000, -20 * DAY, f"3 {DAY}"))
    if any(desk.of_port(p)[1] for p in range(43000, 43003)):
        yield "a past that was before all", "findings", "none"


# --------------------------------------------------------------- poisoning

def grave(desk, ports, kind="starttls-absent", severity="high"):
    """What is wrong unless each of these sessions is a strong finding."""
    findings = {(f["client_port"], f["kind"]): f
                for f in desk.rows("v_findings")}
    for port in ports:
        one = findings.get((port, kind))
        got = (one["severity"], one["confidence"]) if one else None
        if got != (severity, "strong"):
            yield (f"{kind} in the session of port {port}", got,
                   f"{severity}, strong")


def check_slow_stripping(desk):
    """One in ten, for a hundred days: longer than is remembered."""
    desk.say(part(HONEST, 20000, 0, f"900 {DAY // 9}") +
             part(STRIPPED, 41000, 3.05 * DAY, f"97 {DAY}"))
    yield from grave(desk, range(41000, 41097))
    if len(desk.rows("v_incidents")) != 1:
        yield "incidents", len(desk.rows("v_incidents")), 1


def check_stripping_after_the_habit_is_forgotten(desk):
    """A clean week, then every second session is stripped for 80 days."""
    desk.say(part(HONEST, 20000, 0, f"180 {DAY // 2}") +
             part(STRIPPED, 41000, 7.1 * DAY, f"160 {DAY // 2}"))
    yield from grave(desk, range(41000, 41160))


def check_forged_networks(desk):
    """Two thousand networks that were never offered it; then one strip."""
    desk.say(part(HONEST, 40000, 0, f"12 {DAY // 2}"))
    desk.say(part(STRIPPED, 50000, 6 * DAY, "2000 1 client",
                  "[2001:db8:1000::7]"))
    desk.say(part(STRIPPED, 41000, 6.1 * DAY))
    yield from grave(desk, (41000,))
    many = [i for i in desk.rows("v_incidents") if i["sessions"] == 2001]
    if len(desk.rows("v_incidents")) != 1 or not many:
        yield ("incidents", [i["sessions"] for i in
                             desk.rows("v_incidents")], "one of 2001")


def check_forged_names(desk):
    """A hundred names that never offered it; then a strip under its own."""
    text = part(HONEST, 40000, 0, f"12 {DAY // 2}")
    for n in range(100):
        text += part(STRIPPED, 50000 + n, 6 * DAY + n, name=f"mx{n}.example",
                     net="[2001:db8:2::1]")
    desk.say(text + part(STRIPPED, 41000, 6.1 * DAY))
    yield from grave(desk, (41000,))


def check_forged_back_end(desk):
    """The strip takes another name with it: reported for a week."""
    desk.say(part(HONEST, 20000, 0, f"28 {DAY // 2}") +
             part(STRIPPED, 41000, 6.1 * DAY, f"14 {DAY // 2}",
                  name="mx2.example"))
    for port in range(41000, 41014):
        session, _ = desk.of_port(port)
        if session["verdict"] == "benign":
            yield f"the session of port {port}", "benign", "suspicious"


def check_broken_handshakes(desk):
    """Two thousand handshakes broken by an alert are no habit of a server
    that ever got TLS up."""
    broken = part(HONEST, 50000, 6 * DAY, "2000 1").replace(
        "tls12-key 4", "tls12-key 1\nalert S 2 40\nfin S")
    last = part(HONEST, 41000, 6.1 * DAY).replace(
        "tls12-key 4", "tls12-key 1\nalert S 2 40\nfin S")
    desk.say(part(HONEST, 40000, 0, f"12 {DAY // 2}") + broken + last)
    session, kinds = desk.of_port(41000)
    if session["verdict"] != "suspicious" or "tls-disrupted" not in kinds:
        yield "the last", (session["verdict"], sorted(kinds)), "suspicious"


def check_suite_downgrades_do_not_teach(desk):
    """Others get good suites, one client for a month does not."""
    desk.say(part(WIDE, 20000, 0, f"80 {DAY // 2}",
                  net="[2001:db8:2::1]") +
             part(WIDE, 30000, 60, f"12 {DAY // 2}") +
             part(ANONYMOUS, 41000, 6.1 * DAY, f"30 {DAY}"))
    yield from grave(desk, range(41000, 41030), "tls-downgraded", "medium")
    got = [i["sessions"] for i in desk.rows("v_incidents")]
    if got != [30]:
        yield "incidents", got, [30]


def check_suites_of_a_changed_server(desk):
    """Told while it is news, then a note, then learnt."""
    text = ""
    for n in range(1, 4):
        net = f"[2001:db8:{n}::1]"
        text += part(WIDE, 10000 * n, 60 * n, f"12 {DAY // 2}", net=net)
        text += part(STATIC, 41000 + 10 * n, 6 * DAY + 60 * n, net=net)
        text += part(STATIC, 41001 + 10 * n, 7 * DAY + 60 * n, "2 3600",
                     net=net)
    desk.say(text)
    for n, want in ((41010, "low"), (41020, "low"), (41030, "info"),
                    (41011, "info"), (41012, None), (41031, None)):
        one = desk.of_port(n)[1].get("tls-downgraded")
        got = one["severity"] if one else None
        if got != want:
            yield f"port {n}", got, want


def check_forged_suites(desk):
    """Many sessions of one other network with that suite, on one day, are no
    change of the server."""
    desk.say(part(WIDE, 40000, 0, f"12 {DAY // 2}") +
             part(WIDE, 20000, 6.05 * DAY, net="[2001:db8:3::1]") +
             part(ANONYMOUS, 50000, 6 * DAY, "500 1",
                  net="[2001:db8:2::1]") +
             part(ANONYMOUS, 41000, 6.1 * DAY))
    yield from grave(desk, (41000,), "tls-downgraded", "medium")


CHECKS = {name[6:].replace("_", " "): function
          for name, function in list(globals().items())
          if name.startswith("check_")}


def main():
    parser = argparse.ArgumentParser(
        description="Captures again, in another order, and poisoned.")
    parser.add_argument("--sensor", metavar="PROGRAM")
    parser.add_argument("name", nargs="*")
    args = parser.parse_args()
    program = sensor.find(args.sensor)
    if program is None:
        print("history: no sensor; build it or set STRIPTLS_SENSOR")
        return 1
    failed = done = 0
    for name, check in CHECKS.items():
        if args.name and not any(one in name for one in args.name):
            continue
        done += 1
        with tempfile.TemporaryDirectory(prefix="striptls-") as folder:
            failures = list(check(Desk(program, folder)))
        failed += bool(failures)
        for what, got, want in failures[:12]:
            print(f"{name}\t{what}\tgot {got}\twant {want}")
    print(f"history: {done} checks, {failed} failed")
    return 1 if failed or not done else 0


if __name__ == "__main__":
    sys.exit(main())
