/* SPDX-License-Identifier: MIT */
/*
 * The __xen_guest section of older kernels: one text KEY=VALUE,KEY=VALUE,... in place of
 * notes. Keys that have no note of the same meaning are left alone.
 */
#include "image.h"

#include <stdlib.h>
#include <string.h>

#include <abi/elfnote.h>

#define VALUE_MAX 256

static const struct {
    const char *key;
    uint32_t note;
    bool is_number;
} keys[] = {
    { "GUEST_OS", XEN_ELFNOTE_GUEST_OS, false },
    { "GUEST_VER", XEN_ELFNOTE_GUEST_VERSION, false },
    { "XEN_VER", XEN_ELFNOTE_XEN_VERSION, false },
    { "LOADER", XEN_ELFNOTE_LOADER, false },
    { "PAE", XEN_ELFNOTE_PAE_MODE, false },
    { "FEATURES", XEN_ELFNOTE_FEATURES, false },
    { "VIRT_BASE", XEN_ELFNOTE_VIRT_BASE, true },
    { "VIRT_ENTRY", XEN_ELFNOTE_ENTRY, true },
    { "ELF_PADDR_OFFSET", XEN_ELFNOTE_PADDR_OFFSET, true },
    { "HYPERCALL_PAGE", XEN_ELFNOTE_HYPERCALL_PAGE, true },
};

static int take_value(struct image_reader *r, size_t key, const char *value, size_t n)
{
    char text[VALUE_MAX], *end;
    uint64_t number;

    if (n >= sizeof(text))
        return image_refuse(r, "has a __xen_guest string with too long a value for %s",
                            keys[key].key);
    memcpy(text, value, n);
    text[n] = '\0';
    if (!keys[key].is_number)
        return image_take_text(r, keys[key].note, text, n);
    number = strtoull(text, &end, 0);
    if (!n || *end)
        return image_refuse(r, "has a __xen_guest string without a number for %s",
                            keys[key].key);
    return image_take_number(r, keys[key].note, number);
}

/* KEY=VALUE of n bytes; a key alone has an empty value. */
static int take_pair(struct image_reader *r, const char *pair, size_t n)
{
    const char *equals = memchr(pair, '=', n);
    size_t key_size = equals ? (size_t)(equals - pair) : n;

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (strlen(keys[i].key) == key_size && !memcmp(keys[i].key, pair, key_size))
            return take_value(r, i, equals ? equals + 1 : pair + n,
                              equals ? n - key_size - 1 : 0);
    return 0;
}

/* Here the hypercall page is a number of a page, and segments are virtual by default. */
static void translate(struct ts_kernel *k)
{
    if (k->virt_base == TS_ADDR_UNSET)
        k->virt_base = 0;
    if (k->paddr_offset == TS_ADDR_UNSET)
        k->paddr_offset = k->virt_base;
    if (k->hypercall_page != TS_ADDR_UNSET)
        k->hypercall_page = k->virt_base + (k->hypercall_page << TS_PAGE_SHIFT);
}

int image_read_guest_string(struct image_reader *r, uint64_t offset, uint64_t n)
{
    struct ts_kernel *k = r->kernel;
    const char *text;
    int rc = 0;

    if (!image_has(k, offset, n))
        return image_refuse(r, "is cut off: its __xen_guest string ends after the file");
    k->format = TS_IMAGE_ELF64_STRING;
    text = (const char *)k->data + offset;
    n = strnlen(text, n);
    for (uint64_t start = 0, i = 0; !rc && i <= n; i++) {
        if (i < n && text[i] != ',')
            continue;
        rc = take_pair(r, text + start, i - start);
        start = i + 1;
    }
    translate(k);
    return rc;
}
