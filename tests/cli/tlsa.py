#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""tlsa.py BUILD -- the analyzer's command tlsa: against certificates made
for this run, a scripted mail server on loopback, and what a sensor saw.

What must come out is worked out with openssl(1), not with our library.
"""
import contextlib
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOST = "mx.example"
OWNER = f"_25._tcp.{HOST}."
passed = failed = 0


def case(name, ok, said=""):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print(f"FAIL {name}: {said}")


def openssl(*args, stdin=None):
    return subprocess.run(["openssl", *args], input=stdin, check=True,
                          capture_output=True).stdout


def analyzer(*args, stdin=""):
    return subprocess.run([ANALYZER, *args], input=stdin, text=True,
                          capture_output=True, timeout=60, cwd=FOLDER)


def says(name, run, status, *words):
    """The exit status, and each word somewhere in the output."""
    text = run.stdout + run.stderr
    missing = [w for w in words if w not in text]
    case(name, run.returncode == status and not missing and
         "runtime error" not in text,
         f"status {run.returncode}, without {missing}:\n{text}")


# --- certificates ---

def make_ca(name):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout",
            f"{FOLDER}/{name}.key", "-out", f"{FOLDER}/{name}.crt",
            "-subj", f"/CN={name}", "-days", "3650")


def make_leaf(name, ca, key, names=HOST, days="300"):
    at = f"{FOLDER}/{name}"
    openssl("req", "-newkey", *key, "-nodes", "-keyout", f"{at}.key", "-out",
            f"{at}.csr", "-subj", f"/CN={name}")
    with open(f"{at}.ext", "w", encoding="ascii") as f:
        f.write(f"subjectAltName=DNS:{names}\n")
    openssl("x509", "-req", "-in", f"{at}.csr", "-CA", f"{FOLDER}/{ca}.crt",
            "-CAkey", f"{FOLDER}/{ca}.key", "-CAcreateserial", "-days",
            days, "-extfile", f"{at}.ext", "-out", f"{at}.crt")
    with open(f"{at}.pem", "wb") as f:
        for part in (f"{at}.crt", f"{FOLDER}/{ca}.crt"):
            f.write(pathlib.Path(part).read_bytes())


def data(name, selector, matching):
    """Association data, by openssl."""
    der = openssl("x509", "-in", f"{FOLDER}/{name}.crt", "-outform", "DER")
    if selector == 1:
        pem = openssl("x509", "-in", f"{FOLDER}/{name}.crt", "-noout",
                      "-pubkey")
        der = openssl("pkey", "-pubin", "-outform", "DER", stdin=pem)
    if matching == 0:
        return der.hex()
    digest = "-sha256" if matching == 1 else "-sha512"
    return openssl("dgst", digest, "-binary", stdin=der).hex()


def record(usage, selector, matching, name):
    return f"{usage} {selector} {matching} {data(name, selector, matching)}"


def make_certificates():
    ec = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    make_ca("ca1")
    make_ca("ca2")
    make_leaf("old", "ca1", ec)
    make_leaf("rsa", "ca1", ("rsa:2048",))
    make_leaf("same", "ca1", ec)
    make_leaf("new", "ca2", ec)
    make_leaf("stray", "ca1", ec, "other.example")


# --- a mail server that does as it is told ---

class Server:
    """One per case: `script` is called with each connection."""

    def __init__(self, script, family=socket.AF_INET):
        self.script, self.heard = script, []
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.bind(("127.0.0.1" if family == socket.AF_INET
                            else "::1", 0))
        self.listener.listen(8)
        self.port = self.listener.getsockname()[1]
        self.place = (f"127.0.0.1:{self.port}" if family == socket.AF_INET
                      else f"[::1]:{self.port}")
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            peer.settimeout(20)
            with contextlib.suppress(OSError, ValueError), peer:
                self.script(self, peer)

    def line(self, peer):
        got = b""
        while not got.endswith(b"\n"):
            octet = peer.recv(1)
            if not octet:
                raise OSError("gone")
            got += octet
        self.heard.append(got.decode("ascii", "replace").strip())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


EHLO = b"250-mx\r\n250 STARTTLS\r\n"


def dialogue(*replies):
    """Greet with the first; then one reply a line heard."""
    def script(server, peer):
        for i, reply in enumerate(replies):
            if i > 0:
                server.line(peer)
            peer.sendall(reply)
        server.line(peer)
    return script


def after_220(octets):
    """Accept STARTTLS, hear the ClientHello, say that, and leave."""
    def script(server, peer):
        for reply in (b"220 mx\r\n", EHLO, b"220 go\r\n"):
            peer.sendall(reply)
            if reply != b"220 go\r\n":
                server.line(peer)
        peer.recv(65536)
        peer.sendall(octets)
    return script


def with_tls(*names, greeting=b"220 mx ESMTP\r\n",
             ehlo=b"250-mx\r\n250-SIZE 1\r\n250 STARTTLS\r\n",
             go=b"220 go\r\n", version=None, wanted=None):
    def script(server, peer):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        for name in names:
            context.load_cert_chain(f"{FOLDER}/{name}.pem",
                                    f"{FOLDER}/{name}.key")
        if version is not None:
            context.maximum_version = version
        context.sni_callback = lambda s, name, c: server.heard.append(
            f"SNI {name}")
        peer.sendall(greeting)
        server.line(peer)
        peer.sendall(ehlo)
        server.line(peer)
        peer.sendall(go)
        with context.wrap_socket(peer, server_side=True) as tls:
            server.heard.append(tls.recv(100).decode())
    return script


# --- the cases ---

def create():
    pair = f"{OWNER} IN TLSA {record(3, 1, 1, 'old')}", \
        f"{OWNER} IN TLSA {record(2, 1, 1, 'ca1')}"
    says("a pair from a file",
         analyzer("tlsa", "create", "--pem", "old.pem", "--host", HOST), 0,
         *pair)
    says("a dot behind the name",
         analyzer("tlsa", "create", "--pem", "old.pem", "--host",
                  HOST + "."), 0, *pair)
    says("TTL and port",
         analyzer("tlsa", "create", "--pem", "old.pem", "--host", HOST,
                  "--ttl", "1800", "--port", "465"), 0,
         f"_465._tcp.{HOST}. 1800 IN TLSA {record(3, 1, 1, 'old')}")
    says("for servers that do not know TLSA",
         analyzer("tlsa", "create", "--pem", "old.pem", "--host", HOST,
                  "--generic"), 0,
         f"{OWNER} IN TYPE52 \\# 35 030101{data('old', 1, 1)}",
         f"{OWNER} IN TYPE52 \\# 35 020101{data('ca1', 1, 1)}")
    for usage, who in ((3, "old"), (2, "ca1")):
        for selector in (0, 1):
            for matching in (0, 1, 2):
                got = analyzer("tlsa", "create", "--pem", "old.pem",
                               "--type", f"{usage}{selector}{matching}")
                want = record(usage, selector, matching, who)
                case(f"{usage} {selector} {matching}",
                     got.stdout.splitlines()[1:] == [want], got.stdout)
    got = json.loads(analyzer("tlsa", "create", "--pem", "old.pem", "--host",
                              HOST, "-o", "json").stdout)
    case("as JSON", [r["record"] for r in got] == [
        record(3, 1, 1, "old"), record(2, 1, 1, "ca1")] and
         got[0]["owner"] == OWNER and got[0]["ttl"] is None, got)
    got = analyzer("tlsa", "create", "--pem", "old.pem", "-o", "csv")
    case("as CSV", got.stdout.splitlines()[0].startswith(
        "owner,ttl,record,generic,") and record(3, 1, 1, "old") in
         got.stdout.splitlines()[1], got.stdout)
    got = analyzer("tlsa", "create", "--pem", "old.crt")
    says("an issuer that is not there", got, 0, record(3, 1, 1, "old"),
         "has no issuer's certificate")
    says("... and is asked for", analyzer(
        "tlsa", "create", "--pem", "old.crt", "--type", "211"), 1)
    says("a file that is none", analyzer("tlsa", "create", "--pem",
                                         "nothing.pem"), 1, "nothing.pem")
    says("a file with a key only", analyzer(
        "tlsa", "create", "--pem", "old.key"), 1, "has no certificate")
    case("and the key is not told", "PRIVATE" not in analyzer(
        "tlsa", "create", "--pem", "old.key").stderr)
    says("DER", analyzer("tlsa", "create", "--pem", "old.der", "--type",
                         "311"), 0, record(3, 1, 1, "old"))


def create_live():
    with Server(with_tls("old", "rsa")) as s:
        got = analyzer("tlsa", "create", "--live", s.place, "--host", HOST)
        says("from a server, both its keys", got, 0, record(3, 1, 1, "old"),
             record(3, 1, 1, "rsa"), record(2, 1, 1, "ca1"))
        case("their issuer once",
             got.stdout.count(data("ca1", 1, 1)) == 1, got.stdout)
        case("a name for SNI, and a farewell",
             f"SNI {HOST}" in s.heard and "QUIT\r\n" in s.heard, s.heard)
        case("an address as hello", "EHLO [127.0.0.1]" in s.heard, s.heard)
    with Server(with_tls("rsa", version=ssl.TLSVersion.TLSv1_2)) as s:
        says("TLS 1.2 and one key",
             analyzer("tlsa", "create", "--live", s.place), 0,
             record(3, 1, 1, "rsa"), "TLSv1.2")
    if socket.has_ipv6 and can_bind_v6():
        with Server(with_tls("old"), socket.AF_INET6) as s:
            says("IPv6", analyzer("tlsa", "create", "--live", s.place), 0,
                 record(3, 1, 1, "old"), "(::1)")


def can_bind_v6():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
            return True
    except OSError:
        return False


ODD_SERVERS = [
    # name, script, status, words
    ("a greeting of several lines, bare codes",
     with_tls("old", greeting=b"220-hello\r\n220\r\n",
              ehlo=b"250-mx\r\n250-starttls\r\n250\r\n"), 0, "3 1 1"),
    ("STARTTLS with a word behind it",
     with_tls("old", ehlo=b"250-mx\r\n250 STARTTLS x\r\n"), 0, "3 1 1"),
    ("line ends without CR",
     with_tls("old", greeting=b"220 mx\n", ehlo=b"250-mx\n250 STARTTLS\n",
              go=b"220 go\n"), 0, "3 1 1"),
    ("a reply injected behind the 220",
     with_tls("old", go=b"220 go\r\n250 mx\r\n"), 0,
     "sent 8 octets in clear behind its 220"),
    ("not offered", dialogue(b"220 mx\r\n", b"250 mx\r\n"), 1,
     "does not offer STARTTLS"),
    ("offered in the greeting line of the reply only",
     dialogue(b"220 mx\r\n", b"250-STARTTLS\r\n250 SIZE\r\n"), 1,
     "does not offer STARTTLS"),
    ("masked", dialogue(b"220 mx\r\n", b"250-mx\r\n250 XXXXXXXX\r\n"), 1,
     "does not offer STARTTLS"),
    ("refused for now", dialogue(b"220 mx\r\n", EHLO, b"454 no\r\n"), 1,
     "STARTTLS was refused: 454 no"),
    ("EHLO refused", dialogue(b"220 mx\r\n", b"502 what?\r\n"), 1,
     "EHLO was refused: 502 what?"),
    ("not greeted", dialogue(b"554 go away\r\n"), 1,
     "not greeted with 220: 554 go away"),
    ("another protocol", dialogue(b"SSH-2.0-x\r\n"), 1,
     "not greeted with 220: SSH-2.0-x"),
    ("a terminal's escape in a reply",
     dialogue(b"220 mx\r\n", EHLO, b"554 \x1b[31mred\r\n"), 1,
     "STARTTLS was refused: 554 ?[31mred"),
    ("closed after the greeting", dialogue(b"220 mx\r\n"), 1,
     "closed the connection"),
    ("plaintext after 220", after_220(b"500 what?\r\n"), 1,
     "the handshake failed"),
    ("an alert after 220", after_220(b"\x15\x03\x03\0\2\2\x28"), 1,
     "the handshake failed"),
    ("closed after 220", after_220(b""), 1, "handshake"),
    ("a line that does not end",
     lambda s, p: p.sendall(b"220 " + b"x" * 70000), 1,
     "a line that does not end"),
    ("a reply that does not end",
     lambda s, p: p.sendall(b"220-x\r\n" * 5000), 1,
     "a reply that does not end"),
    ("silence", lambda s, p: time.sleep(5), 1, "no answer in time"),
]


def odd_servers():
    for name, script, status, words in ODD_SERVERS:
        with Server(script) as s:
            says(name, analyzer("tlsa", "create", "--live", s.place, "--type",
                                "311", "--timeout", "2"), status, words)
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    says("nobody there", analyzer("tlsa", "create", "--live",
                                  f"127.0.0.1:{port}"), 1,
         "Connection refused")
    says("no such name", analyzer("tlsa", "create", "--live",
                                  "mx.invalid"), 1, "mx.invalid:")


def verdicts(run):
    return [(r["about"], r["verdict"], r["depth"])
            for r in map(json.loads, run.stdout.splitlines())]


def verify():
    ee, ta = record(3, 1, 1, "old"), record(2, 1, 1, "ca1")
    base = ["tlsa", "verify", "--pem", "old.pem", "--host", HOST]
    got = analyzer(*base, "--record", ee, "--record", ta)
    case("the pair", got.returncode == 0 and verdicts(got) == [
        ("chain", "matched", None), ("record", "matched", 0),
        ("record", "matched", 1)], got.stdout)
    got = analyzer(*base, "--record", record(3, 1, 1, "rsa"), "--record", ta)
    case("one of the pair", got.returncode == 0 and verdicts(got) == [
        ("chain", "matched", None), ("record", "mismatched", None),
        ("record", "matched", 1), ("advice", "stale-records", None),
        ("advice", "tlsa-at-risk", None)], got.stdout)
    got = analyzer(*base, "--record", record(3, 1, 1, "rsa"))
    case("neither", got.returncode == 1 and
         ("chain", "mismatched", None) in verdicts(got) and
         ("advice", "tlsa-mismatch", None) in verdicts(got), got.stdout)
    got = analyzer(*base, "--record", record(1, 1, 1, "old"))
    case("nothing usable", got.returncode == 0 and
         ("chain", "unusable", None) in verdicts(got) and
         ("record", "pkix-usage", None) in verdicts(got), got.stdout)
    got = analyzer("tlsa", "verify", "--pem", "stray.pem", "--host", HOST,
                   "--record", ta)
    case("another name", got.returncode == 1 and
         ("chain", "name-mismatch-under-ta", None) in verdicts(got),
         got.stdout)
    got = analyzer("tlsa", "verify", "--pem", "stray.pem", "--host", HOST,
                   "--record", ta, "--name", "other.example")
    case("... which is the next hop's", got.returncode == 0, got.stdout)
    got = analyzer("tlsa", "verify", "--pem", "old.pem", "--record", ta)
    case("no name given", got.returncode == 1 and
         ("chain", "no-reference-name", None) in verdicts(got), got.stdout)
    got = analyzer(*base, "--record", ta, "--at", "2100-01-01")
    case("in another century", got.returncode == 1 and
         ("chain", "expired-under-ta", None) in verdicts(got), got.stdout)


def verify_inputs():
    ee, ta = record(3, 1, 1, "old"), record(2, 1, 1, "ca1")
    short = f"{ee[:40]} {ee[40:]}\n{ta.upper()}\n"
    says("dig +short", analyzer(
        "tlsa", "verify", "--pem", "old.pem", "--host", HOST, "--records",
        "-", "-o", "table", stdin=short), 0, "matched",
         "describes certificate 1, an issuer")
    zone = (f"$ORIGIN example.\n$TTL 1h\n@ MX 10 mx\n_25._tcp.mx TLSA ( 3 1 1"
            f"\n {data('old', 1, 1)} ) ; ours\n"
            f"_25._tcp.other TLSA {record(3, 1, 1, 'rsa')}\n")
    base = ["tlsa", "verify", "--pem", "old.pem", "--records", "-"]
    says("a zone, the owner known", analyzer(
        *base, "--host", HOST, stdin=zone), 0, '"verdict":"matched"')
    says("a zone, the owner not known", analyzer(*base, stdin=zone), 2,
         "--host says whose are meant")
    says("a zone without it", analyzer(
        *base, "--host", "mail.example", stdin=zone), 1, "none of")
    says("a zone with a fault", analyzer(
        *base, stdin="x TLSA 3 1 1 0\n"), 1, "line 1: an odd number")
    says("a record with a fault", analyzer(
        "tlsa", "verify", "--pem", "old.pem", "--record", "3 1 1 xyz"), 2,
         "xyz: not hexadecimal")
    says("for monitoring: fine", analyzer(
        *base, "--host", HOST, "--check", stdin=short), 0,
         f"OK: {HOST}: all certificates match | matched=1;;;0 broken=0;;;0")
    says("at risk", analyzer(
        *base, "--host", HOST, "--check",
        stdin=f"{record(3, 1, 1, 'rsa')}\n{ta}\n"), 1, "WARNING: ")
    says("broken", analyzer(
        *base, "--host", HOST, "--check", stdin=record(3, 1, 1, "rsa")), 2,
         "CRITICAL: ", "broken=1")
    says("undecided", analyzer(*base, "--check", stdin=f"{ta}\n"), 3,
         "UNKNOWN: ")
    says("cannot look", analyzer(
        "tlsa", "verify", "--pem", "nothing.pem", "--check", "--record",
        ee), 3, "UNKNOWN: nothing.pem")
    with Server(with_tls("old", "rsa")) as s:
        got = analyzer("tlsa", "verify", "--live", s.place, "--host", HOST,
                       "--record", ee)
        case("one of two keys of a server", got.returncode == 1 and
             sorted(verdicts(got))[:3] == [
                 ("advice", "certificate-uncovered", None),
                 ("advice", "one-record", None),
                 ("chain", "matched", None)], got.stdout)


def rollover():
    ee, ta = record(3, 1, 1, "old"), record(2, 1, 1, "ca1")
    base = ["tlsa", "rollover", "--pem", "old.pem", "--host", HOST, "--ttl",
            "3600", "-o", "table"]
    pair = ["--record", ee, "--record", ta]
    says("the same CA", analyzer(
        *base, *pair, "--next", "same.pem", "--published", "3h"), 0,
         "safe: deploy the next certificate now", "of the same CA")
    says("too early", analyzer(
        *base, *pair, "--next", "same.pem", "--published", "1h"), 1,
         "not-yet: do not deploy", "Look again at ")
    says("not told when", analyzer(*base, *pair, "--next", "same.pem"), 1,
         "unknown: ")
    says("another CA", analyzer(
        *base, *pair, "--next", "new.pem", "--published", "3h"), 0,
         "safe: publish first", f"- {OWNER} IN TLSA {ta}",
         f"+ {OWNER} IN TLSA {record(2, 1, 1, 'ca2')}", "of another CA")
    got = analyzer(*base[:-1], "json", *pair, "--next", "new.pem",
                   "--published", "3h")
    got = json.loads(got.stdout)
    case("as JSON", [(r["name"], r["state"]) for r in got] == [
        ("verdict", "safe"), ("publish", "now"), ("wait", "later"),
        ("deploy", "later"), ("replace", "later")] and
         got[1]["remove"] == ta and
         got[1]["add"] == record(2, 1, 1, "ca2"), got)
    says("no next one", analyzer(*base, *pair), 2, "--next FILE")
    live = lambda *names: Server(with_tls(*names))
    with live("new") as s:
        says("deployed: replace", analyzer(
            *base, "--record", ee, "--record", record(2, 1, 1, "ca2"),
            "--next", "new.pem", "--live", s.place, "--published", "3h"), 0,
             "safe: replace", f"- {OWNER} IN TLSA {ee}",
             f"+ {OWNER} IN TLSA {record(3, 1, 1, 'new')}")
        says("deployed too early", analyzer(
            *base, *pair, "--next", "new.pem", "--live", s.place,
            "--published", "3h"), 1, "broken: ",
             f"+ {OWNER} IN TLSA {record(3, 1, 1, 'new')}")
        says("done", analyzer(
            *base, "--record", record(3, 1, 1, "new"), "--record",
            record(2, 1, 1, "ca2"), "--next", "new.pem", "--live", s.place,
            "--published", "1m"), 0, "finished: ")
    with live("old") as s, live("same") as t:
        says("one server of two", analyzer(
            *base, *pair, "--next", "same.pem", "--live", s.place, "--live",
            t.place, "--published", "3h"), 0, "safe: go on",
             "The servers show either certificate")
    with live("stray") as s:
        says("a third certificate", analyzer(
            *base, *pair, "--next", "same.pem", "--live", s.place), 1,
             "unknown: a server shows a certificate that is neither")


def seen():
    """What a sensor saw: TLS 1.2 of a bundled capture."""
    capture = ROOT / "pcaps/b-certificate-renewed-sender.pcap"
    made = subprocess.run([SENSOR, "--policy", "off", "-d",
                           f"{FOLDER}/seen.db", "-r", str(capture)],
                          capture_output=True, text=True, timeout=120)
    case("a sensor reads a capture", made.returncode == 0, made.stderr)
    shown = [json.loads(x) for x in analyzer(
        "-d", "seen.db", "sessions", "-o", "jsonl").stdout.splitlines()]
    leaves = {s["certificate_sha256"]: s for s in shown
              if s["certificate"] == "visible"}
    case("with certificates in it", len(leaves) > 1, shown)
    some = next(iter(leaves.values()))
    got = [json.loads(x) for x in analyzer(
        "-d", "seen.db", "tlsa", "create", "--server", some["server_ip"],
        "--type", "311", "-o", "jsonl").stdout.splitlines()]
    want = {f"3 1 1 {s['spki_sha256']}" for s in leaves.values()
            if s["server_ip"] == some["server_ip"]}
    case("from what was seen", {r["record"] for r in got} == want and
         len(want) > 1, (got, want))
    case("with the server's name", all(
        r["owner"] == f"_25._tcp.{some['server_name']}." for r in got), got)
    got = analyzer("-d", "seen.db", "tlsa", "verify", "--session",
                   str(some["id"]), "--record",
                   f"3 1 1 {some['spki_sha256']}")
    rows = [json.loads(x) for x in got.stdout.splitlines()]
    case("a session's certificate, at its time", got.returncode == 0 and
         rows[0]["verdict"] == "matched" and
         rows[0]["at"] == some["started_at"] and
         rows[0]["certificate_sha256"] == some["certificate_sha256"], rows)
    says("a server nobody saw", analyzer(
        "-d", "seen.db", "tlsa", "create", "--server", "192.0.2.99"), 1,
         "no sensor saw a certificate there")
    says("no database", analyzer(
        "-d", "gone.db", "tlsa", "create", "--server", HOST), 1, "gone.db")


def misuse():
    for name, args, words in (
            ("no part", [], "create, verify or rollover?"),
            ("an unknown part", ["make"], "known are create, verify"),
            ("no source", ["create"], "whose certificate?"),
            ("no records", ["verify", "--pem", "old.pem"], "which records?"),
            ("a part's option at another", ["create", "--pem", "x",
                                            "--record", "3 1 1 00"],
             "tlsa create has no --record"),
            ("a filter it has not", ["create", "--kind", "x"],
             "tlsa has no --kind"),
            ("usage 1 is not made", ["create", "--pem", "old.pem", "--type",
                                     "111"], "--type 111: not usage"),
            ("a port out of range", ["create", "--pem", "old.pem", "--port",
                                     "70000"], "--port 70000"),
            ("a TTL of nothing", ["create", "--pem", "old.pem", "--ttl",
                                  "0"], "--ttl 0"),
            ("a place that is none", ["create", "--live", "mx:smtp"],
             "--live mx:smtp"),
            ("twice what is once", ["create", "--pem", "old.pem", "--host",
                                    "a", "--host", "b"], "--host may be"),
            ("nine names", ["verify", "--pem", "old.pem", "--record",
                            "3 1 1 00", *["--name", "a"] * 9], "--name: more"),
            ("a word too many", ["create", "old.pem"],
             "tlsa create takes no argument"),
            ("--check of create", ["create", "--pem", "old.pem", "--check"],
             "")):
        run = analyzer("tlsa", *args)
        says(name, run, 3 if "--check" in args else 2, words)
    says("an option of tlsa elsewhere", analyzer(
        "sessions", "--pem", "x"), 2,
         "sessions has no --pem; it is an option of: tlsa")


def main():
    global ANALYZER, SENSOR, FOLDER
    build = pathlib.Path(sys.argv[1]).resolve()
    ANALYZER = str(build / "striptls-analyzer")
    SENSOR = str(build / "striptls-sensor")
    if shutil.which("openssl") is None:
        print("skipped: there is no openssl(1)")
        return 77
    with tempfile.TemporaryDirectory(prefix="striptls-tlsa.") as FOLDER:
        make_certificates()
        pathlib.Path(FOLDER, "old.der").write_bytes(openssl(
            "x509", "-in", f"{FOLDER}/old.crt", "-outform", "DER"))
        for part in (create, create_live, odd_servers, verify, verify_inputs,
                     rollover, seen, misuse):
            part()
    print(f"tlsa: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
