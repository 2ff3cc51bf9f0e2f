/* SPDX-License-Identifier: MIT */
/* The guest's code segment and its instruction bytes, for emulation. */
#include "internal.h"

#define DESC_CODE    (1ull << 43)
#define DESC_S       (1ull << 44)
#define DESC_PRESENT (1ull << 47)
#define DESC_L       (1ull << 53)

/*
 * Reads the descriptor of sel from this CPU's windows, through which the processor
 * itself sees it. 0 when there is none.
 */
static uint64_t read_descriptor(const struct vcpu *v, uint16_t sel)
{
    unsigned int index = sel >> 3;
    uint64_t desc;

    if (!(sel & 4)) {
        if (index >= v->pv.gdt_entries)
            return 0;
        desc = ((const uint64_t *)DESC_WINDOW(smp_cpu_id()))[index];
        return desc;
    }
    if (index >= v->pv.ldt_entries ||
        guest_read(&desc, v->pv.ldt_base + index * 8ul, sizeof(desc)))
        return 0;
    return desc;
}

static uint64_t descriptor_base(uint64_t desc)
{
    return (desc >> 16 & 0xffffff) | (desc >> 32 & 0xff000000);
}

bool pv_code_segment(const struct cpu_user_regs *regs, uint64_t *base, bool *code64)
{
    uint64_t desc;

    *base = 0;
    *code64 = regs->cs == FLAT_RING3_CS64;
    if (*code64 || regs->cs == FLAT_RING3_CS32)
        return true;
    desc = read_descriptor(current, regs->cs);
    if ((desc & (DESC_PRESENT | DESC_S | DESC_CODE)) !=
        (DESC_PRESENT | DESC_S | DESC_CODE))
        return false;
    *code64 = desc & DESC_L;
    if (!*code64)
        *base = descriptor_base(desc);
    return true;
}

unsigned int pv_fetch_insn(const struct cpu_user_regs *regs, uint64_t base, uint8_t *buf)
{
    uint64_t at = regs->rip + base;
    unsigned int in_page = (unsigned int)(PAGE_SIZE - (at & ~PAGE_MASK));

    if (!guest_read(buf, at, INSN_MAX))
        return INSN_MAX;
    if (in_page < INSN_MAX && !guest_read(buf, at, in_page))
        return in_page;
    return 0;
}
