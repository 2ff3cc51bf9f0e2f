/* SPDX-License-Identifier: MIT */
/*
 * The trap table, and who gets a trap.
 */
#include <mini-os/traps.h>

#include <abi/callback.h>
#include <abi/hypercall_stubs.h>
#include <mini-os/events.h>
#include <mini-os/panic.h>
#include <mini-os/smp.h>

#include "internal.h"

#define STUB_SIZE         32
#define TRAP_MASKS_EVENTS 4 /* in trap_info.flags, beside the privilege level */
#define RFLAGS_IF         0x200

/* A trap_call() under way. */
struct trap_catch {
    struct catch_context context;
    struct trap_result *result;
    struct trap_catch *outer;
    struct trap_result *probe; /* to be restored */
};

/* TRAP_PROBE's entries: a trap at start to end continues at end. */
struct fixup {
    uint64_t start, end;
};

extern const struct fixup fixups_start[], fixups_end[];

static struct trap_info table[256 + 1];
static trap_handler_t *handlers[TRAP_COUNT];

static unsigned int entry_flags(unsigned int vector)
{
    bool software = vector == TRAP_INT3 || vector == TRAP_OVERFLOW || vector >= 32;

    return TRAP_MASKS_EVENTS | (software ? 3 : 0);
}

const struct trap_info *traps_table(void)
{
    for (unsigned int vector = 0; vector < 256; vector++) {
        table[vector].vector = vector;
        table[vector].flags = entry_flags(vector);
        table[vector].cs = FLAT_KERNEL_CS;
        table[vector].address = (unsigned long)trap_stubs + vector * STUB_SIZE;
    }
    return table;
}

void traps_install(void)
{
    int rc = HYPERVISOR_set_trap_table((struct trap_info *)traps_table());

    BUG_ON(rc);
}

static void register_callback(unsigned int type, const char *entry, unsigned int flags)
{
    struct callback_register reg = {
        .type = type,
        .flags = flags,
        .address = (unsigned long)entry,
    };
    int rc = HYPERVISOR_callback_op(CALLBACKOP_register, &reg);

    BUG_ON(rc);
}

void callbacks_install(void)
{
    register_callback(CALLBACKTYPE_event, entry_event, 0);
    register_callback(CALLBACKTYPE_failsafe, entry_failsafe, CALLBACKF_mask_events);
    register_callback(CALLBACKTYPE_syscall, entry_syscall, CALLBACKF_mask_events);
}

trap_handler_t *trap_set_handler(unsigned int vector, trap_handler_t *handler)
{
    BUG_ON(vector >= TRAP_COUNT);
    return __atomic_exchange_n(&handlers[vector], handler, __ATOMIC_SEQ_CST);
}

static void fill_result(struct trap_result *result, const struct trap_frame *frame,
                        uint64_t cr2)
{
    result->vector = frame->vector;
    result->error = frame->error;
    result->rip = frame->rip;
    result->cr2 = cr2;
    result->frame = *frame;
    result->trapped = true;
}

static bool try_fixup(struct trap_frame *frame, uint64_t cr2)
{
    struct trap_result *result = this_vcpu()->probe;

    for (const struct fixup *f = fixups_start; result && f < fixups_end; f++) {
        if (frame->rip < f->start || frame->rip > f->end)
            continue;
        fill_result(result, frame, cr2);
        frame->rip = f->end;
        return true;
    }
    return false;
}

static void try_catch(const struct trap_frame *frame, uint64_t cr2)
{
    struct trap_catch *catch = this_vcpu()->catch;

    if (!catch)
        return;
    fill_result(catch->result, frame, cr2);
    catch_resume(&catch->context);
}

void trap_dispatch(struct trap_frame *frame)
{
    uint64_t cr2 = this_vcpu()->info->arch.cr2;
    trap_handler_t *handler = handlers[frame->vector];

    if (frame->vector == TRAP_CALLBACK_EVENT) {
        event_upcall();
        return;
    }
    if (handler && handler(frame))
        return;
    if (trap_from_user(frame))
        user_exit(frame, cr2);
    if (try_fixup(frame, cr2))
        return;
    try_catch(frame, cr2);
    panic_frame(frame, "unexpected trap");
}

bool trap_call(void (*fn)(void *arg), void *arg, struct trap_result *result)
{
    struct vcpu_area *vcpu = this_vcpu();
    struct trap_catch catch = {
        .result = result,
        .outer = vcpu->catch,
        .probe = vcpu->probe,
    };

    *result = (struct trap_result){ .trapped = false };
    vcpu->catch = &catch;
    if (!catch_save(&catch.context))
        fn(arg);
    vcpu->catch = catch.outer;
    vcpu->probe = catch.probe;
    if (result->trapped)
        events_restore(result->frame.rflags & RFLAGS_IF);
    return result->trapped;
}

static void call_code(void *code)
{
    ((void (*)(void))code)();
}

bool trap_exec(const void *code, struct trap_result *result)
{
    return trap_call(call_code, (void *)code, result);
}

void trap_probe_begin(struct trap_result *result)
{
    struct vcpu_area *vcpu = this_vcpu();

    *result = (struct trap_result){ .outer = vcpu->probe };
    vcpu->probe = result;
}

void trap_probe_end(void)
{
    struct vcpu_area *vcpu = this_vcpu();

    vcpu->probe = vcpu->probe->outer;
}

bool probe_read(const volatile void *addr, uint64_t *value, struct trap_result *result)
{
    uint64_t read = 0;

    TRAP_PROBE(result, "mov (%1), %0", : "+r"(read) : "r"(addr) : "memory");
    if (!result->trapped)
        *value = read;
    return result->trapped;
}

bool probe_write(volatile void *addr, uint64_t value, struct trap_result *result)
{
    TRAP_PROBE(result, "mov %0, (%1)", : : "r"(value), "r"(addr) : "memory");
    return result->trapped;
}
