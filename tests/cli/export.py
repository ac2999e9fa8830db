#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""export.py BUILD -- captures judged by a snapshot, then again elsewhere by
what policy export writes of the first database: the same policies, verdicts
and findings.

The bundled lab captures; all of the lab's where those lie beside the project.
"""
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAB = ROOT.parent / "shared" / "pcaps" / "lab"
JUDGED = """SELECT started_at, client_ip, client_port, server_ip, policy, sts,
    tlsa_matching, tlsa_total, verdict, kinds, (SELECT json_group_array(
    f.kind || ' ' || f.because || ' ' || f.severity || ' ' || f.confidence ||
    ' ' || f.summary) FROM v_findings AS f WHERE f.session_id = v.id)
    FROM v_sessions AS v ORDER BY v.id"""
failures = 0


def case(name, ok, said=""):
    global failures
    if not ok:
        failures += 1
        print(f"FAIL {name}: {said}")


class Round:
    def __init__(self, build, folder):
        self.sensor = f"{build}/striptls-sensor"
        self.analyzer = f"{build}/striptls-analyzer"
        self.folder = folder

    def judge(self, name, zone, files):
        """The rows of all files, read into one database in their order."""
        db = f"{self.folder}/{name}.db"
        subprocess.run([self.sensor, "-q", "-d", db, "-n", "lab", "-p",
                        "25,465,587", "--policy", f"file:{zone}",
                        *[o for f in files for o in ("-r", str(f))]],
                       check=True, timeout=600)
        con = sqlite3.connect(db)
        rows = con.execute(JUDGED).fetchall()
        con.close()
        return db, rows

    def export(self, db, name, *options):
        run = subprocess.run([self.analyzer, "-d", db, *options, "policy",
                              "export"], capture_output=True, timeout=60,
                             check=False)
        zone = pathlib.Path(self.folder, f"{name}.zone")
        zone.write_bytes(run.stdout)
        return zone, run

    def turn(self, what, zone, files):
        db, first = self.judge(f"{what}-1", zone, files)
        exported, run = self.export(db, what)
        case(f"{what}: export", run.returncode == 0 and not run.stderr,
             run.stderr)
        db2, again = self.judge(f"{what}-2", exported, files)
        wrong = [(a, b) for a, b in zip(first, again) if a != b]
        case(f"{what}: judged again", not wrong and
             len(first) == len(again), f"{len(wrong)} differ: {wrong[:2]}")
        states = {row[4] for row in first}
        case(f"{what}: states", len(states) > 4, states)
        # and what it knows is what it was told
        third, run = self.export(db2, f"{what}-again")
        case(f"{what}: exported again", sorted(
            third.read_text().splitlines()[2:]) == sorted(
                exported.read_text().splitlines()[2:]), "other lines")
        return db, len(first)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    folder = tempfile.mkdtemp(prefix="striptls-export.")
    try:
        r = Round(build, folder)
        files = [f for f in sorted((ROOT / "pcaps").glob("*-sender.pcap"))]
        db, sessions = r.turn("bundled", ROOT / "pcaps" / "lab.zone", files)
        # of one destination only
        zone, run = r.export(db, "one", "--domain", "dane-ok.example")
        text = zone.read_text()
        case("one domain", run.returncode == 0 and
             "dane-ok.example. " in text and "half.example" not in text,
             text)
        zone, run = r.export(db, "none", "--since", "2030-01-01")
        case("nobody", run.returncode == 1 and not run.stdout, run.stderr)
        if LAB.is_dir():
            files = sorted(LAB.glob("*-sender.pcap*"))
            sessions += r.turn("lab", LAB / "lab.snapshot", files)[1]
    finally:
        shutil.rmtree(folder)
    print(f"export: {sessions} sessions judged twice, {failures} wrong")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
