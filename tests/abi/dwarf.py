# SPDX-License-Identifier: MIT
"""Types of an object file, read from what `readelf --debug-dump=info` prints."""
import re
import subprocess

DIE_LINE = re.compile(r"^ <(\d+)><([0-9a-f]+)>: Abbrev Number: \d+ \(DW_TAG_(\w+)\)")
ATTR_LINE = re.compile(r"^    <[0-9a-f]+>\s+DW_AT_(\w+)\s*: ?(.*)$")
INDIRECT = re.compile(r"^\((?:alt )?indirect (?:line )?string, offset: [^)]*\): ")
AGGREGATES = ("structure_type", "union_type")
KEYWORD = {"structure_type": "struct", "union_type": "union", "enumeration_type": "enum"}


class Die:
    """One debugging entry: tag, attributes, children."""

    def __init__(self, tag):
        self.tag = tag
        self.attrs = {}
        self.children = []

    @property
    def name(self):
        return self.attrs.get("name")

    def number(self, attr):
        return int(self.attrs[attr].split()[0], 0)


class Types:
    """The top-level type entries of an object file."""

    def __init__(self, object_file):
        self.dies = {}
        self.top = []
        out = subprocess.run(["readelf", "--debug-dump=info", object_file], check=True,
                             capture_output=True, text=True).stdout
        self._parse(out)

    def _parse(self, text):
        stack = []
        die = None
        for line in text.splitlines():
            if m := DIE_LINE.match(line):
                level = int(m[1])
                die = Die(m[3])
                self.dies[int(m[2], 16)] = die
                del stack[level:]
                if level == 1:
                    self.top.append(die)
                if stack:
                    stack[-1].children.append(die)
                stack.append(die)
            elif die and (m := ATTR_LINE.match(line)):
                die.attrs[m[1]] = INDIRECT.sub("", m[2]).strip()

    def target(self, die):
        """The type that die's DW_AT_type names; None for void."""
        ref = die.attrs.get("type")
        return self.dies[int(ref.strip("<>"), 16)] if ref else None

    def resolved(self, die):
        """die behind its typedefs and qualifiers."""
        while die and die.tag in ("typedef", "const_type", "volatile_type"):
            die = self.target(die)
        return die

    def elements(self, array):
        """Number of elements of an array; None for a flexible one."""
        count = 1
        for sub in array.children:
            if "upper_bound" in sub.attrs:
                count *= sub.number("upper_bound") + 1
            elif "count" in sub.attrs:
                count *= sub.number("count")
            else:
                return None
        return count

    def spell(self, die):
        """die as C source, or None if it cannot be named."""
        if die is None:
            return "void"
        if die.tag in ("base_type", "typedef"):
            return die.name
        if die.tag in KEYWORD:
            return f"{KEYWORD[die.tag]} {die.name}" if die.name else None
        inner = self.spell(self.target(die))
        if inner is None:
            return None
        if die.tag == "pointer_type":
            return f"{inner} *"
        if die.tag in ("const_type", "volatile_type"):
            return f"{inner} {die.tag[:-5]}"
        if die.tag == "array_type" and (count := self.elements(die)) is not None:
            return f"{inner}[{count}]"
        return None

    def roots(self):
        """{C name: aggregate} for each that can be named by tag or typedef."""
        found = {}
        for die in self.top:
            if die.tag in AGGREGATES and die.name and "declaration" not in die.attrs:
                found[self.spell(die)] = die
            elif die.tag == "typedef":
                aggregate = self.target(die)
                if aggregate and aggregate.tag in AGGREGATES and not aggregate.name:
                    found[die.name] = aggregate
        return found

    def members(self, aggregate, prefix=""):
        """(path, type) of each member, also of those of unnamed aggregates inside."""
        for member in aggregate.children:
            if member.tag != "member":
                continue
            if "bit_size" in member.attrs or "data_bit_offset" in member.attrs:
                raise ValueError(f"bit-field {prefix}{member.name}: layout not compared")
            kind = self.target(member)
            path = prefix + member.name if member.name else None
            if path:
                yield path, kind
            inner, suffix = kind, ""
            if kind.tag == "array_type":
                inner, suffix = self.target(kind), "[0]"
            if inner.tag in AGGREGATES and not inner.name:
                yield from self.members(inner, f"{path}{suffix}." if path else prefix)

    def typedefs(self):
        return {die.name: die for die in self.top if die.tag == "typedef"}

    def enumerators(self):
        """{name: value} over all enumerations."""
        return {e.name: e.number("const_value")
                for die in self.top if die.tag == "enumeration_type"
                for e in die.children}
