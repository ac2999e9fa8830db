#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""finger.py BUILD -- our verdicts beside those of posttls-finger (Postfix)
and danetool --check (GnuTLS), which take TLSA records from validated DNS.

They ask an Unbound of ours, in a network and mount namespace where it is the
resolver of the system and its trust anchor that of libunbound, about zones
signed here:

  * the mail servers of check.py, and one for each usage, selector and
    matching type, shown the right certificate and another;
  * the lab's certificates, whose keys we have not: danetool takes them from
    their files, and each of the lab's records from our DNS.

Where one of them says otherwise, DIFFERS says why, and the test that it does.
Needs root; what is not there is said and left out, and with nothing left the
status is 77.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/lab"), str(ROOT / "tests/lab/dns"),
                str(ROOT / "tests/cli")]
import check as lab  # noqa: E402
import servers  # noqa: E402
import tlsa  # noqa: E402
import tlsa_cross as cross  # noqa: E402
import zones  # noqa: E402

RESOLVER = "127.0.0.1"
UNPACKED = ROOT / "build/unpacked"      # by "./dev deps"
ANCHORS = ("/usr/share/dns/root.key", "/etc/unbound/root.key",
           "/var/lib/unbound/root.key")
MANY = lab.address(200)
KINDS = [(u, s, m) for u in (2, 3) for s, m in
         ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2))]
# nobody else is asked about these: no TLS comes up, and danetool waits long
SILENT = ("nooffer", "refused", "closed", "masked", "hostile")
PKIX = ("takes usages 0 and 1 for what they are on the web; for SMTP they "
        "are unusable (RFC 7672 section 3.1.3)")
ONCE = ("asks once, and gets the ECDSA certificate; the RSA one, which other "
        "senders get, matches no record")
DIFFERS = {
    ("posttls-finger", "twokeys.secure.lab"): ONCE,
    ("danetool", "twokeys.secure.lab"): ONCE,
    ("danetool", "unusable.secure.lab"): PKIX,
    ("danetool", "pkix.many.secure.lab"): PKIX,
    ("danetool", "othername.secure.lab"):
        "does not look at names, which count under a trust anchor (RFC 7672 "
        "section 3.2.3)",
    ("danetool", "badtype.many.secure.lab"):
        "takes a record of an unknown kind for one that does not match; it "
        "is unusable, and asks for TLS alone (RFC 7672 section 2.2)",
    ("danetool", "agile.many.secure.lab"):
        "takes the weaker digest beside a stronger one that does not match "
        "(RFC 7671 section 9)",
}
passed = failed = 0
parts, told = [], set()


def case(name, ok, said=""):
    global passed, failed
    passed += ok
    if not ok:
        failed += 1
        print(f"FAIL {name}: {said}")


def compare(who, name, theirs, mine, said=""):
    """Alike, or for a reason that we know."""
    why = DIFFERS.get((who, name))
    if why is not None and theirs != mine:
        told.add((who, name))
        print(f"{name}: {who} says {theirs}, we {mine}: it {why}")
    case(f"{name}: {who}", (theirs == mine) == (why is None),
         f"{theirs}, we {mine}; {said}")


# --- the zones, and who is asked ---

def single_records():
    """A host, and its one record: each kind, of the right certificate and of
    another."""
    for kind in KINDS:
        numbers = " ".join(map(str, kind))
        for who in ("many" if kind[0] == 3 else "ca", "good"):
            yield ("h" + numbers.replace(" ", "") + who,
                   [f"{numbers} {tlsa.data(who, *kind[1:])}"])


def more_records():
    """What else the lab's zones have."""
    yield from single_records()
    yield "pkix", ["0 0 1 " + tlsa.data("ca", 0, 1),
                   "1 1 1 " + tlsa.data("many", 1, 1)]
    yield "badtype", ["3 1 9 " + "ab" * 32]
    yield "agile", ["3 1 1 " + tlsa.data("many", 1, 1),
                    "3 1 2 " + tlsa.data("good", 1, 2)]


def lab_chain(path):
    """Under a name that none of ours has."""
    out = pathlib.Path(lab.FOLDER, f"lab-{path.name}")
    out.write_bytes(path.read_bytes() +
                    (cross.LAB / "certs/labca.pem").read_bytes())
    return out


