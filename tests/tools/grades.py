#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""grades.py [--update] -- the table of severities in the manual page is that
of sensor/detect/grade.c.

--update writes it anew between its .Bl -column and .El.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MANUAL = ROOT / "sensor" / "striptls-sensor.8"
HEAD = ".Bl -column \"starttls-command-masked\""


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


def main():
    lines = MANUAL.read_text().splitlines()
    begin = next(i for i, x in enumerate(lines) if x.startswith(HEAD)) + 1
    end = lines.index(".El", begin)
    want = list(rows())
    if "--update" in sys.argv:
        MANUAL.write_text("\n".join(lines[:begin] + want + lines[end:]) +
                          "\n")
        return 0
    if lines[begin:end] != want:
        print("grades: the manual's table is not that of grade.c; run "
              "tests/tools/grades.py --update")
        return 1
    print(f"grades: {len(want) - 1} kinds, in the manual as in the code")
    return 0


if __name__ == "__main__":
    sys.exit(main())
