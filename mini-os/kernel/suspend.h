/* SPDX-License-Identifier: MIT */
#ifndef MINI_OS_KERNEL_SUSPEND_H
#define MINI_OS_KERNEL_SUSPEND_H

/* Ends the domain with SHUTDOWN_suspend and returns when it goes on, here or elsewhere. */
void domain_suspend(void);

#endif
