#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""sts.py BUILD -- MTA-STS, from the web server to findings and reports.

Policies outlive the sensor (RFC 8461 section 5.1):
fetched once, they rule when it is started again though web server and TXT
record are gone, and in a new policy process when the old one was killed; but
not when they have expired.  A policy in mode testing makes little of mail in
clear, and is told in a TLS-RPT report as it stood.

With a resolver and a web server of its own, in a network and mount namespace:
the authority that vouches for the web server stands where libcurl looks for
all of them.  Needs root; is skipped without (status 77).
"""
import http.server
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/tools"), str(ROOT / "tests/lab/dns")]
import dns_wire  # noqa: E402
import servers  # noqa: E402
import span  # noqa: E402
import talk  # noqa: E402

AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
DOMAIN, HOST, SERVER, WEB = ("rcpt.example", "mx.example", "198.51.100.119",
                             "203.0.113.80")
TESTED, TESTS = "tested.example", "mx.tested.example"
POLICIES = {
    DOMAIN: f"version: STSv1\nmode: enforce\nmx: {HOST}\nmax_age: 86400\n",
    TESTED: f"version: STSv1\nmode: testing\nmx: *.{TESTED}\n"
            "max_age: 86400\n"}
MAIL = f"""start 2026-03-01T12:00:00Z
client 192.0.2.119:%d
server {SERVER}:25
greet {HOST} -
mail a@sender.example b@%s
quit
"""
failures = 0


def case(name, got, want):
    global failures
    if got != want:
        failures += 1
        print(f"FAIL {name}: got {got}, want {want}")


class Resolver(servers.Udp):
    txt = "v=STSv1; id=20260301;"

    def answer(self, query, q, send, tcp):
        has = {(DOMAIN, "MX"): ["10", HOST], (HOST, "A"): [SERVER],
               (f"mta-sts.{DOMAIN}", "A"): [WEB],
               (TESTED, "MX"): ["10", TESTS], (TESTS, "A"): [SERVER],
               (f"mta-sts.{TESTED}", "A"): [WEB],
               (f"_mta-sts.{TESTED}", "TXT"): ["v=STSv1; id=1;"],
               (f"_mta-sts.{DOMAIN}", "TXT"): self.txt and [self.txt]}
        words = has.get(q[:2])
        if not words:
            send(servers.reply(query))
            return
        send(servers.reply(query, 0, 0x8180, servers.record(
            dns_wire.TYPES[q[1]], dns_wire.data(q[1], words)), 1))


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.fetched += 1
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        domain = self.headers["Host"].removeprefix("mta-sts.")
        self.wfile.write(POLICIES[domain].encode())

    def log_message(self, *words):
        pass


def serve(key, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    web = http.server.ThreadingHTTPServer((WEB, 443), Page)
    web.fetched = 0
    web.daemon_threads = True
    web.socket = context.wrap_socket(web.socket, server_side=True)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    return web


class Run:
    def __init__(self, build, folder):
        self.program, self.folder = f"{build}/striptls-sensor", folder
        self.analyzer = f"{build}/striptls-analyzer"
        self.db, self.port = f"{folder}/a.db", 40000
        pathlib.Path(folder, "sensor.yaml").write_text("mta_sts: true\n")
        self.wire = span.open_wire()

    def ask(self, sql, *values):
        if not os.path.exists(self.db):
            return []
        con = sqlite3.connect(self.db, timeout=10)
        try:
            with con:
                return con.execute(sql, values).fetchall()
        except sqlite3.OperationalError:
            return []
        finally:
            con.close()

    def start(self):
        self.sensor = span.Sensor(
            self.program, self.db, "-c", f"{self.folder}/sensor.yaml",
            "--resolver", "127.0.0.1@5353")
        if not self.sensor.ready:
            raise SystemExit(f"did not start: {self.sensor.end()[1]}")

    def stop(self):
        status, said = self.sensor.end()
        case("end", (status, "runtime error" in said), (0, False))

    def mail(self, domain=DOMAIN):
        """(sts, because of what) of one more mail in clear."""
        self.port += 1
        path = pathlib.Path(self.folder, "mail.talk")
        path.write_text(MAIL % (self.port, domain))
        for frame in talk.Talk(path).frames:
            self.wire.send(frame.data)
        found = []

        def came():
            found[:] = self.ask(
                "SELECT sts, EXISTS (SELECT 1 FROM v_findings AS f WHERE "
                "f.session_id = v.id AND f.because LIKE '%sts%') "
                "FROM v_sessions AS v WHERE client_port = ? AND "
                "\"end\" <> 'open'", self.port)
            return found
        span.wait_for(came, self.sensor.proc)
        return found[0] if found else None

    def worker(self):
        """The process that fetches: the child of the sensor's child."""
        pid = self.sensor.proc.pid
        for _ in range(2):
            pid = int(pathlib.Path(
                f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
        return pid


def run(r, resolver, key, certificate):
    web = serve(key, certificate)
    r.start()
    case("fetched", (r.mail(), web.fetched), (("enforce", 1), 1))
    case("known", (r.mail(), web.fetched), (("enforce", 1), 1))
    span.wait_for(lambda: r.ask("SELECT 1 FROM sts_policy"), r.sensor.proc)
    (line,), = r.ask("SELECT line FROM sts_policy WHERE domain = ?", DOMAIN)
    case("kept", (line.split()[:3], line.split()[4:]),
         (["STSv1", DOMAIN, "20260301"], ["enforce", "86400", HOST]))
    web.shutdown()
    web.server_close()

    os.kill(r.worker(), signal.SIGKILL)
    case("the policy process was killed", r.mail(), ("enforce", 1))
    r.stop()
    r.start()
    case("started again, the web server is gone", r.mail(), ("enforce", 1))
    r.stop()
    resolver.txt = None
    r.start()
    case("... and the record too", r.mail(), ("enforce", 1))
    r.stop()

    # the day it expires
    words = line.split()
    words[3] = "1772366400"
    r.ask("UPDATE sts_policy SET expires = 1772366400000000, line = ?",
          " ".join(words))
    r.start()
    case("expired, without a record", r.mail(), ("none", 0))
    r.stop()
    resolver.txt = Resolver.txt
    r.start()
    case("expired, and not to be fetched", r.mail(), ("unknown", 0))
    r.stop()
    web = serve(key, certificate)
    r.start()
    case("fetched again", (r.mail(), web.fetched), (("enforce", 1), 1))
    case("in mode testing", (r.mail(TESTED), web.fetched), (("testing", 1),
                                                            2))
    r.stop()
    case("... which makes little of it", r.ask(
        "SELECT f.kind, f.because, f.severity, s.verdict FROM v_findings AS f JOIN "
        "v_sessions AS s ON s.id = f.session_id WHERE s.sts = 'testing' "
        "AND f.severity <> 'info'"),
         [("mail-in-clear", '["sts"]', "low", "suspicious")])
    report(r)
    case("in its place", r.ask("SELECT count(*), min(expires) > "
                               "1772366400000000 FROM sts_policy WHERE "
                               "domain = ?", DOMAIN), [(1, 1)])
    web.shutdown()


def report(r):
    """Its policies as they were fetched (RFC 8460 section 4.4)."""
    run_ = subprocess.run(
        [r.analyzer, "-d", r.db, "report", "--tls-rpt", "--since",
         "2020-01-01", "--until", "now"], capture_output=True, text=True,
        timeout=60, check=False)
    told = {p["policy"]["policy-domain"]: p
            for p in json.loads(run_.stdout)["policies"]
            if p["policy"]["policy-type"] == "sts"
            and p["policy"]["policy-string"]}
    case("reported", {d: p["policy"]["policy-string"]
                      for d, p in told.items()},
         {d: text.splitlines() for d, text in POLICIES.items()})
    tested = told.get(TESTED, {"policy": {}})
    case("... with patterns", tested["policy"].get("mx-host"),
         [f"*.{TESTED}"])
    case("... and what came of it", [
        (d["result-type"], d["receiving-mx-hostname"],
         d["failure-reason-code"], d["failed-session-count"])
        for d in tested.get("failure-details", [])],
        [("starttls-not-supported", TESTS, "not-offered", 1)])


def inside(build):
    span.make_pair()
    folder = tempfile.mkdtemp(prefix="striptls-sts.")
    try:
        ca = servers.certificate(folder, "ca", [])
        key, certificate = servers.certificate(
            folder, "web", [f"mta-sts.{DOMAIN}", f"mta-sts.{TESTED}"], ca)
        subprocess.run(["mount", "--bind", ca[1], AUTHORITIES], check=True)
        subprocess.run(["ip", "address", "add", f"{WEB}/32", "dev", "lo"],
                       check=True)
        resolver = Resolver("127.0.0.1", 5353)
        r = Run(build, folder)
        try:
            run(r, resolver, key, certificate)
        finally:
            if r.sensor.proc.poll() is None:
                r.sensor.end()
            resolver.close()
    finally:
        shutil.rmtree(folder)
    print(f"sts: {r.port - 40000} mails, {failures} wrong")
    return 1 if failures else 0


def main():
    if len(sys.argv) > 2 and sys.argv[2] == "--inside":
        return inside(sys.argv[1])
    if os.getuid() != 0 or not os.path.exists(AUTHORITIES) or subprocess.run(
            ["unshare", "-n", "-m", "true"], capture_output=True,
            check=False).returncode != 0:
        print("MTA-STS needs root, namespaces and certificates")
        return 77
    return subprocess.run(["unshare", "-n", "-m", sys.executable, __file__,
                           sys.argv[1], "--inside"], timeout=240,
                          check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
