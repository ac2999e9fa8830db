#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""handshakes.py -- makes the TLS conversations that .talk sources play.

	handshakes.py [FOLDER [NAME ...]]	(default: tls/ beside this
						file, and those not there)

Two real TLS ends (the ssl module, that is OpenSSL) talk to each other in
memory; what each writes at a time is a flight, kept as hexadecimal lines
"C ..." and "S ...".  Keys are random, so a second run gives other octets:
the files are fixtures, made once and committed.  The server's key is thrown
away.  The certificate is mx.example's, of a private CA, good for a century.

	tls12			TLS 1.2 with ECDHE, certificate in clear
	tls13			TLS 1.3
	tls13-retry		TLS 1.3 after a HelloRetryRequest
	tls12-resumed		TLS 1.2, abbreviated by a session ticket
	tls12-anonymous		TLS 1.2, suite without a certificate
	tls12-key		TLS 1.2, a server with a small key
	tls12-key-renewed	... with another key of the same CA
	tls12-key-foreign	... with a key of another CA
	tls12-key-a to -f	... with six keys of as many CAs
	tls12-sister		TLS 1.2 with mx1.half.example
	tls12-expiring		as tls12, with a certificate good for 90 days from
				the day that this was made (2026-11-28)
	tls12-new-server	client up to TLS 1.2, server up to TLS 1.3
	tls12-edited		the client's offer of TLS 1.3 was cut out of its
				hello on the way: server's random says so, and
				the client gives up (RFC 8446 4.1.3)
	tls12-wide		TLS 1.2, a client that offers suites of all grades
	tls12-wide-static	... the server chooses one without forward secrecy
	tls12-wide-anonymous	... or one without a certificate
	tls12-null		the same hello, but its suites encrypt nothing
	tls12-narrow		... or leave the server one without forward secrecy
