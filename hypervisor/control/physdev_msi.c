/* SPDX-License-Identifier: MIT */
/*
 * physdev_op: message-signalled interrupts of the PCI functions that domain 0 has reported.
 * It switches MSI and MSI-X of a function on and off itself; the messages are written
 * here. Functions of segment 0 have them: of others, configuration space is not reached.
 */
#include "internal.h"
#include <hv/irq.h>
#include <hv/pci.h>
#include <hv/rights.h>

#define MAX_MULTI 32

/* 0; -ENODEV. */
static int function_of(uint16_t segment, uint8_t bus, uint8_t devfn, uint16_t *function)
{
    *function = (uint16_t)(bus << 8 | devfn);
    return !segment && pci_is_known(segment, *function) ? 0 : -ENODEV;
}

/* Several messages need vectors in a row and an interrupt remapper to be told apart. */
static int check_multi(const physdev_map_pirq_t *arg)
{
    if (arg->entry_nr <= 0 || arg->entry_nr > MAX_MULTI)
        return -EDOM;
    if (arg->table_base || arg->pirq >= 0)
        return -EINVAL;
    return arg->entry_nr == 1 ? 0 : -EOPNOTSUPP;
}

/* `index` chooses one of the hypervisor's own numbers: none of them is the caller's. */
static int check_message(const physdev_map_pirq_t *arg)
{
    if (arg->index >= 0)
        return arg->index < (int)nr_irqs ? -EPERM : -EINVAL;
    if (arg->type == MAP_PIRQ_TYPE_MULTI_MSI)
        return check_multi(arg);
    return arg->table_base && arg->entry_nr < 0 ? -EINVAL : 0;
}

int physdev_map_message(struct domain *d, const physdev_map_pirq_t *arg)
{
    uint16_t segment = arg->type == MAP_PIRQ_TYPE_MSI ? 0 : (uint16_t)(arg->bus >> 16);
    uint16_t function;
    int rc = check_message(arg);

    if (!current->domain->is_privileged)
        return -EPERM;
    if (!rc)
        rc = function_of(segment, (uint8_t)arg->bus, (uint8_t)arg->devfn, &function);
    if (rc)
        return rc;
    return pirq_map_msi(d, function, arg->table_base ? arg->entry_nr : MSI_ONLY,
                        arg->pirq);
}

/* 0; -ENODEV not a function that was reported; -EPERM not the caller's. */
static int restore(uint16_t segment, uint8_t bus, uint8_t devfn)
{
    uint16_t function;
    int rc = function_of(segment, bus, devfn, &function);

    if (rc)
        return rc;
    if (!current->domain->is_privileged)
        return -EPERM;
    irq_restore_msi(function);
    return 0;
}

int physdev_op_restore_msi(physdev_restore_msi_t *arg)
{
    return restore(0, arg->bus, arg->devfn);
}

int physdev_op_restore_msi_ext(physdev_pci_device_t *arg)
{
    return restore(arg->seg, arg->bus, arg->devfn);
}

/*
 * The function is about to be handed to another domain, or comes back. Nothing is set
 * aside for that: it must only be free. 0; -ENODEV not reported, or without MSI-X; -EBUSY.
 */
static int check_free(const physdev_pci_device_t *arg)
{
    uint16_t function;
    int rc = function_of(arg->seg, arg->bus, arg->devfn, &function);

    if (rc)
        return rc;
    if (!pci_capability(function, PCI_CAP_MSIX))
        return -ENODEV;
    return irq_msi_is_open(function) ? -EBUSY : 0;
}

int physdev_op_prepare_msix(physdev_pci_device_t *arg)
{
    return check_free(arg);
}

int physdev_op_release_msix(physdev_pci_device_t *arg)
{
    return check_free(arg);
}
