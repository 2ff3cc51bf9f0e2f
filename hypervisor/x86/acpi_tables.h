/* SPDX-License-Identifier: MIT */
/* Reading of ACPI tables that lie in memory as a whole; no hardware is touched. */
#ifndef X86_ACPI_TABLES_H
#define X86_ACPI_TABLES_H

#include "platform.h"

#define ACPI_HEADER_SIZE 36
#define ACPI_MAX_TABLE   (4u << 20)

/* Do n bytes sum up to 0? */
bool acpi_checksum_ok(const uint8_t *p, size_t n);
/* Is p an RSDP? n bytes can be looked at. */
bool acpi_is_rsdp(const uint8_t *p, size_t n);
/* Machine address of the root table, and whether its entries are 64 bits wide. */
uint64_t acpi_rsdp_root(const uint8_t *p, size_t n, bool *is_wide);

/* Each takes a whole table with a right checksum, n bytes, and fills in m. */
void acpi_parse_madt(const uint8_t *t, size_t n, struct machine *m);
void acpi_parse_fadt(const uint8_t *t, size_t n, struct machine *m);
void acpi_parse_hpet(const uint8_t *t, size_t n, struct machine *m);
/* The DSDT's (or an SSDT's) \_S5 package. */
void acpi_find_s5(const uint8_t *t, size_t n, struct machine *m);
/* Machine address of the DSDT that a FADT names. */
uint64_t acpi_fadt_dsdt(const uint8_t *t, size_t n);

#endif
