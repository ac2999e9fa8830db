#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""live.py BUILD -- live capture on a veth pair in a network namespace of its
own: the same sessions and findings as from the file, privileges gone, a
clean end on SIGTERM.  Needs root; is skipped without (status 77).
"""
import os
import pathlib
import pwd
import shutil
import sqlite3
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/tools"))
import packets  # noqa: E402
import span  # noqa: E402

NAMES = ["a-strip-postfix-may-sender.pcap", "a-packet-xxx-sender.pcap",
         "a-command-xxx-sender.pcap", "dns-two-answers.pcap"]
FIELDS = ("client_ip, client_port, server_ip, server_name, offer, starttls, tls, "
          "tls_version, protection, mails_in_clear, verdict, kinds")


def rows(db):
    con = sqlite3.connect(f"file:{db}?mode=ro", uri=True)
    try:
        return sorted(con.execute(
            f"SELECT {FIELDS} FROM v_sessions").fetchall())
    finally:
        con.close()


def inside(build):
    """In the namespace: made by unshare, gone with us."""
    sensor = str((pathlib.Path(build) / "striptls-sensor").resolve())
    span.make_pair()
    d = tempfile.mkdtemp(prefix="striptls-live.")
    os.chmod(d, 0o777)
    failed = 0
    try:
        want = []
        for name in NAMES:
            subprocess.run([sensor, "-q", "-d", f"{d}/file.db", "-r",
                            str(ROOT / "pcaps" / name)], check=True)
        want = rows(f"{d}/file.db")
        live = span.Sensor(sensor, f"{d}/live.db", "-u", "nobody")
        if not live.ready:
            print(f"did not start: {live.end()[1]}")
            return 1
        fields = live.status()
        nobody = str(pwd.getpwnam("nobody").pw_uid)
        if fields["Uid"].split() != [nobody] * 4:
            print(f"user: got {fields['Uid']}, want {nobody}")
            failed += 1
        for caps in ("CapEff", "CapPrm", "CapInh"):
            if int(fields[caps], 16) != 0:
                print(f"{caps}: got {fields[caps]}, want none")
                failed += 1
        if fields["NoNewPrivs"] != "1":
            print("new privileges are possible")
            failed += 1
        wire = span.open_wire()
        for name in NAMES:
            for _, data in ((f[0], f[1]) for f in
                            packets.read(ROOT / "pcaps" / name)):
                if len(data) <= 1514:
                    wire.send(data)
        # all sessions of these captures end in order: wait for their rows
        span.wait_for(lambda: len(rows(f"{d}/live.db")) >= len(want),
                      live.proc)
        status, said = live.end()
        if status != 0 or "dropped before we saw them: 0" not in said:
            print(f"end: status {status}, said {said}")
            failed += 1
        got = rows(f"{d}/live.db")
        if got != want:
            print(f"sessions: got {got}\nwant {want}")
            failed += 1
        print(f"{len(want)} sessions live as from the file"
              if not failed else f"{failed} failures")
    finally:
        shutil.rmtree(d)
    return 1 if failed else 0


def main():
    if len(sys.argv) > 2 and sys.argv[2] == "--inside":
        return inside(sys.argv[1])
    return span.run_inside(__file__, [sys.argv[1]], "live capture")


if __name__ == "__main__":
    sys.exit(main())
