/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a guest kernel is entered with the direction flag and that for alignment
 * checks clear, whatever its user mode has in them; the frame has what user mode had.
 * Provocation: user mode sets each, and executes SYSCALL and an instruction that traps.
 * Expected: neither flag in RFLAGS when the kernel is entered; in the frame the one that
 * was set.
 *   xen: differs it leaves the direction flag as it is; Linux relies on its being clear
 */
#include <test.h>

#include <abi/callback.h>
#include <mini-os/traps.h>
#include <mini-os/user.h>

COVERS(iret, set_trap_table, CALLBACKOP_register);

#define RFLAGS_DF 0x400
#define RFLAGS_AC 0x40000

/* RFLAGS with which the kernel has been entered last. */
uint64_t entry_flags;

/* Entries that note them: of SYSCALL, and of #GP. */
asm(".text\n"
    "note_syscall: pushf; pop entry_flags(%rip); jmp entry_syscall\n"
    "note_gp: pushf; pop entry_flags(%rip); jmp trap_stubs + 32 * 13\n");
void note_syscall(void);
void note_gp(void);

static long call(long arg)
{
    return arg;
}

static long halt(long arg)
{
    asm volatile("hlt");
    return arg;
}

static void set_entries(void)
{
    struct callback_register callback = { .type = CALLBACKTYPE_syscall,
                                          .address = (unsigned long)note_syscall };
    struct trap_info traps[] = { { .vector = TRAP_GP_FAULT,
                                   .cs = FLAT_KERNEL_CS,
                                   .address = (unsigned long)note_gp },
                                 { .address = 0 } };

    require(HYPERVISOR_callback_op(CALLBACKOP_register, &callback) == 0);
    require(HYPERVISOR_set_trap_table(traps) == 0);
}

static void check_flag(long (*fn)(long), unsigned int vector, uint64_t flag)
{
    struct trap_frame frame;

    user_frame_init(&frame, fn, 0);
    frame.rflags |= flag;
    entry_flags = ~0UL;
    user_enter(&frame, 0, NULL);
    check_eq(frame.vector, vector);
    check_eq(frame.rflags & (RFLAGS_DF | RFLAGS_AC), flag);
    check_eq(entry_flags & (RFLAGS_DF | RFLAGS_AC), 0);
}

void test_main(void)
{
    struct user_space user;

    require(user_space_create(&user) == 0);
    require(user_space_load(&user) == 0);
    set_entries();
    check_flag(call, TRAP_CALLBACK_SYSCALL, RFLAGS_DF);
    check_flag(call, TRAP_CALLBACK_SYSCALL, RFLAGS_AC);
    check_flag(halt, TRAP_GP_FAULT, RFLAGS_DF);
    check_flag(halt, TRAP_GP_FAULT, RFLAGS_AC);
    check_eq(user_space_load(NULL), 0);
    user_space_destroy(&user);
}
