/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: no address that is not canonical, or the hypervisor's, gets where the
 * processor or the hypervisor would stumble over it.
 * Provocation: such addresses as segment bases, callbacks, trap handlers, breakpoints,
 * stacks, return addresses of iret and SYSRET; a SYSCALL that ends at the last canonical
 * address, from the kernel and from user mode, so that SYSRET would return behind it.
 * Expected: an error number or a fault in the guest, at the address in question.
 */
#include <test.h>

#include <abi/callback.h>
#include <mini-os/mm.h>
#include <mini-os/user.h>

COVERS(set_segment_base, set_callbacks, callback_op, CALLBACKOP_register, set_trap_table,
       set_debugreg, stack_switch, iret);

#define BORDER     0x800000000000ul
#define HYPERVISOR 0xffff830000001000ul
#define MSR_FS     0xc0000100
#define MSR_GS     0xc0000101
#define MSR_KGS    0xc0000102

static const uint64_t not_canonical[] = {
    BORDER, BORDER + 1, 0xffff7fffffffffff, 0xdead000000000000, 1ul << 63, 1ul << 47,
};
#define COUNT (sizeof(not_canonical) / sizeof(*not_canonical))

static void check_bases(uint64_t address)
{
    check_eq(HYPERVISOR_set_segment_base(SEGBASE_FS, address), -EINVAL);
    check_eq(HYPERVISOR_set_segment_base(SEGBASE_GS_USER, address), -EINVAL);
    check_eq(HYPERVISOR_set_segment_base(SEGBASE_GS_KERNEL, address), -EINVAL);
    for (uint32_t msr = MSR_FS; msr <= MSR_KGS; msr++) {
        struct trap_result r;

        TRAP_PROBE(&r, "wrmsr",
                   :
                   : "c"(msr), "a"((uint32_t)address), "d"((uint32_t)(address >> 32)));
        check_eq(r.trapped ? r.vector : 0, TRAP_GP_FAULT);
    }
}

static void check_callbacks(uint64_t address)
{
    static const unsigned int type[] = { CALLBACKTYPE_event,     CALLBACKTYPE_failsafe,
                                         CALLBACKTYPE_syscall,   CALLBACKTYPE_sysenter,
                                         CALLBACKTYPE_syscall32, CALLBACKTYPE_nmi };
    struct trap_info table[2] = { { .vector = TRAP_OVERFLOW, .address = address } };

    for (unsigned int i = 0; i < sizeof(type) / sizeof(*type); i++) {
        struct callback_register reg = { .type = type[i], .address = address };

        check_eq(HYPERVISOR_callback_op(CALLBACKOP_register, &reg), -EINVAL);
    }
    /* No error, as on Xen; but what is there stays. */
    check_eq(HYPERVISOR_set_callbacks(address, address, address), 0);
    check_eq(HYPERVISOR_set_trap_table(table), -EINVAL);
}

static void check_breakpoints(uint64_t address)
{
    for (int reg = 0; reg < 4; reg++)
        check_eq(HYPERVISOR_set_debugreg(reg, address), -EPERM);
}

static void jump(void *to)
{
    asm volatile("jmp *%0" : : "r"(to));
}

static void check_jump(uint64_t address)
{
    struct trap_result r;

    check(trap_call(jump, (void *)address, &r), "a jump to nowhere");
    check(r.vector == TRAP_GP_FAULT || r.vector == TRAP_PAGE_FAULT, "its fault");
}

static void check_access(uint64_t address)
{
    struct trap_result r;
    uint64_t value;

    check(probe_read((void *)address, &value, &r), "reading");
    check(probe_write((void *)address, 0, &r), "writing");
    TRAP_PROBE(&r, "invlpg (%0)", : : "r"(address));
    check_eq(mmuext_one(MMUEXT_INVLPG_LOCAL, address, 0), 0);
    check_eq(mmuext_one(MMUEXT_INVLPG_ALL, address, 0), 0);
}

/* SYSCALL as the last two bytes below the border, there for kernel and user. */
static pte_t border_code(void)
{
    char *page = alloc_page();

    require(page);
    page[PAGE_SIZE - 2] = 0x0f;
    page[PAGE_SIZE - 1] = 0x05;
    return pte_make(virt_to_mfn(page), PTE_RX);
}

static void call_at_border(void *unused)
{
    unsigned long nr = __HYPERVISOR_xen_version, rdi = 0, rsi = 0;

    (void)unused;
    asm volatile("jmp *%3"
                 : "+a"(nr), "+D"(rdi), "+S"(rsi)
                 : "r"(BORDER - 2)
                 : "rcx", "r11", "memory");
}

static void check_border_kernel(void)
{
    struct trap_result r;

    check(trap_call(call_at_border, NULL, &r),
          "a hypercall from the border returns behind it");
    check_eq(r.vector, TRAP_GP_FAULT);
    check_eq(r.rip, BORDER);
    check((long)r.frame.rax > 0, "its result");
}

static void check_border_user(void)
{
    struct trap_frame frame;
    uint64_t flags;

    user_frame_init(&frame, NULL, 0);
    frame.rip = BORDER - 2;
    user_enter(&frame, 0, NULL);
    check_eq(frame.vector, TRAP_CALLBACK_SYSCALL);
    check_eq(frame.rip, BORDER);
    flags = frame.rflags;
    user_enter(&frame, VGCF_in_syscall, NULL);
    check_eq(frame.vector, TRAP_GP_FAULT);
    check_eq(frame.rip, BORDER);
    check_eq(frame.rflags & 0xad5, flags & 0xad5);
}

static void check_user_stack(uint64_t address)
{
    struct trap_frame frame;

    user_frame_init(&frame, NULL, 0);
    frame.rip = BORDER - 2;
    frame.rsp = address;
    user_enter(&frame, VGCF_in_syscall, NULL);
    check_eq(frame.vector, TRAP_CALLBACK_SYSCALL);
    check_eq(frame.rsp, address);
}

static void check_border(void)
{
    static struct user_space user;
    pte_t code = border_code();

    require(!space_map(&kernel_space, BORDER - PAGE_SIZE, code));
    check_border_kernel();
    require(!space_map(&kernel_space, BORDER - PAGE_SIZE, 0));
    require(!user_space_create(&user) && !user_space_load(&user));
    require(!space_map(&user.space, BORDER - PAGE_SIZE, code));
    check_border_user();
    for (unsigned int i = 0; i < COUNT; i++)
        check_user_stack(not_canonical[i]);
    check_user_stack(HYPERVISOR);
}

void test_main(void)
{
    for (unsigned int i = 0; i < COUNT; i++) {
        check_bases(not_canonical[i]);
        check_callbacks(not_canonical[i]);
        check_breakpoints(not_canonical[i]);
        check_jump(not_canonical[i]);
        check_access(not_canonical[i]);
    }
    check_breakpoints(HYPERVISOR);
    check_breakpoints(0xffff800000000000);
    check_jump(HYPERVISOR);
    check_access(HYPERVISOR);
    check_border();
}
