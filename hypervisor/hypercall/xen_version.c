/* SPDX-License-Identifier: MIT */
/* xen_version: who the hypervisor says it is, and what it offers a PV guest. */
#include <hv/boot.h>
#include <hv/domain.h>
#include <hv/hypercall.h>
#include <hv/lib.h>

#define VERSION_MAJOR 4
#define VERSION_MINOR 17
#define EXTRAVERSION  "-pavise"
#define CAPABILITIES  "xen-3.0-x86_64 "

/* Fills a whole text argument: it goes to the guest with every byte. */
#define fill_text(dst, text)                 \
    do {                                     \
        memset((dst), 0, sizeof(dst));       \
        strlcpy((dst), (text), sizeof(dst)); \
    } while (0)

long xen_version_version(void)
{
    return VERSION_MAJOR << 16 | VERSION_MINOR;
}

long xen_version_extraversion(xen_extraversion_t *arg)
{
    fill_text(*arg, EXTRAVERSION);
    return 0;
}

long xen_version_compile_info(xen_compile_info_t *arg)
{
    /* Nothing that differs between two builds of the same source. */
    fill_text(arg->compiler, __VERSION__);
    fill_text(arg->compile_by, "pavise");
    fill_text(arg->compile_domain, "");
    fill_text(arg->compile_date, "");
    return 0;
}

long xen_version_capabilities(xen_capabilities_info_t *arg)
{
    fill_text(*arg, CAPABILITIES);
    return 0;
}

long xen_version_changeset(xen_changeset_info_t *arg)
{
    fill_text(*arg, "unavailable");
    return 0;
}

long xen_version_platform_parameters(xen_platform_parameters_t *arg)
{
    arg->virt_start = HV_START;
    return 0;
}

/* -EINVAL: there is only one group of 32 features. */
long xen_version_get_features(xen_feature_info_t *arg)
{
    const struct domain *d = current->domain;

    if (arg->submap_idx >= XENFEAT_NR_SUBMAPS)
        return -EINVAL;
    arg->submap = 1u << XENFEAT_mmu_pt_update_preserve_ad | 1u << XENFEAT_highmem_assist |
                  1u << XENFEAT_gnttab_map_avail_bits |
                  1u << XENFEAT_memory_op_vnode_supported |
                  1u << XENFEAT_not_direct_mapped;
    if (d == domain0)
        arg->submap |= 1u << XENFEAT_dom0;
    if (d->vm_assist & 1ul << VMASST_TYPE_pae_extended_cr3)
        arg->submap |= 1u << XENFEAT_pae_pgdir_above_4gb;
    return 0;
}

long xen_version_pagesize(void)
{
    return PAGE_SIZE;
}

long xen_version_guest_handle(xen_domain_handle_t *arg)
{
    memcpy(*arg, current->domain->handle, sizeof(*arg));
    return 0;
}

long xen_version_commandline(xen_commandline_t *arg)
{
    fill_text(*arg, current->domain->is_privileged ? boot_info.cmdline : "<denied>");
    return 0;
}

/* -ENODATA: the image carries no build id. */
long xen_version_build_id(XEN_GUEST_HANDLE(void) arg)
{
    (void)arg;
    return -ENODATA;
}
