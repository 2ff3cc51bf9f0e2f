/* SPDX-License-Identifier: MIT */
/* platform_op: wall clock, processors, firmware, power, symbols. */
#include "internal.h"
#include <hv/apic.h>
#include <hv/guest_copy.h>
#include <hv/hooks.h>
#include <hv/lib.h>
#include <hv/symbols.h>
#include <hv/timer.h>

static int set_time(uint64_t sec, uint32_t nsec, uint64_t system_time)
{
    while (nsec >= NS_PER_SEC) {
        nsec -= NS_PER_SEC;
        sec++;
    }
    wallclock_set(sec, nsec, (ns_t)system_time);
    return 0;
}

int platform_settime32(xenpf_settime32_t *arg)
{
    return set_time(arg->secs, arg->nsecs, arg->system_time);
}

/* 0; -EINVAL: mbz is not 0. */
int platform_settime64(xenpf_settime64_t *arg)
{
    if (arg->mbz)
        return -EINVAL;
    return set_time(arg->secs, arg->nsecs, arg->system_time);
}

static bool cpu_is_online(uint32_t cpu)
{
    return cpu < nr_cpus && cpumask_test(&cpu_online_map, cpu);
}

/* Of a CPU that is not there everything is 0. */
int platform_get_cpu_version(xenpf_pcpu_version_t *arg)
{
    uint32_t cpu = arg->xen_cpuid;

    *arg = (xenpf_pcpu_version_t){ .xen_cpuid = cpu, .max_present = nr_cpus - 1 };
    if (!cpu_is_online(cpu))
        return 0;
    memcpy(arg->vendor_id, host_cpu.vendor, sizeof(arg->vendor_id));
    arg->family = host_cpu.family;
    arg->model = host_cpu.model;
    arg->stepping = host_cpu.stepping;
    return 0;
}

int platform_get_cpuinfo(xenpf_pcpuinfo_t *arg)
{
    uint32_t cpu = arg->xen_cpuid;

    *arg = (xenpf_pcpuinfo_t){ .xen_cpuid = cpu, .max_present = nr_cpus - 1 };
    if (cpu >= nr_cpus) {
        arg->flags = XEN_PCPU_FLAGS_INVALID;
        return 0;
    }
    if (cpu_is_online(cpu))
        arg->flags = XEN_PCPU_FLAGS_ONLINE;
    arg->apic_id = cpu_apic_id[cpu];
    arg->acpi_id = cpu_acpi_id(cpu);
    return 0;
}

/* The BIOS was not asked for anything. 0; -ESRCH it said nothing; -ENOSYS no EFI;
 * -EINVAL. */
int platform_firmware_info(xenpf_firmware_info_t *arg)
{
    switch (arg->type) {
    case XEN_FW_DISK_INFO:
    case XEN_FW_DISK_MBR_SIGNATURE:
    case XEN_FW_VBEDDC_INFO:
        return -ESRCH;
    case XEN_FW_EFI_INFO:
        return -ENOSYS;
    case XEN_FW_KBD_SHIFT_FLAGS:
        if (arg->index)
            return -ESRCH;
        arg->u.kbd_shift_flags = 0;
        return 0;
    default:
        return -EINVAL;
    }
}

#define SLEEP_OFF 5

/* Does not return from S5. -EINVAL no such state or flag; -EOPNOTSUPP: another state. */
int platform_enter_acpi_sleep(xenpf_enter_acpi_sleep_t *arg)
{
    if (!arg->sleep_state || arg->sleep_state > SLEEP_OFF ||
        (arg->flags & ~XENPF_ACPI_SLEEP_EXTENDED))
        return -EINVAL;
    if (arg->sleep_state != SLEEP_OFF)
        return -EOPNOTSUPP;
    machine_power_off();
}

/* 0; -ERANGE no more symbols; -EFAULT. */
int platform_get_symbol(xenpf_symdata_t *arg)
{
    uintptr_t address;
    const char *name = symbol_at(arg->symnum, &address);
    uint32_t size, room = arg->namelen;

    if (!name)
        return -ERANGE;
    size = (uint32_t)strlen(name) + 1;
    if (guest_write((unsigned long)arg->name.p, name, min(size, room)))
        return -EFAULT;
    arg->namelen = size;
    arg->symnum++;
    arg->address = address;
    arg->type = 't';
    return 0;
}
