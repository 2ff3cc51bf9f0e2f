/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_memory_op(cmd, arg): a domain's frames. cmd[63:6] is the extent to go on
 * from, so that a long call can be restarted; a guest starts with 0.
 *
 * Specified by: xen/memory.h.
 */
#ifndef ABI_MEMORY_H
#define ABI_MEMORY_H

#include <abi/physdev.h>
#include <abi/xen.h>

#define XENMEM_increase_reservation       0 /* returns extents done */
#define XENMEM_decrease_reservation       1 /* returns extents done */
#define XENMEM_maximum_ram_page           2 /* returns 1 + the highest mfn of RAM */
#define XENMEM_current_reservation        3 /* domid_t; returns frames */
#define XENMEM_maximum_reservation        4 /* domid_t; returns frames */
#define XENMEM_machphys_mfn_list          5
#define XENMEM_populate_physmap           6 /* returns extents done */
#define XENMEM_add_to_physmap             7
#define XENMEM_memory_map                 9
#define XENMEM_machine_memory_map         10
#define XENMEM_exchange                   11
#define XENMEM_machphys_mapping           12
#define XENMEM_set_memory_map             13
#define XENMEM_maximum_gpfn               14 /* domid_t; returns the highest pfn */
#define XENMEM_remove_from_physmap        15
#define XENMEM_set_pod_target             16
#define XENMEM_get_pod_target             17
#define XENMEM_get_sharing_freed_pages    18 /* returns frames */
#define XENMEM_get_sharing_shared_pages   19 /* returns frames */
#define XENMEM_paging_op                  20
#define XENMEM_access_op                  21
#define XENMEM_sharing_op                 22
#define XENMEM_add_to_physmap_batch       23
#define XENMEM_claim_pages                24
#define XENMEM_machphys_compat_mfn_list   25
#define XENMEM_get_vnumainfo              26
#define XENMEM_reserved_device_memory_map 27
#define XENMEM_acquire_resource           28

/* xen_memory_reservation.mem_flags: width of machine addresses (0: any), NUMA node */
#define XENMEMF_address_bits(x)     (x)
#define XENMEMF_get_address_bits(x) ((x)&0xffu)
#define XENMEMF_node(x)             (((x) + 1) << 8)
#define XENMEMF_get_node(x)         ((((x) >> 8) - 1) & 0xffu)
#define XENMEMF_populate_on_demand  (1 << 16)
#define XENMEMF_exact_node_request  (1 << 17)
#define XENMEMF_exact_node(n)       (XENMEMF_node(n) | XENMEMF_exact_node_request)
#define XENMEMF_vnode               (1 << 18) /* the node is a virtual one */

/* xen_add_to_physmap.space */
#define XENMAPSPACE_shared_info      0
#define XENMAPSPACE_grant_table      1
#define XENMAPSPACE_gmfn             2
#define XENMAPSPACE_gmfn_range       3
#define XENMAPSPACE_gmfn_foreign     4
#define XENMAPSPACE_dev_mmio         5
#define XENMAPIDX_grant_table_status 0x80000000 /* in idx of the grant table space */

/* xen_reserved_device_memory_map.flags */
#define XENMEM_RDM_ALL 1

/* xen_mem_acquire_resource.type, .id, .frame */
#define XENMEM_resource_ioreq_server                0
#define XENMEM_resource_grant_table                 1
#define XENMEM_resource_vmtrace_buf                 2
#define XENMEM_resource_grant_table_id_shared       0
#define XENMEM_resource_grant_table_id_status       1
#define XENMEM_resource_ioreq_server_frame_bufioreq 0
#define XENMEM_resource_ioreq_server_frame_ioreq(n) (1 + (n))

/* abi_e820_entry.type: as firmware numbers them (ACPI specification, table 15-4) */
#define ABI_E820_RAM      1
#define ABI_E820_RESERVED 2
#define ABI_E820_ACPI     3
#define ABI_E820_NVS      4
#define ABI_E820_UNUSABLE 5

