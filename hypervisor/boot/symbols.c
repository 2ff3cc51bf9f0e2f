/* SPDX-License-Identifier: MIT */
/*
 * The image's own symbol table, for backtraces: code symbols in order of address, made
 * by symtab.awk from the first of the two links.
 */
#include <hv/layout.h>
#include <hv/symbols.h>

struct symbol {
    uint32_t address; /* less HV_IMAGE_START */
    uint32_t name;    /* offset in symbol_names */
};

extern const uint64_t symbol_count;
extern const struct symbol symbol_table[];
extern const char symbol_names[];
extern const char __text_start[], __init_end[];

const char *symbol_lookup(uintptr_t addr, uintptr_t *offset)
{
    uint64_t below = 0, above = symbol_count;

    if (addr < (uintptr_t)__text_start || addr >= (uintptr_t)__init_end)
        return NULL;
    while (above - below > 1) {
        uint64_t mid = (below + above) / 2;

        if (symbol_table[mid].address + HV_IMAGE_START <= addr)
            below = mid;
        else
            above = mid;
    }
    if (below == above || symbol_table[below].address + HV_IMAGE_START > addr)
        return NULL;
    *offset = addr - (symbol_table[below].address + HV_IMAGE_START);
    return symbol_names + symbol_table[below].name;
}

const char *symbol_at(uint32_t index, uintptr_t *addr)
{
    if (index >= symbol_count)
        return NULL;
    *addr = symbol_table[index].address + HV_IMAGE_START;
    return symbol_names + symbol_table[index].name;
}
