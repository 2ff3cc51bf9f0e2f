/* SPDX-License-Identifier: MIT */
/*
 * vm_assist: a guest switches on or off what the hypervisor does for it. Here are only
 * the switches (d->vm_assist); who does the work looks there.
 */
#include <hv/domain.h>
#include <hv/hypercall.h>
#include <hv/pv.h>

#define VM_ASSIST(type, name, suffix) | 1ul << (type)
static const uint64_t vm_assist_known = 0
#include <abi/ops/vm_assist.def>
    ;

/* 0; -EINVAL: no such assistance; -ENOSYS: no such command. */
long hc_vm_assist(unsigned int cmd, unsigned int type)
{
    struct domain *d = current->domain;

    if (type >= 64 || !(vm_assist_known >> type & 1))
        return -EINVAL;
    switch (cmd) {
    case VMASST_CMD_enable:
        __atomic_fetch_or(&d->vm_assist, 1ul << type, __ATOMIC_SEQ_CST);
        break;
    case VMASST_CMD_disable:
        __atomic_fetch_and(&d->vm_assist, ~(1ul << type), __ATOMIC_SEQ_CST);
        break;
    default:
        return -ENOSYS;
    }
    pv_vm_assist_changed(d);
    return 0;
}
