/* SPDX-License-Identifier: MIT */
/*
 * What the domain was started with, and the program's entry.
 *
 * core_start() runs once on vCPU 0: traps, memory, events, time, then app_main().
 */
#ifndef MINI_OS_BOOT_H
#define MINI_OS_BOOT_H

#include <abi/xen.h>
#include <mini-os/compiler.h>

/* Where the domain's builder put it; never changed afterwards. */
extern const start_info_t *boot_info;

/* The page shared with the hypervisor, mapped before app_main() runs. */
extern shared_info_t shared_info;

/* The program: provided by whoever links with the library. Returning powers off. */
void app_main(void);

/*
 * Ends the domain: SCHEDOP_shutdown with the reason SHUTDOWN_*. Does not return, except
 * for SHUTDOWN_suspend and where the hypervisor refuses the reason.
 */
void shutdown(unsigned int reason);

/* Powers off. */
noreturn void power_off(void);

/* Whether the domain has the feature XENFEAT_* of sub-map 0. */
bool has_feature(unsigned int feature);

#endif
