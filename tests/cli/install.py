#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""install.py BUILD -- cmake --install puts everything in its place."""
import pathlib
import subprocess
import sys
import tempfile

WANT = ["sbin/striptls-sensor", "bin/striptls-analyzer",
        "share/man/man8/striptls-sensor.8",
        "share/man/man1/striptls-analyzer.1",
        "lib/systemd/system/striptls-sensor.service",
        "share/doc/striptls/sensor.yaml", "share/doc/striptls/README.md",
        "share/bash-completion/completions/striptls-sensor",
        "share/bash-completion/completions/striptls-analyzer"]


def main():
    missing = 0
    with tempfile.TemporaryDirectory(prefix="striptls-install.") as d:
        subprocess.run(["cmake", "--install", sys.argv[1], "--prefix", d],
                       check=True, stdout=subprocess.DEVNULL)
        for path in WANT:
            if not (pathlib.Path(d) / path).is_file():
                print(f"not installed: {path}")
                missing += 1
        for program in ("sbin/striptls-sensor", "bin/striptls-analyzer"):
            subprocess.run([f"{d}/{program}", "--version"], check=True,
                           stdout=subprocess.DEVNULL)
        for name in ("striptls-sensor", "striptls-analyzer"):
            subprocess.run(["bash", "-n", f"{d}/share/bash-completion/"
                            f"completions/{name}"], check=True)
    print(f"{len(WANT) - missing} files in place, {missing} missing")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
