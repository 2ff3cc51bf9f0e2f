# SPDX-License-Identifier: MIT
"""Debian's tools of Xen, unmodified, in a ramdisk for Debian's Linux as domain 0."""

import images

LIBRARIES = ("libc6 libcom-err2 libext2fs2 liblzma5 libtinfo6 libuuid1 libxencall1 "
             "libxendevicemodel1 libxenevtchn1 libxenforeignmemory1 libxengnttab1 libxenhypfs1 "
             "libgcc-s1 libxenmisc4.17 libxenstore4 libxentoolcore1 libxentoollog1 libyajl2 libzstd1 "
             "zlib1g").split()
TOOLS = "xl xenstored oxenstored xenconsoled xen-init-dom0".split()
MODULES = "xen-evtchn xen-gntdev xen-gntalloc xen-privcmd xenfs".split()
LOADER = "ld-linux-x86-64.so.2"
BIN = "usr/lib/xen-4.17/bin"
CONSOLE_LOGS = "/var/log/xen/console"

# As /etc/init.d/xen does it. Debian prefers the daemon that is written in OCaml.
START = """
mkdir -p /dev/pts /run/xen /run/xenstored /run/lock /var/lib/xen /var/log/xen/console
mount -t devpts devpts /dev/pts
ln -s /run /var/run
export PATH=$PATH:/{bin}
for module in {modules}; do insmod /$module.ko; done
mount -t xenfs xenfs /proc/xen
{store} --pid-file /run/xenstore.pid >/dev/null
until [ -S /run/xenstored/socket ]; do usleep 1000; done
xen-init-dom0 >/dev/null
xenconsoled --log=guest --log-dir={logs} --pid-file=/run/xenconsoled.pid
until xl list >/dev/null; do usleep 1000; done
"""


def libraries(build, packages):
    """{name in the ramdisk: path} of packages' shared libraries; libc6 with its loader."""
    found = {}
    for package in packages:
        folder = images.package(build, package)
        for path in [*folder.glob("lib/x86_64-linux-gnu/*.so*"),
                     *folder.glob("usr/lib/x86_64-linux-gnu/*.so*")]:
            found[f"lib/{path.name}"] = path
    found[f"lib64/{LOADER}"] = found[f"lib/{LOADER}"].resolve()
    return found


def ramdisk(build, path, script, files=None, store="oxenstored"):
    """A ramdisk that starts what `xl` needs and goes on with `script`; store: which of the
    two xenstore daemons."""
    tools = images.package(build, "xen-utils-4.17") / BIN
    content = {f"{BIN}/{tool}": tools / tool for tool in TOOLS}
    content.update(libraries(build, LIBRARIES))
    content.update({f"{name}.ko": images.module(build, name) for name in MODULES})
    content["etc/xen/xl.conf"] = images.package(build, "xen-utils-common") / "etc/xen/xl.conf"
    content["etc/xen/oxenstored.conf"] = \
        images.package(build, "xen-utils-common") / "etc/xen/oxenstored.conf"
    content.update(files or {})
    start = START.format(bin=BIN, modules=" ".join(MODULES), store=store, logs=CONSOLE_LOGS)
    return images.ramdisk(path, start + script, content,
                          "insmod ln mkdir usleep kill tail cut sed".split())
