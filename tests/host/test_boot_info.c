/* SPDX-License-Identifier: MIT */
/* What loaders leave behind, by Multiboot 1 and 2, and the memory map made of it. */
#include "hv_host.h"
#include "test.h"
#include "../../hypervisor/boot/multiboot.h"

#include <stdlib.h>

#define MEMORY 0x10000u
#define INFO   0x100u

static uint8_t memory[MEMORY];
static struct machine_view view = { memory, MEMORY };
static struct boot_info bi;

static int setup(void **state)
{
    (void)state;
    memset(memory, 0, sizeof(memory));
    return 0;
}

static void put32(uint32_t at, uint32_t v)
{
    memcpy(memory + at, &v, sizeof(v));
}

static void put64(uint32_t at, uint64_t v)
{
    memcpy(memory + at, &v, sizeof(v));
}

static void put_text(uint32_t at, const char *s)
{
    memcpy(memory + at, s, strlen(s) + 1);
}

static void mb1_range(uint32_t at, uint64_t start, uint64_t size, uint32_t kind)
{
    put32(at, 20);
    put64(at + 4, start);
    put64(at + 12, size);
    put32(at + 20, kind);
}

/* Flags: command line, modules, memory map, loader name. Two modules, three ranges. */
static void build_mb1(const char *loader)
{
    put32(INFO, 1u << 2 | 1u << 3 | 1u << 6 | 1u << 9);
    put32(INFO + 16, 0x1000);
    put_text(0x1000, "pavise.elf loglvl=all");
    put32(INFO + 20, 2);
    put32(INFO + 24, 0x2000);
    put32(0x2000, 0x300000);
    put32(0x2004, 0x380000);
    put32(0x2008, 0x1100);
    put_text(0x1100, "kernel root=x");
    put32(0x2010, 0x400000);
    put32(0x2014, 0x400800);
    put32(INFO + 44, 3 * 24);
    put32(INFO + 48, 0x3000);
    mb1_range(0x3000, 0x100000, 0x7f00000, MEM_RAM);
    mb1_range(0x3018, 0, 0x9fc00, MEM_RAM);
    mb1_range(0x3030, 0x9fc00, 0x400, MEM_RESERVED);
    put32(INFO + 64, 0x1200);
    put_text(0x1200, loader);
}

static const char *parse1(void)
{
    return multiboot_parse(&view, MB1_LOADER_MAGIC, INFO, &bi);
}

static void mb1_gives_everything(void **state)
{
    (void)state;
    build_mb1("qemu");
    assert_null(parse1());
    assert_string_equal(bi.loader, "qemu");
    assert_string_equal(bi.cmdline, "loglvl=all");
    assert_int_equal(bi.nr_modules, 2);
    assert_string_equal(bi.module[0].cmdline, "root=x");
    assert_int_equal(bi.module[0].start, 0x300000);
    assert_int_equal(bi.module[0].size, 0x80000);
    assert_string_equal(bi.module[1].cmdline, "");
    assert_int_equal(bi.nr_mem, 3);
    assert_null(boot_info_check(&bi));
}

static void mb1_of_grub_has_no_file_names(void **state)
{
    (void)state;
    build_mb1("GRUB 2.06");
    put_text(0x1000, "loglvl=all");
    assert_null(parse1());
    assert_string_equal(bi.cmdline, "loglvl=all");
}

static void mb1_lists_outside_memory_are_refused(void **state)
{
    (void)state;
    build_mb1("qemu");
    put32(INFO + 24, MEMORY - 8);
    assert_non_null(parse1());
    build_mb1("qemu");
    put32(INFO + 20, BOOT_MAX_MODULES + 1);
    assert_non_null(parse1());
    build_mb1("qemu");
    put32(0x2004, 0x2fffff);
    assert_non_null(parse1());
    assert_non_null(multiboot_parse(&view, MB1_LOADER_MAGIC, MEMORY - 4, &bi));
    assert_non_null(multiboot_parse(&view, 0x1234, INFO, &bi));
}

/* A tag at `at` with size bytes of content; the next tag's place. */
static uint32_t tag(uint32_t at, uint32_t type, uint32_t size)
{
    put32(at, type);
    put32(at + 4, size + 8);
    return (at + 8 + size + 7) & ~7u;
}

static uint32_t text_tag(uint32_t at, uint32_t type, const char *s)
{
    put_text(at + 8, s);
    return tag(at, type, (uint32_t)strlen(s) + 1);
}

static uint32_t build_mb2(void)
{
    uint32_t at = INFO + 8, next;

    at = text_tag(at, MB2_TAG_CMDLINE, "console=com1");
    at = text_tag(at, MB2_TAG_LOADER, "GRUB 2.06");
    put32(at + 8, 0x200000);
    put32(at + 12, 0x280000);
    put_text(at + 16, "quiet");
    at = tag(at, MB2_TAG_MODULE, 8 + 6);
    put_text(at + 8, "RSD PTR ");
    at = tag(at, MB2_TAG_ACPI_NEW, 36);
    put_text(at + 8, "old");
    at = tag(at, MB2_TAG_ACPI_OLD, 20);
    put32(at + 8, 24);
    put64(at + 16, 0x100000);
    put64(at + 24, 0x7f00000);
    put32(at + 32, MEM_RAM);
    at = tag(at, MB2_TAG_MMAP, 8 + 24);
    next = tag(at, MB2_TAG_END, 0);
    put32(INFO, next - INFO);
    return at;
}

