#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Commands of an analyst and what they print, case by case.

    run.py [--accept] PROGRAM [FILE.cli...]

A case in a .cli file:

    == a sentence that says what is shown
    $ striptls-analyzer sessions      run by sh, in a folder of databases
    | a line of standard output
    ! a line of standard error
    = 1                               exit status, if not 0

`tty 80 $ ...` runs it on a terminal of that width, where both outputs are
one.  Octets that do not print stand as \\e, \\r or \\xNN, and so does a blank
at the end of a line (\\x20).

--accept writes what was printed into the files; then read the difference.
"""
import fcntl
import json
import os
import pty
import re
import shutil
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import termios
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import mmdb  # noqa: E402  (beside other tools)

SCHEMA = os.path.join(HERE, "..", "..", "schema")


def varint(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def zigzag(n):
    return n << 1 if n >= 0 else (-n << 1) - 1


def dialogue(lines):
    """SQL function: [[line, "C"|"S"|"-", packets on, us on]...] packed as
    schema/dialogue.h has it."""
    out = b""
    for line, who, packets, time in json.loads(lines):
        out += varint(line * 4 + "CS-".index(who))
        out += varint(zigzag(packets)) + varint(zigzag(time))
    return out


def rank(word, words):
    """SQL function: a word's place in a list; NULL for NULL."""
    return None if word is None else words.split().index(word)


def ipv4(text):
    """SQL function: an IPv4 address as the signed number it is."""
    return struct.unpack("!i", socket.inet_aton(text))[0]


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return f.read()


def make(path, *scripts):
    db = sqlite3.connect(path)
    db.create_function("dialogue", 1, dialogue)
    db.create_function("rank", 2, rank)
    db.create_function("ipv4", 1, ipv4)
    for sql in scripts:
        db.executescript(sql)
    db.commit()
    return db


def constant(name):
    text = read(SCHEMA, "schema.h")
    return int(re.search(rf"#define\s+{name}\s+(\w+)", text)[1], 0)


def make_databases(folder):
    tables = read(SCHEMA, "schema.sql")
    views = read(SCHEMA, "views.sql")
    stamp = (f"PRAGMA application_id = {constant('SCHEMA_APPLICATION_ID')};"
             f"PRAGMA user_version = {constant('SCHEMA_VERSION')};")
    words = read(HERE, "words.sql")
    stage, load = read(HERE, "stage.sql"), read(HERE, "load.sql")
    here = lambda name: os.path.join(folder, name)
    for name in ("fixture", "other", "nothing"):
        made = make(here("striptls.db" if name == "fixture" else name + ".db"),
                    tables, views, stamp, words, stage,
                    read(HERE, name + ".sql"), load)
        made.close()
    make(here("newer.db"), tables, views, stamp,
         "PRAGMA user_version = 99").close()
    make(here("foreign.db"), "CREATE TABLE t (x)").close()
    open(here("empty.db"), "w").close()
    with open(here("text.db"), "w", encoding="utf-8") as f:
        f.write("This is a letter, not a database.\n" * 100)
    for i in range(1, 13):
        shutil.copy(here("other.db"), here(f"copy{i}.db"))
    # a database whose write-ahead log is still to be read
    db = make(here("wal.db"), "PRAGMA journal_mode = WAL", tables, views,
              stamp, words, stage)
    db.executescript(read(HERE, "other.sql") + load)
    db.commit()
    return db


def make_geoip(folder):
    here = lambda name: os.path.join(folder, name)
    mmdb.write(here("country.mmdb"), "Test-Country", {
        "203.0.113.0/24": {"country": {"iso_code": "NZ"}},
        "198.51.100.0/24": {"registered_country": {"iso_code": "IS"}},
        "2001:db8:1::/48": {"country": {"iso_code": "CL"}}})
    mmdb.write(here("asn.mmdb"), "Test-ASN", {
        "203.0.113.0/24": {
            "autonomous_system_number": 64500,
            "autonomous_system_organization": "Example \x1b[31m Net"},
        "198.51.100.0/24": {"autonomous_system_number": 64501}})


def visible(octets):
    """Octets as lines of text in which all octets can be seen."""
    text = octets.decode("utf-8", "surrogateescape")
    out = []
    for line in text.split("\n"):
        seen = ""
        for c in line:
            code = ord(c)
            if c == "\x1b":
                seen += "\\e"
            elif c == "\r":
                seen += "\\r"
            elif 0xDC80 <= code <= 0xDCFF:
                seen += f"\\x{code - 0xDC00:02x}"
            elif code < 0x20 or 0x7F <= code < 0xA0:
                seen += f"\\x{code:02x}"
            else:
                seen += c
        if seen.endswith(" "):
            seen = seen[:-1] + "\\x20"
        out.append(seen)
    if out[-1] == "":
        out.pop()
    else:
        out[-1] += "\\"         # no line end
    return out


