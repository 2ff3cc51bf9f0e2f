/* SPDX-License-Identifier: MIT */
/*
 * Cores of PV64 domains, as `xl dump-core` writes them: an ELF file with sections .note.Xen,
 * .xen_prstatus (contexts of the vCPUs), .xen_shared_info, .xen_p2m (pfn and mfn of each
 * page) and .xen_pages. Which pages there are is said by the domain's own list (shared
 * page, pfn_to_mfn_frame_list_list). It is not trusted: what it names must be the domain's
 * frames, and there are no more of them than the domain has.
 */
#ifndef TS_DUMP_H
#define TS_DUMP_H

#include <stddef.h>
#include <stdint.h>

#include <ts/err.h>
#include <ts/hv.h>

struct ts_dump_file {
    void *context;
    /*
     * Puts n bytes at offset; what is never put reads as zeros. May let others use the
     * toolstack meanwhile. 0, or a negative XEN_E* that ends the dump, with err filled in.
     */
    int (*put)(void *context, uint64_t offset, const void *bytes, size_t n,
               struct ts_err *err);
    /* Is called after each bounded amount of work, for the others to have their turn. */
    int (*turn)(void *context, struct ts_err *err);
};

struct ts_dump_result {
    uint64_t pages, vcpus; /* in the core */
    uint64_t bytes;        /* its length */
    uint64_t left_out;     /* entries of the list that are not frames of the domain */
};

/*
 * Writes the core of a domain, which is paused meanwhile; it may be running, paused, or
 * ended and kept. The file's header is put last. Errors: -XEN_ESRCH (no such domain, or it
 * has gone), -XEN_EINVAL (domain 0, or it says not where its memory is), -XEN_ENOMEM, those
 * of file->put; err is filled in.
 */
int ts_dump_core(struct ts_hv *hv, domid_t id, const struct ts_dump_file *file,
                 struct ts_dump_result *result, struct ts_err *err);

#endif
