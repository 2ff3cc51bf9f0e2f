#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The READMEs say what is true: their checked parts against the sources.

A part between "<!-- checked: WHAT -->" and "<!-- end -->" is

  make help      the targets of `make help`          written by --fix
  example        tests/guest/example/main.c          written by --fix
  debug keys     the calls of debug_key_register()   written by --fix
  locks          hv/locks.def                        written by --fix
  CPUID leaves   pv/cpuid_leaves.def                 written by --fix
  CPU features   pv/cpu_features.def                 written by --fix
  layers         tests/lint/layers.py: a row for each, highest first
  boot options   the BOOT_OPTION declarations: a row for each, in any words
  MSRs           the cases of pv/msr.c: each in a row

Besides, every function that hypervisor/README.md or locks.def names as `name()` is there,
every file that a README links to exists, and `make help` lists real targets.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import layers

ROOT = Path(__file__).resolve().parents[2]
LOCKS = "hypervisor/include/hv/locks.def"
PART = re.compile(r"(<!-- checked: (.*?) -->\n)(.*?)(<!-- end -->\n)", re.DOTALL)
OPTION = re.compile(r'^BOOT_OPTION_[A-Z]+\("([^"]+)"', re.MULTILINE)
KEY = re.compile(r"debug_key_register\('(.)',\s*\"([^\"]+)\"")
LOCK = re.compile(r'^LOCK\((\w+),\s*(\d+), "([^"]+)"\)', re.MULTILINE)
CPUID_LEAF = re.compile(r'^CPUID_LEAF\((\w+), (\w+), (.*), "([^"]+)"\)$')
REGISTER = re.compile(r"(NONE|XSTATE|OURS|\w+\([^)]*\))")
GROUP = re.compile(r"/\* (.*?) \*/\n((?:FEATURE.*\n)+)")
FEATURE = re.compile(r"FEATURE(_ASKED|_OF_FPU)?\((\w+)\)")
HELP = re.compile(r"^#:   ([a-z-]+) {2,}(.+)$", re.MULTILINE)
FUNCTION = re.compile(r"`(\w+)\(\)`")
CALLABLE = re.compile(r"\b(\w+)\(|^(\w+):", re.MULTILINE)
LINK = re.compile(r"\]\(([^):#]+)\)")
FIRST_WORD = re.compile(r"^\| `([\w-]+)", re.MULTILINE)


def sources(root):
    return [p.read_text() for p in sorted((root / "hypervisor").rglob("*.[chS]"))]


def table(head, rows):
    lines = [f"| {' | '.join(row)} |" for row in [head, *rows]]
    lines.insert(1, "|" + "---|" * len(head))
    return "\n".join(lines) + "\n"


def make_help(root):
    return table(("target", "what"), [(f"`{target}`", what.strip()) for target, what
                                      in HELP.findall((root / "Makefile").read_text())])


def example(root):
    return f"```c\n{(root / 'tests/guest/example/main.c').read_text()}```\n"


def debug_keys(root):
    found = {key for text in sources(root) for key in KEY.findall(text)}
    return table(("key", "what"), [(f"`{key}`", what) for key, what in sorted(found)])


def locks(root):
    rows = LOCK.findall((root / LOCKS).read_text())
    return table(("level", "lock", "guards"), [(level, f"`{name}`", what)
                                               for name, level, what in rows])


def register_words(rule):
    """A register's rule in cpuid_leaves.def, for readers."""
    kind, *bits = re.findall(r"\w+", rule)
    bits = ["" if bit == "ALL" else f" in {bit}" for bit in bits]
    return {"NONE": "0", "XSTATE": "by features", "OURS": "see below",
            "MACHINE": "machine's" + "".join(bits), "OPEN": "machine's*" + "".join(bits),
            "OPEN_IN": ("" if bits[-1:] == [" in 0"] else f"machine's{bits[-1]}; ") +
                       f"{bits[0][4:]}*" if bits else "",
            "AT_MOST": f"up to {bits[0][4:]}" if bits else "",
            "FEATURES": "features" if kind == "FEATURES" else ""}[kind]


def cpuid_leaves(root):
    text = (root / "hypervisor/pv/cpuid_leaves.def").read_text()
    text = re.sub(r",\n\s+", ", ", text)
    rows = []
    for line in text.splitlines():
        match = CPUID_LEAF.match(line)
        if match:
            leaf, sub, rules, what = match.groups()
            name = f"{int(leaf, 16):#x}" + ("" if sub == "NO_SUB" else f".{sub}")
            rows.append((f"`{name}`", what, *map(register_words, REGISTER.findall(rules))))
    return table(("leaf", "what", "EAX", "EBX", "ECX", "EDX"), rows)


