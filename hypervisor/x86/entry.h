/* SPDX-License-Identifier: MIT */
/* Between entry.S and the C files that it calls or that point the processor at it. */
#ifndef X86_ENTRY_H
#define X86_ENTRY_H

#include <hv/percpu.h>
#include <hv/vcpu.h>

/* --- entry.S --- */
extern const char entry_stubs[]; /* 16 bytes a vector */
#define ENTRY_STUB_SIZE 16
extern const char entry_page_fault[], entry_syscall[], entry_syscall32[],
    entry_sysenter[];
extern const char entry_stubs_traced[], entry_syscall_traced[];

/* End (behind ss) of the frame in current->regs. */
DECLARE_PER_CPU(uintptr_t, guest_frame);

/* --- exception.c; all called by entry.S with interrupts off --- */
/* Any exception of the hypervisor. Returns when it can go on at regs->rip. */
void exception_from_hypervisor(struct cpu_user_regs *regs);
/* The IRET to a guest faulted; regs is the guest's frame, complete. cr2: valid for #PF.
 */
void exception_at_iret(struct cpu_user_regs *regs, unsigned int vector,
                       unsigned int error_code, unsigned long cr2);
/* #DB at an instruction of the hypervisor, on an IST stack. */
void debug_in_hypervisor(struct cpu_user_regs *regs);
/* #DF, #MC. */
noreturn void fatal_exception(struct cpu_user_regs *regs);

/* --- nmi.c --- */
void nmi_handler(struct cpu_user_regs *regs);
/* Debug key 'n'. */
void nmi_print_counts(char key);

/* --- idt.c --- */
void idt_init(void);
void idt_load(void);

/* --- backtrace.c --- */
/* Registers of a frame, as error messages. */
void dump_registers(const struct cpu_user_regs *regs);
/* Return addresses on this CPU's stack, from a frame of ring 0. */
void dump_backtrace(const struct cpu_user_regs *regs);
/* The same from the caller on. */
void dump_backtrace_here(void);

/* --- panic.c --- */
/* As panic(), with the registers of the fault that is the reason. */
noreturn void panic_regs(const struct cpu_user_regs *regs, const char *fmt, ...)
    printf_like(2, 3);
/* A panic is going on, on another CPU. */
bool panic_elsewhere(void);

#endif
