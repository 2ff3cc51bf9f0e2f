/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a PV64 image with ELF notes is loaded, entered, and finds start_info, its
 * page tables, p2m list and shared page as the interface describes them.
 * Provocation: looks at each of them and prints.
 * Expected: magic "xen-3.x", sane numbers, p2m and m2p agree, the initial tables are
 * read-only, the domain is the initial one.
 */
#include <test.h>

#include <mini-os/mm.h>

COVERS(console_io, update_va_mapping, mmu_update, sched_op);

static void check_start_info(const start_info_t *si)
{
    check(!strncmp(si->magic, "xen-3.", 6), "magic");
    check_eq((unsigned long)si % PAGE_SIZE, 0);
    check(si->nr_pages >= 1024, "at least 4 MiB");
    check_eq(si->shared_info % PAGE_SIZE, 0);
    check(si->flags & SIF_INITDOMAIN, "started as the initial domain");
    check(si->nr_pt_frames >= 4, "at least a table for each level");
    check_eq(si->pt_base % PAGE_SIZE, 0);
    check(strnlen((const char *)si->cmd_line, MAX_GUEST_CMDLINE) < MAX_GUEST_CMDLINE,
          "command line is terminated");
    note("magic %s, %lu pages, %lu page-table frames, command line \"%s\"", si->magic,
         si->nr_pages, si->nr_pt_frames, (const char *)si->cmd_line);
}

static void check_p2m(void)
{
    unsigned long wrong = 0;

    for (unsigned long pfn = 0; pfn < mm_nr_pages(); pfn++)
        wrong += mfn_to_pfn(pfn_to_mfn(pfn)) != pfn;
    check_eq(wrong, 0);
}

static void check_tables_readonly(const start_info_t *si)
{
    unsigned long writable = 0;

    for (unsigned long i = 0; i < si->nr_pt_frames; i++)
        writable += !!(pte_of((char *)si->pt_base + i * PAGE_SIZE) & PTE_W);
    check_eq(writable, 0);
}

static void check_memory(void)
{
    unsigned long before = mm_free_pages();
    char *page = alloc_page();

    check(page, "a page is to be had");
    memset(page, 0x5a, PAGE_SIZE);
    check_eq(page[PAGE_SIZE - 1], 0x5a);
    free_page(page);
    check_eq(mm_free_pages(), before);
}

void test_main(void)
{
    printf("Hello, world\n");
    check_start_info(boot_info);
    check_p2m();
    check_tables_readonly(boot_info);
    check_memory();
}
