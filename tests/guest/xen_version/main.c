/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: HYPERVISOR_xen_version tells the interface's version and properties.
 * Provocation: every sub-operation, with room, without a buffer where that is allowed,
 * and with an address that is not mapped.
 * Expected: 4.17, terminated strings, the PV64 capability, the start of the hypervisor's
 * area, 4 KiB pages; -ENOSYS for an unknown sub-operation, -EFAULT for the bad address,
 * -EINVAL for a sub-map of features that does not exist.
 */
#include <test.h>

#include <abi/features.h>
#include <abi/version.h>

COVERS(xen_version, XENVER_version, XENVER_extraversion, XENVER_compile_info,
       XENVER_capabilities, XENVER_changeset, XENVER_platform_parameters,
       XENVER_get_features, XENVER_pagesize, XENVER_guest_handle, XENVER_commandline,
       XENVER_build_id);

#define UNMAPPED   ((void *)0x10)
#define NR_SUBMAPS 1

/* One of the sub-operations that fill in a zero-terminated string. */
static void check_string(unsigned int cmd, char *buf, size_t size, const char *what)
{
    memset(buf, 0xff, size);
    check_eq(HYPERVISOR_xen_version(cmd, buf), 0);
    check(strnlen(buf, size) < size, what);
    check_eq(HYPERVISOR_xen_version(cmd, UNMAPPED), -EFAULT);
    note("%s: %s", what, buf);
}

static void check_strings(void)
{
    static char buf[1024];

    check_string(XENVER_extraversion, buf, sizeof(xen_extraversion_t), "extraversion");
    check_string(XENVER_changeset, buf, sizeof(xen_changeset_info_t), "changeset");
    check_string(XENVER_commandline, buf, sizeof(xen_commandline_t), "command line");
    check_string(XENVER_capabilities, buf, sizeof(xen_capabilities_info_t),
                 "capabilities");
    check(strstr(buf, "xen-3.0-x86_64"), "64-bit PV is among the capabilities");
}

static void check_compile_info(void)
{
    static xen_compile_info_t info;

    memset(&info, 0xff, sizeof(info));
    check_eq(HYPERVISOR_xen_version(XENVER_compile_info, &info), 0);
    check(strnlen(info.compiler, sizeof(info.compiler)) < sizeof(info.compiler) &&
              strnlen(info.compile_by, sizeof(info.compile_by)) < sizeof(info.compile_by),
          "compile_info is terminated");
    check_eq(HYPERVISOR_xen_version(XENVER_compile_info, UNMAPPED), -EFAULT);
}

static void check_features(void)
{
    xen_feature_info_t info = { .submap_idx = 0 };

    check_eq(HYPERVISOR_xen_version(XENVER_get_features, &info), 0);
    check(info.submap & (1U << XENFEAT_mmu_pt_update_preserve_ad), "preserve_ad");
    check(!(info.submap & (1U << XENFEAT_writable_page_tables)), "tables are read-only");
    check(!(info.submap & (1U << XENFEAT_auto_translated_physmap)), "not translated");
    check(info.submap & (1U << XENFEAT_dom0), "initial domain");
    note("features %#x", info.submap);
    info.submap_idx = NR_SUBMAPS;
    check_eq(HYPERVISOR_xen_version(XENVER_get_features, &info), -EINVAL);
    check_eq(HYPERVISOR_xen_version(XENVER_get_features, UNMAPPED), -EFAULT);
}

static void check_platform(void)
{
    xen_platform_parameters_t params = { 0 };
    xen_domain_handle_t handle;

    check_eq(HYPERVISOR_xen_version(XENVER_platform_parameters, &params), 0);
    check_eq(params.virt_start, HYPERVISOR_VIRT_START);
    check_eq(HYPERVISOR_xen_version(XENVER_platform_parameters, UNMAPPED), -EFAULT);
    check_eq(HYPERVISOR_xen_version(XENVER_guest_handle, &handle), 0);
    check_eq(HYPERVISOR_xen_version(XENVER_guest_handle, UNMAPPED), -EFAULT);
    check_eq(HYPERVISOR_xen_version(XENVER_pagesize, NULL), 4096);
    check_eq(HYPERVISOR_xen_version(XENVER_pagesize, UNMAPPED), -EINVAL);
}

/* Without a buffer the size is returned; an image may have no build id. */
static void check_build_id(void)
{
    static struct {
        uint32_t len;
        unsigned char buf[64];
    } id;
    long size = HYPERVISOR_xen_version(XENVER_build_id, NULL);

    note("build id has %ld bytes", size);
    if (size == -ENODATA)
        return;
    check(size > 0 && size <= (long)sizeof(id.buf), "size of the build id");
    id.len = sizeof(id.buf);
    check_eq(HYPERVISOR_xen_version(XENVER_build_id, &id), size);
    id.len = 0;
    check_eq(HYPERVISOR_xen_version(XENVER_build_id, &id), -EINVAL);
    check_eq(HYPERVISOR_xen_version(XENVER_build_id, UNMAPPED), -EFAULT);
}

void test_main(void)
{
    check_eq(HYPERVISOR_xen_version(XENVER_version, NULL), 4 << 16 | 17);
    check_strings();
    check_compile_info();
    check_features();
    check_platform();
    check_build_id();
    check_eq(HYPERVISOR_xen_version(11, NULL), -ENOSYS);
    check_eq(HYPERVISOR_xen_version(~0U, NULL), -ENOSYS);
}
