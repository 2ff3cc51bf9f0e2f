/* SPDX-License-Identifier: MIT */
/*
 * ACPI tables to struct machine: MADT, FADT, HPET, and the one AML object that powering
 * off takes. Lengths inside a table are not trusted: nothing outside it is read.
 *
 * Compiles on the host. Layouts: ACPI Specification 6.4, chapters 5 and 20.
 */
#include "acpi_tables.h"

#include <hv/lib.h>

#define RSDP_SIZE_1 20
#define RSDP_SIZE_2 36

/* Entry kinds of the MADT. */
#define MADT_LAPIC      0
#define MADT_IOAPIC     1
#define MADT_OVERRIDE   2
#define MADT_LAPIC_NMI  4
#define MADT_LAPIC_ADDR 5
#define MADT_X2APIC     9
#define MADT_X2APIC_NMI 10
#define MADT_PCAT       (1u << 0)
#define CPU_ENABLED     (1u << 0)

/* MPS INTI flags: polarity in bits 0-1, trigger mode in bits 2-3. */
#define INTI_ACTIVE_LOW 3u
#define INTI_LEVEL      (3u << 2)

#define FADT_RESET_SUPPORTED (1u << 10)
#define FADT_TIMER_32BIT     (1u << 8)

static uint32_t get32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static uint64_t get64(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

__init bool acpi_checksum_ok(const uint8_t *p, size_t n)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum = (uint8_t)(sum + p[i]);
    return sum == 0;
}

__init bool acpi_is_rsdp(const uint8_t *p, size_t n)
{
    return n >= RSDP_SIZE_1 && !memcmp(p, "RSD PTR ", 8) &&
           acpi_checksum_ok(p, RSDP_SIZE_1);
}

__init uint64_t acpi_rsdp_root(const uint8_t *p, size_t n, bool *is_wide)
{
    *is_wide = n >= RSDP_SIZE_2 && p[15] >= 2 && acpi_checksum_ok(p, RSDP_SIZE_2) &&
               get64(p + 24);
    return *is_wide ? get64(p + 24) : get32(p + 16);
}

static __init void add_cpu(struct machine *m, uint32_t id, uint32_t uid, uint32_t flags)
{
    if (!(flags & CPU_ENABLED))
        return;
    for (unsigned int i = 0; i < m->nr_lapics; i++)
        if (m->lapic[i] == id)
            return;
    if (m->nr_lapics < NR_CPUS) {
        m->lapic[m->nr_lapics] = id;
        m->lapic_uid[m->nr_lapics++] = uid;
    }
}

static __init void add_ioapic(struct machine *m, const uint8_t *e)
{
    if (m->nr_ioapics < MAX_IOAPICS)
        m->ioapic[m->nr_ioapics++] = (struct ioapic_info){ get32(e + 4), get32(e + 8) };
}

/* Bus-conforming trigger and polarity of ISA are edge and active high. */
static __init void add_override(struct machine *m, const uint8_t *e)
{
    unsigned int flags = get16(e + 8);

    if (e[2] || e[3] >= NR_ISA_IRQS)
        return;
    m->isa[e[3]] = (struct isa_line){ get32(e + 4), (flags & INTI_LEVEL) == INTI_LEVEL,
                                      (flags & INTI_ACTIVE_LOW) == INTI_ACTIVE_LOW };
}

/* One MADT entry of len bytes, len >= 2. */
static __init void madt_entry(struct machine *m, const uint8_t *e, unsigned int len)
{
    if (e[0] == MADT_LAPIC && len >= 8 && e[3] != 0xff)
        add_cpu(m, e[3], e[2], get32(e + 4));
    else if (e[0] == MADT_X2APIC && len >= 16)
        add_cpu(m, get32(e + 4), get32(e + 12), get32(e + 8));
    else if (e[0] == MADT_IOAPIC && len >= 12)
        add_ioapic(m, e);
    else if (e[0] == MADT_OVERRIDE && len >= 10)
        add_override(m, e);
    else if (e[0] == MADT_LAPIC_NMI && len >= 6)
        m->nmi_pin = e[5] & 1;
    else if (e[0] == MADT_X2APIC_NMI && len >= 12)
        m->nmi_pin = e[8] & 1;
    else if (e[0] == MADT_LAPIC_ADDR && len >= 12)
        m->lapic_address = get64(e + 4);
}

