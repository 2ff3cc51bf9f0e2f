/* SPDX-License-Identifier: MIT */
/*
 * Segment descriptors that a 64-bit guest may have (SDM volume 3, 3.4.5 and 3.5): code
 * and data segments of ring 3, and call gates into such. Other system descriptors could
 * name the hypervisor's own structures.
 */
#include <hv/page_type.h>

#define DESC_TYPE(d)   (((d) >> 40) & 0xf)
#define DESC_S         (1ull << 44) /* code or data */
#define DESC_DPL       (3ull << 45)
#define DESC_P         (1ull << 47)
#define TYPE_CALL_GATE 0xc
/* Call gate: parameter count and its reserved neighbours, zero in long mode. */
#define GATE_RESERVED    (0xffull << 32)
#define GATE_SELECTOR(d) ((unsigned int)((d) >> 16) & 0xffff)
#define SELECTOR_LDT     4u

/* The guest's own descriptors (checked like this one) or its flat code segment; a null
 * selector faults when the gate is used. */
static bool gate_target_ok(unsigned int sel)
{
    return (sel & SELECTOR_LDT) || sel / 8 < FIRST_RESERVED_GDT_ENTRY ||
           sel == FLAT_KERNEL_CS;
}

bool page_desc_check(uint64_t *desc)
{
    uint64_t d = *desc;

    if (!(d & DESC_P))
        return true;
    if (!(d & DESC_S)) {
        /* Type 0 is the second half of a 16-byte descriptor: it faults when used. */
        if (DESC_TYPE(d) && (DESC_TYPE(d) != TYPE_CALL_GATE || (d & GATE_RESERVED) ||
                             !gate_target_ok(GATE_SELECTOR(d))))
            return false;
    }
    if ((d & DESC_DPL) != DESC_DPL)
        *desc = d | DESC_DPL;
    return true;
}
