/* SPDX-License-Identifier: MIT */
/*
 * What newlib's malloc() lacks: numbers of the type that <malloc.h> promises, where its own
 * function returns ints; posix_memalign(), which its aligned_alloc() calls; and a realloc()
 * that lets go of the heap's lock when the size is too large.
 */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <reent.h>
#include <stdlib.h>

#include <mini-os/layout.h>

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

/* The heap refuses what has more than INT_MAX bytes with its own overhead. */
void *realloc(void *memory, size_t size)
{
    if (size > INT_MAX - PAGE_SIZE) {
        errno = ENOMEM;
        return NULL;
    }
    return _realloc_r(_REENT, memory, size);
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
