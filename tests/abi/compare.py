#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""
Compares hypercall-abi with the public headers of libxen-dev, by the compiler.

What there is to compare is extracted from our headers, so nothing can be forgotten:
macros from the preprocessor, types from the debugging information. From it come static
assertions which are then compiled against libxen-dev's headers. The other direction:
a structure that both have must not have members there that ours lacks, and each public
command number must have a row in our tables.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys

from dwarf import Types

HERE = os.path.dirname(os.path.abspath(__file__))
OURS = os.path.join(HERE, "../../hypercall-abi/include")
THEIRS = "/usr/include"

# Headers without a counterpart of the same name.
OURS_ALONE = {"types.h", "hypercall_stubs.h", "rows_begin.h", "rows_end.h"}

# Unions from which we leave members of refused operations out.
PARTIAL = ("struct xen_domctl.u", "struct xen_sysctl.u", "struct xen_platform_op.u")

# Object-like macros whose text is C syntax, not a value; the types that they lead to are
# compared as members and typedefs.
SYNTAX = {
    "__XEN_INTERFACE_VERSION__": "chosen by the includer",
    "xen_wc_sec_hi": "member name", "xen_vga_console_info": "tag",
    "xenpf_settime": "tag",
}

# Arguments with which function-like macros are compared; value, or expanded text.
SAMPLES = {
    "xen_mk_uint": ["7"], "xen_mk_ulong": ["7"], "xen_mk_ullong": ["7"],
    "__xen_mk_uint": ["7"], "__xen_mk_ulong": ["7"], "__xen_mk_ullong": ["7"],
    "xen_pfn_to_cr3": ["0x12345"], "xen_cr3_to_pfn": ["0x12345678"],
    "XENMEMF_address_bits": ["32"], "XENMEMF_get_address_bits": ["0x1234"],
    "XENMEMF_node": ["3"], "XENMEMF_get_node": ["0x1234"], "XENMEMF_exact_node": ["3"],
    "XENMEM_resource_ioreq_server_frame_ioreq": ["4"],
    "XEN_DOMCTL_GRANT_version": ["0x12"], "XEN_CPUID_LEAF": ["5"],
    "xen_vcpu_physid_to_x86_apicid": ["0x1234567890ul"],
    "xen_vcpu_physid_to_x86_acpiid": ["0x1234567890ul"],
    "MASK_XENSTORE_IDX": ["0x12345"], "MASK_XENCONS_IDX": ["0x12345, \"abcdefg\""],
    "TRC_HD_TO_EVENT": ["0xb020100du"], "TRC_HD_EXTRA": ["0xb020100du"],
    "TRC_HD_INCLUDES_CYCLE_COUNT": ["0xb020100du"],
    "TRC_PV_HYPERCALL_V2_ARG_32": ["3"], "TRC_PV_HYPERCALL_V2_ARG_64": ["3"],
    "TI_GET_DPL": ["x"], "TI_GET_IF": ["x"],
    "__RD2": ["3"], "__RD4": ["13"], "__RD8": ["200"], "__RD16": ["60000"],
    "__RD32": ["0x12345678"], "__CONST_RING_SIZE": ["abi_probe, 4096"],
}

# Function-like macros that make declarations or statements: the types they make are
# compared where they are used, the statements are tested by running drivers.
STATEMENTS = re.compile(
    r"(_*DEFINE_XEN_GUEST_HANDLE|_*XEN_GUEST_HANDLE(_64|_PARAM)?|set_xen_guest_handle"
    r"(_raw)?|TI_SET_(DPL|IF)|XEN_DEFINE_UUID_?|DEFINE_RING_TYPES|__RING_SIZE|"
    r"(SHARED|FRONT|XEN_FRONT|BACK)_RING_\w+|(XEN_)?RING_\w+)$")

# Public commands: which table has their rows, what they are called, and what is called
# alike without being one.
COMMANDS = [
    ("hypercalls", r"__HYPERVISOR_[a-z]\w*", r"arch_0$"),
    ("ops/evtchn", r"EVTCHNOP_\w+", None),
    ("ops/grant", r"GNTTABOP_\w+", r"error_msgs$"),
    ("ops/memory", r"XENMEM_[a-z]\w+", r"resource_|_op_"),
    ("ops/sched", r"SCHEDOP_\w+", None),
    ("ops/vcpu", r"VCPUOP_\w+", None),
    ("ops/mmu_update", r"MMU_\w+", None),
    ("ops/mmuext", r"MMUEXT_\w+", None),
    ("ops/xen_version", r"XENVER_\w+", None),
    ("ops/physdev", r"PHYSDEVOP_\w+", r"_DBGP_|gmfn$"),
    ("ops/callback", r"CALLBACKOP_\w+", None),
    ("ops/nmi", r"XENNMI_\w+", None),
    ("ops/console", r"CONSOLEIO_\w+", None),
    ("ops/vm_assist", r"VMASST_(CMD|TYPE)_\w+", None),
    ("ops/platform", r"XENPF_[a-z]\w+", r"settime$"),
    ("ops/domctl", r"XEN_DOMCTL_[a-z]\w+", r"vmtrace_(?!op)"),
    ("ops/sysctl", r"XEN_SYSCTL_[a-z]\w+", r"pm_op_|cpu_(featureset|policy)_"),
]


