/* SPDX-License-Identifier: MIT */
/* The Xen notes of an image: finding them, keeping them for display, what they mean. */
#include "image.h"

#include <string.h>

#include <abi/elfnote.h>
#include <abi/features.h>

struct note_header {
    uint32_t name_size, desc_size, type;
};

/* Notes by number; those that hold text say so. */
static const struct {
    const char *name;
    bool is_text;
} kinds[] = {
    [XEN_ELFNOTE_INFO] = { "INFO", true },
    [XEN_ELFNOTE_ENTRY] = { "ENTRY", false },
    [XEN_ELFNOTE_HYPERCALL_PAGE] = { "HYPERCALL_PAGE", false },
    [XEN_ELFNOTE_VIRT_BASE] = { "VIRT_BASE", false },
    [XEN_ELFNOTE_PADDR_OFFSET] = { "PADDR_OFFSET", false },
    [XEN_ELFNOTE_XEN_VERSION] = { "XEN_VERSION", true },
    [XEN_ELFNOTE_GUEST_OS] = { "GUEST_OS", true },
    [XEN_ELFNOTE_GUEST_VERSION] = { "GUEST_VERSION", true },
    [XEN_ELFNOTE_LOADER] = { "LOADER", true },
    [XEN_ELFNOTE_PAE_MODE] = { "PAE_MODE", true },
    [XEN_ELFNOTE_FEATURES] = { "FEATURES", true },
    [XEN_ELFNOTE_BSD_SYMTAB] = { "BSD_SYMTAB", true },
    [XEN_ELFNOTE_HV_START_LOW] = { "HV_START_LOW", false },
    [XEN_ELFNOTE_L1_MFN_VALID] = { "L1_MFN_VALID", false },
    [XEN_ELFNOTE_SUSPEND_CANCEL] = { "SUSPEND_CANCEL", false },
    [XEN_ELFNOTE_INIT_P2M] = { "INIT_P2M", false },
    [XEN_ELFNOTE_MOD_START_PFN] = { "MOD_START_PFN", false },
    [XEN_ELFNOTE_SUPPORTED_FEATURES] = { "SUPPORTED_FEATURES", false },
    [XEN_ELFNOTE_PHYS32_ENTRY] = { "PHYS32_ENTRY", false },
};

#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const struct {
    const char *name;
    unsigned int bit;
} features[] = {
    { "writable_page_tables", XENFEAT_writable_page_tables },
    { "writable_descriptor_tables", XENFEAT_writable_descriptor_tables },
    { "auto_translated_physmap", XENFEAT_auto_translated_physmap },
    { "supervisor_mode_kernel", XENFEAT_supervisor_mode_kernel },
    { "pae_pgdir_above_4gb", XENFEAT_pae_pgdir_above_4gb },
    { "dom0", XENFEAT_dom0 },
};

/* --- display --- */

static struct ts_note *new_note(struct ts_kernel *k, uint32_t type)
{
    struct ts_note *note;

    for (unsigned int i = 0; i < k->nr_notes; i++)
        if (k->note[i].type == type)
            return NULL;
    if (k->nr_notes == TS_MAX_NOTES)
        return NULL;
    note = &k->note[k->nr_notes++];
    note->type = type;
    note->name = type < NR_KINDS ? kinds[type].name : "?";
    return note;
}

/* At most size - 1 characters of a text that may not end, and may not be printable. */
static void copy_printable(char *to, size_t size, const char *from, size_t n)
{
    size_t i;

    for (i = 0; i < n && i + 1 < size && from[i]; i++)
        to[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
    to[i] = '\0';
}

static void keep_number(struct ts_kernel *k, uint32_t type, uint64_t value)
{
    struct ts_note *note = new_note(k, type);

    if (note) {
        note->is_number = true;
        note->number = value;
    }
}

static void keep_text(struct ts_kernel *k, uint32_t type, const char *text, size_t n)
{
    struct ts_note *note = new_note(k, type);

    if (note)
        copy_printable(note->text, sizeof(note->text), text, n);
}

/* --- meaning --- */

int image_take_number(struct image_reader *r, uint32_t type, uint64_t value)
{
    struct ts_kernel *k = r->kernel;

    keep_number(k, type, value);
    switch (type) {
    case XEN_ELFNOTE_ENTRY:
        k->entry = value;
        r->has_entry = true;
        break;
    case XEN_ELFNOTE_HYPERCALL_PAGE:
        k->hypercall_page = value;
        break;
    case XEN_ELFNOTE_VIRT_BASE:
        k->virt_base = value;
        break;
    case XEN_ELFNOTE_PADDR_OFFSET:
        k->paddr_offset = value;
        break;
    case XEN_ELFNOTE_INIT_P2M:
        k->init_p2m = value;
        break;
    case XEN_ELFNOTE_MOD_START_PFN:
        k->mod_start_pfn = value != 0;
        break;
    case XEN_ELFNOTE_SUPPORTED_FEATURES:
        k->supported |= (uint32_t)value;
        break;
    case XEN_ELFNOTE_PHYS32_ENTRY:
        r->has_phys32_entry = true;
        break;
    default:
        break;
    }
    return 0;
}

/* One name of a features text; '!' before it makes it required. */
static int take_feature(struct image_reader *r, const char *name, size_t n)
{
    bool required = n && *name == '!';
    char shown[40];

    if (required) {
        name++;
        n--;
    }
    for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
        if (strlen(features[i].name) != n || memcmp(features[i].name, name, n))
            continue;
        r->kernel->supported |= 1u << features[i].bit;
        if (required)
            r->kernel->required |= 1u << features[i].bit;
        return 0;
    }
    if (!required)
        return 0;
    copy_printable(shown, sizeof(shown), name, n);
    return image_refuse(r, "needs the feature \"%s\", which is not known", shown);
}