static void mb2_gives_everything(void **state)
{
    (void)state;
    build_mb2();
    assert_null(multiboot_parse(&view, MB2_LOADER_MAGIC, INFO, &bi));
    assert_string_equal(bi.cmdline, "console=com1");
    assert_int_equal(bi.nr_modules, 1);
    assert_string_equal(bi.module[0].cmdline, "quiet");
    assert_int_equal(bi.rsdp_size, 36);
    assert_memory_equal(bi.rsdp, "RSD PTR ", 8);
    assert_int_equal(bi.nr_mem, 1);
    assert_null(boot_info_check(&bi));
}

static void mb2_damaged_tags_are_refused(void **state)
{
    uint32_t end;

    (void)state;
    end = build_mb2();
    put32(end, 77);
    put32(end + 4, 4);
    assert_non_null(multiboot_parse(&view, MB2_LOADER_MAGIC, INFO, &bi));
    put32(end + 4, 4096);
    assert_non_null(multiboot_parse(&view, MB2_LOADER_MAGIC, INFO, &bi));
    put32(INFO, MEMORY);
    assert_non_null(multiboot_parse(&view, MB2_LOADER_MAGIC, INFO, &bi));
}

static void missing_input_is_named(void **state)
{
    (void)state;
    build_mb1("qemu");
    put32(INFO, 1u << 3);
    assert_null(parse1());
    assert_non_null(strstr(boot_info_check(&bi), "memory map"));
    put32(INFO, 1u << 6);
    assert_null(parse1());
    assert_non_null(strstr(boot_info_check(&bi), "module"));
    build_mb1("qemu");
    mb1_range(0x3000, 0x100000, 0x100000, MEM_RAM);
    assert_null(parse1());
    assert_non_null(strstr(boot_info_check(&bi), "too little memory"));
    build_mb1("qemu");
    put32(0x2004, 0x9000000);
    assert_null(parse1());
    assert_non_null(strstr(boot_info_check(&bi), "outside RAM"));
}

static void overlaps_go_to_the_less_usable(void **state)
{
    struct mem_range raw[] = {
        { 0x8000, 0x8000, MEM_RAM },  { 0, 0x9000, MEM_RAM },
        { 0x2000, 0x1800, MEM_ACPI }, { 0x3000, 0x800, MEM_RAM },
        { 0x2000, 0x100, 12345 },     { ~0ull - 5, 100, MEM_RAM },
        { 0x20000, 0, MEM_RESERVED }, { 0x30001, 0xffe, MEM_RAM },
    };

    (void)state;
    memory_map_build(&bi, raw, 8);
    assert_int_equal(bi.nr_mem, 3);
    assert_int_equal(bi.mem[0].size, 0x2000);
    assert_int_equal(bi.mem[1].start, 0x2000);
    assert_int_equal(bi.mem[1].size, 0x2000);
    assert_int_equal(bi.mem[1].kind, MEM_ACPI);
    assert_int_equal(bi.mem[2].start, 0x4000);
    assert_int_equal(bi.mem[2].size, 0xc000);
}

/* Any list: sorted and disjoint, RAM only where nothing else was claimed. */
static void random_maps_keep_the_rules(void **state)
{
    struct mem_range raw[12], kept[12];

    (void)state;
    srand(1);
    for (unsigned int round = 0; round < 20000; round++) {
        for (unsigned int i = 0; i < 12; i++)
            raw[i] = kept[i] = (struct mem_range){ (uint64_t)(rand() % 64) << 11,
                                                   (uint64_t)(rand() % 64) << 11,
                                                   (uint32_t)(rand() % 7) };
        memory_map_build(&bi, raw, 12);
        for (unsigned int m = 0; m < bi.nr_mem; m++) {
            const struct mem_range *r = &bi.mem[m];

            assert_true(!m || r->start >= r[-1].start + r[-1].size);
            for (unsigned int i = 0; i < 12; i++)
                if (r->kind == MEM_RAM && kept[i].kind != MEM_RAM && kept[i].size)
                    assert_true(kept[i].start + kept[i].size <= r->start ||
                                kept[i].start >= r->start + r->size);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(mb1_gives_everything, setup),
        cmocka_unit_test_setup(mb1_of_grub_has_no_file_names, setup),
        cmocka_unit_test_setup(mb1_lists_outside_memory_are_refused, setup),
        cmocka_unit_test_setup(mb2_gives_everything, setup),
        cmocka_unit_test_setup(mb2_damaged_tags_are_refused, setup),
        cmocka_unit_test_setup(missing_input_is_named, setup),
        cmocka_unit_test_setup(overlaps_go_to_the_less_usable, setup),
        cmocka_unit_test_setup(random_maps_keep_the_rules, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
