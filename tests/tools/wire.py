# SPDX-License-Identifier: ISC
"""wire.py -- a TCP conversation that never happened, packet by packet.

Each side says octets; handshake, acknowledgements and FINs come by
themselves.  Everything follows from the arguments: no clock, no chance.
"""
import struct
import zlib
from collections import namedtuple

import packets
from packets import ACK, FIN, PSH, RST, SYN

LATENCY = 10000		# microseconds until the other side answers
NEXT = 100		# ... until the same side's next packet

# How another host's packets look, where it speaks for a side; None: as that
# side's.  `after`: microseconds since what it answers.  `mss` and `scale` are
# those of a SYN.
Odd = namedtuple("Odd", "ttl ident window clock after mss scale",
                 defaults=(None,) * 7)
OFF = "off"		# a clock that is not shown, no scale


class Side:
    """One end: its address, its counters, how its packets look."""

    def __init__(self, host, port, mac, mark):
        self.ip, self.port, self.mac = packets.address(host), port, mac
        self.isn = zlib.crc32(self.ip + port.to_bytes(2, "big") + mark)
        self.sent = 0		# octets said; the SYN and FIN not counted
        self.ttl = 64
        self.ident = self.isn & 0xFFF
        self.ident_step = 1	# 0: always the same; None: leaps about
        self.window = 502
        self.clock = 0		# milliseconds ahead of the others; or OFF
        self.odd = None		# an Odd that speaks for it next
        self.tags = ()
        self.captured = True
        self.checksum_bad = False
        self.syn = self.fin = False
        self.owes_ack = False
        self.last = None	# (offset, octets) of the last segment

    def seq(self):
        return self.isn + 1 + self.sent + self.fin

    def count(self):
        """The next packet has another identification."""
        if self.ident_step is None:
            self.ident = zlib.crc32(b"%d" % self.ident) & 0xFFFF
        else:
            self.ident += self.ident_step


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
        self.latency = LATENCY
        self.over = False
        self.started = False

    def other(self, who):
        return "S" if who == "C" else "C"

    # ------------------------------------------------------------ packets

    def _options(self, flags, clock, odd):
        if clock == OFF and not flags & SYN:
            return b""
        stamp = b"\1" * 10
        if clock != OFF:
            stamp = struct.pack(
                "!BBII", 8, 10, self.time // 1000 + clock & 0xFFFFFFFF,
                0 if flags == SYN else
                (self.time - LATENCY) // 1000 & 0xFFFFFFFF)
        if flags & SYN:
            mss = self.mss + 12 if odd.mss is None else odd.mss
            scale = 7 if odd.scale is None else odd.scale
            return (struct.pack("!BBH", 2, 4, mss) + b"\4\2" + stamp +
                    (b"\1" * 4 if scale == OFF else
                     struct.pack("!BBBB", 1, 3, 3, scale)))
        return b"\1\1" + stamp

    def _tick(self, who, after):
        if self.frames and self.speaker is not None:
            if who == self.speaker:
                self.time += NEXT
            else:
                self.time += self.latency if after is None else after
        self.speaker = who

    def packet(self, who, flags, payload=b"", seq=None, odd=Odd()):
        side, peer = self.sides[who], self.sides[self.other(who)]
        self._tick(who, odd.after)
        side.owes_ack = False
        if odd.ident is None:
            side.count()
        ttl, ident, window, clock = (
            own if other is None else other for own, other in
            ((side.ttl, odd.ttl), (side.ident, odd.ident),
             (side.window, odd.window), (side.clock, odd.clock)))
        if not side.captured:
            return
        ack = 0
        if flags & ACK:
            ack = peer.seq()
        segment = packets.tcp(
            side.ip, peer.ip, (side.port, peer.port),
            side.seq() if seq is None else seq, ack, flags, payload,
            options=self._options(flags, clock, odd),
            bad=side.checksum_bad, window=64240 if flags & SYN else window)
        data = packets.ip(side.ip, peer.ip, 6, segment,
                          ttl=ttl, ident=ident & 0xFFFF)
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

    def syn_ack_again(self, odd):
        """The SYN-ACK once more, with other options."""
        self.packet("S", SYN | ACK, seq=self.sides["S"].isn, odd=odd)

    def _odd(self, who):
        """Who speaks for this side now."""
        odd, self.sides[who].odd = self.sides[who].odd, None
        return odd or Odd()

    def say(self, who, octets, captured=True):
        """In segments of at most mss octets; not captured: a gap."""
        self.started = True
        side, peer = self.sides[who], self.sides[self.other(who)]
        odd = self._odd(who)
        self.settle(self.other(who))
        for at in range(0, len(octets), self.mss):
            part = octets[at:at + self.mss]
            whole = at + self.mss >= len(octets)
            side.last = (side.sent, part)
            if captured:
                self.packet(who, ACK | (PSH if whole else 0), part, odd=odd)
            side.sent += len(part)
        peer.owes_ack = captured

    def copy(self, who, octets, after, ttl):
        """The last segment again, with other octets or (None) its own."""
        side = self.sides[who]
        at, own = side.last
        if after:
            self.settle()
        owed = self.sides[self.other(who)].owes_ack
        odd = self._odd(who)
        if ttl is not None:
            odd = odd._replace(ttl=ttl)
        self.packet(who, ACK | PSH, own if octets is None else octets,
                    seq=side.isn + 1 + at, odd=odd)
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
        self.packet(who, RST | ACK, seq=self.sides[who].seq() + offset,
                    odd=self._odd(who))
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
