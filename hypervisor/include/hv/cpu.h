/* SPDX-License-Identifier: MIT */
/* Processor features, control registers, MSRs: thin, one instruction each. */
#ifndef HV_CPU_H
#define HV_CPU_H

#include <hv/compiler.h>
#include <hv/percpu.h>
#include <hv/types.h>

/* Facts about the boot processor; all others must have them too (checked at start). */
struct cpu_features {
    char vendor[13];
    unsigned int family, model, stepping;
    unsigned int max_leaf, max_ext_leaf;
    unsigned int phys_bits, virt_bits;
    bool is_intel_like; /* SYSCALL in compatibility mode faults; SYSENTER works */
    bool fsgsbase, smep, smap, xsave, xsaveopt, xsavec, avx, nx, page1gb, rdtscp, x2apic,
        pcid, invpcid, tsc_invariant, tsc_deadline, arat, mwait, fxsr, sse, syscall, pge,
        pat, arch_caps_msr;
    uint64_t arch_caps;      /* MSR_ARCH_CAPS; 0 if there is none */
    uint64_t xcr0;           /* state components we allow */
    unsigned int xsave_size; /* bytes for xcr0 */
};
extern struct cpu_features host_cpu;

#define X86_CR0_PE         (1ul << 0)
#define X86_CR0_MP         (1ul << 1)
#define X86_CR0_EM         (1ul << 2)
#define X86_CR0_TS         (1ul << 3)
#define X86_CR0_ET         (1ul << 4)
#define X86_CR0_NE         (1ul << 5)
#define X86_CR0_WP         (1ul << 16)
#define X86_CR0_AM         (1ul << 18)
#define X86_CR0_PG         (1ul << 31)
#define X86_CR4_VME        (1ul << 0)
#define X86_CR4_TSD        (1ul << 2)
#define X86_CR4_DE         (1ul << 3)
#define X86_CR4_PSE        (1ul << 4)
#define X86_CR4_PAE        (1ul << 5)
#define X86_CR4_MCE        (1ul << 6)
#define X86_CR4_PGE        (1ul << 7)
#define X86_CR4_OSFXSR     (1ul << 9)
#define X86_CR4_OSXMMEXCPT (1ul << 10)
#define X86_CR4_FSGSBASE   (1ul << 16)
#define X86_CR4_PCIDE      (1ul << 17)
#define X86_CR4_OSXSAVE    (1ul << 18)
#define X86_CR4_SMEP       (1ul << 20)
#define X86_CR4_SMAP       (1ul << 21)

#define X86_EFLAGS_CF   (1ul << 0)
#define X86_EFLAGS_TF   (1ul << 8)
#define X86_EFLAGS_IF   (1ul << 9)
#define X86_EFLAGS_DF   (1ul << 10)
#define X86_EFLAGS_OF   (1ul << 11)
#define X86_EFLAGS_IOPL (3ul << 12)
#define X86_EFLAGS_NT   (1ul << 14)
#define X86_EFLAGS_RF   (1ul << 16)
#define X86_EFLAGS_VM   (1ul << 17)
#define X86_EFLAGS_AC   (1ul << 18)
#define X86_EFLAGS_VIF  (1ul << 19)
#define X86_EFLAGS_VIP  (1ul << 20)
#define X86_EFLAGS_ID   (1ul << 21)

#define MSR_APIC_BASE      0x1b
#define MSR_PLATFORM_INFO  0xce
#define MSR_ARCH_CAPS      0x10a
#define MSR_MCG_CAP        0x179
#define MSR_MC0_STATUS     0x401 /* bank n: + 4n; the address follows */
#define MSR_PAT            0x277
#define MSR_MISC_ENABLE    0x1a0
#define MSR_EFER           0xc0000080
#define MSR_STAR           0xc0000081
#define MSR_LSTAR          0xc0000082
#define MSR_CSTAR          0xc0000083
#define MSR_SFMASK         0xc0000084
#define MSR_FS_BASE        0xc0000100
#define MSR_GS_BASE        0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_TSC_AUX        0xc0000103
#define MSR_SYSENTER_CS    0x174
#define MSR_SYSENTER_ESP   0x175
#define MSR_SYSENTER_EIP   0x176

static inline uint64_t rdmsr(uint32_t msr)
{
    uint32_t lo, hi;

    __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
    return lo | (uint64_t)hi << 32;
}

static inline void wrmsr(uint32_t msr, uint64_t v)
{
    __asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)));
}

/* The same from and to memory, half by half as the instructions have it. */
static inline void rdmsr_to(uint32_t msr, uint64_t *value)
{
    uint32_t *half = (uint32_t *)value;

    __asm__ volatile("rdmsr" : "=a"(half[0]), "=d"(half[1]) : "c"(msr));
}

static inline void wrmsr_from(uint32_t msr, const uint64_t *value)
{
    const uint32_t *half = (const uint32_t *)value;

    __asm__ volatile("wrmsr" ::"c"(msr), "a"(half[0]), "d"(half[1]));
}

