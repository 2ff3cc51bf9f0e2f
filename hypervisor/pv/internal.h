/* SPDX-License-Identifier: MIT */
/* What the files of the PV machine share among themselves. */
#ifndef PV_INTERNAL_H
#define PV_INTERNAL_H

#include <hv/cpu.h>
#include <hv/cpu_policy.h>
#include <hv/domain.h>
#include <hv/guest_copy.h>
#include <hv/guest_entry.h>
#include <hv/heap.h>
#include <hv/hooks.h>
#include <hv/hypercall.h>
#include <hv/softirq.h>
#include <hv/lib.h>
#include <hv/parts.h>
#include <hv/pv.h>
#include <hv/trap.h>

/* A domain's share of the PV machine that is not per vCPU. */
struct pv_domain {
    uint64_t *io_ports;        /* 65536 bits, set = allowed; null = none */
    uint32_t pci_address;      /* what the guest has written to port 0xcf8 */
    struct cpu_policy *policy; /* null = the default one */
    uint64_t unwound;          /* teardown: frames below it have no pin left */
};

/* CR4 bits a guest may choose, and those it is shown as they are. */
#define GUEST_CR4_OWN (X86_CR4_TSD | X86_CR4_DE | X86_CR4_FSGSBASE | X86_CR4_OSXSAVE)
#define GUEST_CR4_SHOWN                                                       \
    (X86_CR4_PSE | X86_CR4_PAE | X86_CR4_MCE | X86_CR4_PGE | X86_CR4_OSFXSR | \
     X86_CR4_OSXMMEXCPT)

static inline bool is_canonical(uint64_t addr)
{
    return (uint64_t)((int64_t)(addr << 16) >> 16) == addr;
}

/* Forces ring 3 on a selector that a guest supplied. */
static inline uint16_t selector_to_ring3(uint16_t sel)
{
    return sel | 3;
}

/* The vCPU whose frame regs is: cheaper than current where regs is at hand. */
static always_inline struct vcpu *regs_vcpu(struct cpu_user_regs *regs)
{
    return container_of(regs, struct vcpu, regs);
}

/* --- bounce.c --- */
/* Where `vector` is to be continued, by v's trap table; false: no handler set. */
bool pv_trap_lookup(struct vcpu *v, unsigned int vector, struct pv_bounce *b);
/* Crashes v's domain: there is no handler, or no stack for its frame at sp. */
void pv_bounce_failed(struct vcpu *v, uint64_t rip, uint64_t sp);
void pv_unhandled_trap(struct vcpu *v, unsigned int vector, uint32_t error_code);
/* Continues v at its failsafe callback with null data selectors. */
void pv_failsafe(struct vcpu *v);
/* Copies the loaded ES, DS, FS and GS into v->regs; v is current. */
void pv_read_data_selectors(struct vcpu *v);

/* --- traps.c --- */
/* #PF of the guest's own memory: its handler gets the address through vcpu_info. */
void pv_inject_page_fault(struct vcpu *v, uint32_t error_code, unsigned long cr2);

/* --- emulate.c --- */
/* #GP with error code 0: true when the instruction was emulated
 * (or faulted otherwise). */
bool pv_emulate_privileged(struct vcpu *v, struct cpu_user_regs *regs);

/* --- decode.c --- */
#define INSN_MAX 15

/* A decoded instruction of those that a PV kernel may need emulated. */
struct insn {
    uint8_t length;
    uint8_t opcode; /* last opcode byte */
    bool two_byte;  /* 0x0f prefix */
    bool opsize16, addr32, rex_w, rep;
    uint8_t rex;
    uint8_t modrm; /* valid for two-byte opcodes that have one */
    uint8_t imm8;
    uint8_t segment; /* override: 0 none, else the prefix byte */
};

/*
 * Decodes the instruction in buf[0..n-1]. code64: 64-bit code segment. Returns 0, or
 * -EINVAL when it is none that is emulated, or is cut off.
 */
int must_check insn_decode(const uint8_t *buf, unsigned int n, bool code64,
                           struct insn *out);

/* --- segment_read.c --- */
/* Base and 64-bit-ness of the guest's code segment. False: not a usable code segment. */
bool pv_code_segment(const struct cpu_user_regs *regs, uint64_t *base, bool *code64);
/* Reads up to INSN_MAX instruction bytes at regs->rip; the number read. */
unsigned int pv_fetch_insn(const struct cpu_user_regs *regs, uint64_t base, uint8_t *buf);

