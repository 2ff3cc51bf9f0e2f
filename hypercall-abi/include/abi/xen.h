/* SPDX-License-Identifier: MIT */
/*
 * The core of the guest ABI: hypercall numbers, virtual interrupts, page-table
 * operations, reserved domains, and the pages a guest shares with the hypervisor.
 *
 * Specified by: xen/xen.h. Usable from assembly for everything but the types.
 */
#ifndef ABI_XEN_H
#define ABI_XEN_H

#include <abi/types.h>
#include <abi/arch-x86/xen.h>

/* Hypercall numbers: RAX on entry. hypercalls.def has a row for each. */
#define __HYPERVISOR_set_trap_table                0
#define __HYPERVISOR_mmu_update                    1
#define __HYPERVISOR_set_gdt                       2
#define __HYPERVISOR_stack_switch                  3
#define __HYPERVISOR_set_callbacks                 4
#define __HYPERVISOR_fpu_taskswitch                5
#define __HYPERVISOR_sched_op_compat               6
#define __HYPERVISOR_platform_op                   7
#define __HYPERVISOR_set_debugreg                  8
#define __HYPERVISOR_get_debugreg                  9
#define __HYPERVISOR_update_descriptor             10
#define __HYPERVISOR_memory_op                     12
#define __HYPERVISOR_multicall                     13
#define __HYPERVISOR_update_va_mapping             14
#define __HYPERVISOR_set_timer_op                  15
#define __HYPERVISOR_event_channel_op_compat       16
#define __HYPERVISOR_xen_version                   17
#define __HYPERVISOR_console_io                    18
#define __HYPERVISOR_physdev_op_compat             19
#define __HYPERVISOR_grant_table_op                20
#define __HYPERVISOR_vm_assist                     21
#define __HYPERVISOR_update_va_mapping_otherdomain 22
#define __HYPERVISOR_iret                          23
#define __HYPERVISOR_vcpu_op                       24
#define __HYPERVISOR_set_segment_base              25
#define __HYPERVISOR_mmuext_op                     26
#define __HYPERVISOR_xsm_op                        27
#define __HYPERVISOR_nmi_op                        28
#define __HYPERVISOR_sched_op                      29
#define __HYPERVISOR_callback_op                   30
#define __HYPERVISOR_xenoprof_op                   31
#define __HYPERVISOR_event_channel_op              32
#define __HYPERVISOR_physdev_op                    33
#define __HYPERVISOR_hvm_op                        34
#define __HYPERVISOR_sysctl                        35
#define __HYPERVISOR_domctl                        36
#define __HYPERVISOR_kexec_op                      37
#define __HYPERVISOR_tmem_op                       38
#define __HYPERVISOR_argo_op                       39
#define __HYPERVISOR_xenpmu_op                     40
#define __HYPERVISOR_dm_op                         41
#define __HYPERVISOR_hypfs_op                      42

#define __HYPERVISOR_arch_0 48 /* x86: machine checks */
#define __HYPERVISOR_arch_1 49
#define __HYPERVISOR_arch_2 50
#define __HYPERVISOR_arch_3 51
#define __HYPERVISOR_arch_4 52
#define __HYPERVISOR_arch_5 53
#define __HYPERVISOR_arch_6 54
#define __HYPERVISOR_arch_7 55

/* Virtual interrupts. (v): one per vCPU; (g): one per domain, (c) control domain only. */
#define VIRQ_TIMER      0  /* (v)  a timer of the vCPU expired */
#define VIRQ_DEBUG      1  /* (v)  print your state */
#define VIRQ_CONSOLE    2  /* (gc) input on the physical console */
#define VIRQ_DOM_EXC    3  /* (gc) a domain died or was shut down */
#define VIRQ_TBUF       4  /* (gc) trace buffers fill up */
#define VIRQ_DEBUGGER   6  /* (gc) a domain stopped for its debugger */
#define VIRQ_XENOPROF   7  /* (v)  profiling sample */
#define VIRQ_CON_RING   8  /* (gc) new text in the console ring */
#define VIRQ_PCPU_STATE 9  /* (gc) a physical CPU went on or off line */
#define VIRQ_MEM_EVENT  10 /* (gc) memory event */
#define VIRQ_ARGO       11 /* (g)  Argo message */
#define VIRQ_ENOMEM     12 /* (gc) the heap is nearly empty */
#define VIRQ_XENPMU     13 /* (v)  performance counter */
#define VIRQ_ARCH_0     16 /* x86: (gc) machine check */
#define VIRQ_ARCH_1     17
#define VIRQ_ARCH_2     18
#define VIRQ_ARCH_3     19
#define VIRQ_ARCH_4     20
#define VIRQ_ARCH_5     21
#define VIRQ_ARCH_6     22
#define VIRQ_ARCH_7     23
#define NR_VIRQS        24