def cpu_features(root):
    text = (root / "hypervisor/pv/cpu_features.def").read_text()
    text = text[text.index("clang-format off"):].replace("\n * ", " ")
    text = re.sub(r"\n\n(FEATURE_OF)", r"\n/* how the FPU behaves, which no policy changes */\n\1", text)
    rows = []
    for group, features in GROUP.findall(text):
        names = [f"({name})" if kind == "_ASKED" else name
                 for kind, name in FEATURE.findall(features)]
        rows.append((group.split(":")[0], " ".join(names)))
    return table(("features", ""), rows)


GENERATED = {"make help": make_help, "example": example, "debug keys": debug_keys,
             "locks": locks, "CPUID leaves": cpuid_leaves, "CPU features": cpu_features}


def check_options(root, text):
    """Problems of the table of boot options."""
    declared = [name for source in sources(root) for name in OPTION.findall(source)]
    listed = FIRST_WORD.findall(text)
    for name in sorted(set(declared)):
        if declared.count(name) > 1:
            yield f"boot option {name} is declared {declared.count(name)} times"
        if name not in listed:
            yield f"boot option {name} is not in the table"
    for name in sorted(set(listed) - set(declared)):
        yield f"there is no boot option {name}"


def check_layers(_, text):
    listed = re.findall(r"^\| \*\*(\w+)\*\* \| ([^|]+?) \|", text, re.MULTILINE)
    true = [(name, " ".join(f"`{f}/`" for f in folders))
            for name, folders, _ in reversed(layers.LAYERS)]
    if listed != true:
        yield f"the layers are {true}"


def check_msrs(root, text):
    source = (root / "hypervisor/pv/msr.c").read_text()
    known = set(re.findall(r"case MSR_(\w+)", source)) | \
        set(re.findall(r"case MSR_\w+ \.\.\. MSR_(\w+)", source))
    listed = set(re.findall(r"`(\w+)`", text))
    for name in sorted(known ^ listed):
        yield f"MSR {name} is {'not in the table' if name in known else 'not in msr.c'}"


CHECKED = {"boot options": check_options, "layers": check_layers, "MSRs": check_msrs}


def checked_parts(root, path, fix):
    """Problems of the marked parts of a README; --fix writes the generated ones."""
    problems = []

    def visit(match):
        start, what, text, end = match.groups()
        if what in GENERATED:
            true = GENERATED[what](root)
            if true != text and not fix:
                problems.append(f"{path}: '{what}' is out of date: tests/lint/docs.py --fix")
            return start + true + end
        problems.extend(f"{path}: {p}" for p in CHECKED[what](root, text))
        return match.group(0)

    old = (root / path).read_text()
    new = PART.sub(visit, old)
    if fix and new != old:
        (root / path).write_text(new)
    return problems


def unknown_functions(root, path, pattern=FUNCTION):
    known = {name for text in sources(root) for pair in CALLABLE.findall(text) for name in pair}
    for name in pattern.findall((root / path).read_text()):
        if name not in known:
            yield f"{path}: there is no function {name}()"


def dead_links(root, path):
    for target in LINK.findall((root / path).read_text()):
        if not ((root / path).parent / target).exists():
            yield f"{path}: there is no {target}"


def unknown_targets(root):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("M")}
    make = subprocess.run(["make", "-npq", "help"], cwd=root, env=environment,
                          capture_output=True, text=True)
    known = set(re.findall(r"^([\w-]+):(?!=)", make.stdout, re.MULTILINE))
    for target, _ in HELP.findall((root / "Makefile").read_text()):
        if target not in known:
            yield f"Makefile: make help names {target}, which is no target"


def check(root, fix=False):
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard",
                             "*README.md"], cwd=root, capture_output=True, text=True,
                            check=True).stdout.split()
    problems = list(unknown_targets(root))
    for path in listed:
        problems += checked_parts(root, path, fix)
        problems += dead_links(root, path)
    problems += unknown_functions(root, "hypervisor/README.md")
    problems += unknown_functions(root, LOCKS, re.compile(r"(\w+)\(\)"))
    return problems


if __name__ == "__main__":
    found = check(ROOT, "--fix" in sys.argv[1:])
    print("\n".join(found), end="\n" if found else "")
    sys.exit(bool(found))
