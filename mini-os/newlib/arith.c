/* SPDX-License-Identifier: MIT */
/*
 * What the compiler calls for 128-bit division and bit counts. The compiler's own library
 * cannot be linked: its code uses the red zone, which event upcalls overwrite.
 */
#include <mini-os/compiler.h>

typedef unsigned __int128 u128;
typedef __int128 s128;

u128 __udivmodti4(u128 n, u128 d, u128 *rest);
u128 __udivti3(u128 n, u128 d);
u128 __umodti3(u128 n, u128 d);
s128 __divti3(s128 n, s128 d);
s128 __modti3(s128 n, s128 d);
int __popcountdi2(unsigned long n);

static u128 divide_by_long(u128 n, uint64_t d, uint64_t *rest)
{
    uint64_t high = (uint64_t)(n >> 64), low = (uint64_t)n, quotient;
    uint64_t above = high / d;

    asm("div %4" : "=a"(quotient), "=d"(*rest) : "a"(low), "d"(high % d), "r"(d) : "cc");
    return (u128)above << 64 | quotient;
}

/* By shifting and subtracting where the divisor takes more than 64 bits. */
u128 __udivmodti4(u128 n, u128 d, u128 *rest)
{
    u128 quotient = 0;
    uint64_t small;

    if (!(d >> 64)) {
        quotient = divide_by_long(n, (uint64_t)d, &small);
        *rest = small;
        return quotient;
    }
    for (int shift = __builtin_clzl((uint64_t)(d >> 64)); shift >= 0; shift--) {
        if (n >= d << shift) {
            n -= d << shift;
            quotient |= (u128)1 << shift;
        }
    }
    *rest = n;
    return quotient;
}

u128 __udivti3(u128 n, u128 d)
{
    u128 rest;

    return __udivmodti4(n, d, &rest);
}

u128 __umodti3(u128 n, u128 d)
{
    u128 rest;

    __udivmodti4(n, d, &rest);
    return rest;
}

static u128 magnitude(s128 n)
{
    return n < 0 ? -(u128)n : (u128)n;
}

s128 __divti3(s128 n, s128 d)
{
    u128 quotient = __udivti3(magnitude(n), magnitude(d));

    return (n < 0) != (d < 0) ? -quotient : quotient;
}

s128 __modti3(s128 n, s128 d)
{
    u128 rest = __umodti3(magnitude(n), magnitude(d));

    return n < 0 ? -rest : rest;
}

int __popcountdi2(unsigned long n)
{
    int count = 0;

    for (; n; n &= n - 1)
        count++;
    return count;
}
