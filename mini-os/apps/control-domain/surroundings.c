/* SPDX-License-Identifier: MIT */
/* Files and random numbers, as the toolstack asks for them. */
#include "control.h"

#include <cpuid.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mini-os/time.h>

/* --- files --- */

static int xen_code(int number)
{
    switch (number) {
    case ENOENT:
        return -XEN_ENOENT;
    case ENOMEM:
        return -XEN_ENOMEM;
    case EISDIR:
        return -XEN_EISDIR;
    default:
        return -XEN_EIO;
    }
}

/* All of an open file; NULL with errno set when that fails. */
static void *read_all(FILE *file, size_t *size)
{
    long length;
    void *data;

    if (fseek(file, 0, SEEK_END) || (length = ftell(file)) < 0)
        return NULL;
    rewind(file);
    data = malloc((size_t)length + 1); /* an empty file has an address too */
    if (!data)
        return NULL;
    *size = fread(data, 1, (size_t)length, file);
    if (*size == (size_t)length)
        return data;
    free(data);
    errno = EIO;
    return NULL;
}

int file_load(void *context, const char *path, const void **data, size_t *size,
              struct ts_err *err)
{
    FILE *file = fopen(path, "r");

    (void)context;
    *data = file ? read_all(file, size) : NULL;
    if (!*data)
        ts_fail(err, xen_code(errno), "\"%s\" cannot be read: %s", path, strerror(errno));
    if (file)
        fclose(file);
    return *data ? 0 : xen_code(errno);
}

void file_unload(void *context, const void *data, size_t size)
{
    (void)context, (void)size;
    free((void *)data);
}

/* --- random numbers --- */

static bool cpu_has_rdrand(void)
{
    unsigned int a, b, c, d;

    return __get_cpuid(1, &a, &b, &c, &d) && c & bit_RDRND;
}

/* 0 when the processor has none to give. */
static uint64_t rdrand(void)
{
    unsigned long value;
    bool good;

    asm volatile("rdrand %0" : "=r"(value), "=@ccc"(good));
    return good ? value : 0;
}

/* A step of splitmix64: every bit of the state has a say in all bits of the result. */
static uint64_t mix(uint64_t state)
{
    state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9ull;
    state = (state ^ (state >> 27)) * 0x94d049bb133111ebull;
    return state ^ (state >> 31);
}

/* The processor's random numbers where it has some, and in any case the moment. */
void random_bytes(void *context, void *bytes, size_t n)
{
    static uint64_t state;
    unsigned char *to = bytes;

    (void)context;
    while (n) {
        size_t part = n < sizeof(state) ? n : sizeof(state);

        state = mix(state + 0x9e3779b97f4a7c15ull + read_tsc());
        if (cpu_has_rdrand())
            state ^= rdrand();
        memcpy(to, &state, part);
        to += part;
        n -= part;
    }
}