def lab_pairs():
    """(name of ours, host, chain, record): each lab record on its own, of the
    host and of another."""
    if not (cross.LAB / "lab.zone").exists():
        return []
    records = cross.lab_records()
    pairs = []
    for host, path, _ in cross.lab_certificates():
        for r in records.get(host, []) + records["mx.tls12.example"]:
            pairs.append((f"c{len(pairs)}.many.secure.lab", host,
                          lab_chain(path), r))
    return pairs


def add_records(pairs):
    before = lab.records

    def records():
        text = before()
        for host, tlsa_of in more_records():
            text["secure"] += (f"{host}.many MX 10 {host}.many\n"
                               f"{host}.many A {MANY}\n")
            for r in tlsa_of:
                text["secure"] += f"_25._tcp.{host}.many TLSA {r}\n"
        for name, _, _, r in pairs:
            text["secure"] += (f"{name}. A {MANY}\n"
                               f"_25._tcp.{name}. TLSA {r}\n")
        return text
    zones.records = records


def bind(text, over):
    name = pathlib.Path(lab.FOLDER, "bound" + over.replace("/", "-"))
    name.write_text(text, encoding="ascii")
    subprocess.run(["mount", "--bind", str(name), over], check=True)


def ours(domain):
    """(policy, is it kept by all chains: None if none was compared)"""
    o, got = lab.check(domain, "--resolver", RESOLVER)
    said = [(about, word) for _, _, about, _, word in lab.lines(o)]
    case(f"{domain}: check", o and "runtime error" not in got.stderr,
         got.stderr)
    policy = next((w for a, w in said if a == "policy"), None)
    words = [w for a, w in said if a == "DANE"]
    return policy, words == ["matched"] * len(words) if words else None


# --- posttls-finger ---

def find_finger():
    """Its path and environment; None: it is not there, or does not run."""
    env = dict(os.environ, MAIL_CONFIG=lab.FOLDER)
    path = shutil.which("posttls-finger")
    if path is None and (UNPACKED / "usr/sbin/posttls-finger").exists():
        path = str(UNPACKED / "usr/sbin/posttls-finger")
        env["LD_LIBRARY_PATH"] = str(UNPACKED / "usr/lib/postfix")
    if path is None:
        return None
    pathlib.Path(lab.FOLDER, "main.cf").write_text(
        "mail_owner = daemon\nsetgid_group = bin\n"
        "myhostname = client.example\ncompatibility_level = 3.7\n",
        encoding="ascii")
    run = subprocess.run([path, "-c"], env=env, capture_output=True,
                         text=True, timeout=30, errors="replace", check=False)
    return (path, env) if "destination [match" in run.stderr else None


def finger(which, domain):
    path, env = which
    run = subprocess.run([path, "-c", "-l", "dane", "-L", "summary", "-t",
                          "5", "-T", "5", domain], env=env, text=True,
                         capture_output=True, timeout=60, errors="replace",
                         check=False)
    text = run.stdout + run.stderr
    for word in ("Verified", "Trusted", "Untrusted", "Anonymous"):
        if f"{word} TLS connection established" in text:
            return word, text
    return None, text


def in_postfix_words(policy, kept):
    """Verified only under a signed MX; with records unusable, or none, it
    encrypts and trusts nobody."""
    if policy in (None, "must-not-deliver") or (
            kept is None and policy not in ("none-secure", "none-insecure")):
        return None
    if policy == "dane-half" and kept:
        return "Trusted"
    return "Verified" if policy == "dane-auth" and kept else "Untrusted"


def cross_finger(which, verdicts):
    for domain, (policy, kept) in verdicts.items():
        word, text = finger(which, domain)
        compare("posttls-finger", domain, word, in_postfix_words(
            policy, kept), text[-300:])
    parts.append(f"{len(verdicts)} domains as posttls-finger")


# --- danetool ---

def danetool(host, *more):
    """True, False, or None: there was nothing that it would compare."""
    run = subprocess.run(["danetool", "--check", host, "--port", "25",
                          "--starttls-proto", "smtp", "--local-dns", *more],
                         text=True, capture_output=True, timeout=60,
                         stdin=subprocess.DEVNULL, errors="replace",
                         check=False)
    text = run.stdout + run.stderr
    if "Certificate matches" in text:
        return run.returncode == 0, text
    return (False if "Verification failed" in text else None), text


def host_of(domain):
    return domain if domain.split(".")[1] == "many" else f"mx.{domain}"


