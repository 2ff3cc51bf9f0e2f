/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a kernel image. What is accepted must be safe to build from: segments
 * inside the file and the image's extent, addresses where they may be.
 */
#include <stdlib.h>

#include <ts/build.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ts_kernel k;
    struct ts_err err = { 0 };

    if (ts_kernel_parse(data, size, &k, &err)) {
        expect(err.text[0]);
        return 0;
    }
    expect(k.nr_segments && k.virt_base <= k.start && k.start < k.end);
    expect(k.entry >= k.start && k.entry < k.end);
    for (unsigned int i = 0; i < k.nr_segments; i++) {
        const struct ts_segment *s = &k.segment[i];

        expect(s->filesz <= s->memsz && s->offset <= size &&
               s->filesz <= size - s->offset);
        expect(s->vaddr >= k.start && s->memsz <= k.end - s->vaddr);
    }
    expect(ts_build_least_kib(&k, size) >= (k.end - k.virt_base) / 1024);
    return 0;
}
