#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""threads.py BUILD -- the sensor under ThreadSanitizer: roads, clerk and the
watching thread together, to the end and stopped in the middle."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    sensor = str((pathlib.Path(sys.argv[1]) / "striptls-sensor").resolve())
    captures = sorted(str(p) for p in (ROOT / "pcaps").glob("*.pcap"))[:24]
    env = dict(os.environ, TSAN_OPTIONS="halt_on_error=1 exitcode=66")
    failed = 0
    with tempfile.TemporaryDirectory(prefix="striptls-tsan.") as d:
        args = [x for c in captures for x in ("-r", c)]
        run = subprocess.run([sensor, "-d", f"{d}/a.db", "-p", "25,465,587",
                              "--jsonl", f"{d}/a.jsonl", *args], env=env,
                             capture_output=True, text=True, timeout=300)
        if run.returncode != 0:
            failed += 1
            print(f"many files: status {run.returncode}\n{run.stderr[-3000:]}")
        # a directory that is followed has no end: stop it once it reads
        proc = subprocess.Popen([sensor, "-d", f"{d}/b.db", "-p", "25,465,587",
                                 "-r", str(ROOT / "pcaps"), "--follow"],
                                env=env, stderr=subprocess.PIPE, text=True)
        while not os.path.exists(f"{d}/b.db-wal") and proc.poll() is None:
            pass
        proc.send_signal(signal.SIGTERM)
        said = proc.communicate(timeout=120)[1]
        if proc.returncode != 0:
            failed += 1
            print(f"stopped: status {proc.returncode}\n{said[-3000:]}")
    print(f"{2 - failed} passed, {failed} failed")
    return failed


if __name__ == "__main__":
    sys.exit(main())
