#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""run.py -- this traffic yields those events.

	run.py [--sensor PROGRAM] [--update] [-j N] [NAME ...]

Each pcaps/NAME.pcap is read by the sensor; its sessions, findings and
incidents, as text, must be tests/golden/NAME.events.  --update writes those
files anew: read the difference before you commit it.

Where NAME.yaml (an inventory) or NAME.zone (a snapshot of DNS) stands beside
it, it is judged by them.

What a .talk source expects of its connections ("expect FIELD=VALUE") and of
incidents ("incident FIELD=VALUE") is checked as well, also with --update.
"""
import argparse
import difflib
import multiprocessing
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "tools")]

import sensor			# noqa: E402
import talk			# noqa: E402

PCAPS = sensor.ROOT / "pcaps"

# A line for each group; what is null, empty or nought is left out.
GROUPS = (
    ("said", ("protocol", "greeting_code", "hellos", "offer", "offer_token",
              "starttls", "starttls_command", "starttls_reply", "quit")),
    ("tls", ("tls", "tls_failure", "tls_alert", "tls_version", "tls_cipher",
             "sni", "certificate", "certificate_sha256",
             "plain_after_220")),
    ("mail", ("protection", "mails_in_clear", "mail_from_domain",
              "rcpt_domains", "auth_in_clear", "mail_commands",
              "rcpt_commands", "data_commands")),
    ("capture", ("capture_gaps", "handshake", "payload", "end",
                 "missing_client", "missing_server", "conflict_octets")),
    ("verdict", ("verdict",)),
)


def word(value):
    if isinstance(value, list):
        return ",".join(map(str, value))
    text = str(value)
    return f'"{text}"' if " " in text or text == "" else text


def place(ip):
    return f"[{ip}]" if ":" in ip else ip


def incident(i):
    where = place(i["server_ip"]) if i["server_ip"] else "a network"
    return (f"incident: {i['kind']} {i['severity']} {i['confidence']} at "
            f"{where}, {i['located']}, because "
            f"{word(i['because']) or 'itself'}\n"
            f"\t{i['title']}\n"
            f"\tnets={word(i['client_nets'])} sessions={i['sessions']} "
            f"mails_in_clear={i['mails_in_clear']}\n" +
            "".join(f"\tabout {a}\n" for a in i["about"]) +
            ("\tmended\n" if i["mended_at"] is not None else ""))


def events(run):
    """Sessions in the order of time, each with its findings; incidents."""
    out = []
    for s in run.sessions:
        out.append(f"session {place(s['client_ip'])}:{s['client_port']} > "
                   f"{place(s['server_ip'])}:{s['server_port']} "
                   f"{s['server_name'] or '-'}\n")
        for name, fields in GROUPS:
            out.append(f"\t{name}:" + "".join(
                f" {f}={word(s[f])}" for f in fields
                if s[f] not in (None, [], 0)) + "\n")
        for f in run.findings:
            if f["session_id"] == s["id"]:
                because = word(f["because"]) or "itself"
                out.append(f"\tfinding: {f['kind']} {f['severity']} "
                           f"{f['confidence']} because {because}\n"
                           f"\t\t{f['summary']}\n")
    out += map(incident, run.incidents)
    out += (f"to mend at {place(s['server_ip'])}: {word(s['posture'])}\n"
            for s in run.servers if s["posture"])
    if not out:
        out.append("nothing\n")
    return "".join(out).splitlines(keepends=True)


def unmet(run, expected):
    """What the source of the capture says and the sensor does not."""
    left = list(run.sessions)
    for n, connection in enumerate(expected, 1):
        fields = dict(connection.get("fields", {}))
        key = (*connection["client"], *connection["server"])
        mine = next((s for s in left if sensor.sides(s) == key), None)
        if mine is not None:
            left.remove(mine)
        if not fields.pop("session", True):
            if mine is not None:
                yield f"connection {n}", "a session", "none"
            continue
        if mine is None:
            yield f"connection {n}", "no session", "a session"
            continue
        for field, want in fields.items():
            got = mine.get(field, "no such field")
            got = None if got is None else word(got).strip('"')
            if got != want:
                yield f"connection {n} {field}", got, want
    for s in left:
        yield "a session", sensor.sides(s), "none"


def unlike(run, expected):
    """What the source says of incidents and the sensor does not."""
    if expected is None:
        return
    if len(run.incidents) != len(expected):
        yield ("incidents", [i["title"] for i in run.incidents],
               len(expected))
        return
    for i, fields in zip(run.incidents, expected):
        for field, want in fields.items():
            got = i.get(field, "no such field")
            got = None if got is None else word(got).strip('"')
            if got != want:
                yield f"incident {i['title']} {field}", got, want


def work(job):
    program, name = job
    source = PCAPS / f"{name}.talk"
    with sensor.scratch() as scratch:
        path = PCAPS / f"{name}.pcap"
        run = sensor.run(program, path, scratch, how=sensor.beside(path))
    failures = []
    if run.status != 0:
        failures.append(("status", run.crashed() or run.status, 0))
    if source.exists():
        told = talk.Talk(source)
        failures += unmet(run, told.expected)
        failures += unlike(run, told.incidents)
    return name, events(run), failures


def compared(name, got, update):
    """Lines of the difference to NAME.events; none if there is none."""
    file = HERE / f"{name}.events"
    want = []
    if file.exists():
        want = file.read_text(encoding="utf-8").splitlines(keepends=True)
    if update and got != want:
        file.write_text("".join(got), encoding="utf-8")
        return []
    return list(difflib.unified_diff(want, got, "want", "got", n=1))


def main():
    parser = argparse.ArgumentParser(
        description="Compare the sensor's events with the golden ones.")
    parser.add_argument("--sensor", metavar="PROGRAM")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("-j", type=int, default=2, metavar="N")
    parser.add_argument("name", nargs="*")
    args = parser.parse_args()
    program = sensor.find(args.sensor)
    if program is None:
        print("golden: no sensor; build it or set STRIPTLS_SENSOR")
        return 1
    names = args.name or sorted(p.stem for p in PCAPS.glob("*.pcap"))
    if not names:
        print("golden: no captures in pcaps/, skipped")
        return 0
    failed = 0
    with multiprocessing.Pool(args.j) as pool:
        for name, got, failures in pool.imap(
                work, [(program, name) for name in names]):
            for what, was, want in failures:
                print(f"{name}\t{what}\tgot {was}\twant {want}")
            difference = compared(name, got, args.update)
            if difference:
                print(f"{name}\tevents differ")
                print("".join(difference), end="")
            failed += bool(failures or difference)
    if not args.name:
        for file in sorted(HERE.glob("*.events")):
            if file.stem not in names:
                print(f"{file.name}: no such capture")
                failed += 1
    print(f"golden: {len(names)} captures, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
