/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: INT n enters the guest's handler of vector n if its entry in the trap table
 * lets that privilege level, else it is a #GP whose error code names the vector.
 * Provocation: INT n for all n, in kernel and user mode, with all entries closed, open for
 * the kernel, and open for user mode.
 * Expected: the vector, no error code and the address behind the instruction; or #GP with
 * error code 8n + 2 at the instruction.
 */
/* xen: differs QEMU 7.2 pushes 16n + 2, in which Xen finds another vector */
#include <test.h>

#include <mini-os/user.h>

COVERS(set_trap_table);

#define USER_CODE   0x400000UL
#define OPEN_KERNEL 1
#define OPEN_USER   3
#define MASK_EVENTS 4

/* The gates of these are open in hardware, whatever the trap table says. */
#define IS_ALWAYS_OPEN(n) ((n) == TRAP_INT3 || (n) == TRAP_OVERFLOW)

/* INT n and UD2, for each n. */
static const uint8_t (*code)[4];

static struct trap_info table[257];

static void set_table(unsigned int privilege)
{
    memcpy(table, traps_table(), sizeof(table));
    for (unsigned int n = 0; n < 256; n++)
        table[n].flags = MASK_EVENTS | privilege;
    require(HYPERVISOR_set_trap_table(table) == 0);
}

static void check_trap(unsigned int n, bool open, const struct trap_frame *frame,
                       uint64_t address)
{
    bool ok;

    if (open)
        ok = check_eq(frame->vector, n) && check_eq(frame->error, 0) &&
             check_eq(frame->rip, address + 2);
    else
        ok = check_eq(frame->vector, TRAP_GP_FAULT) &&
             check_eq(frame->error, n * 8 + 2) && check_eq(frame->rip, address);
    if (!ok)
        note("INT %u, %s mode", n, trap_from_user(frame) ? "user" : "kernel");
}

static void run_kernel(unsigned int n, bool open)
{
    struct trap_result result;

    check(trap_exec(code[n], &result), "trapped");
    check_trap(n, open || IS_ALWAYS_OPEN(n), &result.frame, (uint64_t)code[n]);
}

static void run_user(unsigned int n, bool open)
{
    struct trap_frame frame;

    user_frame_init(&frame, NULL, 0);
    frame.rip = USER_CODE + n * sizeof(code[0]);
    user_enter(&frame, 0, NULL);
    check_trap(n, open || IS_ALWAYS_OPEN(n), &frame, USER_CODE + n * sizeof(code[0]));
}

/* Not to be opened: by INT there is no error code, and the stubs look for one. */
static bool has_error_code(unsigned int n)
{
    return n < 32 && (0x60227d00U >> n & 1);
}

static void check_all(unsigned int privilege)
{
    set_table(privilege);
    for (unsigned int n = 0; n < 256; n++) {
        if (has_error_code(n) && privilege)
            continue;
        run_kernel(n, privilege >= OPEN_KERNEL);
        run_user(n, privilege >= OPEN_USER);
    }
    traps_install();
}

static void make_code(struct user_space *user)
{
    uint8_t(*page)[4] = alloc_page();
    void *window = window_reserve(1);

    require(page && window);
    for (unsigned int n = 0; n < 256; n++) {
        page[n][0] = 0xcd;
        page[n][1] = n;
        page[n][2] = 0x0f;
        page[n][3] = 0x0b;
    }
    require(page_make_ro(page) == 0);
    require(map_mfn(window, virt_to_mfn(page), PTE_RX) == 0);
    code = window;
    require(space_map(&user->space, USER_CODE, pte_make(virt_to_mfn(page), PTE_RX)) == 0);
}

void test_main(void)
{
    struct user_space user;

    require(user_space_create(&user) == 0);
    require(user_space_load(&user) == 0);
    make_code(&user);
    check_all(0);
    check_all(OPEN_KERNEL);
    check_all(OPEN_USER);
}
