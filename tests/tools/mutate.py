#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""mutate.py -- the same conversation, captured otherwise.

	mutate.py FILE.pcap MUTATION [-o OUT]
	mutate.py --list

Takes a classic capture file of Ethernet and changes how it was captured,
never what was said: a reader must find the same sessions in it.  Two
mutations take something away, `cut=N` (the capture ends after frame N) and
`drop=N` (frame N was missed): a reader may find less, and nothing else.

As a module: MUTATIONS maps a name to a function from frames to the octets of
a file; SUFFIX names what is not ".pcap".
"""
import argparse
import bisect
import random
import shutil
import struct
import subprocess
import sys

import packets
from packets import FIN, PSH, RST, SYN, URG

QUIET = 200000		# microseconds; reordering does not reach across
WINDOW = 8		# frames
SEED = 20260301


# ------------------------------------------------------------- segments

def split(frames, size):
    """At most `size` octets of payload a segment."""
    out = []
    for n, f in enumerate(frames):
        s = packets.parse(f.data)
        if (s is None or s.end - s.body <= size or s.flags & URG or
                f.length > len(f.data)):
            out.append(f)
            continue
        room = max(0, frames[n + 1].time - f.time - 1) if n + 1 < len(
            frames) else len(f.data)
        payload, seq = s.payload(f.data), s.seq
        for step, at in enumerate(range(0, len(payload), size)):
            flags = s.flags
            if at > 0:
                flags &= ~SYN
            if at + size < len(payload):
                flags &= ~(FIN | PSH | RST)
            shift = 1 if s.flags & SYN and at > 0 else 0
            out.append(packets.frame(
                f.time + min(step, room),
                packets.rebuild(f.data, s, payload[at:at + size],
                                seq + at + shift, flags)))
    return out


class Order:
    """Which frames may not overtake which.

    A reset says "nothing more": it keeps its place in its connection.  The
    first of two copies that differ counts: they keep their order.  So does
    a SYN that begins a 4-tuple anew.
    """

    def __init__(self):
        self.floor = {}		# connection: nothing before this key
        self.highest = {}	# connection: the last key so far
        self.copies = {}	# side: (seq, payload, key) of late

    def place(self, f, key):
        s = packets.parse(f.data)
        if s is None:
            return key
        both, side = s.tuple4(), s.key()
        key = max(key, self.floor.get(both, key))
        if s.flags & RST or s.flags & 18 == SYN:
            key = max(key, self.highest.get(both, key))
            self.floor[both] = key
        payload = s.payload(f.data)
        if payload:
            late = self.copies.setdefault(side, [])
            for seq, other, earlier in late:
                if differ(s.seq, payload, seq, other):
                    key = max(key, earlier)
            late.append((s.seq, payload, key))
            del late[:-4 * WINDOW]
        self.highest[both] = max(key, self.highest.get(both, key))
        return key


def differ(seq, one, start, two):
    """Do two stretches overlap and say different things there?"""
    ahead = (start - seq + 0x80000000) % 0x100000000 - 0x80000000
    if ahead < 0:
        one, two, ahead = two, one, -ahead
    shared = min(len(one) - ahead, len(two))
    return shared > 0 and one[ahead:ahead + shared] != two[:shared]


def quiet_ends(frames):
    """Where long silences begin: indices one past the last frame."""
    ends = [n for n in range(1, len(frames))
            if frames[n].time - frames[n - 1].time > QUIET]
    return ends + [len(frames)]


def reorder(frames, seed=SEED):
    """Frames change places within a window; one in five comes again."""
    chance, order = random.Random(seed), Order()
    ends = quiet_ends(frames)
    placed = []
    for n, f in enumerate(frames):
        block = bisect.bisect_right(ends, n)
        key = order.place(f, n + chance.random() * WINDOW)
        placed.append((block, key, n, f))
        if chance.random() < 0.2:
            again = key + chance.random() * WINDOW
            s = packets.parse(f.data)
            if s is None or not s.flags & RST:
                placed.append((block, again, n, f))
    placed.sort(key=lambda p: p[:3])
    times = sorted(p[3].time for p in placed)
    return [p[3]._replace(time=time) for time, p in zip(times, placed)]


# -------------------------------------------------------------- headers

def change(frames, function):
    return [f._replace(data=data, length=f.length + len(data) - len(f.data))
            for f in frames for data in (function(f),)]


def tag(data, vlan):
    return data[:12] + struct.pack("!HH", 0x8100, vlan) + data[12:]


def twice(frames):
    return [f for one in frames for f in (one, one)]


def other_copy(f):
    """As another port of the switch mirrors it: routed, tagged."""
    data = b"\x02\0\0\0\1\1\x02\0\0\0\1\2" + f.data[12:]
    l3, kind = packets.network(data)
    if kind == 0x0800 and len(data) >= l3 + 20:
        head = bytearray(data[l3:l3 + (data[l3] & 15) * 4])
        head[8] -= 1
        head[10:12] = b"\0\0"
        head[10:12] = packets.checksum(bytes(head)).to_bytes(2, "big")
        data = data[:l3] + bytes(head) + data[l3 + len(head):]
    elif kind == 0x86DD and len(data) >= l3 + 40:
        data = data[:l3 + 7] + bytes((data[l3 + 7] - 1,)) + data[l3 + 8:]
    return tag(data, 99)


def twice_otherwise(frames):
    copies = change(frames, other_copy)
    return [f for pair in zip(frames, copies) for f in pair]


def vlans(frames):
    """Each direction of each connection on a VLAN of its own."""
    def tagged(f):
        s = packets.parse(f.data)
        forth = s is None or s.key()[:2] < s.key()[2:]
        return tag(f.data, 101 if forth else 202)
    return change(frames, tagged)


# -------------------------------------------------------------- tunnels

def wrap(f, protocol, head):
    """Inside an IPv4 packet between two switches; lengths as on the wire,
    also where the capture was cut."""
    total = 20 + len(head) + f.length
    outer = struct.pack("!BBHHHBBH4s4s", 0x45, 0, total, 0, 0, 250, protocol,
                        0, b"\x0a\xff\0\1", b"\x0a\xff\0\2")
    outer = (outer[:10] + packets.checksum(outer).to_bytes(2, "big") +
             outer[12:])
    return (b"\x02\0\0\0\2\1\x02\0\0\0\2\2\x08\0" + outer + head + f.data)


def vxlan(frames):
    def inside(f):
        head = struct.pack("!HHHHII", 49152 + f.length % 1000, 4789,
                           16 + f.length, 0, 0x08000000, 7700 << 8)
        return wrap(f, 17, head)
    return change(frames, inside)


def erspan(frames):
    count = iter(range(1, len(frames) + 1))

    def inside(f):
        head = struct.pack("!HHIHHI", 0x1000, 0x88BE, next(count), 0x1064,
                           0x0801, 5)
        return wrap(f, 47, head)
    return change(frames, inside)


# ----------------------------------------------------------------- IPv6

def as_v6(address):
    """What to_v6() makes of a packed IPv4 address: who was in one network
    (IPv4 /24, IPv6 /48) still is, and nobody else."""
    return b"\xfd\x04" + address[:3] + bytes(10) + address[3:]


def to_v6(f):
    data = f.data
    l3, kind = packets.network(data)
    if kind != 0x0800 or len(data) < l3 + 20:
        return data
    l4 = l3 + (data[l3] & 15) * 4
    protocol, total = data[l3 + 9], data[l3 + 2] << 8 | data[l3 + 3]
    where = {6: 16, 17: 6}.get(protocol)
    fragment = (data[l3 + 6] << 8 | data[l3 + 7]) & 0x3FFF
    if where is None or fragment or len(data) < l4 + where + 2:
        return data
    old, new = (data[l3 + 12:l3 + 16], data[l3 + 16:l3 + 20]), None
    new = as_v6(old[0]) + as_v6(old[1])
    body = data[l4:l3 + total]
    if body[where:where + 2] != b"\0\0" or protocol == 6:
        # what was wrong stays wrong: only the difference goes in (RFC 1624)
        kept = 0xFFFF - int.from_bytes(body[where:where + 2], "big")
        kept += (int.from_bytes(new, "big") -
                 int.from_bytes(old[0] + old[1], "big"))
        body = (body[:where] +
                (0xFFFF - kept % 0xFFFF).to_bytes(2, "big") +
                body[where + 2:])
    head = struct.pack("!IHBB", 0x60000000, total - (l4 - l3), protocol,
                       data[l3 + 8]) + new
    return data[:l3 - 2] + b"\x86\xdd" + head + body


def ipv6(frames):
    out = []
    for f in frames:
        data = to_v6(f)
        cut = f.length - len(f.data)
        out.append(f._replace(data=data, length=len(data) + cut))
    return out


# ---------------------------------------------------------- what is lost

def cut(frames, n):
    """The capture ends after `n` frames."""
    return frames[:n]


def drop(frames, n):
    """Frame `n` (from 0) was missed."""
    return frames[:n] + frames[n + 1:]


def zstd(octets):
    return subprocess.run(["zstd", "-q", "-c"], input=octets, check=True,
                          stdout=subprocess.PIPE).stdout


def keep(frames):
    return frames


def made(function, write=packets.pcap, **how):
    return lambda frames: write(function(frames), **how)


MUTATIONS = {
    "one-octet": made(lambda frames: split(frames, 1)),
    "seven-octets": made(lambda frames: split(frames, 7)),
    "reordered": made(reorder),
    "reordered-again": made(lambda frames: reorder(frames, SEED + 1)),
    "twice": made(twice),
    "twice-otherwise": made(twice_otherwise),
    "vlan-per-direction": made(vlans),
    "vxlan": made(vxlan),
    "erspan": made(erspan),
    "ipv6": made(ipv6),
    "big-endian": made(keep, order=">"),
    "nanoseconds": made(keep, nano=True),
    "nanoseconds-big-endian": made(keep, nano=True, order=">"),
    "pcapng": made(keep, packets.pcapng),
    "pcapng-big-endian": made(keep, packets.pcapng, order=">"),
    "gzip": lambda frames: packets.gzipped(packets.pcap(frames)),
}
SUFFIX = {"pcapng": ".pcapng", "pcapng-big-endian": ".pcapng",
          "gzip": ".pcap.gz", "zstd": ".pcap.zst"}
if shutil.which("zstd"):
    MUTATIONS["zstd"] = lambda frames: zstd(packets.pcap(frames))


def main():
    parser = argparse.ArgumentParser(
        description="Change how a conversation was captured.")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("file", nargs="?")
    parser.add_argument("mutation", nargs="?")
    parser.add_argument("-o", metavar="OUT", default="/dev/stdout")
    args = parser.parse_args()
    if args.list:
        print("\n".join([*MUTATIONS, "cut=N", "drop=N"]))
        return 0
    if args.mutation is None:
        parser.error("a file and a mutation are wanted")
    name, _, number = args.mutation.partition("=")
    frames = packets.read(args.file)
    if name in ("cut", "drop") and number:
        octets = packets.pcap({"cut": cut, "drop": drop}[name](
            frames, int(number)))
    elif name in MUTATIONS:
        octets = MUTATIONS[name](frames)
    else:
        parser.error(f"no mutation {args.mutation}; see --list")
    with open(args.o, "wb") as out:
        out.write(octets)
    return 0


if __name__ == "__main__":
    sys.exit(main())
