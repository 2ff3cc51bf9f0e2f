/* SPDX-License-Identifier: MIT */
/*
 * The ways into the hypervisor and back to a guest.
 *
 * From a guest, the processor (TSS.RSP0) and the SYSCALL path push straight into
 * current->regs: per-CPU guest_frame points behind its ss. Once that is complete, the
 * state called SAVED below is
 *     RBX = &current->regs   RSP = per-CPU stack_top   GS = per-CPU   IF = 0
 * and C runs. While in the hypervisor, MSR_KERNEL_GS_BASE holds the guest's GS base.
 *
 * From ring 0 the frame lies on the stack in use and GS is per-CPU already, with two
 * exceptions: a fault at guest_iret, and the vectors with stacks of their own (IST),
 * which may interrupt any instruction whatsoever.
 *
 * C never runs with a guest's flags: SYSCALL masks them, every other way in loads RFLAGS
 * by "push $2; popfq", which clears DF and NT and, through AC, closes the SMAP window.
 */
#include <hv/asm-offsets.h>
#include <abi/xen.h>

    .text

/* Pushes the general registers below error_code and entry_vector. */
.macro PUSH_GPRS
    push %rdi
    push %rsi
    push %rdx
    push %rcx
    push %rax
    push %r8
    push %r9
    push %r10
    push %r11
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
.endm

/* The reverse, and drops error_code and entry_vector: RSP at rip. Flags live. */
.macro POP_GPRS
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rax
    pop %rcx
    pop %rdx
    pop %rsi
    pop %rdi
    lea 8(%rsp), %rsp
.endm

.macro CLEAN_FLAGS
    pushq $2
    popfq
.endm

/* RSP = complete lower end of current->regs, GS per-CPU -> SAVED. Flags untouched. */
.macro TO_CPU_STACK
    mov %rsp, %rbx
    mov %gs:stack_top(%rip), %rsp
.endm

/* RSP = error_code in current->regs, GS the guest's -> SAVED. */
.macro SAVE_GUEST
    swapgs
    PUSH_GPRS
    TO_CPU_STACK
    CLEAN_FLAGS
.endm

/* SYSCALL: GS the guest's -> RSP behind the frame's ss, the guest's in syscall_rsp. */
.macro SYSCALL_STACK
    swapgs
    mov %rsp, %gs:syscall_rsp(%rip)
    mov %gs:guest_frame(%rip), %rsp
.endm

/* After SYSCALL_STACK: pushes what SYSCALL from code segment cs leaves in registers. */
.macro SYSCALL_FRAME cs
    pushq $FLAT_KERNEL_SS
    pushq %gs:syscall_rsp(%rip)
    push %r11
    pushq $\cs
    push %rcx
    pushq $ENTRY_SYSCALL_IMM
    PUSH_GPRS
.endm

/* SYSRET and IRET to an address that is not canonical fault in ring 0. Clobbers RCX. */
.macro CHECK_CANONICAL otherwise
    movswl FRAME_rip + 4(%rbx), %ecx
    cmp %ecx, FRAME_rip + 4(%rbx)
    jne \otherwise
.endm

/*
 * Out of a hypercall by SYSRET: all registers but RAX and those that C has preserved
 * (hv/guest_entry.h).
 */
.macro LOAD_FOR_SYSRET
    mov FRAME_rip(%rbx), %rcx
    mov FRAME_rflags(%rbx), %r11
    mov FRAME_rdi(%rbx), %rdi
    mov FRAME_rsi(%rbx), %rsi
    mov FRAME_rdx(%rbx), %rdx
    mov FRAME_r8(%rbx), %r8
    mov FRAME_r9(%rbx), %r9
    mov FRAME_r10(%rbx), %r10
    mov FRAME_rsp(%rbx), %rsp
    mov FRAME_rbx(%rbx), %rbx
.endm

/*
 * AMD's SYSRET keeps SS's hidden part: it must not be that of a null selector. Clobbers
 * RCX.
 */
.macro LOAD_SS
    mov $HV_DATA_SELECTOR, %ecx
    mov %ecx, %ss
.endm

/*
 * LSTAR. In: SYSCALL from a guest's 64-bit code; RCX = rip, R11 = rflags, RSP and GS the
 * guest's, IF=0, flags masked by SFMASK. A hypercall when the vCPU is in its kernel.
 */
    .globl entry_syscall
    .balign 64
