/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables of a CPU. Its window in the address space (hv/layout.h) shows 15
 * pages of GDT: the running guest's 14, then ours with the ABI's flat selectors, the TSS
 * and the LDT descriptor; and 16 pages of LDT. Switching guests changes only which frames
 * the window maps. All pages of one window lie in one level-1 table, eight CPUs to a
 * table.
 */
#include "entry.h"
#include "ist.h"
#include <hv/cpu.h>
#include <hv/desc.h>
#include <hv/heap.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/page_type.h>
#include <hv/paging.h>
#include <abi/errno.h>

#define GDT_RESERVED_BYTE (GDT_RESERVED_PAGE * PAGE_SIZE)
#define GDT_LIMIT         (GDT_RESERVED_BYTE + PAGE_SIZE - 1)
#define LDT_PAGES         16
#define WINDOW_LDT_PAGE   (DESC_WINDOW_LDT / PAGE_SIZE)

/* Entries of the window: not global, so that a CR3 load makes changes visible. */
#define WINDOW_RW (PTE_NX | PTE_A | PTE_D | PTE_RW | PTE_P)
#define WINDOW_RO (PTE_NX | PTE_A | PTE_P)

/* Flat segments, accessed bit set: base 0, limit 4 GiB. */
#define DESC_CODE64(dpl) (0x00af9b000000ffffull | (uint64_t)(dpl) << 45)
#define DESC_CODE32(dpl) (0x00cf9b000000ffffull | (uint64_t)(dpl) << 45)
#define DESC_DATA(dpl)   (0x00cf93000000ffffull | (uint64_t)(dpl) << 45)
#define SYSTEM_TSS       0x89
#define SYSTEM_LDT       0x82

struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7]; /* IST 1 first */
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t iomap_base;
} __packed;
_Static_assert(sizeof(struct tss) == 104, "hardware layout");

struct desc_cpu {
    uint64_t *gdt;    /* our page */
    uint64_t *window; /* its level-1 entries, DESC_WINDOW_SIZE / PAGE_SIZE of them */
    unsigned int ldt_entries; /* what LDTR holds */
    unsigned int gdt_pages;   /* guest pages the window shows */
    /* The TSS with its 64-bit fields aligned. */
    struct {
        uint32_t pad;
        struct tss tss;
    } __aligned(128) state;
};
static DEFINE_PER_CPU(struct desc_cpu, desc);

DEFINE_PER_CPU(uintptr_t, guest_frame);
DEFINE_PER_CPU(uintptr_t, syscall_rsp);

/* What the GDT shows where a guest has no page. */
static const uint64_t null_descriptors[PT_ENTRIES] __aligned(PAGE_SIZE);

/* The image is linked at a fixed distance from where it is loaded. */
static uint64_t image_maddr(const void *p)
{
    return (uintptr_t)p - HV_IMAGE_START;
}

static void set_system_descriptor(uint64_t *slot, uintptr_t base, uint32_t limit,
                                  uint8_t type)
{
    slot[0] = (limit & 0xffff) | (base & 0xffffff) << 16 | (uint64_t)type << 40 |
              (uint64_t)(limit >> 16 & 0xf) << 48 | (base >> 24 & 0xff) << 56;
    slot[1] = base >> 32;
}

static uint64_t *gdt_slot(uint64_t *gdt, unsigned int selector)
{
    return &gdt[(selector - GDT_RESERVED_BYTE) / 8];
}

static void fill_gdt(uint64_t *gdt, const struct tss *tss)
{
    *gdt_slot(gdt, HV_CS) = DESC_CODE64(0);
    *gdt_slot(gdt, HV_DS) = DESC_DATA(0);
    *gdt_slot(gdt, FLAT_RING3_CS32 & ~7u) = DESC_CODE32(3);
    *gdt_slot(gdt, FLAT_RING3_DS32 & ~7u) = DESC_DATA(3);
    *gdt_slot(gdt, FLAT_RING3_CS64 & ~7u) = DESC_CODE64(3);
    set_system_descriptor(gdt_slot(gdt, TSS_SELECTOR), (uintptr_t)tss, sizeof(*tss) - 1,
                          SYSTEM_TSS);
}