class Failed(Exception):
    """The comparison found a difference, or could not be made."""


def run(argv, **kwargs):
    return subprocess.run(argv, capture_output=True, text=True, **kwargs)


class Side:
    """One set of headers and how to compile against it."""

    def __init__(self, args, name, flags, includes):
        self.args = args
        self.name = name
        self.flags = args.cc.split() + ["-std=gnu11", "-w"] + flags
        lines = ["#include <stddef.h>", "#include <stdint.h>"]
        includes = sorted(includes, key=lambda i: not i.endswith("/xen.h"))
        lines += [f"#include <{i}>" for i in includes]
        lines += [f'#include "{HERE}/probes.h"']
        self.prelude = "\n".join(lines) + "\n"

    def path(self, leaf):
        return os.path.join(self.args.out, f"{self.name}-{leaf}")

    def write(self, leaf, body):
        path = self.path(leaf)
        with open(path, "w", encoding="utf-8") as f:
            f.write(f'{self.prelude}#line 1 "{leaf}"\n{body}')
        return path

    def compile(self, leaf, body, extra):
        return run(self.flags + extra + [self.write(leaf, body)])

    def preprocess(self, body):
        done = run(self.flags + ["-E", "-P", "-"], input=self.prelude + body)
        if done.returncode:
            raise Failed(done.stderr)
        return done.stdout

    def macros(self):
        """{name: definition} of what the headers define; parameters included in name."""
        def dump(text):
            out = run(self.flags + ["-E", "-dM", "-"], input=text, check=True).stdout
            return dict(re.match(r"#define (\w+(?:\([^)]*\))?) ?(.*)", line).groups()
                        for line in out.splitlines())
        base = dump("#include <stddef.h>\n#include <stdint.h>\n")
        return {k: v for k, v in dump(self.prelude).items() if k not in base}

    def types(self):
        obj = self.path("types.o")
        done = self.compile("types.c", "", [
            "-c", "-g", "-gdwarf-4", "-fno-eliminate-unused-debug-types", "-o", obj])
        if done.returncode:
            raise Failed(done.stderr)
        return Types(obj)


def is_ours_alone(name):
    return re.match(r"_*(abi|ABI)_", name) is not None


def failing_lines(side, leaf, lines):
    """{line number: message} for the lines of a translation unit that do not compile."""
    done = side.compile(leaf, "\n".join(lines) + "\n",
                        ["-fsyntax-only", "-fmax-errors=0",
                         "-fno-diagnostics-show-caret"])
    found = {}
    pattern = re.compile(rf"^{re.escape(leaf)}:(\d+):(?:\d+:)? error: (.*)$", re.M)
    for number, message in pattern.findall(done.stderr):
        found.setdefault(int(number), message)
    if done.returncode and not found:
        raise Failed(done.stderr)
    return found


def evaluate(side, expressions):
    """{expression: (value, size, is signed)} of those that are integer constants."""
    bad = failing_lines(side, "integers.c",
                        [f"_Static_assert(({e}) == ({e}) && (__typeof__({e}))-1, \"\");"
                         for e in expressions])
    good = [e for n, e in enumerate(expressions) if n + 1 not in bad]
    body = "void values(void)\n{\n" + "".join(
        f'    __asm__("->{n} %0 %1 %2" :: "i"((long)({e})), "i"(sizeof({e})), '
        f'"i"((__typeof__({e}))-1 < 0));\n' for n, e in enumerate(good)) + "}\n"
    asm = side.path("values.s")
    done = side.compile("values.c", body, ["-S", "-o", asm])
    if done.returncode:
        raise Failed(done.stderr)
    with open(asm, encoding="utf-8") as f:
        found = re.findall(r"->(\d+) \$(-?\d+) \$(\d+) \$([01])", f.read())
    values = {good[int(n)]: (int(v), int(s), int(g)) for n, v, s, g in found}
    if len(values) != len(good):
        raise Failed("the compiler did not print every value")
    return values


