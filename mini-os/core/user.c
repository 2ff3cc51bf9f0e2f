/* SPDX-License-Identifier: MIT */
/*
 * User mode: address space, entry by iret, exit by trap.
 *
 * The kernel stack for traps from user mode starts below the frame of user_enter(), so
 * user_exit() can abandon it and return from user_enter() like longjmp.
 */
#include <mini-os/user.h>

#include <abi/errno.h>
#include <abi/hypercall_stubs.h>
#include <mini-os/events.h>
#include <mini-os/panic.h>
#include <mini-os/smp.h>
#include <mini-os/string.h>

#include "internal.h"

#define RFLAGS_FIXED 0x002
#define RFLAGS_IF    0x200

/* A user_enter() under way. */
struct user_return {
    struct catch_context context;
    struct trap_frame *frame;
    uint64_t *cr2;
};

static int map_range(struct address_space *space, const char *start, const char *end,
                     pte_t flags)
{
    int rc = 0;

    for (const char *va = start; va < end && !rc; va += PAGE_SIZE)
        rc = space_map(space, (unsigned long)va, pte_make(virt_to_mfn(va), flags));
    return rc;
}

static int map_program(struct user_space *user)
{
    struct address_space *space = &user->space;
    int rc;

    rc = map_range(space, image_start, text_end, PTE_RX);
    if (!rc)
        rc = map_range(space, text_end, rodata_end, PTE_RO);
    if (!rc)
        rc = map_range(space, user_start, user_end, PTE_RW);
    if (!rc)
        rc = space_map(space, USER_STACK_TOP - PAGE_SIZE,
                       pte_make(virt_to_mfn(user->stack), PTE_RW));
    return rc;
}

int user_space_create(struct user_space *user)
{
    int rc;

    user->stack = alloc_page();
    if (!user->stack)
        return -XEN_ENOMEM;
    rc = space_create(&user->space);
    if (rc) {
        free_page(user->stack);
        return rc;
    }
    rc = map_program(user);
    if (rc)
        user_space_destroy(user);
    return rc;
}

void user_space_destroy(struct user_space *user)
{
    space_destroy(&user->space);
    free_page(user->stack);
}

int user_space_load(const struct user_space *user)
{
    return mmuext_one(MMUEXT_NEW_USER_BASEPTR, user ? virt_to_mfn(user->space.root) : 0,
                      0);
}

static noinline noreturn void leave_kernel(const struct trap_frame *frame,
                                           unsigned long iret_flags)
{
    struct trap_frame copy = *frame;
    unsigned long sp = ((unsigned long)&copy - 256) & ~15UL;
    int rc = HYPERVISOR_stack_switch(FLAT_KERNEL_SS, sp);

    BUG_ON(rc);
    frame_resume(&copy, iret_flags);
}

void user_enter(struct trap_frame *frame, unsigned long iret_flags, uint64_t *cr2)
{
    struct user_return back = { .frame = frame, .cr2 = cr2 };
    bool were_enabled = events_save_disable();

    BUG_ON(this_vcpu()->user);
    this_vcpu()->user = &back;
    if (!catch_save(&back.context))
        leave_kernel(frame, iret_flags);
    this_vcpu()->user = NULL;
    events_restore(were_enabled);
}

void user_exit(const struct trap_frame *frame, uint64_t cr2)
{
    struct user_return *back = this_vcpu()->user;

    if (!back)
        panic_frame(frame, "trap from user mode that nobody entered");
    *back->frame = *frame;
    if (back->cr2)
        *back->cr2 = cr2;
    catch_resume(&back->context);
}

/* Runs in user mode. */
static void user_main(long (*fn)(long), long arg)
{
    user_syscall(USER_RETURN, fn(arg));
    __builtin_trap();
}

void user_frame_init(struct trap_frame *frame, long (*fn)(long arg), long arg)
{
    *frame = (struct trap_frame){
        .rip = (uint64_t)user_main,
        .cs = FLAT_USER_CS,
        .rflags = RFLAGS_FIXED | RFLAGS_IF,
        .rsp = USER_STACK_TOP - 8,
        .ss = FLAT_USER_SS,
        .rdi = (uint64_t)fn,
        .rsi = arg,
    };
}

bool user_call(long (*fn)(long arg), long arg, long *value, struct trap_frame *frame)
{
    user_frame_init(frame, fn, arg);
    user_enter(frame, 0, NULL);
    if (frame->vector != TRAP_CALLBACK_SYSCALL || frame->rax != USER_RETURN)
        return false;
    *value = frame->rdi;
    return true;
}
