/* SPDX-License-Identifier: MIT */
/*
 * PCI devices, as domain 0 reports them: a bit per bus and function of each segment. Only
 * those send messages (physdev_msi.c).
 */
#include "internal.h"
#include <hv/guest_copy.h>
#include <hv/heap.h>
#include <hv/softirq.h>

#define NR_SEGMENTS   256
#define SEGMENT_WORDS (65536 / 64)

static uint64_t *known[NR_SEGMENTS];

static uint64_t bit_of(uint8_t devfn)
{
    return 1ull << devfn % 64;
}

static unsigned int word_of(uint8_t bus, uint8_t devfn)
{
    return (bus << 8 | devfn) / 64;
}

/* 0; -ENOMEM, also for a segment beyond those that are kept account of. */
static int add(uint16_t segment, uint8_t bus, uint8_t devfn)
{
    uint64_t *map, *none = NULL;

    if (segment >= NR_SEGMENTS)
        return -ENOMEM;
    if (!READ_ONCE(known[segment])) {
        map = hv_zalloc_array(SEGMENT_WORDS, sizeof(*map));
        if (!map)
            return -ENOMEM;
        if (!__atomic_compare_exchange_n(&known[segment], &none, map, false,
                                         __ATOMIC_RELEASE, __ATOMIC_RELAXED))
            hv_free(map);
    }
    __atomic_fetch_or(&known[segment][word_of(bus, devfn)], bit_of(devfn),
                      __ATOMIC_RELAXED);
    return 0;
}

static bool is_known(uint16_t segment, uint8_t bus, uint8_t devfn)
{
    const uint64_t *map = segment < NR_SEGMENTS ? READ_ONCE(known[segment]) : NULL;

    return map && READ_ONCE(map[word_of(bus, devfn)]) & bit_of(devfn);
}

bool pci_is_known(uint16_t segment, uint16_t function)
{
    return is_known(segment, function >> 8, function & 0xff);
}

/* 0; -ENODEV: not known. */
static int forget(uint16_t segment, uint8_t bus, uint8_t devfn)
{
    if (!is_known(segment, bus, devfn))
        return -ENODEV;
    __atomic_fetch_and(&known[segment][word_of(bus, devfn)], ~bit_of(devfn),
                       __ATOMIC_RELAXED);
    return 0;
}

int physdev_op_manage_pci_add(physdev_manage_pci_t *arg)
{
    return add(0, arg->bus, arg->devfn);
}

int physdev_op_manage_pci_remove(physdev_manage_pci_t *arg)
{
    return forget(0, arg->bus, arg->devfn);
}

/* 0; -EINVAL a flag that is neither 0 nor 1; -ENOMEM. */
int physdev_op_manage_pci_add_ext(physdev_manage_pci_ext_t *arg)
{
    if (arg->is_extfn > 1 || arg->is_virtfn > 1)
        return -EINVAL;
    return add(0, arg->bus, arg->devfn);
}

/* 0; -EFAULT; -ENOMEM. */
int physdev_op_pci_device_add(XEN_GUEST_HANDLE(void) arg)
{
    physdev_pci_device_add_t dev;

    if (guest_read(&dev, (unsigned long)arg.p, sizeof(dev)))
        return -EFAULT;
    return add(dev.seg, dev.bus, dev.devfn);
}

/* 0; -ENODEV: not known. */
int physdev_op_pci_device_remove(physdev_pci_device_t *arg)
{
    return forget(arg->seg, arg->bus, arg->devfn);
}

/* Configuration space is domain 0's to map. -EINVAL a flag; -ENODEV no use for it. */
int physdev_op_pci_mmcfg_reserved(physdev_pci_mmcfg_reserved_t *arg)
{
    return arg->flags & ~XEN_PCI_MMCFG_RESERVED ? -EINVAL : -ENODEV;
}

/* Which nodes devices are at: that is not known of any. 0; -EINVAL no buffer; -EFAULT. */
int sysctl_pcitopoinfo(struct xen_sysctl_pcitopoinfo *arg)
{
    uint32_t count = arg->num_devs;

    if (guest_handle_is_null(arg->devs) || guest_handle_is_null(arg->nodes))
        return -EINVAL;
    for (arg->num_devs = 0; arg->num_devs < count; arg->num_devs++) {
        physdev_pci_device_t dev;
        uint32_t node;

        if (arg->num_devs && preempt_wanted())
            return 0;
        if (copy_from_guest_offset(&dev, arg->devs, arg->num_devs, 1))
            return -EFAULT;
        node =
            is_known(dev.seg, dev.bus, dev.devfn) ? XEN_INVALID_NODE_ID : XEN_INVALID_DEV;
        if (copy_to_guest_offset(arg->nodes, arg->num_devs, &node, 1))
            return -EFAULT;
    }
    return 0;
}
