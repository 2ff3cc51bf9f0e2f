/* SPDX-License-Identifier: MIT */
/*
 * Basic types and guest handles that every other ABI header builds on.
 *
 * A guest handle is a guest virtual address boxed in a one-member structure, so that
 * it cannot be dereferenced or mixed with a pointer of the hypervisor by accident.
 * `__guest_handle_T` points to T, `__guest_handle_const_T` to const T.
 *
 * Specified by: xen/xen.h, xen/arch-x86/xen.h. Names that start with abi_ or ABI_ are
 * ours and have no counterpart there.
 */
#ifndef ABI_TYPES_H
#define ABI_TYPES_H

/* The version of the guest interface these headers describe (Xen 4.14 and later). */
#define __XEN_LATEST_INTERFACE_VERSION__ 0x00040e00
#ifndef __XEN_INTERFACE_VERSION__
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#endif

/* Typed constants in C, plain ones in assembly, where a suffix is a syntax error. */
#ifdef __ASSEMBLY__
#define xen_mk_uint(x)   x
#define xen_mk_ulong(x)  x
#define xen_mk_ullong(x) x
#else
#define __xen_mk_uint(x)   x##U
#define __xen_mk_ulong(x)  x##UL
#define __xen_mk_ullong(x) x##ULL
#define xen_mk_uint(x)     __xen_mk_uint(x)
#define xen_mk_ulong(x)    __xen_mk_ulong(x)
#define xen_mk_ullong(x)   __xen_mk_ullong(x)
#endif

#ifndef __ASSEMBLY__

#include <stddef.h>
#include <stdint.h>

#define ___DEFINE_XEN_GUEST_HANDLE(name, type) \
    typedef struct {                           \
        type *p;                               \
    } __guest_handle_##name
#define __DEFINE_XEN_GUEST_HANDLE(name, type) \
    ___DEFINE_XEN_GUEST_HANDLE(name, type);   \
    ___DEFINE_XEN_GUEST_HANDLE(const_##name, const type)
#define DEFINE_XEN_GUEST_HANDLE(name) __DEFINE_XEN_GUEST_HANDLE(name, name)

#define __XEN_GUEST_HANDLE(name)     __guest_handle_##name
#define XEN_GUEST_HANDLE(name)       __XEN_GUEST_HANDLE(name)
#define XEN_GUEST_HANDLE_PARAM(name) XEN_GUEST_HANDLE(name)
/* A handle that takes 8 aligned bytes whatever the caller's word size. */
#define XEN_GUEST_HANDLE_64(name) XEN_GUEST_HANDLE(name)

#define set_xen_guest_handle_raw(hnd, val) \
    do {                                   \
        (hnd).p = val;                     \
    } while (0)
#define set_xen_guest_handle(hnd, val) set_xen_guest_handle_raw(hnd, val)

/* 64-bit members whose offset must not depend on the caller's word size. */
#define uint64_aligned_t uint64_t
#define int64_aligned_t  int64_t

/* A trailing array whose length another member or the call gives. */
#define XEN_FLEX_ARRAY_DIM

typedef unsigned long xen_pfn_t;      /* a frame number; which kind, the member says */
typedef unsigned long xen_ulong_t;    /* the guest's machine word */
typedef unsigned long xen_callback_t; /* guest virtual address of an entry point */
typedef uint64_t tsc_timestamp_t;     /* TSC ticks */
typedef uint16_t domid_t;             /* a domain, or one of the DOMID_* */

/* printf formats, without the '%' */
#define PRI_xen_pfn   "lx"
#define PRIu_xen_pfn  "lu"
#define PRI_xen_ulong "lx"

DEFINE_XEN_GUEST_HANDLE(char);
__DEFINE_XEN_GUEST_HANDLE(uchar, unsigned char);
DEFINE_XEN_GUEST_HANDLE(int);
__DEFINE_XEN_GUEST_HANDLE(uint, unsigned int);
DEFINE_XEN_GUEST_HANDLE(void);
DEFINE_XEN_GUEST_HANDLE(uint64_t);
DEFINE_XEN_GUEST_HANDLE(xen_pfn_t);
DEFINE_XEN_GUEST_HANDLE(xen_ulong_t);
__DEFINE_XEN_GUEST_HANDLE(uint8, uint8_t);
__DEFINE_XEN_GUEST_HANDLE(uint16, uint16_t);
__DEFINE_XEN_GUEST_HANDLE(uint32, uint32_t);
__DEFINE_XEN_GUEST_HANDLE(uint64, uint64_t);

/* The name a toolstack gives a domain: 16 bytes, opaque to the hypervisor. */
typedef uint8_t xen_domain_handle_t[16];

/* A UUID in the byte order of its text form. */
typedef struct {
    uint8_t a[16];
} xen_uuid_t;

#define ABI_UUID_BYTE(x, n) (((x) >> (8 * (n))) & 0xFF)
#define XEN_DEFINE_UUID_(a, b, c, d, e1, e2, e3, e4, e5, e6)                   \
    {                                                                          \
        {                                                                      \
            ABI_UUID_BYTE(a, 3), ABI_UUID_BYTE(a, 2), ABI_UUID_BYTE(a, 1),     \
                ABI_UUID_BYTE(a, 0), ABI_UUID_BYTE(b, 1), ABI_UUID_BYTE(b, 0), \
                ABI_UUID_BYTE(c, 1), ABI_UUID_BYTE(c, 0), ABI_UUID_BYTE(d, 1), \
                ABI_UUID_BYTE(d, 0), e1, e2, e3, e4, e5, e6                    \
        }                                                                      \
    }
#define XEN_DEFINE_UUID(a, b, c, d, e1, e2, e3, e4, e5, e6) \
    ((xen_uuid_t)XEN_DEFINE_UUID_(a, b, c, d, e1, e2, e3, e4, e5, e6))

/* A bitmap of the caller; bytes needed: nr_bits rounded up to whole bytes. */
struct xenctl_bitmap {
    XEN_GUEST_HANDLE_64(uint8) bitmap;
    uint32_t nr_bits;
};
typedef struct xenctl_bitmap xenctl_bitmap_t;

#endif /* !__ASSEMBLY__ */
#endif /* ABI_TYPES_H */