/* The I/O bitmap lies behind the limit: every port access of ring 3 faults. */
static int fill_tss(unsigned int cpu, struct tss *tss)
{
    tss->iomap_base = sizeof(*tss);
    for (unsigned int i = 0; i < NR_IST; i++) {
        struct ist_stack *ist = vmap_alloc(0); /* an unmapped page lies below */

        if (!ist)
            return -XEN_ENOMEM;
        ist->gs_base = percpu_offset[cpu];
        tss->ist[i] = (uintptr_t)&ist->gs_base;
    }
    return 0;
}

static void fill_window(uint64_t *window, const uint64_t *gdt)
{
    for (unsigned int i = 0; i < GDT_RESERVED_PAGE; i++)
        window[i] = image_maddr(null_descriptors) | WINDOW_RO;
    window[GDT_RESERVED_PAGE] = mfn_x(virt_to_mfn(gdt)) << PAGE_SHIFT | WINDOW_RW;
}

int desc_init_cpu(unsigned int cpu)
{
    struct desc_cpu *d = &per_cpu(desc, cpu);

    if (cpu == 0)
        idt_init();
    d->window = hv_pte_make(DESC_WINDOW(cpu));
    d->gdt = hv_alloc_page();
    if (!d->window || !d->gdt)
        return -XEN_ENOMEM;
    fill_gdt(d->gdt, &d->state.tss);
    fill_window(d->window, d->gdt);
    return fill_tss(cpu, &d->state.tss);
}

static void load_gdtr(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __packed pointer = { GDT_LIMIT, DESC_WINDOW(smp_cpu_id()) };

    __asm__ volatile("lgdt %0" ::"m"(pointer));
}

/* Loading FS and GS may clear their bases, and ours is behind GS. */
static void load_selectors(void)
{
    uint64_t gs_base = rdmsr(MSR_GS_BASE);
    unsigned long scratch;

    __asm__ volatile("push %1\n"
                     "lea 1f(%%rip), %0\n"
                     "push %0\n"
                     "lretq\n"
                     "1: mov %2, %%ss\n"
                     "mov %3, %%ds\n"
                     "mov %3, %%es\n"
                     "mov %3, %%fs\n"
                     "mov %3, %%gs\n"
                     : "=&r"(scratch)
                     : "i"(HV_CS), "r"(HV_DS), "r"(0)
                     : "memory");
    wrmsr(MSR_GS_BASE, gs_base);
}

void desc_load(void)
{
    load_gdtr();
    idt_load();
    load_selectors();
    __asm__ volatile("ltr %w0\n"
                     "lldt %w1" ::"r"(TSS_SELECTOR),
                     "r"(0));
}

void desc_set_guest_frame(struct vcpu *v)
{
    uintptr_t frame = (uintptr_t)&v->regs.es;

    this_cpu(guest_frame) = frame;
    this_cpu(desc).state.tss.rsp[0] = frame;
}

void desc_window_set_gdt(const mfn_t *frames, unsigned int n)
{
    uint64_t *window = this_cpu(desc).window;
    unsigned int before = this_cpu(desc).gdt_pages;
    unsigned int i;

    ASSERT(n <= GDT_RESERVED_PAGE);
    for (i = 0; i < n; i++)
        window[i] = mfn_x(frames[i]) << PAGE_SHIFT | WINDOW_RW;
    for (; i < before; i++)
        window[i] = image_maddr(null_descriptors) | WINDOW_RO;
    this_cpu(desc).gdt_pages = n;
}

void desc_window_set_ldt(unsigned int index, mfn_t frame)
{
    ASSERT(index < LDT_PAGES);
    this_cpu(desc).window[WINDOW_LDT_PAGE + index] =
        mfn_x(frame) << PAGE_SHIFT | WINDOW_RW;
}

void desc_window_clear_ldt(void)
{
    uint64_t *ldt = this_cpu(desc).window + WINDOW_LDT_PAGE;

    for (unsigned int i = 0; i < LDT_PAGES; i++)
        ldt[i] = 0;
}

void desc_load_ldt(unsigned int entries)
{
    uintptr_t base = DESC_WINDOW(smp_cpu_id()) + DESC_WINDOW_LDT;
    unsigned int selector = entries ? LDT_SELECTOR : 0;

    if (entries == this_cpu(desc).ldt_entries)
        return;
    if (entries)
        set_system_descriptor(gdt_slot(this_cpu(desc).gdt, LDT_SELECTOR), base,
                              entries * 8 - 1, SYSTEM_LDT);
    __asm__ volatile("lldt %w0" ::"r"(selector));
    this_cpu(desc).ldt_entries = entries;
}
