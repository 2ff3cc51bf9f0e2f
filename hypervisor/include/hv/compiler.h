/* SPDX-License-Identifier: MIT */
/* Attributes and small compiler helpers shared by all hypervisor code. */
#ifndef HV_COMPILER_H
#define HV_COMPILER_H

/*
 * Everything is in one image: symbols defined elsewhere are as near as one's own, and
 * reached without a global offset table. (The build includes this file before all.)
 */
#ifndef HV_HOST_BUILD
#pragma GCC visibility push(hidden)
#endif

#define likely(x)         __builtin_expect(!!(x), 1)
#define unlikely(x)       __builtin_expect(!!(x), 0)
#define must_check        __attribute__((warn_unused_result))
#define noinline          __attribute__((noinline))
#define always_inline     inline __attribute__((always_inline))
#define cold              __attribute__((cold))
#define printf_like(f, a) __attribute__((format(printf, f, a)))
#define __packed          __attribute__((packed))
#define __aligned(n)      __attribute__((aligned(n)))
#define __section(s)      __attribute__((section(s)))
#define __used            __attribute__((used))
#ifndef noreturn
#define noreturn _Noreturn
#endif

/* Code and data that are dropped once domain 0 has been built. */
#define __init     __section(".init.text") cold
#define __initdata __section(".init.data")
/* Data that is made read-only once start-up is over. */
#define __ro_after_init __section(".data.ro_after_init")

#define barrier()        __asm__ volatile("" ::: "memory")
#define READ_ONCE(x)     (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
/* The formatter takes these minus signs for those of a cast's operand. */
/* clang-format off */
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define ROUND_UP(n, a)     (((n) + (a) - 1) & ~((__typeof__(n))(a) - 1))
#define ROUND_DOWN(n, a)   ((n) & ~((__typeof__(n))(a) - 1))
#define IS_ALIGNED(n, a)   (((n) & ((__typeof__(n))(a) - 1)) == 0)
#define container_of(ptr, type, member) \
    ((type *)((char *)(ptr) - offsetof(type, member)))
/* clang-format on */
#define PASTE_(a, b) a##b
#define PASTE(a, b)  PASTE_(a, b)
/* Each use has variables of its own, so that uses may nest. */
#define PICK_(a, b, op, x, y) \
    ({                        \
        __auto_type x = (a);  \
        __auto_type y = (b);  \
        x op y ? x : y;       \
    })
#define PICK(a, b, op, n) PICK_(a, b, op, PASTE(a_, n), PASTE(b_, n))
#define min(a, b)         PICK(a, b, <, __COUNTER__)
#define max(a, b)         PICK(a, b, >, __COUNTER__)

#endif
