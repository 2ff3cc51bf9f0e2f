/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: the remaining properties of a domain: what its frames are, its hypercall page,
 * time, word size, the VIRQs it handles.
 * Provocation: each with what is right and with what is not, also on oneself.
 * Expected: the types of the frames of a domain that has been built; -EINVAL, -EPERM,
 * -E2BIG, -EFAULT, -EOPNOTSUPP as they apply.
 */
#include <builder.h>
#include <test.h>

COVERS(domctl, XEN_DOMCTL_getpageframeinfo3, XEN_DOMCTL_hypercall_init,
       XEN_DOMCTL_settimeoffset, XEN_DOMCTL_gettscinfo, XEN_DOMCTL_settscinfo,
       XEN_DOMCTL_set_address_size, XEN_DOMCTL_get_address_size,
       XEN_DOMCTL_set_virq_handler);

#define NOWHERE (~0UL >> 12)

static struct guest guest;
static struct xen_domctl op;
static xen_pfn_t frames[1024];

static int frame_info(unsigned long nr, void *list)
{
    op.u.getpageframeinfo3.num = nr;
    op.u.getpageframeinfo3.array.p = list;
    return domctl(&op, XEN_DOMCTL_getpageframeinfo3, guest.id);
}

static void check_frames(void)
{
    unsigned int tables = guest.nr_pages - 4;

    memcpy(frames, guest.mfn, guest.nr_pages * sizeof(frames[0]));
    frames[guest.nr_pages] = NOWHERE;
    frames[guest.nr_pages + 1] = virt_to_mfn(&guest); /* not its */
    check_eq(frame_info(guest.nr_pages + 2, frames), 0);
    check_eq(frames[0], XEN_DOMCTL_PFINFO_NOTAB);
    check_eq(frames[tables], XEN_DOMCTL_PFINFO_L1TAB);
    check_eq(frames[tables + 1], XEN_DOMCTL_PFINFO_L2TAB);
    check_eq(frames[tables + 2], XEN_DOMCTL_PFINFO_L3TAB);
    check_eq(frames[tables + 3], XEN_DOMCTL_PFINFO_L4TAB | XEN_DOMCTL_PFINFO_LPINTAB);
    check_eq(frames[guest.nr_pages], XEN_DOMCTL_PFINFO_XTAB);
    check_eq(frames[guest.nr_pages + 1], XEN_DOMCTL_PFINFO_XTAB);
    check_eq(frame_info(0, NULL), 0);
    check_eq(frame_info(1024, frames), 0);
    check_eq(frame_info(1025, frames), -E2BIG);
    check_eq(frame_info(1, (void *)0x10), -EFAULT);
}

static int hypercall_init(unsigned long mfn)
{
    op.u.hypercall_init.gmfn = mfn;
    return domctl(&op, XEN_DOMCTL_hypercall_init, guest.id);
}

static void check_hypercall_page(void)
{
    check_eq(hypercall_init(guest.mfn[0]), 0);
    check_eq(hypercall_init(guest.root_mfn), -EPERM); /* a table */
    check_eq(hypercall_init(NOWHERE), -EINVAL);
    check_eq(hypercall_init(virt_to_mfn(&guest)), -EINVAL);
}

static int tsc_mode(unsigned int mode, domid_t id)
{
    op.u.tsc_info = (struct xen_domctl_tsc_info){ .tsc_mode = mode };
    return domctl(&op, XEN_DOMCTL_settscinfo, id);
}

static void check_time(void)
{
    op.u.settimeoffset.time_offset_seconds = 5;
    check_eq(domctl(&op, XEN_DOMCTL_settimeoffset, guest.id), 0);
    op.u.settimeoffset.time_offset_seconds = 1L << 62;
    check_eq(domctl(&op, XEN_DOMCTL_settimeoffset, guest.id), 0);
    check_eq(domctl(&op, XEN_DOMCTL_gettscinfo, guest.id), 0);
    check_eq(op.u.tsc_info.tsc_mode, 0);
    check_eq(op.u.tsc_info.incarnation, 1);
    check_eq(domctl(&op, XEN_DOMCTL_gettscinfo, 0), -EINVAL);
    check_eq(tsc_mode(0, 0), -EINVAL);
    check_eq(tsc_mode(2, guest.id), 0);
    check_eq(domctl(&op, XEN_DOMCTL_gettscinfo, guest.id), 0);
    check_eq(op.u.tsc_info.tsc_mode, 2);
    check_eq(op.u.tsc_info.elapsed_nsec, 0);
    check_eq(tsc_mode(3, guest.id), -EINVAL);
    check_eq(tsc_mode(0, guest.id), 0);
}

static int address_size(unsigned int bits)
{
    op.u.address_size.size = bits;
    return domctl(&op, XEN_DOMCTL_set_address_size, guest.id);
}

static void check_address_size(void)
{
    check_eq(address_size(64), 0);
    check_eq(address_size(32), -EOPNOTSUPP);
    check_eq(address_size(16), -EINVAL);
    check_eq(domctl(&op, XEN_DOMCTL_get_address_size, guest.id), 0);
    check_eq(op.u.address_size.size, 64);
}

static int virq_handler(unsigned int virq, domid_t id)
{
    op.u.set_virq_handler.virq = virq;
    return domctl(&op, XEN_DOMCTL_set_virq_handler, id);
}

static void check_virqs(void)
{
    check_eq(virq_handler(VIRQ_TIMER, guest.id), -EINVAL);
    check_eq(virq_handler(VIRQ_XENPMU, guest.id), -EINVAL);
    check_eq(virq_handler(NR_VIRQS, guest.id), -EINVAL);
    check_eq(virq_handler(VIRQ_DOM_EXC, guest.id), 0);
    check_eq(virq_handler(VIRQ_DOM_EXC, 0), 0);
    check_eq(virq_handler(VIRQ_CON_RING, guest.id), 0); /* until it dies */
}

void test_main(void)
{
    require(guest_create(&guest) == 0);
    require(guest_populate(&guest) == 0);
    require(guest_load(&guest) == 0);
    require(guest_pin(&guest) == 0);
    check_frames();
    check_hypercall_page();
    check_time();
    check_address_size();
    check_virqs();
    check_eq(guest_destroy(&guest), 0);
}
