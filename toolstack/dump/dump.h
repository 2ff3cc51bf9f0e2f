/* SPDX-License-Identifier: MIT */
/*
 * Cores:
 *   p2m.c   the domain's list of frames, page by page
 *   elf.c   the format
 *   core.c  contents: what goes where, and in which order
 *   view.c  the program headers, when all the rest is in the file
 */
#ifndef DUMP_DUMP_H
#define DUMP_DUMP_H

#include <stdbool.h>

#include <ts/dump.h>

#define PER_FRAME (TS_PAGE_SIZE / sizeof(xen_pfn_t))

/* --- p2m.c --- */

/* Where in the list it is read; each level is a copy. */
struct p2m {
    struct ts_hv *hv;
    domid_t id;
    uint64_t max_pfn;
    bool has_middle;    /* middle is the right one, if there is one */
    uint64_t middle_at; /* which one it is */
    xen_pfn_t top[PER_FRAME], middle[PER_FRAME], leaf[PER_FRAME];
};

/* Copies a frame of the domain. 0 or a negative XEN_E*. */
int p2m_copy_frame(struct ts_hv *hv, domid_t id, uint64_t mfn, void *to);
/* shared: a copy of the domain's shared page. 0, or a negative XEN_E* with err. */
int p2m_open(struct p2m *p2m, struct ts_hv *hv, domid_t id,
             const struct shared_info *shared, struct ts_err *err);
/*
 * Fills leaf with the entries of pfn (a multiple of PER_FRAME) and those that follow.
 * False: this part of the list is missing.
 */
bool p2m_read(struct p2m *p2m, uint64_t pfn);
/* Can this entry be a frame that the pfn has? */
bool p2m_is_frame(xen_pfn_t entry);

/* --- elf.c --- */

enum section { NONE, STRINGS, NOTES, PRSTATUS, SHARED_INFO, PAGES, P2M, NR_SECTIONS };

#define NO_FRAME (~0ull) /* of an entry: no page has this pfn */

/* Offsets in the file; the sizes of all but strings and notes are upper limits until the
 * header is made. */
struct layout {
    uint64_t notes, prstatus, shared_info, p2m, pages;
};

struct dump_p2m_entry {
    uint64_t pfn, mfn;
};

/* max_pages: places for them */
void layout_make(struct layout *layout, uint64_t max_vcpus, uint64_t max_pages);

#define HEAD_BYTES 4096 /* header, headers of sections, notes */

/* Makes what is in front of layout->prstatus, and *tail (at most TAIL_BYTES), which
 * belongs behind the last page. Returns the length of the tail. */
#define TAIL_BYTES 128
size_t elf_make(const struct layout *layout, const struct ts_version_info *version,
                const struct ts_dump_result *what, uint8_t head[HEAD_BYTES],
                char tail[TAIL_BYTES]);

#endif
