/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: set_callbacks and callback_op say where the hypervisor enters the guest, and
 * set_trap_table where its traps go.
 * Provocation: each type and way, with good addresses, then with addresses that are not
 * canonical, types and commands without a meaning, and arguments that cannot be read.
 * Expected: the callbacks given last are used; -EINVAL for an address, and for taking
 * away a callback that a guest cannot do without; -ENOSYS for types and commands;
 * -EFAULT. What was set stays as it was after a refusal. set_callbacks succeeds always
 * and passes over the addresses that are no good.
 */
/* qemu: -smp 2 */
/* dom0: max_vcpus=2 */
#include <test.h>

#include <abi/callback.h>
#include <mini-os/events.h>
#include <mini-os/smp.h>
#include <mini-os/traps.h>

COVERS(set_callbacks, set_trap_table, callback_op, CALLBACKOP_register,
       CALLBACKOP_unregister);

#define UNMAPPED      ((void *)0x10)
#define NON_CANONICAL 0x800000000000UL
#define NEVER_GIVEN   9

/* mini-os/core/entry.S */
extern const char entry_event[], entry_failsafe[], entry_syscall[];

static volatile unsigned int received;

static void count(evtchn_port_t port, void *data)
{
    (void)port;
    (void)data;
    received++;
}

static long set_callbacks(const char *event, const char *failsafe, const char *syscall)
{
    return HYPERVISOR_set_callbacks((unsigned long)event, (unsigned long)failsafe,
                                    (unsigned long)syscall);
}

static long set_callback(unsigned int type, unsigned long address)
{
    struct callback_register op = { .type = type, .address = address };

    return HYPERVISOR_callback_op(CALLBACKOP_register, &op);
}

static long drop_callback(unsigned int type)
{
    struct callback_unregister op = { .type = type };

    return HYPERVISOR_callback_op(CALLBACKOP_unregister, &op);
}

/* An event still comes, and a trap. */
static void check_entered(evtchn_port_t port)
{
    struct trap_result result;

    received = 0;
    events_enable();
    check_eq(event_send(port), 0);
    events_disable();
    check_eq(received, 1);
    TRAP_PROBE(&result, "ud2", :);
    check(result.trapped && result.vector == TRAP_INVALID_OP, "#UD is delivered");
}

static void check_set_callbacks(evtchn_port_t port)
{
    const char *bad = (const char *)NON_CANONICAL;

    check_eq(set_callbacks(bad, entry_failsafe, entry_syscall), 0);
    check_eq(set_callbacks(entry_event, bad, entry_syscall), 0);
    check_eq(set_callbacks(entry_event, entry_failsafe, bad), 0);
    check_entered(port);
    check_eq(set_callbacks(entry_event, entry_failsafe, entry_syscall), 0);
    check_entered(port);
}

static void check_register(evtchn_port_t port)
{
    static const unsigned int types[] = {
        CALLBACKTYPE_failsafe, CALLBACKTYPE_syscall,   CALLBACKTYPE_event,
        CALLBACKTYPE_sysenter, CALLBACKTYPE_syscall32,
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
        check_eq(set_callback(types[i], NON_CANONICAL), -EINVAL);
        check_eq(drop_callback(types[i]), -EINVAL);
    }
    check_eq(set_callback(CALLBACKTYPE_event, (unsigned long)entry_event), 0);
    check_eq(set_callback(CALLBACKTYPE_failsafe, (unsigned long)entry_failsafe), 0);
    check_eq(set_callback(CALLBACKTYPE_syscall, (unsigned long)entry_syscall), 0);
    check_eq(set_callback(CALLBACKTYPE_sysenter, (unsigned long)entry_syscall), 0);
    check_eq(set_callback(CALLBACKTYPE_syscall32, (unsigned long)entry_syscall), 0);
    check_entered(port);
}

static void check_errors(void)
{
    check_eq(set_callback(NEVER_GIVEN, 0), -ENOSYS);
    check_eq(drop_callback(NEVER_GIVEN), -ENOSYS);
    check_eq(HYPERVISOR_callback_op(CALLBACKOP_register, UNMAPPED), -EFAULT);
    check_eq(HYPERVISOR_callback_op(CALLBACKOP_unregister, UNMAPPED), -EFAULT);
    check_eq(HYPERVISOR_callback_op(2, UNMAPPED), -ENOSYS);
    check_eq(HYPERVISOR_callback_op(-1, UNMAPPED), -ENOSYS);
}

static unsigned long nmi_stub(void)
{
    return traps_table()[TRAP_NMI].address;
}

static void set_nmi_callback(void *rc)
{
    *(volatile long *)rc = set_callback(CALLBACKTYPE_nmi, nmi_stub());
}

/* It is an entry of the trap table, which every vCPU has. */
static void check_nmi(void)
{
    volatile long rc = -1;

    set_nmi_callback((void *)&rc);
    check_eq(rc, 0);
    check_eq(set_callback(CALLBACKTYPE_nmi, NON_CANONICAL), -EINVAL);
    check_eq(drop_callback(CALLBACKTYPE_nmi), 0);
    rc = -1;
    require(vcpu_start(1, set_nmi_callback, (void *)&rc) == 0);
    vcpu_join(1);
    check_eq(rc, 0);
}

static void check_traps(evtchn_port_t port)
{
    struct trap_info traps[] = {
        { .vector = 200, .cs = FLAT_KERNEL_CS, .address = NON_CANONICAL },
        { .address = 0 },
    };

    check_eq(HYPERVISOR_set_trap_table(UNMAPPED), -EFAULT);
    check_eq(HYPERVISOR_set_trap_table(traps), -EINVAL);
    check_entered(port);
    check_eq(HYPERVISOR_set_trap_table(&traps[1]), 0);
    check_entered(port);
    check_eq(HYPERVISOR_set_trap_table(NULL), 0);
    traps_install();
    check_entered(port);
}

void test_main(void)
{
    int port = event_bind_ipi(0, count, NULL);

    require(port > 0);
    check_entered(port);
    check_set_callbacks(port);
    check_register(port);
    check_errors();
    check_nmi();
    check_traps(port);
    event_close(port);
}