/* HYPERVISOR_mmu_update: the command is in mmu_update.ptr[1:0]. */
#define MMU_NORMAL_PT_UPDATE       0 /* *ptr = val, checked */
#define MMU_MACHPHYS_UPDATE        1 /* m2p[ptr >> 12] = val */
#define MMU_PT_UPDATE_PRESERVE_AD  2 /* as 0, keeping the accessed and dirty bits */
#define MMU_PT_UPDATE_NO_TRANSLATE 3 /* as 0, val holds a machine frame */

/* mmuext_op.cmd; arguments in mmuext_op below. */
#define MMUEXT_PIN_L1_TABLE       0  /* mfn */
#define MMUEXT_PIN_L2_TABLE       1  /* mfn */
#define MMUEXT_PIN_L3_TABLE       2  /* mfn */
#define MMUEXT_PIN_L4_TABLE       3  /* mfn */
#define MMUEXT_UNPIN_TABLE        4  /* mfn */
#define MMUEXT_NEW_BASEPTR        5  /* mfn of an L4 table */
#define MMUEXT_TLB_FLUSH_LOCAL    6  /* - */
#define MMUEXT_INVLPG_LOCAL       7  /* linear_addr */
#define MMUEXT_TLB_FLUSH_MULTI    8  /* vcpumask */
#define MMUEXT_INVLPG_MULTI       9  /* linear_addr, vcpumask */
#define MMUEXT_TLB_FLUSH_ALL      10 /* - */
#define MMUEXT_INVLPG_ALL         11 /* linear_addr */
#define MMUEXT_FLUSH_CACHE        12 /* - */
#define MMUEXT_SET_LDT            13 /* linear_addr, nr_ents */
#define MMUEXT_NEW_USER_BASEPTR   15 /* mfn of an L4 table, or 0 */
#define MMUEXT_CLEAR_PAGE         16 /* mfn */
#define MMUEXT_COPY_PAGE          17 /* mfn = destination, src_mfn */
#define MMUEXT_FLUSH_CACHE_GLOBAL 18 /* - */
#define MMUEXT_MARK_SUPER         19 /* mfn of the first frame */
#define MMUEXT_UNMARK_SUPER       20 /* mfn of the first frame */

/*
 * HYPERVISOR_update_va_mapping flags[1:0]: what to flush. flags[2]: where, unless the
 * rest of flags is not 0; then it is the address of the mask of vCPUs.
 */
#define UVMF_NONE           (xen_mk_ulong(0) << 0)
#define UVMF_TLB_FLUSH      (xen_mk_ulong(1) << 0)
#define UVMF_INVLPG         (xen_mk_ulong(2) << 0)
#define UVMF_FLUSHTYPE_MASK (xen_mk_ulong(3) << 0)
#define UVMF_MULTI          (xen_mk_ulong(0) << 2)
#define UVMF_LOCAL          (xen_mk_ulong(0) << 2)
#define UVMF_ALL            (xen_mk_ulong(1) << 2)

/* HYPERVISOR_console_io(cmd, count in bytes, buffer) */
#define CONSOLEIO_write 0
#define CONSOLEIO_read  1 /* returns the bytes read */

/* HYPERVISOR_vm_assist(cmd, type) */
#define VMASST_CMD_enable                0
#define VMASST_CMD_disable               1
#define VMASST_TYPE_4gb_segments         0  /* 32-bit guests only */
#define VMASST_TYPE_4gb_segments_notify  1  /* 32-bit guests only */
#define VMASST_TYPE_writable_pagetables  2  /* emulate stores to page tables */
#define VMASST_TYPE_pae_extended_cr3     3  /* 32-bit roots above 4 GiB */
#define VMASST_TYPE_architectural_iopl   4  /* IOPL in RFLAGS, not by physdev_op */
#define VMASST_TYPE_runstate_update_flag 5  /* XEN_RUNSTATE_UPDATE, xen/vcpu.h */
#define VMASST_TYPE_m2p_strict           32 /* the user root does not map the M2P */