"""
import hashlib
import pathlib
import ssl
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent

# What is said under TLS; nobody but the two can read it.
MAIL = [
    ("C", b"EHLO client.example\r\n"),
    ("S", b"250-mx.example\r\n250-SIZE 10240000\r\n250 8BITMIME\r\n"),
    ("C", b"MAIL FROM:<a@sender.example>\r\n"),
    ("S", b"250 2.1.0 Ok\r\n"),
    ("C", b"RCPT TO:<b@rcpt.example>\r\n"),
    ("S", b"250 2.1.5 Ok\r\n"),
    ("C", b"DATA\r\n"),
    ("S", b"354 End data with <CR><LF>.<CR><LF>\r\n"),
    ("C", b"Subject: under TLS\r\n\r\nNobody reads this.\r\n.\r\n"),
    ("S", b"250 2.0.0 Ok: queued\r\n"),
    ("C", b"QUIT\r\n"),
    ("S", b"221 2.0.0 Bye\r\n"),
]


def openssl(*words, cwd):
    subprocess.run(["openssl", *words], cwd=cwd, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def certificate(folder):
    """chain.pem and key.pem in `folder`; the leaf first."""
    century = ("-days", "36500", "-nodes", "-sha256")
    openssl("req", "-x509", "-newkey", "rsa:2048", *century,
            "-keyout", "ca.key", "-out", "ca.pem",
            "-subj", "/O=Example/CN=Example Private CA", cwd=folder)
    openssl("req", "-x509", "-newkey", "rsa:2048", *century,
            "-CA", "ca.pem", "-CAkey", "ca.key",
            "-keyout", "key.pem", "-out", "leaf.pem",
            "-subj", "/CN=mx.example", "-addext",
            "subjectAltName=DNS:mx.example,DNS:*.mx.example", cwd=folder)
    chain = b"".join((folder / name).read_bytes()
                     for name in ("leaf.pem", "ca.pem"))
    (folder / "chain.pem").write_bytes(chain)
    openssl("req", "-x509", "-new", "-days", "90", "-sha256",
            "-CA", "ca.pem", "-CAkey", "ca.key", "-key", "key.pem",
            "-out", "short.pem", "-subj", "/CN=mx.example", "-addext",
            "subjectAltName=DNS:mx.example,DNS:*.mx.example", cwd=folder)
    (folder / "expiring.pem").write_bytes(
        (folder / "short.pem").read_bytes() +
        (folder / "ca.pem").read_bytes())


def keys(folder):
    """NAME.pem and NAME.key, small ones of small CAs."""
    small = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
             "-days", "36500", "-nodes", "-sha256")
    owners = {"key": "Example CA", "key-renewed": "Example CA",
              "key-foreign": "Another Example CA",
              **{f"key-{x}": f"Example CA {x.upper()}" for x in "abcdef"}}
    for name, ca in owners.items():
        if not (folder / f"{ca}.pem").exists():
            openssl("req", "-x509", *small, "-keyout", f"{ca}.key",
                    "-out", f"{ca}.pem", "-subj", f"/O=Example/CN={ca}",
                    cwd=folder)
        openssl("req", "-x509", *small, "-CA", f"{ca}.pem",
                "-CAkey", f"{ca}.key", "-keyout", f"{name}.key",
                "-out", f"{name}.pem", "-subj", "/CN=mx.example",
                "-addext", "subjectAltName=DNS:mx.example", cwd=folder)
    return owners


class End:
    """One end of a TLS conversation, its wires in memory."""

    def __init__(self, context, **how):
        self.inbox, self.outbox = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.inbox, self.outbox, **how)
        self.done = False

    def shake(self):
        if not self.done:
            try:
                self.tls.do_handshake()
                self.done = True
            except ssl.SSLWantReadError:
                pass

    def hear(self):
        try:
            return self.tls.read(65536)
        except ssl.SSLWantReadError:
            return b""


def converse(client, server):
    """The flights, as (who, octets)."""
    flights = []

    def carry(who):
        source, target = (client, server) if who == "C" else (server, client)
        octets = source.outbox.read()
        if octets:
            flights.append((who, octets))
            target.inbox.write(octets)

    while not (client.done and server.done):
        client.shake()
        carry("C")
        server.shake()
        carry("S")
    for who, text in MAIL:
        speaker, hearer = (client, server) if who == "C" else (server, client)
        hearer.hear()		# session tickets
        speaker.tls.write(text)
        carry(who)
        assert hearer.hear() == text
    for who, end in (("C", client), ("S", server)):
        try:
            end.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        carry(who)
    return flights


def contexts(folder, version, server_version=None, leaf="chain",
             key="key.pem"):
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / f"{leaf}.pem", folder / f"{key}")
    client.maximum_version = version
    server.maximum_version = server_version or version
    return client, server


def talk(client, server, session=None, host="mx.example"):
    ends = (End(client, server_hostname=host, session=session),
            End(server, server_side=True))
    return converse(*ends), ends[0].tls


def without_versions(octets):
    """A ClientHello record without the extension supported_versions."""
    body = bytearray(octets[9:])
    at = 34
    at += 1 + body[at]					# session id
    at += 2 + int.from_bytes(body[at:at + 2], "big")	# suites
    at += 1 + body[at]					# compression
    start, kept = at + 2, bytearray()
    at = start
    while at < len(body):
        size = 4 + int.from_bytes(body[at + 2:at + 4], "big")
        if body[at:at + 2] != b"\x00\x2b":
            kept += body[at:at + size]
        at += size
    body[start - 2:] = len(kept).to_bytes(2, "big") + kept
    return (octets[:3] + (len(body) + 4).to_bytes(2, "big") + b"\x01" +
            len(body).to_bytes(3, "big") + bytes(body))


def edited(client, server):
    """The flights when the hello is edited on the way, seen ahead of it."""
    ends = (End(client, server_hostname="mx.example"),
            End(server, server_side=True))
    ends[0].shake()
    hello = ends[0].outbox.read()
    ends[1].inbox.write(without_versions(hello))
    ends[1].shake()
    answer = ends[1].outbox.read()
    assert b"DOWNGRD\x01" in answer
    ends[0].inbox.write(answer)
    try:
        ends[0].shake()
    except ssl.SSLError:
        return [("C", hello), ("S", answer), ("C", ends[0].outbox.read())]
    raise AssertionError("the client did not notice")


def with_keys(folder):
    v12, v13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
    for name in keys(folder):
        yield f"tls12-{name}", talk(*contexts(
            folder, v12, leaf=name, key=f"{name}.key"))[0]
    small = {"leaf": "key", "key": "key.key"}
    yield "tls12-sister", talk(*contexts(folder, v12, **small),
                               host="mx1.half.example")[0]
    yield "tls12-new-server", talk(*contexts(folder, v12, v13, **small))[0]
    yield "tls12-edited", edited(*contexts(folder, v13, **small))


def suites(folder, client_suites, server_suites):
    client, server = contexts(folder, ssl.TLSVersion.TLSv1_2, leaf="leaf")
    client.set_ciphers(f"{client_suites}:@SECLEVEL=0")
    server.set_ciphers(f"{server_suites}:@SECLEVEL=0")
    return talk(client, server)[0]


def with_suites(folder):
    static = "AES256-GCM-SHA384"
    # few enough that the hello is not padded (RFC 7685)
    wide = ("ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:"
            f"AECDH-AES256-SHA:ECDHE-RSA-NULL-SHA:{static}")
    yield "tls12-wide", suites(folder, wide, "ECDHE-RSA-AES256-GCM-SHA384")
    yield "tls12-wide-static", suites(folder, wide, static)
    yield "tls12-wide-anonymous", suites(folder, wide, "AECDH-AES256-SHA")
    yield "tls12-null", suites(folder, "ECDHE-RSA-NULL-SHA",
                               "ECDHE-RSA-NULL-SHA")
    yield "tls12-narrow", suites(
        folder, f"ECDHE-ECDSA-AES128-GCM-SHA256:{static}", static)


def conversations(folder):
    v12, v13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
    client, server = contexts(folder, v12)
    flights, tls = talk(client, server)
    yield "tls12", flights
    flights, tls = talk(client, server, tls.session)
    assert tls.session_reused
    yield "tls12-resumed", flights
    yield "tls13", talk(*contexts(folder, v13))[0]
    client, server = contexts(folder, v13)
    server.set_ecdh_curve("secp384r1")	# not the client's first guess
    yield "tls13-retry", talk(client, server)[0]
    client, server = contexts(folder, v12)
    for context in (client, server):
        context.set_ciphers("ADH:AECDH:@SECLEVEL=0")
    yield "tls12-anonymous", talk(client, server)[0]
    yield "tls12-expiring", talk(*contexts(folder, v12,
                                           leaf="expiring"))[0]
    yield from with_suites(folder)	# with_keys() has its own key.pem
    yield from with_keys(folder)


def leaf_digest(flights):
    """Of the leaf in clear, or None: the first certificate of its list."""
    for who, octets in flights:
        at = octets.find(b"\x16\x03\x03")
        while who == "S" and at >= 0:
            size = int.from_bytes(octets[at + 3:at + 5], "big")
            body = octets[at + 5:at + 5 + size]
            if body[:1] == b"\x0b":
                first = int.from_bytes(body[7:10], "big")
                return hashlib.sha256(body[10:10 + first]).hexdigest()
            at += 5 + size
            if octets[at:at + 3] != b"\x16\x03\x03":
                break
    return None


def main(argv):
    target = pathlib.Path(argv[1]) if len(argv) > 1 else HERE / "tls"
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        certificate(folder)
        for name, flights in conversations(folder):
            file = target / f"{name}.hex"
            if file.exists() if len(argv) < 3 else name not in argv[2:]:
                continue
            with open(file, "w", encoding="ascii") as out:
                out.write(f"# {name}: made by handshakes.py\n")
                digest = leaf_digest(flights)
                if digest is not None:
                    out.write(f"# leaf SHA-256 {digest}\n")
                for who, octets in flights:
                    text = octets.hex()
                    out.write(who)
                    for at in range(0, len(text), 72):
                        out.write(f"\t{text[at:at + 72]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
