/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: the controller passes on interrupt lines, device memory and I/O ports that
 * it has itself, and takes them back.
 * Provocation: such rights for another domain: ones that we have, have not, that are not
 * there; empty ranges and ranges that wrap.
 * Expected: 0; -EPERM for what is not ours to give; -EINVAL for what is no range.
 */
#include <builder.h>
#include <test.h>

#include <abi/physdev.h>

COVERS(domctl, XEN_DOMCTL_irq_permission, XEN_DOMCTL_iomem_permission,
       XEN_DOMCTL_ioport_permission, XEN_DOMCTL_memory_mapping);

#define VGA_FRAME   0xa0
#define LAPIC_FRAME 0xfee00
#define LINE        10

static struct xen_domctl op;
static domid_t id;

static int iomem(uint64_t first, uint64_t nr, unsigned int allow)
{
    op.u.iomem_permission =
        (struct xen_domctl_iomem_permission){ first, nr, (uint8_t)allow };
    return domctl(&op, XEN_DOMCTL_iomem_permission, id);
}

static void check_iomem(void)
{
    check_eq(iomem(VGA_FRAME, 1, 1), 0);
    check_eq(iomem(VGA_FRAME + 2, 4, 1), 0);
    check_eq(iomem(VGA_FRAME + 1, 1, 1), 0);
    check_eq(iomem(VGA_FRAME + 3, 1, 0), 0);
    check_eq(iomem(VGA_FRAME, 16, 0), 0);
    check_eq(iomem(VGA_FRAME, 0, 1), -EINVAL);
    check_eq(iomem(~0UL, 2, 1), -EINVAL);
    check_eq(iomem(1UL << 40, 2, 1), -EPERM);
    check_eq(iomem(LAPIC_FRAME, 1, 1), -EPERM);
}

static int ioport(unsigned int first, unsigned int nr, unsigned int allow)
{
    op.u.ioport_permission =
        (struct xen_domctl_ioport_permission){ first, nr, (uint8_t)allow };
    return domctl(&op, XEN_DOMCTL_ioport_permission, id);
}

static void check_ioport(void)
{
    check_eq(ioport(0x80, 1, 1), 0);
    check_eq(ioport(0x80, 1, 0), 0);
    check_eq(ioport(0xffff, 1, 1), 0);
    check_eq(ioport(0x80, 0, 1), -EINVAL);
    check_eq(ioport(0xffff, 2, 1), -EINVAL);
    check_eq(ioport(~0U, 2, 1), -EINVAL);
    check_eq(ioport(0x10000, 1, 1), -EINVAL);
    check_eq(ioport(0x20, 1, 1), -EPERM);
    check_eq(ioport(0x3f8, 8, 1), -EPERM);
}

static int irq(unsigned int pirq, unsigned int allow)
{
    op.u.irq_permission =
        (struct xen_domctl_irq_permission){ pirq, (uint8_t)allow, { 0 } };
    return domctl(&op, XEN_DOMCTL_irq_permission, id);
}

static void check_irq(void)
{
    physdev_map_pirq_t map = {
        .domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = LINE, .pirq = LINE
    };
    physdev_unmap_pirq_t unmap_op = { .domid = DOMID_SELF, .pirq = LINE };

    check_eq(irq(LINE, 1), -EPERM); /* not mapped by us */
    check_eq(irq(9999, 1), -EINVAL);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_map_pirq, &map), 0);
    check_eq(irq(LINE, 1), 0);
    check_eq(irq(LINE, 0), 0);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_unmap_pirq, &unmap_op), 0);
}

static int mapping(uint64_t gfn, uint64_t mfn, uint64_t nr)
{
    op.u.memory_mapping = (struct xen_domctl_memory_mapping){ gfn, mfn, nr, 1, 0 };
    return domctl(&op, XEN_DOMCTL_memory_mapping, id);
}

static void check_mapping(void)
{
    check_eq(mapping(0, VGA_FRAME, 1), 0);
    check_eq(mapping(0, VGA_FRAME, 0), -EINVAL);
    check_eq(mapping(0, ~0UL, 2), -EINVAL);
    check_eq(mapping(~0UL, VGA_FRAME, 2), -EINVAL);
    check_eq(mapping(0, 1UL << 40, 2), -EINVAL);
}

void test_main(void)
{
    guest_config(&op.u.createdomain);
    require(domctl(&op, XEN_DOMCTL_createdomain, 0) == 0);
    id = op.domain;
    check_iomem();
    check_ioport();
    check_irq();
    check_mapping();
    check_eq(domctl_simple(XEN_DOMCTL_destroydomain, id), 0);
}
