/* SPDX-License-Identifier: MIT */
/*
 * Trips from kernel mode: registers before, at the trap and afterwards.
 */
#include "entry_exact.h"

#include <abi/event_channel.h>
#include <abi/sched.h>
#include <abi/vcpu.h>
#include <abi/version.h>
#include <mini-os/events.h>
#include <mini-os/mm.h>
#include <mini-os/smp.h>

#define NO_TRAP    ~0U
#define CPUID_LEAF 0x40000000
#define STACK_ROOM 1024

struct kind {
    const char *name;
    const char *code, *at, *end;
    unsigned int vector;
    bool gives_up_rcx; /* and R11: so VGCF_in_syscall says */
    void (*prepare)(struct traveller *self);
};

/* SYSCALL leaves the return address and the flags in these. */
static void want_syscall(struct trip *t, const char *back)
{
    t->want[R_RCX] = (uint64_t)back;
    t->want[R_R11] = t->in[R_RFLAGS];
}

static void call(struct traveller *self, unsigned long number, unsigned long arg1,
                 unsigned long arg2, unsigned long arg3)
{
    struct trip *t = &self->trip;

    t->in[R_RAX] = number;
    t->in[R_RDI] = arg1;
    t->in[R_RSI] = arg2;
    t->in[R_RDX] = arg3;
    memcpy(t->want, t->in, sizeof(t->want));
    t->want[R_RAX] = 0;
    want_syscall(t, trip_syscall_at);
}

static void version(struct traveller *self)
{
    call(self, __HYPERVISOR_xen_version, XENVER_version, 0, self->trip.in[R_RDX]);
    self->trip.want[R_RAX] = 4 << 16 | 17;
}

/* The page's code saves what SYSCALL uses. */
static void version_by_page(struct traveller *self)
{
    struct trip *t = &self->trip;

    version(self);
    t->want[R_RCX] = t->in[R_RCX];
    t->want[R_R11] = t->in[R_R11];
}

static void unknown(struct traveller *self)
{
    call(self, self->trip.in[R_RAX] | 1UL << 63, self->trip.in[R_RDI],
         self->trip.in[R_RSI], self->trip.in[R_RDX]);
    self->trip.want[R_RAX] = -ENOSYS;
}

static void yield(struct traveller *self)
{
    call(self, __HYPERVISOR_sched_op, SCHEDOP_yield, 0, self->trip.in[R_RDX]);
}

/* The storm wakes it. */
static void block(struct traveller *self)
{
    call(self, __HYPERVISOR_sched_op, SCHEDOP_block, 0, self->trip.in[R_RDX]);
}

static void send_event(struct traveller *self)
{
    static struct evtchn_send op[VCPUS];

    op[self->id].port = self->ipi;
    call(self, __HYPERVISOR_event_channel_op, EVTCHNOP_send, (unsigned long)&op[self->id],
         self->trip.in[R_RDX]);
}

static void send_nmi(struct traveller *self)
{
    call(self, __HYPERVISOR_vcpu_op, VCPUOP_send_nmi, self->id, 0);
}

static void spin(struct traveller *self)
{
    self->trip.spin = trip_spin_at;
}

static void set_ts(struct traveller *self)
{
    (void)self;
    HYPERVISOR_fpu_taskswitch(1);
}

static void set_tf(struct traveller *self)
{
    self->trip.in[R_RFLAGS] |= FLAG_TF;
}

static void cpuid(struct traveller *self)
{
    struct trip *t = &self->trip;

    t->in[R_RAX] = CPUID_LEAF;
    t->want[R_RAX] = self->cpuid[0];
    t->want[R_RBX] = self->cpuid[1];
    t->want[R_RCX] = self->cpuid[2];
    t->want[R_RDX] = self->cpuid[3];
}

/* The value that is there already; the hypervisor makes the store. */
static void store(struct traveller *self)
{
    struct trip *t = &self->trip;

    t->in[R_RAX] = *self->store_at;
    t->in[R_RSI] = (uint64_t)self->store_at;
    t->want[R_RAX] = t->in[R_RAX];
    t->want[R_RSI] = t->in[R_RSI];
}

static void iret_plain(struct traveller *self)
{
    self->trip.iret_flags = 0;
}

static void iret_sysret(struct traveller *self)
{
    self->trip.iret_flags = VGCF_in_syscall;
}

#define KIND(name, code, vector, prepare)                                              \
    {                                                                                  \
        name, trip_##code, trip_##code##_at, trip_##code##_end, vector, false, prepare \
    }

