/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a domain is created from a configuration that is checked as a whole.
 * Provocation: every field of the configuration at its limits and beyond; every id.
 * Expected: -EINVAL, -EOPNOTSUPP, -ESRCH and -EEXIST as they apply; a domain with the id
 * asked for, or with some id; nothing left of one that was refused.
 */
#include <builder.h>
#include <test.h>

COVERS(domctl, XEN_DOMCTL_createdomain, XEN_DOMCTL_destroydomain);

static struct xen_domctl op;
static struct xen_domctl_createdomain *const config = &op.u.createdomain;

/* Creates with what op holds, and destroys again. */
static int create(domid_t id)
{
    int rc = domctl(&op, XEN_DOMCTL_createdomain, id);

    if (!rc)
        check_eq(domctl_simple(XEN_DOMCTL_destroydomain, op.domain), 0);
    return rc;
}

static void check_config(int expected)
{
    struct xen_domctl_createdomain asked = *config;

    if (!check_eq(create(0), expected))
        note("flags %#x, %u vCPUs, %d grant frames, %d maptrack frames, grants %#x, "
             "emulation %#x",
             asked.flags, asked.max_vcpus, asked.max_grant_frames,
             asked.max_maptrack_frames, asked.grant_opts, asked.arch.emulation_flags);
}

/* Sets one field of an otherwise good configuration. */
#define WITH(field, value, expected) \
    do {                             \
        guest_config(config);        \
        config->field = (value);     \
        check_config(expected);      \
    } while (0)

static void check_sizes(void)
{
    WITH(max_vcpus, 0, -EINVAL);
    WITH(max_vcpus, 128, 0);
    WITH(max_vcpus, 8193, -EINVAL);
    WITH(max_vcpus, ~0U, -EINVAL);
    WITH(max_evtchn_port, 0, 0);
    WITH(max_evtchn_port, ~0U, 0);
    WITH(max_grant_frames, -1, 0);
    WITH(max_grant_frames, 0, -EINVAL);
    WITH(max_grant_frames, 64, 0);
    WITH(max_grant_frames, 65, -EINVAL);
    WITH(max_maptrack_frames, -1, 0);
    WITH(max_maptrack_frames, 0, 0);
    WITH(max_maptrack_frames, 1024, 0);
    WITH(max_maptrack_frames, 1025, -EINVAL);
}

static void check_flags(void)
{
    WITH(flags, XEN_DOMCTL_CDF_hap, -EINVAL);
    WITH(flags, XEN_DOMCTL_CDF_s3_integrity, -EINVAL);
    WITH(flags, XEN_DOMCTL_CDF_oos_off, 0);
    WITH(flags, XEN_DOMCTL_CDF_xs_domain, 0);
    WITH(flags, XEN_DOMCTL_CDF_iommu, -EINVAL);
    WITH(flags, XEN_DOMCTL_CDF_nested_virt, -EINVAL);
    WITH(flags, XEN_DOMCTL_CDF_vpmu, -EINVAL);
    WITH(flags, XEN_DOMCTL_CDF_MAX << 1, -EINVAL);
    WITH(iommu_opts, XEN_DOMCTL_IOMMU_no_sharept, -EINVAL);
    WITH(iommu_opts, 2, -EINVAL);
    WITH(vmtrace_size, 4096, -EINVAL);
    WITH(cpupool_id, 1, -ESRCH);
    WITH(cpupool_id, ~0U, -ESRCH);
    WITH(ssidref, 7, 0);
}

static void check_arch(void)
{
    WITH(grant_opts, 0, -EINVAL);
    WITH(grant_opts, XEN_DOMCTL_GRANT_version(3), -EINVAL);
    WITH(grant_opts, XEN_DOMCTL_GRANT_version(1) | 0x10, -EINVAL);
    WITH(arch.emulation_flags, XEN_X86_EMU_PIT, 0);
    WITH(arch.emulation_flags, XEN_X86_EMU_LAPIC, -EOPNOTSUPP);
    WITH(arch.emulation_flags, 1U << 31, -EINVAL);
    WITH(arch.misc_flags, XEN_X86_MSR_RELAXED, 0);
    WITH(arch.misc_flags, 2, -EINVAL);
}

static void check_id(domid_t asked, int expected)
{
    guest_config(config);
    check_eq(domctl(&op, XEN_DOMCTL_createdomain, asked), expected);
}

static void check_ids(void)
{
    static const domid_t any[] = { 0, DOMID_FIRST_RESERVED, DOMID_SELF, DOMID_INVALID,
                                   0xffff };

    for (unsigned int i = 0; i < sizeof(any) / sizeof(any[0]); i++) {
        check_id(any[i], 0);
        check(op.domain > 0 && op.domain < DOMID_FIRST_RESERVED, "an id of its choice");
        check_eq(domctl_simple(XEN_DOMCTL_destroydomain, op.domain), 0);
    }
    check_id(100, 0);
    check_eq(op.domain, 100);
    check_id(100, -EEXIST);
    check_eq(domctl_simple(XEN_DOMCTL_destroydomain, 100), 0);
    check_id(DOMID_FIRST_RESERVED - 1, 0);
    check_eq(op.domain, DOMID_FIRST_RESERVED - 1);
    check_eq(domctl_simple(XEN_DOMCTL_destroydomain, DOMID_FIRST_RESERVED - 1), 0);
}

void test_main(void)
{
    check_sizes();
    check_flags();
    check_arch();
    check_ids();
}
