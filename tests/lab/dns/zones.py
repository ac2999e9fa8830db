# SPDX-License-Identifier: ISC
"""The zones of the DNS lab: a root of its own, signed here, and children
that are right, unsigned, tampered with, expired and otherwise odd."""
import hashlib
import os
import re
import subprocess

AUTH = "192.0.2.1"       # NSD
PROXY = "192.0.2.2"      # servers.Proxy: as NSD, but for some questions
BEHIND = "192.0.2.3"     # the NSD that the proxy asks

DIGEST = {n: hashlib.sha256(n.encode()).hexdigest()
          for n in ("good", "other", "alias", "target", "leaf")}
GOOD = "3 1 1 " + DIGEST["good"]

# Zones below "lab.": how each is signed and delegated.
#   signed    yes, no
#   tamper    owner whose record of that type is changed after signing
#   days      signature validity, relative to now
#   ds        "own", "none", "wrong", "unknown"
#   via       who serves it
ZONES = {
    "secure": {},
    "insecure": {"signed": False},
    "bogus": {"tamper": [("bogus.lab.", "MX")]},
    "expired": {"days": (-60, -30)},
    "future": {"days": (30, 60)},
    "wrongds": {"ds": "wrong"},
    "unknownalg": {"signed": False, "ds": "unknown"},
    "bogustlsa": {"tamper": [("_25._tcp.mx.bogustlsa.lab.", "TLSA")]},
    "nsec3": {"nsec3": 0},
    "iterations": {"nsec3": 200},
    "many": {},
    "silenttlsa": {"via": PROXY},
    "refused": {"via": PROXY},
    "notimp": {"via": PROXY},
    "formerr": {"via": PROXY},
    "v6bad": {"via": PROXY},
    "ent": {"via": PROXY},
    "nottlsa": {"signed": False, "via": PROXY},
}

SOA = "@ 300 IN SOA ns.lab. hostmaster.lab. 1 3600 900 604800 300\n"

MANY = 6700              # three lookups each


def many_digest(i):
    return hashlib.sha256(b"many %d" % i).hexdigest()


