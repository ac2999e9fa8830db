#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""talk.py -- compiles a .talk source into a capture file.

	talk.py FILE.talk [-o FILE.pcap]

A .talk source says who says what; handshake, segments, checksums,
acknowledgements and the closing come by themselves.  The same source gives
the same file, octet for octet.  One directive a line; # begins a comment at
the beginning of a line.

	client 192.0.2.10:41022		begins a connection ([2001:db8::1]:41022)
	server 198.51.100.25:25		to where; stays for further connections
	start 2026-03-01T12:00:00Z	time of the file's first packet
	at SECONDS			this connection begins so long after that
					(else: a second after the one before)
	repeat COUNT EVERY [client|server]
					this connection happens COUNT times, each
					EVERY seconds after the one before; the
					client's port counts up, and so does its
					network (IPv4 /24, IPv6 /48), or the last
					number of the server's address.  What is
					expected holds for each
Saying (lines of one side that follow each other travel together):
	C TEXT		S TEXT		a line; CRLF is added
	C+ TEXT		S+ TEXT		the same without CRLF
	raw C HEX	raw S HEX	octets
	lost C TEXT	lost S TEXT	a line that was said but not captured
	gap C N		gap S N		N octets likewise
	greet NAME [KEYWORD]		greeting, EHLO and reply of an ordinary
					server with STARTTLS; or with KEYWORD in
					its place, - for nothing
	mail [FROM [TO ...]]		a whole mail in clear, accepted
	quit				QUIT and 221
In TEXT, \\r \\n \\t \\0 \\\\ \\s (a blank) and \\xHH are escapes.
How it travels:
	segment N			at most N octets a segment
	segment lines			a segment for each line said
	segment whole			as much as fits (the default)
	flush				what was said so far is a segment
	acks off|on			bare acknowledgements
	wait SECONDS
	copy C|S [before] [ttl N] ["TEXT"]
					the last segment once more, with other
					octets if TEXT is given; after (default)
					or before its acknowledgement
	keepalive C|S			one old octet, acknowledged
TLS:
	tls NAME [N]			the flights of tls/NAME.hex, or the first
					N of them; see handshakes.py
	starttls NAME [N]		STARTTLS, 220, and those flights
	alert C|S LEVEL CODE		an alert in clear
DNS, between connections (it ends the one before it):
	ask CLIENT:PORT RESOLVER ID NAME TYPE
					a question
	answer [ttl N] [after SECONDS] [ad] ANSWER
					to it; ANSWER is records as in a zone
					file, each on the asked name and
					separated by "/" (MX 10 mx.example / MX
					20 mx2.example), or NXDOMAIN, NODATA,
					SERVFAIL, REFUSED
The end (without any: FIN of the client, then of the server):
	fin C|S				this side first
	rst C|S				and nothing more
	rst C|S +N			N octets off: the ends do not care
	open				the capture just stops
What the capture has of it:
	nohandshake			it begins in the middle
	synless				the SYN is missing, the SYN-ACK is there
	only C|S			one direction
	snaplen N			packets are cut (the whole file)
	vlan [C|S] N [M]		802.1Q tag, or two
	vlan off
	ttl C|S N
	window C|S N			unscaled
	ident C|S zero|random|+N|N	the IP-ID: always 0, any, in steps of N,
					or N next and counting from there
	clock C|S N|off			its timestamps are N ms ahead, or not there
	latency SECONDS			until the other side answers (0.01)
	odd C|S [ttl N] [ident N] [window N] [clock N|off] [after SECONDS]
					what it says next, copies or resets is
					another host's, with these traits, so
					long after what it answers
	synack [ttl N] [mss N] [scale N|off]
					the SYN-ACK once more, with these options
	isn C|S N			its initial sequence number
	checksum C|S bad|good
What must be true of it, for tests/golden (several a connection):
	expect FIELD=VALUE ...		columns of v_sessions; ~ is null
	expect no session		it carries nothing to tell of
	incident FIELD=VALUE ...	of v_incidents: what comes of the whole
					file, each in a line of its own
	incident none
