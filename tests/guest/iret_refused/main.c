/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: an iret whose frame the processor refuses is an exception of the guest: its
 * handler finds the refused frame and the processor's error code.
 * Provocation: iret to user mode with selectors of absent, null and system descriptors
 * and with addresses that are not canonical, with and without the SYSRET flag.
 * Expected: #GP with the selector in the error code and the frame as it was; a good frame
 * works afterwards.
 */
#include <test.h>

#include <mini-os/user.h>

COVERS(iret);

#define NON_CANONICAL 0x0000800000000000

static long add_one(long arg)
{
    return arg + 1;
}

static void check_refused(const char *what, struct trap_frame frame, unsigned long flags,
                          uint64_t selector)
{
    struct trap_frame before = frame;

    note("%s", what);
    user_enter(&frame, flags, NULL);
    check_eq(frame.vector, TRAP_GP_FAULT);
    check_eq(frame.error, selector & ~3ul);
    check_eq(frame.rip, before.rip);
    check_eq(frame.cs & 0xffff, before.cs | 3);
    check_eq(frame.rsp, before.rsp);
    check_eq(frame.ss & 0xffff, before.ss | 3);
    check_eq(frame.rbx, before.rbx);
    check_eq(frame.rdi, before.rdi);
}

static struct trap_frame good_frame(void)
{
    struct trap_frame frame;

    user_frame_init(&frame, add_one, 1);
    frame.rbx = 0x1234;
    return frame;
}

static void refuse_cs(const char *what, uint64_t cs)
{
    struct trap_frame frame = good_frame();

    frame.cs = cs;
    check_refused(what, frame, 0, cs);
}

static void refuse_ss(const char *what, uint64_t ss)
{
    struct trap_frame frame = good_frame();

    frame.ss = ss;
    check_refused(what, frame, 0, ss);
}

static void refuse_rip(const char *what, uint64_t rip, unsigned long flags)
{
    struct trap_frame frame = good_frame();

    frame.rip = rip;
    check_refused(what, frame, flags, 0);
}

static void check_good(void)
{
    struct trap_frame frame;
    long value = 0;

    check(user_call(add_one, 6, &value, &frame), "a good frame works");
    check_eq(value, 7);
}

void test_main(void)
{
    struct user_space user;

    require(user_space_create(&user) == 0);
    require(user_space_load(&user) == 0);
    check_good();
    refuse_cs("null code segment", 3);
    refuse_cs("code segment in an empty LDT", 0x0f);
    refuse_cs("code segment of an absent descriptor", 0x503);
    refuse_cs("data segment as code segment", FLAT_USER_SS);
    refuse_cs("TSS as code segment", 0xe043);
    refuse_ss("stack segment of an absent descriptor", 0x503);
    refuse_ss("code segment as stack segment", FLAT_USER_CS);
    refuse_rip("address not canonical", NON_CANONICAL, 0);
    refuse_rip("address not canonical, by SYSRET", NON_CANONICAL, VGCF_in_syscall);
    check_good();
}
