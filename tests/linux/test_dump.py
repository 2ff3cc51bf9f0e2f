# SPDX-License-Identifier: MIT
"""Cores of Debian's kernel, as crash and gdb read them: a panic's backtrace, memory of the
kernel and of a process, in guests that have panicked, run, are paused, have given memory
back, or are large."""

import contextlib
import re
import time

import pytest

import images
import readers
from core import Core
from guest import SHELL, Shell
from test_domu import BOOT_SECONDS, BUILD, KERNELS, vmlinuz
from tool import ToolMachine

SECONDS = 120
META = KERNELS[1]  # the cloud kernel: its debugging information is a third of the others'
PANIC = ["panic", "sysrq_handle_crash", "__handle_sysrq", "write_sysrq_trigger",
         "proc_reg_write", "vfs_write", "ksys_write", "do_syscall_64"]


@pytest.fixture(scope="session", name="debug")
def vmlinux_with_debugging_information():
    return readers.debug_file(BUILD, META)


@contextlib.contextmanager
def linux(folder, memory=256, machine_memory=768, on_crash="preserve"):
    """A machine and its guest, which has come up."""
    ramdisk = images.ramdisk(folder / "initrd.gz", SHELL, applets=["tail", "sort"])
    with ToolMachine(smp=2, memory=machine_memory, append="dom0_mem=128M",
                     log=folder / "machine.log") as machine, \
            Shell(machine, folder, vmlinuz(META), ramdisk, vcpus=2, memory=memory,
                  more=f'on_crash = "{on_crash}"') as guest:
        guest.wait_for(r"^userland", BOOT_SECONDS)
        guest.run("dmesg -n 1")  # but for a panic, nothing amidst what commands say
        yield machine, guest


def panic(guest):
    guest.type("echo c > /proc/sysrq-trigger")
    guest.wait_for(r"Kernel panic - not syncing: sysrq triggered crash", SECONDS)
    guest.wait_end(SECONDS)


def wait(is_so, what):
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def in_order(path, functions):
    """All of path are among the functions, one after the other (inlined ones between)."""
    rest = iter(functions)
    return all(name in rest for name in path)


def check_crash(debug, core):
    """crash shows the panicking task's way into the kernel, and its log."""
    text = readers.crash(BUILD, debug, core, "bt", "log")
    stack, log = text.split("[    0.000000]", 1)
    assert in_order(PANIC, readers.backtrace(stack)), text[:4000]
    assert re.search(r'PID: \d+ +TASK: \w+ +CPU: \d +COMMAND: "init"', stack), stack
    assert "Kernel panic - not syncing: sysrq triggered crash" in log
    tasks = readers.crash(BUILD, debug, core,
                          "list task_struct.tasks -s task_struct.comm -h init_task")
    assert '"kthreadd\\000' in tasks and '"xenwatch\\000' in tasks, tasks[:4000]


def check_gdb(debug, core):
    """gdb has a thread for each vCPU that was on line; one of them panics, with lines and
    arguments."""
    text = readers.gdb(debug, core, "info threads", "thread apply all bt", "p linux_banner",
                       "p init_task.comm", "p init_task.tasks.next != &init_task.tasks")
    stacks = re.split(r"^Thread \d+ ", text, flags=re.MULTILINE)[1:]
    found = [stack for stack in stacks if in_order(PANIC, readers.backtrace(stack))]
    assert len(stacks) == Core(core).nr_vcpus and len(found) == 1, text[:6000]
    assert re.search(r'panic \(fmt=.*"sysrq triggered crash\\n"\) at kernel/panic.c:\d+',
                     found[0]), found[0]
    assert "sysrq_handle_crash (key=<optimized out>) at drivers/tty/sysrq.c:" in found[0]
    assert '"Linux version 6.' in text and '"swapper/0\\000' in text
    assert text.rstrip().endswith("= 1")


def check_core(core):
    # The one that panics tells the other to stop, and does not wait for that.
    assert core.nr_vcpus in (1, 2) and core.version == (4, 17)
    assert any(b"sysrq triggered crash" in core.page(pfn) for pfn in core.by_pfn)


def test_a_panic(tmp_path, debug):
    """Its core is collected, it is started again, and the core shows why."""
    folder = tmp_path / "cores"
    folder.mkdir()
    with linux(tmp_path, on_crash="coredump-restart") as (machine, guest):
        collector = machine.popen("collect", "-d", folder)
        panic(guest)
        path = folder / collector.stdout.readline().strip()
        guest.attach(SECONDS)
        guest.wait_for(r"^userland", BOOT_SECONDS)
        assert machine.json("list", "linux")["domains"][0]["restarts"] == 1
        collector.terminate()
        collector.wait(SECONDS)
    assert list(folder.iterdir()) == [path]
    check_core(Core(path))
    check_crash(debug, path)
    check_gdb(debug, path)


def test_a_running_one(tmp_path, debug):
    """Live, paused meanwhile, and without memory that it has given back."""
    with linux(tmp_path) as (machine, guest):
        guest.run("sleep 1000 & exec 3</proc/self/maps")
        found = machine.json("dump-core", "-L", "linux", tmp_path / "live")
        assert found["pages"] == 256 << 8
        machine.run("pause", "linux")
        machine.run("dump-core", "linux", tmp_path / "paused")
        assert machine.json("list", "linux")["domains"][0]["state"] == "paused"
        machine.run("unpause", "linux")
        machine.run("mem-set", "linux", "192m")
        wait(lambda: machine.json("list", "linux")["domains"][0]["memory_kib"] == 192 << 10,
             "it has given memory back")
        machine.run("dump-core", "linux", tmp_path / "small")
        guest.run("uname")
    for name, pages in (("live", 256 << 8), ("paused", 256 << 8), ("small", 192 << 8)):
        core = Core(tmp_path / name)
        assert core.nr_pages == pages and core.is_dense
        text = readers.gdb(debug, tmp_path / name, "thread apply all bt",
                           "p init_task.tasks.next != &init_task.tasks", "p jiffies_64")
        # How an idle vCPU got there gdb finds only at times: toolstack/README.md.
        assert core.nr_vcpus == 2 and "#0  xen_hypercall_pv" in text and "= 1\n" in text, text
        tasks = readers.crash(BUILD, debug, tmp_path / name,
                              "list task_struct.tasks -s task_struct.comm -h init_task")
        assert '"sleep\\000' in tasks, tasks[:3000]


def test_a_large_one(tmp_path, debug):
    """4 GiB, most of them zeros: they take neither time nor room."""
    with linux(tmp_path, memory=4096, machine_memory=4608) as (machine, guest):
        panic(guest)
        found = machine.json("dump-core", "linux", tmp_path / "core", timeout=400)
    assert found["pages"] == 4096 << 8
    about = (tmp_path / "core").stat()
    assert about.st_size > 4 << 30 and about.st_blocks * 512 < 512 << 20
    check_gdb(debug, tmp_path / "core")
