/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: sysctl lists domains in ascending order.
 * Provocation: a list with room for all, for some, for none, from different ids on, and at
 * a bad address, while there are several domains.
 * Expected: each domain once, as getdomaininfo describes it; -EFAULT.
 */
#include <builder.h>
#include <test.h>

#include <abi/sysctl.h>

COVERS(sysctl, XEN_SYSCTL_getdomaininfolist);

#define OTHERS 3

static struct xen_sysctl op = { .cmd = XEN_SYSCTL_getdomaininfolist,
                                .interface_version = XEN_SYSCTL_INTERFACE_VERSION };
static xen_domctl_getdomaininfo_t info[8];
static domid_t id[OTHERS];

static int list(domid_t first, unsigned int room, void *to)
{
    op.u.getdomaininfolist.first_domain = first;
    op.u.getdomaininfolist.max_domains = room;
    op.u.getdomaininfolist.num_domains = ~0U;
    op.u.getdomaininfolist.buffer.p = to;
    return (int)HYPERVISOR_sysctl(&op);
}

static void create(void)
{
    for (unsigned int i = 0; i < OTHERS; i++) {
        struct xen_domctl create_op = { 0 };

        guest_config(&create_op.u.createdomain);
        require(domctl(&create_op, XEN_DOMCTL_createdomain, 0) == 0);
        id[i] = create_op.domain;
    }
}

static void check_all(void)
{
    check_eq(list(0, 8, info), 0);
    check_eq(op.u.getdomaininfolist.num_domains, OTHERS + 1);
    check_eq(info[0].domain, 0);
    check_eq(info[0].flags & XEN_DOMINF_running, XEN_DOMINF_running);
    for (unsigned int i = 0; i < OTHERS; i++) {
        check_eq(info[i + 1].domain, id[i]);
        check_eq(info[i + 1].flags & XEN_DOMINF_paused, XEN_DOMINF_paused);
    }
}

static void check_parts(void)
{
    check_eq(list(0, 2, info), 0);
    check_eq(op.u.getdomaininfolist.num_domains, 2);
    check_eq(list((domid_t)(id[0] + 1), 8, info), 0);
    check_eq(op.u.getdomaininfolist.num_domains, OTHERS - 1);
    check_eq(info[0].domain, id[1]);
    check_eq(list(0, 0, info), 0);
    check_eq(op.u.getdomaininfolist.num_domains, 0);
    check_eq(list(DOMID_SELF, 8, info), 0);
    check_eq(op.u.getdomaininfolist.num_domains, 0);
    check_eq(list(0xffff, 8, info), 0);
    check_eq(op.u.getdomaininfolist.num_domains, 0);
    check_eq(list(0, 8, (void *)0x10), -EFAULT);
}

void test_main(void)
{
    create();
    check_all();
    check_parts();
    for (unsigned int i = 0; i < OTHERS; i++)
        check_eq(domctl_simple(XEN_DOMCTL_destroydomain, id[i]), 0);
}
