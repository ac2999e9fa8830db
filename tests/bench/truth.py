#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""truth.py -- the whole road against generated captures whose truth is known.

usage: truth.py BUILD-DIR [--sessions N] [--only WORD] [--keep DIR]

Generates captures (tests/smtpgen of the build), has the sensor read them,
and compares each session of the truth with its row of v_sessions.  Where
the capture has everything, every fact must be equal, and no session may be
missing or invented.  Where packets are absent from it, the sensor may know
less of the sessions they belong to, but has to say so (capture "partial")
and must never contradict the truth; all others must be exact.
"""
import argparse
import collections
import csv
import ipaddress
import json
import os
import sqlite3
import subprocess
import sys
import tempfile

# What happens on the wire, and the generator's options for it.
CASES = [
    ("mail of all sizes, 70 % of it over TLS",
     ["--size", "lognormal:20000"]),
    ("short segments, swapped and repeated ones",
     ["--size", "small", "--split", "30", "--reorder", "2", "--retrans", "2"]),
    ("among other traffic, a third over IPv6, bad certificates",
     ["--size", "small", "--noise", "30", "--ipv6", "30", "--badcert", "20",
      "--nsec"]),
    ("every class alike, many open at once, ended by RST",
     ["--size", "small", "--concurrency", "2000", "--rst", "50", "--mix",
      "tls12=1,tls13=1,plain=1,optout=1,stripped=1,mangled=1,cmdmangled=1,"
      "r454=1,r500=1,ehlorej=1,tlsabort=1,probe=1"]),
    ("one packet in a hundred was not captured",
     ["--size", "small", "--loss", "1"]),
    ("packets lost, swapped and repeated, in small segments",
     ["--size", "lognormal:8000", "--loss", "3", "--split", "30",
      "--reorder", "5", "--retrans", "5"]),
    ("the capture begins behind EHLO in a third of them",
     ["--size", "small", "--midstream", "33"]),
]

COLUMNS = ["client_ip", "client_port", "server_ip", "server_port",
           "started_at", "ended_at", "server_name", "server_name_from",
           "protocol", "hello", "offer", "starttls", "starttls_reply", "tls",
           "tls_failure", "tls_version", "sni", "certificate",
           "certificate_sha256", "protection", "mails_in_clear",
           "mail_from_domain", "rcpt_domains", "capture", "capture_gaps"]

OFFER = {"yes": "offered", "no": "absent", "mangled": "masked",
         "no-ehlo": "ehlo-refused"}
STARTTLS = {"yes": "sent", "no": "not-sent", "mangled": "masked"}
REPLY = {"tls12": 220, "tls13": 220, "tlsabort": 220, "r454": 454,
         "r500": 500, "cmdmangled": 500}
CERTIFICATE = {"tls12": "visible", "tls13": "hidden"}

# What may stand instead of the truth where packets are absent.  A value
# that says "I saw that it was not so" is none of these.
LESS = {
    "hello": {None},
    "offer": {"unseen"},
    "starttls": {"unseen"},
    "starttls_reply": {None},
    "tls": {"unseen"},
    "tls_failure": {None},
    "tls_version": {None},
    "sni": {None},
    "certificate": {None},
    "certificate_sha256": {None},
    "protection": {"unknown"},
    "protocol": {"none"},
    "mails_in_clear": {None, 0},
    "mail_from_domain": {None},
    "rcpt_domains": {"[]"},
    "server_name": {None},
    "server_name_from": {None},
}
DIFFERENCES_SHOWN = 40


class Want:
    """What v_sessions has to say of one line of the truth: per column the
    set of right values."""

    def __init__(self, line):
        self.line = line
        kind = line["class"]
        outcome = line["outcome"]
        known_sni = None if line["sni"] == "-" else line["sni"]
        self.columns = {
            "protocol": {"smtp"},
            "hello": {"HELO" if line["offered"] == "no-ehlo" else "EHLO"},
            "offer": {OFFER[line["offered"]]},
            "starttls": {STARTTLS[line["starttls"]]},
            "starttls_reply": {REPLY.get(kind)},
            "tls": {{"tls": "established", "alert": "failed"}
                    .get(outcome, "none")},
            "tls_failure": {"alert" if outcome == "alert" else None},
            "sni": {known_sni},
            "certificate": {CERTIFICATE.get(kind)},
            "certificate_sha256": {None if line["leaf_sha256"] == "-"
                                   else line["leaf_sha256"]},
            "capture": {"complete"},
            "capture_gaps": {"[]"},
            "started_at": {microseconds(line["first"])},
            "ended_at": {microseconds(line["last"])},
        }
        if outcome == "tls":
            self.columns["tls_version"] = {line["tls"]}
        self.name(known_sni)
        self.mail(kind, outcome)

    def name(self, known_sni):
        banner = {self.line["server_name"]}
        if known_sni is not None:
            self.columns["server_name"] = {known_sni}
            self.columns["server_name_from"] = {"sni"}
            return
        # Half of the "mangled" have a banner of stars: no name in it.
        if self.line["class"] == "mangled":
            banner.add(None)
        self.columns["server_name"] = banner

    def mail(self, kind, outcome):
        """Who asked in vain may go on in clear or not: the truth does not
        say which, but what is said of it has to fit together."""
        either = kind in ("r454", "r500")
        clear = outcome == "plain" or kind == "cmdmangled"
        self.columns["mails_in_clear"] = {0, 1} if either else {int(clear)}
        self.columns["protection"] = (
            {"cleartext", "no-mail"} if either else
            {"cleartext"} if clear else
            {"tls"} if outcome == "tls" else {"no-mail"})
        domain = self.line["server_name"].split(".", 1)[1]
        if clear:
            self.columns["rcpt_domains"] = {json.dumps([domain])}
            self.columns["mail_from_domain"] = {
                sender_domain(self.line["client"])}
        elif not either:
            self.columns["rcpt_domains"] = {"[]"}
            self.columns["mail_from_domain"] = {None}

    def touched(self):
        """Whether the capture lacks any of its packets."""
        return self.line["midstream"] != "0" or self.line["dropped"] != "0"

    def differences(self, got):
        """(column, got, want) of each that is not as it should be."""
        bad, less = [], []
        lenient = self.touched()
        for column, right in self.columns.items():
            value = got[column]
            if value in right:
                continue
            if lenient and column in ("capture", "capture_gaps",
                                      "started_at", "ended_at"):
                continue
            if lenient and value in LESS.get(column, ()):
                less.append(column)
                continue
            # Without HELO, EHLO is the last that was seen; without SNI,
            # the banner has the name.
            if lenient and (column, value) in (
                    ("hello", "EHLO"), ("server_name_from", "banner")):
                less.append(column)
                continue
            bad.append((column, value, right))
        if less and got["capture"] != "partial":
            bad.append((f"capture, with less in {' '.join(less)}",
                        got["capture"], {"partial"}))
        if (got["protection"] == "cleartext") != bool(got["mails_in_clear"]) \
                and not lenient:
            bad.append(("protection", got["protection"],
                        {f"what fits {got['mails_in_clear']} mails"}))
        return bad


def microseconds(seconds):
    whole, fraction = seconds.split(".")
    return int(whole) * 1000000 + int(fraction)


def sender_domain(client):
    """The generator's n-th client is the (10 + n)-th address."""
    n = (int(ipaddress.ip_address(client)) & 0xffffff) - 10
    return f"sender{n // 8}.example"


