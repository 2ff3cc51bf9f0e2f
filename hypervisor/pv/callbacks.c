/* SPDX-License-Identifier: MIT */
/* Where the hypervisor enters a guest: its trap table and its callbacks. */
#include "internal.h"
#include <abi/callback.h>
#include <hv/hypercall.h>

/* --- trap table --- */

/* One entry of the guest's list. 0, or -EINVAL: the handler's address is not canonical.
 */
static int set_trap(struct vcpu *v, const struct trap_info *t)
{
    struct trap_info *slot = &v->pv.traps[t->vector];

    if (!is_canonical(t->address))
        return -EINVAL;
    *slot = *t;
    slot->cs = selector_to_ring3(slot->cs);
    return 0;
}

/*
 * hypercall 0. The list ends with an entry whose address is 0; a null list clears the
 * whole table. Entries before a bad one are set. 0; -EFAULT; -EINVAL.
 */
long hc_set_trap_table(XEN_GUEST_HANDLE(const_trap_info_t) traps)
{
    struct vcpu *v = current;
    struct trap_info t;

    if (guest_handle_is_null(traps)) {
        memset(v->pv.traps, 0, 256 * sizeof(*v->pv.traps));
        return 0;
    }
    for (;;) {
        int rc;

        if (copy_from_guest(&t, traps, 1))
            return -EFAULT;
        if (!t.address)
            return 0;
        rc = set_trap(v, &t);
        if (rc)
            return rc;
        guest_handle_add(traps, 1);
        if (preempt_wanted())
            return hypercall_continue(__HYPERVISOR_set_trap_table, 1,
                                      (unsigned long)traps.p);
    }
}

/* --- callbacks --- */

static struct pv_callback *callback_slot(struct vcpu *v, unsigned int type)
{
    switch (type) {
    case CALLBACKTYPE_event:
        return &v->pv.event;
    case CALLBACKTYPE_failsafe:
        return &v->pv.failsafe;
    case CALLBACKTYPE_syscall:
        return &v->pv.syscall;
    case CALLBACKTYPE_syscall32:
        return &v->pv.syscall32;
    case CALLBACKTYPE_sysenter:
        return &v->pv.sysenter;
    default:
        return NULL;
    }
}

static void set_callback(struct pv_callback *cb, uint64_t rip, bool masks)
{
    cb->rip = rip;
    cb->masks_events = masks;
}

/* The NMI callback is entry 2 of the trap table. */
static int register_nmi(struct vcpu *v, uint64_t rip)
{
    v->pv.traps[TRAP_NMI] = (struct trap_info){
        .vector = TRAP_NMI, .flags = 4, .cs = FLAT_KERNEL_CS, .address = rip
    };
    return 0;
}

/* 0; -EINVAL: not canonical; -ENOSYS: no such type. */
int callback_op_register(callback_register_t *r)
{
    struct vcpu *v = current;
    struct pv_callback *cb = callback_slot(v, r->type);

    if (!is_canonical(r->address))
        return -EINVAL;
    if (r->type == CALLBACKTYPE_nmi)
        return register_nmi(v, r->address);
    if (!cb)
        return -ENOSYS;
    set_callback(cb, r->address, r->flags & CALLBACKF_mask_events);
    return 0;
}

/* 0; -EINVAL: events, failsafe and system calls must have a callback; -ENOSYS. */
int callback_op_unregister(callback_unregister_t *u)
{
    struct vcpu *v = current;

    switch (u->type) {
    case CALLBACKTYPE_event:
    case CALLBACKTYPE_failsafe:
    case CALLBACKTYPE_syscall:
    case CALLBACKTYPE_sysenter:
    case CALLBACKTYPE_syscall32:
        return -EINVAL;
    case CALLBACKTYPE_nmi:
        v->pv.traps[TRAP_NMI].address = 0;
        return 0;
    default:
        return -ENOSYS;
    }
}

/* hypercall 4: the three basic callbacks in one; one that is not canonical stays as it
 * was. 0. */
long hc_set_callbacks(unsigned long event, unsigned long failsafe, unsigned long syscall)
{
    struct vcpu *v = current;

    if (is_canonical(event))
        v->pv.event.rip = event;
    if (is_canonical(failsafe))
        v->pv.failsafe.rip = failsafe;
    if (is_canonical(syscall))
        v->pv.syscall.rip = syscall;
    return 0;
}
