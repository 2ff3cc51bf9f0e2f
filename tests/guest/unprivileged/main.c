/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: what controls the machine and other domains is for the control domain alone.
 * Provocation: a second domain calls every row that needs CONTROL, every command of
 * domctl, sysctl and platform_op, and operations upon domain 0, with arguments of 0.
 * Expected: -EPERM each time, or 0 extents done; domain 0 and the machine are as before.
 */
#include <builder.h>
#include <test.h>

#include <abi/event_channel.h>
#include <abi/grant_table.h>
#include <abi/memory.h>
#include <abi/physdev.h>
#include <abi/platform.h>
#include <abi/sched.h>
#include <abi/sysctl.h>
#include <abi/version.h>
#include <mini-os/time.h>

COVERS(domctl, sysctl, platform_op, memory_op, sched_op, physdev_op, console_io,
       xen_version);

#define PATIENCE (5 * NSEC_PER_SEC)
#define BUFFER   1024

/* Beyond this in child_args.page, the report. */
struct report {
    unsigned int calls, refused;
    struct {
        char name[56];
        long result;
    } other[16];
    unsigned int nr_others;
};

/* --- the second domain --- */

static struct report *report;
static char buffer[BUFFER];

static void expect(long result, long wanted, const char *name)
{
    report->calls++;
    if (result == wanted) {
        report->refused++;
        return;
    }
    if (report->nr_others == ARRAY_SIZE(report->other))
        return;
    snprintf(report->other[report->nr_others].name, sizeof(report->other[0].name), "%s",
             name);
    report->other[report->nr_others++].result = result;
}

static void *zeroes(void)
{
    memset(buffer, 0, sizeof(buffer));
    return buffer;
}

#define ROW_ANY(call, name)
#define ROW_CONTROL(call, name) expect(call, -EPERM, name);

static void call_rows(void)
{
#define OP(cmd, name, suffix, type, dir, priv, restart) \
    ROW_##priv(HYPERVISOR_memory_op(cmd, zeroes()), #name)
#include <abi/ops/memory.def>
#define OP(cmd, name, suffix, type, dir, priv, restart) \
    ROW_##priv(HYPERVISOR_sched_op(cmd, zeroes()), #name)
#include <abi/ops/sched.def>
#define OP(cmd, name, suffix, type, dir, priv, restart) \
    ROW_##priv(HYPERVISOR_physdev_op(cmd, zeroes()), #name)
#include <abi/ops/physdev.def>
#define OP(cmd, name, suffix, type, dir, priv, restart) \
    ROW_##priv(HYPERVISOR_console_io(cmd, 8, zeroes()), #name)
#include <abi/ops/console.def>
#define OP(cmd, name, suffix, type, dir, priv, restart) \
    ROW_##priv(HYPERVISOR_xen_version(cmd, zeroes()), #name)
#include <abi/ops/xen_version.def>
}

static long call_domctl(unsigned int cmd)
{
    struct xen_domctl *op = zeroes();

    /* Some commands on Xen look at their arguments first. */
    op->u.memory_mapping.first_mfn = 1;
    op->u.memory_mapping.nr_mfns = 1;
    op->u.ioport_permission.nr_ports = 1;
    return domctl(op, cmd, 0);
}

static long call_sysctl(unsigned int cmd)
{
    struct xen_sysctl *op = zeroes();

    op->cmd = cmd;
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return HYPERVISOR_sysctl(op);
}

static long call_platform(unsigned int cmd)
{
    struct xen_platform_op *op = zeroes();

    op->cmd = cmd;
    op->interface_version = XENPF_INTERFACE_VERSION;
    return HYPERVISOR_platform_op(op);
}

