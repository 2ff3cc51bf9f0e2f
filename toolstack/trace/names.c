/* SPDX-License-Identifier: MIT */
/* Names of calls, arguments, commands, errors and exceptions. */
#include "internal.h"

#include <string.h>

#include <abi/callback.h>
#include <abi/domctl.h>
#include <abi/event_channel.h>
#include <abi/grant_table.h>
#include <abi/memory.h>
#include <abi/physdev.h>
#include <abi/platform.h>
#include <abi/sched.h>
#include <abi/sysctl.h>
#include <abi/vcpu.h>
#include <abi/version.h>

struct name {
    uint64_t number;
    const char *text;
};

static const char *find(const struct name *names, size_t n, uint64_t number)
{
    for (size_t i = 0; i < n; i++)
        if (names[i].number == number)
            return names[i].text;
    return NULL;
}

#define FIND(names, number) find(names, sizeof(names) / sizeof(names[0]), number)

/* --- calls --- */

struct call_row {
    uint32_t nr;
    const char *name, *args; /* "(reqs, count, done, foreigndom)" */
};

static const struct call_row calls[] = {
#define HYPERCALL(nr, name, nargs, params, args, restart) { nr, #name, #args },
#define HYPERCALL_ABSENT(nr, name)                        { nr, #name, "()" },
#include <abi/hypercalls.def>
};

static const struct call_row *call_row(uint32_t nr)
{
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        if (calls[i].nr == nr)
            return &calls[i];
    return NULL;
}

const char *trace_call_name(uint32_t nr)
{
    const struct call_row *row = call_row(nr);

    return row ? row->name : NULL;
}

void trace_argument_name(uint32_t nr, unsigned int i, char *name, size_t n)
{
    const struct call_row *row = call_row(nr);
    const char *at = row ? row->args : "()";
    size_t length;

    do {
        at += strspn(at, "(, ");
        length = strcspn(at, ",)");
        if (i)
            at += length;
    } while (i-- && length);
    if (length >= n)
        length = n - 1;
    memcpy(name, at, length);
    name[length] = 0;
}

/* --- commands: tables of {number, name} --- */

#define OP(cmd, name, suffix, type, dir, priv, restart) { cmd, #name },
#define OP_ABSENT(cmd, name, error)                     { cmd, #name },
static const struct name event_channel_ops[] = {
#include <abi/ops/evtchn.def>
};
#define OP(cmd, name, suffix, type, dir, priv, restart) { cmd, #name },
#define OP_ABSENT(cmd, name, error)                     { cmd, #name },
static const struct name sched_ops[] = {
#include <abi/ops/sched.def>
};
#define OP(cmd, name, suffix, type, dir, priv, restart) { cmd, #name },
#define OP_ABSENT(cmd, name, error)                     { cmd, #name },
static const struct name vcpu_ops[] = {
#include <abi/ops/vcpu.def>
};
#define OP(cmd, name, suffix, type, dir, priv, restart) { cmd, #name },
#define OP_ABSENT(cmd, name, error)                     { cmd, #name },
static const struct name memory_ops[] = {
#include <abi/ops/memory.def>
};
#define OP(cmd, name, suffix, type, dir, priv, restart) { cmd, #name },
#define OP_ABSENT(cmd, name, error)                     { cmd, #name },
static const struct name physdev_ops[] = {
#include <abi/ops/physdev.def>
};
#define OP(cmd, name, suffix, type, dir, priv, restart) { cmd, #name },
#define OP_ABSENT(cmd, name, error)                     { cmd, #name },
static const struct name callback_ops[] = {
#include <abi/ops/callback.def>
};
#define OP(cmd, name, suffix, type, dir, priv, restart) { cmd, #name },
#define OP_ABSENT(cmd, name, error)                     { cmd, #name },
static const struct name grant_ops[] = {
#include <abi/ops/grant.def>
};
#define OP(cmd, name, suffix, type, dir, priv, restart) { cmd, #name },
#define OP_ABSENT(cmd, name, error)                     { cmd, #name },
static const struct name version_ops[] = {
#include <abi/ops/xen_version.def>
};
#define OP(cmd, name, suffix, type, dir, priv, restart) { cmd, #name },
static const struct name console_ops[] = {
#include <abi/ops/console.def>
};
#define OP(cmd, name, suffix, type, dir, priv, restart) { cmd, #name },
#define OP_ABSENT(cmd, name, error)                     { cmd, #name },
static const struct name mmuext_ops[] = {
#include <abi/ops/mmuext.def>
};
#define VM_ASSIST(type, name, suffix) { type, #name },
#define OP(cmd, name, suffix, type, dir, priv, restart)
static const struct name vm_assist_types[] = {
#include <abi/ops/vm_assist.def>
};
#define DOMCTL(cmd, name, suffix, member, dir, restart) { cmd, #name },
#define DOMCTL_ABSENT(cmd, name, error)                 { cmd, #name },
static const struct name domctls[] = {
#include <abi/ops/domctl.def>
};
#define SYSCTL(cmd, name, suffix, member, dir, restart) { cmd, #name },
#define SYSCTL_ABSENT(cmd, name, error)                 { cmd, #name },
static const struct name sysctls[] = {
#include <abi/ops/sysctl.def>
};
#define PLATFORM(cmd, name, suffix, member, dir, restart) { cmd, #name },
#define PLATFORM_ABSENT(cmd, name, error)                 { cmd, #name },
static const struct name platform_ops[] = {
#include <abi/ops/platform.def>
};

