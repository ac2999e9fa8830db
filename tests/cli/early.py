#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""early.py BUILD -- a finding is in the database while its connection is
still open, and the end of the connection changes nothing but what became
known: one session, one incident, the same findings as from the file.

How long it took is printed, not judged.  Needs root; is skipped without
(status 77).
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/tools"))
import packets  # noqa: E402
import span  # noqa: E402

# Captures of one connection each, and how many frames to hold back: from
# where the client says goodbye.
NAMES = ["keyword-masked", "accepted-then-plaintext", "starttls-502",
         "auth-login-in-clear", "conflict-after-ack"]


SESSIONS = ("SELECT client_ip, server_ip, offer, starttls, tls, protection, "
            "mails_in_clear, verdict, kinds, \"end\" FROM v_sessions "
            "ORDER BY client_port, server_ip")
FINDINGS = ("SELECT kind, because, severity, confidence, summary, server_ip "
            "FROM v_findings ORDER BY server_ip, kind")
INCIDENTS = ("SELECT kind, severity, sessions, mails_in_clear, server_ip, "
             "client_nets, kinds FROM v_incidents ORDER BY server_ip, kind")


def split(name):
    """Frames until the first FIN, and from there on."""
    frames = [f.data for f in packets.read(ROOT / "pcaps" / f"{name}.pcap")]
    for n, data in enumerate(frames):
        segment = packets.parse(data)
        if segment is not None and segment.flags & packets.FIN:
            return frames[:n], frames[n:]
    return frames, []


GRAVE = ("SELECT DISTINCT session_id FROM v_findings "
         "WHERE severity IN ('medium', 'high', 'critical')")
OPTIONS = ["-p", "25,587", "--policy", "off"]


def watch(live, live_db):
    """Lines of what is wrong, and the seconds until all was found."""
    wire, wrong = span.open_wire(), []
    parts = [split(name) for name in NAMES]
    for begin, _ in parts:
        for data in begin:
            wire.send(data)
    sent = time.monotonic()
    span.wait_for(lambda: len(span.ask(live_db, GRAVE)) == len(NAMES), live.proc)
    took = time.monotonic() - sent
    early = span.ask(live_db, SESSIONS)
    if [s[-1] for s in early] != ["open"] * len(NAMES):
        wrong.append(f"while open: got {early}")
    for _, rest in parts:
        for data in rest:
            wire.send(data)
    wire.close()
    # each is watched for late copies a while before it is given up
    span.wait_for(lambda: "open" not in [s[-1] for s in
                                         span.ask(live_db, SESSIONS)], live.proc)
    return wrong, took


def inside(build):
    sensor = str((pathlib.Path(build) / "striptls-sensor").resolve())
    span.make_pair()
    folder = tempfile.mkdtemp(prefix="striptls-early.")
    live_db, file_db = f"{folder}/live.db", f"{folder}/file.db"
    try:
        subprocess.run([sensor, "-q", *OPTIONS, "-d", file_db] +
                       [o for n in NAMES for o in
                        ("-r", str(ROOT / "pcaps" / f"{n}.pcap"))],
                       check=True)
        live = span.Sensor(sensor, live_db, *OPTIONS)
        if not live.ready:
            print(f"did not start: {live.end()[1]}")
            return 1
        wrong, took = watch(live, live_db)
        status, said = live.end()
        if status != 0:
            wrong.append(f"status {status}: {said}")
        for sql in (SESSIONS, FINDINGS, INCIDENTS):
            got, want = span.ask(live_db, sql), span.ask(file_db, sql)
            if got != want:
                wrong.append(f" got {got}\nwant {want}")
    finally:
        shutil.rmtree(folder)
    print("\n".join(wrong))
    print(f"early: {len(NAMES)} open connections, {len(wrong)} wrong, all "
          f"found {took:.2f} s after the last of their packets")
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[2] == "--inside":
        sys.exit(inside(sys.argv[1]))
    sys.exit(span.run_inside(__file__, [sys.argv[1]], "live capture"))
