/* SPDX-License-Identifier: MIT */
/*
 * Cores: what is in them, and domains that lie about where their memory is, or what is
 * mapped where. What readers of the format see is checked on a real machine
 * (tests/system/test_tool_dump.py, tests/linux/test_dump.py).
 */
#include "cli_user.h"
#include "test.h"
#include "ts_fake.h"

#include <elf.h>

#include "../../toolstack/dump/dump.h"

static const char hello_cfg[] = "name='hello'\nkernel='kernel'\nmemory=1\n";
static struct ts_dump_result result;
static uint64_t places = 256; /* of the list */
static struct ts_err err;
static uint8_t core[8u << 20];
static unsigned int turns, fail_turn;
static bool live;

static int put(void *context, uint64_t offset, const void *bytes, size_t n,
               struct ts_err *why)
{
    (void)context, (void)why;
    assert_int_equal(fake_pause_count(1), !live);
    assert_true(n && offset <= sizeof(core) - n);
    memcpy(core + offset, bytes, n);
    return 0;
}

static int turn(void *context, uint64_t pages, uint64_t all, struct ts_err *why)
{
    (void)context;
    assert_true(pages <= all);
    return ++turns == fail_turn ? ts_fail(why, -XEN_EINTR, "interrupted") : 0;
}

static int dump(void)
{
    const struct ts_dump_file file = { NULL, put, turn };
    unsigned int maps = fake_nr_maps();
    int rc;

    memset(core, 0, sizeof(core));
    err = (struct ts_err){ 0 };
    turns = 0;
    rc = ts_dump_core(fake_hv(), 1, live, &file, &result, &err);
    assert_int_equal(rc, err.code);
    assert_int_equal(fake_nr_maps(), maps);
    assert_int_equal(fake_pause_count(1), 0);
    return rc;
}

static struct shared_info *shared_info(void)
{
    struct ts_domain_info info;

    assert_int_equal(fake_hv()->ops->domain_info(fake_hv(), 1, &info), 0);
    return fake_frame(info.shared_info_mfn);
}

static int start(void **state)
{
    int rc = user_start(state);

    fail_turn = 0;
    live = false;
    fake_file("hello.cfg", hello_cfg, sizeof(hello_cfg) - 1);
    expect("create -q hello.cfg", 0, "", "");
    expect("create -q hello.cfg name=other", 0, "", "");
    fake_publish_list(1);
    return rc;
}

/* The last of the three levels. */
static xen_pfn_t *leaf(void)
{
    xen_pfn_t *top = fake_frame(shared_info()->arch.pfn_to_mfn_frame_list_list);

    return fake_frame(*(xen_pfn_t *)fake_frame(*top));
}

static const struct dump_p2m_entry *entries(struct layout *layout)
{
    struct ts_domain_info info;

    assert_int_equal(fake_hv()->ops->domain_info(fake_hv(), 1, &info), 0);
    layout_make(layout, info.max_vcpu_id + 1, places);
    return (const void *)(core + layout->p2m);
}

/* Every page is there under its pfn; in all n. */
static void check_pages(uint64_t n)
{
    struct layout layout;
    const struct dump_p2m_entry *e = entries(&layout);
    uint64_t pages = 0;

    assert_int_equal(result.pages, n);
    for (uint64_t i = 0; i < n + result.holes; i++) {
        assert_int_equal(e[i].pfn, i);
        if (e[i].mfn == NO_FRAME)
            continue;
        pages++;
        assert_int_equal(fake_frame_owner(e[i].mfn), 1);
        assert_int_equal(fake_m2p(e[i].mfn), e[i].pfn);
        assert_memory_equal(core + layout.pages + i * TS_PAGE_SIZE, fake_frame(e[i].mfn),
                            TS_PAGE_SIZE);
    }
    assert_int_equal(pages, n);
}

static void all_memory_is_there(void **state)
{
    struct layout layout;

    (void)state;
    assert_int_equal(dump(), 0);
    check_pages(256);
    assert_int_equal(result.left_out, 0);
    assert_int_equal(result.vcpus, 1);
    entries(&layout);
    assert_memory_equal(core + layout.prstatus, fake_context(1),
                        sizeof(struct vcpu_guest_context));
    assert_memory_equal(core + layout.shared_info, shared_info(), TS_PAGE_SIZE);
}

