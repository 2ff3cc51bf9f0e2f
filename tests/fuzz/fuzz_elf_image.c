/* SPDX-License-Identifier: MIT */
/*
 * A kernel image made of any bytes; the first four say which features are offered. An
 * image that is accepted can be loaded without looking at the file again: every segment
 * is in it and in the extent. One that is refused has a sentence, on one line.
 */
#include "../../hypervisor/pv/elf_image.h"

#include <abi/features.h>
#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_one_line(const char *text, size_t size)
{
    assert(memchr(text, 0, size));
    for (; *text; text++)
        assert(isprint((unsigned char)*text));
}

static void check_segments(const struct elf_image *img)
{
    assert(img->nr_segs && img->nr_segs <= ELF_MAX_SEGMENTS);
    for (unsigned int i = 0; i < img->nr_segs; i++) {
        const struct elf_segment *s = &img->seg[i];

        assert(s->offset <= img->size && s->filesz <= img->size - s->offset);
        assert(s->filesz <= s->memsz && s->vaddr >= img->virt_base);
        assert(s->vaddr >= img->start && s->vaddr <= img->end);
        assert(s->memsz <= img->end - s->vaddr);
    }
}

static void check_accepted(const struct elf_image *img, uint32_t offered)
{
    check_segments(img);
    assert(img->start >= img->virt_base && img->start < img->end);
    assert(img->end - img->virt_base <= 2ull << 30);
    assert(img->entry >= img->start && img->entry < img->end);
    assert(img->hypercall_page == ELF_ADDR_UNSET ||
           (img->hypercall_page >= img->start && img->end - img->hypercall_page >= 4096));
    assert(!(img->required & ~offered));
    check_one_line(img->guest_os, sizeof(img->guest_os));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct elf_image img;
    uint32_t offered;
    uint8_t *file;

    if (size < sizeof(offered))
        return 0;
    memcpy(&offered, data, sizeof(offered));
    size -= sizeof(offered);
    file = malloc(size); /* its end is where the sanitizer says */
    if (size && !file)
        return 0;
    if (size)
        memcpy(file, data + sizeof(offered), size);
    if (elf_image_parse(file, size, offered, &img)) {
        assert(img.error[0]);
        check_one_line(img.error, sizeof(img.error));
    } else {
        check_accepted(&img, offered);
    }
    free(file);
    return 0;
}
