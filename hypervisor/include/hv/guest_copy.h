/* SPDX-License-Identifier: MIT */
/*
 * Access to the running guest's memory at its own virtual addresses, under the page
 * tables that are loaded. A range that touches the hypervisor's slots, is not canonical,
 * or is not mapped (writable, for stores) fails as a whole with -EFAULT; a partly done
 * store may have changed the first bytes. Interrupts on or off; no irq locks: may fault.
 *
 * Handles are boxed guest pointers (abi/xen.h); the element type gives the size:
 *   copy_from_guest(&obj, handle, n)        n objects from index 0
 *   copy_from_guest_offset(&obj, handle, i, n)
 */
#ifndef HV_GUEST_COPY_H
#define HV_GUEST_COPY_H

#include <hv/compiler.h>
#include <hv/cpu.h>
#include <hv/extable.h>
#include <hv/layout.h>
#include <hv/types.h>
#include <abi/errno.h>

/* The hypervisor's slots are one aligned block of 2^43 bytes. */
#define GUEST_HOLE_SHIFT 43
_Static_assert(HV_START >> GUEST_HOLE_SHIFT == (HV_END - 1) >> GUEST_HOLE_SHIFT &&
                   HV_END - HV_START == 1ul << GUEST_HOLE_SHIFT,
               "one aligned block");

/* Is [addr, addr+size) entirely outside the hypervisor's slots and canonical? */
static inline bool guest_range_ok(unsigned long addr, unsigned long size)
{
    unsigned long end = addr + size;

    if (likely(end >= addr && end <= CANONICAL_LOW_END))
        return true;
    return addr >= HV_END && (end > addr || end == 0 || size == 0);
}

/* Does an access that starts here and ascends stay outside the hypervisor's slots? What
 * lies below them is not canonical and faults, so the first byte decides. */
static always_inline bool guest_start_ok(unsigned long addr)
{
    return addr >> GUEST_HOLE_SHIFT != HV_START >> GUEST_HOLE_SHIFT;
}

/* Any size, out of line, opening the SMAP window where there is one: 0 or -EFAULT. */
int must_check guest_read_any(void *dst, unsigned long src, size_t size);
int must_check guest_write_any(unsigned long dst, const void *src, size_t size);
/* Zeroes size bytes: 0 or -EFAULT. */
int must_check guest_clear(unsigned long dst, size_t size);

#ifndef HV_HOST_BUILD
/*
 * One word each way; control goes to label `fault` when the guest's side is not there.
 * GCC 12 drops an asm goto with outputs that is not volatile, and breaks down when it
 * splits up the structure that an output is part of: hence the variable.
 */
#define GUEST_LOAD(type, dst, src, fault)                            \
    do {                                                             \
        type word_;                                                  \
                                                                     \
        __asm__ volatile goto("1: mov %1, %0\n" EXTABLE("1b", "%l2") \
                              : "=r"(word_)                          \
                              : "m"(*(const volatile type *)(src))   \
                              :                                      \
                              : fault);                              \
        *(type *)(dst) = word_;                                      \
    } while (0)
#define GUEST_STORE(type, dst, src, fault)                                          \
    __asm__ volatile goto("1: mov %0, %1\n" EXTABLE("1b", "%l2")                    \
                          :                                                         \
                          : "r"(*(const type *)(src)), "m"(*(volatile type *)(dst)) \
                          : "memory"                                                \
                          : fault)

/* One word, `at` bytes behind the guest address base. */
#define GUEST_STORE_WORD(base, at, value, fault)                       \
    __asm__ volatile goto("1: movq %0, %c2(%1)\n" EXTABLE("1b", "%l3") \
                          :                                            \
                          : "r"(value), "r"(base), "i"(at)             \
                          : "memory"                                   \
                          : fault)

/* Around a group of the above: the SMAP window, where there is SMAP. */
static always_inline void guest_window_open(void)
{
    if (unlikely(host_cpu.smap))
        __asm__ volatile("stac" ::: "memory");
}

static always_inline void guest_window_close(void)
{
    if (unlikely(host_cpu.smap))
        __asm__ volatile("clac" ::: "memory");
}

/* The next 8 bytes of an unrolled copy, if it is that long. */
#define GUEST_WORD(op, dst, src, at, size) \
    if ((size) >= (at) + 8)                \
    op(uint64_t, (uintptr_t)(dst) + (at), (uintptr_t)(src) + (at), fault)
