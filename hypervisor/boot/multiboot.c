/* SPDX-License-Identifier: MIT */
/*
 * Reads what a Multiboot 1 or 2 loader left in memory into struct boot_info. Every byte
 * is taken as possibly wrong: nothing outside the machine view is touched, lengths are
 * checked before use, and lists that claim too much end where the memory does.
 *
 * Compiles on the host; fuzzed by tests/fuzz/fuzz_multiboot.c.
 */
#include "multiboot.h"

#include <hv/lib.h>

#define MB1_HAS_CMDLINE (1u << 2)
#define MB1_HAS_MODULES (1u << 3)
#define MB1_HAS_MMAP    (1u << 6)
#define MB1_HAS_LOADER  (1u << 9)
#define MB2_MAX_SIZE    (1u << 20)
#define MAX_RAW_RANGES  (2 * BOOT_MAX_RANGES)

struct mb1_info {
    uint32_t flags, mem_lower, mem_upper, boot_device, cmdline;
    uint32_t mods_count, mods_addr, syms[4];
    uint32_t mmap_length, mmap_addr, drives_length, drives_addr, config_table, loader;
};

struct mb1_module {
    uint32_t start, end, cmdline, reserved;
};

/* `size` counts the bytes after itself: at least 20. */
struct mb1_mmap {
    uint32_t size;
    uint64_t start, length;
    uint32_t kind;
} __packed;

struct mb2_info {
    uint32_t total_size, reserved;
};

struct mb2_tag {
    uint32_t type, size;
};

struct mb2_module {
    struct mb2_tag tag;
    uint32_t start, end;
};

struct mb2_mmap {
    struct mb2_tag tag;
    uint32_t entry_size, entry_version;
};

struct mb2_mmap_entry {
    uint64_t start, length;
    uint32_t kind, reserved;
};

static __initdata struct mem_range raw_range[MAX_RAW_RANGES];
static __initdata unsigned int nr_raw;

/* The n bytes at machine address pa, or null when they are not all in view. */
static __init const void *view_at(const struct machine_view *mem, uint64_t pa, uint64_t n)
{
    return pa <= mem->size && n <= mem->size - pa ? mem->base + pa : NULL;
}

/* Copies bytes up to a NUL, max bytes, or what fits in dst; always terminated. */
static __init void copy_text(char *dst, size_t size, const uint8_t *src, uint64_t max)
{
    size_t n = 0;

    while (n < max && n + 1 < size && src[n]) {
        dst[n] = (char)src[n];
        n++;
    }
    dst[n] = '\0';
}

static __init void copy_text_at(const struct machine_view *mem, uint64_t pa, char *dst,
                                size_t size)
{
    if (pa && pa < mem->size)
        copy_text(dst, size, mem->base + pa, mem->size - pa);
    else
        dst[0] = '\0';
}

static __init void add_range(uint64_t start, uint64_t size, uint32_t kind)
{
    if (nr_raw < MAX_RAW_RANGES && size)
        raw_range[nr_raw++] = (struct mem_range){ start, size, kind };
}

/* A slot for a module at [start, end), or null: too many, or end before start. */
static __init struct boot_module *add_module(struct boot_info *bi, uint64_t start,
                                             uint64_t end)
{
    struct boot_module *m = &bi->module[bi->nr_modules];

    if (bi->nr_modules == BOOT_MAX_MODULES || end < start)
        return NULL;
    m->start = start;
    m->size = end - start;
    m->cmdline[0] = '\0';
    bi->nr_modules++;
    return m;
}

/* Multiboot 1 loaders other than GRUB 2 put the file's name before the command line. */
static __init void drop_first_word(char *text)
{
    char *rest = text;

    while (*rest && *rest != ' ')
        rest++;
    while (*rest == ' ')
        rest++;
    memmove(text, rest, strlen(rest) + 1);
}

static __init const char *mb1_modules(const struct machine_view *mem,
                                      const struct mb1_info *info, struct boot_info *bi)
{
    for (uint32_t i = 0; i < info->mods_count; i++) {
        uint64_t pa = info->mods_addr + (uint64_t)i * sizeof(struct mb1_module);
        const void *p = view_at(mem, pa, sizeof(struct mb1_module));
        struct mb1_module raw;
        struct boot_module *m;

        if (!p)
            return "the boot loader's module list is damaged";
        memcpy(&raw, p, sizeof(raw));
        m = add_module(bi, raw.start, raw.end);
        if (!m)
            return "too many boot modules, or one that ends before it starts";
        copy_text_at(mem, raw.cmdline, m->cmdline, sizeof(m->cmdline));
        if (strncmp(bi->loader, "GRUB", 4))
            drop_first_word(m->cmdline);
    }
    return NULL;
}

static __init void mb1_memory_map(const struct machine_view *mem,
                                  const struct mb1_info *info)
{
    uint64_t at = info->mmap_addr, end = at + info->mmap_length;

    while (at + sizeof(struct mb1_mmap) <= end) {
        const void *p = view_at(mem, at, sizeof(struct mb1_mmap));
        struct mb1_mmap raw;

        if (!p)
            return;
        memcpy(&raw, p, sizeof(raw));
        if (raw.size < sizeof(raw) - sizeof(raw.size))
            return;
        add_range(raw.start, raw.length, raw.kind);
        at += (uint64_t)raw.size + sizeof(raw.size);
    }
}

