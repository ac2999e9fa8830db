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
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/tools"))
import packets  # noqa: E402

NAMES = ["a-strip-postfix-may-sender.pcap", "a-packet-xxx-sender.pcap",
         "a-command-xxx-sender.pcap", "dns-two-answers.pcap"]
FIELDS = ("client_ip, client_port, server_ip, server_name, offer, starttls, tls, "
          "tls_version, protection, mails_in_clear, verdict, kinds")
PATIENCE = 30		# seconds, for what takes well under one


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
    for command in (["ip", "link", "set", "lo", "up"],
                    ["ip", "link", "add", "span0", "type", "veth", "peer",
                     "name", "span1"],
                    ["ip", "link", "set", "span0", "up"],
                    ["ip", "link", "set", "span1", "up"]):
        subprocess.run(command, check=True)
    d = tempfile.mkdtemp(prefix="striptls-live.")
    os.chmod(d, 0o777)
    failed = 0
    try:
        want = []
        for name in NAMES:
            subprocess.run([sensor, "-q", "-d", f"{d}/file.db", "-r",
                            str(ROOT / "pcaps" / name)], check=True)
        want = rows(f"{d}/file.db")
        proc = subprocess.Popen([sensor, "-i", "span1", "-u", "nobody",
                                 "-d", f"{d}/live.db"],
                                stderr=subprocess.PIPE, text=True)
        until = time.monotonic() + PATIENCE
        while not os.path.exists(f"{d}/live.db-wal"):
            if proc.poll() is not None or time.monotonic() > until:
                print(f"did not start: {proc.communicate()[1]}")
                return 1
            time.sleep(0.02)
        status = pathlib.Path(f"/proc/{proc.pid}/status").read_text()
        fields = dict(x.split(":\t", 1) for x in status.splitlines()
                      if ":\t" in x)
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
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        wire.bind(("span0", 0))
        for name in NAMES:
            for _, data in ((f[0], f[1]) for f in
                            packets.read(ROOT / "pcaps" / name)):
                if len(data) <= 1514:
                    wire.send(data)
        # all sessions of these captures end in order: wait for their rows
        until = time.monotonic() + PATIENCE
        while len(rows(f"{d}/live.db")) < len(want) and \
                time.monotonic() < until and proc.poll() is None:
            time.sleep(0.1)
        proc.send_signal(signal.SIGTERM)
        said = proc.communicate(timeout=PATIENCE)[1]
        if proc.returncode != 0 or "dropped before we saw them: 0" not in said:
            print(f"end: status {proc.returncode}, said {said}")
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
    if os.getuid() != 0 or subprocess.run(
            ["unshare", "-n", "true"], capture_output=True).returncode != 0:
        print("live capture needs root and network namespaces")
        return 77
    return subprocess.run(["unshare", "-n", sys.executable, __file__,
                           sys.argv[1], "--inside"], timeout=120).returncode


if __name__ == "__main__":
    sys.exit(main())
