/* SPDX-License-Identifier: MIT */
/* Between names and changes. */
#ifndef TS_CPUID_INTERNAL_H
#define TS_CPUID_INTERNAL_H

#include <ts/cpuid.h>

#include <abi/arch-x86/cpuid.h>
#include <abi/domctl.h>
#include <stdbool.h>
#include <stddef.h>

enum cpuid_register { EAX, EBX, ECX, EDX };

/* Where a feature or a number is. */
struct cpuid_field {
    uint32_t leaf, sub;
    uint8_t reg;
    uint8_t bit, width; /* lowest bit; 1 for features */
    bool is_number;
};

/* Finds what the n characters at name stand for. */
bool cpuid_name_find(const char *name, size_t n, struct cpuid_field *field);

#endif
