/* SPDX-License-Identifier: MIT */
/* The format of cores: ELF's header, headers of sections and Xen's notes. */
#include "dump.h"

#include <elf.h>
#include <string.h>

#include <abi/elfnote.h>
#include <abi/version.h>

#define MAGIC_PV       0xf00febedull
#define FORMAT_VERSION 1ull /* 0.1 */
#define NOTES_AT       1024
#define NOTE_ALIGN     4
#define ALIGN(n, to)   (((n) + (to)-1) / (to) * (to))

struct note {
    uint32_t name_size, size, type;
    char name[4];
};

/* XEN_ELFNOTE_DUMPCORE_HEADER */
struct note_header {
    uint64_t magic, nr_vcpus, nr_pages, page_size;
};

/* XEN_ELFNOTE_DUMPCORE_XEN_VERSION */
struct note_version {
    uint64_t major, minor;
    xen_extraversion_t extra;
    struct xen_compile_info compile;
    xen_capabilities_info_t capabilities;
    xen_changeset_info_t changeset;
    uint64_t virt_start, page_size;
};

static const char *const names[NR_SECTIONS] = {
    "",           ".shstrtab", ".note.Xen", ".xen_prstatus", ".xen_shared_info",
    ".xen_pages", ".xen_p2m",
};

_Static_assert(sizeof(Elf64_Ehdr) == 64 && sizeof(Elf64_Shdr) == 64, "as in ELF64");
_Static_assert(sizeof(Elf64_Ehdr) + NR_SECTIONS * sizeof(Elf64_Shdr) <= NOTES_AT,
               "the headers have room");
_Static_assert(NOTES_AT + 4 * sizeof(struct note) + sizeof(struct note_header) +
                       sizeof(struct note_version) + sizeof(uint64_t) <=
                   HEAD_BYTES,
               "the notes have room");

void layout_make(struct layout *layout, uint64_t max_vcpus, uint64_t max_pages)
{
    uint64_t prstatus = max_vcpus * sizeof(struct vcpu_guest_context);

    layout->notes = NOTES_AT;
    layout->prstatus = HEAD_BYTES;
    layout->shared_info = ALIGN(layout->prstatus + prstatus, TS_PAGE_SIZE);
    layout->p2m = layout->shared_info + TS_PAGE_SIZE;
    layout->pages =
        ALIGN(layout->p2m + max_pages * sizeof(struct dump_p2m_entry), TS_PAGE_SIZE);
}

/* --- notes --- */

/* Appends a note; returns where the next one goes. */
static size_t put_note(uint8_t *to, size_t at, uint32_t type, const void *bytes, size_t n)
{
    const struct note note = { 4, (uint32_t)n, type, "Xen" };

    memcpy(to + at, &note, sizeof(note));
    if (n)
        memcpy(to + at + sizeof(note), bytes, n);
    return at + sizeof(note) + ALIGN(n, NOTE_ALIGN);
}

/* As far as there is room, with a final 0. */
static void put_text(char *to, size_t size, const char *text)
{
    size_t n = strlen(text);

    if (n > size - 1)
        n = size - 1;
    memcpy(to, text, n);
    to[n] = '\0';
}

static void fill_version(struct note_version *to, const struct ts_version_info *from)
{
    memset(to, 0, sizeof(*to));
    to->major = from->major;
    to->minor = from->minor;
    to->virt_start = from->virt_start;
    to->page_size = from->page_size;
    put_text(to->extra, sizeof(to->extra), from->extra);
    put_text(to->compile.compiler, sizeof(to->compile.compiler), from->compiler);
    put_text(to->compile.compile_by, sizeof(to->compile.compile_by), from->compiled_by);
    put_text(to->compile.compile_domain, sizeof(to->compile.compile_domain),
             from->compile_domain);
    put_text(to->compile.compile_date, sizeof(to->compile.compile_date),
             from->compile_date);
    put_text(to->capabilities, sizeof(to->capabilities), from->capabilities);
    put_text(to->changeset, sizeof(to->changeset), from->changeset);
}