static void one_that_goes_on(void **state)
{
    (void)state;
    live = true;
    assert_int_equal(dump(), 0);
    check_pages(256);
}

static void others_frames_are_left_out(void **state)
{
    uint64_t others = 1;

    (void)state;
    while (fake_frame_owner(others) != 2)
        others++;
    leaf()[3] = others;        /* another domain's */
    leaf()[70] = 1ull << 39;   /* no memory */
    leaf()[100] |= 1ull << 63; /* foreign, as Linux marks it */
    leaf()[101] = ~0ull;
    leaf()[102] = 0;
    assert_int_equal(dump(), 0);
    check_pages(251);
    assert_int_equal(result.left_out, 2);
    assert_int_equal(result.holes, 5);
}

/* A list that names one frame again and again makes no endless core. */
static void no_more_pages_than_the_domain_has(void **state)
{
    xen_pfn_t *top = fake_frame(shared_info()->arch.pfn_to_mfn_frame_list_list);
    xen_pfn_t *middle = fake_frame(*top), list = *middle, one = leaf()[0];

    (void)state;
    for (unsigned int i = 0; i < PER_FRAME; i++) {
        middle[i] = list;
        leaf()[i] = one;
    }
    shared_info()->arch.max_pfn = ~0ul;
    assert_int_equal(dump(), 0);
    assert_int_equal(result.pages, 256);
}

/* Nor does a pfn that is far away make a large one. */
static void few_holes(void **state)
{
    xen_pfn_t *top = fake_frame(shared_info()->arch.pfn_to_mfn_frame_list_list);
    xen_pfn_t *middle = fake_frame(*top);

    (void)state;
    for (unsigned int i = 10; i < 256; i++)
        leaf()[i] = 0;
    middle[2] = middle[300] = *middle;
    shared_info()->arch.max_pfn = ~0ul;
    assert_int_equal(dump(), 0);
    assert_int_equal(result.pages, 30);
    assert_int_equal(result.holes, 2 * PER_FRAME - 10);
    places = 64 * 256;
    assert_int_equal(entries(&(struct layout){ 0 })[2 * PER_FRAME + 10].pfn,
                     300 * PER_FRAME);
    places = 256;
}

/* Others have their turn while there is nothing to be found, and the user can end it. */
static void a_long_empty_list(void **state)
{
    xen_pfn_t *top = fake_frame(shared_info()->arch.pfn_to_mfn_frame_list_list);

    (void)state;
    *top = ~0ull;
    shared_info()->arch.max_pfn = ~0ul;
    fail_turn = 5000;
    assert_int_equal(dump(), -XEN_EINTR);
    assert_int_equal(turns, 5000);
    fail_turn = 0;
    assert_int_equal(dump(), 0);
    assert_int_equal(turns, PER_FRAME * PER_FRAME);
    assert_int_equal(result.pages, 0);
}

static void lists_that_are_none(void **state)
{
    static const xen_pfn_t tops[] = { 0, ~0ull, 1ull << 41, 1ull << 39, 0xfffff };
    xen_pfn_t *place = &shared_info()->arch.pfn_to_mfn_frame_list_list, top = *place;

    (void)state;
    for (unsigned int i = 0; i < sizeof(tops) / sizeof(tops[0]); i++) {
        *place = tops[i];
        assert_int_equal(dump(), -XEN_EINVAL);
    }
    *place = top;
    shared_info()->arch.max_pfn = 0;
    assert_int_equal(dump(), -XEN_EINVAL);
    assert_int_equal(core[0], 0);
}

static void a_domain_that_has_ended(void **state)
{
    (void)state;
    fake_domain_ends(1, 3);
    assert_int_equal(dump(), 0);
    check_pages(256);
}

/* --- program headers --- */

#define FRAME_OF(entry) ((entry) >> 12 & ((1ull << 40) - 1))

static unsigned int core_calls, fail_core_call;

static bool core_call_fails(void)
{
    return ++core_calls == fail_core_call;
}

static int get_core(void *context, uint64_t offset, void *bytes, size_t n)
{
    (void)context;
    if (core_call_fails() || offset > sizeof(core) || n > sizeof(core) - offset)
        return -XEN_EIO;
    memcpy(bytes, core + offset, n);
    return 0;
}

