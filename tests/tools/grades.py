#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""grades.py [--update] -- the tables of severities and of the points of
path-anomaly in the manual page are those of sensor/detect/grade.c and
path_anomaly.c.

--update writes them anew between their .Bl -column and .El.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MANUAL = ROOT / "sensor" / "striptls-sensor.8"
TRAITS = {
    "HOP_LIMIT": "hop limit", "NO_STAMP": "no TCP timestamp",
    "CLOCK": "another clock", "ID": "IP-ID", "WINDOW": "window",
    "SOON": "too soon"}


def rows():
    source = (ROOT / "sensor/detect/grade.c").read_text()
    names = dict(re.findall(r'KIND\((\w+), "([\w-]+)"',
                            (ROOT / "schema/names.def").read_text()))
    found = re.findall(
        r"\[KIND_(\w+)\] = \{ FAMILY_\w+, (\w+), \{\s*"
        r"\{ (\w+), (\w+) \},\s*\{ (\w+), (\w+) \},\s*\{ (\w+), (\w+) \}",
        source)
    missing = set(names) - {row[0] for row in found}
    if missing:
        sys.exit(f"grades: no row for {', '.join(sorted(missing))}")
    yield ".It Em kind Ta Em hint Ta Em strong Ta Em proof Ta"
    for name, nature, *cells in found:
        words = [c.lower() for c in cells]
        pairs = [f"{words[i]}/{words[i + 1]}" for i in (0, 2, 4)]
        yield (f".It Sy {names[name]} Ta " + " Ta ".join(pairs) + " Ta" +
               (" tampers" if nature == "TAMPERS" else ""))


def points():
    source = (ROOT / "sensor/detect/path_anomaly.c").read_text()
    signs = re.findall(r"^\tPATH_(\w+),", (
        ROOT / "sensor/session/path.h").read_text(), re.M)
    found = re.findall(r"\[PATH_(\w+)\]\s*= \{ \{ (\d),\s*(\d),\s*(\d) \},"
                       r"\s*(true|false) \}", source)
    if [row[0] for row in found] != signs or set(signs) != set(TRAITS):
        sys.exit("grades: path_anomaly.c, path.h and TRAITS disagree")
    yield ".It Em trait Ta Em alone Ta Em stayed Ta Em RST"
    for name, alone, stayed, rst, moves in found:
        if moves == "true":
            stayed = f"[{stayed}]"
        yield f".It {TRAITS[name]} Ta {alone} Ta {stayed} Ta {rst}"


TABLES = (('.Bl -column "starttls-command-masked"', rows),
          ('.Bl -column "no TCP timestamp"', points))


def main():
    lines = MANUAL.read_text().splitlines()
    right, count = True, []
    for head, table in TABLES:
        begin = next(i for i, x in enumerate(lines)
                     if x.startswith(head)) + 1
        end = lines.index(".El", begin)
        want = list(table())
        right = right and lines[begin:end] == want
        lines[begin:end] = want
        count.append(len(want) - 1)
    if "--update" in sys.argv:
        MANUAL.write_text("\n".join(lines) + "\n")
        return 0
    if not right:
        print("grades: the manual's tables are not those of the code; run "
              "tests/tools/grades.py --update")
        return 1
    print(f"grades: {count[0]} kinds, {count[1]} traits, in the manual as in "
          "the code")
    return 0


if __name__ == "__main__":
    sys.exit(main())
