# SPDX-License-Identifier: ISC
"""span.py -- a mirror port made of a veth pair, in a network namespace of its
own that goes with the test."""
import os
import pathlib
import signal
import socket
import sqlite3
import subprocess
import sys
import time

PATIENCE = 30		# seconds, for what takes well under one


def run_inside(script, arguments, what):
    """Run `script` once more in a new namespace, as root; 77 without."""
    if os.getuid() != 0 or subprocess.run(
            ["unshare", "-n", "true"], capture_output=True,
            check=False).returncode != 0:
        print(f"{what} needs root and network namespaces")
        return 77
    return subprocess.run(["unshare", "-n", sys.executable, script,
                           *arguments, "--inside"], timeout=120,
                          check=False).returncode


def make_pair():
    for command in (["ip", "link", "set", "lo", "up"],
                    ["ip", "link", "add", "span0", "type", "veth", "peer",
                     "name", "span1"],
                    ["ip", "link", "set", "span0", "up"],
                    ["ip", "link", "set", "span1", "up"]):
        subprocess.run(command, check=True)


def wait_for(what, proc):
    """Until what() is true; False: the sensor ended, or patience did."""
    until = time.monotonic() + PATIENCE
    while not what():
        if proc.poll() is not None or time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def ask(db, sql):
    """Rows of a database that a sensor may be writing; none yet: []."""
    if not os.path.exists(db):
        return []
    con = sqlite3.connect(f"file:{db}?mode=ro", uri=True)
    try:
        return con.execute(sql).fetchall()
    except sqlite3.OperationalError:
        return []		# not there yet
    finally:
        con.close()


class Sensor:
    """striptls-sensor on the far end of the pair."""

    def __init__(self, program, database, *options):
        self.proc = subprocess.Popen(
            [program, "-i", "span1", "-d", database, *options],
            stderr=subprocess.PIPE, text=True)
        self.ready = wait_for(
            lambda: os.path.exists(f"{database}-wal"), self.proc)

    def status(self):
        text = pathlib.Path(f"/proc/{self.proc.pid}/status").read_text()
        return dict(x.split(":\t", 1) for x in text.splitlines()
                    if ":\t" in x)

    def end(self):
        """Exit status and what it said."""
        self.proc.send_signal(signal.SIGTERM)
        said = self.proc.communicate(timeout=PATIENCE)[1]
        return self.proc.returncode, said


def open_wire():
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind(("span0", 0))
    return wire
