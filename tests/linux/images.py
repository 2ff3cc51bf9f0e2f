# SPDX-License-Identifier: MIT
"""Debian's newest kernel as an ELF file, files of other packages, and busybox ramdisks:
fetched through apt, unpacked below the build folder, nothing installed."""

import gzip
import lzma
import os
import re
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

BUSYBOX = Path("/bin/busybox")
MERGED = ("bin", "lib", "lib32", "lib64", "libx32", "sbin")
APPLETS = "sh mount cat ls grep free dmesg nproc uname sleep poweroff date seq dd md5sum".split()


def kernel_package(meta):
    """The package that the meta package `meta` (linux-image-amd64, ...) stands for now."""
    out = subprocess.run(["apt-cache", "depends", "--no-recommends", meta], check=True,
                         capture_output=True, text=True).stdout
    return re.search(r"Depends: (linux-image-\S+)", out).group(1)


def _unpack_file(deb, folder, members=()):
    """Unpacks a package's file, or only the members that match a pattern, into a new
    folder, which comes into being whole or not at all."""
    part = folder.with_name(f"{folder.name}.{os.getpid()}")
    part.mkdir()
    try:
        choice = ["--wildcards", *members] if members else []
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as tar:
            subprocess.run(["tar", "x", "-C", part, *choice], stdin=tar.stdout, check=True)
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _fetch(folders, members=()):
    """Fetches and unpacks packages; folders: {package: folder}."""
    if not folders:
        return
    above = next(iter(folders.values())).parent
    above.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=above) as files:
        subprocess.run(["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", *folders],
                       cwd=files, check=True)
        for deb in Path(files).glob("*.deb"):
            _unpack_file(deb, folders[deb.name.split("_")[0]], members)


def unpack(package, folder, *members):
    """Fetches a package and unpacks it, or only the members that match a pattern, into a
    new folder."""
    _fetch({package: folder}, members)
    return folder


def packages(build, names):
    """The folders with the files of packages; each is fetched once."""
    folders = {name: build / "debian" / name for name in names}
    _fetch({name: folder for name, folder in folders.items() if not folder.exists()})
    return list(folders.values())


def package(build, name):
    """The folder with the files of a package; fetched once."""
    return packages(build, [name])[0]


def payload(image):
    """The compressed kernel inside a bzImage (offsets: the x86 boot protocol)."""
    if image[0x202:0x206] != b"HdrS":
        raise ValueError("not a bzImage")
    setup = ((image[0x1f1] or 4) + 1) * 512
    offset, length = struct.unpack_from("<II", image, 0x248)
    return image[setup + offset:setup + offset + length]


def kernel_folder(build, meta="linux-image-amd64"):
    """The folder with the kernel of a meta package, boot/vmlinuz*, and its modules for
    Xen; fetched once."""
    folder = build / "linux" / meta
    if not (folder / "lib").exists():
        unpack(kernel_package(meta), folder, "./boot/vmlinuz*",
               "./lib/modules/*/kernel/drivers/xen/*")
    return folder


def vmlinux(build, meta="linux-image-amd64"):
    """Path of the unpacked kernel of a meta package."""
    folder = kernel_folder(build, meta)
    elf = folder / "vmlinux"
    if elf.exists():
        return elf
    packed = payload(next(folder.glob("boot/vmlinuz*")).read_bytes())
    unpacked = lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(packed)
    part = elf.with_suffix(f".{os.getpid()}")
    part.write_bytes(unpacked)
    part.rename(elf)
    return elf


def module(build, name, meta="linux-image-amd64"):
    """Path of one of the kernel's modules; fetched once, if it is not one for Xen."""
    folder = kernel_folder(build, meta)
    found = next(folder.glob(f"lib/modules/*/kernel/**/{name}.ko"), None)
    if found:
        return found
    folder = folder / "modules" / name
    if not folder.exists():
        unpack(kernel_package(meta), folder, f"./lib/modules/*/{name}.ko")
    return next(folder.glob(f"lib/modules/*/kernel/**/{name}.ko"))


def _newc(name, mode, data=b"", rdev=(0, 0)):
    """One member of a cpio archive in the newc format."""
    header = "070701" + "".join(f"{v:08x}" for v in (
        0, mode, 0, 0, 1, 0, len(data), 0, 0, *rdev, len(name) + 1, 0))
    record = header.encode() + name.encode() + b"\0"
    record += b"\0" * (-len(record) % 4)
    return record + data + b"\0" * (-len(data) % 4)


def _file(name, content):
    """A member of bytes, a symbolic link to that text, or the program, file or symbolic link
    of that path."""
    if isinstance(content, bytes):
        return _newc(name, 0o100644, content)
    if isinstance(content, str):
        return _newc(name, 0o120777, content.encode())
    if content.is_symlink():
        return _newc(name, 0o120777, os.readlink(content).encode())
    return _newc(name, 0o100755 if os.access(content, os.X_OK) else 0o100644,
                 content.read_bytes())


def merged(name):
    """A path as it is where /bin, /lib, ... are symbolic links into /usr."""
    return f"usr/{name}" if "/" in name and name.split("/")[0] in MERGED else name


def _folders(names):
    """All folders above the names, the upper ones first."""
    above = {str(parent) for name in names for parent in Path(name).parents}
    return sorted((above | {"bin", "dev", "proc", "sys", "tmp"}) - {".", *names})


def ramdisk(path, script, files=None, applets=()):
    """Writes a ramdisk whose /init is busybox running `script`. files: further ones, from
    names to bytes, paths or text, to which a symbolic link points; those of
    packages.tree() make /usr merged; applets: further ones of busybox."""
    init = "#!/bin/sh\nmount -t proc proc /proc\nmount -t sysfs sys /sys\n" \
           "mount -t devtmpfs dev /dev\n" + script
    files = files or {}
    members = {"bin/busybox": BUSYBOX, **{f"bin/{a}": "/bin/busybox" for a in [*APPLETS, *applets]}}
    if "bin" in files:
        members = {merged(name): content for name, content in members.items()}
        files = {merged(name): content for name, content in files.items()}
    members.update(files)
    parts = [_newc(d, 0o040755) for d in _folders(members)]
    parts.append(_newc("dev/console", 0o020600, rdev=(5, 1)))
    parts += [_file(name, content) for name, content in members.items()]
    parts.append(_newc("init", 0o100755, init.encode()))
    parts.append(_newc("TRAILER!!!", 0))
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(f"{path}.{os.getpid()}", "wb", compresslevel=1) as out:
        for part in parts:
            out.write(part)
    os.replace(f"{path}.{os.getpid()}", path)
    return path
