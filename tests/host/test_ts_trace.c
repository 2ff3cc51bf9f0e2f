/* SPDX-License-Identifier: MIT */
/* Trace records into lines, and reading rings: a model hypervisor writes them. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include <abi/sysctl.h>
#include <ts/trace.h>

/* --- lines --- */

static char lines[16][512];
static struct ts_trace_line last;
static unsigned int nr_lines;

static void take(void *to, const struct ts_trace_line *line)
{
    assert_ptr_equal(to, lines);
    assert_true(nr_lines < 16);
    snprintf(lines[nr_lines++], sizeof(lines[0]), "%s: %s", line->kind, line->text);
    last = *line;
}

static struct ts_trace_decoder *decoder;

static int start_decoder(void **state)
{
    (void)state;
    nr_lines = 0;
    decoder =
        ts_trace_decoder_create(2, ABI_TRACE_ALL & ~ABI_TRACE_SWITCHES, take, lines);
    return decoder ? 0 : -1;
}

static int stop_decoder(void **state)
{
    (void)state;
    ts_trace_decoder_destroy(decoder);
    return 0;
}

#define WORDS(...) \
    (const uint32_t[]){ __VA_ARGS__ }, sizeof((uint32_t[]){ __VA_ARGS__ }) / 4
#define HALVES(x) (uint32_t)(x), (uint32_t)((uint64_t)(x) >> 32)

static void put(unsigned int cpu, uint32_t event, const uint32_t *words, size_t n)
{
    struct ts_trace_record r = { .time = 1000, .cpu = cpu, .event = event };

    r.n = (unsigned int)n;
    memcpy(r.words, words, n * sizeof(*words));
    ts_trace_decode(decoder, &r);
}

static void result(uint32_t nr, int64_t value)
{
    put(0, ABI_TRC_PV_RESULT, WORDS(nr, HALVES(value)));
}

static void expect_line(const char *text)
{
    assert_int_equal(nr_lines, 1);
    assert_string_equal(lines[0], text);
    nr_lines = 0;
}

#define CALL(nr, bits) ((uint32_t)(__HYPERVISOR_##nr) | (uint32_t)(bits) << 20)

static void test_plain_calls(void **state)
{
    (void)state;
    put(0, TRC_PV_HYPERCALL_V2,
        WORDS(CALL(update_va_mapping, 2 | 2 << 2 | 1 << 4), HALVES(0xffff880000001000),
              HALVES(0x8000000012345067), UVMF_INVLPG | UVMF_ALL));
    assert_int_equal(nr_lines, 0);
    result(__HYPERVISOR_update_va_mapping, 0);
    expect_line("call: update_va_mapping(va=0xffff880000001000, val=0x8000000012345067, "
                "flags=INVLPG|ALL) = 0");
    put(0, TRC_PV_HYPERCALL_V2,
        WORDS(CALL(set_segment_base, 1 | 2 << 2), 1, HALVES(1ull << 40)));
    result(__HYPERVISOR_set_segment_base, -22);
    expect_line("call: set_segment_base(which=1, base=0x10000000000) = -EINVAL");
    put(0, TRC_PV_HYPERCALL_V2, WORDS(CALL(xen_version, 1 | 1 << 2), 0, 0));
    result(__HYPERVISOR_xen_version, 0x40011);
    expect_line("call: xen_version(XENVER_version, arg=0) = 0x40011");
    put(0, TRC_PV_HYPERCALL_V2, WORDS(63));
    result(63, -38);
    expect_line("call: hypercall_63() = -ENOSYS");
}

