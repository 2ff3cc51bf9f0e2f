/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's part of the virtual address space: level-4 slots 256-271 of
 * every page-table root, the same in all of them. Everything else is the guest's.
 *
 *   slot      base                  what
 *   256       0xffff800000000000    machine-to-physical table, guests read it (ABI)
 *   257       0xffff808000000000    the same table, writable by the hypervisor
 *   258       0xffff810000000000    frame table (struct page_info, 16 bytes a frame)
 *   259       0xffff818000000000    hypervisor image; 512 MiB above it: the vmap area
 *   260       0xffff820000000000    per-CPU descriptor-table windows
 *   261       0xffff828000000000    unused
 *   262-271   0xffff830000000000    direct map of all memory, 5 TiB
 */
#ifndef HV_LAYOUT_H
#define HV_LAYOUT_H

#define PAGE_SHIFT    12
#define PAGE_ORDER_2M 9
#define PAGE_ORDER_1G 18
#define PT_ENTRIES    512

#ifdef __ASSEMBLY__
#define UL(x) x
#else
#define UL(x) x##ul
#endif

#define PAGE_SIZE (UL(1) << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))

#define HV_FIRST_SLOT 256
#define HV_LAST_SLOT  271
#define HV_SLOT_SIZE  (UL(1) << 39)

#define HV_START UL(0xffff800000000000)
#define HV_END   UL(0xffff880000000000)

#define RO_M2P_START      UL(0xffff800000000000)
#define RO_M2P_END        UL(0xffff804000000000) /* MACH2PHYS_VIRT_END of the ABI */
#define RW_M2P_START      UL(0xffff808000000000)
#define FRAMETABLE_START  UL(0xffff810000000000)
#define HV_IMAGE_START    UL(0xffff818000000000)
#define HV_VMAP_START     UL(0xffff818020000000)
#define HV_VMAP_END       UL(0xffff818060000000)
#define DESC_WINDOW_START UL(0xffff820000000000)
#define DIRECTMAP_START   UL(0xffff830000000000)
#define DIRECTMAP_END     UL(0xffff880000000000)

/*
 * One window per CPU: 16 pages of GDT (14 of the guest's, 2 of ours), 16 pages of
 * LDT, the rest unmapped.
 */
#define DESC_WINDOW_SIZE (UL(64) << PAGE_SHIFT)
#define DESC_WINDOW_LDT  (UL(16) << PAGE_SHIFT)
#define DESC_WINDOW(cpu) (DESC_WINDOW_START + DESC_WINDOW_SIZE * (cpu))

/* Canonical hole of 48-bit addressing. */
#define CANONICAL_LOW_END    UL(0x0000800000000000)
#define CANONICAL_HIGH_START UL(0xffff800000000000)

#define MAX_FRAMES ((DIRECTMAP_END - DIRECTMAP_START) >> PAGE_SHIFT)

#define HV_STACK_ORDER 2 /* 16 KiB per CPU, a guard page below */
#define HV_STACK_SIZE  (PAGE_SIZE << HV_STACK_ORDER)

#ifndef __ASSEMBLY__
_Static_assert(HV_START == RO_M2P_START, "first slot");
_Static_assert(RW_M2P_START == RO_M2P_START + HV_SLOT_SIZE, "slot 257");
_Static_assert(FRAMETABLE_START == RW_M2P_START + HV_SLOT_SIZE, "slot 258");
_Static_assert(HV_IMAGE_START == FRAMETABLE_START + HV_SLOT_SIZE, "slot 259");
_Static_assert(DESC_WINDOW_START == HV_IMAGE_START + HV_SLOT_SIZE, "slot 260");
_Static_assert(DIRECTMAP_START == DESC_WINDOW_START + 2 * HV_SLOT_SIZE, "slot 262");
_Static_assert(DIRECTMAP_END == HV_END, "slot 271");
_Static_assert(HV_END == HV_START + (HV_LAST_SLOT - HV_FIRST_SLOT + 1) * HV_SLOT_SIZE,
               "slots abut");
#endif

#endif
