/* SPDX-License-Identifier: MIT */
/*
 * What newlib's malloc() lacks: numbers of the type that <malloc.h> promises, where its own
 * function returns ints; and posix_memalign(), which its aligned_alloc() calls.
 */
#include <errno.h>
#include <malloc.h>
#include <reent.h>
#include <stdlib.h>

struct int_mallinfo {
    int arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks;
    int keepcost;
};

/* _mallinfo_r() by what it is. */
struct int_mallinfo newlib_mallinfo(struct _reent *reent) asm("_mallinfo_r");

/* Right up to 2 GiB of heap. */
struct mallinfo mallinfo(void)
{
    struct int_mallinfo info = newlib_mallinfo(_REENT);

    return (struct mallinfo){
        .arena = info.arena,
        .ordblks = info.ordblks,
        .uordblks = info.uordblks,
        .fordblks = info.fordblks,
        .keepcost = info.keepcost,
    };
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    void *made;

    if (alignment % sizeof(void *) || !alignment || (alignment & (alignment - 1)))
        return EINVAL;
    made = memalign(alignment, size);
    if (!made)
        return ENOMEM;
    *memory = made;
    return 0;
}
