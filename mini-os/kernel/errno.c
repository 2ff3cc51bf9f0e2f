/* SPDX-License-Identifier: MIT */
/*
 * Error numbers: the hypervisor's and xenstore's into those of <errno.h>.
 */
#include <errno.h>
#include <string.h>

#include <mini-os/compiler.h>

#include "internal.h"
#include "xenbus.h"

/* Names that newlib has no number for. */
#ifndef EDEADLOCK
#define EDEADLOCK EDEADLK
#endif

static const struct {
    const char *name;
    int abi, libc;
} errors[] = {
#define XEN_ERRNO(name, value) { #name, value, name },
#define XEN_ERRNO_INTERNAL(name, value)
#include <abi/errno.def>
};

int errno_from_xen(long rc)
{
    for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
        if (errors[i].abi == -rc)
            return -errors[i].libc;
    return -EIO;
}

int errno_from_name(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
        if (!strcmp(errors[i].name, name))
            return -errors[i].libc;
    return -EIO;
}
