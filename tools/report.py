#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Where the code is large: functions, files, stack frames and image sections.

    tools/report.py [--most N] [--build BUILD]

Functions are measured by ctags over the C files that git tracks, in lines from the name
to the closing brace. Stack frames and sections are the compiler's figures for the
hypervisor in BUILD, if there is one.
"""

import argparse
import collections
import json
import signal
import subprocess
from pathlib import Path

FOLDERS = ("hypercall-abi", "hypervisor", "mini-os", "pv-drivers", "toolstack", "tests", "tools")
CODE = (".c", ".h", ".S", ".def", ".py")


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def tracked():
    return [Path(f) for f in output("git", "ls-files", *FOLDERS).splitlines()
            if f.endswith(CODE) and Path(f).exists()]


def functions(files):
    """(lines, file:line, name) of every C function."""
    tags = output("ctags", "--output-format=json", "--languages=C", "--langmap=C:.c.h",
                  "--kinds-C=f", "--fields=+ne", "-o", "-", *map(str, files))
    for tag in map(json.loads, tags.splitlines()):
        if "end" in tag:
            yield tag["end"] - tag["line"] + 1, f"{tag['path']}:{tag['line']}", tag["name"]


def show(title, rows, most):
    print(title)
    for number, *words in sorted(rows, reverse=True)[:most]:
        print(f"  {number:6}  {'  '.join(words)}")
    print()


def show_share(lengths):
    """How many functions are how long."""
    count = len(lengths) or 1
    middle = sorted(lengths)[len(lengths) // 2] if lengths else 0
    shares = ", ".join(f"{100 * sum(n > limit for n in lengths) / count:.1f} % over {limit}"
                       for limit in (20, 50, 80))
    print(f"{len(lengths)} functions, half of them up to {middle} lines; {shares}\n")


def show_folders(lines):
    total = collections.Counter()
    for path, count in lines.items():
        total["/".join(path.parts[:2]) if len(path.parts) > 2 else path.parts[0]] += count
    show("Lines per folder", [(n, folder) for folder, n in total.items()], len(total))


def frames(build):
    """(bytes, file:line, name) of every function's stack frame, from gcc's .su files."""
    for path in (build / "hypervisor").rglob("*.su"):
        for line in path.read_text().splitlines():
            place, size, _ = line.split("\t")
            file, number, *_, name = place.split(":")
            yield int(size), f"{file}:{number}", name


def show_sections(image):
    print(f"Sections of {image}, bytes")
    for line in output("size", "-A", str(image)).splitlines()[2:]:
        words = line.split()
        if len(words) >= 2 and not words[0].startswith(".debug"):
            print(f"  {int(words[1]):8}  {words[0]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--most", type=int, default=15, help="rows of each list")
    parser.add_argument("--build", type=Path, default=Path("build"))
    args = parser.parse_args()

    files = tracked()
    lines = {f: len(f.read_text(errors="replace").splitlines()) for f in files}
    found = list(functions([f for f in files if f.suffix in (".c", ".h")]))
    show("Longest functions, lines", found, args.most)
    show_share([n for n, _, _ in found])
    show("Longest files, lines", [(n, str(f)) for f, n in lines.items()], args.most)
    show_folders(lines)
    show("Largest stack frames of the hypervisor, bytes (its stacks have 16384)",
         list(frames(args.build)), args.most)
    if (args.build / "pavise.elf").exists():
        show_sections(args.build / "pavise.elf")


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    main()
