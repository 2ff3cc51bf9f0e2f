/* SPDX-License-Identifier: MIT */
/*
 * Packed kernels: data is packed by the programs that Linux' build uses, with its options,
 * put into a bzImage and unpacked again; whatever is cut off, changed or interrupted is
 * refused, and leaves no memory behind (the sanitizer looks).
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ts/unpack.h>

#include "ts_alloc.h"
#include "ts_fake.h"

#define PLAIN_SIZE (3u << 20)
#define SETUP      1024 /* boot sector and one more */
#define HEADER     0x1f1

struct packer {
    const char *name, *command;
    enum ts_packing packing;
    bool has_checksum; /* every changed byte is noticed */
};

static const struct packer packers[] = {
    { "gzip", "gzip -n -9 -c", TS_PACKING_GZIP, true },
    { "lzma", "xz --format=lzma -6 -c", TS_PACKING_LZMA, false },
    { "xz", "xz --check=crc32 --x86 --lzma2=preset=6,dict=32MiB -c", TS_PACKING_XZ,
      true },
    { "xz without a filter", "xz --check=sha256 -1 -c", TS_PACKING_XZ, true },
    { "xz, blocks", "xz --check=crc64 -1 --block-size=700001 -c", TS_PACKING_XZ, true },
    { "xz, threads", "xz --x86 --lzma2=preset=1 -T2 --block-size=1MiB -c", TS_PACKING_XZ,
      true },
    { "xz, unchecked blocks", "xz --check=none -1 --block-size=123456 -c", TS_PACKING_XZ,
      false },
    { "xz, streams", "split -b 1000000 --filter='xz --x86 --lzma2=preset=1 -c' -",
      TS_PACKING_XZ, true },
    { "bzip2", "bzip2 -9 -c", TS_PACKING_BZIP2, true },
    { "bzip2, streams", "split -b 500000 --filter='bzip2 -1 -c' -", TS_PACKING_BZIP2,
      true },
    { "lzo", "lzop -9 -c", TS_PACKING_LZO, false },
    { "lzo, fast", "lzop -1 -c", TS_PACKING_LZO, false },
    { "lz4", "lz4 -l -9 -c -q", TS_PACKING_LZ4, false },
    { "zstd", "zstd -19 -c -q", TS_PACKING_ZSTD, true },
    { "zstd, long", "zstd -3 --long=27 --check -c -q", TS_PACKING_ZSTD, true },
};

#define NR_PACKERS (sizeof(packers) / sizeof(packers[0]))

static uint8_t plain[PLAIN_SIZE], room[PLAIN_SIZE + 16];

/* A bzImage around packed bytes, or a file as it is. */
struct image {
    uint8_t *bytes;
    size_t size;
};

static struct image images[NR_PACKERS];

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

/* Text-like, code-like, equal and random stretches. */
static void make_plain(void)
{
    uint32_t state = 1;
    size_t i = 0;

    while (i < PLAIN_SIZE) {
        size_t n = next_random(&state) % 5000, kind = next_random(&state) % 5;

        for (; n && i < PLAIN_SIZE; n--, i++) {
            uint32_t r = next_random(&state);

            plain[i] = (uint8_t)(kind == 0   ? 0
                                 : kind == 1 ? r
                                 : kind == 2 ? 'a' + r % 6
                                 : kind == 3 ? (i % 5 ? r % 3 : 0xe8)
                                             : plain[i > 40000 ? i - 40000 + r % 2 : 0]);
        }
    }
}

static void put32(uint8_t *p, uint32_t value)
{
    memcpy(p, &value, 4);
}

static struct image wrap(const uint8_t *packed, size_t n, bool has_own_size)
{
    struct image image = { calloc(1, SETUP + n + 4), SETUP + n + 4 };

    assert_non_null(image.bytes);
    image.bytes[HEADER] = SETUP / 512 - 1;
    memcpy(image.bytes + 0x202, "HdrS", 4);
    image.bytes[0x206] = 0x0f;
    image.bytes[0x207] = 0x02;
    image.bytes[0x20e] = 0x90; /* the version at 0x290 */
    strcpy((char *)image.bytes + 0x290, "6.1.0-test (someone@somewhere)");
    memcpy(image.bytes + SETUP, packed, n);
    put32(image.bytes + SETUP + n, PLAIN_SIZE);
    put32(image.bytes + 0x248, 0);
    put32(image.bytes + 0x24c, (uint32_t)(n + (has_own_size ? 0 : 4)));
    return image;
}

