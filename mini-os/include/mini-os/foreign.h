/* SPDX-License-Identifier: MIT */
/*
 * Frames of other domains at addresses that are given back: what a toolstack maps.
 * In threads only. Errors are the hypervisor's negative numbers (<abi/errno.h>).
 */
#ifndef MINI_OS_FOREIGN_H
#define MINI_OS_FOREIGN_H

#include <abi/xen.h>
#include <mini-os/compiler.h>

/*
 * Maps count frames of the domain one after another, readable and writable. Returns 0 and
 * the first one's address; -XEN_ENOMEM when there are no addresses or no memory for page
 * tables; what mmu_update said for the first frame that it refused. Nothing stays mapped
 * after a failure.
 */
int foreign_map(domid_t domid, const xen_pfn_t *mfns, unsigned int count, void **address);

/* The same, readable only: what the domain uses as page tables can be mapped, too. */
int foreign_map_read(domid_t domid, const xen_pfn_t *mfns, unsigned int count,
                     const void **address);

/* Takes away what one of these has mapped. */
void foreign_unmap(const void *address, unsigned int count);

/* How many frames are mapped. */
unsigned long foreign_mapped(void);

#endif