def many_address(i):
    return "10.%d.%d.%d" % (1 + i // 65536, i // 256 % 256, i % 256)


def records():
    """Records by zone, without SOA and NS."""
    g = GOOD
    simple = "@ MX 10 mx\nmx A 198.51.100.1\nmx AAAA 2001:db8::1\n" \
        "_25._tcp.mx TLSA %s\n" % g
    z = {name: simple for name in ZONES}
    z["insecure"] = """
@ MX 10 mx
mx A 198.51.100.4
_25._tcp.mx TLSA {g}
d05 MX 10 mx01.secure.lab.
alias19 CNAME mx01.secure.lab.
_tlsa TLSA {g}
host A 198.51.100.18
""".format(g=g)
    z["nottlsa"] = "mx A 198.51.100.6\n"
    z["unknownalg"] = simple
    z["iterations"] = """
@ MX 10 mx
mx A 198.51.100.27
d30 A 198.51.100.30
_25._tcp.d30 TLSA {g}
""".format(g=g)
    z["many"] = "".join(
        "d%d MX 10 mx%d\nmx%d A %s\n_25._tcp.mx%d TLSA 3 1 1 %s\n" % (
            i, i, i, many_address(i), i, many_digest(i))
        for i in range(MANY))
    z["secure"] = """
d01 MX 10 mx01
mx01 A 198.51.100.1
mx01 AAAA 2001:db8::1
_25._tcp.mx01 TLSA {g}
d02 MX 10 mx02
mx02 A 198.51.100.2
d03 MX 10 mx03
mx03 A 198.51.100.3
_25._tcp.mx03 TXT "no TLSA here"
d04 MX 10 mx.insecure.lab.
d06 MX 10 mx.nottlsa.lab.
d14 MX 10 alias14
alias14 CNAME target14
target14 A 198.51.100.14
_25._tcp.target14 TLSA 3 1 1 {target}
d15 MX 10 alias15
alias15 CNAME target15
target15 A 198.51.100.15
_25._tcp.alias15 TLSA 3 1 1 {alias}
d16 MX 10 alias16
alias16 CNAME target16
target16 A 198.51.100.16
_25._tcp.target16 TLSA 3 1 1 {target}
_25._tcp.alias16 TLSA 3 1 1 {alias}
d17 MX 10 alias17
alias17 CNAME middle17
middle17 CNAME target17
target17 A 198.51.100.17
_25._tcp.middle17 TLSA {g}
d18 MX 10 alias18
alias18 CNAME host.insecure.lab.
_25._tcp.alias18 TLSA 3 1 1 {alias}
d19 MX 10 alias19.insecure.lab.
d20 MX 10 alias20
alias20 CNAME mx.bogustlsa.lab.
_25._tcp.alias20 TLSA 3 1 1 {alias}
d21 MX 10 mx.named
named DNAME hosts
mx.hosts A 198.51.100.21
_25._tcp.mx.hosts TLSA 3 1 1 {target}
d22a MX 10 loop1
loop1 CNAME loop2
loop2 CNAME loop1
d22b MX 10 chain0
d23 MX 10 mx23
mx23 A 198.51.100.23
_25._tcp.mx23 CNAME shared23
shared23 TLSA {g}
d24 MX 10 mx24
mx24 A 198.51.100.24
_25._tcp.mx24 CNAME _tlsa.insecure.lab.
d25 MX 10 mx25
mx25 A 198.51.100.25
_25._tcp.mx25 CNAME _25._tcp.mx.bogustlsa.lab.
d26 MX 10 mx26
mx26 A 198.51.100.26
*._tcp.mx26 TLSA {g}
d29 A 198.51.100.29
_25._tcp.d29 TLSA {g}
d31 MX 0 .
d32 MX 0 .
d32 MX 10 mx01
d33 MX 10 198.51.100.33.
d34 MX 10 mx01
d35 MX 10 mx01
d35 MX 20 mx02
d35 MX 30 mx26
d36 MX 10 mx36
mx36 A 198.51.100.36
relay A 198.51.100.43
_25._tcp.relay TLSA {g}
half01 MX 10 mx01
half01 MX 20 mx.bogus.lab.
dane-tls MX 10 mx-tls
mx-tls A 198.51.100.50
_25._tcp.mx-tls TLSA 0 0 1 {other}
_25._tcp.mx-tls TLSA 1 1 1 {other}
sts MX 10 mx02
""".format(g=g, **DIGEST)
    z["secure"] += "".join("chain%d CNAME chain%d\n" % (i, i + 1)
                           for i in range(20))
    z["secure"] += "chain20 A 198.51.100.22\n"
    z["secure"] += "".join("_25._tcp.mx36 TLSA 3 1 1 %s\n" % (
        hashlib.sha256(b"big %d" % i).hexdigest()) for i in range(40))
    z["secure"] += sts_records()
    return z


# What the HTTPS server of servers.py serves, by domain (RFC 8461).
STS = {
    "enforce": "version: STSv1\r\nmode: enforce\r\nmx: mx02.secure.lab\r\n"
               "max_age: 86400\r\n",
    "testing": "version: STSv1\nmode: testing\nmx: *.secure.lab\n"
               "max_age: 86400\nunknown: x\nmode: enforce\n",
    "wild": "version: STSv1\nmode: enforce\nmx: *.lab\nmax_age: 86400\n",
    "nomode": "version: STSv1\nmx: *.secure.lab\nmax_age: 86400\n",
    "dane": "version: STSv1\nmode: enforce\nmx: *.secure.lab\n"
            "max_age: 86400\n",
    "off": "version: STSv1\nmode: none\nmax_age: 86400\n",
}
# How else it may go wrong: what the server does for that domain.
STS_WRONG = ("redirect", "missing", "html", "huge", "slow", "untrusted")


def sts_records():
    text = ""
    for name in list(STS) + list(STS_WRONG) + ["twice", "nosemi"]:
        host = "mx01" if name == "dane" else "mx02"
        text += "%s.sts MX 10 %s\nmta-sts.%s.sts A 127.0.0.1\n" % (
            name, host, name)
        if name == "nosemi":
            text += '_mta-sts.%s.sts TXT "v=STSv1"\n' % name
        else:
            text += '_mta-sts.%s.sts TXT "v=STSv1; id=" "one;"\n' % name
    text += '_mta-sts.twice.sts TXT "v=STSv1; id=two;"\n'
    text += 'absent.sts MX 10 mx02\n'
    return text


def run(*command, **more):
    return subprocess.run(command, check=True, text=True,
                          stdout=subprocess.PIPE, **more).stdout


class Signer:
    """Signs zones into `folder`; knows their DS."""

    def __init__(self, folder):
        self.folder = folder

    def key(self, zone):
        name = run("ldns-keygen", "-r", "/dev/urandom", "-a",
                   "ECDSAP256SHA256", "-k", zone, cwd=self.folder).strip()
        return name

    def ds(self, key):
        return open(os.path.join(self.folder, key + ".ds")).read().strip()

    def sign(self, zone, text, key, days=None, nsec3=None):
        plain = os.path.join(self.folder, zone.strip(".") + ".plain")
        signed = os.path.join(self.folder, zone.strip(".") + ".zone")
        with open(plain, "w") as f:
            f.write(text)
        options = []
        if days:
            for flag, day in zip(("-i", "-e"), days):
                options += [flag, run("date", "-u", "+%Y%m%d%H%M%S", "-d",
                                      "%d days" % day).strip()]
        if nsec3 is not None:
            options += ["-n", "-t", str(nsec3)]
        run("ldns-signzone", *options, "-f", signed, plain, key,
            cwd=self.folder, stderr=subprocess.DEVNULL)
        return signed


def tamper(path, owner, rtype):
    """Change the data of one record, and leave its signature."""
    lines = open(path).read().split("\n")
    for i, line in enumerate(lines):
        fields = line.split("\t")
        if len(fields) > 4 and fields[0] == owner and fields[3] == rtype:
            if rtype == "MX":
                fields[4] = re.sub(r"^\d+", "11", fields[4])
            else:
                last = "0" if fields[4].strip()[-1] != "0" else "1"
                fields[4] = fields[4].strip()[:-1] + last
            lines[i] = "\t".join(fields)
            break
    else:
        raise SystemExit("nothing to tamper with at %s" % owner)
    open(path, "w").write("\n".join(lines))


def is_proxied(zone):
    return ZONES.get(zone.split(".")[0], {}).get("via") == PROXY


def build(folder):
    """All zone files: {zone: path}, and the trust anchor's text."""
    signer = Signer(folder)
    files, delegations = {}, ""
    data = records()
    for name, how in ZONES.items():
        zone = name + ".lab."
        ns = "ns2.lab." if how.get("via") == PROXY else "ns.lab."
        text = "$ORIGIN %s\n$TTL 300\n%s@ NS %s\n%s" % (
            zone, SOA, ns, data[name])
        delegations += "%s NS %s\n" % (zone, ns)
        if how.get("ds") == "unknown":
            delegations += "%s DS 12345 200 2 %s\n" % (
                zone, DIGEST["other"])
        if not how.get("signed", True):
            files[zone] = os.path.join(folder, name + ".lab.zone")
            open(files[zone], "w").write(text)
            continue
        key = signer.key(zone)
        files[zone] = signer.sign(zone, text, key, how.get("days"),
                                  how.get("nsec3"))
        for owner, rtype in how.get("tamper", ()):
            tamper(files[zone], owner, rtype)
        ds = signer.ds(signer.key(zone) if how.get("ds") == "wrong" else key)
        delegations += ds + "\n"
    text = "$ORIGIN lab.\n$TTL 300\n%s@ NS ns\nns A %s\nns2 A %s\n%s" % (
        SOA, AUTH, PROXY, delegations)
    key = signer.key("lab.")
    files["lab."] = signer.sign("lab.", text, key)
    text = "$ORIGIN .\n$TTL 300\n%s@ NS ns.lab.\nlab. NS ns.lab.\n%s\n" \
        "ns.lab. A %s\n" % (SOA, signer.ds(key), AUTH)
    key = signer.key(".")
    files["."] = signer.sign("root", text, key)
    return files, signer.ds(key)
