/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a kernel that cannot be entered ends its domain, with a message that says
 * why; so does a return that leads nowhere.
 * Provocation: a fault on a stack that cannot take the frame, handlers that fault
 * themselves, none at all, an iret frame that cannot be read or user mode without page
 * tables; each in a run of its own. Without an argument: the same handlers and stacks are
 * accepted as long as nothing needs them.
 * Expected: the domain crashes; the machine ends in good order.
 */
/* case: stack_unmapped crash "kernel stack at 0x7[0-9a-f]* cannot take a frame" */
/* case: stack_readonly crash "kernel stack at 0x[0-9a-f]* cannot take a frame" */
/* case: stack_hypervisor crash "kernel stack at 0xffff83[0-9a-f]* cannot take a frame" */
/* case: stack_beyond crash "kernel stack at 0x[0-9a-f]* cannot take a frame" */
/* case: no_table crash "unhandled exception 6 .* no entry in the trap table" */
/* case: handler_unmapped crash "kernel stack at 0x[0-9a-f]* cannot take a frame" */
/* case: handler_hypervisor crash "kernel stack at 0x[0-9a-f]* cannot take a frame" */
/* case: no_event_callback crash "no handler for a callback or exception" */
/* case: user_stack crash "kernel stack at 0x7[0-9a-f]* cannot take a frame" */
/* case: user_no_table crash "unhandled exception 3 .* no entry in the trap table" */
/* case: iret_unmapped crash "iret frame at 0x7[0-9a-f]* cannot be read" */
/* case: iret_hypervisor crash "iret frame at 0xffff83[0-9a-f]* cannot be read" */
/* case: iret_no_root crash "iret to user mode without a user page-table root" */
#include <test.h>

#include <mini-os/events.h>
#include <mini-os/mm.h>
#include <mini-os/user.h>

COVERS(iret, set_trap_table, set_callbacks, stack_switch);

#define UNMAPPED   0x7000000000f0ul
#define HYPERVISOR 0xffff830000001000ul
#define BEYOND     0x8000000000f0ul

/* A fault with this stack pointer. */
static noreturn void fault_on(unsigned long sp)
{
    asm volatile("mov %0, %%rsp\n\tud2" : : "r"(sp));
    __builtin_unreachable();
}

static void stack_unmapped(void)
{
    fault_on(UNMAPPED);
}

static void stack_readonly(void)
{
    fault_on((unsigned long)kernel_space.root + 256);
}

static void stack_hypervisor(void)
{
    fault_on(HYPERVISOR);
}

static void stack_beyond(void)
{
    fault_on(BEYOND);
}

static void no_table(void)
{
    HYPERVISOR_set_trap_table(NULL);
    asm volatile("ud2");
}

/* The vector's handler at an address of which executing faults again. */
static void set_handler(unsigned int vector, unsigned long address)
{
    struct trap_info table[2] = {
        { .vector = vector, .cs = FLAT_KERNEL_CS, .address = address },
    };

    check_eq(HYPERVISOR_set_trap_table(table), 0);
}

static void handler_unmapped(void)
{
    set_handler(TRAP_PAGE_FAULT, UNMAPPED);
    asm volatile("mov (%0), %%rax" : : "r"(UNMAPPED) : "rax");
}

static void handler_hypervisor(void)
{
    set_handler(TRAP_PAGE_FAULT, HYPERVISOR);
    asm volatile("mov (%0), %%rax" : : "r"(UNMAPPED) : "rax");
}

static void no_event_callback(void)
{
    int port = event_bind_ipi(0, NULL, NULL);

    require(port > 0);
    HYPERVISOR_set_callbacks(0, 0, 0);
    shared_info.evtchn_mask[port / 64] &= ~(1ul << port % 64);
    events_enable();
    event_send(port);
    HYPERVISOR_xen_version(0, NULL);
}

static long break_in_user(long arg)
{
    asm volatile("int3");
    return arg;
}

/* Into user mode, with kernel_sp as the stack to come back on. */
static void enter_user(unsigned long kernel_sp)
{
    static struct user_space user;
    struct trap_frame frame;
    struct {
        uint64_t rax, r11, rcx, flags, rip, cs, rflags, rsp, ss;
    } context;

    require(!user_space_create(&user) && !user_space_load(&user));
    user_frame_init(&frame, break_in_user, 0);
    context = (typeof(context)){ .rip = frame.rip,
                                 .cs = frame.cs,
                                 .rflags = frame.rflags,
                                 .rsp = frame.rsp,
                                 .ss = frame.ss };
    check_eq(HYPERVISOR_stack_switch(FLAT_KERNEL_SS, kernel_sp), 0);
    asm volatile("mov %0, %%rsp\n\tmov %3, %%eax\n\tsyscall"
                 :
                 : "r"(&context), "D"(frame.rdi), "S"(frame.rsi), "i"(__HYPERVISOR_iret)
                 : "rax", "memory");
    __builtin_unreachable();
}

static void user_stack(void)
{
    enter_user(UNMAPPED);
}

static void user_no_table(void)
{
    static char stack[PAGE_SIZE];

    HYPERVISOR_set_trap_table(NULL);
    enter_user((unsigned long)stack + PAGE_SIZE);
}

static noreturn void iret_at(unsigned long sp)
{
    asm volatile("mov %0, %%rsp\n\tmov %1, %%eax\n\tsyscall"
                 :
                 : "r"(sp), "i"(__HYPERVISOR_iret)
                 : "rax", "memory");
    __builtin_unreachable();
}

static void iret_unmapped(void)
{
    iret_at(UNMAPPED);
}

static void iret_hypervisor(void)
{
    iret_at(HYPERVISOR);
}

static void iret_no_root(void)
{
    uint64_t context[9] = {
        [4] = UNMAPPED, [5] = FLAT_USER_CS, [7] = UNMAPPED, [8] = FLAT_USER_SS
    };

    check_eq(user_space_load(NULL), 0);
    iret_at((unsigned long)context);
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    { "stack_unmapped", stack_unmapped },
    { "stack_readonly", stack_readonly },
    { "stack_hypervisor", stack_hypervisor },
    { "stack_beyond", stack_beyond },
    { "no_table", no_table },
    { "handler_unmapped", handler_unmapped },
    { "handler_hypervisor", handler_hypervisor },
    { "no_event_callback", no_event_callback },
    { "user_stack", user_stack },
    { "user_no_table", user_no_table },
    { "iret_unmapped", iret_unmapped },
    { "iret_hypervisor", iret_hypervisor },
    { "iret_no_root", iret_no_root },
};

static void run_case(const char *name)
{
    for (unsigned int i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        if (!strcmp(name, cases[i].name)) {
            cases[i].run();
            fail("%s: the domain lives on", name);
        }
    error("no case %s", name);
}

void test_main(void)
{
    if (boot_info->cmd_line[0])
        run_case((const char *)boot_info->cmd_line);
    check_eq(HYPERVISOR_stack_switch(FLAT_KERNEL_SS, UNMAPPED), 0);
    check_eq(HYPERVISOR_stack_switch(FLAT_KERNEL_SS, HYPERVISOR), 0);
    set_handler(TRAP_OVERFLOW, HYPERVISOR);
    traps_install();
}
