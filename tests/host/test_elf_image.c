/* SPDX-License-Identifier: MIT */
/* The reader of kernel images: what it takes from a good one, and every reason it gives. */
#include "../../hypervisor/pv/elf_image.h"
#include "hv_host.h"
#include "test.h"

#include <abi/elfnote.h>
#include <abi/errno.h>
#include <abi/features.h>

#define BASE      0xffffffff80000000ull
#define PAGE      4096u
#define MAX_PHDRS 40
#define NOTES     (2 * PAGE)
#define CODE      PAGE
#define FILE_SIZE (4 * PAGE)
#define OFFERED   (1u << XENFEAT_pae_pgdir_above_4gb | 1u << XENFEAT_dom0)

struct phdr {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct shdr {
    uint32_t name, type;
    uint64_t flags, addr, offset, size;
    uint32_t link, info;
    uint64_t addralign, entsize;
};

/* The file under construction. */
static struct {
    struct header header;
    struct phdr phdr[MAX_PHDRS];
    uint8_t rest[FILE_SIZE - sizeof(struct header) - MAX_PHDRS * sizeof(struct phdr)];
} file;
static size_t notes_size;
static struct elf_image image;

static uint8_t *at(uint64_t offset)
{
    return (uint8_t *)&file + offset;
}

static void add_segment(uint32_t type, uint64_t offset, uint64_t paddr, uint64_t filesz,
                        uint64_t memsz)
{
    file.phdr[file.header.phnum++] = (struct phdr){
        .type = type, .offset = offset, .paddr = paddr, .filesz = filesz, .memsz = memsz
    };
}

static void add_note(uint32_t type, const void *desc, uint32_t size)
{
    const uint32_t head[3] = { 4, size, type };
    uint8_t *to = at(NOTES + notes_size);

    memcpy(to, head, sizeof(head));
    memcpy(to + sizeof(head), "Xen", 4);
    memcpy(to + sizeof(head) + 4, desc, size);
    notes_size += sizeof(head) + 4 + ROUND_UP(size, 4u);
    file.phdr[1].filesz = file.phdr[1].memsz = notes_size;
}

static void add_number(uint32_t type, uint64_t value)
{
    add_note(type, &value, sizeof(value));
}

static void add_text(uint32_t type, const char *text)
{
    add_note(type, text, (uint32_t)strlen(text) + 1);
}

/* An image with a page of code and the notes of a PV kernel at BASE. */
static int setup(void **state)
{
    (void)state;
    memset(&file, 0, sizeof(file));
    notes_size = 0;
    memcpy(file.header.ident, "\177ELF\2\1\1", 7);
    file.header.machine = 62;
    file.header.entry = BASE;
    file.header.phoff = sizeof(file.header);
    file.header.phentsize = sizeof(struct phdr);
    add_segment(1, CODE, 0, PAGE, 2 * PAGE);
    add_segment(4, NOTES, 0, 0, 0);
    add_text(XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
    add_number(XEN_ELFNOTE_VIRT_BASE, BASE);
    return 0;
}

static int parse(size_t size)
{
    return elf_image_parse(&file, size, OFFERED, &image);
}

static void assert_refused_at(size_t size, const char *sentence)
{
    assert_int_equal(parse(size), -EINVAL);
    if (!strstr(image.error, sentence))
        fail_msg("\"%s\" instead of \"%s\"", image.error, sentence);
}

static void assert_refused(const char *sentence)
{
    assert_refused_at(sizeof(file), sentence);
}

static void assert_accepted(void)
{
    if (parse(sizeof(file)))
        fail_msg("refused: %s", image.error);
}

static void a_kernel_is_described(void **state)
{
    (void)state;
    add_number(XEN_ELFNOTE_ENTRY, BASE + 16);
    add_number(XEN_ELFNOTE_HYPERCALL_PAGE, BASE + PAGE);
    add_number(XEN_ELFNOTE_INIT_P2M, 0x8000000000);
    add_number(XEN_ELFNOTE_MOD_START_PFN, 1);
    add_text(XEN_ELFNOTE_GUEST_OS, "an\nOS");
    add_text(XEN_ELFNOTE_FEATURES, "!pae_pgdir_above_4gb|dom0|of_the_future");
    assert_accepted();
    assert_int_equal(image.nr_segs, 1);
    assert_int_equal(image.seg[0].vaddr, BASE);
    assert_int_equal(image.seg[0].filesz, PAGE);
    assert_int_equal(image.seg[0].memsz, 2 * PAGE);
    assert_int_equal(image.start, BASE);
    assert_int_equal(image.end, BASE + 2 * PAGE);
    assert_int_equal(image.entry, BASE + 16);
    assert_int_equal(image.hypercall_page, BASE + PAGE);
    assert_int_equal(image.init_p2m, 0x8000000000);
    assert_true(image.mod_start_pfn);
    assert_string_equal(image.guest_os, "an?OS");
    assert_int_equal(image.required, 1u << XENFEAT_pae_pgdir_above_4gb);
    assert_int_equal(image.supported, OFFERED);
}

static void what_notes_do_not_say_has_a_default(void **state)
{
    (void)state;
    assert_accepted();
    assert_int_equal(image.entry, BASE); /* the ELF header's */
    assert_int_equal(image.paddr_offset, 0);
    assert_int_equal(image.start, BASE);
    assert_int_equal(image.hypercall_page, ELF_ADDR_UNSET);
    assert_int_equal(image.init_p2m, ELF_ADDR_UNSET);
    assert_false(image.mod_start_pfn);
}

static void physical_addresses_may_be_offset(void **state)
{
    (void)state;
    add_number(XEN_ELFNOTE_PADDR_OFFSET, BASE);
    file.phdr[0].paddr = BASE;
    assert_accepted();
    assert_int_equal(image.start, BASE);
}

static void notes_may_be_in_sections_only(void **state)
{
    struct shdr section = { .type = 7, .offset = NOTES };

    (void)state;
    section.size = notes_size;
    file.phdr[1].type = 0;
    file.header.shoff = 3 * PAGE;
    file.header.shentsize = sizeof(section);
    file.header.shnum = 1;
    memcpy(at(3 * PAGE), &section, sizeof(section));
    assert_accepted();
    section.size = FILE_SIZE;
    memcpy(at(3 * PAGE), &section, sizeof(section));
    assert_refused("its notes end after the file does");
}

static void notes_of_others_are_passed_over(void **state)
{
    const uint32_t head[3] = { 4, 1, XEN_ELFNOTE_ENTRY };

    (void)state;
    memcpy(at(NOTES + notes_size), head, sizeof(head));
    memcpy(at(NOTES + notes_size + sizeof(head)), "GNU", 4);
    file.phdr[1].filesz += sizeof(head) + 8;
    assert_accepted();
}

static void no_kernel_file(void **state)
{
    (void)state;
    assert_refused_at(0, "is not an ELF file");
    assert_refused_at(63, "is not an ELF file");
    file.header.ident[5] = 2;
    assert_refused("is not for x86-64");
    file.header.ident[5] = 1;
    file.header.machine = 3;
    assert_refused("is not for x86-64");
    file.header.ident[4] = 1;
    assert_refused("is a 32-bit kernel");
    file.header.ident[0] = 'M';
    assert_refused("is not an ELF file");
    memcpy(at(0x202), "HdrS", 4);
    assert_refused("is a compressed bzImage");
}

static void damaged_headers(void **state)
{
    (void)state;
    file.header.phentsize = 55;
    assert_refused("no usable program headers");
    file.header.phentsize = sizeof(struct phdr);
    file.header.phoff = ~0ull;
    assert_refused("no usable program headers");
    file.header.phoff = sizeof(file) - sizeof(struct phdr);
    assert_refused("no usable program headers");
    file.header.phoff = sizeof(file.header);
    file.header.phnum = 0;
    assert_refused("no usable program headers");
}

static void damaged_segments(void **state)
{
    struct phdr *ph = &file.phdr[0];

    (void)state;
    ph->type = 0;
    assert_refused("has nothing to load");
    ph->type = 1;
    ph->offset = ~0ull;
    assert_refused("a segment ends after the file does");
    ph->offset = CODE;
    ph->filesz = ph->memsz + 1;
    assert_refused("a segment ends after the file does");
    ph->filesz = PAGE;
    assert_refused_at(CODE + PAGE - 1, "a segment ends after the file does");
    for (unsigned int i = 0; i < ELF_MAX_SEGMENTS; i++)
        add_segment(1, CODE, 0, 0, PAGE);
    assert_refused("has more than 32 segments");
}

static void segments_out_of_reach(void **state)
{
    struct phdr *ph = &file.phdr[0];

    (void)state;
    ph->paddr = 1ull << 40;
    assert_refused("outside the first 2048 MiB");
    ph->paddr = 0;
    ph->memsz = (2ull << 30) + 1;
    assert_refused("outside the first 2048 MiB");
    ph->memsz = 2ull << 30;
    assert_refused("has a segment beyond the last address");
    ph->memsz = 2 * PAGE;
    add_number(XEN_ELFNOTE_VIRT_BASE, 0xffff800000000000);
    assert_refused("wants addresses");
    add_number(XEN_ELFNOTE_VIRT_BASE, 1ull << 48);
    assert_refused("wants addresses");
    add_number(XEN_ELFNOTE_VIRT_BASE, BASE + PAGE);
    assert_refused("wants addresses");
}

static void addresses_outside_the_image(void **state)
{
    (void)state;
    add_number(XEN_ELFNOTE_ENTRY, BASE + 2 * PAGE);
    assert_refused("has its entry point");
    add_number(XEN_ELFNOTE_ENTRY, BASE - 1);
    assert_refused("has its entry point");
    add_number(XEN_ELFNOTE_ENTRY, BASE);
    add_number(XEN_ELFNOTE_HYPERCALL_PAGE, BASE + 2 * PAGE);
    assert_refused("has its hypercall page outside");
    add_number(XEN_ELFNOTE_HYPERCALL_PAGE, BASE + 8);
    assert_refused("has its hypercall page outside");
    add_number(XEN_ELFNOTE_HYPERCALL_PAGE, BASE);
    add_number(XEN_ELFNOTE_INIT_P2M, 0xffff800000000000);
    assert_refused("wants its p2m list at 0xffff800000000000");
    add_number(XEN_ELFNOTE_INIT_P2M, 0x1000);
    assert_refused("wants its p2m list at 0x1000");
}

static void features(void **state)
{
    (void)state;
    add_text(XEN_ELFNOTE_FEATURES, "|dom0||!supervisor_mode_kernel");
    assert_refused("needs the feature \"supervisor_mode_kernel\", which is not offered");
    add_text(XEN_ELFNOTE_FEATURES, "!tele\033port");
    assert_refused("needs the unknown feature \"tele?port\"");
}

static void notes_that_do_not_fit(void **state)
{
    (void)state;
    add_text(XEN_ELFNOTE_LOADER, "generic");
    assert_accepted();
    file.phdr[1].filesz -= 4;
    assert_refused("has a note that runs past its segment");
    file.phdr[1].filesz = sizeof(file);
    assert_refused("its notes end after the file does");
}

static void notes_that_say_no(void **state)
{
    (void)state;
    add_note(XEN_ELFNOTE_ENTRY, "abcdef", 6);
    assert_refused("note 1 has 6 bytes instead of 4 or 8");
    setup(NULL);
    add_text(XEN_ELFNOTE_LOADER, "special");
    assert_refused("wants a loader other than \"generic\"");
    setup(NULL);
    add_text(XEN_ELFNOTE_XEN_VERSION, "xen-3.00");
    assert_refused("is for another hypervisor interface than xen-3.0");
    setup(NULL);
    file.phdr[1].type = 0;
    assert_refused("has no Xen notes: it is not a PV kernel");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_kernel_is_described, setup),
        cmocka_unit_test_setup(what_notes_do_not_say_has_a_default, setup),
        cmocka_unit_test_setup(physical_addresses_may_be_offset, setup),
        cmocka_unit_test_setup(notes_may_be_in_sections_only, setup),
        cmocka_unit_test_setup(notes_of_others_are_passed_over, setup),
        cmocka_unit_test_setup(no_kernel_file, setup),
        cmocka_unit_test_setup(damaged_headers, setup),
        cmocka_unit_test_setup(damaged_segments, setup),
        cmocka_unit_test_setup(segments_out_of_reach, setup),
        cmocka_unit_test_setup(addresses_outside_the_image, setup),
        cmocka_unit_test_setup(features, setup),
        cmocka_unit_test_setup(notes_that_do_not_fit, setup),
        cmocka_unit_test_setup(notes_that_say_no, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
