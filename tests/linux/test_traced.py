# SPDX-License-Identifier: MIT
"""Debian's kernel traced from its first instruction to its end."""

import re

import users


def test_a_whole_life(tmp_path):
    text = users.trace_linux(tmp_path)
    # The reader may be late where the host is busy.
    lost = sum(map(int, re.findall(r" (\d+) records lost", text)))
    assert lost < text.count("\n") / 100
    assert "hypercall_" not in text
    for pattern in (r"memory_op\(XENMEM_machphys_mapping, .*v_start=0xffff800000000000",
                    r"wrmsr\(0xc0000101\) = ", r"cpuid\(0x1, 0\) = ", r"page-table write at ",
                    r"page fault at \w+: user ", r"events: port \d+",
                    r"mmuext_op\(\[\{MMUEXT_PIN_L4_TABLE, ", r"multicall\(",
                    r"vcpu_op\(VCPUOP_initialise, vcpu=1, ",
                    r"sched_op\(SCHEDOP_shutdown, \{reason=0\}\) = 0$"):
        assert re.search(pattern, text, re.MULTILINE), pattern
    listed = users.read()
    who = users.linux_version()
    missing = [name for name in users.used(text) if who not in listed.get(name, [])]
    assert not missing, f"tests/linux/users.py writes hypercall-abi/users.txt anew: {missing}"
