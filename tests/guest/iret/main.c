/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: the iret hypercall loads the registers of its frame: kernel to kernel,
 * kernel to user mode, with and without the SYSRET flag; RFLAGS.IF in the frame is the
 * state of event delivery; privileged flags are not loaded. Provocation: traps whose
 * handler changes the frame; entries of user mode with a pattern in every register, left
 * at once by SYSCALL or INT3. Expected: all registers arrive, RCX and R11 too unless the
 * flag says SYSRET, where they are RIP and RFLAGS; IOPL stays what it was.
 */
#include <test.h>

#include <mini-os/events.h>
#include <mini-os/user.h>

COVERS(iret);

#define FLAG_CF   0x001
#define FLAG_FIX  0x002
#define FLAG_PF   0x004
#define FLAG_ZF   0x040
#define FLAG_IF   0x200
#define FLAG_DF   0x400
#define FLAG_IOPL 0x3000
#define FLAG_NT   0x4000

/* patterns.S */
extern const char user_syscall_only[], user_int3_only[];

static bool change_frame(struct trap_frame *frame)
{
    frame->rax = 0x1111;
    frame->rcx = 0x2222;
    frame->r11 = 0x3333;
    frame->rflags |= FLAG_CF | FLAG_ZF;
    return true;
}

static void check_kernel(void)
{
    uint64_t rax = 0, rcx = 0, r11, flags;

    trap_set_handler(TRAP_INT3, change_frame);
    asm volatile("int3\n\tpushf\n\tpop %2\n\tmov %%r11, %3"
                 : "+a"(rax), "+c"(rcx), "=&r"(flags), "=&r"(r11)
                 :
                 : "r11", "memory", "cc");
    trap_set_handler(TRAP_INT3, NULL);
    check_eq(rax, 0x1111);
    check_eq(rcx, 0x2222);
    check_eq(r11, 0x3333);
    check_eq(flags & (FLAG_CF | FLAG_ZF), FLAG_CF | FLAG_ZF);
}

static bool delivery_off(struct trap_frame *frame)
{
    check_eq(frame->rflags & FLAG_IF, FLAG_IF);
    check(!events_enabled(), "delivery is off in the handler");
    frame->rflags &= ~(uint64_t)FLAG_IF;
    return true;
}

static bool delivery_on(struct trap_frame *frame)
{
    check_eq(frame->rflags & FLAG_IF, 0);
    frame->rflags |= FLAG_IF;
    return true;
}

static void check_delivery(void)
{
    events_enable();
    trap_set_handler(TRAP_INT3, delivery_off);
    asm volatile("int3" ::: "memory");
    check(!events_enabled(), "IF clear turns delivery off");
    trap_set_handler(TRAP_INT3, delivery_on);
    asm volatile("int3" ::: "memory");
    check(events_enabled(), "IF set turns delivery on");
    trap_set_handler(TRAP_INT3, NULL);
    events_disable();
}

static struct trap_frame pattern(const char *rip)
{
    return (struct trap_frame){
        .r15 = 0x1501,
        .r14 = 0x1402,
        .r13 = 0x1303,
        .r12 = 0x1204,
        .rbp = 0xb405,
        .rbx = 0xb306,
        .r11 = 0x1107,
        .r10 = 0x1008,
        .r9 = 0x0909,
        .r8 = 0x080a,
        .rax = 0xa00b,
        .rcx = 0xc10c,
        .rdx = 0xd20d,
        .rsi = 0x510e,
        .rdi = 0xd10f,
        .rip = (uint64_t)rip,
        .cs = FLAT_USER_CS,
        .ss = FLAT_USER_SS,
        .rflags = FLAG_FIX | FLAG_PF | FLAG_IF,
        .rsp = 0xf00d0ULL << 12,
    };
}

static void check_same(const struct trap_frame *now, const struct trap_frame *before)
{
    check(!memcmp(&now->r15, &before->r15, 6 * sizeof(uint64_t)), "r15 to rbx");
    check(!memcmp(&now->r10, &before->r10, 4 * sizeof(uint64_t)), "r10 to rax");
    check(!memcmp(&now->rdx, &before->rdx, 3 * sizeof(uint64_t)), "rdx, rsi, rdi");
    check_eq(now->rsp, before->rsp);
    check_eq(now->cs & 0xffff, before->cs);
    check_eq(now->ss & 0xffff, before->ss);
    check_eq(now->rflags & ~FLAG_IOPL, before->rflags & ~FLAG_IOPL);
}

static void check_user_int3(void)
{
    struct trap_frame before = pattern(user_int3_only), frame = before;

    user_enter(&frame, 0, NULL);
    check_eq(frame.vector, TRAP_INT3);
    check_same(&frame, &before);
    check_eq(frame.rcx, before.rcx);
    check_eq(frame.r11, before.r11);
    check_eq(frame.rip, before.rip + 1);
}

static void check_user_sysret(void)
{
    struct trap_frame before = pattern(user_int3_only), frame = before;

    user_enter(&frame, VGCF_in_syscall, NULL);
    check_eq(frame.vector, TRAP_INT3);
    check_same(&frame, &before);
    check_eq(frame.rcx, before.rip);
    check_eq(frame.r11 & ~FLAG_IOPL, before.rflags);
}

static void check_user_syscall(void)
{
    struct trap_frame before = pattern(user_syscall_only), frame = before;

    user_enter(&frame, 0, NULL);
    check_eq(frame.vector, TRAP_CALLBACK_SYSCALL);
    check_same(&frame, &before);
    check_eq(frame.rip, before.rip + 2);
    check_eq(frame.rcx, frame.rip);
}

/* Of what user mode could be given, only flags that any program may have are loaded. */
static void check_flags(void)
{
    struct trap_frame plain = pattern(user_int3_only), frame = plain;
    uint64_t iopl;

    user_enter(&frame, 0, NULL);
    iopl = frame.rflags & FLAG_IOPL;
    frame = plain;
    frame.rflags |= FLAG_IOPL | FLAG_DF | FLAG_ZF;
    user_enter(&frame, 0, NULL);
    check_eq(frame.vector, TRAP_INT3);
    check_eq(frame.rflags & FLAG_IOPL, iopl);
    check_eq(frame.rflags & (FLAG_DF | FLAG_ZF), FLAG_DF | FLAG_ZF);
}

void test_main(void)
{
    struct user_space user;

    check_kernel();
    check_delivery();
    require(user_space_create(&user) == 0);
    require(user_space_load(&user) == 0);
    check_user_int3();
    check_user_sysret();
    check_user_syscall();
    check_flags();
}
