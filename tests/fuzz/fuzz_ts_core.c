/* SPDX-License-Identifier: MIT */
/*
 * Any bytes, again and again up to a certain length, as a core to which program headers are
 * added. What they say must be in the file.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include <ts/dump.h>

#define FILE_BYTES (64u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct file {
    const uint8_t *data;
    size_t size;
    uint64_t headers; /* put so far, of loads */
};

static void expect(bool condition)
{
    if (!condition)
        abort();
}

static int get(void *context, uint64_t offset, void *bytes, size_t n)
{
    const struct file *f = context;
    uint8_t *to = bytes;

    if (offset > FILE_BYTES || n > FILE_BYTES - offset)
        return -XEN_EIO;
    for (size_t i = 0; i < n; i++)
        to[i] = f->data[(offset + i) % f->size];
    return 0;
}

static int put(void *context, uint64_t offset, const void *bytes, size_t n)
{
    struct file *f = context;
    const Elf64_Phdr *load = bytes;

    expect(offset < INT64_MAX && n);
    if (n % sizeof(*load) || load->p_type != PT_LOAD)
        return 0;
    for (size_t i = 0; i < n / sizeof(*load); i++) {
        expect(load[i].p_filesz && load[i].p_filesz % 4096 == 0);
        expect(load[i].p_offset <= FILE_BYTES);
        expect(load[i].p_filesz <= FILE_BYTES - load[i].p_offset);
        expect(!(load[i].p_vaddr % 4096));
    }
    f->headers += n / sizeof(*load);
    expect(f->headers <= 1u << 18);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct file f = { data, size, 0 };
    const struct ts_core_file file = { &f, get, put };
    struct ts_err err = { 0 };

    if (size && ts_core_add_view(&file, &err))
        expect(err.text[0]);
    return 0;
}
