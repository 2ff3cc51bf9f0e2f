/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: guest user mode has its own page tables; SYSCALL and traps in it enter the
 * guest's kernel on the stack given by stack_switch, with user selectors in the frame.
 * Provocation: a function in user mode that returns, that calls, that touches kernel
 * data, unmapped memory and privileged instructions, that is interrupted by timer events.
 * Expected: arguments and results pass; RCX is the return address and R11 the flags of
 * SYSCALL; page faults carry the user bit; the kernel's data is not mapped.
 */
#include <test.h>

#include <mini-os/events.h>
#include <mini-os/time.h>
#include <mini-os/user.h>

COVERS(iret, stack_switch, callback_op, CALLBACKOP_register, MMUEXT_NEW_USER_BASEPTR);

#define FAULT_USER  4
#define FAULT_WRITE 2

static user_data volatile long counter;
static volatile long kernel_variable = 1;
static volatile unsigned int ticks;

static long add_one(long arg)
{
    counter++;
    return arg + 1;
}

static long call_kernel(long arg)
{
    return user_syscall(100, arg) + 1;
}

static long write_kernel(long arg)
{
    kernel_variable = arg;
    return 0;
}

static long read_address(long arg)
{
    return *(volatile long *)arg;
}

static long halt(long arg)
{
    asm volatile("hlt");
    return arg;
}

/* Until the kernel's timer has changed the variable often enough. */
static long spin(long arg)
{
    while (counter < arg)
        cpu_relax();
    return counter;
}

static void check_return(void)
{
    struct trap_frame frame;
    long value = 0;

    counter = 0;
    check(user_call(add_one, 41, &value, &frame), "user mode returned");
    check_eq(value, 42);
    check_eq(counter, 1);
    check_eq(frame.cs & 3, 3);
    check_eq(frame.rcx, frame.rip);
    check_eq(frame.r11, frame.rflags);
}

/* Answers the call with twice the argument and resumes behind the SYSCALL. */
static void check_call(void)
{
    struct trap_frame frame;

    user_frame_init(&frame, call_kernel, 21);
    user_enter(&frame, 0, NULL);
    check_eq(frame.vector, TRAP_CALLBACK_SYSCALL);
    check_eq(frame.rax, 100);
    check_eq(frame.rdi, 21);
    frame.rax = 2 * frame.rdi;
    user_enter(&frame, VGCF_in_syscall, NULL);
    check_eq(frame.rax, USER_RETURN);
    check_eq(frame.rdi, 43);
}

static void check_fault(long (*fn)(long), long arg, uint64_t address, uint64_t error)
{
    struct trap_frame frame;
    uint64_t cr2 = 0;

    user_frame_init(&frame, fn, arg);
    user_enter(&frame, 0, &cr2);
    check_eq(frame.vector, TRAP_PAGE_FAULT);
    check_eq(frame.error, error);
    check_eq(cr2, address);
    check(trap_from_user(&frame), "the frame is of user mode");
}

static void check_faults(void)
{
    struct trap_frame frame;
    uint64_t variable = (uint64_t)&kernel_variable;
    long value;

    check_fault(write_kernel, 2, variable, FAULT_USER | FAULT_WRITE);
    check_eq(kernel_variable, 1);
    check_fault(read_address, variable, variable, FAULT_USER);
    check_fault(read_address, 0x123456, 0x123456, FAULT_USER);
    check(!user_call(halt, 0, &value, &frame), "hlt traps");
    check_eq(frame.vector, TRAP_GP_FAULT);
    check(!user_call(read_address, 0x800000000000, &value, &frame), "non-canonical");
    check_eq(frame.vector, TRAP_GP_FAULT);
}

static void tick(evtchn_port_t port, void *data)
{
    (void)port;
    (void)data;
    ticks++;
    counter++;
    timer_set(time_now() + NSEC_PER_MSEC);
}

static void check_events(void)
{
    int timer = event_bind_virq(VIRQ_TIMER, 0, tick, NULL);
    struct trap_frame frame;
    long value = 0;

    require(timer > 0);
    counter = 0;
    events_enable();
    timer_set(time_now() + NSEC_PER_MSEC);
    check(user_call(spin, 20, &value, &frame), "user mode returned");
    check(value >= 20, "the timer interrupted user mode");
    check_eq(ticks, counter);
    event_close(timer);
}

void test_main(void)
{
    struct user_space user;

    require(user_space_create(&user) == 0);
    require(user_space_load(&user) == 0);
    check_return();
    check_call();
    check_faults();
    check_events();
    check_eq(user_space_load(NULL), 0);
    user_space_destroy(&user);
}
