/* SPDX-License-Identifier: MIT */
/*
 * Records into lines. Each CPU has its own state: whose the records are, the hypercall
 * whose result is still to come (and the one of its list, if it is a multicall), and the
 * place of the instruction whose details come next.
 */
#include "internal.h"

#include <stdlib.h>

#include <abi/vcpu.h>

struct cpu_state {
    bool has_owner;
    domid_t domain;
    unsigned int vcpu;
    struct trace_call call, listed;
    uint64_t rip; /* of the emulated instruction */
};

struct ts_trace_decoder {
    unsigned int nr_cpus;
    uint32_t kinds;
    void (*line)(void *to, const struct ts_trace_line *line);
    void *to;
    struct ts_text text;
    struct cpu_state cpu[];
};

struct ts_trace_decoder *ts_trace_decoder_create(
    unsigned int nr_cpus, uint32_t kinds,
    void (*line)(void *to, const struct ts_trace_line *line), void *to)
{
    struct ts_trace_decoder *d = calloc(1, sizeof(*d) + nr_cpus * sizeof(d->cpu[0]));

    if (!d)
        return NULL;
    d->nr_cpus = nr_cpus;
    d->kinds = kinds;
    d->line = line;
    d->to = to;
    return d;
}

void ts_trace_decoder_destroy(struct ts_trace_decoder *d)
{
    if (!d)
        return;
    for (unsigned int i = 0; i < d->nr_cpus; i++) {
        ts_text_free(&d->cpu[i].call.pointed);
        ts_text_free(&d->cpu[i].call.written);
        ts_text_free(&d->cpu[i].listed.pointed);
        ts_text_free(&d->cpu[i].listed.written);
    }
    ts_text_free(&d->text);
    free(d);
}

/* The line is in d->text. */
static void emit(struct ts_trace_decoder *d, unsigned int cpu, uint64_t time,
                 const char *kind)
{
    const struct cpu_state *s = &d->cpu[cpu];
    const struct ts_trace_line line = {
        .time = time,
        .cpu = cpu,
        .has_owner = s->has_owner,
        .domain = s->domain,
        .vcpu = s->vcpu,
        .kind = kind,
        .text = d->text.bytes ? d->text.bytes : "",
    };

    d->line(d->to, &line);
    ts_text_clear(&d->text);
}

static uint64_t word64(const struct ts_trace_record *r, unsigned int i)
{
    return r->words[i] | (uint64_t)r->words[i + 1] << 32;
}

/* --- hypercalls --- */

static void close_call(struct ts_trace_decoder *d, unsigned int cpu,
                       struct trace_call *call, const uint64_t *result, bool continues)
{
    if (!call->is_open)
        return;
    if (call == &d->cpu[cpu].listed)
        ts_text_printf(&d->text, "  ");
    trace_call_close(call, result, continues, &d->text);
    emit(d, cpu, call->time, "call");
}

/* A call follows whose predecessor has had no result, as iret never has. */
static void open_call(struct ts_trace_decoder *d, const struct ts_trace_record *r)
{
    struct cpu_state *s = &d->cpu[r->cpu];

    close_call(d, r->cpu, &s->listed, NULL, false);
    if (r->event == TRC_PV_HYPERCALL_SUBCALL) {
        trace_call_open(&s->listed, r);
    } else {
        close_call(d, r->cpu, &s->call, NULL, false);
        trace_call_open(&s->call, r);
    }
}

#define NOT_FINISHED 0x80000000u

static void read_result(struct ts_trace_decoder *d, const struct ts_trace_record *r)
{
    struct cpu_state *s = &d->cpu[r->cpu];
    uint64_t result = word64(r, 1);

    close_call(d, r->cpu, s->listed.is_open ? &s->listed : &s->call, &result,
               r->words[0] & NOT_FINISHED);
}

static void read_pointed(struct ts_trace_decoder *d, const struct ts_trace_record *r)
{
    struct cpu_state *s = &d->cpu[r->cpu];

    trace_call_pointed(s->listed.is_open ? &s->listed : &s->call, r);
}

/* --- faults --- */

#define PF_PRESENT 1u
#define PF_WRITE   2u
#define PF_USER    4u
#define PF_FETCH   16u

static void read_page_fault(struct ts_trace_decoder *d, const struct ts_trace_record *r)
{
    uint32_t code = r->words[4];

    ts_text_printf(&d->text, "page fault at %#llx: %s %s of %#llx, %s",
                   (unsigned long long)word64(r, 0), code & PF_USER ? "user" : "kernel",
                   code & PF_WRITE   ? "write"
                   : code & PF_FETCH ? "fetch"
                                     : "read",
                   (unsigned long long)word64(r, 2),
                   code & PF_PRESENT ? "not allowed" : "not present");
    emit(d, r->cpu, r->time, "fault");
}

