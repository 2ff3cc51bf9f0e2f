/* SPDX-License-Identifier: MIT */
/*
 * Checks one table of sub-operations. The includer defines TABLE, its name, and
 * TABLE_FILE, what to include. Gives the enumerator restarts_of_<TABLE>: 1 if some row
 * says RESTARTS.
 */
#define OP(cmd, name, suffix, type, dir, priv, restart)                      \
    _Static_assert((cmd) == name, "number of " #name);                       \
    _Static_assert(IS_VOID(type) == !HAS_OBJECT(dir), "argument of " #name); \
    _Static_assert((priv) == ANY || (priv) == CONTROL, "privilege of " #name);
#define OP_ABSENT(cmd, name, error)                    \
    _Static_assert((cmd) == name, "number of " #name); \
    _Static_assert(XEN_##error > 0, "answer of " #name);
#define VM_ASSIST(type, name, suffix) _Static_assert((type) == name, "number of " #name);
#define MEMBER_OP(object, cmd, name, member, dir)                              \
    _Static_assert((cmd) == name, "number of " #name);                         \
    _Static_assert(sizeof(((object *)0)->u.member) > 0, "argument of " #name); \
    _Static_assert(IS_PAD(object, member) == !HAS_OBJECT(dir), "argument of " #name);
#define PLATFORM(cmd, name, suffix, member, dir, restart) \
    MEMBER_OP(xen_platform_op_t, cmd, name, member, dir)
#define DOMCTL(cmd, name, suffix, member, dir, restart) \
    MEMBER_OP(xen_domctl_t, cmd, name, member, dir)
#define SYSCTL(cmd, name, suffix, member, dir, restart) \
    MEMBER_OP(xen_sysctl_t, cmd, name, member, dir)
#define PLATFORM_ABSENT(cmd, name, error) OP_ABSENT(cmd, name, error)
#define DOMCTL_ABSENT(cmd, name, error)   OP_ABSENT(cmd, name, error)
#define SYSCTL_ABSENT(cmd, name, error)   OP_ABSENT(cmd, name, error)
#include TABLE_FILE
#undef MEMBER_OP

enum {
    PASTE(restarts_of_, TABLE) = 0
#define OP(cmd, name, suffix, type, dir, priv, restart)   | (restart)
#define PLATFORM(cmd, name, suffix, member, dir, restart) | (restart)
#define DOMCTL(cmd, name, suffix, member, dir, restart)   | (restart)
#define SYSCTL(cmd, name, suffix, member, dir, restart)   | (restart)
#include TABLE_FILE
};

/* Two rows of one number would be two equal cases. */
static inline int PASTE(unique_, TABLE)(unsigned int command)
{
    switch (command) {
#define OP(cmd, name, suffix, type, dir, priv, restart)   case cmd:
#define OP_ABSENT(cmd, name, error)                       case cmd:
#define PLATFORM(cmd, name, suffix, member, dir, restart) case cmd:
#define DOMCTL(cmd, name, suffix, member, dir, restart)   case cmd:
#define SYSCTL(cmd, name, suffix, member, dir, restart)   case cmd:
#define PLATFORM_ABSENT(cmd, name, error)                 case cmd:
#define DOMCTL_ABSENT(cmd, name, error)                   case cmd:
#define SYSCTL_ABSENT(cmd, name, error)                   case cmd:
#include TABLE_FILE
        return 1;
    }
    return 0;
}

#undef TABLE
#undef TABLE_FILE
