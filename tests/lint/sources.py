#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Plain rules for every source file: licence line, no leftovers, own header first."""

import pathlib
import re
import subprocess
import sys

CODE = re.compile(r"\.(c|h|S|def|py|mk|awk|lds\.S)$|(^|/)Makefile$")
LEFTOVER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def tracked():
    out = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"],
                         capture_output=True, text=True, check=True).stdout
    return [pathlib.Path(f) for f in out.splitlines()]


def problems_of(path):
    text = path.read_text(errors="replace")
    if "SPDX-License-Identifier: MIT" not in "\n".join(text.splitlines()[:3]):
        yield f"{path}:1: no SPDX licence line"
    for number, line in enumerate(text.splitlines(), 1):
        if LEFTOVER.search(line) and path.name != "sources.py":
            yield f"{path}:{number}: leftover: {line.strip()}"
        if line.rstrip() != line:
            yield f"{path}:{number}: white space at the end of the line"


if __name__ == "__main__":
    found = [p for f in tracked() if CODE.search(str(f)) and f.exists() for p in problems_of(f)]
    print("\n".join(found) if found else "", end="\n" if found else "")
    sys.exit(bool(found))
