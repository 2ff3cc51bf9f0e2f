/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: set_segment_base sets the base of FS, of the kernel's GS, of user mode's GS,
 * and loads user mode's GS selector.
 * Provocation: each with the address of a variable, read back through the segment in
 * kernel and user mode; non-canonical and hypervisor addresses; an unknown register; GS
 * selectors, null ones too, and some that cannot be loaded.
 * Expected: the segment reads the variable; kernel and user GS are apart; -EINVAL for
 * a non-canonical base and an unknown register, whose old base stays; user mode finds in
 * GS the selector that was given, and 0 for one that cannot be loaded.
 */
#include <test.h>

#include <mini-os/user.h>

COVERS(set_segment_base);

#define NON_CANONICAL 0x0000800000000000

static uint64_t in_kernel = 0x1111;
static user_data uint64_t in_user = 0x2222;

static uint64_t read_fs(void)
{
    uint64_t value;

    asm volatile("mov %%fs:0, %0" : "=r"(value));
    return value;
}

static uint64_t read_gs(void)
{
    uint64_t value;

    asm volatile("mov %%gs:0, %0" : "=r"(value));
    return value;
}

static int set(unsigned int which, volatile const void *base)
{
    return HYPERVISOR_set_segment_base(which, (unsigned long)base);
}

/* In user mode. */
static long user_read_gs(long unused)
{
    (void)unused;
    return read_gs();
}

static long user_read_fs(long unused)
{
    (void)unused;
    return read_fs();
}

static long user_gs_selector(long unused)
{
    long selector = 0;

    (void)unused;
    asm volatile("mov %%gs, %w0" : "+r"(selector));
    return selector;
}

static void check_user(long (*fn)(long), long expected)
{
    struct trap_frame frame;
    long value = 0;

    check(user_call(fn, 0, &value, &frame), "user mode returned");
    check_eq(value, expected);
}

static void check_kernel(void)
{
    uint64_t other = 0x3333;

    check_eq(set(SEGBASE_FS, &in_kernel), 0);
    check_eq(read_fs(), 0x1111);
    check_eq(set(SEGBASE_GS_KERNEL, &other), 0);
    check_eq(read_gs(), 0x3333);
    check_eq(read_fs(), 0x1111);
    check_eq(set(SEGBASE_FS, (void *)NON_CANONICAL), -EINVAL);
    check_eq(set(SEGBASE_GS_KERNEL, (void *)NON_CANONICAL), -EINVAL);
    check_eq(set(SEGBASE_GS_USER, (void *)NON_CANONICAL), -EINVAL);
    check_eq(read_fs(), 0x1111);
    check_eq(read_gs(), 0x3333);
    check_eq(set(SEGBASE_GS_USER_SEL + 1, &other), -EINVAL);
    check_eq(set(~0U, &other), -EINVAL);
}

static void check_user_mode(void)
{
    check_eq(set(SEGBASE_GS_KERNEL, &in_kernel), 0);
    check_eq(set(SEGBASE_GS_USER, &in_user), 0);
    check_eq(set(SEGBASE_FS, &in_user), 0);
    check_eq(read_gs(), 0x1111);
    check_user(user_read_gs, 0x2222);
    check_user(user_read_fs, 0x2222);
    check_eq(read_gs(), 0x1111);
}

/* A selector of a flat segment has base 0, which user mode has not mapped. */
static void check_selector(void)
{
    struct trap_frame frame;
    long value;

    check_eq(HYPERVISOR_set_segment_base(SEGBASE_GS_USER_SEL, FLAT_USER_SS), 0);
    check(!user_call(user_read_gs, 0, &value, &frame), "user GS has another base");
    check_eq(frame.vector, TRAP_PAGE_FAULT);
    check_eq(read_gs(), 0x1111);
    check_eq(HYPERVISOR_set_segment_base(SEGBASE_GS_USER_SEL, 0), 0);
    check_eq(set(SEGBASE_GS_USER, &in_user), 0);
    check_user(user_read_gs, 0x2222);
}

static void check_selector_value(unsigned long selector, long expected)
{
    check_eq(HYPERVISOR_set_segment_base(SEGBASE_GS_USER_SEL, selector), 0);
    check_user(user_gs_selector, expected);
}

/* All four null selectors stay as they are; others get RPL 3. */
static void check_selector_values(void)
{
    for (long selector = 0; selector < 4; selector++)
        check_selector_value(selector, selector);
    check_selector_value(FLAT_USER_SS, FLAT_USER_SS);
    check_selector_value(FLAT_USER_SS & ~3, FLAT_USER_SS);
    check_selector_value(0x1234, 0);
    check_selector_value(FLAT_USER_SS | 4, 0);
    check_selector_value(0, 0);
}

void test_main(void)
{
    struct user_space user;

    check_kernel();
    require(user_space_create(&user) == 0);
    require(user_space_load(&user) == 0);
    check_user_mode();
    check_selector();
    check_selector_values();
}
