# SPDX-License-Identifier: ISC
"""packets.py -- frames, and the files they are kept in.

Just enough Ethernet, IP and TCP for tests that make or change captures.
A frame is (time in microseconds, octets, length on the wire).
"""
import gzip
import ipaddress
import struct
from collections import namedtuple

Frame = namedtuple("Frame", "time data length")

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
TAGS = (0x8100, 0x88A8, 0x9100)


def frame(time, data):
    return Frame(time, data, len(data))


# ------------------------------------------------------------------ sums

def checksum(data, more=0):
    """The Internet checksum (RFC 1071): 2^16 is 1 modulo 65535."""
    if len(data) & 1:
        data += b"\0"
    total = int.from_bytes(data, "big") + more
    return 0xFFFF - (total % 0xFFFF or 0xFFFF) if total else 0xFFFF


def pseudo(source, target, protocol, length):
    """The pseudo header's sum, for checksum()'s `more`."""
    return int.from_bytes(source + target, "big") + protocol + length


# --------------------------------------------------------------- headers

def tcp(source, target, ports, seq, ack, flags, payload=b"", *,
        options=b"", window=64240, bad=False):
    """A TCP segment; `source` and `target` are packed addresses."""
    head = struct.pack("!HHIIBBHHH", *ports, seq & 0xFFFFFFFF,
                       ack & 0xFFFFFFFF, (20 + len(options)) << 2, flags,
                       window, 0, 0) + options
    whole = head + payload
    total = checksum(whole, pseudo(source, target, 6, len(whole)))
    if bad:
        total ^= 0x5555
    return head[:16] + total.to_bytes(2, "big") + head[18:] + payload


def udp(source, target, ports, payload, *, sum_it=True):
    length = 8 + len(payload)
    head = struct.pack("!HHHH", *ports, length, 0)
    total = 0
    if sum_it:
        total = checksum(head + payload,
                         pseudo(source, target, 17, length)) or 0xFFFF
    return head[:6] + total.to_bytes(2, "big") + payload


def ip(source, target, protocol, payload, *, ttl=64, ident=0):
    """An IPv4 or IPv6 packet, by the length of the addresses."""
    if len(source) == 16:
        return struct.pack("!IHBB", 0x60000000, len(payload), protocol,
                           ttl) + source + target + payload
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), ident,
                       0x4000, ttl, protocol, 0) + source + target
    return head[:10] + checksum(head).to_bytes(2, "big") + head[12:] + payload


def ethernet(source, target, payload, tags=()):
    kind = 0x86DD if payload[0] >> 4 == 6 else 0x0800
    head = target + source
    for n, tag in enumerate(tags):
        outer = n + 1 < len(tags)
        head += struct.pack("!HH", 0x88A8 if outer else 0x8100, tag)
    return head + struct.pack("!H", kind) + payload


def address(text):
    return ipaddress.ip_address(text).packed


# --------------------------------------------------------------- reading

class Segment:
    """Where things are in an Ethernet frame that carries TCP."""

    __slots__ = ("l3", "l4", "body", "end", "v6", "source", "target",
                 "ports", "seq", "ack", "flags")

    def payload(self, data):
        return data[self.body:self.end]

    def key(self):
        """The side that speaks: address, port, peer's address, port."""
        return (self.source, self.ports[0], self.target, self.ports[1])

    def tuple4(self):
        """The connection, whoever speaks."""
        one, two = self.key()[:2], self.key()[2:]
        return (one, two) if one < two else (two, one)


def network(data):
    """Offset and type of what an Ethernet frame carries, tags skipped."""
    at = 12
    while True:
        if len(data) < at + 2:
            return None, 0
        kind = data[at] << 8 | data[at + 1]
        if kind not in TAGS:
            return at + 2, kind
        at += 4


