# SPDX-License-Identifier: ISC
"""Resolvers nobody should believe.  Each is asked instead of the real one;
some let the truth follow the lie."""
import socket
import struct
import time

import servers

FORGED = bytes([3, 1, 1]) + b"\xee" * 32
REAL = "127.0.0.1"


def forged_answer(query, **how):
    """What an attacker would like us to take: no TLSA, and AD set."""
    return servers.reply(query, 3, 0x81a0, **how)


class OtherPort(servers.Udp):
    """First the lie, from another port of the same address."""

    def answer(self, query, q, send, tcp):
        if not tcp:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.bind((self.udp.getsockname()[0], 0))
                s.sendto(forged_answer(query), send.peer)
        time.sleep(0.02)
        send(servers.ask_udp(REAL, query))


class WrongIdentifier(servers.Udp):
    def answer(self, query, q, send, tcp):
        ident = struct.unpack(">H", query[:2])[0]
        for i in range(1, 9):
            send(forged_answer(query, ident=struct.pack(
                ">H", (ident + i) & 0xffff)))
        send(servers.ask_udp(REAL, query))


class OtherQuestion(servers.Udp):
    def answer(self, query, q, send, tcp):
        other = servers.wire_name("x." + q[0]) + query[q[2] - 4:q[2]]
        send(servers.reply(query, 3, 0x81a0, asked=other))
        send(servers.reply(query, 3, 0x01a0))        # a query, not a reply
        send(servers.reply(query, 3, 0x89a0))        # another opcode
        send(query[:11])
        send(b"")
        send(servers.ask_udp(REAL, query))


class OtherOwner(servers.Udp):
    """The right question, and records of other owners beside the answer."""

    def answer(self, query, q, send, tcp):
        if q[1] != "TLSA":
            send(servers.ask_udp(REAL, query))
            return
        stranger = servers.wire_name("_25._tcp.stranger.lab")
        send(servers.reply(
            query, 0, 0x81a0, count=2, answers=servers.record(
                52, FORGED, owner=stranger) + servers.record(
                    1, b"\1\2\3\4", owner=stranger)))


class Truncated(servers.Udp):
    """TC and AD, with a lie in it; the truth is to be had over TCP."""

    def answer(self, query, q, send, tcp):
        if tcp:
            send(servers.ask_udp(REAL, query))
        else:
            send(forged_answer(query)[:2] + struct.pack(">H", 0x83a3) +
                 forged_answer(query)[4:])


class TruncatedOnly(servers.Udp):
    """TC and AD, over TCP as well."""

    def answer(self, query, q, send, tcp):
        send(servers.reply(query, 0, 0x83a0))


class Huge(servers.Udp):
    """64 KiB of records over TCP."""

    def answer(self, query, q, send, tcp):
        if not tcp:
            send(servers.reply(query, 0, 0x83a0))
        elif q[1] == "TLSA":
            one = servers.record(52, FORGED)
            n = (65535 - len(query) - 12) // len(one)
            send(servers.reply(query, 0, 0x81a0, answers=one * n, count=n))
        else:
            send(servers.ask_udp(REAL, query))


class Slow(servers.Udp):
    def answer(self, query, q, send, tcp):
        time.sleep(3)
        send(servers.ask_udp(REAL, query))


class SlowTlsa(servers.Udp):
    def answer(self, query, q, send, tcp):
        if q[1] != "TLSA":
            send(servers.ask_udp(REAL, query))


class Flood(servers.Udp):
    """Junk without end, then the truth over TCP only."""

    def answer(self, query, q, send, tcp):
        if tcp:
            send(servers.ask_udp(REAL, query))
            return
        junk = forged_answer(query, ident=b"\0\0")
        for _ in range(3000):
            send(junk)


class Garbage(servers.Udp):
    """Our header and question, and then bytes that are none."""

    def answer(self, query, q, send, tcp):
        send(servers.reply(query, 0, 0x81a0, answers=b"\xc0\xff" * 40,
                           count=9))


class NoEdns(servers.Udp):
    """FORMERR to everything, as very old servers do."""

    def answer(self, query, q, send, tcp):
        send(servers.reply(query, 1))


class Failing(servers.Udp):
    """SERVFAIL, checked or not."""

    def answer(self, query, q, send, tcp):
        send(servers.reply(query, 2))