/* --- emulate*.c: each returns true when done (rip not yet advanced), false = #GP --- */
bool emulate_io(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *i);
bool emulate_cr(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *i);
bool emulate_dr(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *i);
bool emulate_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *value);
bool emulate_wrmsr(struct vcpu *v, uint32_t msr, uint64_t value);
/* General register by its number in an instruction (0 rax .. 15 r15). */
uint64_t *guest_reg(struct cpu_user_regs *regs, unsigned int nr);
/* Finishes an emulated instruction of `length` bytes: rip, RF, single-step trap. */
void pv_skip_insn(struct vcpu *v, struct cpu_user_regs *regs, unsigned int length);

/* XCR0 of v, in the processor too when v is current. 0; -EINVAL: a bit or combination
 * that the processor would refuse or that is not offered. */
int must_check pv_set_xcr0(struct vcpu *v, uint64_t value);

/* --- cpuid.c --- */
/* What v sees for a leaf. */
void pv_cpuid(const struct vcpu *v, uint32_t leaf, uint32_t sub, struct cpuid_regs *out);
void pv_policy_free(struct pv_domain *pd);
/* Is XEN_X86_FEATURE_* offered to v? */
bool pv_has_feature(const struct vcpu *v, unsigned int feature);

/* --- time_area.c --- */
/* Writes v's time records whether or not they look current (new vcpu_info, resume). */
void pv_force_vcpu_time(struct vcpu *v);

/* The PAT of the ABI: WB WT UC- UC WC WP UC UC. */
#define GUEST_PAT 0x050100070406ull

/* --- debugreg.c --- */
/* 0; -ENODEV no such register; -EINVAL bits above 31 of DR6, DR7; -EPERM an address or a
 * kind of breakpoint that is not allowed. */
int pv_set_debugreg(struct vcpu *v, unsigned int reg, uint64_t value);
uint64_t pv_get_debugreg(const struct vcpu *v, unsigned int reg);
void pv_load_debugregs(struct vcpu *v);
void pv_unload_debugregs(struct vcpu *v);

/* --- descriptor.c --- */
int must_check pv_set_gdt(struct vcpu *v, const uint64_t *frames, unsigned int entries);
void pv_drop_gdt(struct vcpu *v);
int must_check pv_set_ldt(struct vcpu *v, unsigned long base, unsigned int entries);
void pv_drop_ldt_mappings(struct vcpu *v);
/* Puts v's referenced LDT pages into this CPU's window. */
void pv_show_ldt(struct vcpu *v);

/* --- context.c --- */
/* Does EFLAGS.IOPL as the guest finds and leaves it in frames mean its virtual IOPL? */
static inline bool has_virtual_iopl(const struct domain *d)
{
    return READ_ONCE(d->vm_assist) >> VMASST_TYPE_architectural_iopl & 1;
}
/* Virtual CR0.TS: kept in v, and in the processor when v is current. */
void pv_set_ts(struct vcpu *v, bool ts);
/* The CR4 that the processor must have while v runs. */
unsigned long pv_hw_cr4(const struct vcpu *v);
void pv_load_cr4(const struct vcpu *v);
/* TSC_AUX of v, if this CPU holds another value. */
void pv_load_tsc_aux(const struct vcpu *v);
/* FS and GS bases of current's present mode. */
static always_inline uint64_t pv_read_fs_base(void)
{
    return rdmsr(MSR_FS_BASE);
}

static always_inline void pv_write_fs_base(uint64_t base)
{
    wrmsr(MSR_FS_BASE, base);
}

static always_inline uint64_t pv_read_gs_base(void)
{
    return rdmsr(MSR_KERNEL_GS_BASE);
}

static always_inline void pv_write_gs_base(uint64_t base)
{
    wrmsr(MSR_KERNEL_GS_BASE, base);
}

/* --- mmu (page tables) --- */
int pv_drop_roots(struct vcpu *v);
int pv_mm_relinquish(struct domain *d);
/* The kernel root's level-1 entry for va; false: not mapped to that level. */
bool pv_kernel_pte(struct vcpu *v, unsigned long va, uint64_t *pte);
bool pv_try_pte_write(struct cpu_user_regs *regs, unsigned long addr);

/* May d drive devices: map their memory, flush caches? */
static inline bool pv_has_device_access(const struct domain *d)
{
    return d->is_privileged || d->pv->io_ports;
}

/* RFLAGS bits that a guest may have loaded by iret or a new context. */
#define GUEST_RFLAGS_ALLOWED                                                   \
    (0x8d5ul | X86_EFLAGS_TF | X86_EFLAGS_DF | X86_EFLAGS_NT | X86_EFLAGS_RF | \
     X86_EFLAGS_AC | X86_EFLAGS_ID | X86_EFLAGS_OF)

/* --- io permissions --- */
bool pv_io_port_allowed(const struct domain *d, unsigned int port, unsigned int bytes);
/* The guest's own rule: IOPL, or its bitmap. */
bool pv_guest_io_okay(struct vcpu *v, struct cpu_user_regs *regs, unsigned int port,
                      unsigned int bytes);

#endif
