/* SPDX-License-Identifier: MIT */
/* Lookup of fault fixups. The table is short and looked at only after a fault. */
#include <hv/extable.h>

struct ex_entry {
    int32_t fault, fixup; /* distances from the word itself */
};

extern const struct ex_entry __ex_table_start[], __ex_table_end[];

uintptr_t extable_lookup(uintptr_t rip)
{
    for (const struct ex_entry *e = __ex_table_start; e < __ex_table_end; e++)
        if ((uintptr_t)&e->fault + (uintptr_t)(intptr_t)e->fault == rip)
            return (uintptr_t)&e->fixup + (uintptr_t)(intptr_t)e->fixup;
    return 0;
}
