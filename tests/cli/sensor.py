#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""sensor.py BUILD -- the sensor's command line: what it accepts, refuses and
survives, and that nothing which was there is lost.

Each case ends in the right exit status, says one clear line, and leaves
what was stored before as it was.
"""
import gzip
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/tools"))
import packets  # noqa: E402

PCAPS = ROOT / "pcaps"
STRIPPED = str(PCAPS / "a-strip-postfix-may-sender.pcap")
FORGED = str(PCAPS / "dns-two-answers.pcap")
HONEST = str(PCAPS / "b-clean-matrix-sender.pcap")
passed = failed = skipped = 0


def sensor(*args, limit=None, stdin=None, cwd=None):
    def before():
        if limit is not None:
            import resource
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    return subprocess.run([SENSOR, *args], capture_output=True, text=True,
                          errors="replace", timeout=120, preexec_fn=before,
                          stdin=stdin or subprocess.DEVNULL, cwd=cwd)


def rows(db, sql):
    con = sqlite3.connect(db)
    try:
        return con.execute(sql).fetchall()
    finally:
        con.close()


def dump(db):
    """Everything but the log of runs, which grows with each run."""
    return (rows(db, "SELECT * FROM v_sessions ORDER BY id"),
            rows(db, "SELECT * FROM v_findings ORDER BY id"))


def case(name, ok, said=""):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print(f"FAIL {name}: {said}")


def ends(name, run, status, *words):
    lines = [x for x in run.stderr.splitlines() if x.strip()]
    ok = run.returncode == status and \
        all(w in run.stderr for w in words) and "Sanitizer" not in run.stderr
    if status == 2:
        ok = ok and 1 <= len(lines) <= 2
    case(name, ok, f"got status {run.returncode}, said {run.stderr!r}; "
         f"want status {status} and {words}")


def wrong_use(d):
    db = f"{d}/x.db"
    for name, args, words in [
            ("nothing to read", [], ["-i", "-r"]),
            ("an unknown option", ["--frobnicate"], ["frobnicate"]),
            ("a file without -r", ["-d", db, STRIPPED], [STRIPPED]),
            ("ports that are none", ["-p", "25,x", "-r", STRIPPED], ["-p"]),
            ("port 0", ["-p", "0", "-r", STRIPPED], ["-p"]),
            ("an unknown policy", ["--policy", "maybe", "-r", STRIPPED],
             ["--policy"]),
            ("an unknown form of log", ["--log", "xml", "-r", STRIPPED],
             ["--log"]),
            ("-i and -r together", ["-i", "lo", "-r", STRIPPED], ["-i"]),
            ("--follow with a live capture", ["--follow", "-i", "lo"],
             ["--follow"]),
            ("a filter that is none", ["-f", "tcp and and", "-r", STRIPPED,
                                       "-d", db], ["-f"]),
            ("a configuration that is not there",
             ["-c", f"{d}/none.yaml", "-r", STRIPPED], ["none.yaml"])]:
        ends(name, sensor(*args, cwd=d), 2, *words)
    case("wrong use makes no database", not os.path.exists(db))


def configuration(d):
    good = f"{d}/good.yaml"
    pathlib.Path(good).write_text(
        f"name: from-file\ndatabase: {d}/conf.db\nports: [25, 587]\n"
        "limits:\n  connections: 1000\n")
    run = sensor("-c", good, "-r", STRIPPED)
    ends("a configuration file", run, 0)
    case("its name and database are used",
         rows(f"{d}/conf.db", "SELECT DISTINCT sensor FROM v_sessions") ==
         [("from-file",)])
    run = sensor("-c", good, "-n", "from-option", "-r", STRIPPED,
                 "--test-config")
    case("an option wins over the file", run.returncode == 0 and
         "from-option" in run.stdout and "conf.db" in run.stdout,
         run.stdout + run.stderr)
    for word, want in (("yes", [("mx", "dns-conflict")]),
                       ("no", [(None, "starttls-absent")])):
        heard = f"{d}/dns-{word}"
        pathlib.Path(f"{heard}.yaml").write_text(
            f"database: {heard}.db\ndns: {word}\n")
        run = sensor("-c", f"{heard}.yaml", "-r", FORGED)
        ends(f"dns: {word}", run, 0)
        case(f"with dns: {word} the server is known by {want}",
             rows(f"{heard}.db", "SELECT server_name_from, kinds ->> 0 FROM "
                  "v_sessions WHERE mails_in_clear > 0") == want)
    example = (ROOT / "etc/sensor.yaml").read_text()
    inventory = example[example.index("# inventory:"):].replace("\n# ", "\n")
    inventory = inventory.removeprefix("# ")
    pathlib.Path(good).write_text(inventory)
    ends("the example of an inventory is valid",
         sensor("-c", good, "-r", STRIPPED, "--test-config"), 0)
    for name, was, now, word in [
            ("an exception until a day that never comes", "2027-03-31",
             "2027-02-29", "2027-02-29"),
            ("an exception without a reason", "reason: fax gateway, replaced "
             "in spring (ticket 4711)", "reason: ' '", "reason"),
            ("an exception without an end", "      until: 2027-03-31", "",
             "until"),
            ("an exception for no kind there is", "kind: mail-in-clear",
             "kind: mail-in-klar", "mail-in-klar"),
            ("a network with too many bits", "192.0.2.0/24", "192.0.2.0/33",
             "192.0.2.0/33"),
            ("a server at no address", "192.0.2.25", "mx1", "mx1"),
            ("a domain that is none", "example.org", "exa mple", "exa mple")]:
        case("the example has " + was, was in inventory)
        pathlib.Path(f"{d}/bad.yaml").write_text(inventory.replace(was, now))
        ends(name, sensor("-c", f"{d}/bad.yaml", "-r", STRIPPED), 2, word)
    for name, text, word in [
            ("a field nobody knows", "datbase: x\n", "datbase"),
            ("a limit that would blind us", "limits:\n  connections: 1\n",
             "connections"),
            ("text that is no YAML", "a: [1\n", "bad.yaml")]:
        bad = f"{d}/bad.yaml"
        pathlib.Path(bad).write_text(text)
        ends(name, sensor("-c", bad, "-r", STRIPPED), 2, word)
    run = sensor("-c", str(ROOT / "etc/sensor.yaml"), "-d", f"{d}/e.db",
                 "-r", STRIPPED)
    ends("the installed example is valid", run, 0)


def bad_files(d):
    db = f"{d}/bad.db"
    whole = pathlib.Path(STRIPPED).read_bytes()
    empty, text, cut = f"{d}/empty.pcap", f"{d}/text.pcap", f"{d}/cut.pcap"
    header, packed = f"{d}/header.pcap", f"{d}/cut.pcap.gz"
    pathlib.Path(empty).write_bytes(b"")
    pathlib.Path(text).write_text("not a capture at all, but a letter\n")
    pathlib.Path(cut).write_bytes(whole[:-7])
    pathlib.Path(header).write_bytes(whole[:24])
    pathlib.Path(packed).write_bytes(gzip.compress(whole)[:-20])
    for name, path, status, words in [
            ("a file that is not there", f"{d}/none.pcap", 1, ["none.pcap"]),
            ("an empty file", empty, 1, ["empty.pcap"]),
            ("a file that is no capture", text, 1, ["text.pcap"]),
            ("a capture cut short", cut, 1, ["cut.pcap", "packet", "octet"]),
            ("a compressed capture cut short", packed, 1, ["cut.pcap.gz"]),
            ("a capture without packets", header, 0, [])]:
        ends(name, sensor("-d", db, "-r", path), status, *words)
    case("of the cut capture all was stored that could be read",
         rows(db, "SELECT count(*) FROM v_sessions")[0][0] > 0)
    run = sensor("-d", f"{d}/two.db", "-r", f"{d}/none.pcap", "-r", STRIPPED)
    ends("one unreadable file does not keep the next from being read", run,
         1, "none.pcap")
    case("the next was read",
         rows(f"{d}/two.db", "SELECT count(*) FROM v_sessions")[0][0] > 0)
    if os.getuid() != 0:
        os.chmod(cut, 0)
        ends("a file we may not read", sensor("-d", db, "-r", cut), 1,
             "cut.pcap")


def databases(d):
    db = f"{d}/kept.db"
    ends("a first run", sensor("-n", "t", "-d", db, "-r", STRIPPED), 0)
    before = dump(db)
    ends("the same capture again", sensor("-n", "t", "-d", db, "-r",
                                          STRIPPED), 0, "0 new")
    case("changes nothing", dump(db) == before)

    newer = f"{d}/newer.db"
    shutil.copy(db, newer)
    con = sqlite3.connect(newer)
    con.execute("PRAGMA user_version = 4711")
    con.close()
    foreign, noise = f"{d}/foreign.db", f"{d}/noise.db"
    con = sqlite3.connect(foreign)
    con.execute("CREATE TABLE mine(x)")
    con.commit()
    con.close()
    pathlib.Path(noise).write_bytes(b"nothing that SQLite would know" * 99)
    for name, path, word in [
            ("a database of a newer version", newer, "newer"),
            ("a database that is not ours", foreign, "foreign.db"),
            ("a file that is no database", noise, "noise.db"),
            ("a database in a folder that is not there",
             f"{d}/no/such/x.db", "x.db")]:
        was = pathlib.Path(path).read_bytes() if os.path.exists(path) else b""
        ends(name, sensor("-d", path, "-r", STRIPPED), 1, word)
        now = pathlib.Path(path).read_bytes() if os.path.exists(path) else b""
        case(f"{name}: left as it was", was == now)


def full_disk(d):
    """A limit on file size is a full disk in miniature."""
    db = f"{d}/full.db"
    ends("stored before the disk is full",
         sensor("-n", "t", "-d", db, "-r", STRIPPED), 0)
    before = dump(db)
    run = sensor("-n", "t", "-d", db, "-r", HONEST, limit=20000)
    ends("the disk is full", run, 1, "full.db")
    after = dump(db)
    case("what was stored before is still there",
         set(before[0]) <= set(after[0]) and set(before[1]) <= set(after[1]))
    case("the database is sound",
         rows(db, "PRAGMA integrity_check") == [("ok",)])
    ends("once there is room again", sensor("-n", "t", "-d", db, "-r",
                                            HONEST), 0)


def read_only_disk(d):
    """A mount of our own; needs to be root, and is undone."""
    global skipped
    mount = f"{d}/ro"
    os.mkdir(mount)
    if os.getuid() != 0 or subprocess.run(
            ["unshare", "-m", "true"], capture_output=True).returncode != 0:
        skipped += 1
        print("skipped: a read-only disk needs root")
        return
    script = (f"mount -t tmpfs none {mount} && cp {STRIPPED} {mount}/s.pcap "
              f"&& mount -o remount,ro {mount} && "
              f"exec {SENSOR} -d {mount}/x.db -r {mount}/s.pcap")
    run = subprocess.run(["unshare", "-m", "sh", "-c", script], timeout=60,
                         capture_output=True, text=True)
    ends("a read-only disk", run, 1, "x.db")


def sources(d):
    data = pathlib.Path(STRIPPED).read_bytes()
    one = f"{d}/one.db"
    sensor("-n", "t", "-d", one, "-r", STRIPPED)
    want = rows(one, "SELECT id, verdict, kinds FROM v_sessions ORDER BY id")
    with open(STRIPPED, "rb") as f:
        ends("standard input", sensor("-n", "t", "-d", f"{d}/in.db", "-r",
                                      "-", stdin=f), 0)
    case("standard input gives what the file gives",
         rows(f"{d}/in.db", "SELECT id, verdict, kinds FROM v_sessions "
              "ORDER BY id") == want)
    folder = f"{d}/folder"
    os.mkdir(folder)
    pathlib.Path(f"{folder}/z.pcap.gz").write_bytes(gzip.compress(data))
    pathlib.Path(f"{folder}/notes.txt").write_text("not a capture\n")
    shutil.copy(HONEST, f"{folder}/a.pcap")
    ends("a directory", sensor("-n", "t", "-d", f"{d}/dir.db", "-r", folder),
         0)
    got = rows(f"{d}/dir.db", "SELECT id, verdict, kinds FROM v_sessions "
               "WHERE source = 'z.pcap.gz' ORDER BY id")
    case("a file of it gives what it gives alone", got == want,
         f"got {got}, want {want}")


def private(path):
    """Lines of a capture that evidence must not have, wherever they stand
    in a segment."""
    found = []
    for f in packets.read(path):
        s = packets.parse(f.data)
        if s is not None:
            found += re.findall(rb"(?im)^(?:MAIL FROM|RCPT TO|AUTH )[^\r\n]*",
                                bytes(s.payload(f.data)))
    return found


def evidence_of_all(d):
    """Every bundled capture: injected commands are a stranger's words about
    somebody's address, too."""
    folder = pathlib.Path(f"{d}/all")
    ends("evidence of all captures",
         sensor("-q", "-n", "t", "-d", f"{d}/all.db", "-p", "25,465,587",
                "-r", str(PCAPS), "--evidence", str(folder)), 0)
    made = sorted(folder.iterdir())
    told = {p.name: private(p) for p in made}
    case("no evidence of any capture has MAIL, RCPT or AUTH",
         len(made) > 100 and not any(told.values()),
         f"{len(made)} files; {[(n, t) for n, t in told.items() if t][:3]}")


