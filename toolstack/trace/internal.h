/* SPDX-License-Identifier: MIT */
/* What the files of the trace library share. */
#ifndef TRACE_INTERNAL_H
#define TRACE_INTERNAL_H

#include <ts/out.h>
#include <ts/trace.h>

/* --- names.c: from the rows of the ABI's tables --- */

/* "mmu_update"; NULL: there is no such call. */
const char *trace_call_name(uint32_t nr);
/* Copies the name of argument i of a call to name (n bytes); "" if it has none. */
void trace_argument_name(uint32_t nr, unsigned int i, char *name, size_t n);
/* The name of a command of a call; NULL: there is none, or the call has none. */
const char *trace_command_name(uint32_t nr, uint64_t cmd);
/* "EINVAL" for 22; NULL: no such error. */
const char *trace_error_name(uint64_t error);
/* "page fault"; NULL */
const char *trace_exception_name(unsigned int vector);

/* --- shapes.c: structures that arguments point to --- */

/* Appends what nr_bytes say, which an argument of call nr, command cmd, points to. after:
 * what the call has written there alone. False, and nothing appended: nothing to say. */
bool trace_structure(struct ts_text *text, uint32_t nr, uint64_t cmd, const void *bytes,
                     size_t nr_bytes, bool after);
/* "d5", "self", ... */
void trace_domain(struct ts_text *text, uint64_t id);

/* --- call.c: a hypercall, put together --- */

#define TRACE_CALL_ARGS 6

struct trace_call {
    bool is_open; /* its result has not come yet */
    uint64_t time;
    uint32_t nr;
    uint64_t args[TRACE_CALL_ARGS];
    unsigned int nr_args;
    unsigned int pointer;  /* the argument of which `pointed` tells; 0xff: none */
    unsigned int elements; /* of a list, that `pointed` has */
    struct ts_text pointed, written;
};

void trace_call_open(struct trace_call *call, const struct ts_trace_record *r);
void trace_call_pointed(struct trace_call *call, const struct ts_trace_record *r);
/* Appends the whole; result NULL: it has none. The call is not open any more. */
void trace_call_close(struct trace_call *call, const uint64_t *result, bool continues,
                      struct ts_text *text);

#endif