#ifndef __ASSEMBLY__

/*
 * XENMEM_increase_reservation, _decrease_reservation, _populate_physmap,
 * XENMEM_claim_pages (which uses nr_extents and domid).
 */
struct xen_memory_reservation {
    XEN_GUEST_HANDLE(xen_pfn_t) extent_start; /* one frame number per extent */
    xen_ulong_t nr_extents;
    unsigned int extent_order; /* log2 of frames */
    unsigned int mem_flags;    /* XENMEMF_* */
    domid_t domid;
};
typedef struct xen_memory_reservation xen_memory_reservation_t;
DEFINE_XEN_GUEST_HANDLE(xen_memory_reservation_t);

/* XENMEM_exchange: gives frames back for as many in extents of another size. */
struct xen_memory_exchange {
    struct xen_memory_reservation in;
    struct xen_memory_reservation out;
    xen_ulong_t nr_exchanged; /* in: 0; out: extents of in done */
};
typedef struct xen_memory_exchange xen_memory_exchange_t;
DEFINE_XEN_GUEST_HANDLE(xen_memory_exchange_t);

/* XENMEM_current_reservation, _maximum_reservation, _maximum_gpfn */
struct xen_memory_domain {
    domid_t domid;
};

/* XENMEM_machphys_mfn_list: the frames of the M2P, one per 2 MiB of it. */
struct xen_machphys_mfn_list {
    unsigned int max_extents;
    XEN_GUEST_HANDLE(xen_pfn_t) extent_start; /* out */
    unsigned int nr_extents;                  /* out */
};
typedef struct xen_machphys_mfn_list xen_machphys_mfn_list_t;
DEFINE_XEN_GUEST_HANDLE(xen_machphys_mfn_list_t);

/* XENMEM_machphys_mapping: where the caller sees the M2P. */
struct xen_machphys_mapping {
    xen_ulong_t v_start, v_end; /* out: virtual addresses */
    xen_ulong_t max_mfn;        /* out: the last entry */
};
typedef struct xen_machphys_mapping xen_machphys_mapping_t;
DEFINE_XEN_GUEST_HANDLE(xen_machphys_mapping_t);

struct xen_add_to_physmap {
    domid_t domid;
    uint16_t size;      /* frames of XENMAPSPACE_gmfn_range */
    unsigned int space; /* XENMAPSPACE_* */
    xen_ulong_t idx;    /* which frame of the space */
    xen_pfn_t gpfn;     /* where it shall appear */
};
typedef struct xen_add_to_physmap xen_add_to_physmap_t;
DEFINE_XEN_GUEST_HANDLE(xen_add_to_physmap_t);

struct xen_add_to_physmap_batch {
    domid_t domid;
    uint16_t space; /* XENMAPSPACE_* */
    uint16_t size;  /* elements of each array */
    union xen_add_to_physmap_batch_extra {
        domid_t foreign_domid; /* XENMAPSPACE_gmfn_foreign */
        uint16_t res0;
    } u;
    XEN_GUEST_HANDLE(xen_ulong_t) idxs;
    XEN_GUEST_HANDLE(xen_pfn_t) gpfns;
    XEN_GUEST_HANDLE(int) errs; /* out: negative errno each */
};
typedef struct xen_add_to_physmap_batch xen_add_to_physmap_batch_t;
DEFINE_XEN_GUEST_HANDLE(xen_add_to_physmap_batch_t);

struct xen_remove_from_physmap {
    domid_t domid;
    xen_pfn_t gpfn;
};
typedef struct xen_remove_from_physmap xen_remove_from_physmap_t;
DEFINE_XEN_GUEST_HANDLE(xen_remove_from_physmap_t);

/* One range of a memory map, packed to 20 bytes as firmware has it. */
struct abi_e820_entry {
    uint64_t addr; /* bytes */
    uint64_t size; /* bytes */
    uint32_t type; /* ABI_E820_* */
} __attribute__((packed));