static uint8_t *pack(const char *folder, const struct packer *p, size_t *n)
{
    char command[512];
    uint8_t *packed = malloc(2 * PLAIN_SIZE);
    FILE *out;

    snprintf(command, sizeof(command), "%s <%s/plain", p->command, folder);
    out = popen(command, "r");
    assert_non_null(out);
    *n = fread(packed, 1, 2 * PLAIN_SIZE, out);
    if (pclose(out))
        fail_msg("\"%s\" does not work", p->command);
    return packed;
}

static int make_images(void **state)
{
    char folder[] = "/tmp/ts_unpack.XXXXXX", name[64];
    FILE *file;

    (void)state;
    make_plain();
    assert_non_null(mkdtemp(folder));
    snprintf(name, sizeof(name), "%s/plain", folder);
    file = fopen(name, "w");
    assert_int_equal(fwrite(plain, 1, PLAIN_SIZE, file), PLAIN_SIZE);
    fclose(file);
    for (size_t i = 0; i < NR_PACKERS; i++) {
        size_t n;
        uint8_t *packed = pack(folder, &packers[i], &n);

        images[i] = wrap(packed, n, packers[i].packing == TS_PACKING_GZIP);
        free(packed);
    }
    remove(name);
    remove(folder);
    return 0;
}

static int free_images(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR_PACKERS; i++)
        free(images[i].bytes);
    return 0;
}

/* Finds the payload and unpacks it. */
static int unpack_file(const uint8_t *bytes, size_t size,
                       const struct ts_progress *progress, struct ts_err *err)
{
    struct ts_payload payload;
    int rc = ts_payload_find(bytes, size, &payload, err);

    if (rc)
        return rc;
    if (payload.unpacked_size != PLAIN_SIZE)
        return ts_fail(err, -XEN_ENOEXEC, "is of another size");
    return ts_unpack(&payload, room, PLAIN_SIZE, progress, err);
}

static void every_packing_is_unpacked(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR_PACKERS; i++) {
        struct ts_payload payload;
        struct ts_err err = { 0 };

        memset(room, 0x55, sizeof(room));
        assert_int_equal(ts_payload_find(images[i].bytes, images[i].size, &payload, &err),
                         0);
        assert_int_equal(payload.packing, packers[i].packing);
        assert_true(payload.is_bzimage);
        assert_string_equal(payload.version, "6.1.0-test (someone@somewhere)");
        if (unpack_file(images[i].bytes, images[i].size, NULL, &err))
            fail_msg("%s: %s", packers[i].name, err.text);
        assert_memory_equal(room, plain, PLAIN_SIZE);
        assert_int_equal(room[PLAIN_SIZE], 0x55);
    }
}

static void a_gzip_file_needs_no_bzimage(void **state)
{
    struct ts_payload payload;
    struct ts_err err = { 0 };

    (void)state;
    assert_int_equal(ts_payload_find(images[0].bytes + SETUP, images[0].size - SETUP - 4,
                                     &payload, &err),
                     0);
    assert_int_equal(payload.packing, TS_PACKING_GZIP);
    assert_false(payload.is_bzimage);
    assert_int_equal(ts_unpack(&payload, room, PLAIN_SIZE, NULL, &err), 0);
    assert_memory_equal(room, plain, PLAIN_SIZE);
}

static void what_is_cut_off_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR_PACKERS; i++) {
        for (size_t part = 0; part < 24; part++) {
            size_t n = images[i].size * part / 24;
            uint8_t *copy = malloc(n ? n : 1); /* the sanitizer guards its end */
            struct ts_payload payload;
            struct ts_err err = { 0 };

            memcpy(copy, images[i].bytes, n);
            if (n >= 0x250)
                assert_int_equal(unpack_file(copy, n, NULL, &err), -XEN_ENOEXEC);
            else
                assert_int_equal(ts_payload_find(copy, n, &payload, &err), 0);
            free(copy);
        }
    }
}

/* The header is right, but the payload ends early. */
static void a_short_payload_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR_PACKERS; i++) {
        for (size_t part = 0; part < 12; part++) {
            size_t n = (images[i].size - SETUP - 8) * part / 12;
            uint8_t *copy = malloc(n + 1);
            struct ts_payload payload;
            struct ts_err err = { 0 };

            memcpy(copy, images[i].bytes + SETUP, n);
            payload = (struct ts_payload){ .packing = packers[i].packing,
                                           .data = copy,
                                           .size = n,
                                           .unpacked_size = PLAIN_SIZE };
            assert_int_equal(ts_unpack(&payload, room, PLAIN_SIZE, NULL, &err),
                             -XEN_ENOEXEC);
            assert_non_null(strstr(err.text, "is c"));
            free(copy);
        }
    }
}

