/* SPDX-License-Identifier: MIT */
/*
 * The domain builder: from a kernel image and a ramdisk in memory to a domain that is
 * ready to run. Nothing here keeps memory or mappings after its return.
 */
#ifndef TS_BUILD_H
#define TS_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ts/err.h>
#include <ts/hv.h>
#include <ts/unpack.h>

/* --- reading an image --- */

#define TS_ADDR_UNSET   (~0ull)
#define TS_MAX_SEGMENTS 32
#define TS_MAX_NOTES    32
#define TS_NOTE_TEXT    96

/* A Xen note, or a key of the older __xen_guest string. */
struct ts_note {
    const char *name; /* "ENTRY", ...; "?" for a number without a name */
    uint32_t type;    /* XEN_ELFNOTE_* */
    bool is_number;
    uint64_t number;
    char text[TS_NOTE_TEXT]; /* cut to fit; printable, when not a number */
};

struct ts_segment {
    uint64_t offset, filesz; /* in the file, bytes */
    uint64_t vaddr, memsz;   /* in the guest */
};

enum ts_image_format {
    TS_IMAGE_UNKNOWN,
    TS_IMAGE_ELF64_NOTES,
    TS_IMAGE_ELF64_STRING, /* __xen_guest section */
    TS_IMAGE_ELF32,
};

/* What an image says about itself. Points into the bytes it was read from, or into those
 * that were unpacked from them. */
struct ts_kernel {
    const uint8_t *data;
    size_t size;
    struct ts_payload payload;    /* of the file */
    struct ts_unpacked *unpacked; /* NULL: the file itself is the image */
    enum ts_image_format format;
    struct ts_segment segment[TS_MAX_SEGMENTS];
    unsigned int nr_segments;
    struct ts_note note[TS_MAX_NOTES]; /* in the file's order, repeated ones once each */
    unsigned int nr_notes;
    uint64_t virt_base; /* virtual address of pseudo-physical 0 */
    uint64_t paddr_offset;
    uint64_t entry;
    uint64_t start, end;          /* virtual extent of all segments */
    uint64_t hypercall_page;      /* virtual address; TS_ADDR_UNSET: none */
    uint64_t init_p2m;            /* likewise */
    bool mod_start_pfn;           /* the ramdisk is given by its pfn, unmapped */
    uint32_t required, supported; /* 1 << XENFEAT_* */
    bool has_version;             /* names its interface */
    char guest_os[32], guest_version[32];
};

/*
 * Reads an image that is not packed and decides whether it can run as a PV64 guest. Fills in *kernel as far
 * as it could be read in either case. Returns 0; -XEN_ENOEXEC with the reason in err:
 * "is a 32-bit kernel: ...", to be put behind the image's name.
 */
int ts_kernel_parse(const void *data, size_t size, struct ts_kernel *kernel,
                    struct ts_err *err);

/*
 * The same for a file that may be packed. The file's bytes must stay where they are until
 * ts_kernel_close(), which is due after failures too. unpacker: where unpacked kernels are
 * kept; NULL: in memory of malloc(), until they are closed. progress may be NULL.
 * Returns 0, -XEN_ENOEXEC as above, -XEN_ENOMEM, -XEN_EINTR (progress said so).
 */
int ts_kernel_open(struct ts_unpacker *unpacker, const void *file, size_t size,
                   const struct ts_progress *progress, struct ts_kernel *kernel,
                   struct ts_err *err);
void ts_kernel_close(struct ts_kernel *kernel);

/* "ELF64 with Xen notes", ... */
const char *ts_image_format_text(enum ts_image_format format);

/* --- building --- */

struct ts_build_request {
    domid_t id;                     /* created, with vCPUs and a memory limit */
    const struct ts_kernel *kernel; /* parsed without error */
    const void *ramdisk;            /* NULL: none */
    size_t ramdisk_size;
    const char *cmdline; /* up to MAX_GUEST_CMDLINE - 1 bytes */
    uint64_t memory_kib; /* all of it is given at once */
    unsigned int max_vcpus;
    domid_t console_domid, store_domid;     /* who serves it */
    evtchn_port_t console_port, store_port; /* the domain's ports to them */
};

struct ts_build_result {
    uint64_t console_mfn, store_mfn; /* ring pages */
    uint64_t entry;
    uint64_t initial_bytes; /* extent of the initial mapping */
};

/*
 * Gives the domain its memory and everything in it, and sets vCPU 0 up; the domain stays
 * paused. Returns 0. On failure err says why and the domain is fit only to be destroyed:
 * -XEN_ENOMEM (machine, or the guest's memory too small: -XEN_E2BIG), -XEN_EINVAL
 * (command line too long), or what the hypervisor answered.
 */
int ts_build_domain(struct ts_hv *hv, const struct ts_build_request *request,
                    struct ts_build_result *result, struct ts_err *err);

/* KiB of memory without which the kernel and ramdisk could not be started at all. */
uint64_t ts_build_least_kib(const struct ts_kernel *kernel, size_t ramdisk_size);

#endif
