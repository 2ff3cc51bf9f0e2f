/* SPDX-License-Identifier: MIT */
/*
 * A virtual CPU. The structure belongs to the domain layer; the fields are grouped by
 * the layer that gives them meaning. `regs` is the frame that entry code fills: the
 * processor pushes straight into it, and a context switch only changes which one is
 * current.
 */
#ifndef HV_VCPU_H
#define HV_VCPU_H

#include <hv/cpumask.h>
#include <hv/list.h>
#include <hv/percpu.h>
#include <hv/pqueue.h>
#include <hv/spinlock.h>
#include <hv/timer.h>
#include <hv/types.h>
#include <abi/xen.h>
#include <abi/vcpu.h>
#include <abi/event_channel.h>

struct domain;
struct page_info;
struct fpu_area;

/* Why a vCPU does not run, beside its pause counts: bits of pause_flags. */
#define VPF_BLOCKED (1u << 0) /* SCHEDOP_block */
#define VPF_DOWN    (1u << 1) /* never brought up, or VCPUOP_down */
#define VPF_POLLING (1u << 2) /* SCHEDOP_poll; always with BLOCKED */

/* Upcall vectors of the guest: where the hypervisor continues it. */
struct pv_callback {
    uint64_t rip;
    bool masks_events; /* deliver with events masked */
};

/* The PV machine's state of one vCPU (layer pv). */
struct vcpu_pv {
    uint8_t kernel_mode; /* in the guest's kernel; else in its user mode */
    union {
        struct {
            uint8_t nmi_pending;
            uint8_t shows_iopl; /* VMASST_TYPE_architectural_iopl is on */
        };
        uint16_t no_short_way; /* one of these two (short_ways.c) */
    };
    uint8_t nmi_masked;
    uint32_t iopl;                 /* virtual IOPL, in its place in EFLAGS (bits 12-13) */
    uint64_t kernel_sp, kernel_ss; /* stack_switch: stack for entries from user mode */
    struct pv_callback event, failsafe, syscall, syscall32, sysenter, nmi;
    struct trap_info *traps; /* 256 entries, owned */

    struct page_info *root; /* guest kernel's level-4 table; holds a type reference */
    struct page_info *user_root;   /* user mode's, or null; likewise */
    uint64_t kernel_cr3, user_cr3; /* the same for CR3, 0 for null */

    struct page_info
        *old_table[2]; /* tables whose teardown was broken off (pv/mmu_root.c) */

    uint64_t fs_base, gs_base_kernel, gs_base_user; /* while not loaded */

    uint64_t cr0_ts;                    /* virtual CR0.TS */
    uint64_t cr4;                       /* guest-visible CR4 */
    uint64_t dr[4], dr6, dr7, dr7_emul; /* debug registers, guest values */

    mfn_t gdt_frames[16];
    unsigned int gdt_entries;
    uint64_t ldt_base;
    unsigned int ldt_entries;
    mfn_t *ldt_frames;   /* 16, allocated with the first LDT */
    uint32_t ldt_mapped; /* bit per page of ldt_frames that is referenced and shown */

    bool io_again;  /* an emulated string instruction is to be executed again */
    uint64_t iobmp; /* guest address of the I/O bitmap, 0 = none */
    unsigned int iobmp_limit;
    uint64_t upcall_rip, upcall_rsp; /* of the last iret with an event pending */
    unsigned int same_upcalls;       /* such irets to that place, one after another */
    uint64_t msr_tsc_aux, msr_misc;
    uint64_t xcr0;
    struct fpu_area *fpu; /* XSAVE image */
    bool fpu_initialised;
};

/*
 * The multicall that is being run (layer hypercall). When an entry of it broke off, call
 * has the number and the first nargs arguments that continue it.
 */
struct mc_state {
    bool active, preempted;
    uint8_t nargs;
    struct multicall_entry call;
};

struct vcpu {
    /* --- entry (offsets used by entry.S) --- */
    uint64_t pad_;
    struct cpu_user_regs regs __attribute__((aligned(8)));
    uint64_t root_cr3;          /* CR3 for the mode it is in now */
    uint8_t upcall_dummy[2];    /* vcpu_info stand-in for the idle vCPU */
    struct vcpu_info *info;     /* through the direct map; never null */
    struct vcpu_info *own_info; /* where it lies while the guest has no place for it */

    struct domain *domain;
    unsigned int id;
    unsigned int cpu; /* runs or last ran here; under its run queue's lock */

    /* --- sched: the protocol of running and queued is tabled in sched/core.c --- */
    uint32_t pause_flags; /* VPF_*, atomic */
    int32_t pause_count;  /* atomic; counts of the hypervisor's own */
    bool running;         /* state is on `cpu`, not in this structure alone */
    bool queued;          /* waits in the run queue of `cpu` */
    bool active;          /* counted in its domain's active_vcpus */
    struct pqueue_node run_node;
    uint64_t vruntime; /* weighted ns it has run, on the clock of its run queue */
    ns_t placed;       /* when it came to `cpu` */
    uint64_t run_load; /* what it counts for in its run queue's load */
    struct cpumask hard_affinity;
    struct cpumask soft_affinity; /* where it would rather; under the domctl lock */
    int pin_override;             /* SCHEDOP_pin_override: the only CPU for now, or -1 */
    struct runstate {
        int state; /* RUNSTATE_* of the ABI */
        ns_t entered;
        uint64_t time[4];
    } runstate;
    uint64_t runstate_guest; /* guest address registered, 0 = none */
    uint64_t time_guest;     /* vcpu_time_info area registered, 0 = none */
    evtchn_port_t poll_port; /* single polled port, 0 none, ~0 several */
    struct timer poll_timer;

    /* --- time --- */
    struct timer singleshot, periodic, calm;
    ns_t periodic_period, periodic_last;

    /* --- evtchn --- */
    struct spinlock virq_lock;
    uint32_t virq_port[24];      /* port each VIRQ is bound to, 0 = none */
    struct page_info *info_page; /* frame of a registered vcpu_info, or null */

    /* --- pv, hypercall --- */
    struct vcpu_pv pv;
    struct mc_state mc;

    bool initialised;     /* has been given a context */
    bool initialise_busy; /* a CPU is in VCPUOP_initialise of it; atomic */
};
_Static_assert(offsetof(struct vcpu, regs.es) % 16 == 0, "hardware aligns RSP0");

/* The vCPU this CPU runs; the idle vCPU of the CPU when there is none. */
DECLARE_PER_CPU(struct vcpu *, current_vcpu);
#define current this_cpu(current_vcpu)

static inline bool vcpu_is_idle(const struct vcpu *v)
{
    return v->domain == NULL;
}

#endif