/* XENMEM_memory_map (pseudo-physical), XENMEM_machine_memory_map (real). */
struct xen_memory_map {
    unsigned int nr_entries;       /* in: room, out: filled in */
    XEN_GUEST_HANDLE(void) buffer; /* struct abi_e820_entry */
};
typedef struct xen_memory_map xen_memory_map_t;
DEFINE_XEN_GUEST_HANDLE(xen_memory_map_t);

/* XENMEM_set_memory_map: what XENMEM_memory_map will say to domid. */
struct xen_foreign_memory_map {
    domid_t domid;
    struct xen_memory_map map;
};
typedef struct xen_foreign_memory_map xen_foreign_memory_map_t;
DEFINE_XEN_GUEST_HANDLE(xen_foreign_memory_map_t);

/* XENMEM_set_pod_target, _get_pod_target: in frames */
struct xen_pod_target {
    uint64_t target_pages; /* set: in */
    uint64_t tot_pages;
    uint64_t pod_cache_pages;
    uint64_t pod_entries;
    domid_t domid;
};
typedef struct xen_pod_target xen_pod_target_t;

/* XENMEM_reserved_device_memory_map */
struct xen_reserved_device_memory {
    xen_pfn_t start_pfn;
    xen_ulong_t nr_pages;
};
typedef struct xen_reserved_device_memory xen_reserved_device_memory_t;
DEFINE_XEN_GUEST_HANDLE(xen_reserved_device_memory_t);

struct xen_reserved_device_memory_map {
    uint32_t flags;          /* XENMEM_RDM_ALL: of all devices */
    unsigned int nr_entries; /* in: room, out: needed */
    XEN_GUEST_HANDLE(xen_reserved_device_memory_t) buffer;
    union {
        physdev_pci_device_t pci;
    } dev;
};
typedef struct xen_reserved_device_memory_map xen_reserved_device_memory_map_t;
DEFINE_XEN_GUEST_HANDLE(xen_reserved_device_memory_map_t);

/* XENMEM_acquire_resource: frames of the hypervisor that belong to a domain. */
struct xen_mem_acquire_resource {
    domid_t domid;
    uint16_t type;      /* XENMEM_resource_* */
    uint32_t id;        /* by type */
    uint32_t nr_frames; /* in; 0 with a null list asks for the number */
    uint32_t pad;       /* must be 0 */
    uint64_t frame;     /* the first one */
    XEN_GUEST_HANDLE(xen_pfn_t) frame_list; /* out: mfns */
};
typedef struct xen_mem_acquire_resource xen_mem_acquire_resource_t;
DEFINE_XEN_GUEST_HANDLE(xen_mem_acquire_resource_t);

/* Memory of one virtual NUMA node. */
struct xen_vmemrange {
    uint64_t start, end; /* pseudo-physical bytes */
    unsigned int flags;
    unsigned int nid;
};
typedef struct xen_vmemrange xen_vmemrange_t;
DEFINE_XEN_GUEST_HANDLE(xen_vmemrange_t);

/* XENMEM_get_vnumainfo: numbers are in: room, out: needed. */
struct xen_vnuma_topology_info {
    domid_t domid;
    uint16_t pad;
    unsigned int nr_vnodes;
    unsigned int nr_vcpus;
    unsigned int nr_vmemranges;
    union {
        XEN_GUEST_HANDLE(uint) h;
        uint64_t pad;
    } vdistance;
    union {
        XEN_GUEST_HANDLE(uint) h;
        uint64_t pad;
    } vcpu_to_vnode;
    union {
        XEN_GUEST_HANDLE(xen_vmemrange_t) h;
        uint64_t pad;
    } vmemrange;
};
typedef struct xen_vnuma_topology_info xen_vnuma_topology_info_t;
DEFINE_XEN_GUEST_HANDLE(xen_vnuma_topology_info_t);

#endif /* !__ASSEMBLY__ */
#endif /* ABI_MEMORY_H */
