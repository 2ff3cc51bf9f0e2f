/* SPDX-License-Identifier: MIT */
/*
 * What each key means. A key is a row of the table: its type, its limits, and the field
 * it sets or the function that does so. Keys of xl that are not supported are known by
 * name, so that a misspelt key can be told from them.
 */
#include "internal.h"

#include <stdio.h>
#include <string.h>

#define KIB_PER_MIB 1024
#define MAX_MIB     (1u << 30)

struct target {
    const struct settings *settings;
    struct ts_domain_config *config;
};

struct key {
    const char *name;
    int (*apply)(const struct target *target, const struct key *key,
                 const struct value *v);
    size_t field; /* offset in struct ts_domain_config */
    uint64_t least, most;
};

#define FIELD(member) offsetof(struct ts_domain_config, member)

static void *field_of(const struct target *t, const struct key *key)
{
    return (char *)t->config + key->field;
}

static int wrong_type(const struct target *t, const struct key *key,
                      const struct value *v, const char *wanted)
{
    static const char *const names[] = { "a string", "a number", "a list" };

    return config_fail(t->settings->err, &v->place, -XEN_EINVAL,
                       "\"%s\" takes %s, not %s", key->name, wanted, names[v->kind]);
}

static int wrong_value(const struct target *t, const struct key *key,
                       const struct value *v, const char *wanted)
{
    return config_fail(t->settings->err, &v->place, -XEN_EINVAL,
                       "\"%s\" cannot be \"%.60s\": it is %s", key->name, v->text,
                       wanted);
}

static int apply_string(const struct target *t, const struct key *key,
                        const struct value *v)
{
    if (v->kind == VALUE_LIST)
        return wrong_type(t, key, v, "a string");
    *(const char **)field_of(t, key) = v->text;
    return 0;
}

static int apply_path(const struct target *t, const struct key *key,
                      const struct value *v)
{
    int rc = apply_string(t, key, v);

    if (!rc && !*v->text)
        *(const char **)field_of(t, key) = NULL;
    return rc;
}

static int number_of(const struct target *t, const struct key *key, const struct value *v,
                     uint64_t *number)
{
    *number = v->number;
    if (v->kind == VALUE_LIST)
        return wrong_type(t, key, v, "a number");
    if (v->kind == VALUE_STRING && !number_parse(v->text, strlen(v->text), number))
        return wrong_type(t, key, v, "a number");
    if (*number < key->least || *number > key->most)
        return config_fail(t->settings->err, &v->place, -XEN_EINVAL,
                           "\"%s\" is %llu to %llu, not %.30s", key->name,
                           (unsigned long long)key->least, (unsigned long long)key->most,
                           v->text);
    return 0;
}

static int apply_count(const struct target *t, const struct key *key,
                       const struct value *v)
{
    uint64_t number;
    int rc = number_of(t, key, v, &number);

    if (!rc)
        *(unsigned int *)field_of(t, key) = (unsigned int)number;
    return rc;
}

static int apply_mib(const struct target *t, const struct key *key, const struct value *v)
{
    uint64_t number;
    int rc = number_of(t, key, v, &number);

    if (!rc)
        *(uint64_t *)field_of(t, key) = number * KIB_PER_MIB;
    return rc;
}

static int apply_name(const struct target *t, const struct key *key,
                      const struct value *v)
{
    if (v->kind == VALUE_LIST)
        return wrong_type(t, key, v, "a string");
    if (strlen(v->text) >= TS_NAME_MAX)
        return config_fail(t->settings->err, &v->place, -XEN_EINVAL,
                           "\"name\" has at most %u characters", TS_NAME_MAX - 1);
    strcpy(t->config->domain.name, v->text);
    return 0;
}

static int apply_uuid(const struct target *t, const struct key *key,
                      const struct value *v)
{
    if (v->kind == VALUE_LIST)
        return wrong_type(t, key, v, "a string");
    if (ts_uuid_parse(v->text, t->config->domain.uuid))
        return wrong_value(t, key, v, "32 hex digits, with or without \"-\"");
    return 0;
}

static int parse_cpus(const struct target *t, const struct key *key,
                      const struct value *v, struct ts_cpu_set *set)
{
    if (v->kind == VALUE_LIST)
        return wrong_type(t, key, v, "a list of strings");
    if (ts_cpu_set_parse(v->text, set))
        return wrong_value(t, key, v, "CPUs as in \"0-3,^2\", or \"all\"");
    return 0;
}

/* A string for all vCPUs, or a list with one for each of the first. */
static int apply_cpus(const struct target *t, const struct key *key,
                      const struct value *v)
{
    struct ts_affinity *affinity = field_of(t, key);
    struct ts_cpu_set *set;
    int rc = 0;

    *affinity = (struct ts_affinity){ .is_set = v->kind != VALUE_LIST };
    if (affinity->is_set)
        return parse_cpus(t, key, v, &affinity->all);
    set = pool_alloc(t->settings->pool, (v->nr_items + 1) * sizeof(*set));
    if (!set)
        return ts_fail(t->settings->err, -XEN_ENOMEM, "out of memory");
    affinity->vcpu = set;
    affinity->nr_vcpus = v->nr_items;
    for (const struct value *item = v->items; !rc && item; item = item->next)
        rc = parse_cpus(t, key, item, set++);
    return rc;
}