def parse(data):
    """The Segment in an Ethernet frame; None if it is none, or a part."""
    l3, kind = network(data)
    if kind == 0x0800 and len(data) >= l3 + 20:
        v6, l4 = False, l3 + (data[l3] & 15) * 4
        if data[l3 + 9] != 6 or (data[l3 + 6] << 8 | data[l3 + 7]) & 0x3FFF:
            return None
        end = l3 + (data[l3 + 2] << 8 | data[l3 + 3])
        source, target = data[l3 + 12:l3 + 16], data[l3 + 16:l3 + 20]
    elif kind == 0x86DD and len(data) >= l3 + 40:
        v6, l4 = True, l3 + 40
        if data[l3 + 6] != 6:
            return None
        end = l4 + (data[l3 + 4] << 8 | data[l3 + 5])
        source, target = data[l3 + 8:l3 + 24], data[l3 + 24:l3 + 40]
    else:
        return None
    if len(data) < l4 + 20:
        return None
    s = Segment()
    s.l3, s.l4, s.v6, s.source, s.target = l3, l4, v6, source, target
    *ports, s.seq, s.ack, offset, s.flags = struct.unpack_from(
        "!HHIIBB", data, l4)
    s.ports = tuple(ports)
    s.body = l4 + (offset >> 4) * 4
    s.end = min(end, len(data))
    return s if s.body <= s.end else None


def rebuild(data, s, payload, seq, flags):
    """The frame once more, with another payload and sequence number."""
    head = data[s.l4 + 4 + 4:s.l4 + 13]
    part = (data[s.l4:s.l4 + 4] + (seq & 0xFFFFFFFF).to_bytes(4, "big") +
            head + bytes((flags,)) + data[s.l4 + 14:s.l4 + 16])
    options = data[s.l4 + 18:s.body]
    length = s.body - s.l4 + len(payload)
    total = checksum(part + b"\0\0" + options + payload,
                     pseudo(s.source, s.target, 6, length))
    segment = part + total.to_bytes(2, "big") + options + payload
    if s.v6:
        lower = (data[s.l3:s.l3 + 4] + length.to_bytes(2, "big") +
                 data[s.l3 + 6:s.l4])
    else:
        whole = (s.l4 - s.l3 + length).to_bytes(2, "big")
        lower = data[s.l3:s.l3 + 2] + whole + data[s.l3 + 4:s.l3 + 10]
        rest = data[s.l3 + 12:s.l4]
        lower += checksum(lower + rest).to_bytes(2, "big") + rest
    return data[:s.l3] + lower + segment


# ----------------------------------------------------------------- files

class NotAPcap(Exception):
    """The file is no classic capture of Ethernet."""


def read(path):
    """All frames of a classic capture file of Ethernet."""
    with open(path, "rb") as f:
        data = f.read()
    orders = {b"\xd4\xc3\xb2\xa1": ("<", 1), b"\xa1\xb2\xc3\xd4": (">", 1),
              b"\x4d\x3c\xb2\xa1": ("<", 1000),
              b"\xa1\xb2\x3c\x4d": (">", 1000)}
    if data[:4] not in orders:
        raise NotAPcap(path)
    order, fraction = orders[data[:4]]
    if struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF != 1:
        raise NotAPcap(f"{path}: not Ethernet")
    record = struct.Struct(order + "IIII")
    frames, at = [], 24
    while at + 16 <= len(data):
        seconds, part, kept, length = record.unpack_from(data, at)
        at += 16
        if at + kept > len(data):
            break
        frames.append(Frame(seconds * 1000000 + part // fraction,
                            data[at:at + kept], length))
        at += kept
    return frames


def pcap(frames, *, order="<", nano=False, snaplen=262144):
    """The octets of a classic capture file."""
    magic, fraction = (0xA1B23C4D, 1000) if nano else (0xA1B2C3D4, 1)
    record = struct.Struct(order + "IIII").pack
    parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snaplen, 1)]
    for time, data, length in frames:
        parts.append(record(time // 1000000, time % 1000000 * fraction,
                            len(data), length))
        parts.append(data)
    return b"".join(parts)


def pcapng(frames, *, order="<"):
    """The octets of a pcapng file; time in microseconds."""
    def block(kind, body):
        body += b"\0" * (-len(body) % 4)
        size = struct.pack(order + "I", len(body) + 12)
        return struct.pack(order + "I", kind) + size + body + size

    parts = [block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D,
                                           1, 0, -1)),
             block(1, struct.pack(order + "HHI", 1, 0, 262144))]
    for time, data, length in frames:
        parts.append(block(6, struct.pack(order + "IIIII", 0, time >> 32,
                                          time & 0xFFFFFFFF, len(data),
                                          length) + data))
    return b"".join(parts)


def gzipped(octets):
    return gzip.compress(octets, 1, mtime=0)
