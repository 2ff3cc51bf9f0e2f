/* SPDX-License-Identifier: MIT */
/* Bit sets of the caller, in bytes of its memory. */
#include "internal.h"
#include <hv/guest_copy.h>
#include <hv/lib.h>

/* Bytes of the caller's set that are worth looking at. */
static size_t bytes_of(const struct xenctl_bitmap *b, unsigned int nr_bits)
{
    return DIV_ROUND_UP(min(b->nr_bits, nr_bits), 8u);
}

int bitmap_read(const struct xenctl_bitmap *b, uint64_t *bits, unsigned int nr_bits)
{
    unsigned int n = min(b->nr_bits, nr_bits);

    memset(bits, 0, DIV_ROUND_UP(nr_bits, 64u) * 8);
    if (guest_read(bits, (unsigned long)b->bitmap.p, bytes_of(b, nr_bits)))
        return -EFAULT;
    if (n % 64)
        bits[n / 64] &= (1ull << n % 64) - 1;
    return 0;
}

int bitmap_write(const struct xenctl_bitmap *b, const uint64_t *bits,
                 unsigned int nr_bits)
{
    size_t have = bytes_of(b, nr_bits), all = DIV_ROUND_UP((size_t)b->nr_bits, 8u);
    unsigned long to = (unsigned long)b->bitmap.p;
    unsigned int n = min(b->nr_bits, nr_bits);
    size_t whole = n / 8;

    if (guest_write(to, bits, whole))
        return -EFAULT;
    if (n % 8) {
        uint8_t last = ((const uint8_t *)bits)[whole] & (uint8_t)((1u << n % 8) - 1);

        if (guest_write(to + whole, &last, 1))
            return -EFAULT;
    }
    return all > have && guest_clear(to + have, all - have) ? -EFAULT : 0;
}