static void changed_bytes_do_no_harm(void **state)
{
    uint32_t random = 7;

    (void)state;
    for (size_t i = 0; i < NR_PACKERS; i++) {
        for (unsigned int n = 0; n < 36; n++) {
            size_t at = SETUP + next_random(&random) % (images[i].size - SETUP - 8);
            uint8_t *byte = images[i].bytes + (n < 14 ? SETUP + n : at), old = *byte;
            struct ts_err err = { 0 };
            int rc;

            *byte ^= (uint8_t)(1 + next_random(&random) % 255);
            rc = unpack_file(images[i].bytes, images[i].size, NULL, &err);
            if (packers[i].has_checksum && !rc)
                assert_memory_equal(room, plain, PLAIN_SIZE);
            if (rc)
                assert_true(err.text[0]);
            *byte = old;
        }
    }
}

static void another_size_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR_PACKERS; i++) {
        for (int more = -1; more <= 1; more += 2) {
            struct ts_payload payload;
            struct ts_err err = { 0 };
            size_t n = (size_t)(PLAIN_SIZE + more);

            ts_payload_find(images[i].bytes, images[i].size, &payload, &err);
            memset(room, 0x55, sizeof(room));
            if (packers[i].packing == TS_PACKING_LZMA && more < 0)
                continue; /* without an end mark it is not to be seen */
            if (ts_unpack(&payload, room, n, NULL, &err) != -XEN_ENOEXEC)
                fail_msg("%s of %d more bytes is taken", packers[i].name, more);
            assert_int_equal(room[n], 0x55);
        }
    }
}

static bool count_and_stop(void *context, uint64_t done, uint64_t total)
{
    unsigned int *left = context;

    assert_true(done <= total && total == PLAIN_SIZE);
    return --*left != 0;
}

static void progress_may_stop_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR_PACKERS; i++) {
        for (unsigned int steps = 1; steps <= 3; steps++) {
            unsigned int left = steps;
            const struct ts_progress progress = { count_and_stop, &left };
            struct ts_err err = { 0 };

            if (steps > 1 && (packers[i].packing == TS_PACKING_LZ4 ||
                              packers[i].packing == TS_PACKING_BZIP2))
                continue; /* few blocks */
            assert_int_equal(
                unpack_file(images[i].bytes, images[i].size, &progress, &err),
                -XEN_EINTR);
            assert_int_equal(left, 0);
        }
    }
}

static void check_refused(struct image image, size_t at, const void *bytes, size_t n,
                          const char *why)
{
    uint8_t old[16];
    struct ts_err err = { 0 };

    memcpy(old, image.bytes + at, n);
    memcpy(image.bytes + at, bytes, n);
    assert_int_equal(unpack_file(image.bytes, image.size, NULL, &err), -XEN_ENOEXEC);
    assert_non_null(strstr(err.text, why));
    memcpy(image.bytes + at, old, n);
}

static void bad_images_are_refused(void **state)
{
    static const uint32_t huge = 0xffffffff, none = 0;

    (void)state;
    check_refused(images[2], 0x206, "\x07\x02", 2, "from before Linux 2.6.25");
    check_refused(images[2], 0x248, &huge, 4, "its payload is not complete");
    check_refused(images[2], 0x24c, &huge, 4, "its payload is not complete");
    check_refused(images[2], 0x24c, &none, 4, "its payload is empty");
    check_refused(images[2], SETUP, "what", 4, "in a way that is not known");
    check_refused(images[2], SETUP, "BZh9", 4, "its bzip2 payload cannot be unpacked");
}

/* --- for who sends kernels to another machine --- */

static int repack(const struct image *image, const struct ts_progress *progress,
                  struct image *to, struct ts_err *err)
{
    void *bytes;
    int rc = ts_repack(image->bytes, image->size, progress, &bytes, &to->size, err);

    if (!rc)
        to->bytes = bytes;
    return rc;
}