def outputs(d):
    lines = f"{d}/out.jsonl"
    db = f"{d}/out.db"
    ends("JSON lines and evidence",
         sensor("-n", "t", "-d", db, "-r", str(PCAPS / "masked-x-and-letter.pcap")
                if (PCAPS / "masked-x-and-letter.pcap").exists() else
                str(PCAPS / "a-xxx-masked-banner-sender.pcap"),
                "--jsonl", lines, "--evidence", f"{d}/evidence"), 0)
    objects = [json.loads(x) for x in open(lines)]
    ids = [o["id"] for o in objects if o["type"] == "session"]
    case("each session is a line",
         sorted(ids) == [r[0] for r in rows(
             db, "SELECT id FROM v_sessions ORDER BY id")], f"{ids}")
    grave = [r[0] for r in rows(
        db, "SELECT DISTINCT session_id FROM v_findings "
        "WHERE severity <> 'info'")]
    made = sorted(int(p.stem) for p in pathlib.Path(f"{d}/evidence").iterdir())
    case("each session with a grave finding has its capture",
         made == sorted(grave) and made, f"got {made}, want {sorted(grave)}")
    for p in pathlib.Path(f"{d}/evidence").iterdir():
        octets = p.read_bytes()
        case("evidence ends where MAIL begins, and has the greeting",
             not private(p) and re.search(rb"(EH|HE)LO ", octets.upper()))
        run = sensor("-d", f"{d}/again.db", "-n", "t", "-r", str(p))
        ends("evidence is a capture", run, 0)
    run = sensor("-d", f"{d}/std.db", "-r", STRIPPED, "-q", "--jsonl", "-")
    case("JSON lines to standard output, and nothing else",
         all(json.loads(x) for x in run.stdout.splitlines()) and
         run.stdout, run.stdout[:200])
    case("-q says nothing", run.stderr == "", run.stderr)
    run = sensor("--help")
    case("--help", run.returncode == 0 and "usage" in run.stdout)
    run = sensor("--version")
    case("--version", run.returncode == 0 and run.stdout.count("\n") == 1)
    run = sensor("--log", "json", "-d", f"{d}/l.db", "-r", f"{d}/none")
    case("--log json", json.loads(run.stderr.splitlines()[0])["level"] ==
         "warning", run.stderr)


def main():
    global SENSOR
    SENSOR = str((pathlib.Path(sys.argv[1]) / "striptls-sensor").resolve())
    for group in (wrong_use, configuration, bad_files, databases, full_disk,
                  read_only_disk, sources, outputs, evidence_of_all):
        with tempfile.TemporaryDirectory(prefix="striptls-cli.") as d:
            group(d)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