static void call_control(void)
{
#define DOMCTL(cmd, name, suffix, member, dir, restart) \
    expect(call_domctl(cmd), -EPERM, #name);
#include <abi/ops/domctl.def>
#define SYSCTL(cmd, name, suffix, member, dir, restart) \
    expect(call_sysctl(cmd), -EPERM, #name);
#include <abi/ops/sysctl.def>
#define PLATFORM(cmd, name, suffix, member, dir, restart) \
    expect(call_platform(cmd), -EPERM, #name);
#include <abi/ops/platform.def>
}

/* A device's message for the caller itself; Xen looks first whether there is one. */
static void call_message(uint64_t table)
{
    physdev_map_pirq_t map = { .domid = DOMID_SELF,
                               .type = MAP_PIRQ_TYPE_MSI_SEG,
                               .index = -1,
                               .pirq = -1,
                               .table_base = table };
    long rc = HYPERVISOR_physdev_op(PHYSDEVOP_map_pirq, &map);

    expect(rc == -ENODEV ? -EPERM : rc, -EPERM, "map_pirq");
}

/* What every domain may do for itself, upon domain 0. */
static void call_on_domain0(void)
{
    struct evtchn_alloc_unbound unbound = { .dom = 0 };
    struct evtchn_status status = { .dom = 0, .port = 1 };
    struct evtchn_reset reset = { .dom = 0 };
    struct xen_memory_domain domain = { .domid = 0 };
    xen_pfn_t frame = 0;
    struct xen_memory_reservation reservation = { .nr_extents = 1, .domid = 0 };
    struct mmu_update update = { .ptr = MMU_MACHPHYS_UPDATE };

    reservation.extent_start.p = &frame;
    expect(HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &unbound), -EPERM,
           "alloc_unbound");
    expect(HYPERVISOR_event_channel_op(EVTCHNOP_status, &status), -EPERM, "status");
    expect(HYPERVISOR_event_channel_op(EVTCHNOP_reset, &reset), -EPERM, "reset");
    expect(HYPERVISOR_memory_op(XENMEM_current_reservation, &domain), -EPERM,
           "current_reservation");
    expect(HYPERVISOR_memory_op(XENMEM_populate_physmap, &reservation), 0,
           "populate_physmap");
    expect(HYPERVISOR_memory_op(XENMEM_increase_reservation, &reservation), 0,
           "increase_reservation");
    expect(HYPERVISOR_memory_op(XENMEM_decrease_reservation, &reservation), 0,
           "decrease_reservation");
    expect(HYPERVISOR_mmu_update(&update, 1, NULL, 0), -EPERM, "mmu_update");
    expect(HYPERVISOR_update_va_mapping_otherdomain((unsigned long)buffer, 0, 0, 0),
           -EPERM, "update_va_mapping_otherdomain");
}

static void child_main(struct child_args *args)
{
    struct sched_shutdown down = { .reason = SHUTDOWN_poweroff };

    report = args->page;
    call_rows();
    call_control();
    call_message(0);
    call_message(BUFFER);
    call_on_domain0();
    args->state = 1;
    for (;;)
        HYPERVISOR_sched_op(SCHEDOP_shutdown, &down);
}

/* --- domain 0 --- */

static void check_report(const struct report *r)
{
    note("%u calls", r->calls);
    check(r->calls > 80, "every row was called");
    check_eq(r->refused, r->calls);
    for (unsigned int i = 0; i < r->nr_others; i++)
        note("%s: %ld", r->other[i].name, r->other[i].result);
}

static struct guest guest;

/* The page with the report, which the guest has at args->page. */
static const struct report *map_report(void)
{
    void *window = window_reserve(1);

    require(window);
    require(HYPERVISOR_update_va_mapping_otherdomain(
                (unsigned long)window, pte_make(guest.args->page_mfn, PTE_RO),
                UVMF_INVLPG, guest.id) == 0);
    return window;
}

void test_main(void)
{
    uint64_t until = time_now() + PATIENCE;
    const struct report *r;

    require(guest_build(&guest, child_main) == 0);
    require(guest_unpause(&guest) == 0);
    while (!guest.args->state && time_now() < until)
        time_sleep(NSEC_PER_MSEC);
    check_eq(guest.args->state, 1);
    r = map_report();
    check_report(r);
    check_eq(HYPERVISOR_update_va_mapping((unsigned long)r, 0, UVMF_INVLPG), 0);
    check_eq(guest_destroy(&guest), 0);
}
