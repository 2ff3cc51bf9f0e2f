/* SPDX-License-Identifier: MIT */
/*
 * Floating-point and vector state of guests, switched eagerly and always with every
 * component that the machine has: XSAVE (or XSAVEOPT) where there is one, else FXSAVE.
 * The image is the standard, uncompacted one; its header is written by the processor and
 * by this file only.
 */
#include <hv/cpu.h>
#include <hv/heap.h>
#include <hv/lib.h>
#include <abi/errno.h>

#define FCW_DEFAULT   0x37f
#define MXCSR_DEFAULT 0x1f80
#define FSW_ES        0x80 /* an unmasked exception is pending */

#define XSTATE_FP_SSE 3ull

/* FXSAVE's 512 bytes, then XSAVE's header. */
struct fpu_area {
    uint16_t fcw, fsw;
    uint8_t ftw, reserved0;
    uint16_t fop;
    uint64_t fip, fdp;
    uint32_t mxcsr, mxcsr_mask;
    uint8_t registers[416];
    uint8_t available[64];
    uint64_t xstate_bv, xcomp_bv;
    uint8_t reserved1[48];
    uint8_t extended[];
} __aligned(64);
_Static_assert(sizeof(struct fpu_area) == 512 + 64, "hardware layout");

#define LEGACY_SIZE 512

/* MXCSR bits that this processor has. */
static uint32_t mxcsr_mask __ro_after_init;
/* FXRSTOR and XRSTOR leave FOP, FIP and FDP alone unless an exception is pending. */
static bool pointers_leak __ro_after_init;

void __init fpu_detect(void)
{
    static struct fpu_area probe __initdata;

    __asm__ volatile("clts; fninit; fxsave64 %0" : "+m"(probe));
    mxcsr_mask = probe.mxcsr_mask ? probe.mxcsr_mask : 0xffbf;
    pointers_leak = !host_cpu.is_intel_like && !(host_cpu.max_ext_leaf >= 0x80000008u &&
                                                 (cpuid(0x80000008u, 0).b & 4));
}

struct fpu_area *fpu_alloc(void)
{
    struct fpu_area *a = hv_zalloc(max((size_t)host_cpu.xsave_size, sizeof(*a)));

    if (a)
        fpu_init_area(a);
    return a;
}

void fpu_free(struct fpu_area *a)
{
    hv_free(a);
}

void fpu_init_area(struct fpu_area *a)
{
    memset(a, 0, max((size_t)host_cpu.xsave_size, sizeof(*a)));
    a->fcw = FCW_DEFAULT;
    a->mxcsr = MXCSR_DEFAULT;
}

void fpu_save(struct fpu_area *a, uint64_t xcr0)
{
    uint32_t lo = (uint32_t)xcr0, hi = (uint32_t)(xcr0 >> 32);

    if (host_cpu.xsaveopt)
        __asm__ volatile("xsaveopt64 %0" : "+m"(*a) : "a"(lo), "d"(hi) : "memory");
    else if (host_cpu.xsave)
        __asm__ volatile("xsave64 %0" : "+m"(*a) : "a"(lo), "d"(hi) : "memory");
    else
        __asm__ volatile("fxsave64 %0" : "+m"(*a)::"memory");
}

/* Loading something harmless overwrites the former owner's last instruction and operand.
 */
static void clear_pointers(void)
{
    static const uint32_t zero;

    __asm__ volatile("fnclex; ffree %%st(7); fildl %0" ::"m"(zero));
}

void fpu_restore(struct fpu_area *a, uint64_t xcr0)
{
    uint32_t lo = (uint32_t)xcr0, hi = (uint32_t)(xcr0 >> 32);

    if (pointers_leak && !(a->fsw & FSW_ES))
        clear_pointers();
    if (host_cpu.xsave)
        __asm__ volatile("xrstor64 %0" ::"m"(*a), "a"(lo), "d"(hi) : "memory");
    else
        __asm__ volatile("fxrstor64 %0" ::"m"(*a) : "memory");
}

int fpu_import_legacy(struct fpu_area *a, const void *image)
{
    const struct fpu_area *from = image;

    if (from->mxcsr & ~mxcsr_mask)
        return -XEN_EINVAL;
    fpu_init_area(a);
    memcpy(a, image, LEGACY_SIZE);
    if (host_cpu.xsave)
        a->xstate_bv = XSTATE_FP_SSE & host_cpu.xcr0;
    return 0;
}

void fpu_export_legacy(const struct fpu_area *a, void *image)
{
    struct fpu_area *to = image;

    memcpy(to, a, LEGACY_SIZE);
    if (!host_cpu.xsave)
        return;
    /* A component whose bit is clear is in its initial state; the bytes are stale. */
    if (!(a->xstate_bv & 1)) {
        memset(to, 0, offsetof(struct fpu_area, mxcsr));
        memset(to->registers, 0, 8 * 16);
        to->fcw = FCW_DEFAULT;
    }
    if (!(a->xstate_bv & 2))
        memset(to->registers + 8 * 16, 0, 16 * 16);
}

static bool is_zero(const uint8_t *p, size_t n)
{
    while (n)
        if (p[--n])
            return false;
    return true;
}

int fpu_import_xsave(struct fpu_area *a, const void *image)
{
    const struct fpu_area *from = image;

    if ((from->mxcsr & ~mxcsr_mask) || (from->xstate_bv & ~host_cpu.xcr0) ||
        from->xcomp_bv || !is_zero(from->reserved1, sizeof(from->reserved1)))
        return -EINVAL;
    memcpy(a, image, host_cpu.xsave_size);
    return 0;
}

void fpu_export_xsave(const struct fpu_area *a, void *image)
{
    memcpy(image, a, host_cpu.xsave_size);
}
