/* SPDX-License-Identifier: MIT */
/*
 * ELF notes of a guest kernel, owner "Xen". (n): number of 4 or 8 bytes, (s): text.
 *
 * Specified by: xen/elfnote.h.
 */
#ifndef ABI_ELFNOTE_H
#define ABI_ELFNOTE_H

#define XEN_ELFNOTE_INFO               0
#define XEN_ELFNOTE_ENTRY              1  /* (n) virtual address to start at */
#define XEN_ELFNOTE_HYPERCALL_PAGE     2  /* (n) virtual address of a page to fill in */
#define XEN_ELFNOTE_VIRT_BASE          3  /* (n) virtual address of pseudo-physical 0 */
#define XEN_ELFNOTE_PADDR_OFFSET       4  /* (n) subtracted from each p_paddr */
#define XEN_ELFNOTE_XEN_VERSION        5  /* (s) "xen-3.0" */
#define XEN_ELFNOTE_GUEST_OS           6  /* (s) */
#define XEN_ELFNOTE_GUEST_VERSION      7  /* (s) */
#define XEN_ELFNOTE_LOADER             8  /* (s) "generic" */
#define XEN_ELFNOTE_PAE_MODE           9  /* (s) "yes", "no", "bimodal", ... */
#define XEN_ELFNOTE_FEATURES           10 /* (s) names; '!' before one: required */
#define XEN_ELFNOTE_BSD_SYMTAB         11 /* (s) "yes": load the symbol table too */
#define XEN_ELFNOTE_HV_START_LOW       12 /* (n) lowest address the hypervisor may use */
#define XEN_ELFNOTE_L1_MFN_VALID       13 /* (n)(n) mask, value: a present L1 entry */
#define XEN_ELFNOTE_SUSPEND_CANCEL     14 /* (n) 1: suspend may return 1 */
#define XEN_ELFNOTE_INIT_P2M           15 /* (n) virtual address for the p2m list */
#define XEN_ELFNOTE_MOD_START_PFN      16 /* (n) 1: the ramdisk need not be mapped */
#define XEN_ELFNOTE_SUPPORTED_FEATURES 17 /* (n) bits 1 << XENFEAT_* */
#define XEN_ELFNOTE_PHYS32_ENTRY       18 /* (n) 32-bit entry without paging */
#define XEN_ELFNOTE_MAX                XEN_ELFNOTE_PHYS32_ENTRY

/* Notes in crash and core dumps. */
#define XEN_ELFNOTE_CRASH_INFO              0x1000001
#define XEN_ELFNOTE_CRASH_REGS              0x1000002
#define XEN_ELFNOTE_DUMPCORE_NONE           0x2000000
#define XEN_ELFNOTE_DUMPCORE_HEADER         0x2000001
#define XEN_ELFNOTE_DUMPCORE_XEN_VERSION    0x2000002
#define XEN_ELFNOTE_DUMPCORE_FORMAT_VERSION 0x2000003

#endif /* ABI_ELFNOTE_H */
