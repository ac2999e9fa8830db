#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""metamorphic.py -- the same conversations, captured otherwise.

	metamorphic.py [--sensor PROGRAM] [--quick] [-j N] [FILE.pcap ...]

Of each bundled capture (default: pcaps/*.pcap) tools/mutate.py makes others
that mean the same: octet by octet, reordered with repeats, tunnelled,
translated, in other file formats.  Sessions and findings must be the same.
Then the capture is cut short after its frames, and single frames are
dropped: only less may be found, as monotone.py puts it.

--quick takes a fixed sample of the mutations and frames.
"""
import argparse
import ipaddress
import multiprocessing
import pathlib
import sys
import zlib
from collections import Counter, defaultdict

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tools")]

import monotone			# noqa: E402
import mutate			# noqa: E402
import packets			# noqa: E402
import sensor			# noqa: E402

EVERY_FRAME = 100	# a capture of at most so many frames is cut at each
SAMPLES = {True: (4, 2), False: (14, 8)}	# quick: (cuts, drops)
FAILURES_SHOWN = 12	# of one capture and mutation

# Here a host's packets show less of it, and path-anomaly may be less: IPv6
# has no identification, and out of order neither time nor counters tell.
TRAITS_LOST = ("ipv6", "reordered", "reordered-again")
PATH = "path-anomaly"

# How it was captured, not what was said: another in a mutated capture.
CAPTURED = ("id", "source", "started_at", "ended_at", "packets", "vlan",
            "tunnel")
CAPTURED_V6 = CAPTURED + ("community_id", "client_ip", "server_ip")


def facts(session, without):
    kept = {k: v for k, v in session.items() if k not in without}
    if isinstance(kept.get("more"), dict):
        kept["more"] = {k: v for k, v in kept["more"].items()
                        if k != "resets_ignored"}
    kept["more"] = kept.get("more") or None
    return kept


def judged(run, translate=str):
    return Counter((*who(f, translate), f["kind"], f["severity"],
                    f["confidence"], str(f["because"]))
                   for f in run.findings)


def without_path(found, lost):
    """Where traits are lost: all but path-anomaly, which is judged apart."""
    if not lost:
        return found
    return Counter({f: n for f, n in found.items() if f[4] != PATH})


def path_beyond(run, whole, translate):
    """path-anomaly that the whole does not have as gravely."""
    for f in run.findings:
        if f["kind"] != PATH:
            continue
        mine = [one for one in whole.findings
                if who(one, translate) == who(f)]
        if not monotone.finding_stands(f, mine):
            yield (f"finding {who(f)} {PATH}",
                   (f["severity"], f["confidence"]), "less")


def as_v6(text):
    ip = ipaddress.ip_address(text)
    if ip.version == 6:
        return text
    return str(ipaddress.ip_address(mutate.as_v6(ip.packed)))


def who(row, translate=str):
    client, port, server, server_port = sensor.sides(row)
    return translate(client), port, translate(server), server_port


def grouped(sessions, translate=str):
    """By who talks to whom, each in the order of time."""
    found = defaultdict(list)
    for s in sessions:
        found[who(s, translate)].append(s)
    return found


def differences(run, whole, mutation):
    """Between a mutated capture and the whole one: (what, got, want)."""
    v6, lost = mutation == "ipv6", mutation in TRAITS_LOST
    translate = as_v6 if v6 else str
    without = CAPTURED_V6 if v6 else CAPTURED
    if run.status != whole.status:
        yield "status", f"{run.status} {run.said[-200:]}", whole.status
    want, got = grouped(whole.sessions, translate), grouped(run.sessions)
    for key in sorted(want.keys() | got.keys()):
        one, other = got.get(key, []), want.get(key, [])
        if len(one) != len(other):
            yield f"{key} sessions", len(one), len(other)
        for a, b in zip(one, other):
            a, b = facts(a, without), facts(b, without)
            for one in (a, b) if lost else ():
                one["kinds"] = [k for k in one["kinds"] if k != PATH]
            for field in b:
                if a[field] != b[field]:
                    yield f"{key} {field}", a[field], b[field]
    one, other = (without_path(judged(run), lost),
                  without_path(judged(whole, translate), lost))
    for finding in sorted((one - other) | (other - one)):
        yield f"finding {finding}", one[finding], other[finding]
    if lost:
        yield from path_beyond(run, whole, translate)


def nearest(session, among):
    return min(among, key=lambda s: abs(s["started_at"] -
                                        session["started_at"]))


def beyond(run, whole, rules):
    """What a capture of less has that the whole one has not."""
    if run.crashed():
        yield "status", run.crashed(), 0
    full = grouped(whole.sessions)
    for session in run.sessions:
        key = who(session)
        if key not in full:
            yield f"{key} session", "invented", "none"
            continue
        other = nearest(session, full[key])
        for field, got, want in monotone.contradictions(session, other,
                                                        rules):
            yield f"{key} {field}", got, want
    for key, sessions in grouped(run.sessions).items():
        if len(sessions) > len(full.get(key, [])):
            yield f"{key} sessions", len(sessions), len(full.get(key, []))
    for f in run.findings:
        mine = [one for one in whole.findings if who(one) == who(f)]
        if not monotone.finding_stands(f, mine):
            yield (f"{who(f)} finding",
                   f"{f['kind']} {f['severity']} {f['confidence']}",
                   [(o["kind"], o["severity"], o["confidence"])
                    for o in mine])


def contested(frames):
    """Frames whose octets another frame tells otherwise: the first copy
    counts, so without it the second is all there is."""
    told, out = defaultdict(list), set()
    for n, f in enumerate(frames):
        s = packets.parse(f.data)
        if s is None or s.body == s.end:
            continue
        payload = s.payload(f.data)
        for m, seq, other in told[s.key()]:
            if mutate.differ(s.seq, payload, seq, other):
                out |= {n, m}
        told[s.key()].append((n, s.seq, payload))
    return out


def spread(count, wanted, seed):
    """`wanted` of the numbers below `count`, evenly, from a fixed place."""
    if count <= wanted:
        return range(count)
    start = zlib.crc32(seed.encode()) % count
    return sorted({(start + n * count // wanted) % count
                   for n in range(wanted)})


class Capture:
    """One capture and the sensor's view of it, whole."""

    def __init__(self, program, path, scratch):
        self.program, self.path, self.scratch = program, path, scratch
        self.frames = packets.read(path)
        self.whole = sensor.run(program, path, scratch)
        self.runs = 0

    def look(self, octets, suffix=".pcap"):
        self.runs += 1
        file = pathlib.Path(self.scratch) / f"mutated{suffix}"
        file.write_bytes(octets)
        return sensor.run(self.program, file, self.scratch)

    def mutations(self, quick):
        names = list(mutate.MUTATIONS)
        if quick:
            at = zlib.crc32(self.path.name.encode()) % len(names)
            names = [(names * 2)[at + n * 5] for n in range(3)]
            names += ["one-octet", "reordered"]
        for name in dict.fromkeys(names):
            run = self.look(mutate.MUTATIONS[name](self.frames),
                            mutate.SUFFIX.get(name, ".pcap"))
            yield name, differences(run, self.whole, name)

    def losses(self, quick):
        cuts, drops = SAMPLES[quick]
        count = len(self.frames)
        if count <= EVERY_FRAME and not quick:
            cuts = drops = count
        for n in spread(count, cuts, self.path.name):
            run = self.look(packets.pcap(mutate.cut(self.frames, n)))
            yield f"cut={n}", beyond(run, self.whole, monotone.RULES)
        told_twice = contested(self.frames)
        for n in spread(count, drops, self.path.name):
            if n in told_twice:
                continue
            run = self.look(packets.pcap(mutate.drop(self.frames, n)))
            yield f"drop={n}", beyond(run, self.whole, monotone.RULES_LOSS)

    def failures(self, quick):
        if self.whole.status != 0:
            yield "as is", "status", self.whole.crashed() or \
                f"{self.whole.status} {self.whole.said[-200:]}", 0
            return
        for check in (self.mutations, self.losses):
            for name, found in check(quick):
                for n, (what, got, want) in enumerate(found):
                    if n == FAILURES_SHOWN:
                        yield name, "...", "more", "none"
                        break
                    yield name, what, got, want


def work(job):
    program, path, quick = job
    with sensor.scratch() as scratch:
        capture = Capture(program, path, scratch)
        return path.name, list(capture.failures(quick)), capture.runs


def main():
    parser = argparse.ArgumentParser(
        description="Change how captures were made, never what was said.")
    parser.add_argument("--sensor", metavar="PROGRAM")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("-j", type=int, default=2, metavar="N")
    parser.add_argument("file", nargs="*", type=pathlib.Path)
    args = parser.parse_args()
    program = sensor.find(args.sensor)
    if program is None:
        print("metamorphic: no sensor; build it or set STRIPTLS_SENSOR")
        return 1
    files = args.file or sorted((sensor.ROOT / "pcaps").glob("*.pcap"))
    if not files:
        print("metamorphic: no captures in pcaps/, skipped")
        return 0
    files.sort(key=lambda f: -f.stat().st_size)
    failed = runs = 0
    with multiprocessing.Pool(args.j) as pool:
        for name, failures, count in pool.imap_unordered(
                work, [(program, f, args.quick) for f in files]):
            runs += count
            failed += len(failures)
            for mutation, what, got, want in failures:
                print(f"{name}\t{mutation}\t{what}\tgot {got}\twant {want}")
    print(f"metamorphic: {len(files)} captures, {runs} mutated files, "
          f"{failed} differences")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
