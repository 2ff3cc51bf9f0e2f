/* SPDX-License-Identifier: MIT */
/*
 * Grant table, version 1: this domain's entries, and operations on other domains' grants.
 *
 * grants_init() before anything else. Entries below GNTTAB_NR_RESERVED_ENTRIES are left
 * alone. Callers serialise: no lock of its own.
 */
#ifndef MINI_OS_GRANTS_H
#define MINI_OS_GRANTS_H

#include <abi/grant_table.h>
#include <mini-os/compiler.h>

/* Sets up nr_frames frames (512 entries each) and maps them. 0 or a negative errno. */
int grants_init(unsigned int nr_frames);

/* The mapped table, and how many entries it has. */
grant_entry_v1_t *grants_table(void);
unsigned int grants_count(void);

/* Lets domid access the frame, GTF_readonly or 0 in flags. Returns the reference, or
 * -ENOSPC. */
int grant_access(domid_t domid, unsigned long mfn, unsigned int flags);

/* Takes it back. Returns 0, or -EBUSY when the grant is mapped and stays as it was. */
int grant_end_access(grant_ref_t ref);

/*
 * Maps a grant at a window address (mm.h) whose page-table entry is empty. flags:
 * GNTMAP_readonly or 0; GNTMAP_host_map is added. Returns GNTST_*, the handle in *handle.
 */
int grant_map(void *va, domid_t domid, grant_ref_t ref, unsigned int flags,
              grant_handle_t *handle);

/* Returns GNTST_*. */
int grant_unmap(void *va, grant_handle_t handle);

/* One GNTTABOP_copy; returns its status GNTST_*. */
int grant_copy(struct gnttab_copy *op);

#endif
