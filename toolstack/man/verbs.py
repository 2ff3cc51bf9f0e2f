#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The part VERBS of pavise(1), from what the tool says about its verbs:

    verbs.py build/bin/pavise          whether the page is right
    verbs.py build/bin/pavise --fix    writes it
"""

import json
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).with_name("pavise.1")
PART = re.compile(r'(\.\\" verbs: [^\n]*\n)(.*?)(\.\\" end\n)', re.DOTALL)
EVERYWHERE = {"format", "help"}  # options of all verbs


def roff(text):
    """Text of a page: nothing of it is taken for a request or an escape."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def sentence(text):
    return roff(text) + ("" if text.endswith(".") else ".")


def option(found):
    names = [f"\\-{found['letter']}"] if found["letter"] else []
    if found["name"]:
        names.append("\\-\\-" + roff(found["name"]))
    argument = f" \\fI{roff(found['argument'])}\\fR" if found["argument"] else ""
    names = ", ".join(f"\\fB{name}\\fR" for name in names)
    return f".TP\n{names}{argument}\n{roff(found['help'])}\n"


def verb(found):
    options = [o for o in found["options"] if o["name"] not in EVERYWHERE]
    words = " [\\fIOPTION\\fR...]" if options else ""
    if found["arguments"]:
        words += f" \\fI{roff(found['arguments'])}\\fR"
    text = f".TP\n\\fB{roff(found['name'])}\\fR{words}\n{sentence(found['summary'])}\n"
    if found["more"]:
        text += "".join(part + "\n" for part in map(roff, found["more"].split("\n")))
    if options:
        text += ".RS\n" + "".join(map(option, options)) + ".RE\n"
    return text


def part(tool):
    done = subprocess.run([tool, "--format", "json", "help"], capture_output=True, text=True,
                          check=True)
    # Those without options are this program's own, described by hand.
    return "".join(verb(v) for v in json.loads(done.stdout)["verbs"] if v["options"])


def main(tool, fix):
    old = PAGE.read_text()
    true = part(tool)
    new = PART.sub(lambda match: match[1] + true + match[3], old)
    if new == old:
        return 0
    if fix:
        PAGE.write_text(new)
        return 0
    print(f"{PAGE}: VERBS is out of date: {Path(__file__).name} {tool} --fix")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--fix" in sys.argv[2:]))