def same(address):
    return ipaddress.ip_address(address).compressed


def truth_of(path):
    """Sessions by their ends.  One of which nothing with octets was
    captured is nobody's duty, and cannot be told: none such is made."""
    with open(path, newline="", encoding="ascii") as f:
        return {(same(r["client"]), int(r["cport"]), same(r["server"]),
                 int(r["sport"])): Want(r)
                for r in csv.DictReader(f, delimiter="\t")}


def rows_of(db):
    con = sqlite3.connect(f"file:{db}?mode=ro", uri=True)
    con.row_factory = sqlite3.Row
    rows = collections.defaultdict(list)
    for r in con.execute(f"SELECT {', '.join(COLUMNS)} FROM v_sessions"):
        rows[(same(r["client_ip"]), r["client_port"], same(r["server_ip"]),
              r["server_port"])].append(r)
    con.close()
    return rows


def run(argv):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True, errors="replace")
    if done.returncode != 0:
        sys.exit(f"truth: {' '.join(argv)}\n{done.stderr}"
                 f"truth: exit status {done.returncode}")


def ends(key):
    return "{} {} > {} {}".format(*key)


def tell(words):
    """The values of a set, as v_sessions has them."""
    return " or ".join(sorted(repr(w) for w in words))


def compare(truth, rows):
    """(sessions that are right, complaints by session)."""
    complaints = collections.defaultdict(list)
    for key, want in truth.items():
        who = f"{want.line['class']} {ends(key)}"
        found = rows.get(key, [])
        if len(found) != 1:
            complaints[key].append(f"{who}: sessions: got {len(found)},"
                                   " want 1")
            continue
        for column, got, right in want.differences(found[0]):
            complaints[key].append(f"{who}: {column}: got {got!r},"
                                   f" want {tell(right)}")
    for key in rows.keys() - truth.keys():
        complaints[key].append(f"{ends(key)}: got a session, want none")
    return sum(key not in complaints for key in truth), complaints