static void check_repacked(const struct image *image)
{
    struct ts_err err = { 0 };
    struct ts_payload payload;
    struct image other;

    assert_int_equal(repack(image, NULL, &other, &err), 0);
    assert_int_equal(ts_payload_find(other.bytes, other.size, &payload, &err), 0);
    assert_int_equal(payload.packing, TS_PACKING_LZ4);
    assert_string_equal(payload.version, "6.1.0-test (someone@somewhere)");
    assert_false(ts_repack_helps(&payload));
    memset(room, 0x55, sizeof(room));
    assert_int_equal(unpack_file(other.bytes, other.size, NULL, &err), 0);
    assert_memory_equal(room, plain, PLAIN_SIZE);
    free(other.bytes);
}

static void slow_packings_are_repacked(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR_PACKERS; i++) {
        struct ts_err err = { 0 };
        struct image other;

        if (packers[i].packing == TS_PACKING_XZ ||
            packers[i].packing == TS_PACKING_LZMA ||
            packers[i].packing == TS_PACKING_BZIP2)
            check_repacked(&images[i]);
        else
            assert_int_equal(repack(&images[i], NULL, &other, &err), -XEN_EOPNOTSUPP);
    }
}

static void what_cannot_be_repacked_is_refused(void **state)
{
    struct image cut = { images[2].bytes, images[2].size - 1000 }, other;
    struct ts_err err = { 0 };
    uint8_t *byte = images[2].bytes + images[2].size / 2;

    (void)state;
    assert_int_equal(repack(&cut, NULL, &other, &err), -XEN_ENOEXEC);
    *byte ^= 1;
    assert_int_equal(repack(&images[2], NULL, &other, &err), -XEN_ENOEXEC);
    *byte ^= 1;
    cut.size = 100;
    assert_int_equal(repack(&cut, NULL, &other, &err), -XEN_EOPNOTSUPP);
    for (unsigned int at = 1; at < 20; at++) {
        int rc;

        fake_fail_alloc_at(at);
        rc = repack(&images[2], NULL, &other, &err);
        fake_fail_alloc_at(0);
        if (!rc) {
            free(other.bytes);
            assert_true(at > 3);
            return;
        }
        assert_int_equal(rc, -XEN_ENOMEM);
    }
    fail();
}

static void repacking_may_be_stopped(void **state)
{
    (void)state;
    for (unsigned int steps = 1; steps < 1000; steps++) {
        unsigned int left = steps;
        const struct ts_progress progress = { count_and_stop, &left };
        struct ts_err err = { 0 };
        struct image other;
        int rc = repack(&images[2], &progress, &other, &err);

        if (!rc) {
            free(other.bytes);
            assert_true(steps > 10);
            return;
        }
        assert_int_equal(rc, -XEN_EINTR);
    }
    fail();
}

/* --- the cache --- */

static uint64_t allocated;
static unsigned int allocations;

static void *cache_alloc(void *context, size_t size)
{
    uint64_t most = *(uint64_t *)context;

    if (allocated + size > most)
        return NULL;
    allocated += size;
    allocations++;
    return malloc(size);
}

static void cache_free(void *context, void *address, size_t size)
{
    (void)context;
    allocated -= size;
    free(address);
}

static void cache_random(void *context, void *bytes, size_t n)
{
    (void)context;
    memset(bytes, 0xa7, n);
}

static struct ts_unpacker *make_cache(uint64_t *most, uint64_t keep)
{
    const struct ts_unpacker_env env = { most, cache_alloc, cache_free, cache_random,
                                         keep };
    struct ts_unpacker *u = ts_unpacker_create(&env);

    assert_non_null(u);
    allocations = 0;
    return u;
}

static struct ts_unpacked *get(struct ts_unpacker *u, size_t i)
{
    struct ts_unpacked *unpacked;
    struct ts_payload payload;
    struct ts_err err = { 0 };
    int rc;

    assert_int_equal(ts_payload_find(images[i].bytes, images[i].size, &payload, &err), 0);
    rc = ts_unpacked_get(u, &payload, NULL, &unpacked, &err);
    assert_true(!rc == !!unpacked);
    if (rc)
        assert_int_equal(rc, -XEN_ENOMEM);
    else
        assert_memory_equal(unpacked->data, plain, PLAIN_SIZE);
    return unpacked;
}