/* Returns their end. */
static size_t put_notes(uint8_t *head, const struct ts_version_info *version,
                        const struct ts_dump_result *what)
{
    const struct note_header header = { MAGIC_PV, what->vcpus, what->pages + what->holes,
                                        TS_PAGE_SIZE };
    const uint64_t format = FORMAT_VERSION;
    struct note_version xen;
    size_t at = NOTES_AT;

    fill_version(&xen, version);
    at = put_note(head, at, XEN_ELFNOTE_DUMPCORE_NONE, NULL, 0);
    at = put_note(head, at, XEN_ELFNOTE_DUMPCORE_HEADER, &header, sizeof(header));
    at = put_note(head, at, XEN_ELFNOTE_DUMPCORE_XEN_VERSION, &xen, sizeof(xen));
    return put_note(head, at, XEN_ELFNOTE_DUMPCORE_FORMAT_VERSION, &format,
                    sizeof(format));
}

/* --- sections --- */

/* Names of all sections; returns their length. */
static size_t put_names(char tail[TAIL_BYTES], Elf64_Shdr *sections)
{
    size_t at = 0;

    for (unsigned int i = 0; i < NR_SECTIONS; i++) {
        size_t n = strlen(names[i]) + 1;

        sections[i].sh_name = (uint32_t)at;
        memcpy(tail + at, names[i], n);
        at += n;
    }
    return at;
}

static void put_header(uint8_t *head)
{
    const Elf64_Ehdr header = {
        .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
                     EV_CURRENT },
        .e_type = ET_CORE,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_shoff = sizeof(header),
        .e_ehsize = sizeof(header),
        .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = NR_SECTIONS,
        .e_shstrndx = STRINGS,
    };

    memcpy(head, &header, sizeof(header));
}

static Elf64_Shdr section(uint32_t type, uint64_t offset, uint64_t entry_size, uint64_t n,
                          uint64_t align)
{
    return (Elf64_Shdr){
        .sh_type = type,
        .sh_offset = offset,
        .sh_size = entry_size * n,
        .sh_addralign = align,
        .sh_entsize = entry_size,
    };
}

size_t elf_make(const struct layout *layout, const struct ts_version_info *version,
                const struct ts_dump_result *what, uint8_t head[HEAD_BYTES],
                char tail[TAIL_BYTES])
{
    uint64_t places = what->pages + what->holes;
    uint64_t end = layout->pages + places * TS_PAGE_SIZE;
    Elf64_Shdr s[NR_SECTIONS] = { 0 };
    size_t notes, strings;

    memset(head, 0, HEAD_BYTES);
    put_header(head);
    notes = put_notes(head, version, what) - NOTES_AT;
    s[NOTES] = section(SHT_NOTE, layout->notes, 1, notes, NOTE_ALIGN);
    s[NOTES].sh_entsize = 0;
    s[PRSTATUS] = section(SHT_PROGBITS, layout->prstatus,
                          sizeof(struct vcpu_guest_context), what->vcpus, 8);
    s[SHARED_INFO] =
        section(SHT_PROGBITS, layout->shared_info, TS_PAGE_SIZE, 1, TS_PAGE_SIZE);
    s[PAGES] = section(SHT_PROGBITS, layout->pages, TS_PAGE_SIZE, places, TS_PAGE_SIZE);
    s[P2M] = section(SHT_PROGBITS, layout->p2m, sizeof(struct dump_p2m_entry), places, 8);
    strings = put_names(tail, s);
    s[NONE] = (Elf64_Shdr){ 0 };
    s[STRINGS].sh_type = SHT_STRTAB;
    s[STRINGS].sh_offset = end;
    s[STRINGS].sh_size = strings;
    s[STRINGS].sh_addralign = 1;
    memcpy(head + sizeof(Elf64_Ehdr), s, sizeof(s));
    return strings;
}