def cross_danetool(verdicts):
    """It takes the name of a host: what is above that it does not see."""
    compared = 0
    for domain, (policy, kept) in verdicts.items():
        if policy is None or domain.split(".")[0] in (*SILENT, "half2"):
            continue
        theirs, text = danetool(host_of(domain))
        mine = kept if policy == "dane-auth" else None
        compare("danetool", domain, theirs, mine, text[-300:])
        compared += 1
    parts.append(f"{compared} domains as danetool --check")


def cross_lab(pairs):
    for name, host, chain, record in pairs:
        (verdict,), _ = cross.ours(chain, [record], host)
        theirs, text = danetool(name, "--load-certificate", str(chain))
        mine = None if verdict == "unusable" else verdict == "matched"
        if mine is None and theirs is not None:
            told.add("pkix")    # as above: PKIX
            case(f"{chain.name}: {record[:16]}", record[0] in "01", text)
            continue
        case(f"{chain.name}: {record[:16]}", theirs == mine,
             f"danetool {theirs}, we {verdict}; {text[-300:]}")
    if pairs:
        parts.append(f"{len(pairs)} lab chains as danetool --check")


# --- all of it ---

def domains():
    for zone, name, *_ in lab.HOSTS:
        yield f"{zone}.lab" if name == "mx" else f"{name}.{zone}.lab"
    for host, _ in more_records():
        yield f"{host}.many.secure.lab"
    yield "half2.insecure.lab"


def serve(pairs):
    """The servers that must be closed."""
    add_records(pairs)
    files, anchor = zones.build(lab.FOLDER)
    running = [servers.nsd(lab.FOLDER, zones.AUTH, files)]
    try:
        servers.wait_for(zones.AUTH)
        running.append(servers.unbound(
            lab.FOLDER, [RESOLVER],
            f". NS ns.lab.\nns.lab. A {zones.AUTH}\n", anchor))
        servers.wait_for(RESOLVER, "secure.lab.")
    except BaseException:
        close(running)
        raise
    # who asks through libc believes AD only if told so
    bind(f"nameserver {RESOLVER}\noptions trust-ad edns0 timeout:5 "
         "attempts:2\n", os.path.realpath("/etc/resolv.conf"))
    for path in filter(os.path.exists, ANCHORS):
        bind(anchor + "\n", path)
    for _, name, octet, _, how in lab.HOSTS:
        if how is not None:
            lab.SERVERS[name] = lab.Server(lab.address(octet), **how)
    lab.Server(MANY, names=["many"])
    return running


def close(running):
    for process in reversed(running):
        process.close()


def inside(build):
    lab.SERVERS = {}
    lab.ANALYZER = tlsa.ANALYZER = str(build / "striptls-analyzer")
    lab.set_up()
    which = find_finger()   # it wants a network
    tool = shutil.which("danetool")
    for name, there in (("posttls-finger", which), ("danetool", tool)):
        if not there:
            print(f"{name} is not there: left out")
    if not which and not tool:
        return 77
    lab.make_leaf("many", "*.many.secure.lab")
    zones.run("ip", "address", "add", MANY + "/32", "dev", "lo")
    pairs = lab_pairs() if tool else []
    running = serve(pairs)
    try:
        verdicts = {d: ours(d) for d in domains()}
        if which:
            cross_finger(which, verdicts)
        if tool:
            cross_danetool(verdicts)
            cross_lab(pairs)
    finally:
        close(running)
    print(f"cross-check: {passed} as expected, {failed} not, {len(told)} "
          "where theirs is wrong; " + "; ".join(parts))
    return 1 if failed or lab.failed else 0


def main():
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    missing = [t for t in [*lab.TOOLS, "mount"] if shutil.which(t) is None]
    if missing:
        print("skipped: not installed: " + " ".join(missing))
        return 77
    if len(sys.argv) == 3 and sys.argv[2] == "--inside":
        with tempfile.TemporaryDirectory(prefix="striptls-finger.") as folder:
            lab.FOLDER = tlsa.FOLDER = folder
            return inside(pathlib.Path(sys.argv[1]).resolve())
    if os.geteuid() != 0 or subprocess.run(
            ["unshare", "-n", "-m", "true"], capture_output=True,
            check=False).returncode != 0:
        print("skipped: needs root and namespaces")
        return 77
    return subprocess.run(["unshare", "-n", "-m", sys.executable, __file__,
                           sys.argv[1], "--inside"], timeout=300,
                          check=False).returncode


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit("usage: finger.py BUILD")
    sys.exit(main())
