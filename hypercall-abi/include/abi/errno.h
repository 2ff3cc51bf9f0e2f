/* SPDX-License-Identifier: MIT */
/*
 * Error numbers as the enumeration XEN_EPERM, XEN_ENOENT, ... Guests with a C library
 * of their own need the prefix, since that library may number errors otherwise.
 *
 * The hypervisor (__PAVISE__) gets the plain names (EPERM, ...) too. In its host unit
 * tests they come from the host's <errno.h>, and must have the same values.
 */
#ifndef ABI_ERRNO_H
#define ABI_ERRNO_H

enum xen_errno {
#define XEN_ERRNO(name, value) XEN_##name = value,
#include <abi/errno.def>
};

#ifdef __PAVISE__
#if __STDC_HOSTED__
#include <errno.h>
#define XEN_ERRNO(name, value) _Static_assert(name == value, #name);
#include <abi/errno.def>
#else
enum abi_errno {
#define XEN_ERRNO(name, value) name = value,
#include <abi/errno.def>
};
#endif
#endif

#endif /* ABI_ERRNO_H */