def check_assertions(theirs, assertions):
    """assertions: (what, expression); all must hold under their headers."""
    lines = [f'_Static_assert({expr}, "");' for _, expr in assertions]
    bad = failing_lines(theirs, "assertions.c", lines)
    return [f"{assertions[n - 1][0]}: {message}" for n, message in sorted(bad.items())]


def value_assertion(expression, value):
    number, size, signed = value
    return (f"(long)({expression}) == {number}l && sizeof({expression}) == {size} && "
            f"((__typeof__({expression}))-1 < 0) == {signed}")


def macro_expressions(macros):
    """Splits our macros into expressions to compare, and those nobody has classified."""
    expressions, unknown = [], []
    for definition in sorted(macros):
        name = definition.split("(")[0]
        if is_ours_alone(name) or name in SYNTAX:
            continue
        if "(" not in definition:
            expressions.append(name)
        elif name in SAMPLES:
            expressions += [f"{name}({sample})" for sample in SAMPLES[name]]
        elif not STATEMENTS.match(name):
            unknown.append(f"{name}: no sample arguments to compare it with")
    return expressions, unknown


def squeeze(text):
    return re.sub(r"\s+|(?<=\")\s*(?=\")", "", text)


def check_macros(ours, theirs):
    ours_macros, their_macros = ours.macros(), theirs.macros()
    their_names = {d.split("(")[0] for d in their_macros}
    expressions, problems = macro_expressions(ours_macros)
    missing = [e for e in expressions if e.split("(")[0] not in their_names]
    problems += [f"{e}: not a macro of the public headers" for e in missing]
    expressions = [e for e in expressions if e not in missing]
    values = evaluate(ours, expressions)
    problems += check_assertions(
        theirs, [(e, value_assertion(e, v)) for e, v in values.items()])
    for text in (e for e in expressions if e not in values):
        mine, other = (squeeze(s.preprocess(f"@@@ {text}\n").rsplit("@@@", 1)[1])
                       for s in (ours, theirs))
        if mine != other:
            problems.append(f"{text}: expands to {mine}, not to {other}")
    return problems, len(expressions)


def member_assertions(types, root, aggregate):
    yield f"size of {root}", f"sizeof({root}) == {aggregate.number('byte_size')}"
    for path, kind in types.members(aggregate):
        where = f"{root}.{path}"
        value = f"(({root} *)0)->{path}"
        if kind.tag == "array_type" and types.elements(kind) is None:
            value += "[0]"
            kind = types.target(kind)
        yield (f"offset of {where}",
               f"offsetof({root}, {path}) == OFFSET({root}, {path})")
        yield f"size of {where}", f"sizeof({value}) == SIZE({value})"
        if spelled := types.spell(kind):
            yield (f"type of {where}",
                   f"__builtin_types_compatible_p(__typeof__({value}), {spelled})")


def filled_in(ours, assertions):
    """Replaces OFFSET() and SIZE() by what they are under our headers."""
    wanted = {}
    for _, expr in assertions:
        for m in re.finditer(r"== (OFFSET|SIZE)\((.*)\)$", expr):
            operator = "offsetof" if m[1] == "OFFSET" else "sizeof"
            wanted[m[0]] = f"{operator}({m[2]})"
    values = evaluate(ours, list(wanted.values()))
    return [(what, re.sub(r"== (OFFSET|SIZE)\(.*\)$",
                          lambda m: f"== {values[wanted[m[0]]][0]}", expr))
            for what, expr in assertions]


def type_assertions(types):
    for root, aggregate in types.roots().items():
        if not is_ours_alone(root.split()[-1]) or "abi_probe" in root:
            yield from member_assertions(types, root, aggregate)
    for name, die in types.typedefs().items():
        target = types.target(die)
        if is_ours_alone(name) or re.match(r"u?int|size_t|ptrdiff_t|wchar_t|max_align_t",
                                           name):
            continue
        yield f"size of {name}", f"sizeof({name}) > 0"
        if spelled := types.spell(target):
            yield f"type of {name}", f"__builtin_types_compatible_p({name}, {spelled})"
    for name, value in types.enumerators().items():
        if not is_ours_alone(name):
            yield f"value of {name}", f"{name} == {value}"


def check_types(ours, theirs):
    ours_types, their_types = ours.types(), theirs.types()
    assertions = filled_in(ours, list(type_assertions(ours_types)))
    problems = check_assertions(theirs, assertions)
    their_roots = their_types.roots()
    for root, aggregate in ours_types.roots().items():
        if root not in their_roots:
            continue
        have = {path for path, _ in ours_types.members(aggregate)}
        for path, _ in their_types.members(their_roots[root]):
            where = f"{root}.{path}"
            if path not in have and not where.startswith(PARTIAL):
                problems.append(f"{where}: left out of our structure")
    return problems, len(assertions)


