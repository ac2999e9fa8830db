#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""handshakes.py -- makes the TLS conversations that .talk sources play.

	handshakes.py [FOLDER]		(default: tls/ beside this file)

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


def contexts(folder, version):
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "chain.pem", folder / "key.pem")
    for context in (client, server):
        context.maximum_version = version
    return client, server


def talk(client, server, session=None):
    ends = (End(client, server_hostname="mx.example", session=session),
            End(server, server_side=True))
    return converse(*ends), ends[0].tls


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


def main(argv):
    target = pathlib.Path(argv[1]) if len(argv) > 1 else HERE / "tls"
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        certificate(folder)
        leaf = ssl.PEM_cert_to_DER_cert((folder / "leaf.pem").read_text())
        digest = hashlib.sha256(leaf).hexdigest()
        for name, flights in conversations(folder):
            with open(target / f"{name}.hex", "w", encoding="ascii") as out:
                out.write(f"# {name}: made by handshakes.py\n"
                          f"# leaf SHA-256 {digest}\n")
                for who, octets in flights:
                    text = octets.hex()
                    out.write(who)
                    for at in range(0, len(text), 72):
                        out.write(f"\t{text[at:at + 72]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
