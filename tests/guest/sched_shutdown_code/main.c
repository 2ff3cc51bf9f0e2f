/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: the reason of a shutdown can be laid down beforehand; a domain can shut
 * down another; the oldest form of the hypercall knows three commands.
 * Provocation: bad addresses, domains that do not exist, commands without a meaning.
 * Expected: -EFAULT, -ESRCH, -ENOSYS; nothing shuts down.
 */
#include <test.h>

#include <abi/sched.h>

COVERS(sched_op, SCHEDOP_shutdown_code, SCHEDOP_remote_shutdown, sched_op_compat,
       SCHEDOP_yield);

static int remote_shutdown(domid_t domain)
{
    struct sched_remote_shutdown op = { .domain_id = domain,
                                        .reason = SHUTDOWN_poweroff };

    return HYPERVISOR_sched_op(SCHEDOP_remote_shutdown, &op);
}

void test_main(void)
{
    struct sched_shutdown code = { .reason = SHUTDOWN_poweroff };
    void *bad = (void *)0x10;

    check_eq(HYPERVISOR_sched_op(SCHEDOP_shutdown, bad), -EFAULT);
    check_eq(HYPERVISOR_sched_op(SCHEDOP_shutdown_code, bad), -EFAULT);
    check_eq(HYPERVISOR_sched_op(SCHEDOP_remote_shutdown, bad), -EFAULT);
    check_eq(remote_shutdown(100), -ESRCH);
    check_eq(remote_shutdown(DOMID_SELF), -ESRCH);
    check_eq(remote_shutdown(DOMID_IO), -ESRCH);
    check_eq(HYPERVISOR_sched_op_compat(SCHEDOP_yield, 0), 0);
    check_eq(HYPERVISOR_sched_op_compat(SCHEDOP_poll, 0), -ENOSYS);
    check_eq(HYPERVISOR_sched_op(-1, NULL), -ENOSYS);
    check_eq(HYPERVISOR_sched_op(8, NULL), -ENOSYS);
    check_eq(HYPERVISOR_sched_op(SCHEDOP_shutdown_code, &code), 0);
}
