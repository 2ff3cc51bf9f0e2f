/* SPDX-License-Identifier: MIT */
/* A hypercall from its records: arguments by name, what they point to, the result. */
#include "internal.h"

#include <string.h>

#define NO_POINTER 0xffu
#define NAME_MAX   24
#define LIST_SHOWN 16          /* elements of a list that are recorded */
#define COUNT_MASK 0x7fffffffu /* above it: a restarted list */

void trace_call_open(struct trace_call *call, const struct ts_trace_record *r)
{
    unsigned int w = 1;

    ts_text_clear(&call->pointed);
    ts_text_clear(&call->written);
    call->is_open = true;
    call->time = r->time;
    call->pointer = NO_POINTER;
    call->nr_args = call->elements = 0;
    call->nr = r->n ? r->words[0] & ~(uint32_t)TRC_PV_HYPERCALL_V2_ARG_MASK : 0;
    for (unsigned int i = 0; r->n && i < TRACE_CALL_ARGS; i++) {
        unsigned int how = r->words[0] >> (20 + 2 * i) & 3;

        if (!how || w + how > r->n)
            break;
        call->args[i] = r->words[w] | (how == 2 ? (uint64_t)r->words[w + 1] << 32 : 0);
        call->nr_args = i + 1;
        w += how;
    }
}

/* The command that says what the pointed structure is. */
static uint64_t command_of(const struct trace_call *call)
{
    return call->nr_args ? call->args[0] : 0;
}

void trace_call_pointed(struct trace_call *call, const struct ts_trace_record *r)
{
    bool after = r->n && r->words[0] >> 31, said;
    struct ts_text *text = after ? &call->written : &call->pointed;
    size_t before = text->n;

    if (!call->is_open || r->n < 2)
        return;
    if (text->n)
        ts_text_printf(text, ", ");
    said = trace_structure(text, call->nr, command_of(call), r->words + 1,
                           (r->n - 1) * sizeof(uint32_t), after);
    if (!said)
        text->n = before;
    if (!after && said) {
        call->pointer = r->words[0] & 0xff;
        call->elements++;
    }
}

/* --- arguments --- */

static void add_number(struct ts_text *text, uint64_t value)
{
    ts_text_printf(text, value < 65536 ? "%llu" : "%#llx", (unsigned long long)value);
}

static void add_flush(struct ts_text *text, uint64_t flags)
{
    static const char *const kinds[] = { "none", "TLB_FLUSH", "INVLPG", "3" };
    uint64_t where = flags & ~(uint64_t)UVMF_FLUSHTYPE_MASK;

    ts_text_printf(text, "%s", kinds[flags & UVMF_FLUSHTYPE_MASK]);
    if (where == UVMF_ALL)
        ts_text_printf(text, "|ALL");
    else if (where)
        ts_text_printf(text, "|vcpus at %#llx", (unsigned long long)where);
}

static void add_foreign(struct ts_text *text, uint64_t domains)
{
    trace_domain(text, domains & 0xffff);
    if (domains >> 16 & 0xffff) {
        ts_text_printf(text, ", tables of ");
        trace_domain(text, (domains >> 16 & 0xffff) - 1);
    }
}

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (!strcmp(name, *names))
            return true;
    return false;
}

/* Is it a number that is best read in hex, however small? */
static bool is_address(const char *name)
{
    static const char *const names[] = { "va",    "val",      "base",    "sp",
                                         "event", "failsafe", "syscall", "maddr",
                                         "desc",  "value",    NULL };

    return is_one_of(name, names);
}

static bool is_command(uint32_t nr, unsigned int i)
{
    return !i || (nr == __HYPERVISOR_vm_assist && i == 1);
}

static void add_plain(struct ts_text *text, uint32_t nr, unsigned int i, const char *name,
                      uint64_t value)
{
    const char *command = is_command(nr, i) ? trace_command_name(nr, value) : NULL;

    if (nr == __HYPERVISOR_vm_assist && !i)
        command = value ? "disable" : "enable";
    if (command && (!strcmp(name, "cmd") || !strcmp(name, "type")))
        ts_text_printf(text, "%s", command);
    else if (!strcmp(name, "flags"))
        add_flush(text, value);
    else if (!strcmp(name, "foreigndom"))
        add_foreign(text, value);
    else if (!strcmp(name, "domid"))
        trace_domain(text, value);
    else if (!strcmp(name, "count"))
        add_number(text, value & COUNT_MASK);
    else if (is_address(name))
        ts_text_printf(text, "%#llx", (unsigned long long)value);
    else
        add_number(text, value);
}

static bool is_list(uint32_t nr)
{
    return nr == __HYPERVISOR_mmu_update || nr == __HYPERVISOR_mmuext_op ||
           nr == __HYPERVISOR_grant_table_op;
}

static void add_pointed(struct ts_text *text, const struct trace_call *call)
{
    if (is_list(call->nr))
        ts_text_printf(text, "[%s%s]", call->pointed.bytes,
                       call->elements >= LIST_SHOWN ? ", ..." : "");
    else
        ts_text_add(text, call->pointed.bytes, call->pointed.n);
}

static void add_argument(struct ts_text *text, const struct trace_call *call,
                         unsigned int i)
{
    char name[NAME_MAX];

    trace_argument_name(call->nr, i, name, sizeof(name));
    if (i)
        ts_text_printf(text, ", ");
    if (strcmp(name, "cmd") && call->pointer != i)
        ts_text_printf(text, "%s=", name);
    if (call->pointer == i && call->pointed.n)
        add_pointed(text, call);
    else
        add_plain(text, call->nr, i, name, call->args[i]);
}

static void add_result(struct ts_text *text, uint64_t result)
{
    const char *error = -result < 4096 ? trace_error_name(-result) : NULL;

    if (error)
        ts_text_printf(text, "-%s", error);
    else
        add_number(text, result);
}

void trace_call_close(struct trace_call *call, const uint64_t *result, bool continues,
                      struct ts_text *text)
{
    const char *name = trace_call_name(call->nr);

    call->is_open = false;
    if (name)
        ts_text_printf(text, "%s(", name);
    else
        ts_text_printf(text, "hypercall_%u(", call->nr);
    for (unsigned int i = 0; i < call->nr_args; i++)
        add_argument(text, call, i);
    ts_text_printf(text, ")");
    if (continues)
        ts_text_printf(text, " = (to be continued)");
    else if (result)
        ts_text_printf(text, " = "), add_result(text, *result);
    if (call->written.n)
        ts_text_printf(text, " -> %s", call->written.bytes);
}
