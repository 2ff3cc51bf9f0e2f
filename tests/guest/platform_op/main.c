/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: domain 0 sets the wall clock and learns about processors, firmware and the
 * hypervisor's symbols.
 * Provocation: each operation with what there is and what there is not; sleep states that
 * are none; wrong versions, commands and addresses.
 * Expected: the wall clock that was set; -EINVAL, -ESRCH, -ERANGE, -EFAULT, -EACCES,
 * -ENOSYS as they apply.
 *
 *   qemu: -smp 2
 */
#include <builder.h>
#include <test.h>

#include <abi/platform.h>
#include <mini-os/time.h>

COVERS(platform_op, XENPF_settime32, XENPF_settime64, XENPF_get_cpu_version,
       XENPF_firmware_info, XENPF_enter_acpi_sleep, XENPF_get_cpuinfo, XENPF_get_symbol);

static struct xen_platform_op op;

static int platform(unsigned int cmd)
{
    op.cmd = cmd;
    op.interface_version = XENPF_INTERFACE_VERSION;
    return (int)HYPERVISOR_platform_op(&op);
}

static void check_call(void)
{
    check_eq(HYPERVISOR_platform_op((void *)0x10), -EFAULT);
    op = (struct xen_platform_op){ .cmd = XENPF_settime64, .interface_version = 1 };
    check_eq(HYPERVISOR_platform_op(&op), -EACCES);
    check_eq(platform(0), -ENOSYS);
    check_eq(platform(999), -ENOSYS);
}

static void check_wallclock(uint64_t expected)
{
    uint64_t sec;
    uint32_t nsec;

    time_wallclock(&sec, &nsec);
    check_eq(sec, expected);
    check_eq(nsec, 500);
}

static void check_time(void)
{
    op.u.settime64 = (xenpf_settime64_t){ 1000000001, 500, 0, NSEC_PER_SEC };
    check_eq(platform(XENPF_settime64), 0);
    check_wallclock(1000000000);
    op.u.settime64 = (xenpf_settime64_t){ 5000000000, 500, 0, 0 };
    check_eq(platform(XENPF_settime64), 0);
    check_wallclock(5000000000);
    op.u.settime64.mbz = 1;
    check_eq(platform(XENPF_settime64), -EINVAL);
    op.u.settime32 = (xenpf_settime32_t){ 1700000000, 500, 0 };
    check_eq(platform(XENPF_settime32), 0);
    check_wallclock(1700000000);
}

static void check_cpus(void)
{
    op.u.pcpu_version.xen_cpuid = 1;
    check_eq(platform(XENPF_get_cpu_version), 0);
    check_eq(op.u.pcpu_version.max_present, 1);
    check(op.u.pcpu_version.vendor_id[0] && op.u.pcpu_version.family, "a CPU");
    op.u.pcpu_version.xen_cpuid = 9;
    check_eq(platform(XENPF_get_cpu_version), 0);
    check_eq(op.u.pcpu_version.vendor_id[0], 0);
    check_eq(op.u.pcpu_version.family, 0);
    op.u.pcpu_info.xen_cpuid = 1;
    check_eq(platform(XENPF_get_cpuinfo), 0);
    check_eq(op.u.pcpu_info.max_present, 1);
    check_eq(op.u.pcpu_info.flags, XEN_PCPU_FLAGS_ONLINE);
    check_eq(op.u.pcpu_info.apic_id, 1);
    check_eq(op.u.pcpu_info.acpi_id, 1);
    op.u.pcpu_info.xen_cpuid = 99;
    check_eq(platform(XENPF_get_cpuinfo), 0);
    check_eq(op.u.pcpu_info.flags, XEN_PCPU_FLAGS_INVALID);
}

static int firmware(unsigned int type, unsigned int index)
{
    op.u.firmware_info.type = type;
    op.u.firmware_info.index = index;
    return platform(XENPF_firmware_info);
}

/* The machine was started without a BIOS's help and without EFI. */
static void check_firmware(void)
{
    check_eq(firmware(0, 0), -EINVAL);
    check_eq(firmware(XEN_FW_DISK_INFO, 0), -ESRCH);
    check_eq(firmware(XEN_FW_DISK_MBR_SIGNATURE, 0), -ESRCH);
    check_eq(firmware(XEN_FW_VBEDDC_INFO, 0), -ESRCH);
    check_eq(firmware(XEN_FW_EFI_INFO, XEN_FW_EFI_VERSION), -ENOSYS);
    check_eq(firmware(XEN_FW_KBD_SHIFT_FLAGS, 0), 0);
    check_eq(firmware(XEN_FW_KBD_SHIFT_FLAGS, 1), -ESRCH);
    check_eq(firmware(6, 0), -EINVAL);
}

static void check_sleep(void)
{
    op.u.enter_acpi_sleep = (xenpf_enter_acpi_sleep_t){ .sleep_state = 0 };
    check_eq(platform(XENPF_enter_acpi_sleep), -EINVAL);
    op.u.enter_acpi_sleep.sleep_state = 6;
    check_eq(platform(XENPF_enter_acpi_sleep), -EINVAL);
}

static int symbol(unsigned int number, void *name, unsigned int room)
{
    op.u.symdata = (xenpf_symdata_t){ .symnum = number, .namelen = room };
    op.u.symdata.name.p = name;
    return platform(XENPF_get_symbol);
}

static void check_symbols(void)
{
    char name[128], start[3] = "..";

    check_eq(symbol(1, name, sizeof(name)), 0);
    check_eq(op.u.symdata.symnum, 2);
    check(op.u.symdata.address >> 47 == 0x1ffff, "an address of the hypervisor's");
    check_eq(op.u.symdata.namelen, strlen(name) + 1);
    check_eq(symbol(1, start, 2), 0);
    check_eq(op.u.symdata.namelen, strlen(name) + 1);
    check(!memcmp(name, start, 2), "as much of the name as there is room for");
    check_eq(symbol(1000000, name, sizeof(name)), -ERANGE);
    check_eq(symbol(0, (void *)0x10, sizeof(name)), -EFAULT);
}

void test_main(void)
{
    check_call();
    check_time();
    check_cpus();
    check_firmware();
    check_sleep();
    check_symbols();
}
