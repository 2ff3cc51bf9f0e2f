/* SPDX-License-Identifier: MIT */
/*
 * Trace records: what a consumer in the control domain finds in the per-CPU buffers that
 * XEN_SYSCTL_tbuf_op makes. All words are 32 bits; numbers of 64 bits are two words, the
 * low one first, and TRC_64_FLAG in the event says that addresses are.
 *
 * A record: event number (28 bits), number of extra words (3 bits), and a bit that says
 * that the time-stamp counter (two words) precedes the extra words.
 *
 * Specified by: xen/trace.h. Events and commands with ABI_ are ours: their layouts are
 * given here.
 */
#ifndef ABI_TRACE_H
#define ABI_TRACE_H

#ifndef __ASSEMBLY__
#include <stdint.h>
#endif

#define TRACE_EXTRA_MAX   7
#define TRACE_EXTRA_SHIFT 28

/* Classes of events: bits 16-27; the subclasses of each: bits 12-15. */
#define TRC_CLS_SHIFT    16
#define TRC_SUBCLS_SHIFT 12
#define TRC_GEN          0x0001f000
#define TRC_SCHED        0x0002f000
#define TRC_DOM0OP       0x0004f000
#define TRC_HVM          0x0008f000
#define TRC_MEM          0x0010f000
#define TRC_PV           0x0020f000
#define TRC_SHADOW       0x0040f000
#define TRC_HW           0x0080f000
#define TRC_GUEST        0x0800f000
#define TRC_ALL          0x0ffff000

/* The parts of a record's first word. */
#define TRC_HD_TO_EVENT(x)             ((x)&0x0fffffff)
#define TRC_HD_CYCLE_FLAG              (1UL << 31)
#define TRC_HD_INCLUDES_CYCLE_COUNT(x) (!!((x)&TRC_HD_CYCLE_FLAG))
#define TRC_HD_EXTRA(x)                (((x) >> TRACE_EXTRA_SHIFT) & TRACE_EXTRA_MAX)

#define TRC_64_FLAG 0x100 /* addresses have 64 bits */

#define TRC_SCHED_MIN  0x00021000
#define TRC_PV_ENTRY   0x00201000
#define TRC_PV_SUBCALL 0x00202000

#define TRC_LOST_RECORDS      (TRC_GEN + 1) /* struct abi_trace_lost */
#define TRC_TRACE_WRAP_BUFFER (TRC_GEN + 2) /* fills the buffer's end; no meaning */

/*
 * A vCPU's state changes. Bits 8-9 of the event: the old state, 4-5: the new one, as
 * RUNSTATE_*. Word 0: vCPU number, domain id << 16.
 */
#define TRC_SCHED_RUNSTATE_CHANGE (TRC_SCHED_MIN + 1)

/*
 * Entries into the hypervisor, and their words.
 *   TRAP                     rip; vector | 0x8000 if it has an error code | that << 16
 *   PAGE_FAULT               rip, address, error code
 *   EMULATE_PRIVOP, FORCED_INVALID_OP    rip behind the instruction
 *   GDT_LDT_MAPPING_FAULT    rip, offset
 *   PTWR_EMULATION           new entry, address, rip
 *   HYPERCALL_V2, HYPERCALL_SUBCALL      the number, with two bits for each argument from
 *                            bit 20 on: 1 its 32 bits follow, 2 its 64 bits
 */
#define TRC_PV_HYPERCALL             (TRC_PV_ENTRY + 1)
#define TRC_PV_TRAP                  (TRC_PV_ENTRY + 3)
#define TRC_PV_PAGE_FAULT            (TRC_PV_ENTRY + 4)
#define TRC_PV_FORCED_INVALID_OP     (TRC_PV_ENTRY + 5)
#define TRC_PV_EMULATE_PRIVOP        (TRC_PV_ENTRY + 6)
#define TRC_PV_EMULATE_4GB           (TRC_PV_ENTRY + 7)
#define TRC_PV_MATH_STATE_RESTORE    (TRC_PV_ENTRY + 8)
#define TRC_PV_PAGING_FIXUP          (TRC_PV_ENTRY + 9)
#define TRC_PV_GDT_LDT_MAPPING_FAULT (TRC_PV_ENTRY + 10)
#define TRC_PV_PTWR_EMULATION        (TRC_PV_ENTRY + 11)
#define TRC_PV_HYPERCALL_V2          (TRC_PV_ENTRY + 13)
#define TRC_PV_HYPERCALL_SUBCALL     (TRC_PV_SUBCALL + 14)

#define TRC_PV_HYPERCALL_V2_ARG_32(i) (0x1 << (20 + 2 * (i)))
#define TRC_PV_HYPERCALL_V2_ARG_64(i) (0x2 << (20 + 2 * (i)))
#define TRC_PV_HYPERCALL_V2_ARG_MASK  (0xfff00000)

