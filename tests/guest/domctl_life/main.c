/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: domains are told apart, paused, resumed, destroyed and described; nothing of
 * that is possible on oneself.
 * Provocation: each operation on a new domain, on domain 0, on one that does not exist and
 * on DOMID_SELF; pauses until no more are counted; wrong versions, commands and pointers.
 * Expected: -EFAULT, -EACCES, -ESRCH, -EINVAL, -ENOSYS, -EOVERFLOW as they apply.
 */
#include <builder.h>
#include <test.h>

COVERS(domctl, XEN_DOMCTL_destroydomain, XEN_DOMCTL_pausedomain, XEN_DOMCTL_unpausedomain,
       XEN_DOMCTL_getdomaininfo, XEN_DOMCTL_max_mem, XEN_DOMCTL_max_vcpus,
       XEN_DOMCTL_setdomainhandle, XEN_DOMCTL_setdebugging, XEN_DOMCTL_resumedomain,
       XEN_DOMCTL_subscribe);

#define NO_DOMAIN  4444
#define NO_COMMAND 999
#define PAUSES_MAX 255

static struct xen_domctl op;
static domid_t id;

static void check_call(void)
{
    check_eq(HYPERVISOR_domctl((void *)0x10), -EFAULT);
    op =
        (struct xen_domctl){ .cmd = XEN_DOMCTL_getdomaininfo, .interface_version = 0x14 };
    check_eq(HYPERVISOR_domctl(&op), -EACCES);
    check_eq(domctl_simple(NO_COMMAND, NO_DOMAIN), -ESRCH);
    check_eq(domctl_simple(NO_COMMAND, 0), -ENOSYS);
    check_eq(domctl_simple(0, 0), -ENOSYS);
}

static void create(void)
{
    op = (struct xen_domctl){ 0 };
    guest_config(&op.u.createdomain);
    memset(op.u.createdomain.handle, 0xa5, sizeof(op.u.createdomain.handle));
    op.u.createdomain.max_vcpus = 2;
    require(domctl(&op, XEN_DOMCTL_createdomain, 0) == 0);
    id = op.domain;
}

static void check_nobody(void)
{
    static const unsigned int commands[] = { XEN_DOMCTL_pausedomain,
                                             XEN_DOMCTL_unpausedomain,
                                             XEN_DOMCTL_destroydomain,
                                             XEN_DOMCTL_resumedomain };

    for (unsigned int i = 0; i < 4; i++) {
        check_eq(domctl_simple(commands[i], NO_DOMAIN), -ESRCH);
        check_eq(domctl_simple(commands[i], DOMID_SELF), -ESRCH);
        check_eq(domctl_simple(commands[i], 0), -EINVAL);
    }
}

static void check_info(void)
{
    struct xen_domctl_getdomaininfo info;

    require(guest_info(id, &info));
    check_eq(info.domain, id);
    check_eq(info.flags, 0xffff0000 | XEN_DOMINF_paused);
    check_eq(info.tot_pages, 0);
    check_eq(info.max_pages, 0);
    check_eq(info.cpu_time, 0);
    check_eq(info.nr_online_vcpus, 0);
    check_eq(info.max_vcpu_id, XEN_INVALID_MAX_VCPU_ID);
    check_eq(info.handle[0], 0xa5);
    check_eq(info.handle[15], 0xa5);
    check_eq(info.cpupool, 0);
    require(guest_info(0, &info));
    check_eq(info.flags, 0xffff0000 | XEN_DOMINF_running);
    check(info.cpu_time > 0, "domain 0 has run");
    check(info.tot_pages > 1000, "domain 0 has memory");
    check_eq(domctl(&op, XEN_DOMCTL_getdomaininfo, 1), 0);
    check_eq(op.domain, id); /* the next one */
    check_eq(domctl_simple(XEN_DOMCTL_getdomaininfo, NO_DOMAIN), -ESRCH);
    check_eq(domctl_simple(XEN_DOMCTL_getdomaininfo, DOMID_SELF), -EINVAL);
}

static int max_vcpus(domid_t domid, unsigned int max)
{
    op.u.max_vcpus.max = max;
    return domctl(&op, XEN_DOMCTL_max_vcpus, domid);
}

static void check_vcpus(void)
{
    struct xen_domctl_getdomaininfo info;

    check_eq(max_vcpus(id, 0), -EINVAL);
    check_eq(max_vcpus(id, 1), -EINVAL);
    check_eq(max_vcpus(id, 3), -EINVAL);
    check_eq(max_vcpus(id, 2), 0);
    check_eq(max_vcpus(id, 2), 0);
    check_eq(max_vcpus(0, 1), -EINVAL);
    require(guest_info(id, &info));
    check_eq(info.max_vcpu_id, 1);
    check_eq(info.nr_online_vcpus, 0);
}

static void check_memory(void)
{
    struct xen_domctl_getdomaininfo info;

    op.u.max_mem.max_memkb = 4095;
    check_eq(domctl(&op, XEN_DOMCTL_max_mem, id), 0);
    require(guest_info(id, &info));
    check_eq(info.max_pages, 1023);
    op.u.max_mem.max_memkb = ~0UL;
    check_eq(domctl(&op, XEN_DOMCTL_max_mem, id), 0);
    require(guest_info(id, &info));
    check_eq(info.max_pages, 0xffffffff);
}

static void check_marks(void)
{
    struct xen_domctl_getdomaininfo info;

    memset(op.u.setdomainhandle.handle, 0x5a, sizeof(op.u.setdomainhandle.handle));
    check_eq(domctl(&op, XEN_DOMCTL_setdomainhandle, id), 0);
    op.u.setdebugging.enable = 1;
    check_eq(domctl(&op, XEN_DOMCTL_setdebugging, id), 0);
    require(guest_info(id, &info));
    check_eq(info.handle[7], 0x5a);
    check_eq(info.flags & XEN_DOMINF_debugged, XEN_DOMINF_debugged);
    op.u.setdebugging.enable = 0;
    check_eq(domctl(&op, XEN_DOMCTL_setdebugging, id), 0);
    check_eq(domctl(&op, XEN_DOMCTL_setdebugging, 0), -EINVAL);
    op.u.subscribe.port = 5;
    check_eq(domctl(&op, XEN_DOMCTL_subscribe, id), 0);
    op.u.subscribe.port = 0;
    check_eq(domctl(&op, XEN_DOMCTL_subscribe, id), 0);
    check_eq(domctl_simple(XEN_DOMCTL_resumedomain, id), 0);
}

static void check_pauses(void)
{
    check_eq(domctl_simple(XEN_DOMCTL_unpausedomain, id), 0);
    check_eq(domctl_simple(XEN_DOMCTL_unpausedomain, id), -EINVAL);
    for (unsigned int i = 0; i < PAUSES_MAX; i++)
        check_eq(domctl_simple(XEN_DOMCTL_pausedomain, id), 0);
    check_eq(domctl_simple(XEN_DOMCTL_pausedomain, id), -EOVERFLOW);
}

void test_main(void)
{
    check_call();
    create();
    check_nobody();
    check_info();
    check_vcpus();
    check_memory();
    check_marks();
    check_pauses();
    check_eq(domctl_simple(XEN_DOMCTL_destroydomain, id), 0);
    check_eq(domctl_simple(XEN_DOMCTL_destroydomain, id), -ESRCH);
}
