/* SPDX-License-Identifier: MIT */
/* ACPI tables, whole, truncated at every byte, and with lengths that lie. */
#include "hv_host.h"
#include "test.h"
#include "../../hypervisor/x86/acpi_tables.h"

#include <stdlib.h>

static uint8_t table[512];
static size_t used;
static struct machine m;

static void put(const void *bytes, size_t n)
{
    memcpy(table + used, bytes, n);
    used += n;
}

static int setup(void **state)
{
    (void)state;
    memset(table, 0, sizeof(table));
    memset(&m, 0, sizeof(m));
    used = ACPI_HEADER_SIZE;
    return 0;
}

static void build_madt(void)
{
    static const uint8_t head[] = { 0, 0, 0xe0, 0xfe, 1, 0, 0, 0 };
    static const uint8_t cpu0[] = { 0, 8, 7, 0, 1, 0, 0, 0 };
    static const uint8_t cpu1[] = { 0, 8, 8, 2, 1, 0, 0, 0 };
    static const uint8_t off[] = { 0, 8, 9, 4, 0, 0, 0, 0 };
    static const uint8_t x2[] = { 9, 16, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0 };
    static const uint8_t ioapic[] = { 1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 24, 0, 0, 0 };
    static const uint8_t over[] = { 2, 10, 0, 9, 9, 0, 0, 0, 0x0f, 0 };
    static const uint8_t nmi[] = { 4, 6, 0xff, 0, 0, 1 };

    put(head, sizeof(head));
    put(cpu0, sizeof(cpu0));
    put(cpu1, sizeof(cpu1));
    put(off, sizeof(off));
    put(x2, sizeof(x2));
    put(ioapic, sizeof(ioapic));
    put(over, sizeof(over));
    put(nmi, sizeof(nmi));
}

static void madt(void **state)
{
    (void)state;
    build_madt();
    acpi_parse_madt(table, used, &m);
    assert_int_equal(m.nr_lapics, 3);
    assert_int_equal(m.lapic[1], 2);
    assert_int_equal(m.lapic_uid[1], 8);
    assert_int_equal(m.lapic[2], 256);
    assert_int_equal(m.lapic_uid[2], 5);
    assert_int_equal(m.lapic_address, 0xfee00000);
    assert_true(m.has_8259);
    assert_int_equal(m.nr_ioapics, 1);
    assert_int_equal(m.ioapic[0].address, 0xfec00000);
    assert_int_equal(m.ioapic[0].gsi_base, 24);
    assert_true(m.isa[9].level && m.isa[9].active_low);
    assert_int_equal(m.nmi_pin, 1);
}

/* Copies to the heap, so that the sanitiser sees a byte too far. */
static void with_copy(size_t n,
                      void (*parse)(const uint8_t *t, size_t n, struct machine *m))
{
    uint8_t *copy = malloc(n ? n : 1);

    assert_non_null(copy);
    memcpy(copy, table, n);
    memset(&m, 0, sizeof(m));
    parse(copy, n, &m);
    free(copy);
}

static void truncated_tables(void **state)
{
    (void)state;
    build_madt();
    for (size_t n = 0; n <= used; n++)
        with_copy(n, acpi_parse_madt);
    for (size_t n = 0; n <= 276; n++) {
        with_copy(n, acpi_parse_fadt);
        with_copy(n, acpi_parse_hpet);
        with_copy(n, acpi_find_s5);
    }
}

static void random_tables(void **state)
{
    (void)state;
    srand(1);
    for (unsigned int round = 0; round < 100000; round++) {
        size_t n = (size_t)rand() % 200;

        for (size_t i = 0; i < n; i++)
            table[i] = (uint8_t)(rand() % 17);
        if (round & 1 && n > 60)
            memcpy(table + 40 + rand() % 16, "\x08_S5_\x12", 6);
        with_copy(n, acpi_parse_madt);
        with_copy(n, acpi_find_s5);
    }
}

static void s5(void **state)
{
    static const uint8_t aml[] = "\x10\x08_S5_\x12\x08\x04\x0a\x05\x01\x00\x00";

    (void)state;
    used += 2;
    put(aml, sizeof(aml));
    acpi_find_s5(table, used, &m);
    assert_true(m.has_s5);
    assert_int_equal(m.s5_type_a, 5);
    assert_int_equal(m.s5_type_b, 1);
}

static void fadt(void **state)
{
    (void)state;
    table[52] = 0xa0;
    table[64] = 0x04;
    table[65] = 0x06;
    table[76] = 0x08;
    table[77] = 0x06;
    table[108] = 0x32;
    table[113] = 0x05;
    table[116] = 1;
    table[120] = 0xf9;
    table[121] = 0x0c;
    table[128] = 0x0f;
    acpi_parse_fadt(table, 129, &m);
    assert_int_equal(m.pm1a_control.address, 0x604);
    assert_int_equal(m.pm_timer.address, 0x608);
    assert_int_equal(m.century, 0x32);
    assert_true(m.pm_timer_is_32bit);
    assert_int_equal(m.reset.address, 0xcf9);
    assert_int_equal(m.reset_value, 0x0f);
    assert_int_equal(acpi_fadt_dsdt(table, 129), 0);
    acpi_parse_fadt(table, 116, &m);
}

static void root_pointer(void **state)
{
    uint8_t rsdp[36] = "RSD PTR ";
    bool is_wide;

    (void)state;
    rsdp[15] = 2;
    rsdp[16] = 0x10;
    rsdp[8] =
        (uint8_t) - (uint8_t)(2 + 0x10 + 'R' + 'S' + 'D' + ' ' + 'P' + 'T' + 'R' + ' ');
    rsdp[24] = 0x20;
    rsdp[32] = (uint8_t)-0x20;
    assert_true(acpi_is_rsdp(rsdp, 36));
    assert_false(acpi_is_rsdp(rsdp, 19));
    assert_int_equal(acpi_rsdp_root(rsdp, 36, &is_wide), 0x20);
    assert_true(is_wide);
    assert_int_equal(acpi_rsdp_root(rsdp, 20, &is_wide), 0x10);
    assert_false(is_wide);
    rsdp[33] = 1;
    assert_int_equal(acpi_rsdp_root(rsdp, 36, &is_wide), 0x10);
    rsdp[16] = 0;
    assert_false(acpi_is_rsdp(rsdp, 36));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(madt, setup),
        cmocka_unit_test_setup(s5, setup),
        cmocka_unit_test_setup(truncated_tables, setup),
        cmocka_unit_test_setup(random_tables, setup),
        cmocka_unit_test_setup(fadt, setup),
        cmocka_unit_test_setup(root_pointer, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