def partly(rows):
    return sum(r["capture"] == "partial" for found in rows.values()
               for r in found)


def check(build, folder, number, case, sessions):
    """(passed, failed) of one capture."""
    title, options = case
    base = os.path.join(folder, f"truth-{number}")
    run([f"{build}/tests/smtpgen", "-n", str(sessions), "--seed",
         str(number), *options, "-w", f"{base}.pcap", "-t", f"{base}.tsv"])
    truth = truth_of(f"{base}.tsv")
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(f"{base}.db{suffix}"):
            os.unlink(f"{base}.db{suffix}")
    ports = sorted({key[3] for key in truth} | {25})
    run([f"{build}/striptls-sensor", "--policy", "off", "-q", "-n", "t",
         "-d", f"{base}.db", "-p", ",".join(map(str, ports)),
         "-r", f"{base}.pcap"])
    rows = rows_of(f"{base}.db")
    passed, complaints = compare(truth, rows)
    told = 0
    for lines in complaints.values():
        for line in lines:
            told += 1
            if told <= DIFFERENCES_SHOWN:
                print(f"  {line}")
    if told > DIFFERENCES_SHOWN:
        print(f"  ... and {told - DIFFERENCES_SHOWN} more")
    failed = len(complaints)
    if len(truth) != sessions:
        print(f"  truth: got {len(truth)} sessions, want {sessions}")
        failed += 1
    lacking = sum(w.touched() for w in truth.values())
    print(f"{'ok' if failed == 0 else 'FAIL'}: {title}: {passed} of"
          f" {len(truth)} sessions; {lacking} lack packets,"
          f" {partly(rows)} said to be partial", flush=True)
    return passed, failed


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("build")
    ap.add_argument("--sessions", type=int, default=5000)
    ap.add_argument("--only", default="", metavar="WORD",
                    help="cases whose description has it")
    ap.add_argument("--keep", metavar="DIR", help="keep the files there")
    args = ap.parse_args()
    for program in ("tests/smtpgen", "striptls-sensor"):
        if not os.access(f"{args.build}/{program}", os.X_OK):
            sys.exit(f"truth: {args.build}/{program}: not built")
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="striptls-truth.") as scratch:
        folder = args.keep or scratch
        os.makedirs(folder, exist_ok=True)
        for number, case in enumerate(CASES, 1):
            if args.only not in case[0]:
                continue
            right, wrong = check(args.build, folder, number, case,
                                 args.sessions)
            passed += right
            failed += wrong
            if not args.keep:
                for name in os.listdir(folder):
                    os.unlink(os.path.join(folder, name))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
