#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""life.py BUILD -- an incident between sensor and analyst, end to end.

Two captures are read, an hour apart.  Between them an analyst does something
with the incident of the first; the second must find it as it was left, but
for a closed one that goes on: that is opened again, and its log says so.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
passed = failed = 0


def case(name, ok, said=""):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print(f"FAIL {name}: {said}")


def run(program, *args, status=0):
    p = subprocess.run([str(BUILD / program), *map(str, args)], text=True,
                       capture_output=True, timeout=120,
                       stdin=subprocess.DEVNULL)
    if p.returncode != status or "Sanitizer" in p.stderr:
        sys.exit(f"{program} {args}: status {p.returncode}: {p.stderr}")
    return p


def sensor(db, path):
    run("striptls-sensor", "-q", "--policy", "off", "-n", "t", "-d", db,
        "-r", path)


def analyzer(db, *args, status=0):
    out = run("striptls-analyzer", "-d", db, "-o", "jsonl", *args,
              status=status).stdout
    return [json.loads(line) for line in out.splitlines()]


# A firewall overwrites the offer: two sessions, and an hour later two more.
TALK = """
start 2026-03-01T{hour}:00:00Z
client 192.0.2.10:{port}
server 198.51.100.25:25
S 220 mx.example ESMTP
C EHLO client.example
S 250-mx.example
S 250-PIPELINING
S 250-XXXXXXXA
S 250 8BITMIME
mail
quit
"""


def make_captures(folder):
    for name, hour in (("one", 12), ("two", 13)):
        source = folder / f"{name}.talk"
        first = TALK.format(hour=hour, port=41000 + hour)
        second = TALK.format(hour=hour, port=42000 + hour)
        source.write_text("# " + name + first +
                          second.split("Z\n", 1)[1])
        subprocess.run([sys.executable, ROOT / "tests/tools/talk.py", source,
                        "-o", folder / f"{name}.pcap"], check=True)
    return "198.51.100.25:25"


def incident_of(db, server):
    return analyzer(db, "incidents", "--server", server, "--sort",
                    "-sessions", "--limit", "1")[0]


def story(folder, server, name, deed, state, last):
    """Part one, the deed, part two: the state and the log's last entry."""
    db = folder / f"{name}.db"
    sensor(db, folder / "one.pcap")
    before = incident_of(db, server)
    case(f"{name}: it begins as new", before["state"] == "new",
         before["state"])
    if deed:
        after, = analyzer(db, deed, before["id"], "for", "a test", "--as",
                          "ada")
        case(f"{name}: the deed is done", after["state"] == deed_state(deed),
             after["state"])
    sensor(db, folder / "two.pcap")
    now, = analyzer(db, "incident", before["id"])
    case(f"{name}: it went on", now["sessions"] > before["sessions"] and
         now["last_seen"] > before["last_seen"],
         f"{before['sessions']} then {now['sessions']}")
    case(f"{name}: its state", now["state"] == state,
         f"got {now['state']}, want {state}")
    entry = now["log"][-1]
    got = (entry["who"], entry["action"], entry["text"])
    case(f"{name}: its log", got == last, f"got {got}, want {last}")
    case(f"{name}: opened once",
         [e["action"] for e in now["log"]].count("opened") == 1)
    return db, now


def deed_state(deed):
    return {"ack": "acknowledged", "close": "closed", "note": "new",
            "suppress": "suppressed"}[deed]


def main():
    global BUILD
    BUILD = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="striptls-life.") as d:
        folder = pathlib.Path(d)
        server = make_captures(folder)
        story(folder, server, "left alone", None, "new",
              ("sensor", "opened", None))
        story(folder, server, "acknowledged", "ack", "acknowledged",
              ("ada", "acknowledged", "for a test"))
        story(folder, server, "suppressed", "suppress", "suppressed",
              ("ada", "suppressed", "for a test"))
        story(folder, server, "noted", "note", "new",
              ("ada", "noted", "for a test"))
        db, now = story(folder, server, "closed", "close", "new",
                        ("sensor", "reopened", "it goes on"))
        case("closed: the log keeps who closed it", any(
            (e["who"], e["action"]) == ("ada", "closed")
            for e in now["log"]))
        analyzer(db, "close", now["id"], "--as", "ada")
        sensor(db, folder / "two.pcap")
        again, = analyzer(db, "incident", now["id"])
        case("closed: the same packets again do not open it",
             again["state"] == "closed", again["state"])
        listed = [i["id"] for i in analyzer(db, "incidents", "--state",
                                            "open")]
        case("closed: it is not among the open ones",
             now["id"] not in listed)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