entry_syscall:
    SYSCALL_STACK
    cmpb $0, VCPU_kernel_mode - FRAME_es(%rsp)
    je syscall_from_user
    cmp $__HYPERVISOR_iret, %rax
    je hypercall_iret
hypercall: /* In: as SYSCALL_STACK leaves it. */
    SYSCALL_FRAME FLAT_KERNEL_CS
    TO_CPU_STACK
    sti
    mov %r10, %rcx
    cmp $HYPERCALL_LIMIT, %rax
    jae hypercall_unknown
    lea hypercall_table(%rip), %r10
    call *(%r10, %rax, 8)
hypercall_exit: /* In: SAVED but IF=1, RAX is the guest's. */
    cli
    cmpl $0, %gs:softirq_pending(%rip)
    jne hypercall_long_exit
    mov VCPU_info(%rbx), %rcx
    cmpb $0, INFO_pending(%rcx)
    jne hypercall_event
hypercall_no_event:
    cmpb $0, VCPU_nmi_pending(%rbx)
    jne hypercall_long_exit
    CHECK_CANONICAL hypercall_long_exit
    cmpl $ENTRY_SYSCALL_IMM, FRAME_entry_vector(%rbx)
    jne hypercall_long_exit
    LOAD_FOR_SYSRET
    swapgs
    sysretq

hypercall_event: /* In: SAVED, IF=0, RCX = the vCPU's info, event pending. */
    cmpb $0, INFO_mask(%rcx)
    jne hypercall_no_event
hypercall_long_exit: /* In: SAVED, RAX is the guest's. */
    mov %rax, FRAME_rax(%rbx)
    jmp guest_exit

hypercall_unknown:
    mov $MINUS_ENOSYS, %rax
    jmp hypercall_exit

/* In: as SYSCALL_STACK leaves it, RAX = __HYPERVISOR_iret. */
    .balign 16
hypercall_iret:
    mov %gs:stack_top(%rip), %rsp
    call pv_iret_short
    mov %gs:guest_frame(%rip), %rsp
    cmp $SHORT_IRET_BY_IRET_IMM, %eax
    jb 1f
    ja 2f
    mov FRAME_rax - FRAME_es(%rsp), %rax
    mov FRAME_rcx - FRAME_es(%rsp), %rcx
    mov FRAME_r11 - FRAME_es(%rsp), %r11
    lea FRAME_rip - FRAME_es(%rsp), %rsp
    swapgs
    iretq
1:  mov $__HYPERVISOR_iret, %eax
    jmp hypercall
2:  mov FRAME_rax - FRAME_es(%rsp), %rax
    mov FRAME_rip - FRAME_es(%rsp), %rcx
    mov FRAME_rflags - FRAME_es(%rsp), %r11
    mov FRAME_rsp - FRAME_es(%rsp), %rsp
    swapgs
    sysretq

/* In: as SYSCALL_STACK leaves it. */
    .balign 16
syscall_from_user:
    mov %rax, FRAME_rax - FRAME_es(%rsp)
    mov %rcx, FRAME_rip - FRAME_es(%rsp)
    mov %r11, FRAME_rflags - FRAME_es(%rsp)
    mov %gs:stack_top(%rip), %rsp
    call pv_syscall_short
    mov %gs:guest_frame(%rip), %rsp
    test %rax, %rax
    jz 1f
    mov VCPU_syscall_rip - FRAME_es(%rsp), %rcx
    and $BOUNCE_RFLAGS, %r11
    xchg %rax, %rsp
    mov FRAME_rax - FRAME_es(%rax), %rax
    swapgs
    sysretq
1:  mov FRAME_rax - FRAME_es(%rsp), %rax
    SYSCALL_FRAME FLAT_KERNEL_CS
    TO_CPU_STACK
    mov %rbx, %rdi
    call pv_syscall_from_user
    jmp guest_exit

/* CSTAR. In: as entry_syscall, from 32-bit code (processors of AMD's kind only). */
    .globl entry_syscall32
    .balign 16
entry_syscall32:
    SYSCALL_STACK
    SYSCALL_FRAME FLAT_USER_CS32
    TO_CPU_STACK
    mov %rbx, %rdi
    call pv_syscall32_from_user
    jmp guest_exit

/*
 * SYSENTER. In: RSP = stack_top, IF=0, GS and all other flags the guest's. The processor
 * has kept neither rip nor rsp: the frame says null code segment, rip and rsp 0.
 */
    .globl entry_sysenter
    .balign 16