static __init const char *parse_mb1(const struct machine_view *mem, uint32_t info_pa,
                                    struct boot_info *bi)
{
    const void *p = view_at(mem, info_pa, sizeof(struct mb1_info));
    struct mb1_info info;

    if (!p)
        return "the boot loader's information lies outside memory";
    memcpy(&info, p, sizeof(info));
    if (info.flags & MB1_HAS_LOADER)
        copy_text_at(mem, info.loader, bi->loader, sizeof(bi->loader));
    if (info.flags & MB1_HAS_CMDLINE) {
        copy_text_at(mem, info.cmdline, bi->cmdline, sizeof(bi->cmdline));
        if (strncmp(bi->loader, "GRUB", 4))
            drop_first_word(bi->cmdline);
    }
    if (info.flags & MB1_HAS_MMAP)
        mb1_memory_map(mem, &info);
    return info.flags & MB1_HAS_MODULES ? mb1_modules(mem, &info, bi) : NULL;
}

static __init const char *mb2_module(const uint8_t *tag, uint32_t size,
                                     struct boot_info *bi)
{
    struct mb2_module raw;
    struct boot_module *m;

    if (size < sizeof(raw))
        return "the boot loader's module list is damaged";
    memcpy(&raw, tag, sizeof(raw));
    m = add_module(bi, raw.start, raw.end);
    if (!m)
        return "too many boot modules, or one that ends before it starts";
    copy_text(m->cmdline, sizeof(m->cmdline), tag + sizeof(raw), size - sizeof(raw));
    return NULL;
}

static __init void mb2_memory_map(const uint8_t *tag, uint32_t size)
{
    struct mb2_mmap head;
    struct mb2_mmap_entry raw;

    if (size < sizeof(head))
        return;
    memcpy(&head, tag, sizeof(head));
    if (head.entry_size < sizeof(raw))
        return;
    for (uint64_t at = sizeof(head); at + sizeof(raw) <= size; at += head.entry_size) {
        memcpy(&raw, tag + at, sizeof(raw));
        add_range(raw.start, raw.length, raw.kind);
    }
}

/* ACPI 2's root pointer, the longer one, wins over ACPI 1's. */
static __init void keep_rsdp(struct boot_info *bi, const uint8_t *rsdp, uint32_t n)
{
    n = min(n, (uint32_t)sizeof(bi->rsdp));
    if (n <= bi->rsdp_size)
        return;
    memcpy(bi->rsdp, rsdp, n);
    bi->rsdp_size = n;
}

/* One tag of `size` bytes, header included. */
static __init const char *mb2_tag(uint32_t type, const uint8_t *tag, uint32_t size,
                                  struct boot_info *bi)
{
    const uint8_t *text = tag + sizeof(struct mb2_tag);
    uint32_t n = size - (uint32_t)sizeof(struct mb2_tag);

    switch (type) {
    case MB2_TAG_CMDLINE:
        copy_text(bi->cmdline, sizeof(bi->cmdline), text, n);
        break;
    case MB2_TAG_LOADER:
        copy_text(bi->loader, sizeof(bi->loader), text, n);
        break;
    case MB2_TAG_MODULE:
        return mb2_module(tag, size, bi);
    case MB2_TAG_MMAP:
        mb2_memory_map(tag, size);
        break;
    case MB2_TAG_EFI32:
    case MB2_TAG_EFI64:
        bi->efi = true;
        break;
    case MB2_TAG_ACPI_OLD:
    case MB2_TAG_ACPI_NEW:
        keep_rsdp(bi, text, n);
        break;
    }
    return NULL;
}

static __init const char *parse_mb2(const struct machine_view *mem, uint32_t info_pa,
                                    struct boot_info *bi)
{
    const uint8_t *base = view_at(mem, info_pa, sizeof(struct mb2_info));
    struct mb2_info info;
    struct mb2_tag tag;

    if (!base)
        return "the boot loader's information lies outside memory";
    memcpy(&info, base, sizeof(info));
    if (info.total_size > MB2_MAX_SIZE || !view_at(mem, info_pa, info.total_size))
        return "the boot loader's information has an impossible size";
    for (uint64_t at = sizeof(info); at + sizeof(tag) <= info.total_size;
         at += ROUND_UP((uint64_t)tag.size, 8)) {
        const char *why;

        memcpy(&tag, base + at, sizeof(tag));
        if (tag.type == MB2_TAG_END)
            return NULL;
        if (tag.size < sizeof(tag) || tag.size > info.total_size - at)
            return "the boot loader's tag list is damaged";
        why = mb2_tag(tag.type, base + at, tag.size, bi);
        if (why)
            return why;
    }
    return NULL;
}

__init const char *multiboot_parse(const struct machine_view *mem, uint32_t magic,
                                   uint32_t info, struct boot_info *bi)
{
    const char *why;

    memset(bi, 0, sizeof(*bi));
    nr_raw = 0;
    if (magic == MB1_LOADER_MAGIC)
        why = parse_mb1(mem, info, bi);
    else if (magic == MB2_LOADER_MAGIC)
        why = parse_mb2(mem, info, bi);
    else
        why = "not started by a Multiboot loader";
    if (!why)
        memory_map_build(bi, raw_range, nr_raw);
    return why;
}
