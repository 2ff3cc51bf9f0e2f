/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: each exception a guest can raise in itself arrives with its own vector,
 * error code and instruction address, also when it is raised while another one is
 * handled. Provocation: divide error, INT3, undefined opcode, #GP by privileged
 * instructions and bad selectors; faults inside handlers.
 * Expected: vectors as the processor manual numbers them; #GP by a selector carries it.
 */
#include <test.h>

#include <mini-os/traps.h>

COVERS(set_trap_table);

#define BAD_SELECTOR 0x1238

static void check_vector(const struct trap_result *trap, unsigned int vector,
                         unsigned long error)
{
    check(trap->trapped, "a trap");
    check_eq(trap->vector, vector);
    check_eq(trap->error, error);
}

static void check_vectors(void)
{
    struct trap_result trap;
    uint32_t eax = 1, edx = 0;

    TRAP_PROBE(&trap, "divl %2", : "+a"(eax), "+d"(edx) : "r"(0) : "cc");
    check_vector(&trap, TRAP_DIVIDE_ERROR, 0);
    TRAP_PROBE(&trap, "int3");
    check_vector(&trap, TRAP_INT3, 0);
    TRAP_PROBE(&trap, "ud2");
    check_vector(&trap, TRAP_INVALID_OP, 0);
    TRAP_PROBE(&trap, "hlt");
    check_vector(&trap, TRAP_GP_FAULT, 0);
    TRAP_PROBE(&trap, "ltr %w0", : : "r"(0));
    check_vector(&trap, TRAP_GP_FAULT, 0);
    TRAP_PROBE(&trap, "mov %0, %%ds", : : "r"(BAD_SELECTOR));
    check_vector(&trap, TRAP_GP_FAULT, BAD_SELECTOR & ~3);
}

/* The address of a fault is the instruction's, that of a trap the next one's. */
static void check_addresses(void)
{
    struct trap_result trap;
    uint64_t start;

    TRAP_PROBE(&trap, "ud2");
    start = trap.rip;
    check(((const uint8_t *)start)[0] == 0x0f && ((const uint8_t *)start)[1] == 0x0b,
          "a fault points at the instruction");
    TRAP_PROBE(&trap, "int3");
    check_eq(((const uint8_t *)trap.rip)[-1], 0xcc);
}

static unsigned int depth;
static struct trap_result inner;

/* Raises another one of its own until deep enough. */
static bool nest(struct trap_frame *frame)
{
    uint64_t value;

    check_eq(frame->rbx, 0xb0b);
    if (++depth < 5)
        asm volatile("int3" : : "b"(0xb0b) : "memory");
    else
        probe_read((void *)0x10, &value, &inner);
    return true;
}

static void check_nesting(void)
{
    trap_set_handler(TRAP_INT3, nest);
    asm volatile("int3" : : "b"(0xb0b) : "memory");
    trap_set_handler(TRAP_INT3, NULL);
    check_eq(depth, 5);
    check_vector(&inner, TRAP_PAGE_FAULT, 0);
    check_eq(inner.cr2, 0x10);
}

static void undefined(void *unused)
{
    (void)unused;
    asm volatile("ud2");
}

static void catch_inside(void *arg)
{
    struct trap_result *result = arg;

    trap_call(undefined, NULL, result);
    asm volatile("hlt");
}

static void check_calls(void)
{
    struct trap_result outer_result, inner_result;

    check(trap_call(catch_inside, &inner_result, &outer_result),
          "the outer call trapped");
    check_vector(&inner_result, TRAP_INVALID_OP, 0);
    check_vector(&outer_result, TRAP_GP_FAULT, 0);
}

void test_main(void)
{
    check_vectors();
    check_addresses();
    check_nesting();
    check_calls();
}
