#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""run.py --ask POLICY_ASK [--lab FOLDER] [NAME ...] -- policy against real
servers: zones signed here, NSD and Unbound on loopback, in a network
namespace of its own.  With NAMEs only the parts of that name: cases, lies,
sts, many, lab.  Exit status 77: something it needs is not there."""
import argparse
import collections
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cases  # noqa: E402
import liars  # noqa: E402
import servers  # noqa: E402
import zones  # noqa: E402

RESOLVER = "127.0.0.1"
OUTSIDE = "192.0.2.53"      # the same resolver, not on loopback
LAB_AUTH = "10.77.4.10"
LAB_RESOLVER = "127.0.0.2"
LIAR = "127.0.0.9"
STS_PORT = 8443


class Failures(list):
    def check(self, name, what, good, got=""):
        if not good:
            self.append(name)
            print("%s, %s: got %s" % (name, what, got))


def enter_namespace():
    """Again, where all ports are ours and the internet is not."""
    if os.environ.get("DNS_LAB_INSIDE"):
        return
    os.environ["DNS_LAB_INSIDE"] = "1"
    flags = "-n" if os.geteuid() == 0 else "-rn"
    if subprocess.run(["unshare", flags, "true"]).returncode != 0:
        print("no network namespaces here")
        sys.exit(77)
    os.execvp("unshare", ["unshare", flags, "--", sys.executable] + sys.argv)


def set_up_loopback():
    zones.run("ip", "link", "set", "lo", "up")
    for address in (zones.AUTH, zones.PROXY, zones.BEHIND, OUTSIDE,
                    LAB_AUTH):
        zones.run("ip", "address", "add", address + "/32", "dev", "lo")


class Asker:
    def __init__(self, program):
        self.program = program
        self.said = ""

    def run(self, questions, *options, resolver=RESOLVER):
        where = () if resolver is None else ("--resolver", resolver + "@53")
        done = subprocess.run(
            [self.program, *where, *options],
            input="".join(q + "\n" for q in questions), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
        if done.returncode != 0:
            raise SystemExit("policy_ask: status %d\n%s" % (
                done.returncode, done.stderr))
        self.said = done.stderr
        return done.stdout

    def ask(self, questions, *options, resolver=RESOLVER):
        said = self.run(questions, *options, resolver=resolver)
        answers = [json.loads(line) for line in said.splitlines()]
        if len(answers) != len(questions):
            raise SystemExit("%d answers to %d questions" % (
                len(answers), len(questions)))
        return answers


def digest_names(answer):
    known = {v: k for k, v in zones.DIGEST.items()}
    return {known.get(r.split()[-1], r) for r in answer["tlsa"]}


def lookup_of(answer, name, rtype):
    for line in answer["evidence"]["lookups"]:
        if line["name"] == name and line["type"] == rtype:
            return line
    return {}


def compare(f, name, what, answer, wanted, proxy=None):
    for key, want in wanted.items():
        if key == "tags":
            good, got = want <= set(answer["tags"]), answer["tags"]
        elif key == "tlsa":
            got = digest_names(answer)
            good = got == want
        elif key == "ntlsa":
            got = len(answer["tlsa"])
            good = got == want
        elif key == "lookup":
            got = lookup_of(answer, *want[:2])
            good = got.get(want[2]) == want[3]
        elif key == "not_asked":
            got = want in proxy.seen
            good = not got
        else:
            got = answer[key]
            good = got in want if isinstance(want, set) else got == want
        f.check(name, "%s: %s" % (what, key), good, "%s (%s, %s), want %s" % (
            got, answer["state"], answer["why"], want))


def run_cases(f, asker, proxy):
    answers = asker.ask([c[2] for c in cases.CASES])
    for (name, what, _, wanted), answer in zip(cases.CASES, answers):
        compare(f, name, what, answer, wanted, proxy)
    f.check("D06", "the proxy sees questions", ("mx.nottlsa.lab", "A")
            in proxy.seen)
    # the same in one process, and from a cache that is warm
    twice = [c[2] for c in cases.CASES if c[0] != "D11"]
    for first, second in zip(twice, asker.ask(twice + twice,
                                              "--in-process")[len(twice):]):
        got = asker_state(answers, first)
        f.check("cache", first, second["state"] == got, second["state"])
    export_cases(f, asker, answers)
    # D37: AD from where it could be forged on the way
    d01 = ["d01.secure.lab 198.51.100.1 25"]
    a = asker.ask(d01, resolver=OUTSIDE)[0]
    compare(f, "D37", "AD from another host", a, {
        "state": "none-insecure", "tags": {"ad-untrusted"}, "tlsa": set()})
    f.check("D37", "it is said", "nor trusted" in asker.said, asker.said)
    a = asker.ask(d01, "--trust-resolver", resolver=OUTSIDE)[0]
    compare(f, "D37", "... that is trusted", a, {"state": "dane-auth"})
    return len(cases.CASES) + 2


def export_cases(f, asker, answers):
    """What was asked live, judged again from an export of it."""
    # types of one name that differ
    apart = {"D13", "D30", "D40"}
    chosen = [(c, a) for c, a in zip(cases.CASES, answers)
              if c[0] not in apart]
    path = os.path.join(tempfile.gettempdir(), "dns-lab.%d.snapshot" %
                        os.getpid())
    with open(path, "w") as out:
        out.write(asker.run([c[2] for c, _ in chosen], "--export"))
    try:
        again = asker.ask([c[2] for c, _ in chosen], "--snapshot", path,
                          resolver=None)
    finally:
        os.unlink(path)
    for (c, live), a in zip(chosen, again):
        for key in ("state", "host", "base", "tlsa", "references"):
            got, want = ((sorted(x[key]) if key == "tlsa" else x[key])
                         for x in (a, live))
            f.check("export", "%s, %s: %s" % (c[0], c[1], key),
                    got == want, "%s (%s), want %s" % (
                        got, a["why"], want))


def asker_state(answers, question):
    for c, answer in zip(cases.CASES, answers):
        if c[2] == question:
            return answer["state"]
    return None


def run_lies(f, asker):
    for name, liar, question, allowed in cases.LIES:
        server = getattr(liars, liar)(LIAR)
        begin = time.time()
        try:
            a, b = (asker.ask([question], "--timeout", "500", "--tries",
                              "2", *more, resolver=LIAR)[0]
                    for more in ((), ("--in-process",)))
        finally:
            server.close()
        for answer in (a, b):
            f.check(name, liar, answer["state"] in allowed, "%s (%s)" % (
                answer["state"], answer["why"]))
        f.check(name, liar + ": in time", time.time() - begin < 30)
        if liar == "Huge":
            f.check(name, "records are bounded", len(a["tlsa"]) == 64,
                    len(a["tlsa"]))
    # nobody there: said at once, and nothing is known
    begin = time.time()
    a = asker.ask(["d01.secure.lab 198.51.100.1 25"], resolver=LIAR)[0]
    compare(f, "dead", "no resolver", a, {"state": "unknown",
                                          "why": "no-resolver"})
    f.check("dead", "at once", time.time() - begin < 5, time.time() - begin)
    # strangers' names cost something: beyond the rate they are not asked
    many = ["r%d.secure.lab 198.51.100.1 25" % i for i in range(300)]
    states = collections.Counter(
        (a["state"], a["why"]) for a in asker.ask(many, "--rate", "50"))
    f.check("rate", "most are not asked",
            states[("unknown", "not-asked")] > 200 and
            states[("not-applicable", "no-such-domain")] >= 50, states)
    return len(cases.LIES) + 2


def run_sts(f, asker, folder):
    ca = servers.certificate(folder, "ca", [])
    nobody = servers.certificate(folder, "nobody", [])
    server = servers.https(folder, STS_PORT, ca, nobody)
    kept = os.path.join(folder, "sts.kept")
    options = ("--sts", "--sts-port", str(STS_PORT), "--sts-ca", ca[1],
               "--sts-kept", kept)
    questions = ["%s.sts.secure.lab %s 25" % (
        c[2], "198.51.100.1" if c[2] == "dane" else "198.51.100.2")
        for c in cases.STS]
    for (name, what, _, wanted), answer in zip(
            cases.STS, asker.ask(questions, *options)):
        compare(f, name, what, answer, wanted)
    # the same in this process, where what is not freed is found
    for (name, what, _, wanted), answer in zip(
            cases.STS, asker.ask(questions, *options[:-2], "--in-process")):
        compare(f, name, what + ", in process", answer, wanted)
    server.seen.remove("enforce")
    f.check("sts", "the server was asked", "enforce" in server.seen)
    f.check("sts", "no redirect was followed",
            server.seen.count("enforce") == 1, server.seen)
    # kept across restarts: nobody is asked again
    server.seen.clear()
    a = asker.ask([questions[0]], *options)[0]
    compare(f, "sts", "after a restart", a, cases.STS[0][3])
    f.check("sts", "nothing fetched again", server.seen == [], server.seen)
    # the policy rules while the server is gone
    server.shutdown()
    server.server_close()
    a = asker.ask([questions[0]], *options)[0]
    compare(f, "sts", "server gone", a, cases.STS[0][3])
    a = asker.ask([questions[2]], *options[:-2])[0]
    compare(f, "sts", "server gone, nothing kept", a,
            {"sts": "unknown", "sts_why": "fetch-failed"})
    # off unless enabled; private addresses only in this test
    a = asker.ask([questions[0]])[0]
    compare(f, "sts", "off", a, {"sts_why": "not-looked"})
    return len(cases.STS) + 4


def run_many(f, asker):
    questions = ["d%d.many.lab %s 25" % (i, zones.many_address(i))
                 for i in range(zones.MANY)]
    begin = time.time()
    answers = asker.ask(questions)
    took = time.time() - begin
    lookups = wrong = 0
    for i, a in enumerate(answers):
        lookups += len(a["evidence"]["lookups"])
        if a["state"] != "dane-auth" or a["tlsa"] != [
                "3 1 1 " + zones.many_digest(i)]:
            wrong += 1
    f.check("many", "each has its own answer", wrong == 0, wrong)
    f.check("many", "20,000 lookups", lookups >= 20000, lookups)
    print("many: %d lookups in %.1f s, %d wrong" % (lookups, took, wrong))
    return 1


def truth_questions(folder):
    """(question, state) per session and destination domain."""
    wanted = collections.OrderedDict()
    with open(os.path.join(folder, "TRUTH.tsv"), newline="") as t:
        for row in csv.DictReader(t, delimiter="\t"):
            for part in row["dane_state"].split(","):
                if "=" not in part:
                    continue
                domain, state = part.split("=", 1)
                q = "%s %s %s" % (domain, row["server"], row["server_port"])
                if row["server_port"] != "25":
                    q = "%s %s 25" % (domain, row["server"])
                wanted.setdefault(q, set()).add(cases.TRUTH[state])
    return wanted


def run_lab(f, asker, folder, lab):
    wanted = truth_questions(lab)
    files = {}
    for name in os.listdir(os.path.join(lab, "dns")):
        if name.endswith(".zone"):
            zone = "." if name == "root.zone" else name[:-4]
            files[zone] = os.path.join(lab, "dns", name)
    anchor = open(os.path.join(lab, "trust-anchor.ds")).read()
    running = [
        servers.nsd(folder, LAB_AUTH, files),
        servers.unbound(folder, [LAB_RESOLVER], ". NS ns.nic.example.\n"
                        "ns.nic.example. A %s\n" % LAB_AUTH, anchor)]
    try:
        servers.wait_for(LAB_AUTH, "example.")
        servers.wait_for(LAB_RESOLVER, "dane-ok.example.")
        live = asker.ask(list(wanted), resolver=LAB_RESOLVER)
    finally:
        for server in running:
            server.close()
    snap = asker.ask(list(wanted), "--snapshot",
                     os.path.join(lab, "lab.snapshot"), resolver=None)
    for (q, states), a, s in zip(wanted.items(), live, snap):
        f.check("lab", q + " live", a["state"] in states, "%s (%s), want %s" %
                (a["state"], a["why"], states))
        f.check("lab", q + " by snapshot", s["state"] in states,
                "%s (%s), want %s" % (s["state"], s["why"], states))
    print("lab: %d destinations, live and by snapshot" % len(wanted))
    return 2 * len(wanted)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--ask", required=True)
    ap.add_argument("--lab", type=os.path.abspath)
    ap.add_argument("--keep", action="store_true")
    ap.add_argument("parts", nargs="*")
    args = ap.parse_args()
    for tool in ("nsd", "unbound", "ldns-signzone", "unshare", "ip",
                 "openssl"):
        if shutil.which(tool) is None:
            print("%s is not installed" % tool)
            sys.exit(77)
    enter_namespace()
    set_up_loopback()
    parts = args.parts or ["cases", "lies", "sts", "many", "lab"]
    folder = tempfile.mkdtemp(prefix="dnslab.")
    f, running, checks = Failures(), [], 0
    asker = Asker(os.path.abspath(args.ask))
    try:
        files, anchor = zones.build(folder)
        proxy = servers.Proxy(zones.PROXY)
        running = [proxy]
        for address, behind in ((zones.AUTH, False), (zones.BEHIND, True)):
            running.append(servers.nsd(folder, address, {
                z: p for z, p in files.items()
                if zones.is_proxied(z) == behind}))
        running.append(servers.unbound(
            folder, [RESOLVER, OUTSIDE], ". NS ns.lab.\nns.lab. A %s\n" %
            zones.AUTH, anchor))
        servers.wait_for(zones.AUTH)
        servers.wait_for(zones.BEHIND, "refused.lab.")
        servers.wait_for(RESOLVER)
        if "cases" in parts:
            checks += run_cases(f, asker, proxy)
        if "lies" in parts:
            checks += run_lies(f, asker)
        if "sts" in parts:
            checks += run_sts(f, asker, folder)
        if "many" in parts:
            checks += run_many(f, asker)
        if "lab" in parts and args.lab and os.path.isdir(args.lab):
            checks += run_lab(f, asker, folder, args.lab)
        elif "lab" in parts:
            print("lab: the captures are not here: skipped")
    finally:
        for server in running:
            server.close()
        if args.keep:
            print(folder)
        else:
            shutil.rmtree(folder)
    print("dns lab: %d cases, %d failed" % (checks, len(f)))
    sys.exit(1 if f or not checks else 0)


if __name__ == "__main__":
    main()
