/* SPDX-License-Identifier: MIT */
/*
 * The x86-64 half of the core ABI: selectors, the hypervisor's address range, register
 * frames, traps, the initial state of a vCPU and the x86 parts of the shared pages.
 *
 * Specified by: xen/arch-x86/xen.h, xen/arch-x86/xen-x86_64.h.
 */
#ifndef ABI_ARCH_X86_XEN_H
#define ABI_ARCH_X86_XEN_H

#include <abi/types.h>

#define XEN_HAVE_PV_GUEST_ENTRY 1
#define XEN_HAVE_PV_UPCALL_MASK 1

/*
 * The GDT: a guest owns the entries of its first 14 pages, the hypervisor the rest,
 * where the flat selectors below live. All have RPL 3; the base is 0.
 */
#define FIRST_RESERVED_GDT_PAGE  14
#define FIRST_RESERVED_GDT_BYTE  (FIRST_RESERVED_GDT_PAGE * 4096)
#define FIRST_RESERVED_GDT_ENTRY (FIRST_RESERVED_GDT_BYTE / 8)

#define FLAT_RING3_CS32 0xe023
#define FLAT_RING3_CS64 0xe033
#define FLAT_RING3_DS32 0xe02b
#define FLAT_RING3_DS64 0x0000
#define FLAT_RING3_SS32 0xe02b
#define FLAT_RING3_SS64 0xe02b

#define FLAT_KERNEL_DS64 FLAT_RING3_DS64
#define FLAT_KERNEL_DS32 FLAT_RING3_DS32
#define FLAT_KERNEL_DS   FLAT_KERNEL_DS64
#define FLAT_KERNEL_CS64 FLAT_RING3_CS64
#define FLAT_KERNEL_CS32 FLAT_RING3_CS32
#define FLAT_KERNEL_CS   FLAT_KERNEL_CS64
#define FLAT_KERNEL_SS64 FLAT_RING3_SS64
#define FLAT_KERNEL_SS32 FLAT_RING3_SS32
#define FLAT_KERNEL_SS   FLAT_KERNEL_SS64

#define FLAT_USER_DS64 FLAT_RING3_DS64
#define FLAT_USER_DS32 FLAT_RING3_DS32
#define FLAT_USER_DS   FLAT_USER_DS64
#define FLAT_USER_CS64 FLAT_RING3_CS64
#define FLAT_USER_CS32 FLAT_RING3_CS32
#define FLAT_USER_CS   FLAT_USER_CS64
#define FLAT_USER_SS64 FLAT_RING3_SS64
#define FLAT_USER_SS32 FLAT_RING3_SS32
#define FLAT_USER_SS   FLAT_USER_SS64

/* Virtual addresses that belong to the hypervisor (PML4 slots 256-271). */
#define __HYPERVISOR_VIRT_START 0xFFFF800000000000
#define __HYPERVISOR_VIRT_END   0xFFFF880000000000
#define __MACH2PHYS_VIRT_START  0xFFFF800000000000
#define __MACH2PHYS_VIRT_END    0xFFFF804000000000
#define HYPERVISOR_VIRT_START   xen_mk_ulong(__HYPERVISOR_VIRT_START)
#define HYPERVISOR_VIRT_END     xen_mk_ulong(__HYPERVISOR_VIRT_END)
/* Machine-to-physical table: pfn by mfn, 8 bytes each, read-only to guests. */
#define MACH2PHYS_VIRT_START    xen_mk_ulong(__MACH2PHYS_VIRT_START)
#define MACH2PHYS_VIRT_END      xen_mk_ulong(__MACH2PHYS_VIRT_END)
#define MACH2PHYS_NR_ENTRIES    ((MACH2PHYS_VIRT_END - MACH2PHYS_VIRT_START) >> 3)
#define machine_to_phys_mapping ((unsigned long *)HYPERVISOR_VIRT_START)

