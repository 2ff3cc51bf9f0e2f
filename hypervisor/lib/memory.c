/* SPDX-License-Identifier: MIT */
/*
 * Memory primitives. The copies here are mostly of a few words, for which starting a
 * string instruction costs more than moving the words; long runs use REP MOVSQ and
 * STOSQ. Loads and stores of words may be unaligned: x86 allows it.
 */
#include <hv/lib.h>

/* GCC would see through the loops and call the functions that they are. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

/* From this size on a string instruction is used. */
#define LONG_RUN 256

/* An unaligned, aliasing word. */
typedef uint64_t word_t __attribute__((may_alias, aligned(1)));
typedef uint32_t half_t __attribute__((may_alias, aligned(1)));

static inline void copy_tail(unsigned char *d, const unsigned char *s, size_t n)
{
    if (n & 4) {
        *(half_t *)d = *(const half_t *)s;
        d += 4;
        s += 4;
    }
    while (n-- & 3)
        *d++ = *s++;
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
    unsigned char *d = dst;
    const unsigned char *s = src;
    size_t words = n / 8;

    if (n >= LONG_RUN)
        __asm__ volatile("rep movsq" : "+D"(d), "+S"(s), "+c"(words)::"memory");
    for (; words; words--, d += 8, s += 8)
        *(word_t *)d = *(const word_t *)s;
    if (n & 7)
        copy_tail(d, s, n & 7);
    return dst;
}

static void copy_backwards(unsigned char *d, const unsigned char *s, size_t n)
{
    for (; n >= 8; n -= 8)
        *(word_t *)(d + n - 8) = *(const word_t *)(s + n - 8);
    while (n--)
        d[n] = s[n];
}

static void copy_forwards(unsigned char *d, const unsigned char *s, size_t n)
{
    for (; n >= 8; n -= 8, d += 8, s += 8)
        *(word_t *)d = *(const word_t *)s;
    while (n--)
        *d++ = *s++;
}

void *memmove(void *dst, const void *src, size_t n)
{
    if ((uintptr_t)dst - (uintptr_t)src >= n)
        copy_forwards(dst, src, n);
    else
        copy_backwards(dst, src, n);
    return dst;
}

void *memset(void *dst, int c, size_t n)
{
    unsigned char *d = dst;
    uint64_t pattern = (unsigned char)c * 0x0101010101010101ull;
    size_t words = n / 8;

    if (n >= LONG_RUN)
        __asm__ volatile("rep stosq" : "+D"(d), "+c"(words) : "a"(pattern) : "memory");
    for (; words; words--, d += 8)
        *(word_t *)d = pattern;
    for (n &= 7; n; n--)
        *d++ = (unsigned char)c;
    return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;

    for (; n >= 8 && *(const word_t *)x == *(const word_t *)y; n -= 8, x += 8, y += 8)
        ;
    for (; n; n--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

void clear_page(void *page)
{
    size_t words = 4096 / 8;

    __asm__ volatile("rep stosq" : "+D"(page), "+c"(words) : "a"(0ul) : "memory");
}

void copy_page(void *dst, const void *src)
{
    size_t words = 4096 / 8;

    __asm__ volatile("rep movsq" : "+D"(dst), "+S"(src), "+c"(words)::"memory");
}
