/* SPDX-License-Identifier: MIT */
/* BLAKE2b against `b2sum -l 256`, whole and in pieces. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include <ts/digest.h>

static void assert_hex(const uint8_t digest[TS_DIGEST_BYTES], const char *expected)
{
    char hex[2 * TS_DIGEST_BYTES + 1];

    for (unsigned int i = 0; i < TS_DIGEST_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    assert_string_equal(hex, expected);
}

/* n times 'a' */
static const struct {
    size_t n;
    const char *digest;
} known[] = {
    { 0, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8" },
    { 3, "c8ed3cbe4acb99aeb94515ad89a6228f3f5d8f82dec429df135adafcea639416" },
    { 127, "59e2f1aba240f20aa591016f5ef429990bc9c2131dcd0d30f0ffd75ed18f317d" },
    { 128, "ae2aa48507885c4c950fb809b2076f959cde9f8ea6da260d9a3587df33dac450" },
    { 129, "2f64744a6de0d2c0b56e64cf6e29a5aaa255010d415d51c75ccc82f73dccd865" },
    { 256, "eae4d3a7627549b383179dc18049964f91a6fed14c9f3fb26705eda3eeda5558" },
    { 257, "496943de3c8b1458635ee30c15bb26cede6957abdd28f0a860cdaf967116c747" },
    { 1000, "e00b0ddbf1e2cdaf5c898e1a5e8826ea3a2c339bcf2a478da2e5fca9ff126672" },

};

static void known_digests(void **state)
{
    static char bytes[1000];
    uint8_t digest[TS_DIGEST_BYTES];

    (void)state;
    memset(bytes, 'a', sizeof(bytes));
    for (unsigned int i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        ts_digest_of(bytes, known[i].n, digest);
        assert_hex(digest, known[i].digest);
    }
}

static void pieces_make_no_difference(void **state)
{
    static char bytes[1000];
    uint8_t digest[TS_DIGEST_BYTES];

    (void)state;
    memset(bytes, 'a', sizeof(bytes));
    for (size_t piece = 1; piece < 300; piece++) {
        struct ts_digest d;

        ts_digest_begin(&d);
        for (size_t at = 0; at < sizeof(bytes); at += piece)
            ts_digest_add(&d, bytes + at,
                          piece < sizeof(bytes) - at ? piece : sizeof(bytes) - at);
        ts_digest_end(&d, digest);
        assert_hex(digest, known[sizeof(known) / sizeof(known[0]) - 1].digest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_digests),
        cmocka_unit_test(pieces_make_no_difference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