/* Where one text of `cpuid` is, and what it changes behind the first n changes. */
static int add_cpuid(const struct target *t, const struct value *v, bool as_bits,
                     struct ts_cpuid_change *change, unsigned int *n)
{
    struct ts_err why = { 0 };
    int rc = (as_bits ? ts_cpuid_parse_bits : ts_cpuid_parse)(v->text, change, n, &why);

    return rc ? config_fail(t->settings->err, &v->place, rc, "\"cpuid\": %s", why.text)
              : 0;
}

/* A string with names, or a list of strings with bits. */
static int apply_cpuid(const struct target *t, const struct key *key,
                       const struct value *v)
{
    struct ts_cpuid *cpuid = field_of(t, key);
    bool is_list = v->kind == VALUE_LIST;
    struct ts_cpuid_change *change;
    unsigned int room = 0, n = 0;
    int rc = 0;

    for (const struct value *i = is_list ? v->items : v; i;
         i = is_list ? i->next : NULL) {
        if (i->kind != VALUE_STRING)
            return wrong_type(t, key, v, "a string or a list of strings");
        room += ts_cpuid_room(i->text);
    }
    change = pool_alloc(t->settings->pool, (room + 1) * sizeof(*change));
    if (!change)
        return ts_fail(t->settings->err, -XEN_ENOMEM, "out of memory");
    for (const struct value *i = is_list ? v->items : v; !rc && i;
         i = is_list ? i->next : NULL)
        rc = add_cpuid(t, i, is_list, change, &n);
    *cpuid = (struct ts_cpuid){ change, n };
    return rc;
}

/* Reading the TSC is never emulated. */
static int check_tsc_mode(const struct target *t, const struct key *key,
                          const struct value *v)
{
    static const char *const native[] = { "default", "native", "0", "2" };

    if (v->kind == VALUE_LIST)
        return wrong_type(t, key, v, "a string");
    for (size_t i = 0; i < sizeof(native) / sizeof(native[0]); i++)
        if (!strcmp(v->text, native[i]))
            return 0;
    return config_fail(t->settings->err, &v->place, -XEN_EOPNOTSUPP,
                       "\"%s\" can only be \"default\" or \"native\", not \"%.60s\"",
                       key->name, v->text);
}

/* Domains do not migrate, whatever this says. */
static int check_flag(const struct target *t, const struct key *key,
                      const struct value *v)
{
    uint64_t number;

    return number_of(t, key, v, &number);
}

static int apply_type(const struct target *t, const struct key *key,
                      const struct value *v)
{
    static const char *const names[] = { "pv", "generic", "linux" };

    if (v->kind == VALUE_LIST)
        return wrong_type(t, key, v, "a string");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (!strcmp(v->text, names[i]))
            return 0;
    return config_fail(t->settings->err, &v->place, -XEN_EOPNOTSUPP,
                       "\"%s\" can only be \"pv\", not \"%.60s\"", key->name, v->text);
}

static const char *const actions[TS_NR_ACTIONS] = {
    [TS_DESTROY] = "destroy",
    [TS_RESTART] = "restart",
    [TS_PRESERVE] = "preserve",
    [TS_RENAME_RESTART] = "rename-restart",
    [TS_COREDUMP_DESTROY] = "coredump-destroy",
    [TS_COREDUMP_RESTART] = "coredump-restart",
};

const char *ts_action_name(enum ts_action action)
{
    return actions[action];
}

static int apply_action(const struct target *t, const struct key *key,
                        const struct value *v)
{
    if (v->kind == VALUE_LIST)
        return wrong_type(t, key, v, "a string");
    for (size_t i = 0; i < TS_NR_ACTIONS; i++) {
        if (strcmp(v->text, actions[i]))
            continue;
        *(enum ts_action *)field_of(t, key) = (enum ts_action)i;
        return 0;
    }
    return wrong_value(t, key, v,
                       "destroy, restart, preserve, rename-restart, coredump-destroy or "
                       "coredump-restart");
}

static int apply_list(const struct target *t, const struct key *key,
                      const struct value *v)
{
    struct ts_strings *strings = field_of(t, key);
    const char **text;

    if (v->kind != VALUE_LIST)
        return wrong_type(t, key, v, "a list");
    text = pool_alloc(t->settings->pool, (v->nr_items + 1) * sizeof(*text));
    if (!text)
        return ts_fail(t->settings->err, -XEN_ENOMEM, "out of memory");
    strings->text = text;
    strings->n = v->nr_items;
    for (const struct value *item = v->items; item; item = item->next) {
        if (item->kind == VALUE_LIST)
            return wrong_type(t, key, item, "a list of strings");
        *text++ = item->text;
    }
    return 0;
}

/* root and extra, which make up a command line when there is no cmdline. */
static int check_string(const struct target *t, const struct key *key,
                        const struct value *v)
{
    return v->kind == VALUE_LIST ? wrong_type(t, key, v, "a string") : 0;
}

