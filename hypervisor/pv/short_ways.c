/* SPDX-License-Identifier: MIT */
/*
 * The short ways between a guest and its kernel: page faults and system calls bounced,
 * and HYPERVISOR_iret. entry.S calls these before it has saved the guest's registers;
 * what they may do is told in hv/guest_entry.h. Whatever is out of the ordinary they
 * leave to the general way, which starts from the beginning.
 */
#include "bounce.h"

/* Where the guest's kernel wants to be entered; events are masked when flags & masks. */
struct entry_point {
    const uint64_t *rip;
    const uint8_t *flags;
    uint8_t masks;
};

/* May the guest run on at once, unless an event is due? Interrupts are off. */
static always_inline bool nothing_pending(const struct vcpu *v)
{
    return likely(!softirq_is_pending() && !v->pv.no_short_way);
}

static always_inline bool has_event(const struct vcpu *v)
{
    return unlikely(v->info->evtchn_upcall_pending);
}

/*
 * As bounce_to(), all or nothing. Returns the guest's new stack pointer, 0: nothing has
 * been done.
 */
static always_inline uint64_t bounce_short(struct vcpu *v, const struct frame_source *s,
                                           const struct entry_point *to, bool from_user,
                                           bool has_error, uint64_t error)
{
    uint8_t mask = v->info->evtchn_upcall_mask;
    uint64_t sp;

    if (unlikely(!nothing_pending(v)) ||
        (has_event(v) && !mask && !(*to->flags & to->masks)))
        return 0;
    if (from_user)
        pv_to_kernel_mode(v);
    sp = frame_start(from_user ? v->pv.kernel_sp : *s->rsp, has_error);
    if (unlikely(store_frame(v, sp, s, mask, from_user ? 3 : 0, has_error, error))) {
        if (from_user)
            pv_to_user_mode(v);
        return 0;
    }
    if (*to->flags & to->masks)
        v->info->evtchn_upcall_mask = 1;
    return sp;
}

short_way uint64_t pv_page_fault_short(void)
{
    struct vcpu *v = current;
    struct cpu_user_regs *r = &v->regs;
    const struct frame_source s = frame_of(r);
    const struct trap_info *t = &v->pv.traps[TRAP_PF];
    const struct entry_point to = { &t->address, &t->flags, 4 };
    uint64_t sp;

    if (unlikely(!page_fault_is_guests(r->error_code) || !t->address))
        return 0;
    v->info->arch.cr2 = read_cr2();
    if (v->pv.kernel_mode)
        sp = bounce_short(v, &s, &to, false, true, r->error_code & ~PFEC_USER);
    else
        sp = bounce_short(v, &s, &to, true, true, r->error_code);
    if (likely(sp)) {
        r->rip = t->address;
        r->rflags &= ~BOUNCE_RFLAGS_CLEAR;
    } else {
        write_cr2(v->info->arch.cr2); /* the guest's stack may have faulted */
    }
    return sp;
}

short_way uint64_t pv_syscall_short(void)
{
    static const uint16_t cs = FLAT_KERNEL_CS, ss = FLAT_KERNEL_SS;
    struct vcpu *v = current;
    struct cpu_user_regs *r = &v->regs;
    uint64_t rsp = this_cpu(syscall_rsp);
    const struct frame_source s = { &r->rip, &r->rflags, &r->rip, &r->rflags,
                                    &rsp,    &cs,        &ss };
    const struct pv_callback *cb = &v->pv.syscall;
    const struct entry_point to = { &cb->rip, (const uint8_t *)&cb->masks_events, 1 };

    if (unlikely(!cb->rip))
        return 0;
    return bounce_short(v, &s, &to, true, false, 0);
}

/*
 * The words of the iret frame at g that count for the way back, straight into r; the SMAP
 * window is open. False: one cannot be read, or the frame is not of the ordinary kind:
 * flat selectors, a canonical rip.
 */
static always_inline bool load_iret_words(struct cpu_user_regs *r,
                                          const struct iret_context *g, uint64_t *flags,
                                          uint64_t *cs)
{
    uint64_t word;

    GUEST_LOAD(uint64_t, cs, &g->cs, fault);
    GUEST_LOAD(uint64_t, &word, &g->ss, fault);
    if (unlikely(selector_to_ring3((uint16_t)*cs) != FLAT_KERNEL_CS ||
                 selector_to_ring3((uint16_t)word) != FLAT_KERNEL_SS))
        return false;
    GUEST_LOAD(uint64_t, &word, &g->rip, fault);
    if (unlikely(!is_canonical(word)))
        return false;
    r->rip = word;
    GUEST_LOAD(uint64_t, &r->rax, &g->rax, fault);
    GUEST_LOAD(uint64_t, &r->rsp, &g->rsp, fault);
    GUEST_LOAD(uint64_t, &r->rflags, &g->rflags, fault);
    GUEST_LOAD(uint64_t, flags, &g->flags, fault);
    if (*flags & VGCF_in_syscall)
        return true;
    GUEST_LOAD(uint64_t, &r->r11, &g->r11, fault);
    GUEST_LOAD(uint64_t, &r->rcx, &g->rcx, fault);
    r->cs = FLAT_KERNEL_CS;
    r->ss = FLAT_KERNEL_SS;
    return true;
fault:
    return false;
}

static always_inline bool load_iret(struct cpu_user_regs *r, const struct iret_context *g,
                                    uint64_t *flags, uint64_t *cs)
{
    bool ok;

    if (unlikely(!guest_start_ok((unsigned long)g)))
        return false;
    if (likely(!host_cpu.smap))
        return load_iret_words(r, g, flags, cs);
    guest_window_open();
    ok = load_iret_words(r, g, flags, cs);
    guest_window_close();
    return ok;
}

short_way enum short_iret pv_iret_short(void)
{
    struct vcpu *v = current;
    struct cpu_user_regs *r = &v->regs;
    const struct iret_context *g = (const struct iret_context *)this_cpu(syscall_rsp);
    uint64_t flags, cs;
    uint8_t masks;

    if (unlikely(!load_iret(r, g, &flags, &cs) || !nothing_pending(v)))
        return SHORT_IRET_REFUSED;
    masks = !(r->rflags & X86_EFLAGS_IF);
    if (has_event(v) && !masks)
        return SHORT_IRET_REFUSED;
    if ((cs & 3) == 3) {
        if (unlikely(!v->pv.user_cr3))
            return SHORT_IRET_REFUSED;
        pv_to_user_mode(v);
    }
    r->rflags = (r->rflags & GUEST_RFLAGS_ALLOWED) | X86_EFLAGS_IF | 2;
    v->info->evtchn_upcall_mask = masks;
    v->pv.nmi_masked = 0;
    return flags & VGCF_in_syscall ? SHORT_IRET_BY_SYSRET : SHORT_IRET_BY_IRET;
}
