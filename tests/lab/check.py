#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""check.py BUILD -- the analyzer's command check, against mail servers of
every state: zones signed here, NSD and Unbound on loopback, scripted SMTP
servers with certificates of this run, in a network namespace of its own.
Exit status 77: something it needs is not there."""
import contextlib
import importlib.util
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

HERE = pathlib.Path(__file__).resolve().parent
CLI = HERE.parent / "cli"
sys.path[:0] = [str(HERE / "dns")]

import run as dns		# noqa: E402
import servers			# noqa: E402
import zones			# noqa: E402

TOOLS = "nsd unbound ldns-keygen ldns-signzone openssl unshare ip".split()
FUTURE, PAST = "20991231000000Z", "20200101000000Z"
passed = failed = 0


def case(name, ok, said=""):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print(f"FAIL {name}: {said}")


# --- certificates ---

def openssl(*args, stdin=None):
    return subprocess.run(["openssl", *args], input=stdin, check=True,
                          capture_output=True).stdout


def make_ca():
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout",
            f"{FOLDER}/ca.key", "-out", f"{FOLDER}/ca.crt", "-subj",
            "/CN=lab CA", "-days", "3650")
    for name, text in (("index.txt", ""), ("serial", "01\n"), ("ca.cnf", f"""
[ca]
default_ca = lab
[lab]
dir = {FOLDER}
database = {FOLDER}/index.txt
new_certs_dir = {FOLDER}
serial = {FOLDER}/serial
certificate = {FOLDER}/ca.crt
private_key = {FOLDER}/ca.key
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
""")):
        pathlib.Path(FOLDER, name).write_text(text, encoding="ascii")


def make_leaf(name, host, key=("ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
              begin="20240101000000Z", end=FUTURE):
    """NAME.key and NAME.pem, the CA's certificate behind its own."""
    at = f"{FOLDER}/{name}"
    openssl("req", "-newkey", *key, "-nodes", "-keyout", f"{at}.key", "-out",
            f"{at}.csr", "-subj", f"/CN={name}", "-addext",
            f"subjectAltName=DNS:{host}")
    openssl("ca", "-batch", "-notext", "-config", f"{FOLDER}/ca.cnf", "-in",
            f"{at}.csr", "-out", f"{at}.crt", "-startdate", begin,
            "-enddate", end)
    with open(f"{at}.pem", "wb") as f:
        for part in (f"{at}.crt", f"{FOLDER}/ca.crt"):
            f.write(pathlib.Path(part).read_bytes())


def spki(name):
    pem = openssl("x509", "-in", f"{FOLDER}/{name}.crt", "-noout", "-pubkey")
    der = openssl("pkey", "-pubin", "-outform", "DER", stdin=pem)
    return openssl("dgst", "-sha256", "-binary", stdin=der).hex()


# --- mail servers ---

def hear(peer):
    """A line, in however many pieces it comes."""
    got = b""
    while not got.endswith(b"\n"):
        part = peer.recv(1000)
        if not part:
            break
        got += part
    return got


class Server:
    """Greets, answers EHLO and STARTTLS as told, and shows a certificate."""

    def __init__(self, address, names=(), ehlo=b"250-mx\r\n250 STARTTLS\r\n",
                 go=b"220 go\r\n", greeting=b"220 mx ESMTP\r\n",
                 version=None):
        self.names, self.ehlo, self.go = names, ehlo, go
        self.greeting, self.version, self.sni = greeting, version, set()
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((address, 25))
        self.listener.listen(8)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.one, args=(peer,),
                             daemon=True).start()

    def one(self, peer):
        peer.settimeout(20)
        with contextlib.suppress(OSError, ValueError), peer:
            peer.sendall(self.greeting)
            hear(peer)
            peer.sendall(self.ehlo)
            if hear(peer) != b"STARTTLS\r\n":
                return
            peer.sendall(self.go)
            if not self.go.startswith(b"220"):
                peer.recv(1000)
                return
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            for name in self.names:
                context.load_cert_chain(f"{FOLDER}/{name}.pem",
                                        f"{FOLDER}/{name}.key")
            if self.version is not None:
                context.maximum_version = self.version
            context.sni_callback = lambda s, n, c: self.sni.add(n)
            with context.wrap_socket(peer, server_side=True) as tls:
                tls.recv(100)


