#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""talk_test.py -- the tools that make captures, and pcaps/ itself.

	talk_test.py

Each .talk source compiles to the committed capture, octet for octet; each
capture has its line in pcaps/README.md, and no line is about nothing.  And
what mutate.py makes of a capture has right checksums and the same streams.
"""
import re
import sys
import tempfile

import mutate
import packets
import sensor
import talk

PCAPS = sensor.ROOT / "pcaps"


def compiles(source):
    """The capture beside a source is what it says."""
    committed = source.with_suffix(".pcap")
    if not committed.exists():
        return "no .pcap beside it"
    try:
        made = talk.Talk(source).pcap()
    except talk.TalkError as why:
        return str(why)
    if made != committed.read_bytes():
        return "compiles to other octets than the committed .pcap"
    return None


# The same two ways: said once and repeated, and written out.
SHORT = """
start 2024-01-01T00:00:00Z
client 192.0.2.9:50000
server 198.51.100.9:25
repeat 3 7200.5 client
greet mx.example -
quit
expect offer=absent
client [2001:db8:5::9]:51000
server [2001:db8:6::fe]:25
at 60
repeat 2 30 server
greet mx.example
"""
LONG = """
start 2024-01-01T00:00:00Z
client 192.0.2.9:50000
server 198.51.100.9:25
greet mx.example -
quit
expect offer=absent
client 192.0.3.9:50001
at 7200.5
greet mx.example -
quit
expect offer=absent
client 192.0.4.9:50002
at 14401
greet mx.example -
quit
expect offer=absent
client [2001:db8:5::9]:51000
server [2001:db8:6::fe]:25
at 60
greet mx.example
client [2001:db8:5::9]:51001
server [2001:db8:6::ff]:25
at 90
greet mx.example
"""
WRONG = {	# a source that must be refused, by what is wrong
    "repeat ahead of the server": "client 192.0.2.9:50000\nrepeat 2 1\n",
    "repeat behind what is said": SHORT + "repeat 2 1\n",
    "somebody else's address counts up":
        "client 192.0.2.9:50000\nserver 198.51.100.9:25\n"
        "repeat 2 1 both\n",
}


def talk_of(text):
    with tempfile.NamedTemporaryFile("w", suffix=".talk") as file:
        file.write(text)
        file.flush()
        return talk.Talk(file.name)


def repeats():
    short, long = talk_of(SHORT), talk_of(LONG)
    if short.pcap() != long.pcap():
        return "other octets"
    return None if short.expected == long.expected else "other expectations"


def refuses(text):
    try:
        talk_of(text)
    except talk.TalkError:
        return None
    return "taken"


def readme_lines():
    text = (PCAPS / "README.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `([a-z0-9-]+)` \|", text, re.M))


def streams(frames):
    """Per side the octets in order; the first copy counts."""
    out = {}
    for f in frames:
        s = packets.parse(f.data)
        if s is None or s.body == s.end:
            continue
        said = out.setdefault(s.key(), {})
        for n, octet in enumerate(s.payload(f.data)):
            said.setdefault((s.seq + n) & 0xFFFFFFFF, octet)
    return out


def sums_wrong(frames):
    """How many TCP checksums do not hold."""
    wrong = 0
    for f in frames:
        s = packets.parse(f.data)
        if s is not None and f.length == len(f.data):
            segment = f.data[s.l4:s.end]
            wrong += packets.checksum(segment, packets.pseudo(
                s.source, s.target, 6, len(segment))) != 0
    return wrong


def mutates(frames, name):
    """A mutation that stays readable keeps what was said."""
    with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
        file.write(mutate.MUTATIONS[name](frames))
        file.flush()
        made = packets.read(file.name)
    if sums_wrong(made) > 0 and sums_wrong(frames) == 0:
        return f"{sums_wrong(made)} wrong checksums"
    got, want = streams(made), streams(frames)
    if name == "ipv6":
        def as_v6(ip):
            return mutate.as_v6(ip) if len(ip) == 4 else ip
        want = {(as_v6(a), p, as_v6(b), q): said
                for (a, p, b, q), said in want.items()}
    return None if got == want else "other streams"


def checks():
    """(what, why it fails or None), one by one."""
    for source in sorted(PCAPS.glob("*.talk")):
        yield f"{source.name} compiles to its capture", compiles(source)
    yield "what is repeated is as if written out", repeats()
    for what, text in WRONG.items():
        yield f"{what} is refused", refuses(text)
    told, there = readme_lines(), {p.stem for p in PCAPS.glob("*.pcap")}
    for name in sorted(told ^ there):
        yield f"{name} has a line in pcaps/README.md", (
            "no line" if name in there else "no capture")
    for name in ("one-octet", "seven-octets", "reordered", "twice",
                 "vlan-per-direction", "ipv6", "big-endian", "nanoseconds"):
        for path in sorted(PCAPS.glob("*.talk")):
            frames = packets.read(path.with_suffix(".pcap"))
            yield f"{path.stem} keeps its streams {name}", mutates(frames,
                                                                   name)


def main():
    if not list(PCAPS.glob("*.talk")):
        print("talk: no sources in pcaps/, skipped")
        return 0
    done = failed = 0
    for what, why in checks():
        done += 1
        if why is not None:
            failed += 1
            print(f"{what}\tgot {why}\twant so")
    print(f"talk: {done} checks, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
