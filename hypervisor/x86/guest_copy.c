/* SPDX-License-Identifier: MIT */
/*
 * Copies to and from guest memory of any size, and everything on processors with SMAP.
 *
 * String instructions move 8 bytes a step. A fault in one of them continues at its
 * label: the caller learns that the range is bad, not how far it was good. AC is set
 * only between stac and clac; the trap entry clears it, and returning from the trap
 * brings it back, so each path out closes the window itself.
 */
#include <hv/guest_copy.h>
#include <hv/cpu.h>

static always_inline void window_open(void)
{
    if (host_cpu.smap)
        __asm__ volatile("stac" ::: "memory");
}

static always_inline void window_close(void)
{
    if (host_cpu.smap)
        __asm__ volatile("clac" ::: "memory");
}

/* Either side may be the guest's. 0 or -EFAULT. */
static always_inline int copy_guarded(void *dst, const void *src, size_t size)
{
    size_t words = size / 8;

    __asm__ volatile goto("1: rep movsq\n"
                          "   mov %3, %2\n"
                          "2: rep movsb\n" EXTABLE("1b", "%l7") EXTABLE("2b", "%l7")
                          : "+D"(dst), "+S"(src), "+c"(words)
                          : "r"(size % 8)
                          : "memory"
                          : fault);
    return 0;
fault:
    return -EFAULT;
}

static always_inline int clear_guarded(void *dst, size_t size)
{
    size_t words = size / 8;

    __asm__ volatile goto("1: rep stosq\n"
                          "   mov %2, %1\n"
                          "2: rep stosb\n" EXTABLE("1b", "%l6") EXTABLE("2b", "%l6")
                          : "+D"(dst), "+c"(words)
                          : "r"(size % 8), "a"(0ul)
                          : "memory"
                          : fault);
    return 0;
fault:
    return -EFAULT;
}

int guest_read_any(void *dst, unsigned long src, size_t size)
{
    int rc;

    if (unlikely(!guest_start_ok(src)))
        return -EFAULT;
    window_open();
    rc = copy_guarded(dst, (const void *)src, size);
    window_close();
    return rc;
}

int guest_write_any(unsigned long dst, const void *src, size_t size)
{
    int rc;

    if (unlikely(!guest_start_ok(dst)))
        return -EFAULT;
    window_open();
    rc = copy_guarded((void *)dst, src, size);
    window_close();
    return rc;
}

int guest_clear(unsigned long dst, size_t size)
{
    int rc;

    if (unlikely(!guest_start_ok(dst)))
        return -EFAULT;
    window_open();
    rc = clear_guarded((void *)dst, size);
    window_close();
    return rc;
}

static always_inline int cmpxchg_guarded(uint64_t *mem, uint64_t *expected,
                                         uint64_t new_value)
{
    uint64_t seen = *expected;
    bool done;

    __asm__ volatile goto("1: lock cmpxchgq %3, %2\n"
                          "   sete %1\n" EXTABLE("1b", "%l5")
                          : "+a"(seen), "=q"(done)
                          : "m"(*mem), "r"(new_value)
                          : "memory"
                          : fault);
    *expected = seen;
    return !done;
fault:
    return -EFAULT;
}

int guest_cmpxchg64(unsigned long addr, uint64_t *expected, uint64_t new_value)
{
    int rc;

    if (unlikely(!guest_start_ok(addr)))
        return -EFAULT;
    window_open();
    rc = cmpxchg_guarded((uint64_t *)addr, expected, new_value);
    window_close();
    return rc;
}
