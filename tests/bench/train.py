#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What a build learns from that is to be optimised by what it does.

usage: train.py BUILD-DIR

The sensor of that build, which records what it does, reads captures like
those of the benchmark, but small and of another seed, and then all bundled
ones with their policies.  Only what it does is of interest, and that it ends
as it should.
"""
import os
import subprocess
import sys
import tempfile

import bench

SIZES = {"A": "128M", "B": "64M", "C": "128M"}
SEED = ["--seed", "77"]
HERE = os.path.dirname(os.path.abspath(__file__))
BUNDLED = os.path.join(HERE, "..", "..", "pcaps")


def read(build, db, *options):
    """Status 1 is a capture that is damaged: some of the bundled are."""
    bench.forget(db)
    done = subprocess.run([f"{build}/striptls-sensor", "-q", "-n", "train",
                           "-d", db, *options], stderr=subprocess.PIPE)
    if done.returncode not in (0, 1):
        sys.exit(f"train: {done.stderr.decode(errors='replace')}"
                 f"train: ended with {done.returncode}")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    build = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="striptls-train.") as folder:
        path, db = (os.path.join(folder, n) for n in ("t.pcap", "t.db"))
        for name, size in SIZES.items():
            subprocess.run([f"{build}/tests/smtpgen", *bench.FILES[name][2],
                            *bench.amount(name, bench.octets(size)), *SEED,
                            "-w", path, "-t", os.path.join(folder, "t.tsv")],
                           check=True, stdout=subprocess.DEVNULL)
            read(build, db, "--policy", "off", "-r", path)
        read(build, db, "-p", "25,465,587", "--policy",
             f"file:{BUNDLED}/lab.zone", "-r", BUNDLED)


if __name__ == "__main__":
    main()
