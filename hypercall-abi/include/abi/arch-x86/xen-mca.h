/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_mca(arg): machine checks for the control domain. The hypercall is absent
 * (-ENOSYS); its numbers stay, so that a guest's attempt can be named.
 *
 * Specified by: xen/arch-x86/xen-mca.h.
 */
#ifndef ABI_ARCH_X86_XEN_MCA_H
#define ABI_ARCH_X86_XEN_MCA_H

#include <abi/xen.h>

#define __HYPERVISOR_mca          __HYPERVISOR_arch_0
#define VIRQ_MCA                  VIRQ_ARCH_0
#define XEN_MCA_INTERFACE_VERSION 0x01ecc003

#define XEN_MC_fetch        1
#define XEN_MC_notifydomain 2
#define XEN_MC_physcpuinfo  3
#define XEN_MC_msrinject    4
#define XEN_MC_mceinject    5
#define XEN_MC_inject_v2    6

#endif /* ABI_ARCH_X86_XEN_MCA_H */
