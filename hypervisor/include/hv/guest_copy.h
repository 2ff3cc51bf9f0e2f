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
#include <hv/layout.h>
#include <hv/types.h>

/* Is [addr, addr+size) entirely outside the hypervisor's slots and canonical? */
static inline bool guest_range_ok(unsigned long addr, unsigned long size)
{
    unsigned long end = addr + size;

    if (likely(end >= addr && end <= CANONICAL_LOW_END))
        return true;
    return addr >= HV_END && (end > addr || end == 0 || size == 0);
}

/* size bytes; 0 or -EFAULT. */
int must_check guest_read(void *dst, unsigned long src, size_t size);
int must_check guest_write(unsigned long dst, const void *src, size_t size);
int must_check guest_clear(unsigned long dst, size_t size);

#define guest_handle_addr(h, i) ((unsigned long)((h).p + (i)))
#define guest_handle_is_null(h) ((h).p == NULL)
#define guest_handle_add(h, n)  ((h).p += (n))
#define copy_from_guest_offset(dst, h, i, n)                                            \
    ({                                                                                  \
        const __typeof__(*(h).p) *d_ = (dst);                                           \
        guest_read((void *)d_, guest_handle_addr(h, i), sizeof(*d_) * (n));             \
    })
#define copy_to_guest_offset(h, i, src, n)                                              \
    ({                                                                                  \
        const __typeof__(*(h).p) *s_ = (src);                                           \
        guest_write(guest_handle_addr(h, i), s_, sizeof(*s_) * (n));                    \
    })
#define copy_from_guest(dst, h, n) copy_from_guest_offset(dst, h, 0, n)
#define copy_to_guest(h, src, n)   copy_to_guest_offset(h, 0, src, n)

/* One 8-byte compare-and-swap in guest memory: 0 done (old == *expected), 1 lost (the
 * value found goes to *expected), -EFAULT. */
int must_check guest_cmpxchg64(unsigned long addr, uint64_t *expected, uint64_t new_value);

#endif
