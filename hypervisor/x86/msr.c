/* SPDX-License-Identifier: MIT */
/* Access to model-specific registers that may not exist. */
#include <hv/cpu.h>
#include <hv/extable.h>
#include <abi/errno.h>

int rdmsr_safe(uint32_t msr, uint64_t *v)
{
    uint32_t lo, hi;

    __asm__ volatile goto("1: rdmsr\n" EXTABLE("1b", "%l3")
                          : "=a"(lo), "=d"(hi)
                          : "c"(msr)
                          :
                          : fault);
    *v = lo | (uint64_t)hi << 32;
    return 0;
fault:
    return -XEN_EFAULT;
}

int wrmsr_safe(uint32_t msr, uint64_t v)
{
    __asm__ volatile goto("1: wrmsr\n" EXTABLE("1b", "%l3")
                          :
                          : "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32))
                          : "memory"
                          : fault);
    return 0;
fault:
    return -XEN_EFAULT;
}
