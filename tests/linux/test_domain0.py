# SPDX-License-Identifier: MIT
"""Debian's kernel, exactly as built by Debian, as domain 0: it reaches user space, works
for a while on all its processors, and powers the machine off."""

import pytest

import images
from machine import Machine, default_build

SCRIPT = """
echo "userland: $(uname -r), $(nproc) processors"
for worker in 1 2 3 4; do
    ( for i in $(seq 100); do ls /proc >/dev/null; done
      dd if=/dev/zero bs=64k count=64 2>/dev/null | md5sum
      echo "worker $worker done" ) &
done
wait
dmesg | grep -iE 'kernel bug|oops|call trace|lockup|warning: cpu|msr access error' && echo "kernel complained"
echo "version $(cat /sys/hypervisor/version/major).$(cat /sys/hypervisor/version/minor)"
echo "all done"
poweroff -f
"""
# Of 4 MiB of zero bytes.
MD5 = "b5cfa9d6c8febd618f91ac2843d50a1c"


@pytest.mark.parametrize("cpu,smp", [("max,smap=off", 1), ("max,smap=off", 2),
                                     ("max,smap=off", 4), ("Skylake-Client-v1,smap=off", 2),
                                     ("qemu64", 2)])
def test_debian_kernel(cpu, smp):
    build = default_build()
    kernel = images.vmlinux(build)
    disk = images.ramdisk(build / "linux" / f"domain0-{cpu.split(',')[0]}-{smp}.cpio.gz", SCRIPT)
    with Machine("pavise", kernel, args="console=hvc0 panic=-1", ramdisk=disk, cpu=cpu, smp=smp,
                 memory=1024, append="dom0_mem=512M", build=build,
                 log=build / "linux" / f"{cpu.split(',')[0]}-{smp}.log") as machine:
        found = machine.wait_for(r"userland: \S+, (\d+) processors", timeout=60)
        assert int(found.group(1)) == smp
        end = machine.wait_for(r"all done|Kernel panic", timeout=90).group(0)
        text = machine.output()
        assert end == "all done", text[-3000:]
        assert text.count(MD5) == 4
        assert all(f"worker {n} done" in text for n in (1, 2, 3, 4))
        assert "kernel complained" not in text, text[-3000:]
        assert "version 4.17" in text
        machine.wait_end(20)