static void test_pointed(void **state)
{
    (void)state;
    put(0, TRC_PV_HYPERCALL_V2,
        WORDS(CALL(event_channel_op, 1 | 2 << 2), 6, HALVES(0xffffffff80001000)));
    put(0, ABI_TRC_PV_POINTED, WORDS(1, DOMID_SELF | 5 << 16, 0));
    put(0, ABI_TRC_PV_POINTED, WORDS(1 | 1u << 31, DOMID_SELF | 5 << 16, 17));
    result(__HYPERVISOR_event_channel_op, 0);
    expect_line(
        "call: event_channel_op(EVTCHNOP_alloc_unbound, {dom=self, remote_dom=d5})"
        " = 0 -> {port=17}");
    put(0, TRC_PV_HYPERCALL_V2,
        WORDS(CALL(mmu_update, 2 | 1 << 2 | 1 << 4 | 1 << 6), HALVES(0xffffffff80002000),
              2, 0, DOMID_SELF));
    put(0, ABI_TRC_PV_POINTED, WORDS(0, HALVES(0x5008), HALVES(0x6067)));
    put(0, ABI_TRC_PV_POINTED, WORDS(0 | 1 << 8, HALVES(0x7001), HALVES(9)));
    result(__HYPERVISOR_mmu_update, 0);
    expect_line("call: mmu_update([{ptr=0x5008, val=0x6067}, {ptr=0x7000 machphys, "
                "val=0x9}], count=2, done=0, foreigndom=self) = 0");
    put(0, TRC_PV_HYPERCALL_V2,
        WORDS(CALL(console_io, 1 | 1 << 2 | 2 << 4), 0, 3, HALVES(0xffffffff80002000)));
    put(0, ABI_TRC_PV_POINTED, WORDS(2, 'h' | 'i' << 8 | '\n' << 16));
    result(__HYPERVISOR_console_io, 0);
    expect_line("call: console_io(CONSOLEIO_write, count=3, \"hi\\n\") = 0");
}

static void test_lists(void **state)
{
    (void)state;
    put(0, TRC_PV_HYPERCALL_V2,
        WORDS(CALL(multicall, 2 | 1 << 2), HALVES(0xffffffff80001000), 1));
    put(0, TRC_PV_HYPERCALL_SUBCALL, WORDS(CALL(fpu_taskswitch, 1), 1));
    result(__HYPERVISOR_fpu_taskswitch, 0);
    expect_line("call:   fpu_taskswitch(set=1) = 0");
    result(__HYPERVISOR_multicall, 0);
    expect_line("call: multicall(calls=0xffffffff80001000, count=1) = 0");
    put(0, TRC_PV_HYPERCALL_V2, WORDS(CALL(stack_switch, 1 | 1 << 2), 1, 2));
    result(__HYPERVISOR_stack_switch | (int64_t)0, 0);
    nr_lines = 0;
    put(0, TRC_PV_HYPERCALL_V2, WORDS(CALL(iret, 0)));
    put(0, TRC_PV_HYPERCALL_V2, WORDS(CALL(iret, 0)));
    expect_line("call: iret()");
    ts_trace_decode_rest(decoder);
    expect_line("call: iret()");
    ts_trace_decode_rest(decoder);
    assert_int_equal(nr_lines, 0);
}

static void test_continued(void **state)
{
    (void)state;
    put(0, TRC_PV_HYPERCALL_V2, WORDS(CALL(domctl, 2), HALVES(0xffffffff80001000)));
    put(0, ABI_TRC_PV_POINTED, WORDS(0, 2, 0x15, 7));
    put(0, ABI_TRC_PV_RESULT, WORDS(__HYPERVISOR_domctl | 1u << 31, 36, 0));
    expect_line(
        "call: domctl({XEN_DOMCTL_destroydomain, domain=d7}) = (to be continued)");
}

