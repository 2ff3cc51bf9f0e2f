/* SPDX-License-Identifier: MIT */
/*
 * Finding the firmware's ACPI tables and copying them into the heap for acpi_tables.c.
 * They may lie anywhere in the machine, outside RAM too: they are read through a window
 * of one page that is moved along. A table that is absent, too long or has a wrong
 * checksum is reported and left out.
 */
#include "acpi_tables.h"

#include <hv/boot.h>
#include <hv/cmdline.h>
#include <hv/cpu.h>
#include <hv/heap.h>
#include <hv/layout.h>
#include <hv/lib.h>
#include <hv/page_type.h>
#include <hv/paging.h>
#include <hv/smp.h>

struct machine machine __ro_after_init = {
    .nmi_pin = 1,
    .has_8259 = true,
    .lapic_address = 0xfee00000,
    .isa = { { 0, 0, 0 },
             { 1, 0, 0 },
             { 2, 0, 0 },
             { 3, 0, 0 },
             { 4, 0, 0 },
             { 5, 0, 0 },
             { 6, 0, 0 },
             { 7, 0, 0 },
             { 8, 0, 0 },
             { 9, 0, 0 },
             { 10, 0, 0 },
             { 11, 0, 0 },
             { 12, 0, 0 },
             { 13, 0, 0 },
             { 14, 0, 0 },
             { 15, 0, 0 } },
};

static __initdata bool opt_acpi = true;
BOOT_OPTION_BOOL("acpi", opt_acpi);

#define MAX_ROOT_ENTRIES 256

/* The page above the mapping area, unused otherwise. */
#define WINDOW HV_VMAP_END

/* Maps the page of machine address pa at WINDOW. */
static __init const uint8_t *window_at(uint64_t pa)
{
    uint64_t *e = hv_pte_make(WINDOW);

    if (!e)
        boot_fail("out of memory: ACPI tables");
    *e = (pa & PTE_ADDR_MASK) | PTE_P | PTE_A | PTE_NX;
    tlb_flush_va_local(WINDOW);
    return (const uint8_t *)WINDOW + (pa & ~PAGE_MASK);
}

static __init void close_window(void)
{
    uint64_t *e = hv_pte_find(WINDOW);

    if (e)
        *e = 0;
    tlb_flush_va_local(WINDOW);
}

/* Copies n bytes at machine address pa; false when that is no address of this machine. */
static __init bool read_machine(uint64_t pa, void *out, size_t n)
{
    uint64_t end = 1ull << host_cpu.phys_bits;
    uint8_t *to = out;

    if (pa >= end || n > end - pa)
        return false;
    while (n) {
        size_t step = min(n, (size_t)(PAGE_SIZE - (pa & ~PAGE_MASK)));

        memcpy(to, window_at(pa), step);
        to += step;
        pa += step;
        n -= step;
    }
    return true;
}

/* A copy of the table at pa, *n bytes, for hv_free(); null when it is not a good one. */
static __init uint8_t *load_table(uint64_t pa, size_t *n)
{
    uint8_t header[ACPI_HEADER_SIZE];
    uint8_t *table;
    uint32_t size;

    if (!pa || !read_machine(pa, header, sizeof(header)))
        return NULL;
    memcpy(&size, header + 4, sizeof(size));
    if (size < sizeof(header) || size > ACPI_MAX_TABLE)
        return NULL;
    table = hv_zalloc(size);
    if (!table)
        return NULL;
    if (!read_machine(pa, table, size) || !acpi_checksum_ok(table, size)) {
        pr_warn("ACPI: table %.4s at 0x%lx is damaged\n", (const char *)header,
                (unsigned long)pa);
        hv_free(table);
        return NULL;
    }
    *n = size;
    return table;
}

static __init void load_dsdt(uint64_t pa)
{
    size_t n;
    uint8_t *dsdt = load_table(pa, &n);

    if (dsdt)
        acpi_find_s5(dsdt, n, &machine);
    hv_free(dsdt);
}

/* Reads the table at pa if it is one of those we use. */
static __init void use_table(uint64_t pa)
{
    char signature[4];
    uint8_t *t;
    size_t n;

    if (!read_machine(pa, signature, sizeof(signature)) ||
        (memcmp(signature, "APIC", 4) && memcmp(signature, "FACP", 4) &&
         memcmp(signature, "HPET", 4)))
        return;
    t = load_table(pa, &n);
    if (!t)
        return;
    if (signature[0] == 'A') {
        acpi_parse_madt(t, n, &machine);
    } else if (signature[0] == 'H') {
        acpi_parse_hpet(t, n, &machine);
    } else {
        acpi_parse_fadt(t, n, &machine);
        load_dsdt(acpi_fadt_dsdt(t, n));
    }
    hv_free(t);
}

static __init void walk_root(uint64_t pa, bool is_wide)
{
    size_t n, each = is_wide ? 8 : 4;
    uint8_t *root = load_table(pa, &n);
    unsigned int count = 0;

    if (!root)
        return;
    for (size_t at = ACPI_HEADER_SIZE; at + each <= n && count < MAX_ROOT_ENTRIES;
         at += each) {
        uint64_t entry = 0;

        memcpy(&entry, root + at, each);
        use_table(entry);
        count++;
    }
    hv_free(root);
}

/* The RSDP in [start, start + n), on a 16-byte boundary, into out. */
static __init bool search(uint64_t start, size_t n, uint8_t out[36])
{
    for (size_t at = 0; at + 36 <= n; at += 16) {
        const uint8_t *p = (const uint8_t *)WINDOW + ((start + at) & ~PAGE_MASK);

        if (!((start + at) & ~PAGE_MASK) || !at)
            p = window_at(start + at);
        if (!memcmp(p, "RSD PTR ", 8) && read_machine(start + at, out, 36) &&
            acpi_is_rsdp(out, 36))
            return true;
    }
    return false;
}

/* Where a BIOS leaves it: the extended BIOS data area's first KiB, or the BIOS area. */
static __init bool search_bios(uint8_t out[36])
{
    uint16_t segment = 0;
    uint64_t ebda;

    if (read_machine(0x40e, &segment, sizeof(segment))) {
        ebda = (uint64_t)segment << 4;
        if (ebda >= 0x80000 && ebda < 0xa0000 && search(ebda, 1024, out))
            return true;
    }
    return search(0xe0000, 0x20000, out);
}

static __init void report(void)
{
    pr_debug("ACPI: %u CPUs, %u IO-APICs, HPET %s, S5 %s\n", machine.nr_lapics,
             machine.nr_ioapics, machine.hpet ? "yes" : "no",
             machine.has_s5 ? "yes" : "no");
}

__init void acpi_init(void)
{
    struct boot_info *bi = &boot_info;
    bool is_wide;
    uint64_t root;

    if (!opt_acpi)
        return;
    if (!acpi_is_rsdp(bi->rsdp, bi->rsdp_size))
        bi->rsdp_size = search_bios(bi->rsdp) ? sizeof(bi->rsdp) : 0;
    if (!bi->rsdp_size) {
        pr_warn("ACPI: no tables found; one CPU, no IO-APIC\n");
        return;
    }
    root = acpi_rsdp_root(bi->rsdp, bi->rsdp_size, &is_wide);
    walk_root(root, is_wide);
    close_window();
    report();
}
