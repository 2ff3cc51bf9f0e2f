/* SPDX-License-Identifier: MIT */
/*
 * From a command to its handler: every row of the tables that hypercall/dispatch.c uses
 * is called once with good and once with bad memory. Checked are the copies in and out,
 * the privilege, the errnos of what is left out, and restarts. The handlers are made from
 * the same rows: they note that they ran, and change every byte of their argument.
 */
#include "hv_host.h"
#include "test.h"
#include <hv/domain.h>
#include <hv/evtchn.h>
#include <hv/hypercall.h>

static struct domain dom;
static struct vcpu vcpu;
struct domain *domain0 = &dom;

/* --- guest memory: a buffer; what is before readable_from and so on faults --- */
static unsigned char memory[2048];
static bool readable, writable;

int guest_read_any(void *dst, unsigned long src, size_t size)
{
    if (!readable)
        return -EFAULT;
    memcpy(dst, (const void *)src, size);
    return 0;
}

int guest_write_any(unsigned long dst, const void *src, size_t size)
{
    if (!writable)
        return -EFAULT;
    memcpy((void *)dst, src, size);
    return 0;
}

/* --- handlers: one per row --- */
static const char *ran;
static long result;
static unsigned char seen[2048];

static void note(const char *suffix, void *arg, size_t size, bool takes)
{
    ran = suffix;
    if (takes)
        memcpy(seen, arg, size);
    memset(arg, 0xa5, size);
}

