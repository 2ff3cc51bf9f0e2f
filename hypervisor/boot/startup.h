/* SPDX-License-Identifier: MIT */
/* The steps' functions, for the table in startup.c. */
#ifndef BOOT_STARTUP_H
#define BOOT_STARTUP_H

#include <hv/cpu.h>
#include <hv/cpu_policy.h>
#include <hv/desc.h>
#include <hv/page.h>
#include <hv/domain.h>

#define STEP(name, fn) void fn(void);
#include "steps.def"
#undef STEP

#endif