def on_terminal(command, width, folder, env):
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    got = bytearray()

    def drain():
        try:
            while data := os.read(main, 65536):
                got.extend(data)
        except OSError:         # EIO: all have closed it
            pass
    reader = threading.Thread(target=drain)
    reader.start()
    p = subprocess.Popen(["sh", "-c", command], cwd=folder, env=env,
                         stdin=subprocess.DEVNULL, stdout=side, stderr=side)
    os.close(side)
    p.wait(60)
    reader.join(60)
    os.close(main)
    return bytes(got).replace(b"\r\n", b"\n"), b"", p.returncode


UNPRIVILEGED = """#!/bin/sh
# Run as one who owns nothing here.
[ "$(id -u)" -ne 0 ] && exec "$@"
exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
"""
CHANGE = """#!/usr/bin/env python3
# change DB SQL: what no sensor does to a database
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.executescript(sys.argv[2])
db.commit()
"""


def make_tools(folder, program):
    """A folder for PATH: the program, where anybody can run it, and help for
    cases."""
    tools = os.path.join(folder, "tools")
    os.mkdir(tools)
    shutil.copy(program, os.path.join(tools, "striptls-analyzer"))
    for name, text in (("unprivileged", UNPRIVILEGED), ("change", CHANGE)):
        with open(os.path.join(tools, name), "w", encoding="utf-8") as f:
            f.write(text)
    for name in os.listdir(tools):
        os.chmod(os.path.join(tools, name), 0o755)
    os.chmod(folder, 0o755)
    return tools


class Case:
    def __init__(self, name):
        self.name, self.command, self.width = name, None, None
        self.before, self.out, self.err, self.status = [], [], [], 0

    def run(self, folder, env):
        if self.width:
            result = on_terminal(self.command, self.width, folder, env)
        else:
            p = subprocess.run(["sh", "-c", self.command], cwd=folder,
                               env=env, stdin=subprocess.DEVNULL,
                               capture_output=True, timeout=60)
            result = p.stdout, p.stderr, p.returncode
        return visible(result[0]), visible(result[1]), result[2]

    def text(self):
        tty = f"tty {self.width} " if self.width else ""
        lines = self.before + [f"== {self.name}", f"{tty}$ {self.command}"]
        lines += [f"| {line}".rstrip() for line in self.out]
        lines += [f"! {line}".rstrip() for line in self.err]
        if self.status:
            lines.append(f"= {self.status}")
        return "\n".join(lines) + "\n"


def parse(path):
    cases, before = [], []
    for line in read(path).splitlines():
        if line.startswith("== "):
            cases.append(Case(line[3:]))
            cases[-1].before, before = before, []
        elif m := re.match(r"(?:tty (\d+) )?\$ (.*)", line):
            cases[-1].width = int(m[1]) if m[1] else None
            cases[-1].command = m[2]
        elif line[:1] == "|":
            cases[-1].out.append(line[2:])
        elif line[:1] == "!":
            cases[-1].err.append(line[2:])
        elif line[:2] == "= ":
            cases[-1].status = int(line[2:])
        elif line == "" or line[:1] == "#":
            before.append(line)
        else:
            sys.exit(f"{path}: not a line of a case: {line}")
    return cases


def complain(case, got):
    print(f"FAIL {case.name}\n     $ {case.command}")
    for what, want, have in zip(("output", "errors", "status"),
                                (case.out, case.err, case.status), got):
        if want == have:
            continue
        for side, value in (("want", want), ("got", have)):
            print(f"     {side} {what}:")
            for line in value if isinstance(value, list) else [value]:
                print(f"       {line}")


def main():
    args = sys.argv[1:]
    accept = "--accept" in args
    args = [a for a in args if a != "--accept"]
    if not args:
        sys.exit("usage: run.py [--accept] PROGRAM [FILE.cli...]")
    program = os.path.abspath(args[0])
    files = args[1:] or sorted(os.path.join(HERE, f)
                               for f in os.listdir(HERE)
                               if f.endswith(".cli"))
    failed = count = 0
    with tempfile.TemporaryDirectory() as folder:
        keep = make_databases(folder)
        make_geoip(folder)
        tools = make_tools(folder, program)
        env = {"PATH": tools + ":" + os.environ["PATH"],
               "LC_ALL": "C.UTF-8", "TZ": "America/New_York",
               "TERM": "xterm", "HOME": folder}
        for path in files:
            cases = parse(path)
            for case in cases:
                got = case.run(folder, env)
                count += 1
                if got == (case.out, case.err, case.status):
                    print(f"ok   {case.name}")
                elif accept:
                    case.out, case.err, case.status = got
                    print(f"new  {case.name}")
                else:
                    failed += 1
                    complain(case, got)
            if accept:
                with open(path, "w", encoding="utf-8") as f:
                    f.write("".join(case.text() for case in cases))
        keep.close()
    print(f"{count} cases, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
