/* SPDX-License-Identifier: MIT */
/*
 * Privileged instructions of a guest kernel. Ring 3 makes them fault; what the
 * interface allows is carried out on the vCPU's virtual state, the rest faults in the
 * guest as well.
 */
#include "internal.h"

uint64_t *guest_reg(struct cpu_user_regs *regs, unsigned int nr)
{
#define REG(name) offsetof(struct cpu_user_regs, name)
    static const uint8_t offset[16] = { REG(rax), REG(rcx), REG(rdx), REG(rbx),
                                        REG(rsp), REG(rbp), REG(rsi), REG(rdi),
                                        REG(r8),  REG(r9),  REG(r10), REG(r11),
                                        REG(r12), REG(r13), REG(r14), REG(r15) };
#undef REG

    return (uint64_t *)((uint8_t *)regs + offset[nr & 15]);
}

void pv_skip_insn(struct vcpu *v, struct cpu_user_regs *regs, unsigned int length)
{
    regs->rip += length;
    regs->rflags &= ~X86_EFLAGS_RF;
    if (unlikely(regs->rflags & X86_EFLAGS_TF)) {
        v->pv.dr6 |= 1ul << 14; /* BS: single step */
        pv_inject(v, TRAP_DB, 0);
        frame_return_by_iret(regs); /* the instruction may have changed any register */
    }
}

static void put_edx_eax(struct cpu_user_regs *regs, uint64_t value)
{
    regs->rax = (uint32_t)value;
    regs->rdx = value >> 32;
}

static uint64_t get_edx_eax(const struct cpu_user_regs *regs)
{
    return (uint64_t)regs->edx << 32 | regs->eax;
}

/* RDTSC and RDTSCP fault for user mode only when the guest set CR4.TSD. */
static bool emulate_rdtsc(struct vcpu *v, struct cpu_user_regs *regs, bool with_aux)
{
    if (!v->pv.kernel_mode && (v->pv.cr4 & X86_CR4_TSD))
        return false;
    put_edx_eax(regs, rdtsc());
    if (with_aux)
        regs->rcx = (uint32_t)v->pv.msr_tsc_aux;
    return true;
}

static bool emulate_xsetbv(struct vcpu *v, struct cpu_user_regs *regs)
{
    if (!host_cpu.xsave || !(v->pv.cr4 & X86_CR4_OSXSAVE) || regs->ecx != 0)
        return false;
    return pv_set_xcr0(v, get_edx_eax(regs)) == 0;
}

static bool emulate_cpuid(struct vcpu *v, struct cpu_user_regs *regs)
{
    struct cpuid_regs out;

    pv_cpuid(v, regs->eax, regs->ecx, &out);
    regs->rax = out.a;
    regs->rbx = out.b;
    regs->rcx = out.c;
    regs->rdx = out.d;
    return true;
}

static bool emulate_group_0f01(struct vcpu *v, struct cpu_user_regs *regs,
                               const struct insn *i)
{
    if (i->modrm == 0xf9)
        return host_cpu.rdtscp && emulate_rdtsc(v, regs, true);
    if (i->modrm == 0xd1)
        return v->pv.kernel_mode && emulate_xsetbv(v, regs);
    return false;
}

static bool emulate_msr_access(struct vcpu *v, struct cpu_user_regs *regs, bool write)
{
    uint64_t value;

    if (write)
        return emulate_wrmsr(v, regs->ecx, get_edx_eax(regs));
    if (!emulate_rdmsr(v, regs->ecx, &value))
        return false;
    put_edx_eax(regs, value);
    return true;
}

/* Those that only a kernel may use. */
static bool emulate_kernel_only(struct vcpu *v, struct cpu_user_regs *regs,
                                const struct insn *i)
{
    if (!v->pv.kernel_mode)
        return false;
    switch (i->opcode) {
    case 0x06: /* CLTS */
        pv_set_ts(v, false);
        return true;
    case 0x08: /* INVD: WBINVD will do */
    case 0x09: /* WBINVD */
        if (pv_has_device_access(v->domain))
            __asm__ volatile("wbinvd" ::: "memory");
        return true;
    case 0x20:
    case 0x22:
        return emulate_cr(v, regs, i);
    case 0x21:
    case 0x23:
        return emulate_dr(v, regs, i);
    case 0x30:
        return emulate_msr_access(v, regs, true);
    case 0x32:
        return emulate_msr_access(v, regs, false);
    default:
        return false;
    }
}

static bool emulate_two_byte(struct vcpu *v, struct cpu_user_regs *regs,
                             const struct insn *i)
{
    switch (i->opcode) {
    case 0x01:
        return emulate_group_0f01(v, regs, i);
    case 0x31:
        return emulate_rdtsc(v, regs, false);
    case 0xa2:
        return emulate_cpuid(v, regs);
    default:
        return emulate_kernel_only(v, regs, i);
    }
}

static bool emulate_one_byte(struct vcpu *v, struct cpu_user_regs *regs,
                             const struct insn *i)
{
    if (i->opcode == 0xfa || i->opcode == 0xfb) /* CLI, STI: no effect on events */
        return v->pv.kernel_mode || v->pv.iopl == X86_EFLAGS_IOPL;
    return emulate_io(v, regs, i);
}

bool pv_emulate_privileged(struct vcpu *v, struct cpu_user_regs *regs)
{
    uint8_t buf[INSN_MAX];
    struct insn i;
    uint64_t base;
    unsigned int n;
    bool code64, done;

    if (!pv_code_segment(regs, &base, &code64))
        return false;
    n = pv_fetch_insn(regs, base, buf);
    if (insn_decode(buf, n, code64, &i))
        return false;
    done = i.two_byte ? emulate_two_byte(v, regs, &i) : emulate_one_byte(v, regs, &i);
    /* A string instruction that is to go on stays where it is. */
    if (done && !v->pv.io_again)
        pv_skip_insn(v, regs, i.length);
    v->pv.io_again = false;
    return done;
}
