#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""tlsa_cross.py BUILD -- our verdicts beside those of other programs.

  * openssl s_client -dane_* against a server on loopback: every usage,
    selector and matching type of every certificate, for chains that are
    whole, cut, expired, or another's.
  * ldns-dane and danetool --tlsa-rr on the certificates of the lab.
  * the lab's captures: what sensors saw, against the lab's records and what
    is known to have happened there.

danetool --check and posttls-finger take records from validated DNS only:
finger.py gives them that.  What is not there is said and left out; with nothing
left the status is 77.
"""
import csv
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/cli"))
import tlsa  # noqa: E402

LAB = ROOT.parent / "shared/pcaps/lab"
HOST = "mx.example"
parts = []


def ours(pem, records, host=HOST):
    """Outcome of the chain and a verdict per record."""
    run = tlsa.analyzer("tlsa", "verify", "--pem", str(pem), "--host", host,
                        "-o", "jsonl", "--records", "-",
                        stdin="\n".join(records) + "\n")
    rows = [json.loads(x) for x in run.stdout.splitlines()]
    return ([r["verdict"] for r in rows if r["about"] == "chain"],
            [r["verdict"] for r in rows if r["about"] == "record"])


# --- openssl s_client ---

def s_client(place, records, names_of_ee=False, ca=None):
    """True, False, or None if it takes none of the records."""
    args = ["openssl", "s_client", "-starttls", "smtp", "-connect", place,
            "-dane_tlsa_domain", HOST, "-no-CApath", "-no-CAstore"]
    args += ["-CAfile", ca] if ca else ["-no-CAfile"]
    if not names_of_ee:
        args += ["-dane_ee_no_namechecks"]
    for r in records:
        args += ["-dane_tlsa_rrdata", r]
    run = subprocess.run(args, capture_output=True, text=True, input="",
                         timeout=60, errors="replace")
    if "Verification: OK" in run.stdout:
        return True
    if "Verification error" in run.stdout:
        return False
    return None


def make_chains():
    """Three levels, and what can be wrong with them."""
    ec = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    f = tlsa.FOLDER
    tlsa.make_ca("root")
    tlsa.openssl("req", "-newkey", *ec, "-nodes", "-keyout",
                 f"{f}/inter.key", "-out", f"{f}/inter.csr", "-subj",
                 "/CN=inter")
    pathlib.Path(f, "inter.ext").write_text(
        "basicConstraints=critical,CA:TRUE\n", encoding="ascii")
    tlsa.openssl("x509", "-req", "-in", f"{f}/inter.csr", "-CA",
                 f"{f}/root.crt", "-CAkey", f"{f}/root.key",
                 "-CAcreateserial", "-days", "1000", "-extfile",
                 f"{f}/inter.ext", "-out", f"{f}/inter.crt")
    tlsa.make_leaf("leaf", "inter", ec)
    tlsa.make_leaf("stray", "inter", ec, "other.example")
    tlsa.make_leaf("expired", "inter", ec, days="0")
    tlsa.make_ca("ca2")
    tlsa.make_leaf("foreign", "ca2", ec)
    chains = {
        "whole": ("leaf", "inter", "root"),
        "root not sent": ("leaf", "inter"),
        "leaf alone": ("leaf",),
        "another name": ("stray", "inter", "root"),
        "past its date": ("expired", "inter", "root"),
        "another CA's": ("foreign", "ca2"),
    }
    for name, parts_of in chains.items():
        at = pathlib.Path(f, name.replace(" ", "-").replace("'", ""))
        at.with_suffix(".pem").write_bytes(b"".join(
            pathlib.Path(f, f"{p}.crt").read_bytes() for p in parts_of))
        shutil.copy(f"{f}/{parts_of[0]}.key", at.with_suffix(".key"))
    return chains


def file_of(name):
    return name.replace(" ", "-").replace("'", "")


def cross_openssl():
    chains = make_chains()
    kinds = [(u, s, m) for u in (2, 3) for s, m in
             ((0, 1), (1, 0), (1, 1), (1, 2))]
    time.sleep(1.1)             # until "expired" has
    compared = 0
    for name, certificates in chains.items():
        whose = sorted({certificates[0], "leaf", "inter", "root"})
        records = [tlsa.record(*k, w) for k in kinds for w in whose]
        _, verdicts = ours(f"{file_of(name)}.pem", records)
        with tlsa.Server(tlsa.with_tls(file_of(name))) as server:
            for record, verdict in zip(records, verdicts, strict=True):
                theirs = s_client(server.place, [record])
                tlsa.case(f"{name}: {record[:30]}",
                          theirs == (verdict == "matched"),
                          f"openssl {theirs}, we {verdict}")
                compared += 1
    parts.append(f"{compared} single records as openssl s_client")


def cross_sets():
    """Several records at once."""
    r = tlsa.record
    sets = {
        "the pair": [r(3, 1, 1, "leaf"), r(2, 1, 1, "root")],
        "the leaf's is old": [r(3, 1, 1, "ca2"), r(2, 1, 1, "inter")],
        "the anchor's is old": [r(3, 1, 1, "leaf"), r(2, 1, 1, "ca2")],
        "both are old": [r(3, 1, 1, "ca2"), r(2, 1, 1, "ca2")],
        "agility, fails": [r(3, 1, 1, "leaf"), r(3, 1, 2, "ca2")],
        "agility, succeeds": [r(3, 1, 1, "ca2"), r(3, 1, 2, "leaf")],
        "agility per selector": [r(3, 1, 1, "leaf"), r(3, 0, 2, "ca2")],
        "agility, full": [r(3, 1, 0, "leaf"), r(3, 1, 2, "ca2")],
    }
    with tlsa.Server(tlsa.with_tls("whole")) as server:
        for name, records in sets.items():
            chain, _ = ours("whole.pem", records)
            theirs = s_client(server.place, records)
            tlsa.case(f"{name}", theirs == (chain == ["matched"]),
                      f"openssl {theirs}, we {chain}")
        where_theirs_differs(server.place)
    parts.append(f"{len(sets)} sets of records")


def where_theirs_differs(place):
    """Not for SMTP (RFC 7672 section 3.1.3): s_client verifies usages 0 and
    1 as PKIX.  Nor are names to be looked at with DANE-EE (RFC 7671 section
    5.1), as s_client does unless told otherwise."""
    f = tlsa.FOLDER
    for usage, who in ((1, "leaf"), (0, "root")):
        record = tlsa.record(usage, 1, 1, who)
        chain, each = ours("whole.pem", [record])
        tlsa.case(f"usage {usage}: openssl verifies PKIX, senders do not",
                  s_client(place, [record], ca=f"{f}/root.crt") is True and
                  chain == ["unusable"] and each == ["pkix-usage"], chain)
    record = tlsa.record(3, 1, 1, "stray")
    with tlsa.Server(tlsa.with_tls("another-name")) as server:
        tlsa.case("DANE-EE and names",
                  s_client(server.place, [record], names_of_ee=True) is False
                  and ours("another-name.pem", [record])[0] == ["matched"])


# --- the lab's certificates ---

def lab_records():
    """host -> its records, CNAMEs of the TLSA name followed."""
    records, aliases = {}, {}
    for line in (LAB / "lab.zone").read_text(encoding="ascii").splitlines():
        words = line.split()
        if len(words) > 4 and words[3] == "TLSA":
            records.setdefault(words[0], []).append(" ".join(words[4:]))
        elif len(words) == 5 and words[3] == "CNAME":
            aliases[words[0]] = words[4]
    records |= {a: records[t] for a, t in aliases.items() if t in records}
    return {owner.split("._tcp.")[1].rstrip("."): r
            for owner, r in records.items() if "._tcp." in owner}


def lab_certificates():
    with open(LAB / "certs/CERTS.tsv", encoding="ascii", newline="") as f:
        rows = list(csv.DictReader(f, delimiter="\t"))
    return [(r["subject"].removeprefix("CN = "), LAB / "certs" / r["file"],
             r) for r in rows if r["file"] != "labca.pem"]


def chain_file(path):
    out = pathlib.Path(tlsa.FOLDER, path.name)
    out.write_bytes(path.read_bytes() +
                    (LAB / "certs/labca.pem").read_bytes())
    return out


def ldns_dane(chain, host, record, names):
    zone = pathlib.Path(tlsa.FOLDER, "one.zone")
    zone.write_text(f"_25._tcp.{host}. 600 IN TLSA {record}\n",
                    encoding="ascii")
    run = subprocess.run(["ldns-dane", *([] if names else ["-n"]), "-c",
                          str(chain), "-t", str(zone), "verify", host, "25"],
                         capture_output=True, text=True, timeout=60)
    return "dane-validated successfully" in run.stdout


def cross_ldns():
    compared = 0
    records = lab_records()
    for host, path, _ in lab_certificates():
        chain = chain_file(path)
        tried = records.get(host, []) + [
            r for h in ("mx1.dane-ok.example", "mx.tls12.example",
                        "mx.unusable.example") for r in records[h]]
        _, verdicts = ours(chain, tried, host)
        for record, verdict in zip(tried, verdicts, strict=True):
            # it would check names with DANE-EE, too
            theirs = ldns_dane(chain, host, record, record[0] == "2")
            if verdict in ("pkix-usage", "unknown-matching-type"):
                continue        # verified as PKIX, or by no record at all
            tlsa.case(f"{path.name}: {record[:30]}",
                      theirs == (verdict == "matched"),
                      f"ldns-dane {theirs}, we {verdict}")
            compared += 1
    parts.append(f"{compared} lab records as ldns-dane")


def cross_danetool():
    """What it makes of a certificate, but for usage 2: with --ca it gives
    the numbers of a PKIX usage, whatever --domain says."""
    compared = 0
    for host, path, row in lab_certificates():
        for more, selector in (([], 1), (["--x509"], 0)):
            run = subprocess.run(
                ["danetool", "--tlsa-rr", "--host", host, "--port", "25",
                 "--load-certificate", str(path), *more],
                capture_output=True, text=True, timeout=60)
            words = run.stdout.replace("(", "").replace(")", "").split()
            theirs = " ".join(
                [str(int(w)) for w in words[-4:-1]] + words[-1:])
            got = tlsa.analyzer("tlsa", "create", "--pem", str(path),
                                "--type", f"3{selector}1", "-o", "jsonl")
            mine = json.loads(got.stdout)["record"]
            tlsa.case(f"{path.name}, selector {selector}", mine == theirs,
                      f"danetool {theirs}, we {mine}")
            compared += 1
        tlsa.case(f"{path.name}, as noted by the lab",
                  row["cert_sha256"] in mine, mine)
    parts.append(f"{compared} records made as danetool")


# --- the lab's captures ---

CAPTURES = ("base-history-sender", "a-intercept-tls12-sender",
            "a-intercept-tls12-selfsigned-sender", "a-intercept-dane-sender",
            "b-certificate-renewed-sender", "d-dane-clean-sender")


def cross_captures():
    honest = {row["cert_sha256"] for _, _, row in lab_certificates()}
    records = lab_records()
    db = f"{tlsa.FOLDER}/lab.db"
    for name in CAPTURES:
        if (LAB / f"{name}.pcap").exists():
            subprocess.run([tlsa.SENSOR, "--policy", "off", "-q", "-d", db,
                            "-r", str(LAB / f"{name}.pcap")], check=True,
                           capture_output=True, timeout=300)
    rows = [json.loads(x) for x in tlsa.analyzer(
        "-d", db, "sessions", "-o", "jsonl").stdout.splitlines()]
    seen = {}
    for r in rows:
        if r["certificate"] == "visible" and r["server_name"] in records:
            seen.setdefault((r["server_name"], r["certificate_sha256"]), r)
    broken = 0
    for (host, sha256), row in seen.items():
        run = tlsa.analyzer(
            "-d", db, "tlsa", "verify", "--session", str(row["id"]),
            "--host", host, "--records", str(LAB / "lab.zone"), "-o",
            "jsonl")
        chain = json.loads(run.stdout.splitlines()[0])
        kept = chain["verdict"] == "matched"
        broken += not kept
        tlsa.case(f"{host} showing {sha256[:12]}",
                  kept == (sha256 in honest), chain)
    tlsa.case("captures with both kinds", broken > 0 and
              len(seen) - broken > 2, seen.keys())
    parts.append(f"{len(seen)} chains seen in the lab's captures, "
                 f"{broken} of them an attacker's")


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    tlsa.ANALYZER = str(build / "striptls-analyzer")
    tlsa.SENSOR = str(build / "striptls-sensor")
    have = lambda *names: all(shutil.which(n) for n in names)
    lab = (LAB / "lab.zone").exists()
    with tempfile.TemporaryDirectory(prefix="striptls-cross.") as folder:
        tlsa.FOLDER = folder
        if have("openssl"):
            cross_openssl()
            cross_sets()
        if lab and have("ldns-dane"):
            cross_ldns()
        if lab and have("danetool"):
            cross_danetool()
        if lab:
            cross_captures()
    if not parts:
        print("skipped: neither openssl(1) nor the lab's files are there")
        return 77
    print(f"cross-check: {tlsa.passed} equal, {tlsa.failed} not: " +
          "; ".join(parts))
    return 1 if tlsa.failed else 0


if __name__ == "__main__":
    sys.exit(main())