#define TAKES_IN     true
#define TAKES_INOUT  true
#define TAKES_REPORT true
#define TAKES_OUT    false
#define BODY_ARG(dir, suffix, type)                    \
    {                                                  \
        note(#suffix, arg, sizeof(type), TAKES_##dir); \
        return (int)result;                            \
    }
#define BODY_IN(suffix, type)     BODY_ARG(IN, suffix, type)
#define BODY_INOUT(suffix, type)  BODY_ARG(INOUT, suffix, type)
#define BODY_OUT(suffix, type)    BODY_ARG(OUT, suffix, type)
#define BODY_REPORT(suffix, type) BODY_ARG(REPORT, suffix, type)
#define BODY_NONE(suffix, type) \
    {                           \
        ran = #suffix;          \
        return (int)result;     \
    }
#define BODY_RAW(suffix, type)           \
    {                                    \
        ran = #suffix;                   \
        assert_ptr_equal(arg.p, memory); \
        return (int)result;              \
    }

#define OP(cmd, name, suffix, type, dir, priv, restart) \
    int evtchn_op_##suffix(OP_PARAM_##dir(type)) BODY_##dir(suffix, type)
#include <abi/ops/evtchn.def>
#define OP(cmd, name, suffix, type, dir, priv, restart) \
    int callback_op_##suffix(OP_PARAM_##dir(type)) BODY_##dir(suffix, type)
#include <abi/ops/callback.def>
#define OP(cmd, name, suffix, type, dir, priv, restart) \
    int physdev_op_##suffix(OP_PARAM_##dir(type)) BODY_##dir(suffix, type)
#include <abi/ops/physdev.def>
#define OP(cmd, name, suffix, type, dir, priv, restart) \
    int nmi_op_##suffix(OP_PARAM_##dir(type)) BODY_##dir(suffix, type)
#include <abi/ops/nmi.def>
#define OP(cmd, name, suffix, type, dir, priv, restart) \
    long xen_version_##suffix(OP_PARAM_##dir(type)) BODY_##dir(suffix, type)
#include <abi/ops/xen_version.def>
#define OP(cmd, name, suffix, type, dir, priv, restart)                         \
    long console_io_##suffix(unsigned int count, XEN_GUEST_HANDLE(char) buffer) \
    {                                                                           \
        ran = #suffix;                                                          \
        assert_int_equal(count, 77);                                            \
        assert_ptr_equal(buffer.p, memory);                                     \
        return result;                                                          \
    }
#include <abi/ops/console.def>

/* The short cut for EVTCHNOP_send. */
long evtchn_send(struct domain *d, unsigned int port)
{
    struct evtchn_send op = { port };

    assert_ptr_equal(d, &dom);
    return evtchn_op_send(&op);
}

/* --- one row --- */
enum dir { NONE, IN, OUT, INOUT, REPORT, RAW };
enum priv { ANY, CONTROL };
enum restart { NEVER, RESTARTS };

struct row {
    unsigned int cmd;
    const char *suffix;
    size_t size;
    enum dir dir;
    enum priv priv;
    enum restart restart;
};

#define SIZE_NONE(type)   0
#define SIZE_RAW(type)    0
#define SIZE_IN(type)     sizeof(type)
#define SIZE_OUT(type)    sizeof(type)
#define SIZE_INOUT(type)  sizeof(type)
#define SIZE_REPORT(type) sizeof(type)
#define OP(cmd, name, suffix, type, dir, priv, restart) \
    { cmd, #suffix, SIZE_##dir(type), dir, priv, restart },
static const struct row evtchn_rows[] = {
#include <abi/ops/evtchn.def>
};
#define OP(cmd, name, suffix, type, dir, priv, restart) \
    { cmd, #suffix, SIZE_##dir(type), dir, priv, restart },
static const struct row callback_rows[] = {
#include <abi/ops/callback.def>
};
#define OP(cmd, name, suffix, type, dir, priv, restart) \
    { cmd, #suffix, SIZE_##dir(type), dir, priv, restart },
static const struct row physdev_rows[] = {
#include <abi/ops/physdev.def>
};
#define OP(cmd, name, suffix, type, dir, priv, restart) \
    { cmd, #suffix, SIZE_##dir(type), dir, priv, restart },
static const struct row nmi_rows[] = {
#include <abi/ops/nmi.def>
};
#define OP(cmd, name, suffix, type, dir, priv, restart) \
    { cmd, #suffix, SIZE_##dir(type), dir, priv, restart },
static const struct row xen_version_rows[] = {
#include <abi/ops/xen_version.def>
};

typedef long (*call_fn)(unsigned int cmd, void *arg);

static bool copies_in(const struct row *r)
{
    return r->dir == IN || r->dir == INOUT || r->dir == REPORT;
}

static bool copies_out(const struct row *r, long rc)
{
    return r->dir == REPORT || (rc >= 0 && (r->dir == OUT || r->dir == INOUT));
}

/* Calls row r whose handler returns rc, and checks what happened to memory. */
static void run(call_fn call, const struct row *r, long rc)
{
    for (size_t i = 0; i < sizeof(memory); i++)
        memory[i] = (unsigned char)(i * 7 + 1);
    memset(seen, 0, sizeof(seen));
    ran = NULL;
    result = rc;
    assert_int_equal(call(r->cmd, memory), rc);
    assert_string_equal(ran, r->suffix);
    for (size_t i = 0; i < sizeof(memory); i++) {
        unsigned char before = (unsigned char)(i * 7 + 1);

        if (copies_in(r) && i < r->size)
            assert_int_equal(seen[i], before);
        assert_int_equal(memory[i], copies_out(r, rc) && i < r->size ? 0xa5 : before);
    }
}

static void check_faults(call_fn call, const struct row *r)
{
    result = 0;
    ran = NULL;
    readable = false;
    assert_int_equal(call(r->cmd, memory), copies_in(r) ? -EFAULT : 0);
    assert_int_equal(ran == NULL, copies_in(r));
    readable = true;
    writable = false;
    assert_int_equal(call(r->cmd, memory), copies_out(r, 0) ? -EFAULT : 0);
    writable = true;
}

static void check_privilege(call_fn call, const struct row *r)
{
    dom.is_privileged = false;
    ran = NULL;
    result = 0;
    assert_int_equal(call(r->cmd, memory), r->priv == CONTROL ? -EPERM : 0);
    assert_int_equal(ran == NULL, r->priv == CONTROL);
    dom.is_privileged = true;
}

/* The same call with the same arguments, at the SYSCALL instruction again. */
static void check_restart(call_fn call, const struct row *r, unsigned int nr)
{
    vcpu.regs.rip = 0x1002;
    result = -ERESTART;
    if (r->restart == NEVER)
        return;
    assert_int_equal(call(r->cmd, memory), nr);
    assert_int_equal(vcpu.regs.rip, 0x1000);
    assert_int_equal(vcpu.regs.rdi, r->cmd);
    assert_int_equal(vcpu.regs.rsi, (unsigned long)memory);
    vcpu.mc.active = true;
    vcpu.mc.preempted = false;
    (void)call(r->cmd, memory);
    assert_true(vcpu.mc.preempted);
    assert_int_equal(vcpu.mc.nargs, 2);
    assert_int_equal(vcpu.mc.call.op, nr);
    assert_int_equal(vcpu.mc.call.args[1], (unsigned long)memory);
    assert_int_equal(vcpu.regs.rip, 0x1000);
    vcpu.mc.active = false;
}

static void check_rows(call_fn call, const struct row *rows, size_t n, unsigned int nr)
{
    for (size_t i = 0; i < n; i++) {
        run(call, &rows[i], 0);
        run(call, &rows[i], -EINVAL);
        check_faults(call, &rows[i]);
        check_privilege(call, &rows[i]);
        check_restart(call, &rows[i], nr);
    }
    assert_int_equal(call(10000, memory), -ENOSYS);
    assert_int_equal(call(~0u, memory), -ENOSYS);
}

static XEN_GUEST_HANDLE(void) handle(void *p)
{
    XEN_GUEST_HANDLE(void) h = { p };

    return h;
}

static long call_evtchn(unsigned int cmd, void *arg)
{
    return hc_event_channel_op((int)cmd, handle(arg));
}

static long call_callback(unsigned int cmd, void *arg)
{
    XEN_GUEST_HANDLE(const_void) h = { arg };

    return hc_callback_op((int)cmd, h);
}

static long call_physdev(unsigned int cmd, void *arg)
{
    return hc_physdev_op((int)cmd, handle(arg));
}

static long call_nmi(unsigned int cmd, void *arg)
{
    return hc_nmi_op(cmd, handle(arg));
}

static long call_xen_version(unsigned int cmd, void *arg)
{
    if (cmd == XENVER_pagesize)
        arg = NULL;
    return hc_xen_version((int)cmd, handle(arg));
}

#define CHECK(group, nr)                                                      \
    static void group##_rows_reach_their_handlers(void **state)               \
    {                                                                         \
        (void)state;                                                          \
        check_rows(call_##group, group##_rows, ARRAY_SIZE(group##_rows), nr); \
    }
CHECK(evtchn, __HYPERVISOR_event_channel_op)
CHECK(callback, __HYPERVISOR_callback_op)
CHECK(physdev, __HYPERVISOR_physdev_op)
CHECK(nmi, __HYPERVISOR_nmi_op)
CHECK(xen_version, __HYPERVISOR_xen_version)

static void absent_commands_have_their_errno(void **state)
{
    (void)state;
#define OP_ABSENT(cmd, name, err) assert_int_equal(call_evtchn(cmd, memory), -err);
#include <abi/ops/evtchn.def>
#define OP_ABSENT(cmd, name, err) assert_int_equal(call_physdev(cmd, memory), -err);
#include <abi/ops/physdev.def>
}

static void console_io_passes_length_and_buffer(void **state)
{
    XEN_GUEST_HANDLE(char) buffer = { (char *)memory };

    (void)state;
    result = 5;
    assert_int_equal(hc_console_io(CONSOLEIO_write, 77, buffer), 5);
    assert_string_equal(ran, "write");
    assert_int_equal(hc_console_io(CONSOLEIO_read, 77, buffer), 5);
    assert_int_equal(hc_console_io(9, 77, buffer), -ENOSYS);
    dom.is_privileged = false;
    assert_int_equal(hc_console_io(CONSOLEIO_read, 77, buffer), -EPERM);
}

static void page_size_wants_no_argument(void **state)
{
    (void)state;
    assert_int_equal(hc_xen_version(XENVER_pagesize, handle(memory)), -EINVAL);
}

static void restarts_set_as_many_arguments_as_given(void **state)
{
    struct cpu_user_regs *regs = &vcpu.regs;

    (void)state;
    memset(regs, 0xff, sizeof(*regs));
    regs->rip = 0x8002;
    assert_int_equal(hypercall_continue(33, 6, 1, 2, 3, 4, 5, 6), 33);
    assert_int_equal(regs->rip, 0x8000);
    assert_int_equal(regs->rdi * 100000 + regs->rsi * 10000 + regs->rdx * 1000 +
                         regs->r10 * 100 + regs->r8 * 10 + regs->r9,
                     123456);
    assert_int_equal(hypercall_continue(33, 1, 9), 33);
    assert_int_equal(regs->rdi, 9);
    assert_int_equal(regs->rsi, 2);
}

static int prepare(void **state)
{
    (void)state;
    memset(&vcpu, 0, sizeof(vcpu));
    dom.is_privileged = true;
    vcpu.domain = &dom;
    current = &vcpu;
    readable = writable = true;
    return 0;
}

#define TEST(fn) cmocka_unit_test_setup(fn, prepare)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(evtchn_rows_reach_their_handlers),
        TEST(callback_rows_reach_their_handlers),
        TEST(physdev_rows_reach_their_handlers),
        TEST(nmi_rows_reach_their_handlers),
        TEST(xen_version_rows_reach_their_handlers),
        TEST(absent_commands_have_their_errno),
        TEST(console_io_passes_length_and_buffer),
        TEST(page_size_wants_no_argument),
        TEST(restarts_set_as_many_arguments_as_given),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
