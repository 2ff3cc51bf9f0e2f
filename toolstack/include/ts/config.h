/* SPDX-License-Identifier: MIT */
/*
 * A domain's configuration as xl writes it, into the structure that the manager takes.
 *
 *   file    = { setting ( newline | ';' ) }, with # comments; '\' at the end of a line
 *             joins it with the next
 *   setting = key ( '=' | '+=' ) value          the last setting of a key counts;
 *                                               += appends to a string or a list
 *   value   = "text" | 'text' | number | '[' value { ',' value } [ ',' ] ']'
 *
 * Numbers are decimal, 0octal or 0xhex; one in quotes is as good. Settings from the
 * command line come after the file's; there, text needs no quotes. Each mistake is
 * reported in one line that names file and line; the first one ends the reading.
 */
#ifndef TS_CONFIG_H
#define TS_CONFIG_H

#include <ts/manage.h>

#define TS_CONFIG_MAX_BYTES (64u << 10)

struct ts_config_pool;

/* Texts in the order given. */
struct ts_strings {
    const char *const *text;
    unsigned int n;
};

/* What a file says. All strings live until ts_domain_config_free(). */
struct ts_domain_config {
    struct ts_config domain;
    /* Device specifications as written: what they mean is the devices' to say. */
    struct ts_strings disks, vifs;
    struct ts_config_pool *pool;
};

/*
 * Reads a configuration. source: the file's name for messages; text: its n bytes; more:
 * nr "key=value" of the command line; defaults: what holds for all that is not mentioned
 * (ts_config_init()). name and kernel must be known at the end. Returns 0, or with err
 * filled in and nothing to free:
 *   -XEN_EINVAL     syntax, unknown key, wrong type or value, something missing
 *   -XEN_EOPNOTSUPP a key or value that xl knows and this tool does not support
 *   -XEN_E2BIG      longer than TS_CONFIG_MAX_BYTES
 *   -XEN_ENOMEM
 */
int ts_domain_config_parse(const char *source, const char *text, size_t n,
                           const char *const *more, unsigned int nr,
                           const struct ts_config *defaults,
                           struct ts_domain_config *config, struct ts_err *err);

void ts_domain_config_free(struct ts_domain_config *config);

/* "destroy", "restart", ...: as in `on_crash`. */
const char *ts_action_name(enum ts_action action);

/*
 * Physical CPUs as `cpus` and vcpu-pin name them: "all", or numbers, ranges "2-5" and
 * exclusions "^3" separated by commas, from left to right. Returns 0 or -XEN_EINVAL (not
 * of that form, a number above TS_MAX_CPUS - 1, or no CPU left).
 */
int ts_cpu_set_parse(const char *text, struct ts_cpu_set *set);

/* 32 hex digits, with or without '-' between bytes. Returns 0 or -XEN_EINVAL. */
int ts_uuid_parse(const char *text, uint8_t uuid[TS_UUID_BYTES]);

#endif
