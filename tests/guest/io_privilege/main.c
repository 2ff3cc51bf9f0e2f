/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: set_iopl and set_iobitmap say whether the guest's kernel and user mode may
 * reach I/O ports.
 * Provocation: IN from port 0x80 in kernel and user mode with each I/O privilege level,
 * with the port open and closed in the bitmap, and with a bitmap too short for it; levels,
 * sizes and addresses out of range.
 * Expected: #GP unless the level or the bitmap allows it; -EINVAL; -EFAULT.
 */
#include <test.h>

#include <abi/physdev.h>
#include <mini-os/user.h>

COVERS(physdev_op, PHYSDEVOP_set_iopl, PHYSDEVOP_set_iobitmap);

#define PORT     0x80
#define MAX_PORT 65536

static uint8_t bitmap[PORT / 8 + 1];

static long set_iopl(unsigned int level)
{
    struct physdev_set_iopl op = { .iopl = level };

    return HYPERVISOR_physdev_op(PHYSDEVOP_set_iopl, &op);
}

static long set_bitmap(void *bits, unsigned int ports)
{
    struct physdev_set_iobitmap op = { .nr_ports = ports };

    op.bitmap.p = bits;
    return HYPERVISOR_physdev_op(PHYSDEVOP_set_iobitmap, &op);
}

static bool kernel_can(void)
{
    struct trap_result result;

    TRAP_PROBE(&result, "in %0, %%al", : : "i"(PORT) : "rax");
    return !result.trapped;
}

/* In user mode. */
static long read_port(long arg)
{
    asm volatile("in %0, %%al" : : "i"(PORT) : "rax");
    return arg;
}

static bool user_can(void)
{
    struct trap_frame frame;
    long value;

    if (user_call(read_port, 0, &value, &frame))
        return true;
    check_eq(frame.vector, TRAP_GP_FAULT);
    return false;
}

static void check_levels(void)
{
    for (unsigned int level = 0; level <= 3; level++) {
        check_eq(set_iopl(level), 0);
        if (!check_eq(kernel_can(), level >= 1) || !check_eq(user_can(), level >= 3))
            note("level %u", level);
    }
    check_eq(set_iopl(4), -EINVAL);
    check_eq(set_iopl(~0U), -EINVAL);
    check(user_can(), "the level before stays");
    check_eq(set_iopl(0), 0);
}

static void check_bitmap(void)
{
    memset(bitmap, 0xff, sizeof(bitmap));
    check_eq(set_bitmap(bitmap, PORT + 8), 0);
    check(!user_can() && !kernel_can(), "closed");
    bitmap[PORT / 8] = 0xfe;
    check(user_can() && kernel_can(), "open");
    check_eq(set_bitmap(bitmap, PORT), 0);
    check(!user_can() && !kernel_can(), "behind the end");
    check_eq(set_bitmap((void *)0x10, MAX_PORT), 0);
    check(!user_can(), "a bitmap that is not mapped");
    check_eq(set_bitmap(bitmap, MAX_PORT + 1), -EINVAL);
    check_eq(set_bitmap((void *)HYPERVISOR_VIRT_START, 8), -EINVAL);
    check_eq(set_bitmap(NULL, 0), 0);
    check(!user_can() && !kernel_can(), "none");
}

void test_main(void)
{
    struct user_space user;

    require(user_space_create(&user) == 0);
    require(user_space_load(&user) == 0);
    check_levels();
    check_bitmap();
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_set_iopl, (void *)0x10), -EFAULT);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_set_iobitmap, (void *)0x10), -EFAULT);
    check_eq(user_space_load(NULL), 0);
    user_space_destroy(&user);
}