NOTHING = dict(ehlo=b"250-mx\r\n250 SIZE\r\n")
# zone, host, last octet of its address, its TLSA records, how its server
# is; the records name certificates
HOSTS = [
    ("secure", "good", 1, ["3 1 1 good", "2 1 1 ca"], dict(names=["good"])),
    ("secure", "mismatch", 2, ["3 1 1 good"], dict(names=["mismatch"])),
    ("secure", "atrisk", 3, ["3 1 1 good", "2 1 1 ca"],
     dict(names=["atrisk"])),
    ("secure", "unusable", 4, ["1 1 1 unusable"], dict(names=["unusable"])),
    ("insecure", "unsigned", 5, ["3 1 1 unsigned"],
     dict(names=["unsigned"])),
    ("secure", "notlsa", 6, [], dict(names=["notlsa"])),
    ("secure", "nooffer", 7, ["3 1 1 good"], NOTHING),
    ("secure", "refused", 8, ["3 1 1 good"], dict(go=b"454 not now\r\n")),
    ("secure", "closed", 9, ["3 1 1 good"], None),
    ("secure", "expired", 10, ["2 1 1 ca"], dict(names=["expired"])),
    ("secure", "othername", 11, ["2 1 1 ca"], dict(names=["othername"])),
    ("secure", "masked", 12, ["3 1 1 good"],
     dict(ehlo=b"250-mx\r\n250 XXXXXXXX\r\n")),
    ("secure", "tlsonly", 13, ["3 1 1 tlsonly", "3 1 1 rsa"],
     dict(names=["tlsonly", "rsa"], version=ssl.TLSVersion.TLSv1_2)),
    ("secure", "hostile", 14, ["3 1 1 good"],
     dict(greeting=b"554 \x1b[31mgo \xff away\r\n")),
    ("secure", "eeexpired", 15, ["3 1 1 eeexpired", "2 1 1 ca"],
     dict(names=["eeexpired"])),
    ("bogus", "mx", 16, ["3 1 1 good"], dict(names=["good"])),
    ("bogustlsa", "mx", 17, ["3 1 1 good"], dict(names=["good"])),
    ("secure", "early", 18, ["3 1 1 good"],
     dict(names=["good"], go=b"220 go\r\n250 injected\r\n")),
    ("secure", "twokeys", 19, ["3 1 1 twokeys"],
     dict(names=["twokeys", "rsa"])),
]
V6 = "2001:db8::25"
ZONES = {"secure": {}, "insecure": {"signed": False},
         "bogus": {"tamper": [("bogus.lab.", "MX")]},
         "bogustlsa": {"tamper": [("_25._tcp.mx.bogustlsa.lab.", "TLSA")]}}


def address(octet):
    return f"198.51.100.{octet}"


def records():
    text = dict.fromkeys(ZONES, "")
    for zone, host, octet, tlsa, _ in HOSTS:
        at = "@" if host == "mx" else host
        mx = "mx" if host == "mx" else f"mx.{host}"
        text[zone] += f"{at} MX 10 {mx}\n{mx} A {address(octet)}\n"
        for r in tlsa:
            kind, name = r.rsplit(" ", 1)
            text[zone] += f"_25._tcp.{mx} TLSA {kind} {spki(name)}\n"
    text["secure"] += f"""
half MX 10 mx.good
half MX 20 mx.notlsa
null MX 0 .
six MX 10 mx.six
mx.six AAAA {V6}
_25._tcp.mx.six TLSA 3 1 1 {spki('good')}
alias CNAME good
mxalias MX 10 name
name CNAME mx.good
noaddress MX 10 nowhere
isaddress MX 10 198.51.100.1.
both MX 10 mx.both
mx.both A {address(1)}
mx.both AAAA 2001:db8:ffff::1
_25._tcp.mx.both TLSA 3 1 1 {spki('good')}
sts MX 10 mx.good
_mta-sts.sts TXT "v=STSv1; id=20261128;"
mta-sts.sts A {address(43)}
stswrong MX 10 mx.notlsa
_mta-sts.stswrong TXT "v=STSv1; id=1;"
mta-sts.stswrong A {address(43)}
"""
    text["insecure"] += "half2 MX 10 mx.good.secure.lab.\n"
    return text


# --- the analyzer ---

def analyzer(*args, before=()):
    return subprocess.run([*before, ANALYZER, *args], text=True, cwd=FOLDER,
                          capture_output=True, timeout=120)


