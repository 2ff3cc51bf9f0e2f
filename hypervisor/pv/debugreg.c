/* SPDX-License-Identifier: MIT */
/*
 * Debug registers. The guest's values live in the vCPU and are in the processor while it
 * runs only if a breakpoint is armed. Breakpoints may not lie in the hypervisor's range,
 * nor be global-detect or I/O ones without CR4.DE.
 */
#include "internal.h"

#define DR6_SHOWN   0xe00ful     /* B0-3, BD, BS, BT */
#define DR6_FIXED   0xffff0ff0ul /* reads as 1 */
#define DR7_ARMED   0xfful       /* L0-3, G0-3 */
#define DR7_ALLOWED 0xffff03fful
#define DR7_FIXED   0x400ul
#define DR7_GD      0x2000ul /* would make MOV DR fault in the hypervisor */

static bool breakpoint_okay(uint64_t addr)
{
    return is_canonical(addr) && guest_range_ok(addr, 8);
}

static int check_dr7(const struct vcpu *v, uint64_t *value)
{
    uint64_t dr7 = (*value & DR7_ALLOWED) | DR7_FIXED;

    if (*value & DR7_GD)
        return -EPERM;
    for (unsigned int n = 0; n < 4; n++) {
        unsigned int kind = dr7 >> (16 + n * 4) & 3;

        if (kind == 2 && !(v->pv.cr4 & X86_CR4_DE) && (dr7 >> (n * 2) & 3))
            return -EPERM;
    }
    *value = dr7;
    return 0;
}

static void load_one(unsigned int n, uint64_t value)
{
    switch (n) {
    case 0:
        __asm__ volatile("mov %0, %%db0" ::"r"(value));
        break;
    case 1:
        __asm__ volatile("mov %0, %%db1" ::"r"(value));
        break;
    case 2:
        __asm__ volatile("mov %0, %%db2" ::"r"(value));
        break;
    default:
        __asm__ volatile("mov %0, %%db3" ::"r"(value));
        break;
    }
}

static void load_dr7(uint64_t value)
{
    __asm__ volatile("mov %0, %%db7" ::"r"(value));
}

void pv_load_debugregs(struct vcpu *v)
{
    if (!(v->pv.dr7 & DR7_ARMED))
        return;
    for (unsigned int n = 0; n < 4; n++)
        load_one(n, v->pv.dr[n]);
    load_dr7(v->pv.dr7);
}

void pv_unload_debugregs(struct vcpu *v)
{
    if (v->pv.dr7 & DR7_ARMED)
        load_dr7(DR7_FIXED);
}

static int set_dr7(struct vcpu *v, uint64_t value)
{
    int rc;

    if (value >> 32)
        return -EINVAL;
    rc = check_dr7(v, &value);
    if (rc)
        return rc;
    if (v == current)
        pv_unload_debugregs(v);
    v->pv.dr7 = value;
    if (v == current)
        pv_load_debugregs(v);
    return 0;
}

/* 4 and 5 are other names of 6 and 7, unless CR4.DE is set. */
static bool has_debugreg(const struct vcpu *v, unsigned int reg)
{
    return reg < 8 && !((reg == 4 || reg == 5) && (v->pv.cr4 & X86_CR4_DE));
}

int pv_set_debugreg(struct vcpu *v, unsigned int reg, uint64_t value)
{
    if (!has_debugreg(v, reg))
        return -ENODEV;
    switch (reg) {
    case 0 ... 3:
        if (!breakpoint_okay(value))
            return -EPERM;
        v->pv.dr[reg] = value;
        if (v == current && (v->pv.dr7 & DR7_ARMED))
            load_one(reg, value);
        return 0;
    case 4:
    case 6:
        if (value >> 32)
            return -EINVAL;
        v->pv.dr6 = value & DR6_SHOWN;
        return 0;
    default:
        return set_dr7(v, value);
    }
}

uint64_t pv_get_debugreg(const struct vcpu *v, unsigned int reg)
{
    switch (reg) {
    case 0 ... 3:
        return v->pv.dr[reg];
    case 4:
    case 6:
        return (v->pv.dr6 & DR6_SHOWN) | DR6_FIXED;
    case 5:
    case 7:
        return v->pv.dr7 | DR7_FIXED;
    default:
        return 0;
    }
}

bool emulate_dr(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *i)
{
    unsigned int dr = i->modrm >> 3 & 7;
    uint64_t *reg = guest_reg(regs, (i->modrm & 7) | (i->rex & 1) << 3);

    if ((i->rex & 4) || !has_debugreg(v, dr))
        return false;
    if (i->opcode == 0x23)
        return pv_set_debugreg(v, dr, *reg) == 0;
    *reg = pv_get_debugreg(v, dr);
    return true;
}

/* hypercall 8. 0, or what pv_set_debugreg() returns. */
long hc_set_debugreg(int reg, unsigned long value)
{
    return pv_set_debugreg(current, (unsigned int)reg, value);
}

/* hypercall 9: the value; -ENODEV: no such register. */
long hc_get_debugreg(int reg)
{
    const struct vcpu *v = current;

    if (!has_debugreg(v, (unsigned int)reg))
        return -ENODEV;
    return (long)pv_get_debugreg(v, (unsigned int)reg);
}