"""
import argparse
import datetime
import ipaddress
import pathlib
import shlex
import sys

import dns_wire
import packets
from wire import OFF, Conversation, Odd

HERE = pathlib.Path(__file__).resolve().parent
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
START = "2026-03-01T12:00:00Z"
SECOND = 1000000
DNS_NEXT = 300000	# microseconds before a question
DNS_LATENCY = 15000	# ... and before its answer
ESCAPES = {"r": "\r", "n": "\n", "t": "\t", "0": "\0", "\\": "\\", "s": " "}


class TalkError(Exception):
    """The source is wrong."""


def unescape(text):
    """Octets of a TEXT; what is not ASCII goes as UTF-8."""
    out, parts = bytearray(), iter(text)
    for c in parts:
        if c != "\\":
            out += c.encode()
            continue
        c = next(parts, "")
        if c == "x":
            out.append(int(next(parts) + next(parts), 16))
        elif c in ESCAPES:
            out += ESCAPES[c].encode()
        else:
            raise TalkError(f"unknown escape \\{c}")
    return bytes(out)


def endpoint(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def counted_up(host, by, of):
    """The host in another network, or (of "server") its neighbour."""
    ip = ipaddress.ip_address(host)
    step = 1 if of == "server" else 1 << (8 if ip.version == 4 else 80)
    return str(ip + by * step)


def blocks(lines):
    """The numbered lines, connection by connection: `client` begins one."""
    out = [[]]
    for number, line in enumerate(lines, 1):
        if line.startswith("client "):
            out.append([])
        out[-1].append((number, line))
    return out


def moment(text):
    when = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (when - EPOCH) // datetime.timedelta(microseconds=1)


def side(word):
    if word not in ("C", "S"):
        raise TalkError(f"C or S wanted, not {word}")
    return word


def odd_of(words, known):
    """An Odd from pairs of words."""
    traits = {}
    for name, value in zip(words[::2], words[1::2], strict=True):
        if name not in known:
            raise TalkError(f"{name}?")
        if name == "after":
            traits[name] = round(float(value) * SECOND)
        else:
            traits[name] = OFF if value == OFF else int(value)
    return Odd(**traits)


def flights(name):
    """(who, octets) of tls/NAME.hex."""
    out = []
    for line in (HERE / "tls" / f"{name}.hex").read_text().splitlines():
        if line.startswith(("C\t", "S\t")):
            out.append([line[0], ""])
        if not line.startswith("#"):
            out[-1][1] += line[1:].strip()
    return [(who, bytes.fromhex(text)) for who, text in out]


class Talk:
    """A source read: `frames`, and what is expected of each connection."""

    def __init__(self, path):
        self.frames, self.expected = [], []
        self.incidents = None	# a list once the source says a word on them
        self.start = self.begin = moment(START)
        self.client = self.server = self.pending = None
        self.by_line = self.midstream = self.left_open = False
        self.snaplen = 262144
        self.conversation = self.question = None
        self.fresh = False	# `client` was the last directive
        self.turn, self.turns, self.every = 0, 1, 0
        self.counted = None	# whose address counts up
        for block in blocks(pathlib.Path(path).read_text().splitlines()):
            self._block(path, block)
        self._end()
        self.frames.sort(key=lambda f: f.time)
        self.frames = [f._replace(data=f.data[:self.snaplen])
                       for f in self.frames]

    def pcap(self):
        return packets.pcap(self.frames, snaplen=self.snaplen)

    # ---------------------------------------------------------- reading

    def _block(self, path, block):
        """One connection, as often as it happens."""
        self.turn, self.turns, self.every, self.counted = 0, 1, 0, None
        while self.turn < self.turns:
            for number, line in block:
                try:
                    self._line(line)
                except (TalkError, ValueError, IndexError, KeyError,
                        StopIteration, OSError) as why:
                    raise TalkError(f"{path}:{number}: {line.strip()}: "
                                    f"{why!r}") from why
            self.turn += 1

    def _line(self, line):
        if not line.strip() or line.startswith("#"):
            return
        word, _, rest = line.partition(" ")
        if word in ("C", "S", "C+", "S+"):
            end = b"" if word.endswith("+") else b"\r\n"
            self.fresh = False
            self._say(word[0], unescape(rest) + end)
            return
        words = shlex.split(rest)
        if word in ("copy", "lost"):	# escapes are ours, not the shell's
            words = rest.split(None, 1)
            words = [words[0], *words[1:]]
        handler = getattr(self, "do_" + word, None)
        if handler is None:
            raise TalkError("no such directive")
        handler(*words)
        self.fresh = word == "client"

    def _talking(self):
        """The conversation, begun if it has not been."""
        if self.conversation is None:
            raise TalkError("no client yet")
        if not self.conversation.started and not self.midstream:
            self.conversation.handshake()
        return self.conversation

    def _say(self, who, octets):
        if self.pending and self.pending[0] != who:
            self.do_flush()
        kept = self.pending[1] if self.pending else b""
        self.pending = (who, kept + octets)
        if self.by_line:
            self.do_flush()

    def _end(self):
        if self.conversation is None:
            return
        self.do_flush()
        if not self.left_open:
            self.conversation.close()
        self.begin = self.conversation.time + SECOND
        self.conversation = None

    # ------------------------------------------------------- directives

    def do_start(self, when):
        self.start = self.begin = moment(when)

    def do_server(self, where):
        if self.client is not None and not self.fresh:
            raise TalkError("its place is behind client")
        host, port = endpoint(where)
        if self.counted == "server":
            host = counted_up(host, self.turn, "server")
        self.server = host, port
        self._open()

    def do_client(self, where):
        self._end()
        if self.question is not None:
            self.begin += DNS_NEXT
        self.question = None
        host, port = endpoint(where)
        if self.counted == "client":
            host = counted_up(host, self.turn, "client")
        if self.turn > 0:
            self.begin = self.first + self.turn * self.every
        self.client = host, port + self.turn
        self.pending = None
        self.by_line = self.midstream = self.left_open = False
        self.expected.append({"client": self.client})
        self._open()

    def _open(self):
        if self.client is None or self.server is None:
            return
        self.conversation = Conversation(self.client, self.server,
                                         self.begin, self.frames)
        self.expected[-1]["server"] = self.server

    def do_at(self, seconds):
        if self.conversation.started:
            raise TalkError("its place is ahead of what is said")
        self.conversation.time = (self.start + self.turn * self.every +
                                  round(float(seconds) * SECOND))

    def do_repeat(self, count, every, counted=None):
        if counted not in (None, "client", "server"):
            raise TalkError(f"client or server wanted, not {counted}")
        if self.conversation is None or self.conversation.started:
            raise TalkError("its place is behind client and server")
        self.turns, self.counted = int(count), counted
        self.every = round(float(every) * SECOND)
        if self.turn == 0:
            self.first = self.conversation.time

    def do_flush(self):
        if self.pending:
            who, octets = self.pending
            self.pending = None
            self._talking().say(who, octets)

    def do_greet(self, name, keyword="STARTTLS"):
        for who, line in (
                ("S", f"220 {name} ESMTP"), ("C", "EHLO client.example"),
                ("S", f"250-{name}"), ("S", "250-PIPELINING"),
                ("S", "250-SIZE 10240000"), ("S", f"250-{keyword}"),
                ("S", "250-ENHANCEDSTATUSCODES"), ("S", "250 8BITMIME")):
            if line != "250--":
                self._say(who, line.encode() + b"\r\n")

    def do_starttls(self, name, count=None):
        self._say("C", b"STARTTLS\r\n")
        self._say("S", b"220 2.0.0 Ready to start TLS\r\n")
        self.do_tls(name, count)

    def do_mail(self, source="a@sender.example", *targets):
        for who, line in (
                ("C", f"MAIL FROM:<{source}>"), ("S", "250 2.1.0 Ok"),
                *((who, line) for target in targets or ("b@rcpt.example",)
                  for who, line in (("C", f"RCPT TO:<{target}>"),
                                    ("S", "250 2.1.5 Ok"))),
                ("C", "DATA"), ("S", "354 End data with <CR><LF>.<CR><LF>"),
                ("C", "Subject: hello"), ("C", ""),
                ("C", "A short message."), ("C", "."),
                ("S", "250 2.0.0 Ok: queued as 4F1A2B3C")):
            self._say(who, line.encode() + b"\r\n")

    def do_quit(self):
        self._say("C", b"QUIT\r\n")
        self._say("S", b"221 2.0.0 Bye\r\n")

    def do_raw(self, who, *digits):
        self._say(side(who), bytes.fromhex("".join(digits)))

    def do_lost(self, who, text=""):
        self.do_flush()
        self._talking().say(side(who), unescape(text) + b"\r\n", False)

    def do_gap(self, who, octets):
        self.do_flush()
        self._talking().say(side(who), bytes(int(octets)), False)

    def do_segment(self, how):
        self.do_flush()
        self.by_line = how == "lines"
        if how not in ("lines", "whole"):
            self.conversation.mss = int(how)
        elif how == "whole":
            self.conversation.mss = 1448

    def do_acks(self, how):
        self.do_flush()
        self.conversation.acks = {"on": True, "off": False}[how]

    def do_wait(self, seconds):
        self.do_flush()
        self._talking().wait(round(float(seconds) * SECOND))

    def do_copy(self, who, rest=""):
        self.do_flush()
        after, ttl, octets = True, None, None
        how, quote, text = rest.partition('"')
        if quote:
            octets = unescape(text[:text.rindex('"')])
        words = how.split()
        while words:
            word = words.pop(0)
            if word == "before":
                after = False
            elif word == "ttl":
                ttl = int(words.pop(0))
            elif word != "after":
                raise TalkError(f"{word}?")
        self._talking().copy(side(who), octets, after, ttl)

    def do_keepalive(self, who):
        self.do_flush()
        self._talking().keepalive(side(who))

    def do_tls(self, name, count=None):
        self.do_flush()
        for who, octets in flights(name)[:int(count) if count else None]:
            self._talking().say(who, octets)

    def do_alert(self, who, level, code):
        self._say(side(who), bytes((21, 3, 3, 0, 2, int(level), int(code))))

    def do_fin(self, who):
        self.do_flush()
        self._talking().fin(side(who))

    def do_rst(self, who, offset="+0"):
        self.do_flush()
        self._talking().reset(side(who), int(offset))

    def do_open(self):
        self.do_flush()
        self._talking().settle()
        self.left_open = True

    def do_nohandshake(self):
        self.midstream = True

    def do_synless(self):
        self.conversation.sides["C"].captured = False
        self.conversation.handshake()
        self.conversation.sides["C"].captured = True

    def do_only(self, who):
        other = self.conversation.other(side(who))
        self.conversation.sides[other].captured = False

    def do_snaplen(self, octets):
        self.snaplen = int(octets)

    def _datagram(self, back, octets, ttl=64):
        client, resolver = self.question.client, self.question.resolver
        ends = (resolver, client) if back else (client, resolver)
        self.frames.append(packets.frame(self.begin, dns_wire.datagram(
            *ends, octets, ttl)))

    def do_ask(self, client, resolver, ident, name, kind):
        self._end()
        self.begin += DNS_NEXT
        self.question = dns_wire.Question(
            endpoint(client), (resolver, 53), int(ident), name, kind)
        self._datagram(False, self.question.message())

    def do_answer(self, *words):
        words, ttl, after, ad = list(words), 64, DNS_LATENCY, False
        while words[0] in ("ttl", "after", "ad"):
            word = words.pop(0)
            if word == "ttl":
                ttl = int(words.pop(0))
            elif word == "after":
                after = round(float(words.pop(0)) * SECOND)
            else:
                ad = True
        self.begin += after
        self._datagram(True, self.question.answer(" ".join(words), ad), ttl)

    def do_vlan(self, *words):
        self.do_flush()
        sides = self.conversation.sides
        which = [sides[words[0]]] if words[0] in sides else sides.values()
        tags = words[1:] if words[0] in sides else words
        for one in which:
            one.tags = () if tags == ("off",) else tuple(map(int, tags))

    def do_ttl(self, who, ttl):
        self.do_flush()
        self.conversation.sides[side(who)].ttl = int(ttl)

    def do_window(self, who, window):
        self.do_flush()
        self.conversation.sides[side(who)].window = int(window)

    def do_ident(self, who, how):
        self.do_flush()
        one = self.conversation.sides[side(who)]
        if how == "zero":
            one.ident = one.ident_step = 0
        elif how == "random":
            one.ident_step = None
        elif how.startswith("+"):
            one.ident_step = int(how)
        else:
            one.ident = int(how) - 1
            one.ident_step = 1

    def do_clock(self, who, ahead):
        self.do_flush()
        one = self.conversation.sides[side(who)]
        one.clock = OFF if ahead == OFF else int(ahead)

    def do_latency(self, seconds):
        self.do_flush()
        self.conversation.latency = round(float(seconds) * SECOND)

    def do_odd(self, who, *words):
        self.do_flush()
        self.conversation.sides[side(who)].odd = odd_of(
            words, ("ttl", "ident", "window", "clock", "after"))

    def do_synack(self, *words):
        if self.conversation.started:
            raise TalkError("its place is ahead of what is said")
        self.conversation.handshake()
        self.conversation.syn_ack_again(odd_of(words, ("ttl", "mss",
                                                       "scale")))

    def do_isn(self, who, number):
        self.conversation.sides[side(who)].isn = int(number)

    def do_checksum(self, who, how):
        self.do_flush()
        bad = {"bad": True, "good": False}[how]
        self.conversation.sides[side(who)].checksum_bad = bad

    def do_expect(self, *pairs):
        want = self.expected[-1].setdefault("fields", {})
        if pairs == ("no", "session"):
            want["session"] = False
            return
        for pair in pairs:
            field, equals, value = pair.partition("=")
            if not equals:
                raise TalkError(f"FIELD=VALUE wanted, not {pair}")
            want[field] = None if value == "~" else value

    def do_incident(self, *pairs):
        if self.turn > 0:
            return
        if self.incidents is None:
            self.incidents = []
        if pairs == ("none",):
            return
        self.incidents.append({})
        for pair in pairs:
            field, equals, value = pair.partition("=")
            if not equals:
                raise TalkError(f"FIELD=VALUE wanted, not {pair}")
            self.incidents[-1][field] = None if value == "~" else value


def main():
    parser = argparse.ArgumentParser(
        description="Compile a .talk source into a capture file.")
    parser.add_argument("source")
    parser.add_argument("-o", metavar="FILE", help="default: beside SOURCE")
    args = parser.parse_args()
    try:
        talk = Talk(args.source)
    except TalkError as why:
        print(why, file=sys.stderr)
        return 1
    target = args.o or pathlib.Path(args.source).with_suffix(".pcap")
    pathlib.Path(target).write_bytes(talk.pcap())
    return 0


if __name__ == "__main__":
    sys.exit(main())
