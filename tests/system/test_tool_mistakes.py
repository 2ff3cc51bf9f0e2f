# SPDX-License-Identifier: MIT
"""What goes wrong is said in one line, has its exit code, and leaves nothing behind."""

import pytest

from tool import ToolMachine, tool_path

USAGE, NO_DOMAIN, IN_USE, CONFIG, FILE, KERNEL, MEMORY, CHANNEL = 2, 3, 4, 5, 6, 7, 8, 10


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with kernels and configurations, right and wrong."""
    folder = tmp_path_factory.mktemp("files")
    kernel = (tool_path().parents[1] / "guests" / "hello.elf").read_bytes()
    corrupt = bytearray(kernel)
    corrupt[0x20:0x28] = b"\xff" * 8  # where the program headers are
    images = {"kernel": kernel, "truncated": kernel[:40000], "empty": b"",
              "corrupt": bytes(corrupt), "text": b"#!/bin/sh\n" * 100, "secret": kernel,
              "head": kernel[:64], "image.jpg": b"\xff\xd8\xff" + bytes(5000)}
    for name, data in images.items():
        (folder / name).write_bytes(data)
    configs = {"good": 'kernel = "kernel"', "unknown-key": 'kernel = "kernel"\ncolour = "red"',
               "wrong-type": 'kernel = "kernel"\nmemory = "lots"',
               "wrong-type-2": 'kernel = ["kernel"]', "no-kernel": "vcpus = 1",
               "missing-kernel": 'kernel = "no-such-kernel"',
               "missing-ramdisk": 'kernel = "kernel"\nramdisk = "no-such-ramdisk"',
               "folder": 'kernel = "."', "syntax": 'kernel = "kernel\nvcpus = 1',
               "truncated": 'kernel = "truncated"', "corrupt": 'kernel = "corrupt"',
               "text": 'kernel = "text"', "empty": 'kernel = "empty"',
               "hvm": 'kernel = "kernel"\ntype = "hvm"', "binary": "\x01\x02\x03 = 1"}
    for name, text in configs.items():
        (folder / f"{name}.cfg").write_text(f'name = "{name}"\nmemory = 4\n{text}\n')
    return folder


@pytest.fixture(scope="module")
def machine(files):
    with ToolMachine(cwd=files) as started:
        # The first domain makes the folders of xenstore that all are in.
        started.run("create", "-q", "-p", "good.cfg")
        started.run("destroy", "good")
        yield started


# words, exit code, what the line says
MISTAKES = [
    ("nonsense", USAGE, 'no verb "nonsense"'),
    ("lsit", USAGE, '"list"'),
    ("create", USAGE, "configuration"),
    ("create -z good.cfg", USAGE, "-z"),
    ("create good.cfg memory", USAGE, "memory"),
    ("create good.cfg --format xml", USAGE, "xml"),
    ("vcpu-set good", USAGE, ""),
    ("list nobody", NO_DOMAIN, "nobody"),
    ("destroy nobody", NO_DOMAIN, "nobody"),
    ("console 77", NO_DOMAIN, "77"),
    ("create no-such.cfg", FILE, "no-such.cfg"),
    ("create /no/such/folder/x.cfg", FILE, "/no/such/folder/x.cfg"),
    ("create .", FILE, "directory"),
    ("create missing-kernel.cfg", FILE, "no-such-kernel"),
    ("create missing-ramdisk.cfg", FILE, "no-such-ramdisk"),
    ("create folder.cfg", FILE, "directory"),
    ("create unknown-key.cfg", CONFIG, "unknown-key.cfg:4"),
    ("create wrong-type.cfg", CONFIG, "wrong-type.cfg:4"),
    ("create wrong-type-2.cfg", CONFIG, "wrong-type-2.cfg:3"),
    ("create no-kernel.cfg", CONFIG, "kernel"),
    ("create syntax.cfg", CONFIG, "syntax.cfg:3"),
    ("create hvm.cfg", CONFIG, "hvm.cfg:4"),
    ("create binary.cfg", CONFIG, "binary.cfg:3"),
    ("create good.cfg memory=nothing", CONFIG, "memory"),
    ("create good.cfg vcpus=0", CONFIG, "vcpus"),
    ("create good.cfg vcpus=100000", CONFIG, "vcpus"),
    ("create good.cfg cpuid=host,axv=0", CONFIG, '"axv"'),
    ("create good.cfg cpuid=host,vmx=1", CONFIG, '"vmx" cannot be had'),
    ("create good.cfg cpuid=host,avx2=1,xsave=0", CONFIG, '"avx2" cannot be had'),
    ("create good.cfg cpuid=host,hypervisor=0", CONFIG, '"hypervisor" cannot be taken away'),
    ("create good.cfg cpuid=host,localapicid=3", CONFIG, '"localapicid" cannot be had'),
    ("create good.cfg cpuid=host,maxleaf=32", CONFIG, "refuses the policy"),
    ("create good.cfg cpuid=['1:eax=x']", CONFIG, "has 1 bits, not 32"),
    ("create good.cfg tsc_mode=always_emulate", CONFIG, "always_emulate"),
    ("create good.cfg name=Domain-0", IN_USE, "Domain-0"),
    ("create good.cfg name=12", CONFIG, "12"),
    ("create truncated.cfg", KERNEL, "truncated"),
    ("create corrupt.cfg", KERNEL, "corrupt"),
    ("create text.cfg", KERNEL, "text"),
    ("create empty.cfg", KERNEL, "empty"),
    ("create image.jpg", CONFIG, "image.jpg"),
    ("create head", KERNEL, "head"),
    ("create good.cfg memory=0", CONFIG, "memory"),
    ("create good.cfg memory=100000", MEMORY, "memory"),
    ("inspect no-such-kernel", FILE, "no-such-kernel"),
    ("mem-max Domain-0 1", 1, "domain 0"),
    ("destroy Domain-0", 1, "domain 0"),
    ("pause 0", 1, "domain 0"),
]


def resources(machine):
    """Everything that a command could leave behind. Files that were sent are kept for the
    next command, in the heap."""
    info = machine.json("info")
    usage = {k: v for k, v in info["usage"].items() if not k.startswith("heap")}
    return info["memory"]["free_kib"], machine.json("list")["domains"][1:], usage


@pytest.mark.parametrize("line, code, says", MISTAKES, ids=[m[0] for m in MISTAKES])
def test_one_line_and_nothing_left(machine, line, code, says):
    before = resources(machine)
    text = machine.fail(*line.split(), code=code)
    assert says in text and len(text) < 400
    assert resources(machine) == before
    if not line.startswith("lsit"):
        document = machine.call("--format", "json", *line.split())
        assert document.returncode == code


def test_the_last_memory(machine):
    """A domain takes all there is but a part of a MiB; the next one gets half way."""
    before = resources(machine)
    machine.run("create", "-q", "-p", "good.cfg", f"memory={before[0] // 1024}")
    filled = resources(machine)
    assert "memory" in machine.fail("create", "good.cfg", "name=next", "memory=1", code=MEMORY)
    assert resources(machine) == filled
    machine.run("destroy", "good")
    assert resources(machine) == before


def test_inspect_says_what_it_could_read(machine):
    found = machine.call("inspect", "truncated")
    assert found.returncode == KERNEL and "GUEST_OS" not in found.stderr
    assert "cut off" in found.stderr and found.stderr.count("\n") == 1


def test_a_name_in_use(machine):
    machine.run("create", "-q", "-p", "good.cfg")
    try:
        before = resources(machine)
        assert "good" in machine.fail("create", "good.cfg", code=IN_USE)
        assert resources(machine) == before
    finally:
        machine.run("destroy", "good")