static const struct key keys[] = {
    { "name", apply_name, 0, 0, 0 },
    { "type", apply_type, 0, 0, 0 },
    { "builder", apply_type, 0, 0, 0 },
    { "uuid", apply_uuid, 0, 0, 0 },
    { "kernel", apply_path, FIELD(domain.kernel), 0, 0 },
    { "ramdisk", apply_path, FIELD(domain.ramdisk), 0, 0 },
    { "cmdline", apply_string, FIELD(domain.cmdline), 0, 0 },
    { "root", check_string, 0, 0, 0 },
    { "extra", check_string, 0, 0, 0 },
    { "memory", apply_mib, FIELD(domain.memory_kib), 1, MAX_MIB },
    { "maxmem", apply_mib, FIELD(domain.max_memory_kib), 1, MAX_MIB },
    { "vcpus", apply_count, FIELD(domain.vcpus), 1, 128 },
    { "maxvcpus", apply_count, FIELD(domain.max_vcpus), 1, 128 },
    { "cpus", apply_cpus, FIELD(domain.hard), 0, 0 },
    { "cpus_soft", apply_cpus, FIELD(domain.soft), 0, 0 },
    { "cpuid", apply_cpuid, FIELD(domain.cpuid), 0, 0 },
    { "tsc_mode", check_tsc_mode, 0, 0, 0 },
    { "nomigrate", check_flag, 0, 0, 1 },
    { "cpu_weight", apply_count, FIELD(domain.sched.weight), 1, 65535 },
    { "cap", apply_count, FIELD(domain.sched.cap), 0, 100 * 128 },
    { "event_channels", apply_count, FIELD(domain.max_event_port), 1, 4095 },
    { "max_grant_frames", apply_count, FIELD(domain.max_grant_frames), 1, 64 },
    { "max_maptrack_frames", apply_count, FIELD(domain.max_maptrack_frames), 1, 1024 },
    { "on_poweroff", apply_action, FIELD(domain.on_poweroff), 0, 0 },
    { "on_reboot", apply_action, FIELD(domain.on_reboot), 0, 0 },
    { "on_crash", apply_action, FIELD(domain.on_crash), 0, 0 },
    { "on_watchdog", apply_action, FIELD(domain.on_watchdog), 0, 0 },
    { "on_soft_reset", apply_action, FIELD(domain.on_soft_reset), 0, 0 },
    { "disk", apply_list, FIELD(disks), 0, 0 },
    { "vif", apply_list, FIELD(vifs), 0, 0 },
};

static const char *const not_supported[] = {
    "bootloader",
    "bootloader_args",
    "channel",
    "claim_mode",
    "device_tree",
    "driver_domain",
    "e820_host",
    "firmware",
    "gfx_passthru",
    "init_seclabel",
    "ioports",
    "iomem",
    "irqs",
    "localtime",
    "numa_placement",
    "nodes",
    "p9",
    "passthrough",
    "pci",
    "pool",
    "pvcalls",
    "rdm",
    "rtc_timeoffset",
    "seclabel",
    "usbctrl",
    "usbdev",
    "vfb",
    "vkb",
    "vscsi",
    "vtpm",
    "xend_suspend_evtchn_compat",
};

static const struct key *find_key(const char *name)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (!strcmp(keys[i].name, name))
            return &keys[i];
    return NULL;
}

static int unknown_key(const struct settings *s, const struct setting *setting)
{
    for (size_t i = 0; i < sizeof(not_supported) / sizeof(not_supported[0]); i++)
        if (!strcmp(not_supported[i], setting->key))
            return config_fail(s->err, &setting->place, -XEN_EOPNOTSUPP,
                               "\"%s\" is not supported", setting->key);
    return config_fail(s->err, &setting->place, -XEN_EINVAL, "unknown key \"%.60s\"",
                       setting->key);
}

/* A command line "root=ROOT EXTRA", if there is one or the other and no cmdline. */
static int join_cmdline(const struct settings *s, struct ts_domain_config *config)
{
    const struct value *root = settings_find(s, "root"),
                       *extra = settings_find(s, "extra");
    size_t n;
    char *text;

    if (config->domain.cmdline || (!root && !extra))
        return 0;
    n = sizeof("root= ") + (root ? strlen(root->text) : 0) +
        (extra ? strlen(extra->text) : 0);
    text = pool_alloc(s->pool, n);
    if (!text)
        return ts_fail(s->err, -XEN_ENOMEM, "out of memory");
    snprintf(text, n, "%s%s%s%s", root ? "root=" : "", root ? root->text : "",
             root && extra ? " " : "", extra ? extra->text : "");
    config->domain.cmdline = text;
    return 0;
}

int settings_apply(const struct settings *settings, struct ts_domain_config *config)
{
    const struct target target = { settings, config };

    for (const struct setting *i = settings->first; i; i = i->next) {
        const struct key *key = find_key(i->key);
        int rc = key ? key->apply(&target, key, &i->value) : unknown_key(settings, i);

        if (rc)
            return rc;
    }
    return join_cmdline(settings, config);
}
