/* SPDX-License-Identifier: MIT */
/*
 * Compiler attributes, barriers and single-access helpers.
 *
 * No state, no locks; usable everywhere, in user mode too.
 */
#ifndef MINI_OS_COMPILER_H
#define MINI_OS_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define noreturn               __attribute__((noreturn))
#define noinline               __attribute__((noinline))
#define printf_like(fmt, args) __attribute__((format(__printf__, fmt, args)))
#define page_aligned           __attribute__((aligned(4096)))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The compiler moves no memory access across it. */
#define barrier()        asm volatile("" ::: "memory")
#define memory_barrier() asm volatile("mfence" ::: "memory")
#define cpu_relax()      asm volatile("pause" ::: "memory")

/* Exactly one access, for memory that the hypervisor or another vCPU changes. */
#define READ_ONCE(x)     (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

#endif
