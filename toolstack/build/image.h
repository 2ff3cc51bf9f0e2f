/* SPDX-License-Identifier: MIT */
/*
 * Reading a kernel image: what the files of the reader share. Every offset, length and
 * number comes from an untrusted file: ranges are compared without overflow, and texts
 * need not end.
 */
#ifndef TS_BUILD_IMAGE_H
#define TS_BUILD_IMAGE_H

#include <ts/build.h>

struct image_reader {
    struct ts_kernel *kernel;
    struct ts_err *err;
    bool has_phys32_entry;
    bool has_entry;
};

/* Records why the image cannot run. Returns -XEN_ENOEXEC. */
#define image_refuse(reader, ...) ts_fail((reader)->err, -XEN_ENOEXEC, __VA_ARGS__)

/* Is [offset, offset + n) inside the file? */
static inline bool image_has(const struct ts_kernel *k, uint64_t offset, uint64_t n)
{
    return offset <= k->size && n <= k->size - offset;
}

/*
 * What a note, or a key of the __xen_guest string, means. type: XEN_ELFNOTE_*. Each
 * returns 0 or -XEN_ENOEXEC. text is of n bytes and ends earlier at a 0.
 */
int image_take_number(struct image_reader *r, uint32_t type, uint64_t value);
int image_take_text(struct image_reader *r, uint32_t type, const char *text, size_t n);

/* All notes in [offset, offset + n) of the file, which need not be in it. */
int image_read_notes(struct image_reader *r, uint64_t offset, uint64_t n);

/* The __xen_guest string of n bytes at offset. */
int image_read_guest_string(struct image_reader *r, uint64_t offset, uint64_t n);

/* May a guest have [start, end) of the address space? */
bool image_range_is_guests(uint64_t start, uint64_t end);

/* After all has been read: can it run? Places the segments. 0 or -XEN_ENOEXEC. */
int image_verdict(struct image_reader *r);

#endif
