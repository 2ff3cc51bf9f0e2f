/* SPDX-License-Identifier: MIT */
/*
 * The page that a guest shares with its console back end: two byte rings. Indices run
 * freely; mask them to address the ring. Producer writes the data, then its index, then
 * sends the event.
 *
 * Specified by: xen/io/console.h.
 */
#ifndef ABI_IO_CONSOLE_H
#define ABI_IO_CONSOLE_H

#include <stdint.h>

typedef uint32_t XENCONS_RING_IDX;

#define MASK_XENCONS_IDX(idx, ring) ((idx) & (sizeof(ring) - 1))

struct xencons_interface {
    char in[1024];  /* to the guest */
    char out[2048]; /* from the guest */
    XENCONS_RING_IDX in_cons, in_prod;
    XENCONS_RING_IDX out_cons, out_prod;
};

#endif /* ABI_IO_CONSOLE_H */
