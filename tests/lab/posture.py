#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""posture.py [--sensor PROGRAM] -- what an operator should mend, asked of
real servers.

Each capture pcaps/posture-*.pcap is read by its snapshot, and live: NSD serves
the zones of the snapshot, signed, broken or neither as it says, and Unbound
is asked (in a network namespace of its own; skipped, with status 77, where
one of these is not there).  Kinds, servers, severities and words must be the
same; how sure it is may be less, as records that can be asked about again may
be yesterday's.  All eight kinds must be among them.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "dns"), str(HERE.parent / "tools")]

import sensor			# noqa: E402
import snapshot			# noqa: E402

KINDS = {"dane-partial", "tlsa-mismatch", "tlsa-at-risk", "tlsa-unusable",
         "tlsa-unsigned", "certificate-expiring", "starttls-never",
         "dnssec-bogus"}
SURE = ("circumstantial", "strong", "certain")
PCAPS = sensor.ROOT / "pcaps"


def read(program, capture, policy, folder):
    """Posture findings of it, and the incidents they are in."""
    database = pathlib.Path(folder) / "a.db"
    for old in pathlib.Path(folder).glob("a.db*"):
        old.unlink()
    done = subprocess.run(
        [program, *policy, "-q", "-n", "lab", "-d", str(database), "-c",
         str(capture.with_suffix(".yaml")), "-r", str(capture)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=sensor.PATIENCE, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{capture.name}: status {done.returncode}: "
                         f"{done.stdout.decode()[-300:]}")
    sessions = {s["id"]: s for s in sensor.rows(database, "v_sessions")}
    findings = [f for f in sensor.rows(database, "v_findings")
                if f["kind"] in KINDS]
    incidents = [(i["kind"], i["server_ip"], i["severity"], i["state"],
                  i["sessions"]) for i in sensor.rows(
                      database, "v_incidents") if i["kind"] in KINDS]
    return [(f["kind"], sessions[f["session_id"]]["server_ip"],
             f["severity"], f["confidence"], f["summary"])
            for f in findings], sorted(incidents)


def unlike(by_file, live):
    """What one says and the other does not; how sure apart."""
    findings, incidents = by_file
    got, at = live
    plain = [f[:3] + f[4:] for f in findings]
    left = [f[:3] + f[4:] for f in got]
    yield from (f"lacks {f}" for f in plain if f not in left)
    yield from (f"has {f}" for f in left if f not in plain)
    for f in got:
        more = [o for o in findings if o[:3] + o[4:] == f[:3] + f[4:]]
        if more and SURE.index(f[3]) > SURE.index(more[0][3]):
            yield f"surer {f}"
    yield from (f"lacks incident {i}" for i in incidents if i not in at)
    yield from (f"has incident {i}" for i in at if i not in incidents)


def one(program, capture, met):
    zone = capture.with_suffix(".zone")
    with tempfile.TemporaryDirectory(prefix="striptls-posture.") as folder:
        if not zone.exists():
            zone = pathlib.Path(folder) / "zone"
            zone.write_text(";! zone nobody.example: secure\n"
                            "nobody.example. MX 0 .\n", encoding="ascii")
        by_file = read(program, capture, ["--policy", f"file:{zone}"],
                       folder)
        served = snapshot.Served(folder, zone)
        try:
            live = read(program, capture, [
                "--policy", "live", "--resolver", snapshot.RESOLVER + "@53"],
                folder)
        finally:
            served.close()
    wrong = list(unlike(by_file, live))
    met.update(f[0] for f in live[0])
    print(f"{'FAIL' if wrong else 'ok  '} {capture.stem}: {len(live[0])} to "
          f"mend, {len(live[1])} incidents")
    for line in wrong:
        print(f"     {line}")
    return len(wrong)


def main():
    parser = argparse.ArgumentParser(
        description="What is to be mended, by a snapshot and live.")
    parser.add_argument("--sensor", metavar="PROGRAM")
    args = parser.parse_args()
    program = sensor.find(args.sensor)
    if program is None:
        print("posture: no sensor; build it or set STRIPTLS_SENSOR")
        return 1
    if lacking := snapshot.lacking():
        print(f"posture: {lacking}")
        return 77
    snapshot.enter_namespace()
    met, wrong = set(), 0
    for capture in sorted(PCAPS.glob("posture-*.pcap")):
        wrong += one(program, capture, met)
    for kind in sorted(KINDS - met):
        print(f"FAIL {kind}: never met")
        wrong += 1
    print(f"posture, live: {len(met)} kinds, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