/* HYPERVISOR_set_segment_base(which, base): base is an address, or a selector. */
#define SEGBASE_FS          0
#define SEGBASE_GS_USER     1
#define SEGBASE_GS_KERNEL   2
#define SEGBASE_GS_USER_SEL 3 /* base[15:0] is a selector */

/* vcpu_info slots inside shared_info; later vCPUs must register their own. */
#define XEN_LEGACY_MAX_VCPUS 32

/* iret_context.flags: leave by SYSRET, so RCX and R11 need not be restored. */
#define _VGCF_in_syscall 8
#define VGCF_in_syscall  (1 << _VGCF_in_syscall)
#define VGCF_IN_SYSCALL  VGCF_in_syscall

/* vcpu_guest_context.flags */
#define VGCF_I387_VALID                (1 << 0)
#define VGCF_IN_KERNEL                 (1 << 2)
#define _VGCF_i387_valid               0 /* fpu_ctxt holds FXSAVE state */
#define VGCF_i387_valid                (1 << _VGCF_i387_valid)
#define _VGCF_in_kernel                2 /* starts in guest kernel mode */
#define VGCF_in_kernel                 (1 << _VGCF_in_kernel)
#define _VGCF_failsafe_disables_events 3
#define VGCF_failsafe_disables_events  (1 << _VGCF_failsafe_disables_events)
#define _VGCF_syscall_disables_events  4
#define VGCF_syscall_disables_events   (1 << _VGCF_syscall_disables_events)
#define _VGCF_online                   5 /* runnable at once, no VCPUOP_up needed */
#define VGCF_online                    (1 << _VGCF_online)

/* Devices emulated for a domain; a PV guest may have the PIT at most. */
#define _XEN_X86_EMU_LAPIC    0
#define XEN_X86_EMU_LAPIC     (1U << _XEN_X86_EMU_LAPIC)
#define _XEN_X86_EMU_HPET     1
#define XEN_X86_EMU_HPET      (1U << _XEN_X86_EMU_HPET)
#define _XEN_X86_EMU_PM       2
#define XEN_X86_EMU_PM        (1U << _XEN_X86_EMU_PM)
#define _XEN_X86_EMU_RTC      3
#define XEN_X86_EMU_RTC       (1U << _XEN_X86_EMU_RTC)
#define _XEN_X86_EMU_IOAPIC   4
#define XEN_X86_EMU_IOAPIC    (1U << _XEN_X86_EMU_IOAPIC)
#define _XEN_X86_EMU_PIC      5
#define XEN_X86_EMU_PIC       (1U << _XEN_X86_EMU_PIC)
#define _XEN_X86_EMU_VGA      6
#define XEN_X86_EMU_VGA       (1U << _XEN_X86_EMU_VGA)
#define _XEN_X86_EMU_IOMMU    7
#define XEN_X86_EMU_IOMMU     (1U << _XEN_X86_EMU_IOMMU)
#define _XEN_X86_EMU_PIT      8
#define XEN_X86_EMU_PIT       (1U << _XEN_X86_EMU_PIT)
#define _XEN_X86_EMU_USE_PIRQ 9
#define XEN_X86_EMU_USE_PIRQ  (1U << _XEN_X86_EMU_USE_PIRQ)
#define _XEN_X86_EMU_VPCI     10
#define XEN_X86_EMU_VPCI      (1U << _XEN_X86_EMU_VPCI)
#define XEN_X86_EMU_ALL                                                           \
    (XEN_X86_EMU_LAPIC | XEN_X86_EMU_HPET | XEN_X86_EMU_PM | XEN_X86_EMU_RTC |    \
     XEN_X86_EMU_IOAPIC | XEN_X86_EMU_PIC | XEN_X86_EMU_VGA | XEN_X86_EMU_IOMMU | \
     XEN_X86_EMU_PIT | XEN_X86_EMU_USE_PIRQ | XEN_X86_EMU_VPCI)

