# SPDX-License-Identifier: ISC
"""dns_wire.py -- DNS messages and the datagrams they travel in (RFC 1035).

Just enough for captures that tests make: one question, EDNS with DO, answers
whose records all belong to the name that was asked for.
"""
import ipaddress
import struct

import packets

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "MX": 15, "TXT": 16, "AAAA": 28,
         "TLSA": 52}
RCODES = {"NODATA": 0, "SERVFAIL": 2, "NXDOMAIN": 3, "REFUSED": 5}
TTL = 300
RESPONSE, RECURSION, AUTHENTIC = 0x8000, 0x0180, 0x0020
OPT = b"\0" + struct.pack("!HHIH", 41, 1232, 0x8000, 0)
MAC = (b"\x02\0\0\0\0\x0a", b"\x02\0\0\0\0\x35")


def name(text):
    """A name in wire form, uncompressed."""
    labels = [part for part in text.rstrip(".").split(".") if part]
    return b"".join(bytes((len(part),)) + part.encode()
                    for part in labels) + b"\0"


def data(kind, words):
    """RDATA of one record, from its words as in a zone file."""
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(words[0]).packed
    if kind in ("CNAME", "NS"):
        return name(words[0])
    if kind == "MX":
        return struct.pack("!H", int(words[0])) + name(words[1])
    if kind == "TLSA":
        return bytes(map(int, words[:3])) + bytes.fromhex("".join(words[3:]))
    text = " ".join(words).encode()
    return bytes((len(text),)) + text


class Question:
    def __init__(self, client, resolver, ident, asked, kind):
        self.client, self.resolver = client, resolver
        self.ident = ident
        self.octets = name(asked) + struct.pack("!HH", TYPES[kind], 1)

    def _message(self, flags, records):
        head = struct.pack("!HHHHHH", self.ident, flags, 1, len(records), 0,
                           1)
        return head + self.octets + b"".join(records) + OPT

    def message(self):
        return self._message(0x0100, [])

    def answer(self, text, authentic=False):
        """`text`: records separated by " / ", or a word of RCODES."""
        flags = RESPONSE | RECURSION | (AUTHENTIC if authentic else 0)
        if text in RCODES:
            return self._message(flags | RCODES[text], [])
        records = []
        for one in text.split(" / "):
            kind, *words = one.split()
            body = data(kind, words)
            records.append(b"\xc0\x0c" + struct.pack(
                "!HHIH", TYPES[kind], 1, TTL, len(body)) + body)
        return self._message(flags, records)


def datagram(source, target, octets, ttl=64):
    """An Ethernet frame; `source` and `target`: (host, port)."""
    one, two = packets.address(source[0]), packets.address(target[0])
    back = source[1] == 53
    body = packets.udp(one, two, (source[1], target[1]), octets)
    return packets.ethernet(MAC[back], MAC[not back],
                            packets.ip(one, two, 17, body, ttl=ttl))
