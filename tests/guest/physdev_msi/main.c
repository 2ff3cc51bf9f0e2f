/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: domain 0 has messages of those PCI functions that it has reported.
 * Provocation: functions reported and not, with MSI, MSI-X, neither; entries, numbers of
 * messages and PIRQs that are none; messages in use; restoring, preparing and releasing.
 * Expected: -ENODEV, -EINVAL, -EDOM, -EOPNOTSUPP, -EPERM, -EBUSY, -EFAULT as they apply;
 * what was unmapped can be mapped again.
 */
/* qemu: -smp 2 -device edu -device e1000e */
#include <edu.h>
#include <message.h>
#include <test.h>

#include <mini-os/layout.h>

COVERS(physdev_op, PHYSDEVOP_map_pirq, PHYSDEVOP_unmap_pirq, PHYSDEVOP_get_free_pirq,
       PHYSDEVOP_restore_msi, PHYSDEVOP_restore_msi_ext, PHYSDEVOP_prepare_msix,
       PHYSDEVOP_release_msix);

#define NIC_ID      0x10d38086u
#define NIC_ENTRIES 5
#define NO_DEVFN    0xf8
#define FAR         5000
#define MANY        300 /* more than there are vectors */
#define BAD         ((void *)0x10)

static struct edu edu;
static unsigned int nic;
static uint64_t table;

static bool is_nic(unsigned int address, void *data)
{
    (void)data;
    nic = address;
    return pci_read32(address, PCI_VENDOR) == NIC_ID;
}

static int map(physdev_map_pirq_t arg)
{
    int rc;

    arg.domid = DOMID_SELF;
    rc = (int)HYPERVISOR_physdev_op(PHYSDEVOP_map_pirq, &arg);
    return rc ? rc : arg.pirq;
}

static physdev_map_pirq_t edu_message(void)
{
    return (physdev_map_pirq_t){
        .type = MAP_PIRQ_TYPE_MSI_SEG, .index = -1, .pirq = -1, .devfn = (int)edu.address
    };
}

/* The edu device's message with one member of the request different. */
#define MAP_WITH(member, value)                 \
    ({                                          \
        physdev_map_pirq_t arg = edu_message(); \
        arg.member = (value);                   \
        map(arg);                               \
    })

static int several(int number, uint64_t table_base)
{
    physdev_map_pirq_t arg = edu_message();

    arg.type = MAP_PIRQ_TYPE_MULTI_MSI;
    arg.entry_nr = number;
    arg.table_base = table_base;
    return map(arg);
}

static int on_device(int op, unsigned int segment, unsigned int devfn)
{
    physdev_pci_device_t dev = { .seg = (uint16_t)segment, .devfn = (uint8_t)devfn };

    return (int)HYPERVISOR_physdev_op(op, &dev);
}

static int restore(unsigned int devfn)
{
    physdev_restore_msi_t arg = { .devfn = (uint8_t)devfn };

    return (int)HYPERVISOR_physdev_op(PHYSDEVOP_restore_msi, &arg);
}

static void check_not_reported(void)
{
    check_eq(message_map(edu.address, 0, 0), -ENODEV);
    check_eq(message_map(nic, 0, table), -ENODEV);
    check_eq(restore(edu.address), -ENODEV);
    check_eq(on_device(PHYSDEVOP_restore_msi_ext, 0, edu.address), -ENODEV);
    check_eq(on_device(PHYSDEVOP_prepare_msix, 0, nic), -ENODEV);
    check_eq(on_device(PHYSDEVOP_release_msix, 0, nic), -ENODEV);
    require(message_report(edu.address) == 0 && message_report(nic) == 0);
}