static int put_core(void *context, uint64_t offset, const void *bytes, size_t n)
{
    (void)context;
    if (core_call_fails())
        return -XEN_ENOSPC;
    assert_true(offset <= sizeof(core) - n);
    memcpy(core + offset, bytes, n);
    return 0;
}

static int add_view(void)
{
    const struct ts_core_file file = { NULL, get_core, put_core };

    core_calls = 0;
    err = (struct ts_err){ 0 };
    return ts_core_add_view(&file, &err);
}

static const Elf64_Ehdr *header(void)
{
    return (const void *)core;
}

static uint64_t nr_headers(void)
{
    const Elf64_Shdr *first = (const void *)(core + header()->e_shoff);

    return header()->e_phnum == PN_XNUM ? first->sh_info : header()->e_phnum;
}

static const Elf64_Phdr *headers(void)
{
    return (const void *)(core + header()->e_phoff);
}

static uint64_t root_mfn(void)
{
    return fake_context(1)->ctrlreg[3] >> 12;
}

/* By the domain's page tables. */
static uint64_t frame_at(uint64_t address)
{
    uint64_t mfn = root_mfn();

    for (int shift = 39; shift >= 12; shift -= 9) {
        uint64_t entry = ((uint64_t *)fake_frame(mfn))[address >> shift & 511];

        assert_true(entry & 1);
        mfn = FRAME_OF(entry);
    }
    return mfn;
}

static void check_load(const Elf64_Phdr *load)
{
    assert_int_equal(load->p_type, PT_LOAD);
    assert_int_equal(load->p_filesz, load->p_memsz);
    assert_true(load->p_filesz);
    for (uint64_t at = 0; at < load->p_filesz; at += TS_PAGE_SIZE)
        assert_memory_equal(core + load->p_offset + at,
                            fake_frame(frame_at(load->p_vaddr + at)), TS_PAGE_SIZE);
}

/* Returns how many pages are mapped. */
static uint64_t check_loads(void)
{
    uint64_t pages = 0;

    for (uint64_t i = 1; i < nr_headers(); i++) {
        check_load(&headers()[i]);
        pages += headers()[i].p_filesz / TS_PAGE_SIZE;
        if (i > 1 && (headers()[i].p_vaddr ^ headers()[i - 1].p_vaddr) >> 63)
            assert_true(headers()[i].p_vaddr < headers()[i - 1].p_vaddr);
        else if (i > 1)
            assert_true(headers()[i].p_vaddr >=
                        headers()[i - 1].p_vaddr + headers()[i - 1].p_memsz);
    }
    return pages;
}

static void addresses_are_the_domains(void **state)
{
    const struct vcpu_guest_context *c = fake_context(1);
    const Elf64_Phdr *note;
    uint64_t registers[27];
    bool has_start = false;

    (void)state;
    assert_int_equal(dump(), 0);
    assert_int_equal(header()->e_phnum, 0);
    assert_int_equal(add_view(), 0);
    assert_true(check_loads() > 200);
    for (uint64_t i = 1; i < nr_headers(); i++)
        has_start |= c->user_regs.rip - headers()[i].p_vaddr < headers()[i].p_memsz;
    assert_true(has_start);
    note = headers();
    assert_int_equal(note->p_type, PT_NOTE);
    assert_int_equal(note->p_filesz, 20 + 336);
    assert_memory_equal(core + note->p_offset + 12, "CORE", 5);
    memcpy(registers, core + note->p_offset + 20 + 112, sizeof(registers));
    assert_int_equal(registers[16], c->user_regs.rip);
    assert_int_equal(registers[19], c->user_regs.rsp);
}

/* Both halves; the kernel's is the first one. */
static void the_same_tables_again(void **state)
{
    uint64_t *root = fake_frame(root_mfn()), pages;
    unsigned int mapped = 0;

    (void)state;
    assert_int_equal(dump(), 0);
    assert_int_equal(add_view(), 0);
    pages = check_loads();
    while (!(root[mapped] & 1))
        mapped++;
    root[mapped ^ 256] = root[mapped];
    assert_int_equal(dump(), 0);
    assert_int_equal(add_view(), 0);
    assert_int_equal(check_loads(), 2 * pages);
    assert_true(headers()[1].p_vaddr >> 63);
}