static void read_trap(struct ts_trace_decoder *d, const struct ts_trace_record *r)
{
    unsigned int vector = r->words[2] & 0x7fff;
    const char *name = trace_exception_name(vector);

    if (name)
        ts_text_printf(&d->text, "exception %u (%s)", vector, name);
    else
        ts_text_printf(&d->text, "int %#x", vector);
    ts_text_printf(&d->text, " at %#llx", (unsigned long long)word64(r, 0));
    if (r->words[2] & 0x8000)
        ts_text_printf(&d->text, ", error code %#x", r->words[2] >> 16);
    emit(d, r->cpu, r->time, "fault");
}

static void read_descriptor_fault(struct ts_trace_decoder *d,
                                  const struct ts_trace_record *r)
{
    ts_text_printf(&d->text, "descriptor table page at %#llx fetched, at %#llx",
                   (unsigned long long)word64(r, 2), (unsigned long long)word64(r, 0));
    emit(d, r->cpu, r->time, "fault");
}

/* --- emulation --- */

static void read_table_write(struct ts_trace_decoder *d, const struct ts_trace_record *r)
{
    ts_text_printf(&d->text, "page-table write at %#llx: *%#llx = %#llx",
                   (unsigned long long)word64(r, 4), (unsigned long long)word64(r, 2),
                   (unsigned long long)word64(r, 0));
    emit(d, r->cpu, r->time, "emulation");
}

#define OPCODE_MASK 0x1ff

static const char *instruction_name(uint32_t opcode)
{
    static const struct {
        uint32_t opcode;
        const char *name;
    } names[] = {
        { 0x106, "clts" },        { 0x108, "invd" },        { 0x109, "wbinvd" },
        { 0x120, "mov from cr" }, { 0x121, "mov from dr" }, { 0x122, "mov to cr" },
        { 0x123, "mov to dr" },   { 0x130, "wrmsr" },       { 0x131, "rdtsc" },
        { 0x132, "rdmsr" },       { 0x1a2, "cpuid" },       { 0xfa, "cli" },
        { 0xfb, "sti" },          { 0x6c, "insb" },         { 0x6d, "ins" },
        { 0x6e, "outsb" },        { 0x6f, "outs" },         { 0xe4, "in byte" },
        { 0xe5, "in" },           { 0xe6, "out byte" },     { 0xe7, "out" },
        { 0xec, "in byte" },      { 0xed, "in" },           { 0xee, "out byte" },
        { 0xef, "out" },
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].opcode == (opcode & OPCODE_MASK))
            return names[i].name;
    return (opcode >> 16 & 0xff) == 0xd1 ? "xsetbv" : "instruction";
}

/* Words 1-3: eax, ecx, edx before it; 4-6: after it. */
static void add_operands(struct ts_text *text, const struct ts_trace_record *r)
{
    const uint32_t *w = r->words;

    switch (w[0] & OPCODE_MASK) {
    case 0x1a2: /* cpuid: eax, ecx; eax, ebx, ecx, edx */
        ts_text_printf(text, "(%#x, %#x) = %#x %#x %#x %#x", w[1], w[2], w[3], w[4], w[5],
                       w[6]);
        break;
    case 0x130:
        ts_text_printf(text, "(%#x) = %#llx", w[2],
                       (unsigned long long)(w[1] | (uint64_t)w[3] << 32));
        break;
    case 0x132:
        ts_text_printf(text, "(%#x) = %#llx", w[2],
                       (unsigned long long)(w[4] | (uint64_t)w[6] << 32));
        break;
    case 0x120:
    case 0x121:
    case 0x122:
    case 0x123:
        ts_text_printf(text, "%u", w[0] >> 19 & 7);
        break;
    case 0xe4:
    case 0xe5:
        ts_text_printf(text, "(%#x) = %#x", w[0] >> 16 & 0xff, w[4]);
        break;
    case 0xe6:
    case 0xe7:
        ts_text_printf(text, "(%#x, %#x)", w[0] >> 16 & 0xff, w[1]);
        break;
    case 0xec:
    case 0xed:
        ts_text_printf(text, "(%#x) = %#x", w[3] & 0xffff, w[4]);
        break;
    case 0xee:
    case 0xef:
        ts_text_printf(text, "(%#x, %#x)", w[3] & 0xffff, w[1]);
        break;
    }
}

static void read_instruction(struct ts_trace_decoder *d, const struct ts_trace_record *r)
{
    ts_text_printf(&d->text, "%s", instruction_name(r->words[0]));
    add_operands(&d->text, r);
    ts_text_printf(&d->text, ", before %#llx", (unsigned long long)d->cpu[r->cpu].rip);
    emit(d, r->cpu, r->time, "emulation");
}

/* --- events, system calls, switches, losses --- */

