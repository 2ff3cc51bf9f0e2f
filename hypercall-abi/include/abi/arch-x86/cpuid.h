/* SPDX-License-Identifier: MIT */
/*
 * The CPUID leaves by which a guest recognises the hypervisor.
 *
 *   leaf          EAX               EBX            ECX             EDX
 *   0x40000000    last leaf         "XenV"         "MMXe"          "nVMM"
 *   0x40000001    major<<16|minor   0              0               0
 *   0x40000002    hypercall pages   MSR base       features 1      features 2
 *   0x40000003.0  TSC flags         TSC mode       guest TSC kHz   incarnation
 *   0x40000003.1  offset low        offset high    multiplier      shift
 *   0x40000003.2  host TSC kHz      0              0               0
 *   0x40000004    HVM features      vCPU id        domain id       0
 *   0x40000005.0  last sub-leaf     address width  0               0
 *
 * TSC flags: bit 0 emulated, bit 1 host TSC is stable, bit 2 RDTSCP exists.
 *
 * Specified by: xen/arch-x86/cpuid.h.
 */
#ifndef ABI_ARCH_X86_CPUID_H
#define ABI_ARCH_X86_CPUID_H

#define XEN_CPUID_FIRST_LEAF     0x40000000
#define XEN_CPUID_LEAF(i)        (XEN_CPUID_FIRST_LEAF + (i))
#define XEN_CPUID_MAX_NUM_LEAVES 5

/* Leaf 0 */
#define XEN_CPUID_SIGNATURE_EBX 0x566e6558
#define XEN_CPUID_SIGNATURE_ECX 0x65584d4d
#define XEN_CPUID_SIGNATURE_EDX 0x4d4d566e

/* Leaf 2, ECX */
#define _XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD 0
#define XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD  (1u << 0)

/* Leaf 4, EAX; of no meaning to PV guests */
#define XEN_HVM_CPUID_APIC_ACCESS_VIRT (1u << 0)
#define XEN_HVM_CPUID_X2APIC_VIRT      (1u << 1)
#define XEN_HVM_CPUID_IOMMU_MAPPINGS   (1u << 2)
#define XEN_HVM_CPUID_VCPU_ID_PRESENT  (1u << 3)
#define XEN_HVM_CPUID_DOMID_PRESENT    (1u << 4)
#define XEN_HVM_CPUID_EXT_DEST_ID      (1u << 5)
#define XEN_HVM_CPUID_UPCALL_VECTOR    (1u << 6)

/* Leaf 5, EBX: bits of the highest machine address there can be */
#define XEN_CPUID_MACHINE_ADDRESS_WIDTH_MASK (0xffu << 0)

#endif /* ABI_ARCH_X86_CPUID_H */
