#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The hypervisor's layers: no file may include a header of a higher layer than its own.

Folders and headers belong to the layers below, lowest first. A header that is in no
layer is an error: every new one takes its place here. Upward calls go through the
headers of UPWARD, which declare what higher layers provide.
"""

import pathlib
import re
import sys

LAYERS = [
    ("lib", ["lib"], "types compiler layout lib list percpu locks.def spinlock cpumask pqueue symbols"),
    ("machine", ["x86", "sync", "mm"],
     "cpu trap desc extable irq pci apic smp softirq console cmdline paging boot guest_copy "
     "heap page page_type frame_set timer"),
    ("domains", ["domain", "sched", "time"], "sched vcpu_time"),
    ("services", ["evtchn", "grant", "rights", "trace"], "evtchn grant rights trace"),
    ("pv", ["pv"], "pv pv_control cpu_policy"),
    ("control", ["control"], "control"),
    ("hypercall", ["hypercall"], ""),
    ("boot", ["boot"], ""),
]
# The two objects everything is about: their structures may be seen from the machine
# layer up (a frame has an owner, a trap frame a vCPU); their functions belong to "domains".
OBJECTS = {"vcpu", "domain"}
# Contracts that lower layers call or fill in, and higher ones provide or call.
UPWARD = {"hooks", "guest_entry", "parts.def", "parts", "hypercall"} | OBJECTS
# Single includes against the order, each with its reason.
ALLOWED = {
    ("x86/smpboot.c", "sched"): "a started CPU ends in the idle loop",
}

INCLUDE = re.compile(r'^\s*#\s*include\s*<hv/([a-z0-9_./-]+?)(?:\.h)?>', re.M)


def ranks():
    folder, header = {}, {}
    for rank, (_, folders, headers) in enumerate(LAYERS):
        folder.update({f: rank for f in folders})
        header.update({h: rank for h in headers.split()})
    return folder, header


def check(root):
    folder, header = ranks()
    problems = []
    for path in sorted((root / "hypervisor").rglob("*.[chS]")):
        rel = path.relative_to(root / "hypervisor")
        if rel.parts[0] == "include":
            own = header.get(rel.stem)
            if own is None and rel.stem not in UPWARD:
                problems.append(f"{path}: header belongs to no layer (tests/lint/layers.py)")
                continue
        else:
            own = folder.get(rel.parts[0])
            if own is None:
                problems.append(f"{path}: folder belongs to no layer")
                continue
        for name in INCLUDE.findall(path.read_text()):
            if name in UPWARD or own is None or name == "asm-offsets":
                continue
            rank = header.get(name)
            if rank is None:
                problems.append(f"{path}: includes <hv/{name}.h>, which is in no layer")
            elif rank > own and (rel.as_posix(), name) not in ALLOWED:
                problems.append(f"{path}: layer '{LAYERS[own][0]}' includes <hv/{name}.h> "
                                f"of the higher layer '{LAYERS[rank][0]}'")
    return problems


if __name__ == "__main__":
    found = check(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "."))
    print("\n".join(found))
    sys.exit(bool(found))
