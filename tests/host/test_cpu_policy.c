/* SPDX-License-Identifier: MIT */
/* CPU policies on machines that are made up: what guests get of them, what goes with what,
 * and what a policy can change. */
#include "test.h"

#include "../../hypervisor/pv/cpu_policy.h"

#include <stdlib.h>

#include <abi/arch-x86/cpufeatureset.h>
#include <abi/arch-x86/cpuid.h>

#define NO_SUB XEN_CPUID_NO_SUBLEAF
#define BIT(n) (1u << (n))

struct cpu_features host_cpu;

static bool is_intel;

/* A machine with everything: each register all ones, but for numbers and sizes. */
static struct cpuid_regs machine(uint32_t leaf, uint32_t sub)
{
    const uint32_t all = 0xffffffff;

    switch (leaf) {
    case 0:
    case 0x80000000:
        return (struct cpuid_regs){ leaf ? 0x80000028 : 0x20,
                                    is_intel ? 0x756e6547 : 0x68747541,
                                    is_intel ? 0x6c65746e : 0x444d4163,
                                    is_intel ? 0x49656e69 : 0x69746e65 };
    case 1:
        return (struct cpuid_regs){ 0x00a20f12, 0x07100800, all, all };
    case 4:
        return (struct cpuid_regs){ sub < 3 ? 0x1c004121 : 0, 0x1c0003f, 63, 0 };
    case 7:
        return sub ? (struct cpuid_regs){ all, all, all, all }
                   : (struct cpuid_regs){ 2, all, all, all };
    case 0xd: {
        static const struct cpuid_regs components[] = {
            [0] = { 0x2e7, 832, 2696, 0 }, [1] = { 0xf, 1000, 0, 0 },
            [2] = { 256, 576, 0, 0 },      [5] = { 40, 1088, 0, 0 },
            [6] = { 512, 1152, 0, 0 },     [7] = { 1024, 1664, 2, 0 },
            [9] = { 8, 2688, 0, 0 },
        };

        return sub < 10 ? components[sub] : (struct cpuid_regs){ 0, 0, 0, 0 };
    }
    case 0x80000008:
        return (struct cpuid_regs){ 0x3934, all, 0x700f, all };
    default:
        return (struct cpuid_regs){ all, all, all, all };
    }
}

static void init(bool intel)
{
    is_intel = intel;
    host_cpu = (struct cpu_features){ .max_leaf = 0x20,
                                      .max_ext_leaf = 0x80000028,
                                      .phys_bits = 52,
                                      .is_intel_like = intel,
                                      .xsave = true,
                                      .fsgsbase = true,
                                      .nx = true,
                                      .xcr0 = 0xe7 };
    cpu_policy_init(machine, ~0ull);
}

static struct cpuid_regs leaf(const struct cpu_policy *p, uint32_t number, uint32_t sub)
{
    struct cpuid_regs r;

    cpu_policy_leaf(p, number, sub, &r);
    return r;
}

static const uint16_t offered[] = {
#define FEATURE(name)        XEN_X86_FEATURE_##name,
#define FEATURE_ASKED(name)  XEN_X86_FEATURE_##name,
#define FEATURE_OF_FPU(name) XEN_X86_FEATURE_##name,
#include "../../hypervisor/pv/cpu_features.def"
};

static bool is_offered(unsigned int feature)
{
    for (size_t i = 0; i < sizeof(offered) / sizeof(offered[0]); i++)
        if (offered[i] == feature)
            return true;
    return false;
}

/* All that is in the table, nothing else; asked-for features by default not. */
static void features(void **state)
{
    (void)state;
    init(true);
    for (unsigned int f = 0; f < 32 * CPU_FEATURE_WORDS; f++)
        assert_int_equal(cpu_policy_has(cpu_policy_most(), f), is_offered(f));
    assert_true(cpu_policy_has(cpu_policy_most(), XEN_X86_FEATURE_HLE));
    assert_false(cpu_policy_has(cpu_policy_default(), XEN_X86_FEATURE_HLE));
    assert_true(cpu_policy_has(cpu_policy_default(), XEN_X86_FEATURE_AVX512F));
    init(false);
    assert_false(cpu_policy_has(cpu_policy_most(), XEN_X86_FEATURE_SEP));
}

