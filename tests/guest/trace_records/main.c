/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: what a traced kernel asks for and runs into is recorded, in the format that
 * the public header describes or that was seen of Xen.
 * Provocation: a hypercall, one in a list, page faults, exceptions, emulated instructions,
 * a store to a page table, blocking; with tracing on.
 * Expected: a record of each, with its number, place, address and error code; times
 * ascend.
 *
 *   qemu: -smp 1
 *   dom0: max_vcpus=1
 */
#include <test.h>
#include <trace.h>

#include <abi/sched.h>
#include <abi/vcpu.h>
#include <abi/version.h>
#include <mini-os/mm.h>
#include <mini-os/time.h>
#include <mini-os/traps.h>

COVERS(sysctl, XEN_SYSCTL_tbuf_op);

static struct trace_record r;

static uint32_t number(void)
{
    return r.words[0] & ~(uint32_t)TRC_PV_HYPERCALL_V2_ARG_MASK;
}

static void check_hypercall(void)
{
    HYPERVISOR_xen_version(XENVER_version, NULL);
    check_eq(trace_find(TRC_PV_HYPERCALL_V2, &r), true);
    check_eq(number(), __HYPERVISOR_xen_version);
}

static void check_list(void)
{
    multicall_entry_t list[2] = {
        { .op = __HYPERVISOR_xen_version, .args = { XENVER_version } },
        { .op = __HYPERVISOR_sched_op, .args = { SCHEDOP_yield } },
    };

    HYPERVISOR_multicall(list, 2);
    check_eq(trace_find(TRC_PV_HYPERCALL_V2, &r), true);
    check_eq(number(), __HYPERVISOR_multicall);
    check_eq(trace_find(TRC_PV_HYPERCALL_SUBCALL, &r), true);
    check_eq(number(), __HYPERVISOR_xen_version);
    check_eq(trace_find(TRC_PV_HYPERCALL_SUBCALL, &r), true);
    check_eq(number(), __HYPERVISOR_sched_op);
}

static void check_page_fault(void)
{
    struct trap_result fault;
    uint64_t value;

    probe_read((void *)0x123000, &value, &fault);
    check_eq(fault.trapped, true);
    check_eq(trace_find(TRC_PV_PAGE_FAULT | TRC_64_FLAG, &r), true);
    check_eq(r.n, 5);
    check_eq(trace_word64(&r, 0), fault.rip);
    check_eq(trace_word64(&r, 2), 0x123000);
    check_eq(r.words[4], 0);
}

static void check_trap(const struct trap_result *trap, uint32_t what)
{
    check_eq(trap->trapped, true);
    check_eq(trace_find(TRC_PV_TRAP | TRC_64_FLAG, &r), true);
    check_eq(r.n, 3);
    check_eq(trace_word64(&r, 0), trap->rip);
    check_eq(r.words[2], what);
}

static void check_traps(void)
{
    struct trap_result trap;
    uint32_t a, d;

    TRAP_PROBE(&trap, "ud2");
    check_trap(&trap, TRAP_INVALID_OP | 0xffffu << 16);
    TRAP_PROBE(&trap, "rdmsr", : "=a"(a), "=d"(d) : "c"(0x12345678));
    check_trap(&trap, TRAP_GP_FAULT | 0x8000u);
    TRAP_PROBE(&trap, "int3");
    check_trap(&trap, TRAP_INT3 | 0xffffu << 16);
}

#define MSR_EFER 0xc0000080

static void check_emulation(void)
{
    uint32_t a = 0x40000000, b, c = 0, d;
    uint64_t rip;

    asm volatile("lea 1f(%%rip), %4\nud2; .ascii \"xen\"; cpuid\n1:"
                 : "+a"(a), "=b"(b), "+c"(c), "=d"(d), "=&r"(rip));
    check_eq(trace_find(TRC_PV_FORCED_INVALID_OP | TRC_64_FLAG, &r), true);
    check_eq(trace_word64(&r, 0), rip);
    asm volatile("lea 1f(%%rip), %2\nrdmsr\n1:"
                 : "=a"(a), "=d"(d), "=&r"(rip)
                 : "c"(MSR_EFER));
    check_eq(trace_find(TRC_PV_EMULATE_PRIVOP | TRC_64_FLAG, &r), true);
    check_eq(trace_word64(&r, 0), rip);
}

static void check_table_write(void)
{
    volatile void *window = window_reserve(1);
    void *page = alloc_page();

    require(window && page);
    check_eq(pte_set(window, pte_make(virt_to_mfn(page), PTE_RW), PTE_BY_WRITE), 0);
    check_eq(trace_find(TRC_PV_PTWR_EMULATION | TRC_64_FLAG, &r), true);
    check_eq(r.n, 6);
    check_eq(trace_word64(&r, 0) & PTE_ADDR, virt_to_mfn(page) << PAGE_SHIFT);
    check_eq(trace_word64(&r, 2), (unsigned long)pte_slot((unsigned long)window, 1));
    check_eq(unmap(window), 0);
    free_page(page);
}

#define RUNNING_TO(state) (TRC_SCHED_RUNSTATE_CHANGE | RUNSTATE_##state << 4)
#define TO_RUNNING        (TRC_SCHED_RUNSTATE_CHANGE | RUNSTATE_runnable << 8)

static bool find_own(uint32_t event)
{
    while (trace_find(event, &r))
        if (r.words[0] == 0) /* domain 0, vCPU 0 */
            return true;
    return false;
}

static void check_switches(void)
{
    uint64_t blocked_at;

    time_sleep(100 * NSEC_PER_MSEC);
    check_eq(find_own(RUNNING_TO(blocked)), true);
    blocked_at = r.time;
    check_eq(find_own(TO_RUNNING), true);
    check(r.time > blocked_at, "it runs again later");
}

void test_main(void)
{
    require(trace_tbuf(XEN_SYSCTL_TBUFOP_set_size, 0, 8) == 0);
    require(trace_map() == 0);
    require(trace_tbuf(XEN_SYSCTL_TBUFOP_enable, 0, 0) == 0);
    trace_skip();
    check_hypercall();
    check_list();
    check_page_fault();
    check_traps();
    check_emulation();
    check_table_write();
    trace_skip();
    check_switches();
    check_eq(trace_tbuf(XEN_SYSCTL_TBUFOP_disable, 0, 0), 0);
    trace_unmap();
}
