/* SPDX-License-Identifier: MIT */
/*
 * Cores of PV64 domains, as `xl dump-core` writes them: an ELF file with sections .note.Xen,
 * .xen_prstatus (contexts of the vCPUs), .xen_shared_info, .xen_p2m (pfn and mfn of each
 * page) and .xen_pages. Which pages there are is said by the domain's own list (shared
 * page, pfn_to_mfn_frame_list_list). It is not trusted: what it names must be the domain's
 * frames, and there are no more of them than the domain has.
 *
 * crash takes a page's place in the core for its pfn. So pfns that have no page, but others
 * behind them, have a place, too: an entry without mfn, and zeros, which take no room.
 *
 * crash(8) reads the sections. gdb(1) needs program headers, which come last: they are made
 * from the file, by whoever has it.
 */
#ifndef TS_DUMP_H
#define TS_DUMP_H

#include <stdbool.h>
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
    /* Is called after each bounded amount of work, for the others to have their turn;
     * pages are in the core, of all that there may be. */
    int (*turn)(void *context, uint64_t pages, uint64_t all, struct ts_err *err);
};

struct ts_dump_result {
    uint64_t pages, vcpus; /* in the core */
    uint64_t holes;        /* pfns between them that have no page */
    uint64_t bytes;        /* its length */
    uint64_t left_out;     /* entries of the list that are not frames of the domain */
};

/*
 * Writes the core of a domain, which is paused meanwhile unless live; it may be running,
 * paused, or ended and kept. The file's header is put last. Errors: -XEN_ESRCH (no such domain, or it
 * has gone), -XEN_EINVAL (domain 0, or it says not where its memory is), -XEN_ENOMEM, those
 * of file->put; err is filled in.
 */
int ts_dump_core(struct ts_hv *hv, domid_t id, bool live, const struct ts_dump_file *file,
                 struct ts_dump_result *result, struct ts_err *err);

/* A core where it is kept; functions return 0 or a negative XEN_E*. */
struct ts_core_file {
    void *context;
    int (*get)(void *context, uint64_t offset, void *bytes, size_t n); /* all n */
    int (*put)(void *context, uint64_t offset, const void *bytes, size_t n);
};

/*
 * Adds program headers to a core that ts_dump_core() has written: a note with the
 * registers of each vCPU, and the memory at the addresses at which the first of them sees
 * it by its page tables, which are not trusted: the kernel's first, and 262,144 runs of
 * pages at most. -XEN_EINVAL: not such a core; -XEN_ENOMEM; errors of file; err is filled
 * in, and the core is as it was, but for bytes behind its end.
 */
int ts_core_add_view(const struct ts_core_file *file, struct ts_err *err);

#endif
