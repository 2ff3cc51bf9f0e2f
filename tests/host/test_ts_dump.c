/* SPDX-License-Identifier: MIT */
/*
 * Cores: what is in them, and domains that lie about where their memory is. What readers
 * of the format see is checked on a real machine (tests/system/test_tool_dump.py).
 */
#include "cli_user.h"
#include "test.h"
#include "ts_fake.h"

#include "../../toolstack/dump/dump.h"

static const char hello_cfg[] = "name='hello'\nkernel='kernel'\nmemory=1\n";
static struct ts_dump_result result;
static struct ts_err err;
static uint8_t core[4u << 20];
static unsigned int turns, fail_turn;

static int put(void *context, uint64_t offset, const void *bytes, size_t n,
               struct ts_err *why)
{
    (void)context, (void)why;
    assert_int_equal(fake_pause_count(1), 1);
    assert_true(n && offset <= sizeof(core) - n);
    memcpy(core + offset, bytes, n);
    return 0;
}

static int turn(void *context, struct ts_err *why)
{
    (void)context;
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
    rc = ts_dump_core(fake_hv(), 1, &file, &result, &err);
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
    layout_make(layout, info.max_vcpu_id + 1, info.nr_pages);
    return (const void *)(core + layout->p2m);
}

/* Every page is there under its pfn; in all n. */
static void check_pages(uint64_t n)
{
    struct layout layout;
    const struct dump_p2m_entry *e = entries(&layout);

    assert_int_equal(result.pages, n);
    for (uint64_t i = 0; i < n; i++) {
        assert_int_equal(fake_frame_owner(e[i].mfn), 1);
        assert_int_equal(fake_m2p(e[i].mfn), e[i].pfn);
        assert_memory_equal(core + layout.pages + i * TS_PAGE_SIZE, fake_frame(e[i].mfn),
                            TS_PAGE_SIZE);
    }
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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, user_stop)
    const struct CMUnitTest tests[] = {
        TEST(all_memory_is_there),
        TEST(others_frames_are_left_out),
        TEST(no_more_pages_than_the_domain_has),
        TEST(a_long_empty_list),
        TEST(lists_that_are_none),
        TEST(a_domain_that_has_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