static void read_events(struct ts_trace_decoder *d, const struct ts_trace_record *r)
{
    ts_text_printf(&d->text, "events:%s", r->words[0] ? " port" : " none left");
    for (unsigned int i = 1; i < r->n; i++)
        ts_text_printf(&d->text, "%s %u", i > 1 ? "," : "", r->words[i]);
    if (r->words[0] > r->n - 1)
        ts_text_printf(&d->text, " and %u more", r->words[0] - (r->n - 1));
    emit(d, r->cpu, r->time, "event");
}

static void read_nmi(struct ts_trace_decoder *d, const struct ts_trace_record *r)
{
    ts_text_printf(&d->text, "NMI");
    emit(d, r->cpu, r->time, "event");
}

static void read_syscall(struct ts_trace_decoder *d, const struct ts_trace_record *r)
{
    ts_text_printf(&d->text, "syscall %llu(%#llx, ...) before %#llx",
                   (unsigned long long)word64(r, 2), (unsigned long long)word64(r, 4),
                   (unsigned long long)word64(r, 0));
    emit(d, r->cpu, r->time, "syscall");
}

/* Whatever is unfinished belongs to the one before. */
static void change_owner(struct ts_trace_decoder *d, unsigned int cpu, uint32_t who)
{
    struct cpu_state *s = &d->cpu[cpu];

    close_call(d, cpu, &s->listed, NULL, false);
    close_call(d, cpu, &s->call, NULL, false);
    s->has_owner = true;
    s->vcpu = who & 0xffff;
    s->domain = (domid_t)(who >> 16);
}

static void read_switch(struct ts_trace_decoder *d, const struct ts_trace_record *r)
{
    static const char *const stopped[] = { "goes on", "waits for a CPU", "blocked",
                                           "offline" };
    unsigned int state = r->event >> 4 & 3;

    change_owner(d, r->cpu, r->words[0]);
    if (!(d->kinds & ABI_TRACE_SWITCHES))
        return;
    if (state == RUNSTATE_running)
        ts_text_printf(&d->text, "runs on CPU %u", r->cpu);
    else
        ts_text_printf(&d->text, "%s", stopped[state]);
    emit(d, r->cpu, r->time, "switch");
}

static void read_lost(struct ts_trace_decoder *d, const struct ts_trace_record *r)
{
    change_owner(d, r->cpu, r->words[1] >> 16 | r->words[1] << 16);
    ts_text_printf(&d->text, "%u records lost", r->words[0]);
    emit(d, r->cpu, r->time, "lost");
}

static void read_rip(struct ts_trace_decoder *d, const struct ts_trace_record *r)
{
    d->cpu[r->cpu].rip = word64(r, 0);
}

#define RUNSTATE_BITS 0x330u

static const struct {
    uint32_t event;
    unsigned int least; /* words */
    void (*read)(struct ts_trace_decoder *d, const struct ts_trace_record *r);
} readers[] = {
    { TRC_PV_HYPERCALL_V2, 1, open_call },
    { TRC_PV_HYPERCALL_SUBCALL, 1, open_call },
    { ABI_TRC_PV_RESULT, 3, read_result },
    { ABI_TRC_PV_POINTED, 2, read_pointed },
    { TRC_PV_PAGE_FAULT | TRC_64_FLAG, 5, read_page_fault },
    { TRC_PV_TRAP | TRC_64_FLAG, 3, read_trap },
    { TRC_PV_GDT_LDT_MAPPING_FAULT | TRC_64_FLAG, 4, read_descriptor_fault },
    { TRC_PV_PTWR_EMULATION | TRC_64_FLAG, 6, read_table_write },
    { TRC_PV_EMULATE_PRIVOP | TRC_64_FLAG, 2, read_rip },
    { TRC_PV_FORCED_INVALID_OP | TRC_64_FLAG, 2, read_rip },
    { ABI_TRC_PV_INSN, 7, read_instruction },
    { ABI_TRC_PV_EVENTS, 1, read_events },
    { ABI_TRC_PV_NMI, 0, read_nmi },
    { ABI_TRC_PV_SYSCALL, 6, read_syscall },
    { TRC_SCHED_RUNSTATE_CHANGE, 1, read_switch },
    { TRC_LOST_RECORDS, 2, read_lost },
};

void ts_trace_decode(struct ts_trace_decoder *d, const struct ts_trace_record *r)
{
    uint32_t event = r->event;

    if (r->cpu >= d->nr_cpus)
        return;
    if ((event & ~RUNSTATE_BITS) == TRC_SCHED_RUNSTATE_CHANGE)
        event = TRC_SCHED_RUNSTATE_CHANGE;
    for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
        if (readers[i].event == event && r->n >= readers[i].least) {
            readers[i].read(d, r);
            return;
        }
}

void ts_trace_decode_rest(struct ts_trace_decoder *d)
{
    for (unsigned int i = 0; i < d->nr_cpus; i++) {
        close_call(d, i, &d->cpu[i].listed, NULL, false);
        close_call(d, i, &d->cpu[i].call, NULL, false);
    }
}