static void check_msi(void)
{
    int pirq = message_map(edu.address, 0, 0);

    check(pirq >= 16, "a PIRQ, and no legacy line's");
    check_eq(message_unmap(pirq), 0);
    check_eq(message_unmap(pirq), -EINVAL);
    check_eq(message_map(edu.address, 0, 0), pirq);
    check_eq(message_unmap(pirq), 0);
    check_eq(MAP_WITH(type, MAP_PIRQ_TYPE_MSI), pirq);
    check_eq(message_unmap(pirq), 0);
    check_eq(MAP_WITH(pirq, 50), 50);
    check_eq(message_unmap(50), 0);
    check_eq(MAP_WITH(pirq, FAR), -EINVAL);
    check_eq(MAP_WITH(index, 40), -EPERM);
    check_eq(MAP_WITH(index, FAR), -EINVAL);
    check_eq(MAP_WITH(bus, 1 << 16), -ENODEV);
    check_eq(MAP_WITH(devfn, NO_DEVFN), -ENODEV);
    check_eq(MAP_WITH(devfn, 0), -ENODEV); /* the host bridge: no MSI */
    check_eq(MAP_WITH(table_base, PAGE_SIZE), -ENODEV);
}

static void check_several(void)
{
    int pirq = several(1, 0);

    check(pirq >= 16, "several that are one");
    check_eq(message_unmap(pirq), 0);
    check_eq(several(2, 0), -EOPNOTSUPP);
    check_eq(several(0, 0), -EDOM);
    check_eq(several(-1, 0), -EDOM);
    check_eq(several(33, 0), -EDOM);
    check_eq(several(2, table), -EINVAL);
}

static void check_msix(void)
{
    int pirq[NIC_ENTRIES];

    check_eq(message_map(nic, NIC_ENTRIES, table), -EINVAL);
    check_eq(message_map(nic, -1, table), -EINVAL);
    for (int i = 0; i < NIC_ENTRIES; i++) {
        pirq[i] = message_map(nic, i, table);
        check(pirq[i] >= 16, "a PIRQ for each entry");
    }
    check_eq(on_device(PHYSDEVOP_prepare_msix, 0, nic), -EBUSY);
    check_eq(on_device(PHYSDEVOP_restore_msi_ext, 0, nic), 0);
    check_eq(restore(nic), 0);
    for (int i = 0; i < NIC_ENTRIES; i++)
        check_eq(message_unmap(pirq[i]), 0);
}

static void check_devices(void)
{
    check_eq(on_device(PHYSDEVOP_prepare_msix, 0, nic), 0);
    check_eq(on_device(PHYSDEVOP_release_msix, 0, nic), 0);
    check_eq(on_device(PHYSDEVOP_prepare_msix, 1, nic), -ENODEV);
    check_eq(on_device(PHYSDEVOP_prepare_msix, 0, NO_DEVFN), -ENODEV);
    check_eq(on_device(PHYSDEVOP_release_msix, 0, NO_DEVFN), -ENODEV);
    check_eq(on_device(PHYSDEVOP_restore_msi_ext, 0, edu.address), 0);
    check_eq(on_device(PHYSDEVOP_restore_msi_ext, 0, NO_DEVFN), -ENODEV);
    check_eq(on_device(PHYSDEVOP_restore_msi_ext, 1, edu.address), -ENODEV);
    check_eq(restore(edu.address), 0);
    check_eq(restore(NO_DEVFN), -ENODEV);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_prepare_msix, BAD), -EFAULT);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_release_msix, BAD), -EFAULT);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_restore_msi, BAD), -EFAULT);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_restore_msi_ext, BAD), -EFAULT);
}

/* Vectors and numbers come back. */
static void check_often(void)
{
    int pirq = message_map(edu.address, 0, 0);

    require(pirq >= 0);
    for (unsigned int i = 0; i < MANY; i++) {
        check_eq(message_unmap(pirq), 0);
        if (!check_eq(message_map(edu.address, 0, 0), pirq))
            return;
    }
    check_eq(message_unmap(pirq), 0);
}

void test_main(void)
{
    physdev_get_free_pirq_t free_pirq = { .type = MAP_PIRQ_TYPE_MSI_SEG };

    edu_open(&edu);
    require(pci_find(is_nic, NULL));
    pci_write16(nic, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    table = message_table(nic);
    check_not_reported();
    check_msi();
    check_several();
    check_msix();
    check_devices();
    check_often();
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_get_free_pirq, &free_pirq), 0);
    check(free_pirq.pirq >= 16, "a free PIRQ");
}
