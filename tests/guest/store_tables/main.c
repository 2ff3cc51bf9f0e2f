/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: what a processor without UMIP lets everybody read can be read: guests are
 * told that there is no UMIP.
 * Provocation: SGDT, SIDT, SLDT, STR and SMSW in kernel and in user mode.
 * Expected: none faults; SMSW shows that protection is on.
 */
#include <test.h>

#include <mini-os/user.h>

#define CR0_PE 1

static long sgdt(long arg)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) table = { 0 };

    asm volatile("sgdt %0" : "=m"(table));
    return arg;
}

static long sidt(long arg)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) table = { 0 };

    asm volatile("sidt %0" : "=m"(table));
    return arg;
}

static long sldt(long arg)
{
    uint16_t selector;

    asm volatile("sldt %0" : "=r"(selector));
    return arg;
}

static long str(long arg)
{
    uint16_t selector;

    asm volatile("str %0" : "=r"(selector));
    return arg;
}

static long smsw(long arg)
{
    uint64_t word = 0;

    asm volatile("smsw %0" : "=r"(word));
    return word & CR0_PE ? arg : 0;
}

static void check_both(long (*fn)(long))
{
    struct trap_frame frame;
    long value = 0;

    check_eq(fn(1), 1);
    check(user_call(fn, 2, &value, &frame), "it does not fault in user mode");
    check_eq(value, 2);
}

void test_main(void)
{
    struct user_space user;

    require(user_space_create(&user) == 0);
    require(user_space_load(&user) == 0);
    check_both(sgdt);
    check_both(sidt);
    check_both(sldt);
    check_both(str);
    check_both(smsw);
    check_eq(user_space_load(NULL), 0);
    user_space_destroy(&user);
}
