# SPDX-License-Identifier: MIT
"""Debian's newest kernel as an ELF file, and a busybox ramdisk: fetched through apt,
unpacked below the build folder, nothing installed."""

import gzip
import lzma
import os
import re
import shutil
import struct
import subprocess
from pathlib import Path

BUSYBOX = Path("/bin/busybox")
APPLETS = "sh mount cat ls grep free dmesg nproc uname sleep poweroff date seq dd md5sum".split()


def kernel_package(meta):
    """The package that the meta package `meta` (linux-image-amd64, ...) stands for now."""
    out = subprocess.run(["apt-cache", "depends", "--no-recommends", meta], check=True,
                         capture_output=True, text=True).stdout
    return re.search(r"Depends: (linux-image-\S+)", out).group(1)


def payload(image):
    """The compressed kernel inside a bzImage (offsets: the x86 boot protocol)."""
    if image[0x202:0x206] != b"HdrS":
        raise ValueError("not a bzImage")
    setup = ((image[0x1f1] or 4) + 1) * 512
    offset, length = struct.unpack_from("<II", image, 0x248)
    return image[setup + offset:setup + offset + length]


def vmlinux(build, meta="linux-image-amd64"):
    """Path of the unpacked kernel of a meta package; fetched once."""
    folder = build / "linux" / meta
    elf = folder / "vmlinux"
    if elf.exists():
        return elf
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run(["apt-get", "download", "-qq", kernel_package(meta)], cwd=folder, check=True)
    deb = next(folder.glob("*.deb"))
    subprocess.run(f"dpkg-deb --fsys-tarfile {deb.name} | tar x --wildcards './boot/vmlinuz*'",
                   shell=True, cwd=folder, check=True)
    deb.unlink()
    packed = payload(next(folder.glob("boot/vmlinuz*")).read_bytes())
    unpacked = lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(packed)
    part = elf.with_suffix(".part")
    part.write_bytes(unpacked)
    part.rename(elf)
    return elf


def _newc(name, mode, data=b"", rdev=(0, 0)):
    """One member of a cpio archive in the newc format."""
    header = "070701" + "".join(f"{v:08x}" for v in (
        0, mode, 0, 0, 1, 0, len(data), 0, 0, *rdev, len(name) + 1, 0))
    record = header.encode() + name.encode() + b"\0"
    record += b"\0" * (-len(record) % 4)
    return record + data + b"\0" * (-len(data) % 4)


def ramdisk(path, script):
    """Writes a ramdisk whose /init is busybox running `script`."""
    init = "#!/bin/sh\nmount -t proc proc /proc\nmount -t sysfs sys /sys\n" \
           "mount -t devtmpfs dev /dev\n" + script
    parts = [_newc(d, 0o040755) for d in ("bin", "dev", "proc", "sys", "tmp")]
    parts.append(_newc("dev/console", 0o020600, rdev=(5, 1)))
    parts.append(_newc("bin/busybox", 0o100755, BUSYBOX.read_bytes()))
    parts += [_newc(f"bin/{a}", 0o120777, b"busybox") for a in APPLETS]
    parts.append(_newc("init", 0o100755, init.encode()))
    parts.append(_newc("TRAILER!!!", 0))
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(f"{path}.{os.getpid()}", "wb", compresslevel=1) as out:
        out.write(b"".join(parts))
    os.replace(f"{path}.{os.getpid()}", path)
    return path