/* xen_arch_domainconfig.misc_flags: unknown MSRs read as 0 and swallow writes. */
#define XEN_X86_MSR_RELAXED    (1u << 0)
#define XEN_X86_MISC_FLAGS_MAX XEN_X86_MSR_RELAXED

/* xen_cpuid_leaf.subleaf of a leaf without sub-leaves. */
#define XEN_CPUID_NO_SUBLEAF 0xffffffffu

/* A debug console that some virtual machine monitors offer at this I/O port. */
#define XEN_HVM_DEBUGCONS_IOPORT 0xe9

/* `ud2a; "xen"`: the prefix that asks the hypervisor to emulate what follows. */
#ifdef __ASSEMBLY__
#define XEN_EMULATE_PREFIX .byte 0x0f, 0x0b, 0x78, 0x65, 0x6e;
#define XEN_CPUID          XEN_EMULATE_PREFIX cpuid
#else
#define XEN_EMULATE_PREFIX ".byte 0x0f,0x0b,0x78,0x65,0x6e ; "
#define XEN_CPUID          XEN_EMULATE_PREFIX "cpuid"
#endif

#ifndef __ASSEMBLY__

#define xen_pfn_to_cr3(pfn) ((unsigned long)(pfn) << 12)
#define xen_cr3_to_pfn(cr3) ((unsigned long)(cr3) >> 12)

/* trap_info.flags: bits 1:0 the DPL that INT n needs, bit 2 masks events on entry. */
#define TI_GET_DPL(_ti)       ((_ti)->flags & 3)
#define TI_GET_IF(_ti)        ((_ti)->flags & 4)
#define TI_SET_DPL(_ti, _dpl) ((_ti)->flags |= (_dpl))
#define TI_SET_IF(_ti, _if)   ((_ti)->flags |= ((!!(_if)) << 2))

/* One virtual IDT entry; a list ends at the first entry whose address is 0. */
struct trap_info {
    uint8_t vector;
    uint8_t flags;
    uint16_t cs;
    unsigned long address; /* handler, guest virtual */
};
typedef struct trap_info trap_info_t;
DEFINE_XEN_GUEST_HANDLE(trap_info_t);

/* What HYPERVISOR_iret finds at the guest's stack pointer. */
struct iret_context {
    uint64_t rax, r11, rcx, flags, rip, cs, rflags, rsp, ss; /* flags: VGCF_* */
};

/* One general register by its names in all widths. */
#define ABI_REG_LOHI(letter)   \
    union {                    \
        uint64_t r##letter##x; \
        uint32_t e##letter##x; \
        uint16_t letter##x;    \
        struct {               \
            uint8_t letter##l; \
            uint8_t letter##h; \
        };                     \
    }
#define ABI_REG_LO8(name) \
    union {               \
        uint64_t r##name; \
        uint32_t e##name; \
        uint16_t name;    \
        uint8_t name##l;  \
    }
#define ABI_REG_LO16(name) \
    union {                \
        uint64_t r##name;  \
        uint32_t e##name;  \
        uint16_t name;     \
    }
#define ABI_REG_HI(num)     \
    union {                 \
        uint64_t r##num;    \
        uint32_t r##num##d; \
        uint16_t r##num##w; \
        uint8_t r##num##b;  \
    }

/* A vCPU's registers, in the order in which the entry code pushes them. */
struct cpu_user_regs {
    ABI_REG_HI(15);
    ABI_REG_HI(14);
    ABI_REG_HI(13);
    ABI_REG_HI(12);
    ABI_REG_LO8(bp);
    ABI_REG_LOHI(b);
    ABI_REG_HI(11);
    ABI_REG_HI(10);
    ABI_REG_HI(9);
    ABI_REG_HI(8);
    ABI_REG_LOHI(a);
    ABI_REG_LOHI(c);
    ABI_REG_LOHI(d);
    ABI_REG_LO8(si);
    ABI_REG_LO8(di);
    uint32_t error_code;   /* private to the hypervisor */
    uint32_t entry_vector; /* private to the hypervisor */
    ABI_REG_LO16(ip);
    uint16_t cs, _pad0[1];
    uint8_t saved_upcall_mask; /* evtchn_upcall_mask before a bounce */
    uint8_t _pad1[3];
    ABI_REG_LO16(flags); /* rflags.IF is the inverse of saved_upcall_mask */
    ABI_REG_LO8(sp);
    uint16_t ss, _pad2[3];
    uint16_t es, _pad3[3];
    uint16_t ds, _pad4[3];
    uint16_t fs, _pad5[3];
    uint16_t gs, _pad6[3];
};
typedef struct cpu_user_regs cpu_user_regs_t;
DEFINE_XEN_GUEST_HANDLE(cpu_user_regs_t);