entry_sysenter:
    swapgs
    mov %gs:guest_frame(%rip), %rsp
    pushq $FLAT_USER_SS
    pushq $0
    pushfq
    orl $RFLAGS_IF, (%rsp)
    pushq $3
    pushq $0
    pushq $0
    PUSH_GPRS
    TO_CPU_STACK
    CLEAN_FLAGS
    mov %rbx, %rdi
    call pv_sysenter_from_user
    jmp guest_exit

/*
 * LSTAR of a CPU whose vCPU is traced (hv/trace.h). In: as entry_syscall. The short ways
 * are left out, and others than the hypercall's own functions called.
 */
    .globl entry_syscall_traced
    .balign 16
entry_syscall_traced:
    SYSCALL_STACK
    SYSCALL_FRAME FLAT_KERNEL_CS
    TO_CPU_STACK
    mov %rbx, %rdi
    cmpb $0, VCPU_kernel_mode(%rbx)
    je 1f
    sti
    call hypercall_traced
    jmp hypercall_exit
1:  call pv_syscall_traced
    jmp guest_exit

/*
 * One stub of 16 bytes per vector, made for each value of `vector`; the IDT points here
 * (but for #PF). In: the processor's frame, with its error code or none, IF=0. Out:
 * error_code and entry_vector complete. how: _traced for the exceptions of traced vCPUs.
 */
.set NMI_VECTOR, 2
.set PAGE_FAULT, 14
.set VECTORS_WITH_ERROR_CODE, 0x60227d00 /* 8, 10-14, 17, 21, 29, 30 */
.macro STUB how
    .balign 16
    .if vector >= 32 || !(VECTORS_WITH_ERROR_CODE >> (vector & 31) & 1)
    pushq $0
    .endif
    movl $vector, FRAME_entry_vector - FRAME_error_code(%rsp)
    .if vector == 1
    jmp entry_debug\how
    .elseif vector == NMI_VECTOR
    jmp entry_nmi
    .elseif vector == 8 || vector == 18
    jmp entry_fatal
    .elseif vector < 32
    jmp entry_exception\how
    .else
    jmp entry_interrupt
    .endif
.endm

    .globl entry_stubs
    .balign 16
entry_stubs:
    .set vector, 0
    .rept 256
    STUB
    .set vector, vector + 1
    .endr

/* The same for the exceptions of a CPU whose vCPU is traced. */
    .globl entry_stubs_traced
    .balign 16
entry_stubs_traced:
    .set vector, 0
    .rept 32
    STUB _traced
    .set vector, vector + 1
    .endr

.set FROM_GUEST, 3
.set CS, FRAME_cs - FRAME_error_code

/* #PF, with a gate of its own. In: RSP = error_code. */
    .globl entry_page_fault
    .balign 64
entry_page_fault:
    testb $FROM_GUEST, CS(%rsp)
    jz 2f
    swapgs
    mov %rax, FRAME_rax - FRAME_error_code(%rsp)
    mov %rcx, FRAME_rcx - FRAME_error_code(%rsp)
    mov %r11, FRAME_r11 - FRAME_error_code(%rsp)
    mov %gs:stack_top(%rip), %rsp
    CLEAN_FLAGS
    call pv_page_fault_short
    mov %gs:guest_frame(%rip), %rsp
    test %rax, %rax
    jz 1f
    LOAD_SS
    mov FRAME_rip - FRAME_es(%rsp), %rcx
    mov FRAME_rflags - FRAME_es(%rsp), %r11
    xchg %rax, %rsp
    mov FRAME_rax - FRAME_es(%rax), %rax
    swapgs
    sysretq
1:  mov FRAME_rax - FRAME_es(%rsp), %rax
    lea FRAME_error_code - FRAME_es(%rsp), %rsp
    movl $PAGE_FAULT, FRAME_entry_vector - FRAME_error_code(%rsp)
    PUSH_GPRS
    TO_CPU_STACK
    mov %rbx, %rdi
    mov %cr2, %rsi
    call pv_page_fault
    jmp guest_exit
2:  movl $PAGE_FAULT, FRAME_entry_vector - FRAME_error_code(%rsp)
    jmp exception_in_hypervisor

/* Every other exception without a stack of its own. In: RSP = error_code. */
    .balign 16
entry_exception:
    testb $FROM_GUEST, CS(%rsp)
    jz exception_in_hypervisor