/* Reserved domain numbers. */
#define DOMID_FIRST_RESERVED xen_mk_uint(0x7FF0)
#define DOMID_SELF           xen_mk_uint(0x7FF0) /* the caller */
#define DOMID_IO             xen_mk_uint(0x7FF1) /* owns the frames of devices */
#define DOMID_XEN            xen_mk_uint(0x7FF2) /* owns what the hypervisor shares out */
#define DOMID_COW            xen_mk_uint(0x7FF3) /* owns shared pages */
#define DOMID_INVALID        xen_mk_uint(0x7FF4)
#define DOMID_IDLE           xen_mk_uint(0x7FFF)
#define DOMID_MASK           xen_mk_uint(0x7FFF)

/* vcpu_time_info.flags */
#define XEN_PVCLOCK_TSC_STABLE_BIT (1 << 0) /* the same on all vCPUs */
#define XEN_PVCLOCK_GUEST_STOPPED  (1 << 1)

/* start_info.flags */
#define SIF_PRIVILEGED      (1 << 0)    /* has control-domain privilege */
#define SIF_INITDOMAIN      (1 << 1)    /* is domain 0 */
#define SIF_MULTIBOOT_MOD   (1 << 2)    /* mod_start is a list of modules */
#define SIF_MOD_START_PFN   (1 << 3)    /* mod_start is a pfn */
#define SIF_VIRT_P2M_4TOOLS (1 << 4)    /* tools read the linear p2m */
#define SIF_PM_MASK         (0xFF << 8) /* power management options */

#define MAX_GUEST_CMDLINE 1024 /* bytes, with the final 0 */

/* dom0_vga_console_info.video_type */
#define XEN_VGATYPE_TEXT_MODE_3 0x03
#define XEN_VGATYPE_VESA_LFB    0x23
#define XEN_VGATYPE_EFI_LFB     0x70

#ifndef __ASSEMBLY__

/* One page-table change: HYPERVISOR_mmu_update. */
struct mmu_update {
    uint64_t ptr; /* machine address of the entry, command in bits 1:0 */
    uint64_t val; /* the new entry */
};
typedef struct mmu_update mmu_update_t;
DEFINE_XEN_GUEST_HANDLE(mmu_update_t);

/* One extended operation: HYPERVISOR_mmuext_op. */
struct mmuext_op {
    unsigned int cmd; /* MMUEXT_* */
    union {
        xen_pfn_t mfn;
        unsigned long linear_addr; /* guest virtual */
    } arg1;
    union {
        unsigned int nr_ents;                  /* LDT entries of 8 bytes */
        XEN_GUEST_HANDLE(const_void) vcpumask; /* as many bits as the domain has vCPUs */
        xen_pfn_t src_mfn;
    } arg2;
};
typedef struct mmuext_op mmuext_op_t;
DEFINE_XEN_GUEST_HANDLE(mmuext_op_t);

/* One call in the list of HYPERVISOR_multicall; result is written back. */
struct multicall_entry {
    xen_ulong_t op, result;
    xen_ulong_t args[6];
};
typedef struct multicall_entry multicall_entry_t;
DEFINE_XEN_GUEST_HANDLE(multicall_entry_t);

/*
 * System time for one vCPU:
 *   ns = system_time + ((((tsc - tsc_timestamp) << tsc_shift) * tsc_to_system_mul) >> 32)
 * A negative tsc_shift shifts right. Valid if version was even and the same before and
 * after the reading.
 */
struct vcpu_time_info {
    uint32_t version;
    uint32_t pad0;
    uint64_t tsc_timestamp;     /* TSC at the last update */
    uint64_t system_time;       /* ns since boot at the last update */
    uint32_t tsc_to_system_mul; /* ns per (shifted) tick, 32-bit binary fraction */
    int8_t tsc_shift;
    uint8_t flags; /* XEN_PVCLOCK_* */
    uint8_t pad1[2];
};
typedef struct vcpu_time_info vcpu_time_info_t;