def check(name, *args, **more):
    got = analyzer("check", name, "-o", "json", "--timeout", "5", *args,
                   **more)
    try:
        return json.loads(got.stdout), got
    except json.JSONDecodeError:
        return {}, got


def lines(o):
    """(host, address, about, verdict, word) of all remarks."""
    out = [(None, None, r["about"], r["verdict"], r["word"])
           for r in o.get("lines", [])]
    for h in o.get("hosts", []):
        out += [(h["name"], None, r["about"], r["verdict"], r["word"])
                for r in h.get("lines", [])]
        for a in h.get("addresses", []):
            out += [(h["name"], a["address"], r["about"], r["verdict"],
                     r["word"]) for r in a.get("lines", [])]
    return out


def has(name, overall, *wanted, args=(), status=0, **more):
    """The overall word; and remarks, as 'about verdict word'."""
    o, got = check(name, *args, **more)
    said = {f"{about} {verdict} {word}"
            for _, _, about, verdict, word in lines(o)}
    missing = [w for w in wanted if w not in said]
    case(name, o.get("verdict") == overall and not missing and
         got.returncode == status and "runtime error" not in got.stderr,
         f"{o.get('verdict')}, status {got.returncode}, without {missing}; "
         f"has {sorted(said)} {got.stderr}")
    return o, got


def states():
    has("good.secure.lab", "good", "MX good mx", "IPv4 good address",
        "TLSA good tlsa", "policy good dane-auth", "STARTTLS good offered",
        "TLS good tls", "certificate good certificate",
        "record good matched", "DANE good matched")
    case("SNI is the host", SERVERS["good"].sni == {"mx.good.secure.lab"},
         SERVERS["good"].sni)
    has("mismatch.secure.lab", "fault", "policy good dane-auth",
        "DANE fault mismatched", "advice fault tlsa-mismatch",
        "record warning mismatched")
    has("atrisk.secure.lab", "warning", "DANE good matched",
        "record warning mismatched", "record good matched",
        "advice warning tlsa-at-risk", "advice warning stale-records")
    has("unusable.secure.lab", "fault", "policy warning dane-tls",
        "advice fault tlsa-unusable", "record warning pkix-usage")
    has("unsigned.insecure.lab", "warning", "MX warning mx-unsigned",
        "IPv4 warning address-unsigned", "policy warning none-insecure",
        "TLSA warning tlsa-unsigned", "advice warning tlsa-unsigned",
        "record good matched")
    has("notlsa.secure.lab", "warning", "policy warning none-secure",
        "STARTTLS good offered", "certificate good certificate")
    has("nooffer.secure.lab", "fault", "STARTTLS fault starttls-absent",
        "policy good dane-auth")
    has("masked.secure.lab", "fault", "STARTTLS fault starttls-masked")
    has("refused.secure.lab", "fault", "STARTTLS fault starttls-refused")
    has("closed.secure.lab", "fault", "connection fault refused")
    has("expired.secure.lab", "fault", "certificate note out-of-date",
        "DANE fault expired-under-ta")
    has("othername.secure.lab", "fault", "certificate note other-name",
        "DANE fault name-mismatch-under-ta")
    has("eeexpired.secure.lab", "warning", "DANE good matched",
        "certificate note out-of-date", "advice warning tlsa-at-risk")
    has("tlsonly.secure.lab", "good", "DANE good matched", "TLS good tls",
        "record good matched", "record note mismatched")
    has("twokeys.secure.lab", "fault", "DANE fault mismatched",
        "DANE good matched", "advice fault certificate-uncovered")
    has("early.secure.lab", "warning", "STARTTLS warning response-injection")
    o, got = has("hostile.secure.lab", "unknown", "SMTP unknown no-greeting")
    case("escapes of a terminal", "\x1b" not in got.stdout and
         "\\u001b" not in got.stdout and "554 ?[31mgo" in got.stdout,
         got.stdout)


