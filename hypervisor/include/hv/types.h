/* SPDX-License-Identifier: MIT */
/*
 * Basic types of the hypervisor: fixed-width integers, boxed frame numbers
 * and addresses that must not be mixed, and nothing else.
 */
#ifndef HV_TYPES_H
#define HV_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Machine frame number: index of a 4 KiB frame of the machine's memory. */
typedef struct {
    uint64_t n;
} mfn_t;

/* Guest pseudo-physical frame number: a PV guest's own numbering of its frames. */
typedef struct {
    uint64_t n;
} pfn_t;

/* Machine address in bytes. */
typedef struct {
    uint64_t n;
} maddr_t;

#define INVALID_MFN_N (~0ull)

static inline mfn_t _mfn(uint64_t n)
{
    return (mfn_t){ n };
}

static inline uint64_t mfn_x(mfn_t m)
{
    return m.n;
}

static inline bool mfn_eq(mfn_t a, mfn_t b)
{
    return a.n == b.n;
}

static inline mfn_t mfn_add(mfn_t m, uint64_t frames)
{
    return (mfn_t){ m.n + frames };
}

static inline pfn_t _pfn(uint64_t n)
{
    return (pfn_t){ n };
}

static inline uint64_t pfn_x(pfn_t p)
{
    return p.n;
}

static inline maddr_t _maddr(uint64_t n)
{
    return (maddr_t){ n };
}

static inline uint64_t maddr_x(maddr_t m)
{
    return m.n;
}

static inline maddr_t mfn_to_maddr(mfn_t m)
{
    return (maddr_t){ m.n << 12 };
}

static inline mfn_t maddr_to_mfn(maddr_t m)
{
    return (mfn_t){ m.n >> 12 };
}

/* System time: nanoseconds since the hypervisor started its clock. */
typedef int64_t ns_t;

#define NS_PER_US  1000ll
#define NS_PER_MS  1000000ll
#define NS_PER_SEC 1000000000ll

#endif
