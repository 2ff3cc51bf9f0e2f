/* SPDX-License-Identifier: MIT */
/*
 * Structures that arguments point to: which fields they have. Only the first bytes of a
 * structure are recorded; a field beyond them is left out.
 */
#include "internal.h"

#include <stddef.h>
#include <string.h>

#include <abi/callback.h>
#include <abi/domctl.h>
#include <abi/event_channel.h>
#include <abi/grant_table.h>
#include <abi/memory.h>
#include <abi/physdev.h>
#include <abi/sched.h>
#include <abi/sysctl.h>
#include <abi/vcpu.h>

enum field_kind {
    FIELD_NUMBER,
    FIELD_HEX,
    FIELD_DOMAIN,
    FIELD_COMMAND,   /* of the call */
    FIELD_TABLE_PTR, /* mmu_update_t.ptr: address and command */
    FIELD_RESULT,    /* signed; written by the call */
    FIELD_OUT,       /* a number written by the call */
    FIELD_OUT_HEX,
};

struct field {
    const char *name;
    uint8_t offset, size, kind;
};

#define MAX_FIELDS 5

struct shape {
    uint32_t nr;
    uint32_t cmd;
    struct field fields[MAX_FIELDS];
};

#define FIELD(type, member, kind)                                                  \
    {                                                                              \
#member, offsetof(type, member), sizeof(((type *)0)->member), FIELD_##kind \
    }
#define ANY_COMMAND (~0u)

/* clang-format off */
#define E(cmd, ...) { __HYPERVISOR_event_channel_op, cmd, { __VA_ARGS__ } }
#define G(cmd, ...) { __HYPERVISOR_grant_table_op, cmd, { __VA_ARGS__ } }
#define M(cmd, ...) { __HYPERVISOR_memory_op, cmd, { __VA_ARGS__ } }
#define S(cmd, ...) { __HYPERVISOR_sched_op, cmd, { __VA_ARGS__ } }
#define V(cmd, ...) { __HYPERVISOR_vcpu_op, cmd, { __VA_ARGS__ } }
#define P(cmd, ...) { __HYPERVISOR_physdev_op, cmd, { __VA_ARGS__ } }

#define RESERVATION(cmd)                                     \
    M(cmd, FIELD(xen_memory_reservation_t, nr_extents, NUMBER),   \
      FIELD(xen_memory_reservation_t, extent_order, NUMBER),      \
      FIELD(xen_memory_reservation_t, mem_flags, HEX))