__init void acpi_parse_madt(const uint8_t *t, size_t n, struct machine *m)
{
    if (n < ACPI_HEADER_SIZE + 8)
        return;
    m->lapic_address = get32(t + 36);
    m->has_8259 = get32(t + 40) & MADT_PCAT;
    for (size_t at = ACPI_HEADER_SIZE + 8; at + 2 <= n;) {
        unsigned int len = t[at + 1];

        if (len < 2 || at + len > n)
            return;
        madt_entry(m, t + at, len);
        at += len;
    }
}

/* The generic address at offset, if the table is that long; else the old field. */
static __init struct acpi_address fadt_address(const uint8_t *t, size_t n, size_t offset,
                                               size_t old)
{
    if (n >= offset + 12 && get64(t + offset + 4))
        return (struct acpi_address){ t[offset], get64(t + offset + 4) };
    return (struct acpi_address){ 1, n >= old + 4 ? get32(t + old) : 0 };
}

__init void acpi_parse_fadt(const uint8_t *t, size_t n, struct machine *m)
{
    if (n < 116)
        return;
    m->smi_command = get16(t + 48);
    m->acpi_enable = t[52];
    m->century = t[108];
    m->pm1a_control = fadt_address(t, n, 172, 64);
    m->pm1b_control = fadt_address(t, n, 184, 68);
    m->pm_timer = fadt_address(t, n, 208, 76);
    m->pm_timer_is_32bit = get32(t + 112) & FADT_TIMER_32BIT;
    if (n >= 129 && (get32(t + 112) & FADT_RESET_SUPPORTED)) {
        m->reset = (struct acpi_address){ t[116], get64(t + 120) };
        m->reset_value = t[128];
    }
}

__init uint64_t acpi_fadt_dsdt(const uint8_t *t, size_t n)
{
    if (n >= 148 && get64(t + 140))
        return get64(t + 140);
    return n >= 44 ? get32(t + 40) : 0;
}

__init void acpi_parse_hpet(const uint8_t *t, size_t n, struct machine *m)
{
    if (n >= 56 && t[40] == 0)
        m->hpet = get64(t + 44);
}

/*
 * AML: Name(_S5_, Package(...){a, b, ...}) is 08 "_S5_" 12 PkgLength NumElements a b; an
 * integer is 00, 01, or 0a and a byte. A leading backslash may stand before the name.
 */
static __init bool aml_small_integer(const uint8_t *t, size_t n, size_t *at, uint8_t *out)
{
    if (*at < n && t[*at] <= 1) {
        *out = t[(*at)++];
        return true;
    }
    if (*at + 1 < n && t[*at] == 0x0a) {
        *out = t[*at + 1];
        *at += 2;
        return true;
    }
    return false;
}

static __init bool parse_s5(const uint8_t *t, size_t n, size_t at, struct machine *m)
{
    if (at + 2 > n || t[at] != 0x12)
        return false;
    at += 2u + (t[at + 1] >> 6) + 1; /* package opcode, its length, its element count */
    return aml_small_integer(t, n, &at, &m->s5_type_a) &&
           aml_small_integer(t, n, &at, &m->s5_type_b);
}

__init void acpi_find_s5(const uint8_t *t, size_t n, struct machine *m)
{
    for (size_t i = ACPI_HEADER_SIZE + 2; i + 4 < n; i++) {
        if (t[i] != '_' || get32(t + i) != get32((const uint8_t *)"_S5_"))
            continue;
        if (t[i - 1] != 0x08 && !(t[i - 1] == '\\' && t[i - 2] == 0x08))
            continue;
        m->has_s5 = parse_s5(t, n, i + 4, m);
        return;
    }
}
