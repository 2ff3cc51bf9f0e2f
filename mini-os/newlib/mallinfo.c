/* SPDX-License-Identifier: MIT */
/*
 * mallinfo(): newlib's <malloc.h> promises numbers of type size_t, its function returns
 * ints.
 */
#include <malloc.h>
#include <reent.h>

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