def names():
    o, _ = has("bogus.lab", "fault", "MX fault dnssec-bogus")
    case("why it is bogus", o["mx"]["status"] == "bogus" and
         o["mx"].get("ede") in (6, 7, 9), o["mx"])
    has("bogustlsa.lab", "fault", "policy fault must-not-deliver",
        "STARTTLS good offered")
    o, _ = has("half.secure.lab", "warning", "coverage warning dane-partial")
    case("two hosts, by preference",
         [h["name"] for h in o["hosts"]] == ["mx.good.secure.lab",
                                             "mx.notlsa.secure.lab"] and
         o["hosts_covered"] == 1, o["hosts"])
    for _ in range(5):
        o, _ = check("half.secure.lab")
        case("one order, however the resolver turns it",
             o["lines"][0]["text"].startswith(
                 "10 mx.good.secure.lab., 20 mx.notlsa.secure.lab.;") and
             [r[:5] for r in o["hosts"][0]["tlsa"]["records"]] ==
             ["2 1 1", "3 1 1"], o)
    has("half2.insecure.lab", "warning", "policy warning dane-half",
        "MX warning mx-unsigned", "DANE good matched")
    has("null.secure.lab", "good", "MX note null-mx")
    has("six.secure.lab", "good", "IPv6 good address", "DANE good matched",
        "advice note name-differs", "certificate note other-name")
    o, _ = has("alias.secure.lab", "good", "CNAME note domain-is-alias",
               "DANE good matched")
    has("mxalias.secure.lab", "warning", "CNAME warning mx-is-alias",
        "DANE good matched")
    has("noaddress.secure.lab", "fault", "address fault no-address")
    has("isaddress.secure.lab", "fault", "MX fault mx-is-address")
    has("nosuch.secure.lab", "fault", "MX fault no-such-domain")
    o, _ = has("both.secure.lab", "good", "connection note no-route",
               "DANE good matched")
    o, _ = has("mx.good.secure.lab", "good", "MX note no-mx",
               "policy good dane-auth", "DANE good matched")
    case("a host is itself alone", o["kind"] == "host" and
         len(o["hosts"]) == 1, o)
    has("MX.Good.secure.lab.", "good", "DANE good matched")


def resolvers():
    got = analyzer("check", "good.secure.lab", "--resolver", dns.OUTSIDE)
    case("a resolver elsewhere", got.returncode == 2 and
         "--trust-resolver" in got.stderr, got.stderr)
    has("good.secure.lab", "good", "policy good dane-auth",
        args=("--resolver", dns.OUTSIDE, "--trust-resolver"))
    has("good.secure.lab", "unknown", "MX unknown mx-failed",
        args=("--resolver", "127.0.0.77"), status=1)
    snapshot = pathlib.Path(FOLDER, "lab.zone")
    snapshot.write_text(f""";! zone lab: secure
good.secure.lab. 300 IN MX 10 mx.good.secure.lab.
mx.good.secure.lab. 300 IN A {address(1)}
_25._tcp.mx.good.secure.lab. 300 IN TLSA 3 1 1 {spki('mismatch')}
_25._tcp.mx.good.secure.lab. 300 IN TLSA 2 1 1 {spki('ca')}
""", encoding="ascii")
    has("good.secure.lab", "warning", "advice warning tlsa-at-risk",
        args=("--policy", "file:lab.zone"))
    for args, word in ((("--policy", "file:lab.zone", "--sts"), "--sts"),
                       (("--policy", "of"), "file:PATH"),
                       (("--policy", "file:none"), "none"),
                       (("--resolver", "x"), "--resolver x"),
                       (("--port", "0"), "--port 0"),
                       (("--sort", "x"), "--sort")):
        got = analyzer("check", "good.secure.lab", *args)
        case(f"wrong use: {args}", got.returncode in (1, 2) and
             word in got.stderr and got.stdout == "", got.stderr)
    for name in ("192.0.2.1", "a b", "x" * 300, "b\u00fccher.example", ""):
        got = analyzer("check", name)
        case(f"no name: {name[:20]!r}", got.returncode == 2 and
             "Sanitizer" not in got.stderr, got.stderr)


def monitoring():
    for name, status, begin in (
            ("good", 0, "OK: good.secure.lab: nothing to mend | "),
            ("atrisk", 1, "WARNING: atrisk.secure.lab: "),
            ("mismatch", 2, "CRITICAL: mismatch.secure.lab: "),
            ("hostile", 3, "UNKNOWN: hostile.secure.lab: ")):
        got = analyzer("check", f"{name}.secure.lab", "--check")
        case(f"--check {name}", got.returncode == status and
             got.stdout.startswith(begin) and got.stdout.count("\n") == 1 and
             " | faults=" in got.stdout, got.stdout + got.stderr)
    got = analyzer("check", "a.lab", "--check", "--resolver", "192.0.2.9")
    case("--check, wrong use", got.returncode == 3 and
         got.stdout.startswith("UNKNOWN: "), got.stdout)


