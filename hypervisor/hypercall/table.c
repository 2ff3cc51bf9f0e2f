/* SPDX-License-Identifier: MIT */
/*
 * The table that entry.S calls through: number to handler, made from the rows. Handles
 * are one-pointer structures and travel in one register, like every other argument.
 */
#include <hv/hypercall.h>

static long hc_absent(void)
{
    return -ENOSYS;
}

/* Every slot is given the absent handler first; a row then takes its own. */
#pragma GCC diagnostic ignored "-Woverride-init"
void *const hypercall_table[HYPERCALL_TABLE_SIZE] = {
    [0 ... HYPERCALL_TABLE_SIZE - 1] = hc_absent,
#define HYPERCALL(nr, name, nargs, params, args, restart) [nr] = hc_##name,
#include <abi/hypercalls.def>
};

#define HYPERCALL(nr, name, nargs, params, args, restart) \
    _Static_assert((nr) == __HYPERVISOR_##name && (nr) < HYPERCALL_TABLE_SIZE, #name);
#include <abi/hypercalls.def>
