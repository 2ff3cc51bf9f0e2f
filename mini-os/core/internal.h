/* SPDX-License-Identifier: MIT */
/*
 * What the files of the core library share with each other and nobody else.
 */
#ifndef MINI_OS_CORE_INTERNAL_H
#define MINI_OS_CORE_INTERNAL_H

#include <abi/xen.h>
#include <mini-os/compiler.h>
#include <mini-os/layout.h>

struct trap_frame;
struct vcpu_area;

/* From the linker script. */
extern char image_start[], text_end[], rodata_end[], user_start[], user_end[],
    image_end[];

/* entry.S and start.S */
extern char boot_stack[STACK_SIZE];
extern char trap_stubs[], entry_event[], entry_failsafe[], entry_syscall[];
extern char vcpu_start_entry[];

/* Callee-saved registers, as catch_save() of entry.S lays them out. */
struct catch_context {
    uint64_t rip, rsp, rbp, rbx, r12, r13, r14, r15;
};

int catch_save(struct catch_context *context) __attribute__((returns_twice));
noreturn void catch_resume(const struct catch_context *context);
noreturn void frame_resume(const struct trap_frame *frame, unsigned long iret_flags);

/* Called from assembly. */
noreturn void core_start(const start_info_t *info);
noreturn void vcpu_main(struct vcpu_area *area);
void trap_dispatch(struct trap_frame *frame);

/* Start-up of vCPU 0, in this order. */
void smp_init(void);
void mm_init(void);
void callbacks_install(void);

/* Stops this vCPU's periodic timer, with which it starts. */
void timer_init(void);

/* The bytes of the linear map's table entries, as one mmu_update; panics on refusal. */
struct mmu_update;
void mmu_update_must(struct mmu_update *batch, unsigned int count);

/* What an event upcall does: events_dispatch(), and what a kernel puts around it. */
void event_upcall(void);
void events_dispatch(void);

/* Ends the user_enter() of this vCPU with the state in frame. */
noreturn void user_exit(const struct trap_frame *frame, uint64_t cr2);

#endif
