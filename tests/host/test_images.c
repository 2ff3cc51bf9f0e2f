/* SPDX-License-Identifier: MIT */
/* The control domain's store of clients' files: sharing, references, limits. */
#include "test.h"

#include "../../mini-os/apps/control-domain/images.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIB ((size_t)1024)

static int start(void **state)
{
    (void)state;
    images_init(120 * KIB);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    while (images_drop())
        ;
    return 0;
}

static const uint8_t *digest(uint8_t n)
{
    static uint8_t bytes[TS_DIGEST_BYTES];

    memset(bytes, n, sizeof(bytes));
    return bytes;
}

/* An image of size bytes, all n, with one reference. */
static struct image *make(uint8_t n, size_t size)
{
    struct ts_err err = { 0 };
    struct image *image = image_create("file", size, digest(n), NULL, &err);
    unsigned char *bytes;

    if (!image)
        return NULL;
    bytes = malloc(size + 1);
    assert_non_null(bytes);
    memset(bytes, n, size + 1);
    image_append(image, bytes, size / 2);
    image_append(image, bytes, size - size / 2 + 1); /* one too many */
    free(bytes);
    return image_complete(image);
}

static void test_an_incomplete_image_is_nobody_elses(void **state)
{
    struct ts_err err = { 0 };
    struct image *image = image_create("a", 10, digest(1), NULL, &err);
    char name[32];

    (void)state;
    image_name(image, "a", name, sizeof(name));
    assert_null(image_find(digest(1), NULL));
    assert_null(image_named(name));
    image_put(image);
    assert_null(image_find(digest(1), NULL));
    assert_false(images_drop());
}

static void test_equal_content_is_there_once(void **state)
{
    struct ts_err err = { 0 };
    struct image *one = image_create("a", 3, digest(1), NULL, &err);
    struct image *two = image_create("b", 3, digest(1), NULL, &err);

    (void)state;
    image_append(one, "abc", 3);
    image_append(two, "abc", 3);
    assert_ptr_equal(image_complete(two), two);
    assert_ptr_equal(image_complete(one), two);
    assert_ptr_equal(image_find(digest(1), NULL), two);
    assert_memory_equal(image_bytes(two), "abc", 3);
    for (int i = 0; i < 3; i++)
        image_put(two);
    assert_true(images_drop());
    assert_false(images_drop());
}

static struct image *make_instead(uint8_t n, uint8_t of)
{
    uint8_t other[TS_DIGEST_BYTES];
    struct ts_err err = { 0 };
    struct image *image;

    memcpy(other, digest(of), sizeof(other));
    image = image_create("file", 0, digest(n), other, &err);
    return image_complete(image);
}

static void test_an_image_stands_for_a_file(void **state)
{
    struct image *image = make_instead(1, 2), *plain = make(3, 5);
    uint8_t other[TS_DIGEST_BYTES];

    (void)state;
    assert_ptr_equal(image_find(digest(2), NULL), image);
    assert_ptr_equal(image_find(digest(1), NULL), image);
    memcpy(other, digest(4), sizeof(other));
    assert_ptr_equal(image_find(digest(3), other), plain);
    assert_ptr_equal(image_find(digest(4), NULL), plain);
    assert_ptr_equal(image_find(digest(1), other), image); /* it has one already */
    assert_ptr_equal(image_find(digest(2), NULL), image);
    for (int i = 0; i < 5; i++)
        image_put(image);
    for (int i = 0; i < 3; i++)
        image_put(plain);
}

static void test_content_that_is_there_stands_for_it(void **state)
{
    struct image *image = make(1, 0);

    (void)state;
    assert_ptr_equal(make_instead(1, 2), image);
    assert_ptr_equal(image_find(digest(2), NULL), image);
    for (int i = 0; i < 3; i++)
        image_put(image);
}

static void test_names_lead_to_images(void **state)
{
    struct image *image = make(1, 5);
    char name[64], longer[80];

    (void)state;
    image_name(image, "/a b/c", name, sizeof(name));
    assert_int_equal(image_name(image, "/a b/c", NULL, 0), strlen(name));
    assert_non_null(strstr(name, "/a b/c"));
    assert_ptr_equal(image_named(name), image);
    assert_ptr_equal(image_of(image_bytes(image)), image);
    assert_null(image_of(name));
    snprintf(longer, sizeof(longer), "x%s", name);
    assert_null(image_named(longer));
    assert_null(image_named("sent/"));
    assert_null(image_named("sent/0/a"));
    assert_null(image_named("sent/99999999999999999999999/a"));
    *strrchr(name, ' ') = '\0';
    *strchr(name + 5, '/') = '\0';
    assert_null(image_named(name));
    image_put(image);
}

static void test_the_longest_unused_makes_room(void **state)
{
    struct image *one = make(1, 30 * KIB), *two = make(2, 30 * KIB), *three;

    (void)state;
    image_put(two);
    image_put(one);
    three = make(3, 60 * KIB);
    assert_non_null(three);
    assert_null(image_find(digest(2), NULL));
    assert_ptr_equal(image_find(digest(1), NULL), one);
    assert_null(make(4, 60 * KIB)); /* both are in use, and what is unused stays */
    image_put(three);
    three = make(4, 60 * KIB);
    assert_non_null(three);
    image_put(three);
    image_put(one);
}

static void test_what_is_refused_is_said(void **state)
{
    struct ts_err err = { 0 };

    (void)state;
    assert_null(image_create("big", 120 * KIB, digest(1), NULL, &err));
    assert_int_equal(err.code, -XEN_ENOSPC);
    assert_string_equal(err.text, "no room for \"big\": files may take 120 KiB here");
    assert_null(image_create("huge", UINT64_MAX, digest(1), NULL, &err));
    assert_int_equal(err.code, -XEN_ENOSPC);
}

/* Empty files are not for nothing. */
static void test_the_number_of_images_is_bounded(void **state)
{
    struct image *image[20] = { NULL };
    unsigned int count = 0;

    (void)state;
    images_init(80 * KIB);
    while (count < 20 && (image[count] = make((uint8_t)count, 0)))
        count++;
    assert_int_equal(count, 10);
    while (count)
        image_put(image[--count]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_incomplete_image_is_nobody_elses, start,
                                        clear),
        cmocka_unit_test_setup_teardown(test_equal_content_is_there_once, start, clear),
        cmocka_unit_test_setup_teardown(test_an_image_stands_for_a_file, start, clear),
        cmocka_unit_test_setup_teardown(test_content_that_is_there_stands_for_it, start,
                                        clear),
        cmocka_unit_test_setup_teardown(test_names_lead_to_images, start, clear),
        cmocka_unit_test_setup_teardown(test_the_longest_unused_makes_room, start, clear),
        cmocka_unit_test_setup_teardown(test_what_is_refused_is_said, start, clear),
        cmocka_unit_test_setup_teardown(test_the_number_of_images_is_bounded, start,
                                        clear),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