/*
 * Commands of XEN_SYSCTL_tbuf_op, beside those of abi/sysctl.h.
 * SELECT: of domain `size` these are recorded, whatever evt_mask for all domains says:
 *   evt_mask is a sum of ABI_TRACE_*, 0: nothing. -XEN_ESRCH no such domain; -XEN_EINVAL.
 * RELEASE: gives the buffers back; -XEN_EBUSY while tracing is enabled.
 */
#define ABI_TBUFOP_SELECT  0x70760001
#define ABI_TBUFOP_RELEASE 0x70760002

#define ABI_TRACE_CALLS     0x001 /* TRC_PV_HYPERCALL_V2, but for iret */
#define ABI_TRACE_IRET      0x002 /* that of iret */
#define ABI_TRACE_LISTED    0x004 /* TRC_PV_HYPERCALL_SUBCALL */
#define ABI_TRACE_RESULTS   0x008 /* ABI_TRC_PV_RESULT */
#define ABI_TRACE_POINTED   0x010 /* ABI_TRC_PV_POINTED */
#define ABI_TRACE_FAULTS    0x020 /* TRC_PV_TRAP, _PAGE_FAULT, _GDT_LDT_MAPPING_FAULT */
#define ABI_TRACE_EMULATION 0x040 /* TRC_PV_EMULATE_*, _FORCED_*, _PTWR_*; INSN */
#define ABI_TRACE_EVENTS    0x080 /* ABI_TRC_PV_EVENTS, _NMI */
#define ABI_TRACE_SYSCALLS  0x100 /* ABI_TRC_PV_SYSCALL */
#define ABI_TRACE_SWITCHES  0x200 /* TRC_SCHED_RUNSTATE_CHANGE */
#define ABI_TRACE_ALL       0x3ff

/*
 * Subclasses of TRC_PV of our own. A vCPU of a selected domain that comes to run on a CPU
 * makes a TRC_SCHED_RUNSTATE_CHANGE there in any case: it says whose the records are.
 */
#define ABI_TRC_PV_DETAIL 0x00204000
#define ABI_TRC_PV_GUEST  0x00208000

/*
 * What has become of the hypercall that was last entered on this CPU, or of the entry of
 * its list. Word 0: number, bit 31: not finished, will be issued again. Words 1-2: RAX.
 */
#define ABI_TRC_PV_RESULT (ABI_TRC_PV_DETAIL + 1)
/*
 * What an argument of it points to. Word 0: bits 0-7 which argument, 8-23 which element
 * of a list, bit 31: after the call. The following words: its first bytes, up to 24.
 */
#define ABI_TRC_PV_POINTED (ABI_TRC_PV_DETAIL + 2)
/*
 * The instruction that was emulated; its place came before. Word 0: last opcode byte,
 * bit 8: preceded by 0x0f, bits 16-23: ModRM in that case, else the byte behind it. CPUID:
 * EAX, ECX before it; EAX, EBX, ECX, EDX after it. All others: low words of RAX, RCX, RDX
 * before it and after it.
 */
#define ABI_TRC_PV_INSN (ABI_TRC_PV_DETAIL + 3)
/* Events are delivered. Word 0: how many are pending; the following: the first ports. */
#define ABI_TRC_PV_EVENTS (ABI_TRC_PV_GUEST + 1)
/* An NMI is delivered. */
#define ABI_TRC_PV_NMI (ABI_TRC_PV_GUEST + 2)
/* SYSCALL of 64-bit user mode. Words 0-1: rip behind it; 2-3: RAX; 4-5: RDI. */
#define ABI_TRC_PV_SYSCALL (ABI_TRC_PV_GUEST + 3)

#ifndef __ASSEMBLY__
/*
 * Head of a CPU's buffer; records follow. Both are offsets in the `size` bytes behind it,
 * taken modulo twice that size. The consumer moves cons, the hypervisor prod.
 */
struct t_buf {
    uint32_t cons;
    uint32_t prod;
};

/*
 * Where the buffers are. The frames of CPU i's: tbuf_size numbers of 32 bits from the
 * mfn_offset[i]th 32-bit word of this structure on.
 */
struct t_info {
    uint16_t tbuf_size;    /* frames of each buffer */
    uint16_t mfn_offset[]; /* per CPU */
};

/* Extra words of TRC_LOST_RECORDS. */
struct abi_trace_lost {
    uint32_t lost;
    uint16_t domain, vcpu;       /* that runs when this is reported */
    uint32_t first_lo, first_hi; /* time of the first one */
};
#endif /* !__ASSEMBLY__ */
#endif /* ABI_TRACE_H */
