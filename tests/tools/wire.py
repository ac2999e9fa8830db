# SPDX-License-Identifier: ISC
"""wire.py -- a TCP conversation that never happened, packet by packet.

Each side says octets; handshake, acknowledgements and FINs come by
themselves.  Everything follows from the arguments: no clock, no chance.
"""
import struct
import zlib

import packets
from packets import ACK, FIN, PSH, RST, SYN

LATENCY = 10000		# microseconds until the other side answers
NEXT = 100		# ... until the same side's next packet


class Side:
    """One end: its address, its counters, how its packets look."""

    def __init__(self, host, port, mac, mark):
        self.ip, self.port, self.mac = packets.address(host), port, mac
        self.isn = zlib.crc32(self.ip + port.to_bytes(2, "big") + mark)
        self.sent = 0		# octets said; the SYN and FIN not counted
        self.ttl = 64
        self.ident = self.isn & 0xFFF
        self.tags = ()
        self.captured = True
        self.checksum_bad = False
        self.syn = self.fin = False
        self.owes_ack = False
        self.last = None	# (offset, octets) of the last segment

    def seq(self):
        return self.isn + 1 + self.sent + self.fin


class Conversation:
    """Packets go to `frames`, a list of packets.Frame."""

    def __init__(self, client, server, time, frames):
        """`client` and `server`: (host, port); `time`: of the first SYN."""
        self.sides = {"C": Side(*client, b"\x02\0\0\0\0\x0a", b"client"),
                      "S": Side(*server, b"\x02\0\0\0\0\x19", b"server")}
        self.time, self.frames = time, frames
        self.speaker = None
        self.mss = 1448 if len(self.sides["C"].ip) == 4 else 1428
        self.acks = True
        self.over = False
        self.started = False

    def other(self, who):
        return "S" if who == "C" else "C"

    # ------------------------------------------------------------ packets

    def _options(self, flags):
        stamp = struct.pack("!BBII", 8, 10, self.time // 1000 & 0xFFFFFFFF,
                            0 if flags == SYN else
                            (self.time - LATENCY) // 1000 & 0xFFFFFFFF)
        if flags & SYN:
            return (struct.pack("!BBH", 2, 4, self.mss + 12) + b"\4\2" +
                    stamp + b"\1\3\3\7")
        return b"\1\1" + stamp

    def _tick(self, who):
        if self.frames and self.speaker is not None:
            self.time += NEXT if who == self.speaker else LATENCY
        self.speaker = who

    def packet(self, who, flags, payload=b"", seq=None, ttl=None):
        side, peer = self.sides[who], self.sides[self.other(who)]
        self._tick(who)
        side.owes_ack = False
        side.ident += 1
        if not side.captured:
            return
        ack = 0
        if flags & ACK:
            ack = peer.seq()
        segment = packets.tcp(
            side.ip, peer.ip, (side.port, peer.port),
            side.seq() if seq is None else seq, ack, flags, payload,
            options=self._options(flags), bad=side.checksum_bad,
            window=64240 if flags & SYN else 502)
        data = packets.ip(side.ip, peer.ip, 6, segment,
                          ttl=side.ttl if ttl is None else ttl,
                          ident=side.ident & 0xFFFF)
        self.frames.append(packets.frame(self.time, packets.ethernet(
            side.mac, peer.mac, data, side.tags)))

    def settle(self, who=None):
        """Send what acknowledgements are due from `who`, or from both."""
        for name in "CS" if who is None else who:
            if self.sides[name].owes_ack and self.acks:
                self.packet(name, ACK)
            self.sides[name].owes_ack = False

    # ------------------------------------------------------------- events

    def handshake(self):
        self.started = True
        client, server = self.sides["C"], self.sides["S"]
        self.packet("C", SYN, seq=client.isn)
        client.syn = True
        self.packet("S", SYN | ACK, seq=server.isn)
        server.syn = True
        self.packet("C", ACK)

    def say(self, who, octets, captured=True):
        """In segments of at most mss octets; not captured: a gap."""
        self.started = True
        side, peer = self.sides[who], self.sides[self.other(who)]
        self.settle(self.other(who))
        for at in range(0, len(octets), self.mss):
            part = octets[at:at + self.mss]
            whole = at + self.mss >= len(octets)
            side.last = (side.sent, part)
            if captured:
                self.packet(who, ACK | (PSH if whole else 0), part)
            side.sent += len(part)
        peer.owes_ack = captured

    def copy(self, who, octets, after, ttl):
        """The last segment again, with other octets or (None) its own."""
        side = self.sides[who]
        at, own = side.last
        if after:
            self.settle()
        owed = self.sides[self.other(who)].owes_ack
        self.packet(who, ACK | PSH, own if octets is None else octets,
                    seq=side.isn + 1 + at, ttl=ttl)
        self.sides[self.other(who)].owes_ack = owed

    def keepalive(self, who):
        """One old octet, and its acknowledgement."""
        self.settle()
        side = self.sides[who]
        self.packet(who, ACK, b"\0", seq=side.seq() - 1)
        self.packet(self.other(who), ACK)

    def fin(self, who):
        if self.sides[who].fin:
            return
        self.settle(self.other(who))
        self.packet(who, FIN | ACK)
        self.sides[who].fin = True
        self.sides[self.other(who)].owes_ack = True

    def reset(self, who, offset=0):
        """With an offset it fits no window, and the ends go on."""
        if offset == 0:
            self.settle()
        self.packet(who, RST | ACK, seq=self.sides[who].seq() + offset)
        if offset == 0:
            self.over = True

    def wait(self, microseconds):
        self.settle()
        self.time += microseconds

    def close(self):
        """What is left of a closing in good order."""
        if self.over or not self.started:
            return
        self.over = True
        first = "S" if self.sides["S"].fin else "C"
        for who in (first, self.other(first)):
            self.fin(who)
        self.settle()
