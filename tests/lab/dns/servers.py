# SPDX-License-Identifier: ISC
"""Servers of the DNS lab: NSD, Unbound, a proxy that spoils some answers,
resolvers that lie, and HTTPS for MTA-STS.  All end with the test."""
import http.server
import os
import select
import socket
import ssl
import struct
import subprocess
import threading
import time

import zones

NAMES = {1: "A", 5: "CNAME", 15: "MX", 16: "TXT", 28: "AAAA", 52: "TLSA"}


def question(message):
    """Name and type of the question, or None."""
    labels, at = [], 12
    try:
        while message[at]:
            n = message[at]
            labels.append(message[at + 1:at + 1 + n].decode("latin-1"))
            at += n + 1
        rtype = struct.unpack(">H", message[at + 1:at + 3])[0]
    except (IndexError, struct.error):
        return None
    return ".".join(labels).lower(), NAMES.get(rtype, str(rtype)), at + 5


def reply(query, rcode=0, flags=0x8180, answers=b"", count=0, ident=None,
          asked=None):
    """A reply to a query, with the question copied and no OPT."""
    end = question(query)[2]
    return (ident or query[:2]) + struct.pack(
        ">HHHHH", flags | rcode, 1, count, 0, 0) + (
            asked or query[12:end]) + answers


def record(rtype, data, ttl=300, owner=b"\xc0\x0c"):
    return owner + struct.pack(">HHIH", rtype, 1, ttl, len(data)) + data


def wire_name(name):
    return b"".join(bytes([len(p)]) + p.encode()
                    for p in name.strip(".").split(".")) + b"\0"


class Udp:
    """Calls answer(query, send) for each datagram, in a thread of its own."""

    def __init__(self, address, port=53):
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((address, port))
        self.tcp = socket.socket()
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.tcp.bind((address, port))
        self.tcp.listen(64)
        self.over = False
        self.seen = []
        threading.Thread(target=self.loop, daemon=True).start()

    def loop(self):
        while not self.over:
            ready, _, _ = select.select([self.udp, self.tcp], [], [], 0.2)
            if self.udp in ready:
                query, peer = self.udp.recvfrom(65535)
                threading.Thread(target=self.one, args=(query, peer),
                                 daemon=True).start()
            if self.tcp in ready:
                threading.Thread(target=self.stream,
                                 args=(self.tcp.accept()[0],),
                                 daemon=True).start()

    def one(self, query, peer):
        def send(message):
            if not self.over:
                self.udp.sendto(message, peer)

        send.peer = peer
        q = question(query)
        if q:
            self.seen.append(q[:2])
            try:
                self.answer(query, q, send, False)
            except OSError:
                pass        # the test is over, or the truth is late

    def stream(self, conn):
        with conn:
            conn.settimeout(5)
            try:
                size = struct.unpack(">H", conn.recv(2))[0]
                query = b""
                while len(query) < size:
                    more = conn.recv(size - len(query))
                    if not more:
                        return
                    query += more
                q = question(query)
                if q:
                    self.answer(query, q, lambda m: conn.sendall(
                        struct.pack(">H", len(m)) + m), True)
            except (OSError, struct.error):
                pass

    def answer(self, query, q, send, tcp):
        raise NotImplementedError

    def close(self):
        self.over = True
        time.sleep(0.3)
        self.udp.close()
        self.tcp.close()


def ask_udp(address, query, port=53, timeout=5):
    """One question to a real server; over TCP when it is truncated."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(timeout)
        s.connect((address, port))
        s.send(query)
        answer = s.recv(65535)
    if answer[2] & 2:
        with socket.create_connection((address, port), timeout) as s:
            s.sendall(struct.pack(">H", len(query)) + query)
            f = s.makefile("rb")
            answer = f.read(struct.unpack(">H", f.read(2))[0])
    return answer


class Proxy(Udp):
    """An authoritative server as NSD is, that fails at some questions."""
    RCODES = {"refused": 5, "notimp": 4, "formerr": 1, "nottlsa": 2}

    def answer(self, query, q, send, tcp):
        zone = q[0].split(".")[-2] if "." in q[0] else ""
        if q[1] == "TLSA" and zone == "silenttlsa":
            return
        if q[1] == "TLSA" and zone in self.RCODES:
            send(reply(query, self.RCODES[zone], 0x8000))
            return
        if q[1] == "AAAA" and zone == "v6bad":
            send(reply(query, 2, 0x8000))
            return
        if zone == "ent" and q[0] == "_tcp.mx.ent.lab":
            send(reply(query, 3, 0x8400))
            return
        try:
            answer = ask_udp(zones.BEHIND, query)
            if not tcp and len(answer) > 1232:
                answer = reply(query, 0, 0x8600)
            send(answer)
        except OSError:
            pass


class Process:
    def __init__(self, command, log):
        self.log = open(log, "w")
        self.p = subprocess.Popen(command, stdout=self.log, stderr=self.log,
                                  stdin=subprocess.DEVNULL)

    def close(self):
        self.p.terminate()
        try:
            self.p.wait(10)
        except subprocess.TimeoutExpired:
            self.p.kill()
            self.p.wait()
        self.log.close()


def nsd(folder, address, files):
    text = """server:
  ip-address: %s
  port: 53
  username: ""
  chroot: ""
  zonesdir: "%s"
  database: ""
  pidfile: ""
  xfrdfile: "%s/xfrd.%s"
  zonelistfile: "%s/zonelist.%s"
  xfrdir: "%s"
  server-count: 1
  verbosity: 1