def forms():
    rows = [json.loads(line) for line in analyzer(
        "check", "mismatch.secure.lab", "-o", "jsonl").stdout.splitlines()]
    case("jsonl: the same remarks", [
        (r["host"], r["address"], r["about"], r["verdict"], r["word"])
        for r in rows] == lines(check("mismatch.secure.lab")[0]), rows)
    got = analyzer("check", "mismatch.secure.lab", "-o", "csv").stdout
    case("csv", got.startswith("name,host,address,about,verdict,word,text\n"),
         got)
    for width in (80, 120):
        got = subprocess.run(
            ["script", "-qec", f"stty cols {width}; exec {ANALYZER} check "
             "atrisk.secure.lab", "/dev/null"], cwd=FOLDER, text=True,
            capture_output=True, timeout=60).stdout
        plain = [line.rstrip("\r") for line in got.split("\n")]
        for code in ("\x1b[1m", "\x1b[31m", "\x1b[33m", "\x1b[36m",
                     "\x1b[0m"):
            plain = [line.replace(code, "") for line in plain]
        case(f"a page of {width} columns", plain[0] ==
             "atrisk.secure.lab: warning" and
             max(map(len, plain)) <= width, got)


# --- what sensors saw ---

def make_database(path, sql):
    spec = importlib.util.spec_from_file_location("cli_run", CLI / "run.py")
    cli = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(cli)
    stamp = (f"PRAGMA application_id = "
             f"{cli.constant('SCHEMA_APPLICATION_ID')};"
             f"PRAGMA user_version = {cli.constant('SCHEMA_VERSION')};")
    cli.make(path, *(cli.read(cli.SCHEMA, n) for n in ("schema.sql",
                                                       "views.sql")),
             stamp, *(cli.read(CLI, n) for n in ("words.sql", "stage.sql")),
             sql, cli.read(CLI, "load.sql")).close()


def seen():
    now = int(time.time()) - 1772366400
    leaf = "INSERT INTO certificate (id, sha256, spki_sha256, der) VALUES " \
        f"(1, x'01', x'{spki('good')}', x''), (2, x'02', x'bb', x'');"
    row = "INSERT INTO seen (low, second, client, server, offer, tls, " \
        "tls_version, certificate, leaf) VALUES (%d, %d, '203.0.113.5', " \
        "'%s', '%s', '%s', %s, %s, %s);"
    make_database(f"{FOLDER}/seen.db", leaf + row % (
        1, now - 3 * 3600, address(1), "absent", "none", "NULL", "NULL",
        "NULL") + row % (
        2, now - 9 * 3600, address(1), "offered", "established",
        "'TLSv1.2'", "'visible'", "2") + row % (
        3, now - 600, address(2), "offered", "established", "'TLSv1.3'",
        "'hidden'", "NULL") + row % (
        4, now - 5 * 86400, address(7), "offered", "established",
        "'TLSv1.3'", "'hidden'", "NULL") + row % (
        5, now - 7200, address(18), "offered", "established", "'TLSv1.2'",
        "'visible'", "1"))
    o, got = has("good.secure.lab", "warning",
                 "sensor warning seen-not-offered",
                 "sensor warning seen-other-key",
                 "sensor note seen-older-tls", args=("-d", "seen.db"))
    case("when", "saw STARTTLS absent 3 hours ago (session" in got.stdout and
         "another key than the one the sensor saw 9 hours ago" in got.stdout,
         got.stdout)
    has("good.secure.lab", "warning", "sensor warning seen-other-key",
        args=("-d", "seen.db", "--until", "4h"))
    has("mismatch.secure.lab", "fault", "sensor good seen-same",
        args=("-d", "seen.db"))
    has("nooffer.secure.lab", "fault", "sensor warning seen-offered",
        args=("-d", "seen.db"))
    o, _ = has("early.secure.lab", "warning", "sensor note seen-older-tls",
               args=("-d", "seen.db"))
    case("the same key", not any("key" in w for *_, w in lines(o)), lines(o))
    has("notlsa.secure.lab", "warning", args=("-d", "seen.db"))
    got = analyzer("check", "good.secure.lab", "-d", "nothing-here.db")
    case("a database that is not there", got.returncode == 1 and
         "nothing-here.db" in got.stderr, got.stderr)
    shutil.copy(f"{FOLDER}/seen.db", f"{FOLDER}/striptls.db")
    has("good.secure.lab", "warning", "sensor warning seen-not-offered")
    os.unlink(f"{FOLDER}/striptls.db")


