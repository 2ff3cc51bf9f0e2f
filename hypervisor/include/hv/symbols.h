/* SPDX-License-Identifier: MIT */
/* The image's own code symbols (boot/symbols.c), for backtraces. */
#ifndef HV_SYMBOLS_H
#define HV_SYMBOLS_H

#include <hv/types.h>

/* Name of the code symbol that holds addr and the distance from it; null when unknown. */
const char *symbol_lookup(uintptr_t addr, uintptr_t *offset);

/* Symbol number index, in order of address; null beyond the last. */
const char *symbol_at(uint32_t index, uintptr_t *addr);

#endif