/* The same, but a #GP is reported: 0 or -EFAULT. */
int must_check rdmsr_safe(uint32_t msr, uint64_t *v);
int must_check wrmsr_safe(uint32_t msr, uint64_t v);

static inline uint64_t rdtsc(void)
{
    uint32_t lo, hi;

    __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi)::"memory");
    return lo | (uint64_t)hi << 32;
}

struct cpuid_regs {
    uint32_t a, b, c, d;
};

static inline struct cpuid_regs cpuid(uint32_t leaf, uint32_t sub)
{
    struct cpuid_regs r;

    __asm__ volatile("cpuid"
                     : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
                     : "a"(leaf), "c"(sub));
    return r;
}

#define DEFINE_CR(n)                                                \
    static inline unsigned long read_cr##n(void)                    \
    {                                                               \
        unsigned long v;                                            \
        __asm__ volatile("mov %%cr" #n ", %0" : "=r"(v)::"memory"); \
        return v;                                                   \
    }                                                               \
    static inline void write_cr##n(unsigned long v)                 \
    {                                                               \
        __asm__ volatile("mov %0, %%cr" #n ::"r"(v) : "memory");    \
    }
DEFINE_CR(0)
DEFINE_CR(2)
DEFINE_CR(3)
DEFINE_CR(4)
#undef DEFINE_CR

#ifndef HV_HOST_BUILD
static inline void irq_enable(void)
{
    __asm__ volatile("sti" ::: "memory");
}

static inline void irq_disable(void)
{
    __asm__ volatile("cli" ::: "memory");
}
#else
static inline void irq_enable(void)
{
}

static inline void irq_disable(void)
{
}
#endif

static inline void cpu_relax(void)
{
    __asm__ volatile("pause" ::: "memory");
}

static inline void outb(uint16_t port, uint8_t v)
{
    __asm__ volatile("outb %0, %1" ::"a"(v), "Nd"(port));
}

static inline uint8_t inb(uint16_t port)
{
    uint8_t v;

    __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}

/* Selectors: the ABI's flat ones are FLAT_RING3_*; these are the hypervisor's own. They
 * lie in the reserved part of the GDT (entries 14*512 on). */
#define GDT_RESERVED_PAGE 14
#define HV_CS             0xe008
#define HV_DS             0xe010
#define TSS_SELECTOR      0xe040
#define LDT_SELECTOR      0xe050

/* End of this CPU's hypervisor stack, 16-byte aligned; set before the CPU's tables are.
 */
DECLARE_PER_CPU(uintptr_t, stack_top);

/* Fills in `cpu`, on the boot CPU. Panics when the processor lacks what we cannot do
 * without. */
void cpu_detect(void);
/*
 * Sets CR0, CR4, EFER, PAT, XCR0 and the system-call MSRs of this CPU; stack_top is set.
 * Panics when this CPU lacks a feature that the boot CPU has.
 */
void cpu_setup(void);

/*
 * CR4 while a guest runs is cpu_cr4_base with those bits of cpu_cr4_available (TSD, DE,
 * FSGSBASE, OSXSAVE) that it chose; cpu_cr4_loaded is what the register holds. So the
 * hypervisor itself must not rely on FSGSBASE.
 */
DECLARE_PER_CPU(unsigned long, cpu_cr4_base);
DECLARE_PER_CPU(unsigned long, cpu_cr4_loaded);
extern unsigned long cpu_cr4_available;

static inline uint64_t xgetbv(uint32_t index)
{
    uint32_t lo, hi;

    __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(index));
    return lo | (uint64_t)hi << 32;
}

static inline void xsetbv(uint32_t index, uint64_t v)
{
    __asm__ volatile("xsetbv" ::"c"(index), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)));
}

/* FPU state of guests (x86/fpu.c). The area is allocated for host_cpu.xsave_size. */
/* By cpu_detect(), once host_cpu.xsave is known. */
void fpu_detect(void);
struct fpu_area;
struct fpu_area *fpu_alloc(void);
void fpu_free(struct fpu_area *a);
/* Save to / load from with CR0.TS clear; the whole state of host_cpu.xcr0 both ways. */
void fpu_save(struct fpu_area *a, uint64_t xcr0);
void fpu_restore(struct fpu_area *a, uint64_t xcr0);
/* Power-on state of an area. */
void fpu_init_area(struct fpu_area *a);
/* Legacy 512-byte image in and out (vcpu_guest_context.fpu_ctxt). 0 or -EINVAL (reserved
 * MXCSR bits). */
int must_check fpu_import_legacy(struct fpu_area *a, const void *image);
void fpu_export_legacy(const struct fpu_area *a, void *image);
/* XSAVE's whole image, host_cpu.xsave_size bytes in the standard format, in and out; in:
 * 0, or -EINVAL for what XRSTOR would refuse. Only with host_cpu.xsave. */
int must_check fpu_import_xsave(struct fpu_area *a, const void *image);
void fpu_export_xsave(const struct fpu_area *a, void *image);

#endif
