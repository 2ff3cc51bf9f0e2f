/* SPDX-License-Identifier: MIT */
/* A domain's configuration made of any bytes; what follows a zero byte is a setting of
 * the command line. */
#include <ts/config.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct ts_config defaults = { .vcpus = 1 };
    struct ts_domain_config config;
    struct ts_err err = { 0 };
    const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
    size_t n = zero ? (size_t)(zero - data) : size;
    char *setting = strndup(zero ? (const char *)zero + 1 : "", zero ? size - n - 1 : 0);
    const char *more[1] = { setting };
    int rc;

    if (!setting)
        return 0;
    rc = ts_domain_config_parse("f", (const char *)data, n, more, zero ? 1 : 0, &defaults,
                                &config, &err);
    assert(rc == err.code);
    assert(memchr(err.text, 0, sizeof(err.text)) && !strchr(err.text, '\n'));
    if (!rc) {
        assert(config.domain.name[0] && config.domain.kernel && config.domain.vcpus);
        for (unsigned int i = 0; i < config.disks.n; i++)
            assert(config.disks.text[i]);
        ts_domain_config_free(&config);
    }
    free(setting);
    return 0;
}