static void test_faults(void **state)
{
    (void)state;
    put(1, TRC_PV_PAGE_FAULT | TRC_64_FLAG,
        WORDS(HALVES(0xffffffff80000100), HALVES(0x1000), 6));
    expect_line(
        "fault: page fault at 0xffffffff80000100: user write of 0x1000, not present");
    put(1, TRC_PV_TRAP | TRC_64_FLAG, WORDS(HALVES(0x400100), 13 | 0x8000 | 0x18u << 16));
    expect_line("fault: exception 13 (protection) at 0x400100, error code 0x18");
    put(1, TRC_PV_TRAP | TRC_64_FLAG, WORDS(HALVES(0x400100), 0x80 | 0xffffu << 16));
    expect_line("fault: int 0x80 at 0x400100");
}

static void test_emulation(void **state)
{
    (void)state;
    put(0, TRC_PV_EMULATE_PRIVOP | TRC_64_FLAG, WORDS(HALVES(0xffffffff80000102)));
    assert_int_equal(nr_lines, 0);
    put(0, ABI_TRC_PV_INSN, WORDS(0x132, 0, 0xc0000080, 0, 0xd01, 0xc0000080, 0));
    expect_line("emulation: rdmsr(0xc0000080) = 0xd01, before 0xffffffff80000102");
    put(0, ABI_TRC_PV_INSN, WORDS(0x1a2, 1, 2, 3, 4, 5, 6));
    expect_line(
        "emulation: cpuid(0x1, 0x2) = 0x3 0x4 0x5 0x6, before 0xffffffff80000102");
    put(0, ABI_TRC_PV_INSN, WORDS(0xee, 7, 8, 0x3f8, 7, 8, 0x3f8));
    expect_line("emulation: out byte(0x3f8, 0x7), before 0xffffffff80000102");
    put(0, ABI_TRC_PV_INSN, WORDS(0xe4 | 0x61 << 16, 7, 8, 9, 0xff, 8, 9));
    expect_line("emulation: in byte(0x61) = 0xff, before 0xffffffff80000102");
    put(0, TRC_PV_PTWR_EMULATION | TRC_64_FLAG,
        WORDS(HALVES(0x5067), HALVES(0xffff880000001008), HALVES(0xffffffff80000100)));
    expect_line(
        "emulation: page-table write at 0xffffffff80000100: *0xffff880000001008 = "
        "0x5067");
}

static void test_owners(void **state)
{
    (void)state;
    put(0, ABI_TRC_PV_EVENTS, WORDS(2, 3, 17));
    assert_false(last.has_owner);
    expect_line("event: events: port 3, 17");
    put(0, TRC_SCHED_RUNSTATE_CHANGE | 1 << 8, WORDS(1 | 5 << 16));
    assert_int_equal(nr_lines, 0);
    put(0, ABI_TRC_PV_EVENTS, WORDS(9, 1, 2));
    assert_true(last.has_owner);
    assert_int_equal(last.domain, 5);
    assert_int_equal(last.vcpu, 1);
    expect_line("event: events: port 1, 2 and 7 more");
    put(0, TRC_LOST_RECORDS, WORDS(44, 6 | 3 << 16, 0, 0));
    assert_int_equal(last.domain, 6);
    assert_int_equal(last.vcpu, 3);
    expect_line("lost: 44 records lost");
    put(1, ABI_TRC_PV_NMI, &(const uint32_t){ 0 }, 0);
    assert_false(last.has_owner);
    expect_line("event: NMI");
}

/* Records that are too short, of other events, of CPUs that there are not. */
static void test_nonsense(void **state)
{
    uint32_t words[TRACE_EXTRA_MAX] = { ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u };

    (void)state;
    put(7, TRC_PV_HYPERCALL_V2, words, 7);
    for (uint32_t sub = 0; sub < 0x400; sub++)
        for (size_t n = 0; n <= TRACE_EXTRA_MAX; n++) {
            static const uint32_t bases[] = { 0x201000, 0x202000, 0x204000,
                                              0x208000, 0x21000,  0x1f000 };

            for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
                put(0, bases[i] + sub, words, n);
                nr_lines = 0;
            }
        }
    ts_trace_decode_rest(decoder);
}

