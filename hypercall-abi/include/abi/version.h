/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_xen_version(cmd, arg): who the hypervisor is and what it offers.
 * XENVER_version and XENVER_pagesize take no argument and return their answer.
 *
 * Specified by: xen/version.h.
 */
#ifndef ABI_VERSION_H
#define ABI_VERSION_H

#include <abi/features.h>
#include <abi/xen.h>

#define XENVER_version             0 /* returns major << 16 | minor */
#define XENVER_extraversion        1
#define XENVER_compile_info        2
#define XENVER_capabilities        3
#define XENVER_changeset           4
#define XENVER_platform_parameters 5
#define XENVER_get_features        6
#define XENVER_pagesize            7 /* returns bytes */
#define XENVER_guest_handle        8 /* xen_domain_handle_t */
#define XENVER_commandline         9
#define XENVER_build_id            10 /* returns bytes of the id */

#ifndef __ASSEMBLY__

/* XENVER_extraversion, _capabilities, _changeset, _commandline: zero-terminated text. */
typedef char xen_extraversion_t[16];
#define XEN_EXTRAVERSION_LEN (sizeof(xen_extraversion_t))
typedef char xen_capabilities_info_t[1024]; /* "xen-3.0-x86_64 " and the like */
#define XEN_CAPABILITIES_INFO_LEN (sizeof(xen_capabilities_info_t))
typedef char xen_changeset_info_t[64];
#define XEN_CHANGESET_INFO_LEN (sizeof(xen_changeset_info_t))
typedef char xen_commandline_t[1024];

/* XENVER_compile_info: zero-terminated text. */
struct xen_compile_info {
    char compiler[64];
    char compile_by[16];
    char compile_domain[32];
    char compile_date[32];
};
typedef struct xen_compile_info xen_compile_info_t;

/* XENVER_platform_parameters: where the hypervisor's addresses start. */
struct xen_platform_parameters {
    xen_ulong_t virt_start;
};
typedef struct xen_platform_parameters xen_platform_parameters_t;

/* XENVER_get_features: 32 of the XENFEAT_* bits. */
struct xen_feature_info {
    unsigned int submap_idx; /* in: which 32 */
    uint32_t submap;         /* out */
};
typedef struct xen_feature_info xen_feature_info_t;

/* XENVER_build_id; a null argument asks for the length only. */
struct xen_build_id {
    uint32_t len; /* in: bytes in buf */
    unsigned char buf[XEN_FLEX_ARRAY_DIM];
};
typedef struct xen_build_id xen_build_id_t;

#endif /* !__ASSEMBLY__ */
#endif /* ABI_VERSION_H */