static const struct shape shapes[] = {
    { __HYPERVISOR_mmu_update, ANY_COMMAND,
      { FIELD(mmu_update_t, ptr, TABLE_PTR), FIELD(mmu_update_t, val, HEX) } },
    { __HYPERVISOR_mmuext_op, ANY_COMMAND,
      { FIELD(mmuext_op_t, cmd, COMMAND), FIELD(mmuext_op_t, arg1, HEX),
        FIELD(mmuext_op_t, arg2, HEX) } },
    { __HYPERVISOR_domctl, ANY_COMMAND,
      { FIELD(xen_domctl_t, cmd, COMMAND), FIELD(xen_domctl_t, domain, DOMAIN) } },
    { __HYPERVISOR_sysctl, ANY_COMMAND, { FIELD(xen_sysctl_t, cmd, COMMAND) } },
    { __HYPERVISOR_platform_op, ANY_COMMAND, { { "cmd", 0, 4, FIELD_COMMAND } } },
    E(EVTCHNOP_alloc_unbound, FIELD(evtchn_alloc_unbound_t, dom, DOMAIN),
      FIELD(evtchn_alloc_unbound_t, remote_dom, DOMAIN),
      FIELD(evtchn_alloc_unbound_t, port, OUT)),
    E(EVTCHNOP_bind_interdomain, FIELD(evtchn_bind_interdomain_t, remote_dom, DOMAIN),
      FIELD(evtchn_bind_interdomain_t, remote_port, NUMBER),
      FIELD(evtchn_bind_interdomain_t, local_port, OUT)),
    E(EVTCHNOP_bind_virq, FIELD(evtchn_bind_virq_t, virq, NUMBER),
      FIELD(evtchn_bind_virq_t, vcpu, NUMBER), FIELD(evtchn_bind_virq_t, port, OUT)),
    E(EVTCHNOP_bind_pirq, FIELD(evtchn_bind_pirq_t, pirq, NUMBER),
      FIELD(evtchn_bind_pirq_t, flags, HEX), FIELD(evtchn_bind_pirq_t, port, OUT)),
    E(EVTCHNOP_bind_ipi, FIELD(evtchn_bind_ipi_t, vcpu, NUMBER),
      FIELD(evtchn_bind_ipi_t, port, OUT)),
    E(EVTCHNOP_close, FIELD(evtchn_close_t, port, NUMBER)),
    E(EVTCHNOP_send, FIELD(evtchn_send_t, port, NUMBER)),
    E(EVTCHNOP_status, FIELD(evtchn_status_t, dom, DOMAIN),
      FIELD(evtchn_status_t, port, NUMBER), FIELD(evtchn_status_t, status, OUT),
      FIELD(evtchn_status_t, vcpu, OUT)),
    E(EVTCHNOP_bind_vcpu, FIELD(evtchn_bind_vcpu_t, port, NUMBER),
      FIELD(evtchn_bind_vcpu_t, vcpu, NUMBER)),
    E(EVTCHNOP_unmask, FIELD(evtchn_unmask_t, port, NUMBER)),
    E(EVTCHNOP_reset, FIELD(evtchn_reset_t, dom, DOMAIN)),
    G(GNTTABOP_map_grant_ref, FIELD(gnttab_map_grant_ref_t, host_addr, HEX),
      FIELD(gnttab_map_grant_ref_t, ref, NUMBER), FIELD(gnttab_map_grant_ref_t, dom, DOMAIN),
      FIELD(gnttab_map_grant_ref_t, status, RESULT),
      FIELD(gnttab_map_grant_ref_t, handle, OUT)),
    G(GNTTABOP_unmap_grant_ref, FIELD(gnttab_unmap_grant_ref_t, host_addr, HEX),
      FIELD(gnttab_unmap_grant_ref_t, handle, NUMBER),
      FIELD(gnttab_unmap_grant_ref_t, status, RESULT)),
    G(GNTTABOP_setup_table, FIELD(gnttab_setup_table_t, dom, DOMAIN),
      FIELD(gnttab_setup_table_t, nr_frames, NUMBER),
      FIELD(gnttab_setup_table_t, status, RESULT)),
    G(GNTTABOP_query_size, FIELD(gnttab_query_size_t, dom, DOMAIN),
      FIELD(gnttab_query_size_t, nr_frames, OUT),
      FIELD(gnttab_query_size_t, max_nr_frames, OUT),
      FIELD(gnttab_query_size_t, status, RESULT)),
    G(GNTTABOP_set_version, FIELD(gnttab_set_version_t, version, NUMBER)),
    G(GNTTABOP_get_version, FIELD(gnttab_get_version_t, dom, DOMAIN),
      FIELD(gnttab_get_version_t, version, OUT)),
    RESERVATION(XENMEM_increase_reservation),
    RESERVATION(XENMEM_decrease_reservation),
    RESERVATION(XENMEM_populate_physmap),
    M(XENMEM_memory_map, FIELD(xen_memory_map_t, nr_entries, NUMBER)),
    M(XENMEM_machphys_mapping, FIELD(xen_machphys_mapping_t, v_start, OUT_HEX),
      FIELD(xen_machphys_mapping_t, v_end, OUT_HEX)),
    S(SCHEDOP_shutdown, FIELD(sched_shutdown_t, reason, NUMBER)),
    S(SCHEDOP_shutdown_code, FIELD(sched_shutdown_t, reason, NUMBER)),
    S(SCHEDOP_poll, FIELD(sched_poll_t, nr_ports, NUMBER),
      FIELD(sched_poll_t, timeout, NUMBER)),
    S(SCHEDOP_watchdog, FIELD(sched_watchdog_t, id, NUMBER),
      FIELD(sched_watchdog_t, timeout, NUMBER)),
    V(VCPUOP_set_periodic_timer, FIELD(vcpu_set_periodic_timer_t, period_ns, NUMBER)),
    V(VCPUOP_set_singleshot_timer, FIELD(vcpu_set_singleshot_timer_t, timeout_abs_ns, NUMBER),
      FIELD(vcpu_set_singleshot_timer_t, flags, HEX)),
    V(VCPUOP_register_vcpu_info, FIELD(vcpu_register_vcpu_info_t, mfn, HEX),
      FIELD(vcpu_register_vcpu_info_t, offset, HEX)),
    V(VCPUOP_register_runstate_memory_area, { "addr", 0, 8, FIELD_HEX }),
    V(VCPUOP_register_vcpu_time_memory_area, { "addr", 0, 8, FIELD_HEX }),
    P(PHYSDEVOP_set_iopl, FIELD(physdev_set_iopl_t, iopl, NUMBER)),
    P(PHYSDEVOP_eoi, FIELD(physdev_eoi_t, irq, NUMBER)),
    P(PHYSDEVOP_map_pirq, FIELD(physdev_map_pirq_t, domid, DOMAIN),
      FIELD(physdev_map_pirq_t, type, NUMBER), FIELD(physdev_map_pirq_t, index, NUMBER),
      FIELD(physdev_map_pirq_t, pirq, NUMBER)),
    { __HYPERVISOR_callback_op, CALLBACKOP_register,
      { FIELD(callback_register_t, type, NUMBER), FIELD(callback_register_t, flags, HEX),
        FIELD(callback_register_t, address, HEX) } },
};
/* clang-format on */