static void registers(void **state)
{
    struct cpuid_regs r;

    (void)state;
    init(true);
    assert_int_equal(leaf(cpu_policy_default(), 0, 0).a, 0xd);
    r = leaf(cpu_policy_default(), 1, 0);
    assert_int_equal(r.a, 0x00a20f12);
    assert_int_equal(r.b, 0x00400800);
    assert_int_equal(leaf(cpu_policy_default(), 4, 0).a, 0xfc004121);
    assert_int_equal(leaf(cpu_policy_default(), 4, 3).a, 0);
    for (uint32_t hidden = 5; hidden <= 0x30; hidden++)
        if (hidden != 7 && hidden != 0xd)
            assert_int_equal(leaf(cpu_policy_default(), hidden, 0).a, 0);
    assert_int_equal(leaf(cpu_policy_default(), 0x80000000, 0).a, 0x80000021);
    assert_int_equal(leaf(cpu_policy_default(), 0x80000001, 0).a, 0);
    assert_int_equal(leaf(cpu_policy_default(), 0x80000001, 0).d & 0x0183f3ff, 0);
    assert_int_equal(leaf(cpu_policy_default(), 0x80000008, 0).a, 0x3034);
    assert_int_equal(leaf(cpu_policy_default(), 0x80000008, 0).c, 0);
    assert_int_equal(leaf(cpu_policy_default(), 0x8000000a, 0).a, 0);
    init(false);
    r = leaf(cpu_policy_default(), 0x80000001, 0);
    assert_int_equal(r.a, 0x00a20f12);
    assert_int_equal(r.d & 0x0183f3ff, leaf(cpu_policy_default(), 1, 0).d & 0x0183f3ff);
    assert_int_equal(leaf(cpu_policy_default(), 0x80000008, 0).c, 0x603f);
}

static void xstate(void **state)
{
    struct cpuid_regs r;

    (void)state;
    init(true);
    r = leaf(cpu_policy_default(), 0xd, 0);
    assert_int_equal(r.a, 0xe7);
    assert_int_equal(r.c, 2688);
    assert_int_equal(cpu_policy_xcr0(cpu_policy_default()), 0xe7);
    assert_int_equal(cpu_policy_xsave_size(cpu_policy_default(), 1), 576);
    assert_int_equal(cpu_policy_xsave_size(cpu_policy_default(), 7), 832);
    assert_int_equal(leaf(cpu_policy_default(), 0xd, 9).a, 0);
    assert_int_equal(leaf(cpu_policy_default(), 0xd, 1).a, 7);
    assert_int_equal(cpu_policy_xsavec_size(cpu_policy_default(), 3), 576);
    /* Component 7 is aligned: behind 576 + 256 + 40 come 24 bytes of nothing. */
    assert_int_equal(cpu_policy_xsavec_size(cpu_policy_default(), 0xa7),
                     576 + 256 + 40 + 24 + 1024);
    host_cpu.xcr0 = 7;
    cpu_policy_init(machine, 0);
    assert_false(cpu_policy_has(cpu_policy_most(), XEN_X86_FEATURE_AVX512BW));
    assert_int_equal(leaf(cpu_policy_most(), 0xd, 0).c, 832);
    host_cpu.xsave = false;
    host_cpu.xcr0 = 0;
    cpu_policy_init(machine, 0);
    assert_false(cpu_policy_has(cpu_policy_most(), XEN_X86_FEATURE_VAES));
    assert_int_equal(leaf(cpu_policy_most(), 0xd, 0).c, 0);
}

/* Sets a register of a leaf of a new policy. */
static struct cpu_policy changed(uint32_t number, uint32_t sub, unsigned int reg,
                                 uint32_t value)
{
    struct cpu_policy p = *cpu_policy_default();
    struct cpuid_regs r = leaf(&p, number, sub == NO_SUB ? 0 : sub);
    struct xen_cpuid_leaf l = { number, sub, r.a, r.b, r.c, r.d };

    (&l.a)[reg] = value;
    cpu_policy_change(&p, &l, 1, NULL);
    return p;
}

static void what_goes_together(void **state)
{
    struct cpu_policy p;
    uint32_t ecx;

    (void)state;
    init(true);
    ecx = leaf(cpu_policy_default(), 1, 0).c;
    p = changed(1, NO_SUB, 2, ecx & ~BIT(28)); /* AVX */
    assert_false(cpu_policy_has(&p, XEN_X86_FEATURE_AVX2));
    assert_false(cpu_policy_has(&p, XEN_X86_FEATURE_AVX512_BF16));
    assert_true(cpu_policy_has(&p, XEN_X86_FEATURE_XSAVEOPT));
    assert_int_equal(leaf(&p, 0xd, 0).a, 3);
    assert_int_equal(leaf(&p, 0xd, 0).c, 576);
    assert_int_equal(leaf(&p, 0xd, 2).a, 0);
    p = changed(1, NO_SUB, 2, ecx & ~BIT(26)); /* XSAVE */
    assert_int_equal(cpu_policy_xcr0(&p), 0);
    assert_int_equal(leaf(&p, 0xd, 1).a, 0);
    assert_int_equal(cpu_policy_xsavec_size(&p, 3), 0);
    assert_false(cpu_policy_has(&p, XEN_X86_FEATURE_AVX));
    p = changed(7, 0, 3, leaf(cpu_policy_default(), 7, 0).d & ~BIT(29)); /* ARCH_CAPS */
    assert_int_equal(cpu_policy_arch_caps(&p), 0);
}