static void a_kernel_is_unpacked_once(void **state)
{
    uint64_t most = 10 * PLAIN_SIZE;
    struct ts_unpacker *u = make_cache(&most, 2 * PLAIN_SIZE);
    struct ts_unpacked *first = get(u, 0), *again = get(u, 0);
    unsigned int kernels;

    (void)state;
    assert_ptr_equal(first, again);
    assert_int_equal(allocations, 1);
    ts_unpacked_put(first);
    ts_unpacked_put(again);
    assert_int_equal(ts_unpacker_bytes(u, &kernels), PLAIN_SIZE);
    assert_int_equal(kernels, 1);
    ts_unpacked_put(get(u, 1));
    ts_unpacked_put(get(u, 0));
    assert_int_equal(allocations, 2);
    ts_unpacked_put(get(u, 2)); /* the third: 1 was not used for the longest time */
    ts_unpacked_put(get(u, 0));
    assert_int_equal(allocations, 3);
    ts_unpacked_put(get(u, 1));
    assert_int_equal(allocations, 4);
    assert_int_equal(ts_unpacker_bytes(u, &kernels), 2 * PLAIN_SIZE);
    assert_true(ts_unpacker_trim(u, PLAIN_SIZE));
    assert_false(ts_unpacker_trim(u, PLAIN_SIZE));
    ts_unpacker_destroy(u);
    assert_int_equal(allocated, 0);
}

static void kernels_in_use_are_not_forgotten(void **state)
{
    uint64_t most = 2 * PLAIN_SIZE;
    struct ts_unpacker *u = make_cache(&most, 2 * PLAIN_SIZE);
    struct ts_unpacked *a = get(u, 0), *b = get(u, 1);

    (void)state;
    assert_null(get(u, 2));
    assert_false(ts_unpacker_trim(u, 0));
    ts_unpacked_put(a);
    a = get(u, 2); /* in the place of 0 */
    assert_non_null(a);
    ts_unpacked_put(a);
    ts_unpacked_put(b);
    ts_unpacker_destroy(u);
    assert_int_equal(allocated, 0);
}

/* Two kernels that differ in one byte are two. */
static void kernels_are_known_by_content(void **state)
{
    uint64_t most = 10 * PLAIN_SIZE;
    struct ts_unpacker *u = make_cache(&most, most);
    struct ts_payload payload;
    struct ts_unpacked *unpacked;
    struct ts_err err = { 0 };
    uint8_t *name = images[0].bytes + SETUP + 4; /* gzip's time, of no consequence */

    (void)state;
    ts_unpacked_put(get(u, 0));
    for (unsigned int bit = 0; bit < 8; bit++) {
        *name ^= (uint8_t)(1u << bit);
        ts_payload_find(images[0].bytes, images[0].size, &payload, &err);
        assert_int_equal(ts_unpacked_get(u, &payload, NULL, &unpacked, &err), 0);
        ts_unpacked_put(unpacked);
        *name ^= (uint8_t)(1u << bit);
    }
    assert_int_equal(allocations, 9);
    ts_unpacker_destroy(u);
    assert_int_equal(allocated, 0);
}

static void a_size_that_cannot_be_is_refused(void **state)
{
    static const uint32_t huge = 0xffffffff;
    struct image image = images[2];
    struct ts_unpacked *unpacked;
    struct ts_payload payload;
    struct ts_err err = { 0 };

    (void)state;
    put32(image.bytes + image.size - 4, huge);
    ts_payload_find(image.bytes, image.size, &payload, &err);
    assert_int_equal(ts_unpacked_get(NULL, &payload, NULL, &unpacked, &err),
                     -XEN_ENOEXEC);
    assert_non_null(strstr(err.text, "says that it has 4294967295 bytes unpacked"));
    put32(image.bytes + image.size - 4, PLAIN_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_packing_is_unpacked),
        cmocka_unit_test(a_gzip_file_needs_no_bzimage),
        cmocka_unit_test(what_is_cut_off_is_refused),
        cmocka_unit_test(a_short_payload_is_refused),
        cmocka_unit_test(changed_bytes_do_no_harm),
        cmocka_unit_test(another_size_is_refused),
        cmocka_unit_test(progress_may_stop_it),
        cmocka_unit_test(bad_images_are_refused),
        cmocka_unit_test(slow_packings_are_repacked),
        cmocka_unit_test(what_cannot_be_repacked_is_refused),
        cmocka_unit_test(repacking_may_be_stopped),
        cmocka_unit_test(a_kernel_is_unpacked_once),
        cmocka_unit_test(kernels_in_use_are_not_forgotten),
        cmocka_unit_test(kernels_are_known_by_content),
        cmocka_unit_test(a_size_that_cannot_be_is_refused),
    };

    return cmocka_run_group_tests(tests, make_images, free_images);
}
