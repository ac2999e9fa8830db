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
Saying (lines of one side that follow each other travel together):
	C TEXT		S TEXT		a line; CRLF is added
	C+ TEXT		S+ TEXT		the same without CRLF
	raw C HEX	raw S HEX	octets
	lost C TEXT	lost S TEXT	a line that was said but not captured
	gap C N		gap S N		N octets likewise
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
	isn C|S N			its initial sequence number
	checksum C|S bad|good
What must be true of it, for tests/golden (several a connection):
	expect FIELD=VALUE ...		columns of v_sessions; ~ is null
	expect no session		it carries nothing to tell of
"""
import argparse
import datetime
import pathlib
import shlex
import sys

import dns_wire
import packets
from wire import Conversation

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


def moment(text):
    when = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (when - EPOCH) // datetime.timedelta(microseconds=1)


def side(word):
    if word not in ("C", "S"):
        raise TalkError(f"C or S wanted, not {word}")
    return word


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
        self.start = self.begin = moment(START)
        self.client = self.server = self.pending = None
        self.by_line = self.midstream = self.left_open = False
        self.snaplen = 262144
        self.conversation = self.question = None
        self.fresh = False	# `client` was the last directive
        for number, line in enumerate(
                pathlib.Path(path).read_text().splitlines(), 1):
            try:
                self._line(line)
            except (TalkError, ValueError, IndexError, KeyError,
                    StopIteration, OSError) as why:
                raise TalkError(f"{path}:{number}: {line.strip()}: "
                                f"{why!r}") from why
        self._end()
        self.frames.sort(key=lambda f: f.time)
        self.frames = [f._replace(data=f.data[:self.snaplen])
                       for f in self.frames]

    def pcap(self):
        return packets.pcap(self.frames, snaplen=self.snaplen)

    # ---------------------------------------------------------- reading

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
        self.server = endpoint(where)
        self._open()

    def do_client(self, where):
        self._end()
        if self.question is not None:
            self.begin += DNS_NEXT
        self.question = None
        self.client = endpoint(where)
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
        self.conversation.time = self.start + round(float(seconds) * SECOND)

    def do_flush(self):
        if self.pending:
            who, octets = self.pending
            self.pending = None
            self._talking().say(who, octets)

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