#define GUEST_WORDS(op, dst, src, size)                      \
    do {                                                     \
        GUEST_WORD(op, dst, src, 0, size);                   \
        GUEST_WORD(op, dst, src, 8, size);                   \
        GUEST_WORD(op, dst, src, 16, size);                  \
        GUEST_WORD(op, dst, src, 24, size);                  \
        GUEST_WORD(op, dst, src, 32, size);                  \
        GUEST_WORD(op, dst, src, 40, size);                  \
        GUEST_WORD(op, dst, src, 48, size);                  \
        GUEST_WORD(op, dst, src, 56, size);                  \
        GUEST_WORD(op, dst, src, 64, size);                  \
        GUEST_WORD(op, dst, src, 72, size);                  \
        if ((size)&4)                                        \
            op(uint32_t, (uintptr_t)(dst) + ((size) & ~7ul), \
               (uintptr_t)(src) + ((size) & ~7ul), fault);   \
        if ((size)&2)                                        \
            op(uint16_t, (uintptr_t)(dst) + ((size) & ~3ul), \
               (uintptr_t)(src) + ((size) & ~3ul), fault);   \
    } while (0)

static always_inline int guest_read_words(void *dst, unsigned long src, size_t size)
{
    if (unlikely(!guest_start_ok(src)))
        return -EFAULT;
    GUEST_WORDS(GUEST_LOAD, dst, src, size);
    return 0;
fault:
    return -EFAULT;
}

static always_inline int guest_write_words(unsigned long dst, const void *src,
                                           size_t size)
{
    if (unlikely(!guest_start_ok(dst)))
        return -EFAULT;
    GUEST_WORDS(GUEST_STORE, dst, src, size);
    return 0;
fault:
    return -EFAULT;
}

/* Is it worth unrolling? A constant, even and short; and no SMAP window to open. */
#define guest_copy_is_small(size)                                     \
    (__builtin_constant_p(size) && (size) <= 80 && (size) % 2 == 0 && \
     likely(!host_cpu.smap))

/* size bytes; 0 or -EFAULT. */
static always_inline int must_check guest_read(void *dst, unsigned long src, size_t size)
{
    if (guest_copy_is_small(size))
        return guest_read_words(dst, src, size);
    return guest_read_any(dst, src, size);
}

static always_inline int must_check guest_write(unsigned long dst, const void *src,
                                                size_t size)
{
    if (guest_copy_is_small(size))
        return guest_write_words(dst, src, size);
    return guest_write_any(dst, src, size);
}

static always_inline long guest_fetch32_word(unsigned long src)
{
    uint32_t v;

    GUEST_LOAD(uint32_t, &v, src, fault);
    return v;
fault:
    return -EFAULT;
}

/* One 32-bit word: its value, or -EFAULT. For the hottest path:
 * it stays in a register. */
static always_inline long guest_fetch32(unsigned long src)
{
    long v;

    if (unlikely(!guest_start_ok(src)))
        return -EFAULT;
    if (likely(!host_cpu.smap))
        return guest_fetch32_word(src);
    guest_window_open();
    v = guest_fetch32_word(src);
    guest_window_close();
    return v;
}
#else
#define guest_read  guest_read_any
#define guest_write guest_write_any
static inline long guest_fetch32(unsigned long src)
{
    uint32_t v;

    return guest_read_any(&v, src, sizeof(v)) ? -EFAULT : (long)v;
}
#endif

#define guest_handle_addr(h, i) ((unsigned long)((h).p + (i)))
#define guest_handle_is_null(h) ((h).p == NULL)
#define guest_handle_add(h, n)  ((h).p += (n))
#define copy_from_guest_offset(dst, h, i, n)                                \
    ({                                                                      \
        const __typeof__(*(h).p) *d_ = (dst);                               \
        guest_read((void *)d_, guest_handle_addr(h, i), sizeof(*d_) * (n)); \
    })
#define copy_to_guest_offset(h, i, src, n)                           \
    ({                                                               \
        const __typeof__(*(h).p) *s_ = (src);                        \
        guest_write(guest_handle_addr(h, i), s_, sizeof(*s_) * (n)); \
    })
#define copy_from_guest(dst, h, n) copy_from_guest_offset(dst, h, 0, n)
#define copy_to_guest(h, src, n)   copy_to_guest_offset(h, 0, src, n)

/* One 8-byte compare-and-swap in guest memory: 0 done (old == *expected), 1 lost (the
 * value found goes to *expected), -EFAULT. */
int must_check guest_cmpxchg64(unsigned long addr, uint64_t *expected,
                               uint64_t new_value);

#endif