# --- MTA-STS ---

def sts():
    has("sts.secure.lab", "good", "MTA-STS note sts-record")
    make_leaf("sts", "mta-sts.sts.secure.lab,DNS:mta-sts.stswrong.secure.lab")
    policy = "version: STSv1\nmode: enforce\nmx: mx.good.secure.lab\n" \
        "max_age: 86400\n"

    class Handler(servers.http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.end_headers()
            self.wfile.write(policy.encode())

        def log_message(self, *words):
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{FOLDER}/sts.pem", f"{FOLDER}/sts.key")
    server = servers.http.server.ThreadingHTTPServer((address(43), 443),
                                                     Handler)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    has("sts.secure.lab", "fault", "MTA-STS fault sts-fetch",
        args=("--sts",))
    # libcurl's own list of authorities, for this one process
    trusted = "/etc/ssl/certs/ca-certificates.crt"
    mount = ("unshare", "-m", "sh", "-c", f"mount --bind {FOLDER}/ca.crt "
             f'{trusted} && exec "$0" "$@"')
    if os.path.exists(trusted) and subprocess.run(
            [*mount, "true"], check=False).returncode == 0:
        has("sts.secure.lab", "good", "MTA-STS good enforce",
            "MTA-STS good sts-mx", args=("--sts",), before=mount)
        has("stswrong.secure.lab", "fault", "MTA-STS good enforce",
            "MTA-STS fault sts-mx-missing", args=("--sts",), before=mount)
    else:
        print("no mounts here: a policy that can be had was not tried")
    server.shutdown()
    server.server_close()


# --- all of it ---

def set_up():
    dns.set_up_loopback()
    for octet in [h[2] for h in HOSTS] + [43]:
        zones.run("ip", "address", "add", address(octet) + "/32", "dev", "lo")
    zones.run("ip", "address", "add", V6 + "/128", "dev", "lo", "nodad")
    make_ca()
    for _, name, _, _, how in HOSTS:
        if how is None or name not in how.get("names", ()):
            continue
        zone = next(h[0] for h in HOSTS if h[1] == name)
        make_leaf(name, "elsewhere.example" if name == "othername" else
                  f"mx.{name}.{zone}.lab", begin=PAST,
                  end="20210101000000Z" if "expired" in name else FUTURE)
    make_leaf("rsa", "mx.tlsonly.secure.lab", key=("rsa:2048",))
    # one certificate for many: their names do not matter to 3 1 1
    zones.ZONES.clear()
    zones.ZONES.update(ZONES)
    zones.records = records


def main():
    if any(shutil.which(t, path=os.environ["PATH"] + ":/usr/sbin:/sbin") is
           None for t in TOOLS):
        print("check: nsd, unbound, ldnsutils, openssl or iproute2 missing")
        return 77
    dns.enter_namespace()
    set_up()
    files, anchor = zones.build(FOLDER)
    running = [servers.nsd(FOLDER, zones.AUTH, files)]
    try:
        servers.wait_for(zones.AUTH)
        running.append(servers.unbound(
            FOLDER, [dns.RESOLVER, dns.OUTSIDE],
            f". NS ns.lab.\nns.lab. A {zones.AUTH}\n", anchor))
        servers.wait_for(dns.RESOLVER, "secure.lab.")
        for zone, name, octet, _, how in HOSTS:
            if how is not None:
                SERVERS[name] = Server(address(octet), **how)
        SERVERS["six"] = Server(V6, names=["good"])
        for part in (states, names, resolvers, monitoring, forms, seen, sts):
            part()
    finally:
        for process in reversed(running):
            process.close()
    print(f"check: {passed} cases passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: check.py BUILD")
    ANALYZER = str(pathlib.Path(sys.argv[1]).resolve() / "striptls-analyzer")
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    SERVERS = {}
    with tempfile.TemporaryDirectory() as FOLDER:
        sys.exit(main())
