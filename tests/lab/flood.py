#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""flood.py BUILD -- memory under a flood stays within the configured limit,
and counters say what was let go.

A million half-open connections; a hundred thousand that greet and fall
silent; two thousand whose EHLO reply never ends.  Peak memory of the whole
process is held against the limit of the connection table, which counts what
is known of each session too, plus a fixed share for all else.
"""
import json
import os
import pathlib
import sqlite3
import struct
import subprocess
import sys
import tempfile

LIMIT_MIB = 96
OTHER_MIB = 80		# queue, database cache, what malloc loses
QUEUE = 512		# so that a database that is slow today adds little
START = 1700000000
SERVER = bytes([198, 51, 100, 25])


def frame(client, port, seq, ack, flags, payload=b"", from_server=False):
    """Ethernet, IPv4, TCP; checksums left to the card, as at a sender."""
    a, b = (SERVER, client) if from_server else (client, SERVER)
    sport, dport = (25, port) if from_server else (port, 25)
    tcp = struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 0x50, flags,
                      65535, 0, 0) + payload
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0,
                     a, b)
    return b"\x02" * 12 + b"\x08\x00" + ip + tcp


def client(n):
    return struct.pack(">I", 0x0A000000 + n)


def half_open():
    for n in range(1000000):
        yield frame(client(n), 40000, 1, 0, 2)


def silent():
    for n in range(100000):
        c = client(n)
        yield frame(c, 40000, 1, 0, 2)
        yield frame(c, 40000, 1, 2, 18, from_server=True)
        yield frame(c, 40000, 2, 2, 24, b"220 mx ESMTP\r\n", True)
        yield frame(c, 40000, 2, 16, 24, b"EHLO client.example\r\n")


def endless():
    line = b"250-" + b"K" * 56 + b"\r\n"
    reply = line * 23
    ports = range(30000, 32000)
    c = client(7)
    for port in ports:
        yield frame(c, port, 1, 0, 2)
        yield frame(c, port, 1, 2, 18, from_server=True)
        yield frame(c, port, 2, 2, 24, b"220 mx ESMTP\r\n", True)
        yield frame(c, port, 2, 16, 24, b"EHLO client.example\r\n")
    for turn in range(60):
        for port in ports:
            yield frame(c, port, 16 + turn * len(reply), 23, 24, reply, True)


def write(path, frames):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for i, data in enumerate(frames):
            f.write(struct.pack("<IIII", START + i // 100000,
                                i % 100000 * 10, len(data), len(data)))
            f.write(data)


def run(sensor, config, db, path):
    pid = os.posix_spawn(sensor, [sensor, "-q", "-c", config, "-d", db, "-r",
                                  path], os.environ)
    _, status, usage = os.wait4(pid, 0)
    con = sqlite3.connect(db)
    counters, = con.execute(
        "SELECT counters FROM run ORDER BY id DESC LIMIT 1").fetchone()
    sessions = con.execute("SELECT offer, verdict, count(*) FROM v_sessions "
                           "GROUP BY 1, 2").fetchall()
    con.close()
    return (os.waitstatus_to_exitcode(status), usage.ru_maxrss / 1024,
            json.loads(counters), sessions)


def main():
    sensor = str((pathlib.Path(sys.argv[1]) / "striptls-sensor").resolve())
    failed = 0
    floods = [
        ("a million half-open connections", half_open, ["evicted_opening"]),
        ("a hundred thousand silent ones", silent, []),
        ("endless EHLO replies", endless, []),
    ]
    with tempfile.TemporaryDirectory(prefix="striptls-flood.") as d:
        config = f"{d}/limits.yaml"
        pathlib.Path(config).write_text(
            f"limits:\n  connections: 200000\n  memory_mib: {LIMIT_MIB}\n"
            f"  queue_records: {QUEUE}\n")
        for name, frames, want in floods:
            path = f"{d}/flood.pcap"
            write(path, frames())
            status, peak, counters, sessions = run(
                sensor, config, f"{d}/{frames.__name__}.db", path)
            said = {k: v for k, v in counters.items()
                    if k.startswith(("evicted", "memory"))}
            print(f"{name}: peak {peak:.0f} MiB, {said}")
            ok = status == 0 and peak <= LIMIT_MIB + OTHER_MIB and \
                all(counters.get(w, 0) > 0 for w in want)
            if frames is endless:
                # one let go is begun anew, in the middle, when it goes on
                ok = ok and sum(s[2] for s in sessions) >= 2000 and \
                    {s[:2] for s in sessions} == {("unseen", "undecided")}
            if frames is silent:
                ok = ok and sum(s[2] for s in sessions) == 100000 and \
                    {s[1] for s in sessions} == {"undecided"}
            if not ok:
                failed += 1
                print(f"FAIL {name}: status {status}, sessions {sessions}")
    print(f"{len(floods) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