/* A table that has itself as an entry, again and again; others' frames; frames that there
 * are not. */
static void tables_that_lie(void **state)
{
    uint64_t *root = fake_frame(root_mfn()), others = 1;

    (void)state;
    for (unsigned int i = 303; i < 500; i++)
        root[i] = root_mfn() << 12 | 1;
    while (fake_frame_owner(others) != 2)
        others++;
    root[300] = root_mfn() << 12 | 1;
    root[301] = others << 12 | 1;
    root[302] = ~0ull;
    assert_int_equal(dump(), 0);
    assert_int_equal(add_view(), 0);
    assert_true(nr_headers() <= 1 + 4 * 512 * 256);
    check_loads();
}

/* More headers than the field for their number can say. */
static void many_headers(void **state)
{
    struct layout layout;
    const struct dump_p2m_entry *e;
    uint64_t *root = fake_frame(root_mfn()), *l3, *l2;

    (void)state;
    assert_int_equal(dump(), 0);
    e = entries(&layout);
    memset(root, 0, TS_PAGE_SIZE);
    l3 = fake_frame(e[100].mfn);
    l2 = fake_frame(e[101].mfn);
    memset(l3, 0, TS_PAGE_SIZE);
    memset(l2, 0, TS_PAGE_SIZE);
    root[256] = e[100].mfn << 12 | 1;
    l3[5] = e[101].mfn << 12 | 1;
    for (unsigned int t = 0; t < 130; t++) {
        uint64_t *l1 = fake_frame(e[102 + t].mfn);

        l2[t] = e[102 + t].mfn << 12 | 1;
        for (unsigned int i = 0; i < 512; i++)
            l1[i] = e[i % 2 * 2].mfn << 12 | 1;
    }
    assert_int_equal(dump(), 0);
    assert_int_equal(add_view(), 0);
    assert_int_equal(header()->e_phnum, PN_XNUM);
    assert_int_equal(nr_headers(), 1 + 130 * 512);
    assert_int_equal(check_loads(), 130 * 512);
}

/* The core is as it was, but for what is behind it. */
static void no_room_for_headers(void **state)
{
    (void)state;
    assert_int_equal(dump(), 0);
    for (fail_core_call = 1;; fail_core_call++) {
        int rc = add_view();

        assert_int_equal(rc, err.code);
        if (!rc)
            break;
        assert_true(rc == -XEN_EIO || rc == -XEN_ENOSPC);
        assert_int_equal(header()->e_phnum, 0);
    }
    assert_true(fail_core_call > 10);
    fail_core_call = 0;
    assert_int_equal(dump(), 0);
    for (unsigned long n = 1;; n++) {
        fake_fail_alloc_at(n);
        if (!add_view())
            break;
        assert_int_equal(err.code, -XEN_ENOMEM);
        assert_int_equal(header()->e_phnum, 0);
    }
    fake_fail_alloc_at(0);
}

static void files_that_are_no_cores(void **state)
{
    (void)state;
    memset(core, 0, sizeof(core));
    assert_int_equal(add_view(), -XEN_EINVAL);
    assert_int_equal(dump(), 0);
    ((Elf64_Shdr *)(core + 64))[PAGES].sh_size += 8;
    assert_int_equal(add_view(), -XEN_EINVAL);
    assert_int_equal(dump(), 0);
    ((Elf64_Shdr *)(core + 64))[P2M].sh_offset = ~0ull - 5;
    assert_int_equal(add_view(), -XEN_EIO);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, user_stop)
    const struct CMUnitTest tests[] = {
        TEST(all_memory_is_there),
        TEST(one_that_goes_on),
        TEST(others_frames_are_left_out),
        TEST(no_more_pages_than_the_domain_has),
        TEST(few_holes),
        TEST(a_long_empty_list),
        TEST(lists_that_are_none),
        TEST(a_domain_that_has_ended),
        TEST(addresses_are_the_domains),
        TEST(the_same_tables_again),
        TEST(tables_that_lie),
        TEST(many_headers),
        TEST(no_room_for_headers),
        TEST(files_that_are_no_cores),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
