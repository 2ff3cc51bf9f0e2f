/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a guest finds the same processor wherever it looks: on each of its vCPUs, on
 * each CPU that these run on; and one that was given a policy finds what that says.
 * Provocation: each vCPU, tied to each CPU in turn, collects all CPUID leaves, by the
 * emulation prefix, and the registers that can be read; a second domain is given a policy
 * without AES, AVX and most of the hypervisor's leaves, asks, and tries AVX state.
 * Expected: all equal; what the policy leaves out is missing in the second domain, and
 * nothing else; XSAVE's area is smaller, XCR0 takes no AVX.
 *
 *   qemu: -smp 3
 *   dom0: max_vcpus=3
 */
#include <builder.h>
#include <test.h>

#include <abi/domctl.h>
#include <abi/sched.h>
#include <mini-os/smp.h>
#include <mini-os/time.h>
#include <mini-os/traps.h>

COVERS(domctl, XEN_DOMCTL_set_cpu_policy, XEN_DOMCTL_get_cpu_policy,
       SCHEDOP_pin_override);

#define CPUS         3
#define MAX_LEAVES   200
#define MAX_MSRS     16
#define ECX_AES      (1u << 25)
#define ECX_XSAVE    (1u << 26)
#define ECX_AVX      (1u << 28)
#define ECX_NEED_AVX (ECX_AVX | 1u << 12 | 1u << 29) /* FMA, F16C */
#define CR4_OSXSAVE  (1ul << 18)
#define XCR0_X87     1ul
#define XCR0_SSE     2ul
#define NO_XCR0      ~0ul

struct leaf {
    uint32_t leaf, sub;
    uint32_t a, b, c, d;
};

struct processor {
    unsigned int nr_leaves;
    struct leaf leaf[MAX_LEAVES];
    uint64_t xcr0;
    bool has_msr[MAX_MSRS];
    uint64_t msr[MAX_MSRS];
};

static struct processor reference, found;

static struct leaf cpuid(uint32_t leaf, uint32_t sub)
{
    struct leaf l = { leaf, sub, leaf, 0, sub, 0 };

    asm volatile("ud2; .ascii \"xen\"; cpuid"
                 : "+a"(l.a), "=b"(l.b), "+c"(l.c), "=d"(l.d));
    return l;
}

/* What is of a vCPU, or of the CPU that it runs on. */
static void leave_numbers_out(struct leaf *l)
{
    switch (l->leaf) {
    case 0x40000003: /* the scale of time, which is each CPU's own */
    case 0x40000004: /* the vCPU's number */
        l->a = l->b = l->c = l->d = 0;
        break;
    }
}

static void add_leaf(struct processor *p, uint32_t leaf, uint32_t sub)
{
    if (p->nr_leaves == MAX_LEAVES)
        return;
    p->leaf[p->nr_leaves] = cpuid(leaf, sub);
    leave_numbers_out(&p->leaf[p->nr_leaves++]);
}

static unsigned int subleaves(uint32_t leaf)
{
    return leaf == 0xd ? 20 : leaf == 4 || leaf == 7 || leaf == 0xb ? 4 : 1;
}

static void add_leaves(struct processor *p, uint32_t base)
{
    uint32_t last = cpuid(base, 0).a;

    for (uint32_t leaf = base; leaf <= last && leaf < base + 0x30; leaf++)
        for (uint32_t sub = 0; sub < subleaves(leaf); sub++)
            add_leaf(p, leaf, sub);
}

static uint64_t read_xcr0(void)
{
    uint32_t a = 0, d = 0;
    struct trap_result trap;

    TRAP_PROBE(&trap, "xgetbv", : "+a"(a), "+d"(d) : "c"(0));
    return trap.trapped ? NO_XCR0 : a | (uint64_t)d << 32;
}

static void add_msrs(struct processor *p)
{
    static const uint32_t numbers[MAX_MSRS] = {
        0x1b,  0x8b,  0xce,  0xfe,       0x10a,      0x140,      0x174,      0x17,
        0x1a0, 0x277, 0x2ff, 0xc0000080, 0xc0000081, 0xc0010015, 0xc0010117, 0xc0011020
    };

    for (unsigned int i = 0; i < MAX_MSRS; i++) {
        struct trap_result trap;
        uint32_t a = 0, d = 0;

        TRAP_PROBE(&trap, "rdmsr", : "+a"(a), "+d"(d) : "c"(numbers[i]));
        p->has_msr[i] = !trap.trapped;
        p->msr[i] = trap.trapped ? 0 : a | (uint64_t)d << 32;
        if (numbers[i] == 0x1b)
            p->msr[i] &= ~0x100ul; /* is this the first processor? */
    }
}

static void look(struct processor *p)
{
    memset(p, 0, sizeof(*p));
    add_leaves(p, 0);
    add_leaves(p, 0x40000000);
    add_leaves(p, 0x80000000);
    p->xcr0 = read_xcr0();
    add_msrs(p);
}

static void compare(unsigned int vcpu, unsigned int cpu)
{
    check_eq(found.nr_leaves, reference.nr_leaves);
    check_eq(found.xcr0, reference.xcr0);
    for (unsigned int i = 0; i < reference.nr_leaves; i++)
        if (!check(!memcmp(&found.leaf[i], &reference.leaf[i], sizeof(struct leaf)),
                   "the same leaf everywhere"))
            note("leaf %x.%u: %x %x %x %x, vCPU %u on CPU %u: %x %x %x %x",
                 found.leaf[i].leaf, found.leaf[i].sub, reference.leaf[i].a,
                 reference.leaf[i].b, reference.leaf[i].c, reference.leaf[i].d, vcpu, cpu,
                 found.leaf[i].a, found.leaf[i].b, found.leaf[i].c, found.leaf[i].d);
    for (unsigned int i = 0; i < MAX_MSRS; i++) {
        check_eq(found.has_msr[i], reference.has_msr[i]);
        check_eq(found.msr[i], reference.msr[i]);
    }
}

