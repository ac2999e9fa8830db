#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""late.py BUILD -- the DNS is spoiled while mail is stripped, and works later.

Sensors listen to one wire, in a network namespace, with Unbound and NSD and
zones signed here.  That of the control answers from the beginning; theirs

  dead      are not there                       first unknown
  mute      reach no name server                first must-not-deliver
  spoiled   hold another key for the root zone  first must-not-deliver, bogus
  ended     are not there; the sensor is stopped
  killed    ... it is killed, and begins again

until all sessions are judged, and work from then on.  The first three must
come to what the control says; the last two say that they were left.

Needs root, NSD, Unbound and ldnsutils; is skipped without (status 77).  Takes
two to four minutes: failures are asked about after 30, 60, 120 seconds.
"""
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "dns"), str(HERE.parent / "tools")]

import servers			# noqa: E402
import sessions			# noqa: E402
import snapshot			# noqa: E402
import span			# noqa: E402
import talk			# noqa: E402
import zones			# noqa: E402

PATIENCE = 420
# the key of tests/tools/tls/tls12-key, and one that it is not
KEY = "495db0469e489ce210bd6e0b11e2e2e52de54cd6e8199e7c4ab8787ffaf8ebfb"
ZONES = sessions.ZONES + f"""
;! zone keys.example: secure
keys.example. MX 10 mx.keys.example.
mx.keys.example. A 198.51.100.230
_25._tcp.mx.keys.example. TLSA 3 1 1 {KEY}
"""
WHERE = dict(sessions.WHERE, keys=("keys.example", "mx.keys.example",
                                   "198.51.100.230"))
WRONG_ANCHOR = (". IN DS 12345 13 2 " + "ab" * 32)
NOBODY = "192.0.2.99"
RESOLVERS = {"control": "127.0.0.1", "dead": "127.0.0.2",
             "mute": "127.0.0.3", "spoiled": "127.0.0.4",
             "ended": "127.0.0.5", "killed": "127.0.0.5"}
LATE = ("dead", "mute", "spoiled")
FIRST = {"dead": ({"unknown"}, {"no-resolver"}),
         "mute": ({"must-not-deliver", "unknown"},
                  {"mx-failed", "address-failed"}),
         "spoiled": ({"must-not-deliver", "unknown"},
                     {"mx-bogus", "address-bogus"})}
STATE = """SELECT v.client_ip, v.policy, v.verdict, v.tlsa_matching,
    json_extract(v.confirmation, '$.answer'),
    json_extract(v.more, '$.tlsa'),
    (SELECT group_concat(kind || ' ' || severity || ' ' || confidence || ' ' ||
    because || ' ' || summary, '; ') FROM (SELECT * FROM v_findings WHERE
    session_id = v.id ORDER BY id)),
    (SELECT group_concat(i.kind || ' ' || i.severity || ' ' || i.sessions ||
    ' ' || i.mails_in_clear || ' ' || i.state, '; ') FROM v_incidents AS i
    WHERE i.id IN (SELECT incident_id FROM v_findings WHERE session_id = v.id
    AND severity <> 'info')) FROM v_sessions AS v ORDER BY v.client_ip"""
failures = 0


def case(name, got, want):
    global failures
    if got != want:
        failures += 1
        print(f"FAIL {name}:\n got {got}\nwant {want}")
    else:
        print(f"ok   {name}")


# What may be judged otherwise, a destination and a round each: what came
# before a session would depend on how soon the DNS answers.
ROUNDS = (sessions.CLEAR + sessions.MAIL + "quit\n",
          sessions.OFFER + sessions.MAIL + "quit\n",
          sessions.OFFER + "starttls tls12-key 4\n",
          sessions.OFFER + "starttls tls12-key-foreign 4\n")


def sources():
    """One for each round, and how many sessions there are after it."""
    n = 0
    for lines in ROUNDS:
        text = sessions.HEAD
        for where, (domain, host, address) in WHERE.items():
            if where == "must-not-deliver":
                continue	# these are bogus for the control, too
            if "foreign" in lines and where != "keys":
                continue
            text += (f"client 192.0.{2 + n}.10:{41000 + n}\n"
                     f"server {address}:25\n" + lines.replace(
                         "{domain}", domain).replace("{host}", host))
            n += 1
        yield text, n


class Sensor:
    def __init__(self, folder, build, name):
        self.name, self.db = name, f"{folder}/{name}.db"
        self.build, self.lines = build, f"{folder}/{name}.jsonl"
        self.start()

    def start(self):
        self.sensor = span.Sensor(
            f"{self.build}/striptls-sensor", self.db, "--resolver",
            f"{RESOLVERS[self.name]}@53", "--jsonl", self.lines)
        if not self.sensor.ready:
            raise SystemExit(f"{self.name}: {self.sensor.end()[1]}")

    def unanswered(self):
        return [json.loads(u) for u, in span.ask(
            self.db, "SELECT unanswered FROM v_sessions "
            "WHERE unanswered IS NOT NULL ORDER BY client_ip")]

    def state(self):
        return span.ask(self.db, STATE)

    def has(self, count):
        """So many sessions, all of them over."""
        return span.ask(self.db, "SELECT count(*), sum(\"end\" = 'open') "
                        "FROM v_sessions") == [(count, 0)]

    def wait(self, what, patience=PATIENCE):
        until = time.monotonic() + patience
        while not what() and time.monotonic() < until and \
                self.sensor.proc.poll() is None:
            time.sleep(0.2)
        return what()

    def page(self, *command):
        done = subprocess.run(
            [f"{self.build}/striptls-analyzer", "-d", self.db, "-o", "table",
             *command], capture_output=True, text=True, check=False,
            timeout=60)
        return " ".join((done.stdout + done.stderr).split())

    def end(self):
        if self.sensor.proc.poll() is None:
            status, said = self.sensor.end()
            case(f"{self.name}: end", (status, "runtime error" in said),
                 (0, False))


def unbound(served, folder, address, anchor=None, auth=zones.AUTH):
    running = servers.unbound(
        str(folder), [address], ". NS ns.%s\nns.%s A %s\n" % (
            snapshot.PARENT, snapshot.PARENT, auth),
        anchor or served.anchor, "  infra-host-ttl: 5\n")
    if auth == zones.AUTH and anchor is None:
        servers.wait_for(address, snapshot.PARENT)
    return running


def judged_first(sensors, count):
    """All are judged without the DNS; what they say then."""
    for name in (*LATE, "ended", "killed"):
        one = sensors[name]
        open_ones = one.unanswered()
        case(f"{name}: all wait", [u["answer"] for u in open_ones],
             ["open"] * count)
        if name in FIRST:
            states, whys = FIRST[name]
            case(f"{name}: policy at first",
                 {r[1] for r in one.state()} <= states, True)
            case(f"{name}: why", {u["why"] for u in open_ones} & whys != set()
                 and {u["why"] for u in open_ones} <= whys, True)
            case(f"{name}: evidence of the failure",
                 all(u["promise"]["lookups"] for u in open_ones), True)


def left(sensors):
    sensors["ended"].end()
    sensors["killed"].sensor.proc.send_signal(signal.SIGKILL)
    sensors["killed"].sensor.proc.communicate()
    sensors["killed"].start()
    for name in ("ended", "killed"):
        one = sensors[name]
        one.wait(lambda: {u["answer"] for u in one.unanswered()} == {"left"},
                 30)
        case(f"{name}: left", {(u["answer"], u["why_left"])
                               for u in one.unanswered()},
             {("left", "the sensor ended before")})
        case(f"{name}: policy", {r[1] for r in one.state()}, {"unknown"})
        (session,), = span.ask(one.db, "SELECT min(id) FROM v_sessions")
        text = one.page("session", str(session))
        case(f"{name}: page", [w for w in (
            "Not answered (UTC)", "the lookup had failed (no-resolver)",
            "left as it was", "the sensor ended before") if w not in text],
             [])


def judged_again(sensors, count, at_first):
    want = sensors["control"].state()
    for name in LATE:
        one = sensors[name]
        one.wait(lambda: {u["answer"] for u in one.unanswered()} ==
                 {"answered"})
        case(f"{name}: answered", [u["answer"] for u in one.unanswered()],
             ["answered"] * count)
        case(f"{name}: as the control",
             [(g, w) for g, w in zip(one.state(), want) if g != w], [])
        case(f"{name}: what was first is kept",
             [u["first"]["policy"] for u in one.unanswered()],
             [r[1] for r in at_first[name]])
        case(f"{name}: and was otherwise", [r[2] for r in at_first[name]] !=
             [r[2] for r in want], True)
        told(one)
        # each once as it was and once as it is
        lines = [json.loads(line) for line in pathlib.Path(
            one.lines).read_text(encoding="utf-8").splitlines()]
        case(f"{name}: lines", len([li for li in lines
                                    if li["type"] == "session"]), 2 * count)


def told(one):
    """Session and incident of what was stripped tell it."""
    # which was judged again first depends on which answer came first
    (session, incident), = span.ask(
        one.db, "SELECT f.session_id, f.incident_id FROM v_findings AS f "
        "JOIN v_sessions AS s ON s.id = f.session_id WHERE f.kind = "
        "'mail-in-clear' AND f.severity = 'critical' AND "
        "s.policy = 'dane-auth' ORDER BY f.id LIMIT 1")
    text = one.page("session", str(session))
    case(f"{one.name}: session page", [w for w in (
        "Judged again (UTC)", "judged first", "the lookup had failed (",
        "failed then", "and answered", "dane-auth") if w not in text], [])
    text = one.page("incident", str(incident))
    case(f"{one.name}: incident page", [w for w in (
        "revised by sensor: judged again: the lookup had failed at first (",
        "and works now", "Judged again (UTC)") if w not in text], [])
    (evidence,), = span.ask(
        one.db, "SELECT count(*) FROM unanswered AS u CROSS JOIN session AS s "
        "ON s.id = u.session JOIN promise AS a ON a.id = u.promise "
        "JOIN promise AS b ON b.id = s.promise WHERE a.id <> b.id")
    case(f"{one.name}: the evidence of both", evidence,
         len(one.unanswered()))


def play(wire, folder, sensors):
    path, count = folder / "late.talk", 0
    for text, count in sources():
        path.write_text(text, encoding="utf-8")
        for frame in talk.Talk(path).frames:
            wire.send(frame.data)
            time.sleep(0.002)
        for name, one in sensors.items():
            if not one.wait(lambda: one.has(count), 90):
                case(f"{name}: all sessions", len(one.state()), count)
    return count


def inside(build):
    span.make_pair()
    with tempfile.TemporaryDirectory(prefix="striptls-late.") as name:
        folder = pathlib.Path(name)
        zone = folder / "zones"
        zone.write_text(ZONES, encoding="ascii")
        running, sensors = [], {}
        (folder / "dns").mkdir()
        served = snapshot.Served(str(folder / "dns"), zone)
        try:
            running = {
                "mute": unbound(served, folder, RESOLVERS["mute"],
                                auth=NOBODY),
                "spoiled": unbound(served, folder, RESOLVERS["spoiled"],
                                   WRONG_ANCHOR)}
            for name in RESOLVERS:
                sensors[name] = Sensor(folder, build, name)
            run(served, folder, sensors, running)
        finally:
            for one in sensors.values():
                one.end()
            for one in [*dict(running).values(), served]:
                one.close()
    print(f"late: {len(RESOLVERS)} sensors, {failures} wrong")
    return 1 if failures else 0


def run(served, folder, sensors, running):
    wire = span.open_wire()
    count = play(wire, folder, sensors)
    control = sensors["control"]
    case("control: nothing is open", control.unanswered(), [])
    case("control: policies", {r[1] for r in control.state()} >= {
        "dane-auth", "dane-tls", "dane-half", "none-secure",
        "none-insecure"}, True)
    judged_first(sensors, count)
    at_first = {name: sensors[name].state() for name in LATE}
    left(sensors)
    for name in ("mute", "spoiled"):
        running.pop(name).close()
    for name in LATE:
        running[name] = unbound(served, folder, RESOLVERS[name])
    judged_again(sensors, count, at_first)
    wire.close()


def main():
    if lacking := snapshot.lacking():
        print(f"late: {lacking}")
        return 77
    if subprocess.run(["ip", "link", "show"], capture_output=True,
                      check=False).returncode != 0:
        return 77
    snapshot.enter_namespace()
    return inside(sys.argv[1])


if __name__ == "__main__":
    sys.exit(main())