exception_in_guest: /* In: RSP = error_code in current->regs, GS the guest's. */
    SAVE_GUEST
    mov %rbx, %rdi
    call exception_from_guest
    jmp guest_exit

/* Every exception but NMI, #DF and #MC of a traced vCPU. In: RSP = error_code. */
    .balign 16
entry_exception_traced:
    testb $FROM_GUEST, CS(%rsp)
    jz exception_in_hypervisor
exception_in_traced_guest: /* In: as exception_in_guest. */
    SAVE_GUEST
    mov %rbx, %rdi
    call pv_exception_traced
    jmp guest_exit

/* Device and interprocessor interrupts. In: RSP = error_code. */
    .balign 64
entry_interrupt:
    testb $FROM_GUEST, CS(%rsp)
    jz interrupt_in_hypervisor
    SAVE_GUEST
    mov %rbx, %rdi
    mov FRAME_entry_vector(%rbx), %esi
    call irq_dispatch

/*
 * The way out, for every entry. In: SAVED, IF either way. Whatever is found to be done is
 * done, and everything looked at again.
 */
    .globl guest_exit
guest_exit:
    cli
    cmpl $0, %gs:softirq_pending(%rip)
    jne exit_softirqs
    mov VCPU_info(%rbx), %rcx
    cmpb $0, INFO_pending(%rcx)
    jne exit_event
exit_nmi:
    cmpb $0, VCPU_nmi_pending(%rbx)
    jne exit_virtual_nmi
exit_now:
    CHECK_CANONICAL exit_iret_checked
    cmpl $ENTRY_SYSCALL_IMM, FRAME_entry_vector(%rbx)
    je exit_sysret
exit_by_iret: /* In: SAVED, IF=0, rip canonical, nothing left to do. */
    /* With flat selectors and a canonical rip IRET cannot fault: the frame itself serves. */
    cmpw $FLAT_KERNEL_CS, FRAME_cs(%rbx)
    jne exit_iret_checked
    cmpw $FLAT_KERNEL_SS, FRAME_ss(%rbx)
    jne exit_iret_checked
    mov %rbx, %rsp
    POP_GPRS
    swapgs
    iretq

/* In: IF=0, frame as ENTRY_SYSCALL demands, rip canonical. */
exit_sysret:
    LOAD_SS
    mov %rbx, %rsp
    POP_GPRS
    mov (%rsp), %rcx
    mov FRAME_rflags - FRAME_rip(%rsp), %r11
    mov FRAME_rsp - FRAME_rip(%rsp), %rsp
    swapgs
    sysretq

/* In: IF=0. IRET may fault: it works on a copy, so that current->regs stays whole. */
exit_iret_checked:
    pushq FRAME_ss(%rbx)
    pushq FRAME_rsp(%rbx)
    pushq FRAME_rflags(%rbx)
    pushq FRAME_cs(%rbx)
    pushq FRAME_rip(%rbx)
    mov %rsp, %gs:syscall_rsp(%rip)
    mov %rbx, %rsp
    POP_GPRS
    mov %gs:syscall_rsp(%rip), %rsp
    swapgs
guest_iret:
    iretq

/* In: SAVED, IF=0, a softirq pending. softirq_run() does not return if it switches. */
exit_softirqs:
    sti
    call softirq_run
    jmp guest_exit

/* In: SAVED, IF=0, RCX = the vCPU's info, event pending. */
exit_event:
    cmpb $0, INFO_mask(%rcx)
    jne exit_nmi
/*
 * The guest's other vCPUs can open its event mask again as often as they like: interrupts
 * are let in between, so that this does not keep the CPU.
 */
exit_deliver:
    lea -VCPU_REGS(%rbx), %rdi
    call *event_delivery(%rip)
    sti
    nop
    jmp guest_exit

/* In: SAVED, IF=0, NMI pending. */
exit_virtual_nmi:
    cmpb $0, VCPU_nmi_masked(%rbx)
    jne exit_now
    jmp exit_deliver

/*
 * void resume_current(void). The C stack is abandoned: on to current's guest, or to the
 * idle loop when current is idle. In: GS per-CPU, no locks held.
 */
    .globl resume_current
resume_current:
    mov %gs:stack_top(%rip), %rsp
    mov %gs:current_vcpu(%rip), %rbx
    add $VCPU_REGS, %rbx
    cmpq $0, VCPU_domain(%rbx)
    jne guest_exit
    sti
    xor %ebp, %ebp
    call idle_loop

