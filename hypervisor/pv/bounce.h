/* SPDX-License-Identifier: MIT */
/*
 * Building the guest's frame, inline: the hottest code of the hypervisor. bounce.c tells
 * what the frame looks like.
 */
#ifndef PV_BOUNCE_H
#define PV_BOUNCE_H

#include "internal.h"

/* From user to kernel mode: the GS base and the page tables of the other mode. */
static always_inline void pv_to_kernel_mode(struct vcpu *v)
{
    rdmsr_to(MSR_KERNEL_GS_BASE, &v->pv.gs_base_user);
    wrmsr_from(MSR_KERNEL_GS_BASE, &v->pv.gs_base_kernel);
    v->pv.kernel_mode = 1;
    v->root_cr3 = v->pv.kernel_cr3;
    write_cr3(v->root_cr3);
}

static always_inline void pv_to_user_mode(struct vcpu *v)
{
    rdmsr_to(MSR_KERNEL_GS_BASE, &v->pv.gs_base_kernel);
    wrmsr_from(MSR_KERNEL_GS_BASE, &v->pv.gs_base_user);
    v->pv.kernel_mode = 0;
    v->root_cr3 = v->pv.user_cr3;
    write_cr3(v->root_cr3);
}

/* RFLAGS as the guest is to find them: IF shows its event mask, IOPL its virtual one. */
static always_inline uint64_t guest_view_rflags(const struct vcpu *v, uint64_t rflags,
                                                uint8_t mask)
{
    uint64_t flags = rflags & ~(X86_EFLAGS_IF | X86_EFLAGS_IOPL);

    if (!mask)
        flags |= X86_EFLAGS_IF;
    if (unlikely(v->pv.shows_iopl))
        flags |= v->pv.iopl;
    return flags;
}

/*
 * Is a page fault with this error code none but the guest's own affair? A store to a
 * present page may be one to a page table; without U it was the processor reading a
 * descriptor.
 */
static always_inline bool page_fault_is_guests(uint32_t error_code)
{
    return (error_code & PFEC_USER) &&
           (error_code & (PFEC_PRESENT | PFEC_WRITE | PFEC_RSVD)) !=
               (PFEC_PRESENT | PFEC_WRITE);
}

/* Everything of a PV64 guest is ring 3 to the processor; U/S tells its modes apart. */
static always_inline uint32_t guest_view_error_code(const struct vcpu *v,
                                                    uint32_t error_code)
{
    return (error_code | PFEC_USER) ^ (v->pv.kernel_mode * PFEC_USER);
}

/* What was interrupted: where each word has been saved. */
struct frame_source {
    const uint64_t *rcx, *r11, *rip, *rflags, *rsp;
    const uint16_t *cs, *ss;
};

static always_inline struct frame_source frame_of(const struct cpu_user_regs *r)
{
    return (struct frame_source){ &r->rcx, &r->r11, &r->rip, &r->rflags,
                                  &r->rsp, &r->cs,  &r->ss };
}

/* Where a frame begins that is pushed on the stack at sp. */
static always_inline uint64_t frame_start(uint64_t sp, bool has_error)
{
    return (sp & ~15ull) - (has_error ? 64 : 56);
}

/* The words of a frame, lowest first; the SMAP window is open. 0 or -EFAULT. */
static always_inline int store_frame_words(const struct vcpu *v, uint64_t sp,
                                           const struct frame_source *s, uint8_t mask,
                                           unsigned int rpl, bool has_error,
                                           uint64_t error)
{
    const int rest = has_error ? 24 : 16;

    GUEST_STORE_WORD(sp, 0, *s->rcx, fault);
    GUEST_STORE_WORD(sp, 8, *s->r11, fault);
    if (has_error)
        GUEST_STORE_WORD(sp, 16, error, fault);
    GUEST_STORE_WORD(sp, rest, *s->rip, fault);
    GUEST_STORE_WORD(sp, rest + 8, (*s->cs & ~3u) | rpl | (uint64_t)mask << 32, fault);
    GUEST_STORE_WORD(sp, rest + 16, guest_view_rflags(v, *s->rflags, mask), fault);
    GUEST_STORE_WORD(sp, rest + 24, *s->rsp, fault);
    GUEST_STORE_WORD(sp, rest + 32, (uint64_t)*s->ss, fault);
    return 0;
fault:
    return -EFAULT;
}

/*
 * Stores a frame at sp; mask is the guest's event mask, rpl 3 when its user mode was
 * interrupted, else 0. 0 or -EFAULT.
 */
static always_inline int store_frame(const struct vcpu *v, uint64_t sp,
                                     const struct frame_source *s, uint8_t mask,
                                     unsigned int rpl, bool has_error, uint64_t error)
{
    int rc;

    if (unlikely(!guest_start_ok(sp)))
        return -EFAULT;
    if (likely(!host_cpu.smap))
        return store_frame_words(v, sp, s, mask, rpl, has_error, error);
    guest_window_open();
    rc = store_frame_words(v, sp, s, mask, rpl, has_error, error);
    guest_window_close();
    return rc;
}

/* Where a guest kernel goes on after a frame has been built at sp. */
static always_inline void enter_at(struct vcpu *v, uint64_t rip, uint64_t sp, bool masks)
{
    struct cpu_user_regs *r = &v->regs;

    if (masks)
        v->info->evtchn_upcall_mask = 1;
    r->rsp = sp;
    r->rip = rip;
    r->cs = FLAT_KERNEL_CS;
    r->ss = FLAT_KERNEL_SS;
    r->rflags &= ~BOUNCE_RFLAGS_CLEAR;
    frame_return_by_sysret(r);
}

/*
 * Continues v at rip with a frame of what was interrupted. Not for the failsafe
 * callback. Crashes the domain when rip is 0 or the kernel stack cannot be written.
 */
static always_inline void bounce_to(struct vcpu *v, uint64_t rip, bool masks,
                                    bool has_error, uint64_t error)
{
    struct cpu_user_regs *r = &v->regs;
    const struct frame_source s = frame_of(r);
    uint8_t mask = READ_ONCE(v->info->evtchn_upcall_mask);
    unsigned int rpl = v->pv.kernel_mode ? 0 : 3;
    uint64_t sp;

    if (rpl)
        pv_to_kernel_mode(v);
    sp = frame_start(rpl ? v->pv.kernel_sp : r->rsp, has_error);
    if (unlikely(!rip || store_frame(v, sp, &s, mask, rpl, has_error, error))) {
        pv_bounce_failed(v, rip, sp);
        return;
    }
    enter_at(v, rip, sp, masks);
}

#endif