/* What one vCPU shares with the hypervisor; 64 bytes. */
struct vcpu_info {
    uint8_t evtchn_upcall_pending;  /* hypervisor sets, guest clears */
    uint8_t evtchn_upcall_mask;     /* nonzero: no upcalls */
    xen_ulong_t evtchn_pending_sel; /* bit per word of evtchn_pending */
    struct arch_vcpu_info arch;
    vcpu_time_info_t time;
};
typedef struct vcpu_info vcpu_info_t;

/* What a domain shares with the hypervisor; one page. */
struct shared_info {
    struct vcpu_info vcpu_info[XEN_LEGACY_MAX_VCPUS];
    xen_ulong_t evtchn_pending[sizeof(xen_ulong_t) * 8]; /* bit per port */
    xen_ulong_t evtchn_mask[sizeof(xen_ulong_t) * 8];    /* bit per port */
    /* Time of day at system time 0, since 1970-01-01 UTC; version as above. */
    uint32_t wc_version;
    uint32_t wc_sec;
    uint32_t wc_nsec;
    uint32_t wc_sec_hi; /* bits 63:32 of the seconds */
    struct arch_shared_info arch;
};
typedef struct shared_info shared_info_t;
#define xen_wc_sec_hi wc_sec_hi

/* The page that RSI points to when a guest starts. */
struct start_info {
    /* Filled in at start and after resume. */
    char magic[32];            /* "xen-<version>-<platform>" */
    unsigned long nr_pages;    /* frames of the domain */
    unsigned long shared_info; /* machine address of struct shared_info */
    uint32_t flags;            /* SIF_* */
    xen_pfn_t store_mfn;       /* ring page to xenstore */
    uint32_t store_evtchn;
    union {
        struct {
            xen_pfn_t mfn; /* ring page to the console */
            uint32_t evtchn;
        } domU;
        struct {
            uint32_t info_off;  /* bytes from here to dom0_vga_console_info */
            uint32_t info_size; /* its size in bytes */
        } dom0;
    } console;
    /* Filled in at start only. */
    unsigned long pt_base;      /* address of the root table */
    unsigned long nr_pt_frames; /* initial page tables */
    unsigned long mfn_list;     /* address of the p2m list */
    unsigned long mod_start;    /* address or pfn of the ramdisk */
    unsigned long mod_len;      /* its size in bytes */
    int8_t cmd_line[MAX_GUEST_CMDLINE];
    unsigned long first_p2m_pfn; /* the p2m list and its page tables, if not mapped low */
    unsigned long nr_p2m_frames;
};
typedef struct start_info start_info_t;

/* SIF_MULTIBOOT_MOD: array at mod_start, ended by mod_start == 0; offsets from there. */
struct xen_multiboot_mod_list {
    uint32_t mod_start; /* first byte */
    uint32_t mod_end;   /* last byte */
    uint32_t cmdline;   /* zero-terminated */
    uint32_t pad;       /* must be 0 */
};

/* The display as the boot loader left it; start_info.console.dom0. */
typedef struct dom0_vga_console_info {
    uint8_t video_type; /* XEN_VGATYPE_* */
    union {
        struct {
            uint16_t font_height; /* pixels */
            uint16_t cursor_x, cursor_y;
            uint16_t rows, columns;
        } text_mode_3;
        struct {
            uint16_t width, height; /* pixels */
            uint16_t bytes_per_line;
            uint16_t bits_per_pixel;
            uint32_t lfb_base; /* machine address, bits 31:0 */
            uint32_t lfb_size; /* units of 64 KiB */
            uint8_t red_pos, red_size;
            uint8_t green_pos, green_size;
            uint8_t blue_pos, blue_size;
            uint8_t rsvd_pos, rsvd_size;
            uint32_t gbl_caps;   /* VBE capabilities */
            uint16_t mode_attrs; /* VBE mode attributes */
            uint16_t pad;
            uint32_t ext_lfb_base; /* bits 63:32 */
        } vesa_lfb;
    } u;
} dom0_vga_console_info_t;
#define xen_vga_console_info   dom0_vga_console_info
#define xen_vga_console_info_t dom0_vga_console_info_t

#endif /* !__ASSEMBLY__ */
#endif /* ABI_XEN_H */
