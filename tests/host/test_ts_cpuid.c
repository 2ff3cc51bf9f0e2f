/* SPDX-License-Identifier: MIT */
/* What configurations say of CPUID: both ways of writing it, and policies made of it by a
 * model of a hypervisor that knows some features. */
#include "test.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <ts/cpuid.h>

#include <abi/arch-x86/cpufeatureset.h>
#include <abi/arch-x86/cpuid.h>

#define NO_SUB XEN_CPUID_NO_SUBLEAF
#define BIT(n) (1u << (n))

static bool no_memory;

void *fake_malloc(size_t n);

void *fake_malloc(size_t n)
{
    return no_memory ? NULL : malloc(n);
}

static struct ts_cpuid_change change[64];
static unsigned int n;
static struct ts_err err;

static int parse(const char *text)
{
    n = 0;
    err = (struct ts_err){ 0 };
    return (strchr(text, ':') ? ts_cpuid_parse_bits : ts_cpuid_parse)(text, change, &n,
                                                                      &err);
}

static void assert_refused(const char *text, const char *message)
{
    assert_int_equal(parse(text), -XEN_EINVAL);
    assert_string_equal(err.text, message);
}

static void assert_change(unsigned int i, uint32_t leaf, uint32_t sub, unsigned int reg,
                          uint32_t ones, uint32_t zeros)
{
    assert_true(i < n);
    assert_int_equal(change[i].leaf, leaf);
    assert_int_equal(change[i].sub, sub);
    assert_int_equal(change[i].reg, reg);
    assert_int_equal(change[i].ones, ones);
    assert_int_equal(change[i].zeros, zeros);
}

static void names(void **state)
{
    (void)state;
    assert_int_equal(parse("host,tm=0,sse3=0"), 0);
    assert_int_equal(n, 2);
    assert_change(0, 1, NO_SUB, 3, 0, BIT(29));
    assert_change(1, 1, NO_SUB, 2, 0, BIT(0));
    assert_int_equal(parse("host, avx2 = 1 ,lahf-lm=0,xsaveopt=0,itsc=1"), 0);
    assert_change(0, 7, 0, 1, BIT(5), 0);
    assert_string_equal(change[0].name, "avx2");
    assert_change(1, 0x80000001, NO_SUB, 2, 0, BIT(0));
    assert_change(2, 0xd, 1, 0, 0, BIT(0));
    assert_change(3, 0x80000007, NO_SUB, 3, BIT(8), 0);
    assert_int_equal(parse("host,avx=x,aes=k,sse4.1=s"), 0);
    assert_int_equal(change[0].usual, BIT(28));
    assert_int_equal(change[1].host, BIT(25));
    assert_int_equal(change[2].host, BIT(19));
    assert_int_equal(parse("host,rdcl-no=1,its-no=0"), 0);
    assert_change(0, TS_CPUID_ARCH_CAPS, NO_SUB, 0, BIT(0), 0);
    assert_change(1, TS_CPUID_ARCH_CAPS, NO_SUB, 1, 0, BIT(30));
    assert_int_equal(parse("host"), 0);
    assert_int_equal(n, 0);
}

/* The public list, as configurations write it; "clflush" alone is a number. */
static void every_feature(void **state)
{
    static const char *const list[] = {
#define XEN_CPUFEATURE(name, number) #name,
#include <abi/arch-x86/cpufeatureset.h>
#undef XEN_CPUFEATURE
    };

    (void)state;
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        char text[64];

        if (!strcmp(list[i], "CLFLUSH"))
            continue;
        snprintf(text, sizeof(text), "host,%s=0", list[i]);
        for (char *c = text; *c; c++)
            *c = *c == '_' ? '-' : (char)tolower((unsigned char)*c);
        assert_int_equal(parse(text), 0);
        assert_int_equal(__builtin_popcount(change[0].zeros), 1);
    }
}