static int take_features(struct image_reader *r, const char *text, size_t n)
{
    int rc = 0;

    for (size_t start = 0, i = 0; !rc && i <= n; i++) {
        if (i < n && text[i] != '|')
            continue;
        if (i > start)
            rc = take_feature(r, text + start, i - start);
        start = i + 1;
    }
    return rc;
}

static bool text_is(const char *text, size_t n, const char *wanted)
{
    return n == strlen(wanted) && !memcmp(text, wanted, n);
}

int image_take_text(struct image_reader *r, uint32_t type, const char *text, size_t n)
{
    struct ts_kernel *k = r->kernel;

    n = strnlen(text, n);
    keep_text(k, type, text, n);
    switch (type) {
    case XEN_ELFNOTE_XEN_VERSION:
        k->has_version = true;
        if (!text_is(text, n, "xen-3.0"))
            return image_refuse(r, "is for another interface than xen-3.0");
        return 0;
    case XEN_ELFNOTE_LOADER:
        if (!text_is(text, n, "generic"))
            return image_refuse(r, "wants a loader other than \"generic\"");
        return 0;
    case XEN_ELFNOTE_GUEST_OS:
        copy_printable(k->guest_os, sizeof(k->guest_os), text, n);
        return 0;
    case XEN_ELFNOTE_GUEST_VERSION:
        copy_printable(k->guest_version, sizeof(k->guest_version), text, n);
        return 0;
    case XEN_ELFNOTE_FEATURES:
        return take_features(r, text, n);
    default:
        return 0;
    }
}

/* --- finding --- */

/* L1_MFN_VALID has two numbers, of which the first, the mask, is shown. */
static int take_number_note(struct image_reader *r, uint32_t type, const uint8_t *desc,
                            uint32_t size)
{
    uint64_t value = 0;

    if (type == XEN_ELFNOTE_L1_MFN_VALID && size >= 8)
        size = 8;
    if (size != 4 && size != 8)
        return image_refuse(r, "has a note %s of %u bytes instead of 4 or 8",
                            kinds[type].name, size);
    memcpy(&value, desc, size);
    return image_take_number(r, type, value);
}

static int take_note(struct image_reader *r, uint32_t type, const uint8_t *desc,
                     uint32_t size)
{
    if (type >= NR_KINDS)
        return 0;
    if (kinds[type].is_text)
        return image_take_text(r, type, (const char *)desc, size);
    return take_number_note(r, type, desc, size);
}

static uint64_t round_up_4(uint32_t n)
{
    return ((uint64_t)n + 3) & ~3ull;
}

int image_read_notes(struct image_reader *r, uint64_t offset, uint64_t n)
{
    const struct ts_kernel *k = r->kernel;
    uint64_t end = offset + n;
    struct note_header h;

    if (!image_has(k, offset, n))
        return image_refuse(r, "is cut off: its notes end after the file does");
    while (end - offset >= sizeof(h)) {
        uint64_t name = offset + sizeof(h), desc, next;

        memcpy(&h, k->data + offset, sizeof(h));
        desc = name + round_up_4(h.name_size);
        next = desc + round_up_4(h.desc_size);
        if (desc + h.desc_size > end) /* no overflow: both terms are far below 2^63 */
            return image_refuse(r, "has a note that runs past its segment");
        if (h.name_size == 4 && !memcmp(k->data + name, "Xen", 4)) {
            int rc = take_note(r, h.type, k->data + desc, h.desc_size);

            if (rc)
                return rc;
        }
        offset = next < end ? next : end;
    }
    return 0;
}
