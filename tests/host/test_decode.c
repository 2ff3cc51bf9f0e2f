/* SPDX-License-Identifier: MIT */
/* The two instruction decoders: privileged instructions, and stores to page tables. */
#include "../../hypervisor/pv/internal.h"
#include "../../hypervisor/pv/mmu_ptwr.h"
#include "test.h"

struct code {
    unsigned int n;
    uint8_t byte[INSN_MAX];
};

#define CODE(...)                           \
    (struct code)                           \
    {                                       \
        sizeof((uint8_t[]){ __VA_ARGS__ }), \
        {                                   \
            __VA_ARGS__                     \
        }                                   \
    }

/* Decodes it with nothing behind, and not when its last byte is missing. */
static struct insn decode(struct code c, bool code64)
{
    struct insn i;

    assert_int_not_equal(insn_decode(c.byte, c.n - 1, code64, &i), 0);
    assert_int_equal(insn_decode(c.byte, c.n, code64, &i), 0);
    assert_int_equal(i.length, c.n);
    return i;
}

static void assert_not_emulated(struct code c, bool code64)
{
    struct insn i;

    assert_int_not_equal(insn_decode(c.byte, c.n, code64, &i), 0);
}

static void port_instructions(void **state)
{
    struct insn i = decode(CODE(0xe4, 0x60), true);

    (void)state;
    assert_int_equal(i.opcode, 0xe4);
    assert_int_equal(i.imm8, 0x60);
    assert_false(i.two_byte);
    i = decode(CODE(0x66, 0xef), true);
    assert_true(i.opsize16);
    i = decode(CODE(0xf3, 0x67, 0x65, 0x6c), true);
    assert_true(i.rep && i.addr32);
    assert_int_equal(i.segment, 0x65);
    decode(CODE(0xfa), false);
    decode(CODE(0xfb), true);
}

static void system_instructions(void **state)
{
    struct insn i = decode(CODE(0x44, 0x0f, 0x22, 0xc0), true); /* mov %rax, %cr8 */

    (void)state;
    assert_true(i.two_byte);
    assert_int_equal(i.opcode, 0x22);
    assert_int_equal(i.modrm, 0xc0);
    assert_int_equal(i.rex, 0x44);
    decode(CODE(0x0f, 0x01, 0xd1), true); /* xsetbv */
    decode(CODE(0x0f, 0x06), true);
    decode(CODE(0x0f, 0x09), true);
    decode(CODE(0x0f, 0x30), true);
    decode(CODE(0x0f, 0x31), true);
    decode(CODE(0x0f, 0x32), true);
    decode(CODE(0x0f, 0xa2), true);
}

static void rex_counts_as_the_last_prefix_only(void **state)
{
    struct insn i = decode(CODE(0x48, 0x66, 0xed), true);

    (void)state;
    assert_int_equal(i.rex, 0);
    assert_false(i.rex_w);
    assert_true(decode(CODE(0x66, 0x48, 0xed), true).rex_w);
    assert_not_emulated(CODE(0x48, 0xed), false); /* dec %eax */
}

static void everything_else_is_not_emulated(void **state)
{
    (void)state;
    assert_not_emulated(CODE(0x90), true);
    assert_not_emulated(CODE(0x0f, 0x05), true);
    assert_not_emulated(CODE(0x0f, 0x0b), true);
    assert_not_emulated(CODE(0x0f, 0x33), true);
    assert_not_emulated(CODE(0xf4), true);
    assert_not_emulated(CODE(0xf0, 0xf0, 0xf0, 0xf0, 0xf0, 0xf0, 0xf0, 0xf0, 0xf0, 0xf0,
                             0xf0, 0xf0, 0xf0, 0xf0, 0xf0),
                        true);
}

static struct store store(struct code c)
{
    struct store s;

    assert_false(store_decode(c.byte, c.n - 1, &s));
    assert_true(store_decode(c.byte, c.n, &s));
    assert_int_equal(s.length, c.n);
    return s;
}

static void assert_store(struct code c, enum store_kind kind, unsigned int size, int reg,
                         uint64_t imm)
{
    struct store s = store(c);

    assert_int_equal(s.kind, kind);
    assert_int_equal(s.size, size);
    assert_int_equal(s.reg, reg);
    assert_int_equal(s.imm, imm);
}

/* The quick way for frequent stores against the one for all, to which a prefix that means
 * nothing leads. */
