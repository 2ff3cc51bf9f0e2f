/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: iret never leads to a ring below 3 and never loads a flag that is not the
 * guest's, whatever the frame says.
 * Provocation: returns within the kernel and to user mode with code and stack selectors of
 * rings 0 to 2, with every flag set: VM, NT, RF, IOPL, VIF, VIP and the reserved ones.
 * Expected: the frame's place is reached in ring 3 with harmless flags.
 */
#include <test.h>

#include <mini-os/user.h>

COVERS(iret);

#define FLAG_TF   0x100
#define FLAG_IF   0x200
#define FLAG_IOPL 0x3000
#define FLAG_NT   0x4000
#define FLAG_RF   0x10000
#define FLAG_VM   0x20000
#define FLAG_AC   0x40000
#define FLAG_VIF  0x80000
#define FLAG_VIP  0x100000
#define LOADED    (FLAG_NT | FLAG_AC)

static uint64_t new_flags, new_cs, new_ss;

static bool change_frame(struct trap_frame *frame)
{
    frame->rflags = new_flags;
    frame->cs = new_cs;
    frame->ss = new_ss;
    return true;
}

/* Returns the flags with which the kernel went on; cs and ss in *cs, *ss. */
static uint64_t kernel_trip(uint64_t flags, uint64_t ring, uint16_t *cs, uint16_t *ss)
{
    uint64_t before, after;

    new_flags = flags;
    new_cs = (FLAT_KERNEL_CS & ~3u) | ring;
    new_ss = (FLAT_KERNEL_SS & ~3u) | ring;
    asm volatile("pushf\n\tpop %0\n\tint3\n\tpushf\n\tpop %1\n\tpush %0\n\tpopf\n\t"
                 "mov %%cs, %2\n\tmov %%ss, %3\n\tcld"
                 : "=&r"(before), "=&r"(after), "=r"(*cs), "=r"(*ss)
                 :
                 : "memory", "cc");
    return after;
}

static void check_kernel(void)
{
    uint16_t cs, ss;
    uint64_t flags;

    trap_set_handler(TRAP_INT3, change_frame);
    for (uint64_t ring = 0; ring < 3; ring++) {
        flags = kernel_trip(~(uint64_t)FLAG_TF, ring, &cs, &ss);
        check_eq(cs, FLAT_KERNEL_CS);
        check_eq(ss, FLAT_KERNEL_SS);
        check_eq(flags & (FLAG_IOPL | FLAG_VM | FLAG_VIF | FLAG_VIP | FLAG_RF), 0);
        check_eq(flags & FLAG_IF, FLAG_IF);
        check_eq(flags >> 22, 0);
        flags = kernel_trip(0, ring, &cs, &ss);
        check_eq(flags & ~(uint64_t)FLAG_IF, 2);
        check_eq(flags & FLAG_IF, FLAG_IF);
        HYPERVISOR_xen_version(0, NULL);
    }
    trap_set_handler(TRAP_INT3, NULL);
}

static long stop(long arg)
{
    asm volatile("int3");
    return arg;
}

static void check_user(uint64_t flags, unsigned long how)
{
    struct trap_frame frame;

    user_frame_init(&frame, stop, 0);
    frame.rip = (uint64_t)stop;
    frame.rflags = flags;
    user_enter(&frame, how, NULL);
    check_eq(frame.vector, TRAP_INT3);
    check_eq(frame.cs & 0xffff, FLAT_USER_CS);
    check_eq(frame.ss & 0xffff, FLAT_USER_SS);
    check_eq(frame.rflags & (FLAG_IOPL | FLAG_VM | FLAG_VIF | FLAG_VIP), 0);
    check_eq(frame.rflags >> 22, 0);
}

/* Privileged instructions after all that are still privileged. */
static void check_ring(void)
{
    struct trap_result r;

    TRAP_PROBE(&r, "hlt", : :);
    check_eq(r.trapped ? r.vector : 0, TRAP_GP_FAULT);
    TRAP_PROBE(&r, "mov %0, %%cr3", : : "r"(1ul << 51));
    check_eq(r.trapped ? r.vector : 0, TRAP_GP_FAULT);
}

void test_main(void)
{
    static struct user_space user;

    check_kernel();
    require(!user_space_create(&user) && !user_space_load(&user));
    for (unsigned int bit = 9; bit < 64; bit++) {
        check_user(1ul << bit | FLAG_IF, 0);
        check_user(1ul << bit | FLAG_IF, VGCF_in_syscall);
    }
    check_user(~(uint64_t)FLAG_TF, 0);
    check_user(~(uint64_t)FLAG_TF, VGCF_in_syscall);
    check_ring();
}
