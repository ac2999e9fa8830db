# SPDX-License-Identifier: ISC
"""sensor.py -- runs striptls-sensor on a file and reads its database back."""
import csv
import json
import os
import pathlib
import sqlite3
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SMTP_PORTS = (25, 465, 587)
LISTS = ("about", "because", "capabilities", "capture_gaps", "certificate_san",
         "client_nets", "confirmation", "ehlo_reply", "evidence", "hellos",
         "kinds", "more", "next_steps", "posture", "rcpt_domains", "sensors",
         "tunnel", "unanswered")	# JSON in the database
ORDER = {"v_sessions": "started_at, id", "v_findings": "at, id",
         "v_incidents": "first_seen, id", "v_servers": "server_ip, server_port"}
PATIENCE = 120		# seconds for one run; longer is a hang


class Run:
    """What came of it: exit status, standard error, rows of the views."""

    def __init__(self, status, said, sessions=(), findings=(),
                 incidents=(), servers=()):
        self.status, self.said = status, said
        self.sessions, self.findings = list(sessions), list(findings)
        self.incidents, self.servers = list(incidents), list(servers)

    def crashed(self):
        """Why it must not have ended so, or None."""
        if self.status == "hang":
            return f"no end after {PATIENCE} s"
        if self.status < 0:
            return f"killed by signal {-self.status}: {self.said[-300:]}"
        if self.status not in (0, 1) or "Sanitizer" in self.said:
            return f"status {self.status}: {self.said[-300:]}"
        return None


def find(given=None):
    """The sensor's path: given, $STRIPTLS_SENSOR, or the usual places."""
    places = [given] if given else [
        os.environ.get("STRIPTLS_SENSOR", ""),
        ROOT / "build" / "striptls-sensor",
        ROOT / "build" / "release" / "striptls-sensor"]
    for place in places:
        if place and os.access(place, os.X_OK) and os.path.isfile(place):
            return str(pathlib.Path(place).resolve())
    return None


def scratch():
    """A folder for databases, in memory where that is possible."""
    memory = "/dev/shm"
    return tempfile.TemporaryDirectory(
        prefix="striptls-", dir=memory if os.access(memory, os.W_OK) else None)


def sides(session):
    """Who talks to whom: what a session is known by in a truth table."""
    return (session["client_ip"], session["client_port"],
            session["server_ip"], session["server_port"])


def rows(database, view):
    """All of a view, lists decoded, by time."""
    db = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        db.row_factory = sqlite3.Row
        found = [dict(r) for r in db.execute(
            f"SELECT * FROM {view} ORDER BY {ORDER[view]}")]
    finally:
        db.close()
    for row in found:
        for field, value in row.items():
            if field in LISTS and isinstance(value, str):
                row[field] = json.loads(value)
    return found


def beside(path):
    """The options for what stands beside a capture: NAME.yaml, whose servers
    they are, and NAME.zone, what DNS promises of them."""
    inventory, snapshot = path.with_suffix(".yaml"), path.with_suffix(".zone")
    return [*(("-c", str(inventory)) if inventory.exists() else ()),
            "--policy", f"file:{snapshot}" if snapshot.exists() else "off"]


def run(program, path, folder, ports=SMTP_PORTS, how=("--policy", "off")):
    """One process, one file, a new database in `folder`."""
    database = os.path.join(folder, f"{os.getpid()}.db")
    for left in ("", "-wal", "-shm"):
        if os.path.exists(database + left):
            os.unlink(database + left)
    try:
        done = subprocess.run(
            [program, *how, "-q", "-n", "test", "-d", database,
             "-p", ",".join(map(str, ports)), "-r", str(path)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return Run("hang", "")
    said = done.stdout.decode(errors="replace")
    if not os.path.exists(database):
        return Run(done.returncode, said)
    return Run(done.returncode, said, *(rows(database, view) for view in (
        "v_sessions", "v_findings", "v_incidents", "v_servers")))


def table(path):
    """A tab-separated file with named columns, as a list of dicts."""
    with open(path, encoding="utf-8", newline="") as f:
        return list(csv.DictReader(
            (line for line in f if not line.startswith("#")),
            delimiter="\t", quoting=csv.QUOTE_NONE))