static void numbers(void **state)
{
    (void)state;
    assert_int_equal(parse("host,maxleaf=7,stepping=0xf,clflush=8,procpkg=3"), 0);
    assert_change(0, 0, NO_SUB, 0, 7, ~7u);
    assert_change(1, 1, NO_SUB, 0, 0xf, 0);
    assert_change(2, 1, NO_SUB, 1, 0x800, 0xf700);
    assert_change(3, 4, 0, 0, 3u << 26, 0x3cu << 26);
    assert_int_equal(parse("host,family=23,model=0x31"), 0);
    assert_change(0, 1, NO_SUB, 0, 8u << 20, 0xf7u << 20);
    assert_change(1, 1, NO_SUB, 0, 0xf00, 0);
    assert_change(2, 1, NO_SUB, 0, 3u << 16, 0xcu << 16);
    assert_change(3, 1, NO_SUB, 0, 1u << 4, 0xeu << 4);
    assert_int_equal(parse("host,maxhvleaf=2"), 0);
    assert_change(0, XEN_CPUID_FIRST_LEAF, NO_SUB, 0, 2, 0xfd);
    assert_refused("host,model=256", "\"model\" is a number up to 255, not \"256\"");
    assert_refused("host,nc=x", "\"nc\" is a number up to 255, not \"x\"");
    assert_refused("host,family=", "\"family\" is a number up to 270, not \"\"");
}

static void later_ones_win(void **state)
{
    (void)state;
    assert_int_equal(parse("host,avx=0,aes=0,avx=1"), 0);
    assert_int_equal(n, 3);
    assert_change(0, 1, NO_SUB, 2, 0, 0);
    assert_change(1, 1, NO_SUB, 2, 0, BIT(25));
    assert_change(2, 1, NO_SUB, 2, BIT(28), 0);
}