static const struct kind kinds[] = {
    KIND("nothing", nothing, NO_TRAP, NULL),
    KIND("hypercall", syscall, NO_TRAP, version),
    KIND("hypercall page", page, NO_TRAP, version_by_page),
    KIND("unknown hypercall", syscall, NO_TRAP, unknown),
    KIND("yield", syscall, NO_TRAP, yield),
    KIND("block", syscall, NO_TRAP, block),
    KIND("event by hypercall", syscall, NO_TRAP, send_event),
    KIND("event by timer", spin, NO_TRAP, spin),
    KIND("NMI", syscall, TRAP_NMI, send_nmi),
    KIND("#UD", ud2, TRAP_INVALID_OP, NULL),
    KIND("#BP", int3, TRAP_INT3, NULL),
    KIND("#PF", page_fault, TRAP_PAGE_FAULT, NULL),
    KIND("#GP", gp, TRAP_GP_FAULT, NULL),
    KIND("#DE", divide, TRAP_DIVIDE_ERROR, NULL),
    KIND("#NM", fpu, TRAP_NO_DEVICE, set_ts),
    KIND("#DB", step, TRAP_DEBUG, set_tf),
    KIND("CLTS", clts, NO_TRAP, NULL),
    KIND("CPUID", cpuid, NO_TRAP, cpuid),
    KIND("page-table store", store, NO_TRAP, store),
    KIND("iret", iret, NO_TRAP, iret_plain),
    { "iret by SYSRET", trip_iret, NULL, NULL, NO_TRAP, true, iret_sysret },
};

/* Called for every trap; true if it is the trip's. */
bool kernel_trap(struct trap_frame *frame)
{
    struct traveller *self = this_traveller();
    struct trip *t = &self->trip;

    if (!t->active || trap_from_user(frame))
        return false;
    t->frame = *frame;
    t->cr2 = this_vcpu()->info->arch.cr2;
    t->traps++;
    frame->rip = (uint64_t)t->resume;
    frame->rflags &= ~FLAG_TF;
    return true;
}

/* The frame shows the registers of the trip: as they were, behind a SYSCALL as they come
 * back. */
static void check_trap(const struct trip *t, const struct kind *kind)
{
    uint64_t seen[NR_REGS], want[NR_REGS];
    bool is_fault = kind->vector == TRAP_PAGE_FAULT;

    regs_of_frame(&t->frame, seen);
    memcpy(want, t->want, sizeof(want));
    want[R_RFLAGS] = t->in[R_RFLAGS];
    regs_check(seen, want, kind->name);
    check_eq(t->frame.vector, kind->vector);
    check_eq(t->frame.error, 0);
    check_eq(t->frame.rip, (uint64_t)kind->at);
    check_eq(t->frame.cs & 0xffff, FLAT_KERNEL_CS & ~3);
    check_eq(t->frame.ss & 0xffff, FLAT_KERNEL_SS);
    check_eq(t->frame.rflags & FLAG_IF, FLAG_IF);
    if (is_fault)
        check_eq(t->cr2, NOT_MAPPED);
}

/* A stack below the caller's, at any multiple of 8. */
static uint64_t some_stack(struct traveller *self)
{
    uint64_t here = (uint64_t)__builtin_frame_address(0);

    return here - STACK_ROOM - 8 * random_below(&self->random, 64);
}

static noinline void run(struct traveller *self, const struct kind *kind)
{
    struct trip *t = &self->trip;

    regs_random(&self->random, t->in);
    t->in[R_RSP] = some_stack(self);
    memcpy(t->want, t->in, sizeof(t->want));
    t->code = kind->code;
    t->resume = kind->end;
    t->traps = 0;
    if (kind->prepare)
        kind->prepare(self);
    t->active = true;
    trip_run(t);
    t->active = false;
    if (kind->gives_up_rcx) {
        t->want[R_RCX] = t->out[R_RCX];
        t->want[R_R11] = t->out[R_R11];
    }
    regs_check(t->out, t->want, kind->name);
    check_eq(t->traps, kind->vector != NO_TRAP);
    if (t->traps)
        check_trap(t, kind);
}

void kernel_begin(struct traveller *self)
{
    uint32_t a = CPUID_LEAF, b, c = 0, d;

    asm volatile("ud2\n\t.ascii \"xen\"\n\tcpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    self->cpuid[0] = a;
    self->cpuid[1] = b;
    self->cpuid[2] = c;
    self->cpuid[3] = d;
    self->store_at = (volatile pte_t *)pte_slot((unsigned long)alloc_page(), 1);
    require(self->store_at);
}

void kernel_trips(struct traveller *self)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++)
        run(self, &kinds[i]);
}
