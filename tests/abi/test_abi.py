# SPDX-License-Identifier: MIT
"""
The ABI headers: they agree with libxen-dev, the comparison can fail, and each header
compiles alone for every kind of includer.
"""
import os
import re
import shutil
import subprocess

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
INCLUDE = os.path.join(HERE, "../../hypercall-abi/include")
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wundef", "-Wno-unused-function"]


def run(argv, text=None):
    return subprocess.run(argv, input=text, capture_output=True, text=True, check=False)


def compare(out, ours=INCLUDE):
    return run(["/usr/bin/python3", os.path.join(HERE, "compare.py"), "--out", str(out),
                "--ours", str(ours)])


def headers(suffix=".h"):
    top = os.path.join(INCLUDE, "abi")
    return sorted(os.path.relpath(os.path.join(d, f), INCLUDE)
                  for d, _, files in os.walk(top) for f in files if f.endswith(suffix))


def test_agrees_with_libxen_dev(tmp_path):
    done = compare(tmp_path)
    assert done.returncode == 0, done.stderr
    facts = int(done.stdout.split()[1])
    assert facts > 5000


# What is changed, where, into what, and a name that the complaint must contain.
MUTATIONS = {
    "constant": ("event_channel.h", "#define EVTCHNOP_close 3",
                 "#define EVTCHNOP_close 4", "EVTCHNOP_close"),
    "sign of a constant": ("xen.h", "xen_mk_uint(0x7FF1)", "0x7FF1", "DOMID_IO"),
    "text constant": ("io/protocols.h", '"x86_64-abi"', '"x86-64-abi"',
                      "XEN_IO_PROTO_ABI_X86_64"),
    "unknown constant": ("sched.h", "#define SCHEDOP_yield 0",
                         "#define SCHEDOP_yield 0\n#define SCHEDOP_doze 9",
                         "SCHEDOP_doze"),
    "macro with arguments": ("memory.h", "(((x) + 1) << 8)", "(((x) + 1) << 9)",
                             "XENMEMF_node"),
    "unlisted macro": ("memory.h", "#define XENMEMF_vnode",
                       "#define XENMEMF_odd(x) (x)\n#define XENMEMF_vnode",
                       "XENMEMF_odd"),
    "enumerator": ("io/xenbus.h", "XenbusStateClosing = 5", "XenbusStateClosing = 9",
                   "XenbusStateClosing"),
    "errno": ("errno.def", "XEN_ERRNO(EBUSY, 16)", "XEN_ERRNO(EBUSY, 15)", "EBUSY"),
    "order of members": ("grant_table.h", "uint16_t flags; /* GTF_* */ "
                         "domid_t domid; /* who may use it */",
                         "domid_t domid; uint16_t flags;",
                         "struct grant_entry_v1.flags"),
    "sign of a member": ("vcpu.h", "{ int state;", "{ unsigned int state;",
                         "struct vcpu_runstate_info.state"),
    "name of a member": ("domctl.h", "uint64_aligned_t max_memkb",
                         "uint64_aligned_t max_kib", "struct xen_domctl_max_mem.max_kib"),
    "member left out": ("physdev.h", "uint32_t nr_ports; /* at most 65536 */", "",
                        "struct physdev_set_iobitmap"),
    "unknown member": ("sched.h", "int32_t pcpu;", "int32_t node;\nint32_t pcpu;",
                       "struct sched_pin_override.node"),
    "unknown structure": ("nmi.h", "struct xennmi_callback {",
                          "struct xennmi_mask { int on; };\nstruct xennmi_callback {",
                          "struct xennmi_mask"),
    "type": ("event_channel.h", "typedef uint32_t evtchn_port_t",
             "typedef int32_t evtchn_port_t", "evtchn_port_t"),
    "number of a row": ("ops/sched.def", "OP(1, SCHEDOP_block", "OP(9, SCHEDOP_block",
                        "SCHEDOP_block"),
    "row left out": ("ops/evtchn.def", "OP(4, EVTCHNOP_send, send, evtchn_send_t, IN, "
                     "ANY, NEVER)", "", "EVTCHNOP_send"),
    "restart of a row": ("ops/sched.def", "SCHEDOP_yield, yield, void, NONE, ANY, NEVER",
                         "SCHEDOP_yield, yield, void, NONE, ANY, RESTARTS", "sched_op"),
    "number of a hypercall": ("hypercalls.def", "HYPERCALL(29, sched_op",
                              "HYPERCALL(28, sched_op", "sched_op"),
}


@pytest.mark.parametrize("what", MUTATIONS)
def test_difference_is_caught(what, tmp_path):
    name, old, new, complaint = MUTATIONS[what]
    ours = tmp_path / "include"
    shutil.copytree(INCLUDE, ours)
    path = ours / "abi" / name
    pattern = r"\s+".join(re.escape(word) for word in old.split())
    text, count = re.subn(pattern, lambda _: new, path.read_text(encoding="utf-8"))
    assert count == 1
    path.write_text(text, encoding="utf-8")
    done = compare(tmp_path / "out", ours)
    assert done.returncode == 1
    assert complaint in done.stderr


LANGUAGES = {
    "gnu11": ["gcc", "-x", "c", "-std=gnu11"],
    "c11": ["gcc", "-x", "c", "-std=c11"],
    "clang": ["clang", "-x", "c", "-std=gnu11"],
    "c++": ["g++", "-x", "c++", "-std=gnu++17"],
    "hypervisor": ["gcc", "-x", "c", "-std=gnu11", "-D__PAVISE__"],
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_header_compiles_alone(language):
    for header in headers():
        done = run(LANGUAGES[language] + ["-ffreestanding", "-nostdinc++", f"-I{INCLUDE}",
                                          "-fsyntax-only", "-"] + WARNINGS,
                   f"#include <{header}>\n")
        assert done.returncode == 0, f"{header}: {done.stderr}"


def test_numbers_are_usable_from_assembly():
    text = "".join(f"#include <{h}>\n" for h in headers() if "/io/" not in h and
                   os.path.basename(h) not in ("errno.h", "hypercall_stubs.h"))
    text += ".quad __HYPERVISOR_iret * 32, FLAT_KERNEL_CS, VGCF_in_syscall\n" \
            ".quad HYPERVISOR_VIRT_START, DOMID_SELF, EVTCHNOP_send, UVMF_INVLPG\n"
    done = run(["gcc", "-x", "assembler-with-cpp", "-D__ASSEMBLY__", f"-I{INCLUDE}", "-c",
                "-o", "/dev/null", "-"], text)
    assert done.returncode == 0, done.stderr
