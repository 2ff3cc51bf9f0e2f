/* SPDX-License-Identifier: MIT */
/*
 * Building the guest's frame, inline: the hottest code of the hypervisor. bounce.c tells
 * what the frame looks like.
 */
#ifndef PV_BOUNCE_H
#define PV_BOUNCE_H

#include "internal.h"

/* RFLAGS bits that a guest kernel is entered without. */
#define BOUNCE_RFLAGS_CLEAR                                                             \
    (X86_EFLAGS_AC | X86_EFLAGS_VM | X86_EFLAGS_RF | X86_EFLAGS_NT | X86_EFLAGS_TF |    \
     X86_EFLAGS_IOPL)

static always_inline uint64_t root_to_cr3(const struct page_info *root)
{
    return mfn_x(page_to_mfn(root)) << PAGE_SHIFT;
}

/* From user to kernel mode: the GS base and the page tables of the other mode. */
static always_inline void pv_to_kernel_mode(struct vcpu *v)
{
    uint64_t gs = pv_read_gs_base();

    v->pv.gs_base_user = gs;
    pv_write_gs_base(v->pv.gs_base_kernel);
    v->pv.kernel_mode = 1;
    v->root_cr3 = root_to_cr3(v->pv.root);
    write_cr3(v->root_cr3);
}

static always_inline void pv_to_user_mode(struct vcpu *v)
{
    uint64_t gs = pv_read_gs_base();

    v->pv.gs_base_kernel = gs;
    pv_write_gs_base(v->pv.gs_base_user);
    v->pv.kernel_mode = 0;
    v->root_cr3 = root_to_cr3(v->pv.user_root);
    write_cr3(v->root_cr3);
}

/* RFLAGS as the guest is to find them: IF shows its event mask, IOPL its virtual one. */
static always_inline uint64_t guest_view_rflags(const struct vcpu *v, uint64_t rflags,
                                                uint8_t mask)
{
    uint64_t flags = rflags & ~(X86_EFLAGS_IF | X86_EFLAGS_IOPL);

    if (!mask)
        flags |= X86_EFLAGS_IF;
    if (unlikely(v->domain->vm_assist & (1u << VMASST_TYPE_architectural_iopl)))
        flags |= v->pv.iopl;
    return flags;
}

/* Stores the words of a frame, lowest first. 0 or -EFAULT. */
static always_inline int store_frame(uint64_t sp, const struct cpu_user_regs *r, uint64_t cs,
                                     uint64_t rflags, bool has_error, uint64_t error)
{
    uint64_t *f = (uint64_t *)sp;
    uint64_t ss = r->ss;

    if (unlikely(!guest_start_ok(sp)))
        return -EFAULT;
    if (unlikely(host_cpu.smap))
        __asm__ volatile("stac" ::: "memory");
    GUEST_STORE(uint64_t, f++, &r->rcx, fault);
    GUEST_STORE(uint64_t, f++, &r->r11, fault);
    if (has_error)
        GUEST_STORE(uint64_t, f++, &error, fault);
    GUEST_STORE(uint64_t, f++, &r->rip, fault);
    GUEST_STORE(uint64_t, f++, &cs, fault);
    GUEST_STORE(uint64_t, f++, &rflags, fault);
    GUEST_STORE(uint64_t, f++, &r->rsp, fault);
    GUEST_STORE(uint64_t, f, &ss, fault);
    if (unlikely(host_cpu.smap))
        __asm__ volatile("clac" ::: "memory");
    return 0;
fault:
    if (host_cpu.smap)
        __asm__ volatile("clac" ::: "memory");
    return -EFAULT;
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
static always_inline void bounce_to(struct vcpu *v, uint64_t rip, bool masks, bool has_error,
                                    uint64_t error)
{
    struct cpu_user_regs *r = &v->regs;
    uint8_t mask = v->info->evtchn_upcall_mask;
    uint64_t cs = (r->cs & ~3u) | (uint64_t)mask << 32, sp = r->rsp;

    if (!v->pv.kernel_mode) {
        pv_to_kernel_mode(v);
        sp = v->pv.kernel_sp;
        cs |= 3;
    }
    sp = (sp & ~15ull) - (has_error ? 64 : 56);
    if (unlikely(!rip || store_frame(sp, r, cs, guest_view_rflags(v, r->rflags, mask),
                                     has_error, error))) {
        pv_bounce_failed(v, rip, sp);
        return;
    }
    enter_at(v, rip, sp, masks);
}

#endif
