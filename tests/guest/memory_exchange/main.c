/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: frames are exchanged for others, all of a chunk or none.
 * Provocation: scattered frames for one large extent and back; frames that are mapped, of
 * nobody, named twice; sizes that do not agree; lists that cannot be read.
 * Expected: nr_exchanged and the errno of each; the domain keeps its number of frames.
 */
/* dom0: mem=128M */
#include <test.h>

#include <abi/memory.h>
#include <mini-os/mm.h>

COVERS(XENMEM_exchange);

#define HV_ADDRESS ((void *)0xffff800000000000)

static xen_pfn_t in[8], out[8];

static struct xen_memory_exchange pair(unsigned long nr_in, unsigned int in_order,
                                       unsigned long nr_out, unsigned int out_order)
{
    struct xen_memory_exchange x = {
        .in = { .nr_extents = nr_in, .extent_order = in_order, .domid = DOMID_SELF },
        .out = { .nr_extents = nr_out, .extent_order = out_order, .domid = DOMID_SELF },
    };

    set_xen_guest_handle(x.in.extent_start, in);
    set_xen_guest_handle(x.out.extent_start, out);
    return x;
}

static unsigned long exchanged;

static long exchange(struct xen_memory_exchange x)
{
    long rc = HYPERVISOR_memory_op(XENMEM_exchange, &x);

    exchanged = x.nr_exchanged;
    return rc;
}

static long frames_now(void)
{
    struct xen_memory_domain d = { DOMID_SELF };

    return HYPERVISOR_memory_op(XENMEM_current_reservation, &d);
}

/* Takes a frame from the allocator for good; returns its pfn. */
static unsigned long loose_frame(xen_pfn_t *mfn)
{
    void *page = alloc_page();

    *mfn = virt_to_mfn(page);
    require(!HYPERVISOR_update_va_mapping((unsigned long)page, 0, UVMF_INVLPG));
    return virt_to_pfn(page);
}

static void check_arguments(void)
{
    struct xen_memory_exchange x = pair(1, 0, 1, 0);

    in[0] = virt_to_mfn(alloc_page());
    check_eq(exchange(x), -EINVAL); /* mapped */
    check_eq(exchanged, 0);
    x.nr_exchanged = 1;
    check_eq(exchange(x), 0);
    x.nr_exchanged = 2;
    check_eq(exchange(x), -EINVAL);
    x = pair(1, 0, 1, 0), x.in.domid = 0;
    check_eq(exchange(x), -EINVAL);
    x = pair(1, 0, 1, 0), x.in.domid = x.out.domid = 77;
    check_eq(exchange(x), -ESRCH);
    check_eq(exchange(pair(1, 1, 1, 0)), -EINVAL);
    check_eq(exchange(pair(1, 30, 1, 30)), -EPERM);
    check_eq(exchange(pair(1, 64, 1, 64)), -EPERM);
    check_eq(exchange(pair(0, 0, 0, 0)), 0);
    check_eq(exchange(pair(1ul << 63, 0, 1ul << 63, 0)), -EFAULT);
    x = pair(1, 0, 1, 0), x.in.extent_start.p = NULL;
    check_eq(exchange(x), -EFAULT);
    x = pair(1, 0, 1, 0), x.out.extent_start.p = HV_ADDRESS;
    check_eq(exchange(x), -EFAULT);
    check_eq(HYPERVISOR_memory_op(XENMEM_exchange, (void *)(1ul << 47)), -EFAULT);
}

static void check_one(void)
{
    struct xen_memory_exchange x = pair(1, 0, 1, 0);
    xen_pfn_t mfn;
    unsigned long pfn = loose_frame(&mfn);

    in[0] = 1ul << 40;
    check_eq(exchange(x), -EINVAL);
    in[0] = mfn;
    out[0] = pfn;
    x.out.mem_flags = XENMEMF_address_bits(12);
    check_eq(exchange(x), -ENOMEM);
    x.out.mem_flags = XENMEMF_exact_node(9);
    check_eq(exchange(x), -ENOMEM);
    check_eq(exchanged, 0);
    x.out.mem_flags = 0;
    check_eq(exchange(x), 0);
    check_eq(exchanged, 1);
    check(out[0] != mfn, "another frame");
    check_eq(((const unsigned long *)MACH2PHYS_VIRT_START)[out[0]], pfn);
    check_eq(exchange(x), -EINVAL); /* the frame is gone */
}

static void check_large_and_back(void)
{
    unsigned long pfn[8];

    for (unsigned int i = 0; i < 8; i++)
        pfn[i] = loose_frame(&in[i]);
    out[0] = pfn[0];
    in[7] = in[0]; /* twice */
    check_eq(exchange(pair(8, 0, 1, 3)), -EINVAL);
    check_eq(exchanged, 0);
    pfn[7] = loose_frame(&in[7]);
    check_eq(exchange(pair(8, 0, 1, 3)), 0);
    check_eq(exchanged, 8);
    check_eq(out[0] % 8, 0);
    in[0] = out[0];
    for (unsigned int i = 0; i < 8; i++)
        out[i] = pfn[i];
    check_eq(exchange(pair(1, 3, 8, 0)), 0);
    check_eq(exchanged, 1);
    for (unsigned int i = 0; i < 8; i++)
        check_eq(((const unsigned long *)MACH2PHYS_VIRT_START)[out[i]], pfn[i]);
}

void test_main(void)
{
    long before = frames_now();

    check_arguments();
    check_one();
    check_large_and_back();
    check_eq(frames_now(), before);
}