static void what_can_be_changed(void **state)
{
    const uint64_t all_caps = ~0ull, no_caps = 0;
    struct cpu_policy p;

    (void)state;
    init(true);
    p = changed(7, 0, 1, ~0u);
    assert_true(cpu_policy_has(&p, XEN_X86_FEATURE_HLE));
    assert_false(cpu_policy_has(&p, XEN_X86_FEATURE_SMEP));
    p = changed(7, 0, 1, 0);
    assert_true(cpu_policy_has(&p, XEN_X86_FEATURE_FDP_EXCP_ONLY));
    p = changed(1, NO_SUB, 2, 0);
    assert_true(cpu_policy_has(&p, XEN_X86_FEATURE_HYPERVISOR));
    p = changed(1, NO_SUB, 0, ~0u);
    assert_int_equal(leaf(&p, 1, 0).a, 0x0fff0fff);
    p = changed(1, NO_SUB, 1, ~0u);
    assert_int_equal(leaf(&p, 1, 0).b, 0x00ff08ff);
    p = changed(0, NO_SUB, 0, 4);
    assert_int_equal(leaf(&p, 7, 0).b, 0);
    p = changed(0x80000000, NO_SUB, 0, 0);
    assert_int_equal(leaf(&p, 0x80000000, 0).a, 0x80000000);
    p = changed(0x80000008, NO_SUB, 0, 0);
    assert_int_equal(leaf(&p, 0x80000008, 0).a, 0x3034);
    p = changed(0x80000003, NO_SUB, 3, 0x12345678);
    assert_int_equal(leaf(&p, 0x80000003, 0).d, 0x12345678);
    p = *cpu_policy_default();
    cpu_policy_change(&p, NULL, 0, &all_caps);
    assert_int_equal(cpu_policy_arch_caps(&p), cpu_policy_arch_caps(cpu_policy_most()));
    cpu_policy_change(&p, NULL, 0, &no_caps);
    assert_int_equal(cpu_policy_arch_caps(&p), 0);
}

/* Whatever is set: no feature beyond the most, or without what it needs; setting what was
 * read changes nothing. */
static void any_change(void **state)
{
    static const struct {
        uint16_t feature, other;
    } needs[] = {
#define NEEDS(name, other) { XEN_X86_FEATURE_##name, XEN_X86_FEATURE_##other },
#include "../../hypervisor/pv/cpu_features.def"
    };
    static const uint32_t numbers[][2] = {
        { 0, NO_SUB },
        { 1, NO_SUB },
        { 4, 1 },
        { 7, 0 },
        { 7, 1 },
        { 7, 2 },
        { 0xd, 0 },
        { 0xd, 1 },
        { 0xd, 2 },
        { 0xb, 0 },
        { 0x80000000, NO_SUB },
        { 0x80000001, NO_SUB },
        { 0x80000007, NO_SUB },
        { 0x80000008, NO_SUB },
        { 0x80000021, NO_SUB },
    };

    (void)state;
    srand(1);
    init(false);
    for (unsigned int i = 0; i < 5000; i++) {
        size_t at = (size_t)rand() % (sizeof(numbers) / sizeof(numbers[0]));
        struct cpu_policy p = changed(numbers[at][0], numbers[at][1], rand() & 3,
                                      (uint32_t)rand() << 16 ^ (uint32_t)rand()),
                          again = p;

        for (size_t j = 0; j < sizeof(needs) / sizeof(needs[0]); j++)
            if (cpu_policy_has(&p, needs[j].feature))
                assert_true(cpu_policy_has(&p, needs[j].other));
        for (unsigned int f = 0; f < 32 * CPU_FEATURE_WORDS; f++)
            if (cpu_policy_has(&p, f))
                assert_true(cpu_policy_has(cpu_policy_most(), f));
        assert_int_equal(cpu_policy_xcr0(&p) & ~host_cpu.xcr0, 0);
        cpu_policy_change(&again, NULL, 0, NULL);
        assert_memory_equal(&p, &again, sizeof(p));
    }
}

static void places(void **state)
{
    (void)state;
    assert_true(cpu_policy_has_place(1, NO_SUB));
    assert_false(cpu_policy_has_place(1, 0));
    assert_true(cpu_policy_has_place(7, 2));
    assert_false(cpu_policy_has_place(7, 3));
    assert_false(cpu_policy_has_place(7, NO_SUB));
    assert_true(cpu_policy_has_place(0xd, 62));
    assert_false(cpu_policy_has_place(0xe, NO_SUB));
    assert_true(cpu_policy_has_place(0x40000100, NO_SUB));
    assert_false(cpu_policy_has_place(0x40000001, 0));
    assert_false(cpu_policy_has_place(0x80000022, NO_SUB));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features),
        cmocka_unit_test(registers),
        cmocka_unit_test(xstate),
        cmocka_unit_test(what_goes_together),
        cmocka_unit_test(what_can_be_changed),
        cmocka_unit_test(any_change),
        cmocka_unit_test(places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