static void test_kinds(void **state)
{
    (void)state;
    assert_int_equal(ts_trace_kinds("faults,events"),
                     ABI_TRACE_FAULTS | ABI_TRACE_EVENTS);
    assert_int_equal(ts_trace_kinds("all,iret"), ABI_TRACE_ALL);
    assert_int_equal(ts_trace_kinds("calls,nonsense"), 0);
    assert_int_equal(ts_trace_kinds(""), 0);
    assert_int_equal(ts_trace_kinds("calls,"), 0);
    assert_string_equal(ts_trace_kind_name(0), "calls");
    assert_null(ts_trace_kind_name(99));
}

/* --- rings --- */

#define CPUS   2
#define FRAMES 1
#define BYTES  (FRAMES * TS_PAGE_SIZE - sizeof(struct t_buf))

static struct {
    bool has_rings, enabled;
    unsigned int maps, fail; /* fail: the operation that fails, counted down */
    uint32_t kinds;
    _Alignas(8) char info[TS_PAGE_SIZE], ring[CPUS][TS_PAGE_SIZE];
} machine;

static bool fails(void)
{
    return machine.fail && !--machine.fail;
}

static int set_size(uint32_t frames)
{
    struct t_info *info = (struct t_info *)machine.info;

    if (machine.has_rings)
        return -XEN_EINVAL;
    machine.has_rings = true;
    info->tbuf_size = (uint16_t)frames;
    for (unsigned int i = 0; i < CPUS; i++) {
        info->mfn_offset[i] = (uint16_t)(2 + i);
        ((uint32_t *)info)[2 + i] = 100 + i;
    }
    return 0;
}

static int trace_op(struct ts_hv *hv, struct ts_trace_op *op)
{
    (void)hv;
    if (op->cmd != XEN_SYSCTL_TBUFOP_disable && op->cmd != ABI_TBUFOP_RELEASE && fails())
        return -XEN_ENOMEM;
    switch (op->cmd) {
    case XEN_SYSCTL_TBUFOP_set_size:
        return set_size(op->size);
    case XEN_SYSCTL_TBUFOP_get_info:
        op->size = TS_PAGE_SIZE;
        op->mfn = 50;
        return 0;
    case XEN_SYSCTL_TBUFOP_enable:
    case XEN_SYSCTL_TBUFOP_disable:
        machine.enabled = op->cmd == XEN_SYSCTL_TBUFOP_enable;
        return 0;
    case ABI_TBUFOP_SELECT:
        if (op->size != 5)
            return -XEN_ESRCH;
        machine.kinds = op->events;
        return 0;
    case ABI_TBUFOP_RELEASE:
        assert_false(machine.enabled);
        machine.has_rings = false;
        return 0;
    default:
        return 0;
    }
}

static int frames_map(struct ts_hv *hv, domid_t id, const xen_pfn_t *mfns, unsigned int n,
                      void **address)
{
    (void)hv;
    assert_int_equal(id, DOMID_XEN);
    assert_int_equal(n, 1);
    if (fails())
        return -XEN_ENOMEM;
    machine.maps++;
    *address = mfns[0] == 50 ? machine.info : machine.ring[mfns[0] - 100];
    return 0;
}

static void frames_unmap(struct ts_hv *hv, const void *address, unsigned int n)
{
    (void)hv, (void)address, (void)n;
    machine.maps--;
}

static int machine_info(struct ts_hv *hv, struct ts_machine_info *info)
{
    (void)hv;
    info->nr_cpus = CPUS;
    return 0;
}

static const struct ts_hv_ops ops = { .trace_op = trace_op,
                                      .frames_map = frames_map,
                                      .frames_unmap = frames_unmap,
                                      .machine_info = machine_info };
static struct ts_hv hv = { &ops };