static void frequent_stores_are_decoded_as_any(void **state)
{
    uint8_t insn[INSN_MAX + 1] = { 0x3e, 0, 0, 0, 0x25, 5, 6, 7, 8, 9 };
    struct store quick, slow;

    (void)state;
    for (unsigned int i = 0; i < 0x1000; i++) {
        bool is_store;

        insn[1] = (uint8_t)(0x48 | (i >> 8 & 7));
        insn[2] = i >> 11 ? 0x89 : 0x87;
        insn[3] = (uint8_t)i;
        is_store = store_decode(insn, INSN_MAX, &slow);
        assert_int_equal(store_decode(insn + 1, INSN_MAX, &quick), is_store);
        if (!is_store)
            continue;
        assert_int_equal(quick.kind, slow.kind);
        assert_int_equal(quick.length, slow.length - 1);
        assert_int_equal(quick.size, slow.size);
        assert_int_equal(quick.reg, slow.reg);
        assert_true(quick.rex);
        assert_int_equal(quick.imm, slow.imm);
        assert_int_equal(quick.rep, slow.rep);
    }
}

static void stores_of_a_register(void **state)
{
    (void)state;
    assert_store(CODE(0x48, 0x89, 0x07), STORE_MOV, 8, 0, 0);
    assert_store(CODE(0x44, 0x89, 0x7c, 0x24, 0x08), STORE_MOV, 4, 15, 0);
    assert_store(CODE(0x66, 0x89, 0x05, 1, 2, 3, 4), STORE_MOV, 2, 0, 0);
    assert_store(CODE(0x88, 0x64, 0x01, 0x10), STORE_MOV, 1, 4, 0);
    assert_false(store(CODE(0x88, 0x21)).rex);      /* %ah */
    assert_true(store(CODE(0x40, 0x88, 0x21)).rex); /* %spl */
    assert_store(CODE(0x48, 0x87, 0x07), STORE_XCHG, 8, 0, 0);
    assert_store(CODE(0xf0, 0x48, 0x0f, 0xb1, 0x0f), STORE_CMPXCHG, 8, 1, 0);
    assert_store(CODE(0xf0, 0x4c, 0x0f, 0xc1, 0x04, 0x25, 1, 2, 3, 4), STORE_XADD, 8, 8,
                 0);
    assert_store(CODE(0x48, 0x0f, 0xc3, 0x17), STORE_MOV, 8, 2, 0); /* movnti */
}

static void stores_of_an_immediate(void **state)
{
    (void)state;
    assert_store(CODE(0x48, 0xc7, 0x07, 0xff, 0xff, 0xff, 0xff), STORE_MOV, 8, -1, ~0ull);
    assert_store(CODE(0x66, 0xc7, 0x45, 0x00, 0x12, 0xfe), STORE_MOV, 2, -1,
                 0xfffffffffffffe12ull);
    assert_store(CODE(0x80, 0x27, 0x0f), STORE_AND, 1, -1, 0x0f);
    assert_store(CODE(0x48, 0x83, 0x4f, 0x08, 0x80), STORE_OR, 8, -1, ~0x7full);
    assert_store(CODE(0x48, 0x0f, 0xba, 0x37, 0x06), STORE_BTR, 8, -1, 6);
}

static void stores_of_a_string(void **state)
{
    (void)state;
    assert_true(store(CODE(0xf3, 0x48, 0xab)).rep);
    assert_int_equal(store(CODE(0x48, 0xa5)).kind, STORE_MOVS);
    assert_int_equal(store(CODE(0xaa)).size, 1);
}

static void what_stores_nothing(void **state)
{
    static const struct code codes[] = {
        { 2, { 0x89, 0xc0 } },       /* to a register */
        { 2, { 0x8b, 0x07 } },       /* a load */
        { 2, { 0x83, 0x3f } },       /* cut off */
        { 3, { 0x83, 0x3f, 0x01 } }, /* a comparison */
        { 2, { 0x67, 0xab } },       /* by EDI */
        { 2, { 0x0f, 0x0b } },
    };
    struct store s;

    (void)state;
    for (unsigned int i = 0; i < ARRAY_SIZE(codes); i++)
        assert_false(store_decode(codes[i].byte, codes[i].n, &s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(port_instructions),
        cmocka_unit_test(system_instructions),
        cmocka_unit_test(rex_counts_as_the_last_prefix_only),
        cmocka_unit_test(everything_else_is_not_emulated),
        cmocka_unit_test(frequent_stores_are_decoded_as_any),
        cmocka_unit_test(stores_of_a_register),
        cmocka_unit_test(stores_of_an_immediate),
        cmocka_unit_test(stores_of_a_string),
        cmocka_unit_test(what_stores_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
