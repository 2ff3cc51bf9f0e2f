# SPDX-License-Identifier: MIT
"""Debian's kernel as domain 0 drives disks by message-signalled interrupts: a virtio disk
with a queue for each processor (MSI-X) and a SATA disk (MSI)."""

import hashlib
import os
import re

import images
from machine import Machine, default_build

# In an order in which each finds what it needs.
MODULES = """drivers/virtio/virtio_ring drivers/virtio/virtio drivers/virtio/virtio_pci_legacy_dev
drivers/virtio/virtio_pci_modern_dev drivers/virtio/virtio_pci drivers/block/virtio_blk
drivers/scsi/scsi_common drivers/scsi/scsi_mod drivers/ata/libata drivers/ata/libahci
drivers/ata/ahci lib/crc64 crypto/crc64_rocksoft_generic lib/crc64-rocksoft
crypto/crct10dif_common crypto/crct10dif_generic lib/crc-t10dif block/t10-pi
drivers/scsi/sd_mod""".split()
SIZE = 8 << 20
SCRIPT = """
for module in $(cat /modules/order); do insmod /modules/$module 2>/dev/null; done
for i in $(seq 50); do [ -b /dev/vda -a -b /dev/sda ] && break; sleep 0.1; done
for cpu in 1 2; do
    for disk in vda sda; do
        echo "$disk: $(taskset $cpu dd if=/dev/$disk bs=64k iflag=direct 2>/dev/null | md5sum)"
    done
done
grep xen-pirq /proc/interrupts
echo "all done"
poweroff -f
"""


def drivers(build):
    """The folder with the kernel's modules that are needed; fetched once."""
    folder = build / "linux" / "drivers"
    if folder.exists():
        return folder
    return images.unpack(images.kernel_package("linux-image-amd64"), folder,
                         *(f"./lib/modules/*/kernel/{name}.ko" for name in MODULES))


def module_files(build):
    found = {path.stem: path for path in drivers(build).rglob("*.ko")}
    names = [name.rsplit("/", 1)[1] for name in MODULES]
    order = "".join(f"{name}.ko\n" for name in names if name in found)
    return {"modules/order": order.encode(),
            **{f"modules/{name}.ko": found[name] for name in names if name in found}}


def disk(path):
    data = os.urandom(SIZE)
    path.write_bytes(data)
    return hashlib.md5(data).hexdigest()


def test_disks_by_messages(tmp_path):
    build = default_build()
    ramdisk = images.ramdisk(tmp_path / "ramdisk.cpio.gz", SCRIPT, module_files(build),
                             ["insmod", "taskset"])
    sums = {name: disk(tmp_path / name) for name in ("vda", "sda")}
    qemu = ["-machine", "q35"]
    for name, device in (("vda", "virtio-blk-pci,num-queues=2"), ("sda", "ide-hd")):
        qemu += ["-drive", f"if=none,format=raw,id={name},file={tmp_path / name}",
                 "-device", f"{device},drive={name}"]
    with Machine("pavise", images.vmlinux(build), args="console=hvc0 panic=-1", ramdisk=ramdisk,
                 smp=2, memory=1024, append="dom0_mem=512M", build=build, qemu=qemu,
                 log=build / "linux" / "interrupts.log") as machine:
        machine.wait_for("all done|Kernel panic", 120)
        text = machine.output()
        for name, checksum in sums.items():
            assert text.count(f"{name}: {checksum}") == 2, text[-3000:]
        queues = re.findall(r"^ *\d+:((?: +\d+)+) +xen-pirq +-msi-x +virtio\d-req", text, re.M)
        assert len(queues) == 2 and all(sum(map(int, counts.split())) for counts in queues)
        assert re.search(r"xen-pirq +-msi +ahci", text), text[-3000:]
        machine.wait_end(20)