static void bits(void **state)
{
    (void)state;
    assert_int_equal(parse("1:ecx=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx0,"
                           "edx=xx0xxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
                     0);
    assert_int_equal(n, 2);
    assert_change(0, 1, NO_SUB, 2, 0, BIT(0));
    assert_int_equal(change[0].usual, ~BIT(0));
    assert_string_equal(change[0].name, "1:ecx");
    assert_change(1, 1, NO_SUB, 3, 0, BIT(29));
    assert_int_equal(parse("0x7,0:ebx=1x0ksxxxxxxxxxxxxxxxxxxxxxxxxxxx"), 0);
    assert_change(0, 7, 0, 1, BIT(31), BIT(29));
    assert_int_equal(change[0].host, BIT(28) | BIT(27));
    assert_string_equal(change[0].name, "0x7,0:ebx");
}

static void mistakes(void **state)
{
    (void)state;
    assert_refused("", "what is said of features starts with \"host,\"");
    assert_refused("avx=0", "what is said of features starts with \"host,\"");
    assert_refused("host,avx", "\"avx\" is not of the form NAME=VALUE");
    assert_refused("host,,avx=1", "\"\" is not of the form NAME=VALUE");
    assert_refused("host,avx9=1", "there is no processor feature \"avx9\"");
    assert_refused("host,AVX=1", "there is no processor feature \"AVX\"");
    assert_refused("host,lahf_lm=1", "there is no processor feature \"lahf_lm\"");
    assert_refused("host,avx=2", "\"avx\" can be 0, 1, x, k or s, not \"2\"");
    assert_refused("host,avx=", "\"avx\" can be 0, 1, x, k or s, not \"\"");
    assert_refused("1:ecx=x", "\"1:ecx\" has 1 bits, not 32");
    assert_refused("1:rcx=x", "\"rcx=x\" is not of the form REGISTER=BITS");
    assert_refused("1:", "\"1:\" is not of the form LEAF:REGISTER=BITS");
    assert_refused("one:ecx=x", "\"one:ecx=x\" is not of the form LEAF:REGISTER=BITS");
    assert_refused("7,x:ecx=x", "\"7,x:ecx=x\" is not of the form LEAF:REGISTER=BITS");
    assert_refused("1:ecx=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx2",
                   "bits of \"1:ecx\" can be 0, 1, x, k or s, not \"2\"");
    assert_refused("99999999999:ecx=x",
                   "\"99999999999:ecx=x\" is not of the form LEAF:REGISTER=BITS");
}

/* Whatever comes: no more changes than there is room for. */
static void any_text(void **state)
{
    static const char alphabet[] = "host,avx=01ks:ecdb7 ";

    (void)state;
    srand(1);
    for (unsigned int i = 0; i < 50000; i++) {
        char text[25];
        unsigned int length = (unsigned int)rand() % (sizeof(text) - 1),
                     start = rand() & 1;

        memcpy(text, "host,", 5);
        for (unsigned int j = start ? 5 : 0; j < length; j++)
            text[j] = alphabet[(size_t)rand() % (sizeof(alphabet) - 1)];
        text[length] = '\0';
        (void)parse(text);
        assert_true(n <= ts_cpuid_room(text));
    }
}

/* --- policies --- */

static struct ts_cpu_policy machine, domain;
static uint32_t most_ecx = BIT(28) | BIT(26) | BIT(25) | BIT(0);
static int set_fails;

static void fill(struct ts_cpu_policy *p, uint32_t ecx)
{
    *p = (struct ts_cpu_policy){ .nr_leaves = 3, .nr_msrs = 1 };
    p->leaf[0] = (xen_cpuid_leaf_t){ .leaf = 0, .subleaf = NO_SUB, .a = 0xd };
    p->leaf[1] = (xen_cpuid_leaf_t){ .leaf = 1, .subleaf = NO_SUB, .c = ecx };
    p->leaf[2] = (xen_cpuid_leaf_t){ .leaf = 7, .subleaf = 0, .b = BIT(5) };
    p->msr[0] = (xen_msr_entry_t){ .idx = 0x10a, .val = 1ull << 62 | 1 };
}

static int policy_get(struct ts_hv *hv, domid_t id, struct ts_cpu_policy *p)
{
    (void)hv;
    *p = id == DOMID_INVALID ? machine : domain;
    return 0;
}

/* Knows most_ecx, and that 31 is always there. */
static int policy_set(struct ts_hv *hv, domid_t id, const struct ts_cpu_policy *p)
{
    (void)hv;
    assert_int_equal(id, 5);
    domain = *p;
    domain.leaf[1].c &= most_ecx;
    domain.leaf[1].c |= BIT(31);
    return set_fails;
}

static int apply(const char *text)
{
    static const struct ts_hv_ops ops = { .cpu_policy_get = policy_get,
                                          .cpu_policy_set = policy_set };
    struct ts_hv hv = { &ops };
    struct ts_cpuid cpuid = { change, 0 };

    assert_int_equal(parse(text), 0);
    cpuid.n = n;
    fill(&machine, most_ecx | BIT(5));
    fill(&domain, most_ecx & ~BIT(0));
    err = (struct ts_err){ 0 };
    return ts_cpuid_apply(&hv, 5, &cpuid, &err);
}

static void policies(void **state)
{
    (void)state;
    assert_int_equal(apply("host"), 0);
    assert_int_equal(domain.leaf[1].c, most_ecx & ~BIT(0));
    assert_int_equal(apply("host,avx=0,sse3=1,its-no=0,avx2=0"), 0);
    assert_int_equal(domain.leaf[1].c, BIT(31) | BIT(26) | BIT(25) | BIT(0));
    assert_int_equal(domain.leaf[2].b, 0);
    assert_int_equal(domain.msr[0].val, 1);
    assert_int_equal(apply("host,aes=0,aes=x,vmx=k,sse3=k"), 0);
    assert_int_equal(domain.leaf[1].c, BIT(31) | most_ecx);
    assert_int_equal(apply("7:ebx=xxxxxxxxxxxxxxxxxxxxxxxxxx0xxxxx"), 0);
    assert_int_equal(domain.leaf[2].b, 0);
    assert_int_equal(apply("host,svm_npt=0,x2apic=0"), 0);
}

static void what_cannot_be(void **state)
{
    (void)state;
    assert_int_equal(apply("host,aes=0,vmx=1"), -XEN_EOPNOTSUPP);
    assert_string_equal(err.text, "cpuid: \"vmx\" cannot be had: the machine, or a PV "
                                  "guest, has no such thing, or it needs something that "
                                  "is not there");
    assert_int_equal(apply("host,hypervisor=0"), -XEN_EOPNOTSUPP);
    assert_string_equal(err.text, "cpuid: \"hypervisor\" cannot be taken away");
    assert_int_equal(apply("host,svm_npt=1"), -XEN_EOPNOTSUPP);
    set_fails = -XEN_EINVAL;
    assert_int_equal(apply("host,aes=0"), -XEN_EINVAL);
    assert_non_null(strstr(err.text, "cpuid: the hypervisor refuses the policy: "));
    set_fails = 0;
    no_memory = true;
    assert_int_equal(apply("host,aes=0"), -XEN_ENOMEM);
    no_memory = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),          cmocka_unit_test(every_feature),
        cmocka_unit_test(numbers),        cmocka_unit_test(later_ones_win),
        cmocka_unit_test(bits),           cmocka_unit_test(mistakes),
        cmocka_unit_test(any_text),       cmocka_unit_test(policies),
        cmocka_unit_test(what_cannot_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
