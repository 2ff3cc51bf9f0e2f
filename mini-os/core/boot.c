/* SPDX-License-Identifier: MIT */
/*
 * Start-up in C, and the domain's end.
 */
#include <mini-os/boot.h>

#include <abi/hypercall_stubs.h>
#include <abi/sched.h>
#include <abi/version.h>
#include <mini-os/mm.h>
#include <mini-os/panic.h>
#include <mini-os/traps.h>

#include "internal.h"

const start_info_t *boot_info;

/* Takes the place of a page of the image; the frame behind it is not used again. */
static void map_shared_info(void)
{
    int rc = HYPERVISOR_update_va_mapping((unsigned long)&shared_info,
                                          boot_info->shared_info | PTE_RW, UVMF_INVLPG);

    BUG_ON(rc);
}

void core_start(const start_info_t *info)
{
    boot_info = info;
    map_shared_info();
    smp_init();
    traps_install();
    callbacks_install();
    timer_init();
    mm_init();
    app_main();
    power_off();
}

void shutdown(unsigned int reason)
{
    struct sched_shutdown op = { .reason = reason };

    HYPERVISOR_sched_op(SCHEDOP_shutdown, &op);
}

void power_off(void)
{
    for (;;)
        shutdown(SHUTDOWN_poweroff);
}

bool has_feature(unsigned int feature)
{
    struct xen_feature_info info = { .submap_idx = 0 };

    return !HYPERVISOR_xen_version(XENVER_get_features, &info) &&
           (info.submap >> feature) & 1;
}