static int pin(int cpu)
{
    struct sched_pin_override op = { .pcpu = cpu };

    return (int)HYPERVISOR_sched_op(SCHEDOP_pin_override, &op);
}

static void look_everywhere(void *unused)
{
    (void)unused;
    for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
        check_eq(pin((int)cpu), 0);
        time_sleep(NSEC_PER_MSEC);
        look(&found);
        compare(this_vcpu()->id, cpu);
        check_eq(pin(-1), 0);
    }
}

/* --- a domain with a policy --- */

static struct guest guest;
static struct xen_domctl op;

/* XCR0 through the control register that allows it: a trap without this. */
static void set_xcr0(uint32_t value)
{
    unsigned long cr4;

    asm volatile("mov %%cr4, %0" : "=r"(cr4));
    asm volatile("mov %0, %%cr4" ::"r"(cr4 | CR4_OSXSAVE));
    asm volatile("xsetbv" ::"a"(value), "d"(0), "c"(0));
}

/* Tells its features, the size of its XSAVE area and the hypervisor's last leaf; then it
 * wants AVX state, for which it crashes if there is none. */
static void child(struct child_args *args)
{
    struct sched_shutdown off = { .reason = SHUTDOWN_poweroff };
    struct leaf l = cpuid(1, 0);

    args->result = (int64_t)(l.c | (uint64_t)l.d << 32);
    args->state = cpuid(0xd, 0).c | (uint64_t)cpuid(0x40000000, 0).a << 32;
    if (l.c & ECX_XSAVE)
        set_xcr0(7);
    HYPERVISOR_sched_op(SCHEDOP_shutdown, &off);
}

struct answer {
    uint32_t ecx, edx, xsave_size, last_leaf;
    unsigned int reason; /* for its end */
};

static void set_policy(uint32_t without, uint32_t last_leaf)
{
    static xen_cpuid_leaf_t leaves[2];
    struct leaf l = cpuid(1, 0);

    leaves[0] = (xen_cpuid_leaf_t){ .leaf = 1,
                                    .subleaf = XEN_CPUID_NO_SUBLEAF,
                                    .a = l.a,
                                    .b = l.b,
                                    .c = l.c & ~without,
                                    .d = l.d };
    leaves[1] = (xen_cpuid_leaf_t){ .leaf = 0x40000000,
                                    .subleaf = XEN_CPUID_NO_SUBLEAF,
                                    .a = last_leaf };
    op.u.cpu_policy = (struct xen_domctl_cpu_policy){ .nr_leaves = 2 };
    op.u.cpu_policy.leaves.p = leaves;
    check_eq(domctl(&op, XEN_DOMCTL_set_cpu_policy, guest.id), 0);
}

/* What a new domain finds; without: bits of leaf 1's ECX that its policy has not. */
static struct answer run_child(uint32_t without, uint32_t last_leaf)
{
    struct xen_domctl_getdomaininfo info = { 0 };
    struct answer a;

    require(guest_build(&guest, child) == 0);
    if (without)
        set_policy(without, last_leaf);
    check_eq(guest_unpause(&guest), 0);
    for (unsigned int i = 0; i < 1000 && !(info.flags & XEN_DOMINF_shutdown); i++) {
        time_sleep(NSEC_PER_MSEC);
        require(guest_info(guest.id, &info));
    }
    a = (struct answer){ (uint32_t)guest.args->result,
                         (uint32_t)(guest.args->result >> 32),
                         (uint32_t)guest.args->state, (uint32_t)(guest.args->state >> 32),
                         info.flags >> XEN_DOMINF_shutdownshift & 0xff };
    check_eq(guest_destroy(&guest), 0);
    return a;
}

static void check_policy(void)
{
    struct answer all = run_child(0, 0), less;

    check(all.ecx & ECX_AES, "there is AES");
    check_eq(all.last_leaf, 0x40000005);
    less = run_child(ECX_AES, 0);
    check_eq(less.ecx, all.ecx & ~ECX_AES);
    check_eq(less.edx, all.edx);
    check_eq(less.last_leaf, all.last_leaf);
    if (!(all.ecx & ECX_AVX)) {
        note("no AVX");
        return;
    }
    check_eq(all.xsave_size, 832);
    check_eq(all.reason, SHUTDOWN_poweroff);
    less = run_child(ECX_AVX, 2);
    check_eq(less.ecx, all.ecx & ~ECX_NEED_AVX);
    check_eq(less.xsave_size, 576);
    check_eq(less.last_leaf, 0x40000002);
    check_eq(less.reason, SHUTDOWN_crash);
}

void test_main(void)
{
    look(&reference);
    check(reference.xcr0 == (XCR0_X87 | XCR0_SSE) || reference.xcr0 == NO_XCR0,
          "x87 and SSE state are on at the start");
    look_everywhere(NULL);
    for (unsigned int id = 1; id < CPUS; id++) {
        require(vcpu_start(id, look_everywhere, NULL) == 0);
        vcpu_join(id);
    }
    check_policy();
}