#undef ABI_REG_LOHI
#undef ABI_REG_LO8
#undef ABI_REG_LO16
#undef ABI_REG_HI

/* The state of a vCPU: VCPUOP_initialise, XEN_DOMCTL_{get,set}vcpucontext. */
struct vcpu_guest_context {
    struct {
        char x[512];
    } fpu_ctxt;          /* FXSAVE image */
    unsigned long flags; /* VGCF_* */
    struct cpu_user_regs user_regs;
    struct trap_info trap_ctxt[256];        /* virtual IDT, by vector */
    unsigned long ldt_base, ldt_ents;       /* address; number of entries */
    unsigned long gdt_frames[16], gdt_ents; /* mfns; number of entries */
    unsigned long kernel_ss, kernel_sp;     /* stack on entry from user mode */
    unsigned long ctrlreg[8];               /* [3]: root, as CR3; [1]: user root */
    unsigned long debugreg[8];
    unsigned long event_callback_eip;
    unsigned long failsafe_callback_eip;
    unsigned long syscall_callback_eip;
    unsigned long vm_assist; /* VMASST_TYPE_* bits; of vCPU 0 only */
    uint64_t fs_base;
    uint64_t gs_base_kernel;
    uint64_t gs_base_user;
};
typedef struct vcpu_guest_context vcpu_guest_context_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_guest_context_t);

/* The x86 part of struct shared_info; written by the guest but for nmi_reason. */
struct arch_shared_info {
    unsigned long max_pfn;                /* 1 + the highest valid pfn */
    xen_pfn_t pfn_to_mfn_frame_list_list; /* mfn of the top of the 3-level p2m tree */
    unsigned long nmi_reason;             /* XEN_NMIREASON_*, xen/nmi.h */
    unsigned long p2m_cr3;                /* root that maps the linear p2m; 0: none */
    unsigned long p2m_vaddr;              /* address of the linear p2m */
    unsigned long p2m_generation;         /* odd while the p2m is being changed */
};
typedef struct arch_shared_info arch_shared_info_t;

/* The x86 part of struct vcpu_info. */
struct arch_vcpu_info {
    unsigned long cr2; /* address of the last page fault bounced to the guest */
    unsigned long pad;
};
typedef struct arch_vcpu_info arch_vcpu_info_t;

/* The x86 part of struct xen_domctl_createdomain. */
struct xen_arch_domainconfig {
    uint32_t emulation_flags; /* XEN_X86_EMU_* */
    uint32_t misc_flags;      /* XEN_X86_MSR_RELAXED */
};

/* One leaf of a CPU policy as domctl and sysctl carry it. */
typedef struct xen_cpuid_leaf {
    uint32_t leaf, subleaf;
    uint32_t a, b, c, d;
} xen_cpuid_leaf_t;
DEFINE_XEN_GUEST_HANDLE(xen_cpuid_leaf_t);

/* One MSR of a CPU policy. */
typedef struct xen_msr_entry {
    uint32_t idx;   /* MSR number */
    uint32_t flags; /* must be 0 */
    uint64_t val;
} xen_msr_entry_t;
DEFINE_XEN_GUEST_HANDLE(xen_msr_entry_t);

#endif /* !__ASSEMBLY__ */
#endif /* ABI_ARCH_X86_XEN_H */
