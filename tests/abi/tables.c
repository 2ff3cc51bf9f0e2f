/* SPDX-License-Identifier: MIT */
/*
 * The row tables against the headers, by static assertion: every row's number is that
 * of the public constant it names and occurs once, types and members exist, columns
 * hold known values, and a hypercall restarts exactly if one of its sub-operations does.
 */
#include <abi/arch-x86/xen-mca.h>
#include <abi/callback.h>
#include <abi/domctl.h>
#include <abi/errno.h>
#include <abi/event_channel.h>
#include <abi/grant_table.h>
#include <abi/memory.h>
#include <abi/nmi.h>
#include <abi/physdev.h>
#include <abi/platform.h>
#include <abi/sched.h>
#include <abi/sysctl.h>
#include <abi/vcpu.h>
#include <abi/version.h>
#include <abi/xen.h>

/* The values of the columns. */
enum { NEVER, RESTARTS };
enum { ANY, CONTROL };
enum { NONE, IN, OUT, INOUT, REPORT, RAW };

#define PASTE_(a, b)    a##b
#define PASTE(a, b)     PASTE_(a, b)
#define HAS_OBJECT(dir) ((dir) != NONE && (dir) != RAW)
#define IS_VOID(type)   _Generic((type *)0, void * : 1, default : 0)
#define IS_PAD(object, member) \
    __builtin_types_compatible_p(__typeof__(((object *)0)->u.member), uint8_t[128])

#define HYPERCALL(nr, name, nargs, params, args, restart)                \
    _Static_assert((nr) == __HYPERVISOR_##name, "number of " #name);     \
    _Static_assert((nargs) >= 0 && (nargs) <= 6, "arguments of " #name); \
    enum { restarts_##name = (restart) };                                \
    long hc_##name params;
#define HYPERCALL_ABSENT(nr, name) \
    _Static_assert((nr) == __HYPERVISOR_##name, "number of " #name);
#include <abi/hypercalls.def>

#define TABLE      evtchn
#define TABLE_FILE <abi/ops/evtchn.def>
#include "check_table.h"
_Static_assert((int)restarts_event_channel_op == (int)restarts_of_evtchn,
               "event_channel_op");

#define TABLE      grant
#define TABLE_FILE <abi/ops/grant.def>
#include "check_table.h"
_Static_assert((int)restarts_grant_table_op == (int)restarts_of_grant, "grant_table_op");

#define TABLE      memory
#define TABLE_FILE <abi/ops/memory.def>
#include "check_table.h"
_Static_assert((int)restarts_memory_op == (int)restarts_of_memory, "memory_op");

#define TABLE      sched
#define TABLE_FILE <abi/ops/sched.def>
#include "check_table.h"
_Static_assert((int)restarts_sched_op == (int)restarts_of_sched, "sched_op");

#define TABLE      vcpu
#define TABLE_FILE <abi/ops/vcpu.def>
#include "check_table.h"
_Static_assert((int)restarts_vcpu_op == (int)restarts_of_vcpu, "vcpu_op");

#define TABLE      mmu_update
#define TABLE_FILE <abi/ops/mmu_update.def>
#include "check_table.h"
_Static_assert((int)restarts_mmu_update == (int)restarts_of_mmu_update, "mmu_update");

#define TABLE      mmuext
#define TABLE_FILE <abi/ops/mmuext.def>
#include "check_table.h"
_Static_assert((int)restarts_mmuext_op == (int)restarts_of_mmuext, "mmuext_op");

#define TABLE      xen_version
#define TABLE_FILE <abi/ops/xen_version.def>
#include "check_table.h"
_Static_assert((int)restarts_xen_version == (int)restarts_of_xen_version, "xen_version");

#define TABLE      physdev
#define TABLE_FILE <abi/ops/physdev.def>
#include "check_table.h"
_Static_assert((int)restarts_physdev_op == (int)restarts_of_physdev, "physdev_op");

#define TABLE      callback
#define TABLE_FILE <abi/ops/callback.def>
#include "check_table.h"
_Static_assert((int)restarts_callback_op == (int)restarts_of_callback, "callback_op");

#define TABLE      nmi
#define TABLE_FILE <abi/ops/nmi.def>
#include "check_table.h"
_Static_assert((int)restarts_nmi_op == (int)restarts_of_nmi, "nmi_op");

#define TABLE      console
#define TABLE_FILE <abi/ops/console.def>
#include "check_table.h"
_Static_assert((int)restarts_console_io == (int)restarts_of_console, "console_io");

#define TABLE      vm_assist
#define TABLE_FILE <abi/ops/vm_assist.def>
#include "check_table.h"
_Static_assert((int)restarts_vm_assist == (int)restarts_of_vm_assist, "vm_assist");

#define TABLE      platform
#define TABLE_FILE <abi/ops/platform.def>
#include "check_table.h"
_Static_assert((int)restarts_platform_op == (int)restarts_of_platform, "platform_op");

#define TABLE      domctl
#define TABLE_FILE <abi/ops/domctl.def>
#include "check_table.h"
_Static_assert((int)restarts_domctl == (int)restarts_of_domctl, "domctl");

#define TABLE      sysctl
#define TABLE_FILE <abi/ops/sysctl.def>
#include "check_table.h"
_Static_assert((int)restarts_sysctl == (int)restarts_of_sysctl, "sysctl");