/*
 * In: RSP = error_code of a frame from ring 0, GS per-CPU unless rip is guest_iret, IF=0.
 */
exception_in_hypervisor:
    PUSH_GPRS
    CLEAN_FLAGS
    lea guest_iret(%rip), %rax
    cmp %rax, FRAME_rip(%rsp)
    je iret_failed
    mov %rsp, %rdi
    mov %rsp, %rbx
    and $-16, %rsp
    call exception_from_hypervisor
    mov %rbx, %rsp
    POP_GPRS
    iretq

/* In: RSP = frame of a fault at guest_iret, GS the guest's, current->regs whole. */
iret_failed:
    swapgs
    mov FRAME_entry_vector(%rsp), %esi
    mov FRAME_error_code(%rsp), %edx
    mov %cr2, %rcx
    mov %gs:guest_frame(%rip), %rbx
    sub $FRAME_es, %rbx
    mov %gs:stack_top(%rip), %rsp
    mov %rbx, %rdi
    call exception_at_iret
    jmp guest_exit

/* In: RSP = error_code of a frame from ring 0, GS per-CPU, IF=0. */
interrupt_in_hypervisor:
    PUSH_GPRS
    CLEAN_FLAGS
    mov %rsp, %rdi
    mov FRAME_entry_vector(%rsp), %esi
    mov %rsp, %rbx
    and $-16, %rsp
    call irq_dispatch
    mov %rbx, %rsp
    POP_GPRS
    iretq

/*
 * From an IST stack to current->regs. In: RSP = error_code on the IST stack, frame from a
 * guest, GS the guest's. Out: the same in current->regs, all registers as they were.
 */
.macro IST_TO_GUEST_FRAME
    swapgs
    push %rax
    push %rcx
    mov %gs:guest_frame(%rip), %rcx
    .irp word, 0, 8, 16, 24, 32, 40
    mov 16 + 40 - \word(%rsp), %rax
    mov %rax, -8 - \word(%rcx)
    .endr
    pop %rcx
    pop %rax
    mov %gs:guest_frame(%rip), %rsp
    lea -48(%rsp), %rsp
    swapgs
.endm

/*
 * A frame from ring 0 on an IST stack, whose bottom tells which CPU this is. In: RSP =
 * error_code, GS unknown. Calls handler(regs) with GS per-CPU and returns.
 */
.macro IST_CALL handler
    PUSH_GPRS
    mov %rsp, %rbx
    CLEAN_FLAGS
    mov $GS_BASE_MSR, %ecx
    rdmsr
    mov %eax, %r12d
    mov %edx, %r13d
    mov IST_GS_BASE(%rbx), %eax
    mov IST_GS_BASE + 4(%rbx), %edx
    wrmsr
    mov %rbx, %rdi
    and $-16, %rsp
    call \handler
    mov $GS_BASE_MSR, %ecx
    mov %r12d, %eax
    mov %r13d, %edx
    wrmsr
    mov %rbx, %rsp
    POP_GPRS
    iretq
.endm

/* #DB. In: RSP = error_code on its IST stack. A guest's goes the ordinary way. */
    .balign 16
entry_debug:
    testb $FROM_GUEST, CS(%rsp)
    jz 1f
    IST_TO_GUEST_FRAME
    jmp exception_in_guest
1:  IST_CALL debug_in_hypervisor

    .balign 16
entry_debug_traced:
    testb $FROM_GUEST, CS(%rsp)
    jz 1b
    IST_TO_GUEST_FRAME
    jmp exception_in_traced_guest

/*
 * NMI. In: RSP = error_code on its IST stack. The handler never faults, for the IRET from
 * a fault would let the next NMI in. Returning to a guest may fault, if its selectors have
 * become bad meanwhile: that is done on the ordinary way, after an IRET to here.
 */
    .balign 16
entry_nmi:
    testb $FROM_GUEST, CS(%rsp)
    jz 1f
    IST_TO_GUEST_FRAME
    SAVE_GUEST
    mov %rbx, %rdi
    call nmi_handler
    mov %rsp, %rax
    mov %ss, %ecx
    mov %cs, %edx
    push %rcx
    push %rax
    pushq $2
    push %rdx
    lea guest_exit(%rip), %rax
    push %rax
    iretq
1:  IST_CALL nmi_handler

/* #DF and #MC. In: RSP = error_code on an IST stack, anything else may be broken. */
    .balign 16
entry_fatal:
    IST_CALL fatal_exception

    .section .note.GNU-stack, "", @progbits
