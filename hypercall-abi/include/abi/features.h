/* SPDX-License-Identifier: MIT */
/*
 * Feature bits: XENVER_get_features, and the feature notes of a kernel image.
 *
 * Specified by: xen/features.h.
 */
#ifndef ABI_FEATURES_H
#define ABI_FEATURES_H

#define XENFEAT_writable_page_tables       0 /* page tables need no validation */
#define XENFEAT_writable_descriptor_tables 1 /* nor do descriptor tables */
#define XENFEAT_auto_translated_physmap    2 /* the hypervisor keeps the p2m */
#define XENFEAT_supervisor_mode_kernel     3 /* the kernel runs in ring 0 */
#define XENFEAT_pae_pgdir_above_4gb        4 /* PAE roots may lie above 4 GiB */
#define XENFEAT_mmu_pt_update_preserve_ad  5 /* MMU_PT_UPDATE_PRESERVE_AD works */
#define XENFEAT_highmem_assist             6 /* MMUEXT_{CLEAR,COPY}_PAGE work */
#define XENFEAT_gnttab_map_avail_bits      7 /* GNTMAP_guest_avail_mask works */
#define XENFEAT_hvm_callback_vector        8
#define XENFEAT_hvm_safe_pvclock           9
#define XENFEAT_hvm_pirqs                  10
#define XENFEAT_dom0                       11 /* can be domain 0 (image notes) */
#define XENFEAT_memory_op_vnode_supported  13 /* XENMEMF_vnode works */
#define XENFEAT_ARM_SMCCC_supported        14
#define XENFEAT_linux_rsdp_unrestricted    15 /* ACPI RSDP anywhere (notes) */
#define XENFEAT_not_direct_mapped          16
#define XENFEAT_direct_mapped              17

#define XENFEAT_NR_SUBMAPS 1

#endif /* ABI_FEATURES_H */
