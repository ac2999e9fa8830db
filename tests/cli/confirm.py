#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""confirm.py BUILD -- a certificate that matches no TLSA record, live: stored
at once as unconfirmed, asked again when the records have run out, and then
revised where everybody sees it.

Several sensors listen to one wire, each with a resolver of its own on
loopback, in a network namespace.  The resolvers say the same at first, and
differ when they are asked again:

  real       the same records           attack, confirmed
  race       those of this certificate  a note, a rollover caught in the act
  withdrawn  none                       as suspicious as before
  ended      (the sensor is stopped)    undecided, in words
  killed     (it is killed, and begins  likewise
             again)
  honest     the right ones at once     nothing is found, or asked again

Needs root; is skipped without (status 77).  Takes as long as the sensor keeps
records at least, about 40 seconds.
"""
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/tools"), str(ROOT / "tests/lab/dns")]
import dns_wire  # noqa: E402
import packets  # noqa: E402
import servers  # noqa: E402
import span  # noqa: E402
import talk  # noqa: E402

HOST, SERVER = "mx.example", "198.51.100.119"
# the keys of tests/tools/tls/tls12-key and tls12-key-foreign
KEY = "495db0469e489ce210bd6e0b11e2e2e52de54cd6e8199e7c4ab8787ffaf8ebfb"
FOREIGN = "a41dbfcc7ff29acf0db4cc57f8f19814c3a098a496dcd2a745162071d6fe6914"
SHOWN = f"""start %s
client 192.0.2.119:%d
server {SERVER}:25
greet {HOST}
starttls tls12-key-foreign 4
"""
TTL = 2
PATIENCE = 75		# seconds: the TTL is taken for 30 at least
failures = 0


class Resolver(servers.Udp):
    """Says what it holds, and that it validated it."""

    def __init__(self, port, key):
        self.tlsa = [key]
        self.asked = 0
        super().__init__("127.0.0.1", port)

    def answer(self, query, q, send, tcp):
        found = []
        if q[:2] == (HOST, "A"):
            found = [dns_wire.data("A", [SERVER])]
        elif q[:2] == (f"_25._tcp.{HOST}", "TLSA"):
            self.asked += 1
            found = [dns_wire.data("TLSA", ["3", "1", "1", k])
                     for k in self.tlsa]
        send(servers.reply(query, 0, 0x81a0, b"".join(
            servers.record(dns_wire.TYPES[q[1]], d, TTL) for d in found),
            len(found)))


STATE = """SELECT v.verdict, json_extract(v.confirmation, '$.answer'),
    f.severity, f.confidence, i.severity FROM v_sessions AS v
    LEFT JOIN v_findings AS f ON f.session_id = v.id
    AND f.kind = 'certificate-mismatch'
    LEFT JOIN v_incidents AS i ON i.id = f.incident_id
    ORDER BY v.client_port"""
WAITS = ("suspicious", "unconfirmed", "medium", "circumstantial", "medium")
LEFT = ("suspicious", "undecided", "medium", "circumstantial", "medium")
REAL = ("attack", "confirmed", "high", "strong", "high")
RACE = ("benign", "rollover-race", "info", "circumstantial", "info")
GONE = ("suspicious", "withdrawn", "medium", "circumstantial", "medium")
KNOWN = ("attack", None, "high", "strong", "high")
SILENT = ("benign", None, None, None, None)


def case(name, got, want):
    global failures
    if got != want:
        failures += 1
        print(f"FAIL {name}: got {got}\nwant {want}")


class Case:
    """One sensor and its resolver."""

    def __init__(self, folder, build, name, port, key=KEY):
        self.name, self.db = name, f"{folder}/{name}.db"
        self.program = f"{build}/striptls-sensor"
        self.analyzer = f"{build}/striptls-analyzer"
        self.port, self.lines = port, f"{folder}/{name}.jsonl"
        self.resolver = Resolver(port, key)
        self.start()

    def start(self):
        self.sensor = span.Sensor(
            self.program, self.db, "--resolver", f"127.0.0.1@{self.port}",
            "--jsonl", self.lines)
        if not self.sensor.ready:
            raise SystemExit(f"{self.name}: {self.sensor.end()[1]}")

    def state(self):
        return span.ask(self.db, STATE)

    def becomes(self, want, what):
        """Until its sessions stand so."""
        until = time.monotonic() + PATIENCE
        while self.state() != want and time.monotonic() < until and \
                self.sensor.proc.poll() is None:
            time.sleep(0.1)
        case(f"{self.name}: {what}", self.state(), want)

    def says(self, command, *words):
        text = subprocess.run(
            [self.analyzer, "-d", self.db, "-o", "table", *command],
            capture_output=True, text=True, check=False, timeout=60)
        text = " ".join((text.stdout + text.stderr).split())
        case(f"{self.name}: {' '.join(command)}",
             [w for w in words if w not in text], [])
        if [w for w in words if w not in text]:
            print(text)

    def pages(self, *words):
        """Both pages tell how it was judged, and how it is now."""
        (session, incident), = span.ask(
            self.db, "SELECT session_id, incident_id FROM v_findings WHERE "
            "kind = 'certificate-mismatch' ORDER BY id LIMIT 1")
        self.says(["session", str(session)], "Asked again",
                  "judged first suspicious; certificate-mismatch medium, "
                  "circumstantial", "(unconfirmed: to be asked again when "
                  "they run out)", *words)
        self.says(["incident", str(incident)], "revised by sensor",
                  "medium and circumstantial at first", *words)

    def elsewhere(self, folder, start):
        """A verdict on the same certificate, shown at that time, by an
        exported snapshot."""
        shown = f"{folder}/elsewhere"
        pathlib.Path(f"{shown}.pcap").write_bytes(
            write(folder, 40009, start).pcap())
        for command in (
                f"{self.analyzer} -d {self.db} policy export >{shown}.zone",
                f"{self.program} -q -d {shown}.db -r {shown}.pcap "
                f"--policy file:{shown}.zone"):
            subprocess.run(command, shell=True, check=True, timeout=60)
        rows = span.ask(f"{shown}.db", STATE)
        for left in pathlib.Path(folder).glob("elsewhere.db*"):
            left.unlink()
        return rows[0][0], rows[0][2]

    def end(self):
        self.resolver.close()
        if self.sensor.proc.poll() is None:
            status, said = self.sensor.end()
            case(f"{self.name}: end", (status, "runtime error" in said),
                 (0, False))


def write(folder, client_port, start=0):
    """A session in which the certificate of another is shown."""
    path = pathlib.Path(folder, "shown.talk")
    path.write_text(SHOWN % (time.strftime(
        "%Y-%m-%dT%H:%M:%SZ", time.gmtime(start)), client_port))
    return talk.Talk(path)


def play(wire, folder, client_port):
    for frame in write(folder, client_port).frames:
        wire.send(frame.data)


def inside(build):
    span.make_pair()
    folder = tempfile.mkdtemp(prefix="striptls-confirm.")
    cases = {}
    try:
        for n, name in enumerate(("real", "race", "withdrawn", "ended",
                                  "killed", "honest")):
            cases[name] = Case(folder, build, name, 5301 + n,
                               FOREIGN if name == "honest" else KEY)
        wire = span.open_wire()
        play(wire, folder, 40001)
        play(wire, folder, 40002)
        run(cases, wire, folder)
        wire.close()
    finally:
        for c in cases.values():
            c.end()
        shutil.rmtree(folder)
    print(f"confirm: {len(cases)} sensors, {failures} wrong")
    return 1 if failures else 0


def run(cases, wire, folder):
    begun = int(time.time())
    for name, c in cases.items():
        c.becomes([SILENT if name == "honest" else WAITS] * 2, "at once")
    cases["race"].resolver.tlsa = [KEY, FOREIGN]
    cases["withdrawn"].resolver.tlsa = []
    cases["ended"].end()
    cases["killed"].sensor.proc.send_signal(signal.SIGKILL)
    cases["killed"].sensor.proc.communicate()
    case("killed: while it is dead", cases["killed"].state(), [WAITS] * 2)
    cases["killed"].start()
    for name in ("ended", "killed"):
        cases[name].becomes([LEFT] * 2, "left behind")
        (summary,), = span.ask(cases[name].db, "SELECT DISTINCT summary FROM "
                          "v_findings WHERE kind = 'certificate-mismatch'")
        case(f"{name}: words", "could not be asked again" in summary, True)
    cases["ended"].pages("undecided", "the sensor ended before")

    cases["real"].becomes([REAL] * 2, "asked again")
    cases["race"].becomes([RACE] * 2, "asked again")
    cases["withdrawn"].becomes([GONE] * 2, "asked again")
    cases["real"].pages("confirmed", "high", f"3 1 1 {KEY}")
    cases["race"].pages("rollover", FOREIGN)
    cases["withdrawn"].pages("withdrawn since")
    for name in ("real", "race", "withdrawn"):
        case(f"{name}: asked", cases[name].resolver.asked, 2)
        case(f"{name}: log lines", span.ask(
            cases[name].db, "SELECT action, count(*) FROM incident_log "
            "GROUP BY action ORDER BY action"),
             [("closed", 1)] * (name == "race") + [("opened", 1),
                                                   ("revised", 1)])
    # each session once as it was and once as it is
    text = pathlib.Path(cases["real"].lines).read_text()
    case("real: lines", [text.count(f'"verdict":"{v}"') >= 2
                         for v in ("suspicious", "attack")], [True] * 2)

    # elsewhere, by what was learnt: that of after the TTL; records of the
    # time of the session decide no more there than here
    for name, when, want in (("real", 0, ("attack", "high")),
                             ("race", 0, SILENT[:2]),
                             ("ended", 60, ("suspicious", "medium")),
                             ("ended", -3600, ("attack", "high"))):
        case(f"{name}: judged elsewhere, {when}", cases[name].elsewhere(
            folder, begun + when), want)

    # the next one need not wait; with records that fit it is honest
    play(wire, folder, 40003)
    cases["real"].becomes([REAL] * 2 + [KNOWN], "known")
    cases["race"].becomes([RACE] * 2 + [SILENT], "afterwards")
    cases["honest"].becomes([SILENT] * 3, "never asked again")


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[2] == "--inside":
        sys.exit(inside(sys.argv[1]))
    sys.exit(span.run_inside(__file__, [sys.argv[1]], "confirmation"))
