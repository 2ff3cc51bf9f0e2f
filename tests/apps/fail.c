/* SPDX-License-Identifier: MIT */
/*
 * Ends badly, in the way that its argument says. The text before is to come out even when
 * stdio still has it.
 */
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile int *volatile nowhere;
static volatile int depth;

static int recurse(int n)
{
    volatile char fill[512];

    fill[n % 512] = n;
    depth++;
    return depth < 1000000 ? recurse(n + 1) + fill[n % 512] : 0;
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "";
    unsigned char code[] = { 0xc3 };

    printf("text before the end\n");
    if (!strcmp(how, "exit"))
        return 3;
    if (!strcmp(how, "abort"))
        abort();
    if (!strcmp(how, "assert"))
        assert(argc == 100);
    if (!strcmp(how, "null"))
        *nowhere = 1;
    if (!strcmp(how, "overflow"))
        return recurse(1) & 0;
    if (!strcmp(how, "execute"))
        ((void (*)(void))code)();
    if (!strcmp(how, "raise"))
        raise(SIGTERM);
    return 0;
}
