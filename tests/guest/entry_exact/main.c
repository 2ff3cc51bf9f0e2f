/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: no way into the hypervisor and back changes a register or a flag but those
 * that it is defined to change.
 * Provocation: every kind of trip from kernel and user mode (hypercalls, exceptions,
 * events, NMIs, system calls, emulated instructions, iret in all its forms, single steps)
 * with random registers and flags, on every vCPU, while timers and the other vCPUs keep
 * interrupting it.
 * Expected: all general registers, flags, stack pointer, segment bases and selectors
 * before and after are equal, and equal to what the trap frame shows.
 */
/* qemu: -smp 1 */
/* also: -smp 2 */
/* also: -smp 4 */
/* also: -smp 2 -cpu Skylake-Client-v1,smap=off */
/* dom0: max_vcpus=4 */
/* timeout: 60 */
#include "entry_exact.h"

#include <abi/callback.h>
#include <mini-os/events.h>
#include <mini-os/smp.h>
#include <mini-os/time.h>

COVERS(iret, set_segment_base, callback_op, CALLBACKOP_register);

#define STORM_INTERVAL (100 * NSEC_PER_USEC)
#define ROUNDS         40
#define LONGEST        (8 * NSEC_PER_SEC)
#define LEAST_EVENTS   20

#define MSR_FS_BASE        0xc0000100
#define MSR_GS_BASE        0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102

/* mini-os/core/entry.S */
extern const char entry_syscall[];

static struct traveller travellers[VCPUS];
static struct user_space user;
static unsigned int nr_vcpus;

struct traveller *this_traveller(void)
{
    return &travellers[this_vcpu()->id];
}

static void move_on(evtchn_port_t port, void *data)
{
    struct traveller *self = data;

    (void)port;
    self->events++;
    self->trip.spin = trip_spin_end;
}

/* Each tick disturbs the next vCPU, too. */
static void tick(evtchn_port_t port, void *data)
{
    struct traveller *self = data, *next = &travellers[(self->id + 1) % nr_vcpus];

    move_on(port, data);
    timer_set(time_now() + STORM_INTERVAL);
    if (next->ipi > 0)
        event_send(next->ipi);
}

static uint64_t read_msr(uint32_t msr)
{
    uint32_t lo, hi;

    asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
    return (uint64_t)hi << 32 | lo;
}

static uint64_t selectors(void)
{
    uint16_t ds, es, fs, gs;

    asm volatile("mov %%ds, %0\n\tmov %%es, %1\n\tmov %%fs, %2\n\tmov %%gs, %3"
                 : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
    return ds | (uint64_t)es << 16 | (uint64_t)fs << 32 | (uint64_t)gs << 48;
}

static uint64_t fs_base(const struct traveller *self)
{
    return (uint64_t)self + 1;
}

static uint64_t user_gs_base(const struct traveller *self)
{
    return (uint64_t)self + 2;
}

static void set_bases(const struct traveller *self)
{
    check_eq(HYPERVISOR_set_segment_base(SEGBASE_FS, fs_base(self)), 0);
    check_eq(HYPERVISOR_set_segment_base(SEGBASE_GS_USER, user_gs_base(self)), 0);
    check_eq(HYPERVISOR_set_segment_base(SEGBASE_GS_KERNEL, (unsigned long)&self->trip),
             0);
}

static void check_segments(const struct traveller *self, uint64_t selectors_before)
{
    check_eq(selectors(), selectors_before);
    check_eq(read_msr(MSR_FS_BASE), fs_base(self));
    check_eq(read_msr(MSR_GS_BASE), (uint64_t)&self->trip);
    check_eq(read_msr(MSR_KERNEL_GS_BASE), user_gs_base(self));
}

static void set_callback(unsigned int type)
{
    struct callback_register op = {
        .type = type,
        .flags = CALLBACKF_mask_events,
        .address = (unsigned long)entry_syscall,
    };

    require(HYPERVISOR_callback_op(CALLBACKOP_register, &op) == 0);
}

static void begin(struct traveller *self)
{
    self->timer = event_bind_virq(VIRQ_TIMER, self->id, tick, self);
    self->ipi = event_bind_ipi(self->id, move_on, self);
    require(self->timer > 0 && self->ipi > 0);
    require(user_space_load(&user) == 0);
    set_callback(CALLBACKTYPE_sysenter);
    set_callback(CALLBACKTYPE_syscall32);
    kernel_begin(self);
    set_bases(self);
    events_enable();
    timer_set(time_now() + STORM_INTERVAL);
}

static void end(struct traveller *self)
{
    events_disable();
    timer_set(0);
    event_close(self->timer);
    check_eq(user_space_load(NULL), 0);
}

static void travel(void *arg)
{
    struct traveller *self = arg;
    uint64_t before = selectors(), until = time_now() + LONGEST;
    unsigned int rounds;

    begin(self);
    for (rounds = 0; rounds < ROUNDS && time_now() < until; rounds++) {
        kernel_trips(self);
        user_trips(self);
        check_segments(self, before);
    }
    end(self);
    note("vCPU %u: %u rounds, %u events", self->id, rounds, self->events);
    check(self->events >= LEAST_EVENTS, "there was a storm");
}

static void set_handlers(trap_handler_t *handler)
{
    static const unsigned int vectors[] = {
        TRAP_DIVIDE_ERROR, TRAP_DEBUG,     TRAP_NMI,      TRAP_INT3,
        TRAP_INVALID_OP,   TRAP_NO_DEVICE, TRAP_GP_FAULT, TRAP_PAGE_FAULT,
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(vectors); i++)
        trap_set_handler(vectors[i], handler);
}

void test_main(void)
{
    nr_vcpus = vcpu_count() < VCPUS ? vcpu_count() : VCPUS;
    user_begin(&user);
    set_handlers(kernel_trap);
    for (unsigned int id = 0; id < nr_vcpus; id++) {
        travellers[id].id = id;
        travellers[id].random.state = 1000 + id;
    }
    for (unsigned int id = 1; id < nr_vcpus; id++)
        require(vcpu_start(id, travel, &travellers[id]) == 0);
    travel(&travellers[0]);
    for (unsigned int id = 1; id < nr_vcpus; id++)
        vcpu_join(id);
    set_handlers(NULL);
    for (unsigned int id = 0; id < nr_vcpus; id++)
        event_close(travellers[id].ipi);
}