remote-control:
  control-enable: no
""" % (address, folder, folder, address, folder, address, folder)
    for zone, path in files.items():
        text += 'zone:\n  name: "%s"\n  zonefile: "%s"\n' % (zone, path)
    conf = os.path.join(folder, "nsd-%s.conf" % address)
    open(conf, "w").write(text)
    return Process(["nsd", "-d", "-c", conf], conf + ".log")


def unbound(folder, interfaces, hints, anchor, more=""):
    name = os.path.join(folder, "unbound-" + interfaces[0])
    open(name + ".hints", "w").write(hints)
    open(name + ".anchor", "w").write(anchor + "\n")
    text = "server:\n" + "".join(
        "  interface: %s\n" % i for i in interfaces) + """
  port: 53
  username: ""
  chroot: ""
  directory: "%s"
  pidfile: ""
  use-syslog: no
  logfile: ""
  verbosity: 1
  num-threads: 1
  do-ip6: no
  do-not-query-localhost: no
  access-control: 0.0.0.0/0 allow
  root-hints: "%s.hints"
  trust-anchor-file: "%s.anchor"
  trust-anchor-signaling: no
  module-config: "validator iterator"
  ede: yes
  val-log-level: 2
  outgoing-range: 450
  num-queries-per-thread: 2048
  infra-host-ttl: 60
%s
remote-control:
  control-enable: no
""" % (folder, name, name, more)
    open(name + ".conf", "w").write(text)
    return Process(["unbound", "-d", "-c", name + ".conf"], name + ".log")


def wait_for(address, name="lab.", seconds=30):
    """Until the server answers at all."""
    query = b"\x12\x34\x01\x00\0\1\0\0\0\0\0\0" + (
        b"\0" if name == "." else wire_name(name)) + b"\0\6\0\1"
    for _ in range(seconds * 5):
        try:
            if ask_udp(address, query, timeout=1)[3] & 15 == 0:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise SystemExit("%s does not answer" % address)


def certificate(folder, name, hosts, issuer=None):
    """A key and a certificate by `issuer` (None: itself); their paths."""
    key, cert = (os.path.join(folder, name + e) for e in (".key", ".pem"))
    zones.run("openssl", "ecparam", "-name", "prime256v1", "-genkey",
              "-noout", "-out", key)
    if issuer is None:
        zones.run("openssl", "req", "-x509", "-new", "-key", key, "-out",
                  cert, "-days", "30", "-subj", "/CN=" + name,
                  "-addext", "basicConstraints=critical,CA:true")
        return key, cert
    request = os.path.join(folder, name + ".csr")
    extensions = os.path.join(folder, name + ".ext")
    open(extensions, "w").write("subjectAltName=" + ",".join(
        "DNS:" + h for h in hosts))
    zones.run("openssl", "req", "-new", "-key", key, "-out", request,
              "-subj", "/CN=" + name)
    zones.run("openssl", "x509", "-req", "-in", request, "-CA", issuer[1],
              "-CAkey", issuer[0], "-CAcreateserial", "-out", cert, "-days",
              "30", "-extfile", extensions, stderr=subprocess.DEVNULL)
    return key, cert


class StsHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        host = self.headers.get("Host", "").split(":")[0].split(".")
        name = host[1] if len(host) > 1 else ""
        self.server.seen.append(name)
        body = zones.STS.get(name, zones.STS["enforce"]).encode()
        kind = "text/plain; charset=utf-8"
        if name == "redirect":
            self.send_response(302)
            self.send_header("Location", "https://mta-sts.enforce.sts.secure"
                             ".lab:%d/.well-known/mta-sts.txt" %
                             self.server.server_port)
            self.end_headers()
            return
        if name == "missing" or self.path != "/.well-known/mta-sts.txt":
            self.send_error(404)
            return
        if name == "html":
            kind = "text/html"
        if name == "huge":
            body += b"x: " + b"y" * 70000 + b"\n"
        if name == "slow":
            time.sleep(8)
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


def https(folder, port, ca, untrusted):
    """Serves by name: one certificate for all, another for `untrusted`."""
    hosts = ["mta-sts.%s.sts.secure.lab" % n
             for n in list(zones.STS) + list(zones.STS_WRONG)]
    good, bad = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), \
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    key, cert = certificate(folder, "sts", hosts, ca)
    good.load_cert_chain(cert, key)
    key, cert = certificate(folder, "bad", hosts, untrusted)
    bad.load_cert_chain(cert, key)

    def choose(sock, name, _):
        if name and ".untrusted." in name:
            sock.context = bad
    good.sni_callback = choose
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), StsHandler)
    server.seen = []
    server.daemon_threads = True
    server.socket = good.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