static const struct shape *find_shape(uint32_t nr, uint64_t cmd)
{
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        if (shapes[i].nr == nr && (shapes[i].cmd == ANY_COMMAND || shapes[i].cmd == cmd))
            return &shapes[i];
    return NULL;
}

void trace_domain(struct ts_text *text, uint64_t id)
{
    static const struct {
        uint64_t id;
        const char *name;
    } special[] = { { DOMID_SELF, "self" }, { DOMID_IO, "io" }, { DOMID_XEN, "xen" } };

    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
        if (special[i].id == id) {
            ts_text_printf(text, "%s", special[i].name);
            return;
        }
    ts_text_printf(text, "d%llu", (unsigned long long)id);
}

static void add_table_pointer(struct ts_text *text, uint64_t ptr)
{
    static const char *const commands[] = { "", " machphys", " keep-ad",
                                            " untranslated" };

    ts_text_printf(text, "%#llx%s", (unsigned long long)(ptr & ~3ull), commands[ptr & 3]);
}

static void add_value(struct ts_text *text, uint32_t nr, const struct field *f,
                      uint64_t value)
{
    const char *name;

    switch (f->kind) {
    case FIELD_DOMAIN:
        trace_domain(text, value);
        break;
    case FIELD_COMMAND:
        name = trace_command_name(nr, value);
        if (name)
            ts_text_printf(text, "%s", name);
        else
            ts_text_printf(text, "%llu", (unsigned long long)value);
        break;
    case FIELD_TABLE_PTR:
        add_table_pointer(text, value);
        break;
    case FIELD_RESULT:
        ts_text_printf(text, "%d", f->size == 2 ? (int16_t)value : (int32_t)value);
        break;
    case FIELD_HEX:
    case FIELD_OUT_HEX:
        ts_text_printf(text, "%#llx", (unsigned long long)value);
        break;
    default:
        ts_text_printf(text, "%llu", (unsigned long long)value);
    }
}

static bool is_output(const struct field *f)
{
    return f->kind >= FIELD_RESULT;
}

static void add_fields(struct ts_text *text, const struct shape *shape, const char *bytes,
                       size_t nr_bytes, bool after)
{
    bool first = true;

    for (unsigned int i = 0; i < MAX_FIELDS && shape->fields[i].name; i++) {
        const struct field *f = &shape->fields[i];
        uint64_t value = 0;

        if (is_output(f) != after || f->offset + (size_t)f->size > nr_bytes)
            continue;
        memcpy(&value, bytes + f->offset, f->size);
        ts_text_printf(text, "%s", first ? "" : ", ");
        if (f->kind != FIELD_COMMAND)
            ts_text_printf(text, "%s=", f->name);
        add_value(text, shape->nr, f, value);
        first = false;
    }
}

static bool has_fields(const struct shape *shape, bool after)
{
    for (unsigned int i = 0; i < MAX_FIELDS && shape->fields[i].name; i++)
        if (is_output(&shape->fields[i]) == after)
            return true;
    return false;
}

static void add_string(struct ts_text *text, const char *bytes, size_t n)
{
    ts_text_printf(text, "\"");
    for (size_t i = 0; i < n; i++)
        if (bytes[i] == '\n')
            ts_text_printf(text, "\\n");
        else if (bytes[i] >= ' ' && bytes[i] < 127)
            ts_text_add(text, &bytes[i], 1);
        else if (bytes[i])
            ts_text_printf(text, "\\x%02x", (unsigned char)bytes[i]);
    ts_text_printf(text, "\"");
}

bool trace_structure(struct ts_text *text, uint32_t nr, uint64_t cmd, const void *bytes,
                     size_t nr_bytes, bool after)
{
    const struct shape *shape =
        find_shape(nr, nr == __HYPERVISOR_memory_op ? cmd & 63 : cmd);

    if (nr == __HYPERVISOR_console_io) {
        add_string(text, bytes, nr_bytes);
        return true;
    }
    if (!shape || !has_fields(shape, after))
        return false;
    ts_text_printf(text, "{");
    add_fields(text, shape, bytes, nr_bytes, after);
    ts_text_printf(text, "}");
    return true;
}