/* memory_op's commands have the progress of a restarted call above them. */
#define MEMORY_CMD_MASK 63

const char *trace_command_name(uint32_t nr, uint64_t cmd)
{
    switch (nr) {
    case __HYPERVISOR_event_channel_op:
        return FIND(event_channel_ops, cmd);
    case __HYPERVISOR_sched_op:
        return FIND(sched_ops, cmd);
    case __HYPERVISOR_vcpu_op:
        return FIND(vcpu_ops, cmd);
    case __HYPERVISOR_memory_op:
        return FIND(memory_ops, cmd & MEMORY_CMD_MASK);
    case __HYPERVISOR_physdev_op:
        return FIND(physdev_ops, cmd);
    case __HYPERVISOR_callback_op:
        return FIND(callback_ops, cmd);
    case __HYPERVISOR_grant_table_op:
        return FIND(grant_ops, cmd);
    case __HYPERVISOR_xen_version:
        return FIND(version_ops, cmd);
    case __HYPERVISOR_console_io:
        return FIND(console_ops, cmd);
    case __HYPERVISOR_mmuext_op:
        return FIND(mmuext_ops, cmd);
    case __HYPERVISOR_vm_assist:
        return FIND(vm_assist_types, cmd);
    case __HYPERVISOR_domctl:
        return FIND(domctls, cmd);
    case __HYPERVISOR_sysctl:
        return FIND(sysctls, cmd);
    case __HYPERVISOR_platform_op:
        return FIND(platform_ops, cmd);
    default:
        return NULL;
    }
}

/* --- errors and exceptions --- */

static const struct name errors[] = {
#define XEN_ERRNO(name, value) { value, #name },
#include <abi/errno.def>
};

const char *trace_error_name(uint64_t error)
{
    return FIND(errors, error);
}

const char *trace_exception_name(unsigned int vector)
{
    static const struct name exceptions[] = {
        { 0, "divide error" },   { 1, "debug" },          { 2, "NMI" },
        { 3, "breakpoint" },     { 4, "overflow" },       { 5, "bound range" },
        { 6, "invalid opcode" }, { 7, "no FPU" },         { 8, "double fault" },
        { 10, "invalid TSS" },   { 11, "no segment" },    { 12, "stack fault" },
        { 13, "protection" },    { 14, "page fault" },    { 16, "x87 error" },
        { 17, "alignment" },     { 18, "machine check" }, { 19, "SIMD error" },
    };

    return FIND(exceptions, vector);
}
