/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_nmi_op(cmd, arg), the older way to register an NMI handler (see
 * CALLBACKTYPE_nmi), and the reasons in arch_shared_info.nmi_reason.
 *
 * Specified by: xen/nmi.h.
 */
#ifndef ABI_NMI_H
#define ABI_NMI_H

#include <abi/xen.h>

#define XENNMI_register_callback   0
#define XENNMI_unregister_callback 1

#define _XEN_NMIREASON_io_error 0 /* channel check */
#define XEN_NMIREASON_io_error  (1UL << _XEN_NMIREASON_io_error)
#define _XEN_NMIREASON_pci_serr 1
#define XEN_NMIREASON_pci_serr  (1UL << _XEN_NMIREASON_pci_serr)
#define _XEN_NMIREASON_unknown  2
#define XEN_NMIREASON_unknown   (1UL << _XEN_NMIREASON_unknown)

#ifndef __ASSEMBLY__

struct xennmi_callback {
    unsigned long handler_address; /* guest virtual */
    unsigned long pad;
};
typedef struct xennmi_callback xennmi_callback_t;
DEFINE_XEN_GUEST_HANDLE(xennmi_callback_t);

#endif /* !__ASSEMBLY__ */
#endif /* ABI_NMI_H */
