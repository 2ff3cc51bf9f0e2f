/* SPDX-License-Identifier: MIT */
/* physdev_op: the vCPU's own I/O privilege. */
#include "internal.h"
#include <abi/physdev.h>

/* 0; -EINVAL: more than 3. */
int physdev_op_set_iopl(physdev_set_iopl_t *a)
{
    if (a->iopl > 3)
        return -EINVAL;
    current->pv.iopl = a->iopl << 12;
    return 0;
}

/* 0; -EINVAL: more than 65536 ports, or a bitmap in the hypervisor's range. */
int physdev_op_set_iobitmap(physdev_set_iobitmap_t *a)
{
    struct vcpu *v = current;
    unsigned long addr = (unsigned long)a->bitmap.p;

    if (a->nr_ports > 65536 || !guest_range_ok(addr, DIV_ROUND_UP(a->nr_ports, 8u)))
        return -EINVAL;
    v->pv.iobmp = addr;
    v->pv.iobmp_limit = a->nr_ports;
    return 0;
}
