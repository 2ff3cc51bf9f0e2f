/* SPDX-License-Identifier: MIT */
/*
 * Large pieces of memory beyond what the domain was made with: frames are had from the
 * hypervisor's free memory and go back to it, as far as the domain's limit lets it grow
 * (a domain 0 has none by default). In threads only.
 */
#ifndef MINI_OS_BULK_H
#define MINI_OS_BULK_H

#include <stddef.h>

/* size bytes, page aligned, zeroed, neither executable nor in the linear map: no table or
 * grant can be made of it. NULL when the hypervisor has no more or there are no addresses.
 */
void *bulk_alloc(size_t size);

/* address: of a bulk_alloc() of that size; NULL does nothing. */
void bulk_free(void *address, size_t size);

/* How many pages are allocated. They are among those of foreign_mapped(). */
unsigned long bulk_pages(void);

#endif
