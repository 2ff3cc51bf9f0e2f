/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: domain 0 reports the PCI devices that it finds.
 * Provocation: devices added by each of the three calls, removed once and twice, some that
 * were never added; flags that are none; bad addresses; configuration space windows.
 * Expected: 0; -ENODEV what is not known; -EINVAL; -EFAULT.
 */
#include <builder.h>
#include <test.h>

#include <abi/physdev.h>

COVERS(physdev_op, PHYSDEVOP_manage_pci_add, PHYSDEVOP_manage_pci_remove,
       PHYSDEVOP_manage_pci_add_ext, PHYSDEVOP_pci_device_add,
       PHYSDEVOP_pci_device_remove, PHYSDEVOP_pci_mmcfg_reserved);

#define BAD ((void *)0x10)

static void check_manage(void)
{
    physdev_manage_pci_t dev = { .bus = 0, .devfn = 0xfd };
    physdev_manage_pci_ext_t ext = { .bus = 0, .devfn = 0xfd };

    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_manage_pci_remove, &dev), -ENODEV);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_manage_pci_add, &dev), 0);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_manage_pci_add, &dev), 0);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_manage_pci_remove, &dev), 0);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_manage_pci_remove, &dev), -ENODEV);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_manage_pci_add_ext, &ext), 0);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_manage_pci_remove, &dev), 0);
    ext.is_extfn = 2;
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_manage_pci_add_ext, &ext), -EINVAL);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_manage_pci_add, BAD), -EFAULT);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_manage_pci_remove, BAD), -EFAULT);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_manage_pci_add_ext, BAD), -EFAULT);
}

static void check_device(void)
{
    physdev_pci_device_add_t add = { .bus = 1, .devfn = 0xfb };
    physdev_pci_device_t dev = { .bus = 1, .devfn = 0xfb };

    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_pci_device_remove, &dev), -ENODEV);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_pci_device_add, &add), 0);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_pci_device_remove, &dev), 0);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_pci_device_remove, &dev), -ENODEV);
    dev.seg = 9;
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_pci_device_remove, &dev), -ENODEV);
    dev.seg = 0xffff;
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_pci_device_remove, &dev), -ENODEV);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_pci_device_add, BAD), -EFAULT);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_pci_device_remove, BAD), -EFAULT);
}

/* This machine has none. */
static void check_mmcfg(void)
{
    physdev_pci_mmcfg_reserved_t window = { .address = 0xb0000000,
                                            .end_bus = 255,
                                            .flags = XEN_PCI_MMCFG_RESERVED };

    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_pci_mmcfg_reserved, &window), -ENODEV);
    window.flags = 2;
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_pci_mmcfg_reserved, &window), -EINVAL);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_pci_mmcfg_reserved, BAD), -EFAULT);
}

void test_main(void)
{
    check_manage();
    check_device();
    check_mmcfg();
}