static void write_word(unsigned int cpu, uint32_t word)
{
    struct t_buf *head = (struct t_buf *)machine.ring[cpu];

    memcpy((char *)(head + 1) + head->prod % BYTES, &word, 4);
    head->prod = (uint32_t)((head->prod + 4) % (2 * BYTES));
}

static void write_record(unsigned int cpu, uint32_t event, uint64_t time, uint32_t word)
{
    write_word(cpu, event | 1u << TRACE_EXTRA_SHIFT | (uint32_t)TRC_HD_CYCLE_FLAG);
    write_word(cpu, (uint32_t)time);
    write_word(cpu, (uint32_t)(time >> 32));
    write_word(cpu, word);
}

static void test_reading(void **state)
{
    struct ts_trace *trace, *other;
    struct ts_trace_record r;
    struct ts_err err = { 0 };
    unsigned int n = 0;

    (void)state;
    memset(&machine, 0, sizeof(machine));
    assert_int_equal(ts_trace_start(&hv, FRAMES, &trace, &err), 0);
    assert_true(machine.enabled);
    assert_int_equal(ts_trace_start(&hv, FRAMES, &other, &err), -XEN_EBUSY);
    assert_true(machine.enabled);
    err.code = 0;
    assert_int_equal(ts_trace_select(trace, 6, 1, &err), -XEN_ESRCH);
    assert_int_equal(ts_trace_select(trace, 5, 7, NULL), 0);
    assert_int_equal(machine.kinds, 7);
    assert_false(ts_trace_next(trace, &r));
    write_record(0, 1, 20, 0);
    write_record(1, 2, 10, 1);
    write_record(1, 3, 30, 2);
    for (uint32_t i = 0; ts_trace_next(trace, &r); i++, n++)
        assert_int_equal(r.time, 10 * (i + 1));
    assert_int_equal(n, 3);
    /* Round the ring several times, with padding at its end where the real one has it. */
    for (uint32_t i = 0; i < 5 * BYTES / 16; i++) {
        struct t_buf *head = (struct t_buf *)machine.ring[0];

        while (BYTES - head->prod % BYTES < 16)
            write_word(0, TRC_TRACE_WRAP_BUFFER);
        write_record(0, 9, 100 + i, i);
        assert_true(ts_trace_next(trace, &r));
        assert_int_equal(r.words[0], i);
        assert_false(ts_trace_next(trace, &r));
    }
    /* What makes no sense is left out. */
    write_word(0, 7u << TRACE_EXTRA_SHIFT);
    assert_false(ts_trace_next(trace, &r));
    ((struct t_buf *)machine.ring[0])->prod = ~0u;
    assert_false(ts_trace_next(trace, &r));
    ts_trace_stop(trace);
    assert_int_equal(machine.kinds, 0);
    assert_int_equal(machine.maps, 0);
    assert_false(machine.has_rings);
}

static void test_failures(void **state)
{
    struct ts_trace *trace;
    int rc = -1;

    (void)state;
    for (unsigned int i = 1; rc; i++) {
        struct ts_err err = { 0 };

        memset(&machine, 0, sizeof(machine));
        machine.fail = i;
        rc = ts_trace_start(&hv, FRAMES, &trace, &err);
        if (!rc)
            break;
        assert_true(err.text[0]);
        assert_int_equal(machine.maps, 0);
        assert_false(machine.has_rings || machine.enabled);
        assert_true(i < 20);
    }
    ts_trace_stop(trace);
}

#define WITH_DECODER(fn) cmocka_unit_test_setup_teardown(fn, start_decoder, stop_decoder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DECODER(test_plain_calls),  WITH_DECODER(test_pointed),
        WITH_DECODER(test_lists),        WITH_DECODER(test_continued),
        WITH_DECODER(test_faults),       WITH_DECODER(test_emulation),
        WITH_DECODER(test_owners),       WITH_DECODER(test_nonsense),
        cmocka_unit_test(test_kinds),    cmocka_unit_test(test_reading),
        cmocka_unit_test(test_failures),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