def check_rows(ours, theirs):
    """Every public command has a row, and every row's command is public."""
    problems = []
    their_macros = theirs.macros()
    rows = ("OP", "PLATFORM", "DOMCTL", "SYSCTL")
    define = "#define HYPERCALL(nr, name, ...) ROW(__HYPERVISOR_##name)\n" \
             "#define HYPERCALL_ABSENT HYPERCALL\n" \
             "#define VM_ASSIST(cmd, name, ...) ROW(name)\n" + "".join(
                 f"#define {r}(cmd, name, ...) ROW(name)\n"
                 f"#define {r}_ABSENT {r}\n" for r in rows)
    for table, pattern, exempt in COMMANDS:
        text = run(ours.flags + ["-E", "-P", "-"],
                   input=f"{define}#include <abi/{table}.def>\n", check=True).stdout
        have = set(re.findall(r"ROW\((\w+)\)", text))
        public = {m for m in their_macros if re.fullmatch(pattern, m) and
                  not (exempt and re.search(exempt, m))}
        problems += [f"{name}: has no row in {table}.def" for name in public - have]
        problems += [f"{name}: row in {table}.def, not public"
                     for name in have - public]
    return problems


def check_errno(args):
    """Numbers of errors; those kept inside the hypervisor need the macro __XEN__."""
    rows = "#define XEN_ERRNO(name, value) ROW name value\n"
    ours = run(args.cc.split() + ["-E", "-P", f"-I{args.ours}", "-"], check=True,
               input=rows + "#include <abi/errno.def>\n").stdout
    theirs = run(args.cc.split() + ["-E", "-P", "-D__XEN__", f"-I{args.theirs}", "-"],
                 check=True, input=rows + "#include <xen/errno.h>\n").stdout
    found = [dict(re.findall(r"ROW (\w+) (\d+)", text)) for text in (ours, theirs)]
    return [f"{name}: {found[0].get(name)} here, {found[1].get(name)} there"
            for name in set(found[0]) | set(found[1])
            if found[0].get(name) != found[1].get(name)]


def check_tables(args):
    done = run(args.cc.split() + ["-std=gnu11", "-Wall", "-Wextra", "-Werror",
                                  "-fsyntax-only", f"-I{args.ours}", f"-I{HERE}",
                                  os.path.join(HERE, "tables.c")])
    return [done.stderr] if done.returncode else []


def our_headers(root):
    top = os.path.join(root, "abi")
    found = [os.path.relpath(os.path.join(d, f), top)
             for d, _, files in os.walk(top) for f in files if f.endswith(".h")]
    return sorted(h for h in found if h not in OURS_ALONE)


def compare(args):
    """Problems found, and how many facts were compared."""
    headers = our_headers(args.ours)
    missing = [h for h in headers if not os.path.exists(f"{args.theirs}/xen/{h}")]
    if not os.path.exists(f"{args.theirs}/xen/xen.h"):
        raise Failed("libxen-dev is not installed: apt-get install libxen-dev")
    if missing:
        return [f"{h}: no public header of that name" for h in missing], 0
    headers.remove("errno.h")
    problems = check_tables(args) + check_errno(args)
    ours = Side(args, "ours", [f"-I{args.ours}"], [f"abi/{h}" for h in headers])
    theirs = Side(args, "theirs", ["-D__XEN_TOOLS__", f"-I{args.theirs}"],
                  [f"xen/{h}" for h in headers])
    macro_problems, macros = check_macros(ours, theirs)
    type_problems, facts = check_types(ours, theirs)
    problems += macro_problems + type_problems + check_rows(ours, theirs)
    return problems, macros + facts


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cc", default="gcc", help="the GNU C compiler to ask")
    parser.add_argument("--ours", default=OURS, help="folder that holds abi/")
    parser.add_argument("--theirs", default=THEIRS, help="folder that holds xen/")
    parser.add_argument("--out", required=True, help="folder for generated files")
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)
    if not shutil.which("readelf"):
        sys.exit("readelf is not installed: apt-get install binutils")
    try:
        problems, facts = compare(args)
    except Failed as error:
        sys.exit(f"abi: {error}")
    for problem in problems:
        print(f"abi: {problem}", file=sys.stderr)
    if problems:
        sys.exit(1)
    print(f"abi: {facts} constants, sizes, offsets and types agree with libxen-dev")


if __name__ == "__main__":
    main()
