/* SPDX-License-Identifier: MIT */
/*
 * Domains from packed kernels: the manager unpacks them, may be watched and stopped while
 * it does so, and keeps nothing of what failed.
 */
#include "test.h"
#include "ts_fake.h"

#include <stdlib.h>
#include <abi/sched.h>
#include <zlib.h>

#define ROOM (1u << 20)

static struct ts_manager *manager;
static uint8_t packed[ROOM], not_a_kernel[ROOM];
static size_t packed_size, not_a_kernel_size;

static size_t gzip(const void *data, size_t n, uint8_t *to)
{
    z_stream z = { .next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)n };

    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY),
                     Z_OK);
    z.next_out = to;
    z.avail_out = ROOM;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return z.total_out;
}

static int start(void **state)
{
    static const char text[] = "This is no kernel, but may have been one";
    size_t size;
    const void *kernel = fake_kernel(&size);

    (void)state;
    packed_size = gzip(kernel, size, packed);
    not_a_kernel_size = gzip(text, sizeof(text), not_a_kernel);
    manager = fake_manager_start(4096);
    fake_file("kernel.gz", packed, packed_size);
    fake_file("text.gz", not_a_kernel, not_a_kernel_size);
    fake_file("cut.gz", packed, packed_size / 2);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    fake_manager_stop(manager);
    return 0;
}

static struct ts_config config_of(const char *kernel)
{
    struct ts_config config;

    ts_config_init(&config);
    strcpy(config.name, "guest");
    config.kernel = kernel;
    config.memory_kib = 256;
    return config;
}

static void a_packed_kernel_is_as_good(void **state)
{
    struct ts_kernel plain, opened;
    struct ts_err err = { 0 };
    size_t size;
    const void *kernel = fake_kernel(&size);

    (void)state;
    assert_int_equal(ts_kernel_open(NULL, kernel, size, NULL, &plain, &err), 0);
    assert_int_equal(ts_kernel_open(NULL, packed, packed_size, NULL, &opened, &err), 0);
    assert_null(plain.unpacked);
    assert_int_equal(plain.payload.packing, TS_PACKING_NONE);
    assert_int_equal(opened.payload.packing, TS_PACKING_GZIP);
    assert_int_equal(opened.size, size);
    assert_memory_equal(opened.data, kernel, size);
    assert_int_equal(opened.entry, plain.entry);
    ts_kernel_close(&plain);
    ts_kernel_close(&opened);
}

static void a_domain_is_made_and_made_again(void **state)
{
    struct ts_config config = config_of("kernel.gz");
    struct ts_err err = { 0 };
    domid_t id;

    (void)state;
    assert_int_equal(ts_domain_create(manager, &config, &id, &err), 0);
    assert_true(fake_is_running(id));
    fake_domain_ends(id, SHUTDOWN_reboot);
    assert_false(ts_manager_domains_changed(manager));
    assert_int_equal(fake_nr_domains(), 1);
    assert_int_equal(
        ts_domain_destroy(manager, ts_domain_by_name(manager, "guest")->id, &err), 0);
}

static void expect_refusal(const char *kernel, const char *why)
{
    struct ts_config config = config_of(kernel);
    struct ts_err err = { 0 };
    domid_t id;

    assert_int_equal(ts_domain_create(manager, &config, &id, &err), -XEN_ENOEXEC);
    assert_ptr_equal(strstr(err.text, why), err.text);
    assert_int_equal(fake_nr_domains(), 0);
}

static void what_is_no_kernel_is_refused(void **state)
{
    (void)state;
    expect_refusal("text.gz", "text.gz is not an ELF file");
    expect_refusal("cut.gz", "cut.gz is cut off or corrupt: ");
}

/* While the kernel is unpacked somebody else makes a domain of that name. */
static bool make_another(void *context, uint64_t done, uint64_t total)
{
    struct ts_config config = config_of("kernel");
    domid_t *id = context;

    (void)done, (void)total;
    if (!*id)
        assert_int_equal(ts_domain_create(manager, &config, id, NULL), 0);
    return true;
}

static void others_may_be_faster(void **state)
{
    struct ts_config config = config_of("kernel.gz");
    struct ts_err err = { 0 };
    domid_t other = 0, id;
    const struct ts_progress progress = { make_another, &other };

    (void)state;
    assert_int_equal(ts_domain_create_watched(manager, &config, &progress, &id, &err),
                     -XEN_EEXIST);
    assert_int_equal(fake_nr_domains(), 1);
    assert_int_equal(ts_domain_destroy(manager, other, &err), 0);
}

static bool give_up(void *context, uint64_t done, uint64_t total)
{
    (void)context, (void)done, (void)total;
    return false;
}

static void it_may_be_given_up(void **state)
{
    const struct ts_progress progress = { give_up, NULL };
    struct ts_config config = config_of("kernel.gz");
    struct ts_err err = { 0 };
    domid_t id;

    (void)state;
    assert_int_equal(ts_domain_create_watched(manager, &config, &progress, &id, &err),
                     -XEN_EINTR);
    assert_non_null(strstr(err.text, "has been interrupted"));
    assert_int_equal(fake_nr_domains(), 0);
}

static void every_allocation_fails(void **state)
{
    struct ts_config config = config_of("kernel.gz");
    int rc = -XEN_ENOMEM;
    domid_t id;

    (void)state;
    for (unsigned long n = 1; rc; n++) {
        struct ts_err err = { 0 };

        fake_fail_alloc_at(n);
        rc = ts_domain_create(manager, &config, &id, &err);
        fake_fail_alloc_at(0);
        if (!rc)
            break;
        assert_int_equal(rc, -XEN_ENOMEM);
        assert_int_equal(fake_nr_domains(), 0);
        assert_int_equal(fake_loaded_files(), 0);
        assert_true(n < 1000);
    }
    assert_int_equal(ts_domain_destroy(manager, id, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_packed_kernel_is_as_good, start, stop),
        cmocka_unit_test_setup_teardown(a_domain_is_made_and_made_again, start, stop),
        cmocka_unit_test_setup_teardown(what_is_no_kernel_is_refused, start, stop),
        cmocka_unit_test_setup_teardown(others_may_be_faster, start, stop),
        cmocka_unit_test_setup_teardown(it_may_be_given_up, start, stop),
        cmocka_unit_test_setup_teardown(every_allocation_fails, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
