/* SPDX-License-Identifier: MIT */
/*
 * Making and unmaking a domain. Making takes these steps; a failure undoes those before
 * it, backwards. The domain itself goes last, so that whatever it has goes with it.
 *   files -> domain, limits, ports -> memory and contents -> console -> nodes ->
 *   xenstore's service -> running
 */
#include "manager.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_EVENT_PORT      1023
#define DEFAULT_GRANT_FRAMES    32
#define DEFAULT_MAPTRACK_FRAMES 64

/* --- files --- */

struct files {
    const void *kernel_data, *ramdisk;
    size_t kernel_size, ramdisk_size;
    struct ts_kernel kernel;
};

static void unload(struct ts_manager *m, const void *data, size_t size)
{
    if (data)
        m->env.unload(m->env.context, data, size);
}

static void files_free(struct ts_manager *m, struct files *f)
{
    if (!f)
        return;
    ts_kernel_close(&f->kernel);
    unload(m, f->ramdisk, f->ramdisk_size);
    unload(m, f->kernel_data, f->kernel_size);
    free(f);
}

static int load(struct ts_manager *m, const char *path, const void **data, size_t *size,
                struct ts_err *err)
{
    int rc = m->env.load(m->env.context, path, data, size, err);

    if (rc)
        *data = NULL;
    return rc ? ts_fail(err, rc, "%s cannot be read: %s", path, ts_err_text(rc)) : 0;
}

static int check_kernel(struct ts_manager *m, const struct ts_config *config,
                        const struct ts_progress *progress, struct files *f,
                        struct ts_err *err)
{
    struct ts_err why = { 0 };
    int rc = ts_kernel_open(m->env.unpacker, f->kernel_data, f->kernel_size, progress,
                            &f->kernel, &why);
    uint64_t least;

    if (rc)
        return ts_fail(err, rc, "%s %s", config->kernel, why.text);
    least = ts_build_least_kib(&f->kernel, f->ramdisk_size);
    if (config->memory_kib < least)
        return ts_fail(err, -XEN_E2BIG, "%s needs at least %llu KiB of memory",
                       config->kernel, (unsigned long long)least);
    return 0;
}

/* Reads and checks them. NULL with *rc and err. */
static struct files *files_load(struct ts_manager *m, const struct ts_config *config,
                                const struct ts_progress *progress, int *rc,
                                struct ts_err *err)
{
    struct files *f = calloc(1, sizeof(*f));

    if (!f) {
        *rc = ts_fail(err, -XEN_ENOMEM, "out of memory");
        return NULL;
    }
    *rc = load(m, config->kernel, &f->kernel_data, &f->kernel_size, err);
    if (!*rc && config->ramdisk)
        *rc = load(m, config->ramdisk, &f->ramdisk, &f->ramdisk_size, err);
    if (!*rc)
        *rc = check_kernel(m, config, progress, f, err);
    if (!*rc)
        return f;
    files_free(m, f);
    return NULL;
}

/* --- the domain and its limits --- */

static unsigned int or_default(unsigned int value, unsigned int otherwise)
{
    return value ? value : otherwise;
}

static int create_domain(struct ts_manager *m, struct record *r, struct ts_err *err)
{
    const struct ts_config *c = &r->config;
    struct ts_domain_params params = {
        .max_vcpus = or_default(c->max_vcpus, c->vcpus),
        .max_event_port = or_default(c->max_event_port, DEFAULT_EVENT_PORT),
        .max_grant_frames = or_default(c->max_grant_frames, DEFAULT_GRANT_FRAMES),
        .max_maptrack_frames =
            or_default(c->max_maptrack_frames, DEFAULT_MAPTRACK_FRAMES),
    };
    int rc;

    memcpy(params.uuid, r->domain.uuid, TS_UUID_BYTES);
    rc = m->env.hv->ops->domain_create(m->env.hv, &params, &r->domain.id);
    return rc ? ts_fail(err, rc, "the hypervisor makes no domain: %s", ts_err_text(rc))
              : 0;
}

/* A vCPU's set, NULL when nothing was said about it. */
static const struct ts_cpu_set *cpus_of(const struct ts_affinity *affinity,
                                        unsigned int vcpu)
{
    if (vcpu < affinity->nr_vcpus)
        return &affinity->vcpu[vcpu];
    return affinity->is_set ? &affinity->all : NULL;
}

static int pin_vcpus(struct ts_manager *m, const struct record *r)
{
    const struct ts_config *c = &r->config;
    struct ts_hv *hv = m->env.hv;
    int rc = 0;

    for (unsigned int i = 0; !rc && i < or_default(c->max_vcpus, c->vcpus); i++) {
        const struct ts_cpu_set *hard = cpus_of(&c->hard, i),
                                *soft = cpus_of(&c->soft, i);

        if (hard || soft)
            rc = hv->ops->vcpu_set_affinity(hv, r->domain.id, i, hard, soft);
    }
    return rc;
}

/* What the configuration does not mention stays as the hypervisor has it. */
static int set_sched(struct ts_manager *m, const struct record *r)
{
    const struct ts_sched_params *wanted = &r->config.sched;
    struct ts_sched_params params = *wanted;
    struct ts_hv *hv = m->env.hv;
    int rc = 0;

    if (!wanted->weight && !wanted->cap)
        return 0;
    if (!wanted->weight) {
        rc = hv->ops->sched_get(hv, r->domain.id, &params);
        params.cap = wanted->cap;
    }
    return rc ? rc : hv->ops->sched_set(hv, r->domain.id, &params);
}

static int set_limits(struct ts_manager *m, const struct record *r, struct ts_err *err)
{
    const struct ts_config *c = &r->config;
    struct ts_hv *hv = m->env.hv;
    domid_t id = r->domain.id;
    uint64_t most = c->max_memory_kib ? c->max_memory_kib : c->memory_kib;
    int rc = hv->ops->domain_set_max_mem(hv, id, most);

    if (rc)
        return ts_fail(err, rc, "its memory cannot be limited: %s", ts_err_text(rc));
    rc = hv->ops->domain_set_max_vcpus(hv, id, or_default(c->max_vcpus, c->vcpus));
    if (rc)
        return ts_fail(err, rc, "it cannot have its vCPUs: %s", ts_err_text(rc));
    rc = pin_vcpus(m, r);
    if (rc)
        return ts_fail(err, rc, "its vCPUs cannot be pinned: %s", ts_err_text(rc));
    rc = set_sched(m, r);
    if (rc)
        return ts_fail(err, rc, "its weight and cap are refused: %s", ts_err_text(rc));
    return 0;
}

static int make_ports(struct ts_manager *m, struct record *r, struct ts_err *err)
{
    struct ts_hv *hv = m->env.hv;
    struct ts_domain *d = &r->domain;
    int rc = hv->ops->evtchn_alloc_unbound(hv, d->id, 0, &d->store_port);

    if (!rc)
        rc = hv->ops->evtchn_alloc_unbound(hv, d->id, 0, &d->console_port);
    return rc ? ts_fail(err, rc, "its event channels cannot be made: %s", ts_err_text(rc))
              : 0;
}

static int build(struct ts_manager *m, struct record *r, const struct files *f,
                 struct ts_err *err)
{
    struct ts_build_request request = {
        .id = r->domain.id,
        .kernel = &f->kernel,
        .ramdisk = f->ramdisk,
        .ramdisk_size = f->ramdisk_size,
        .cmdline = r->config.cmdline,
        .memory_kib = r->config.memory_kib,
        .max_vcpus = or_default(r->config.max_vcpus, r->config.vcpus),
        .console_port = r->domain.console_port,
        .store_port = r->domain.store_port,
    };
    struct ts_build_result result;
    struct ts_err why = { 0 };
    int rc = ts_build_domain(m->env.hv, &request, &result, &why);

    if (rc)
        return ts_fail(err, rc, "domain \"%s\" cannot be built: %s", r->domain.name,
                       why.text);
    r->domain.console_mfn = result.console_mfn;
    r->domain.store_mfn = result.store_mfn;
    return 0;
}

static int fill_domain(struct ts_manager *m, struct record *r, const struct files *f,
                       struct ts_err *err)
{
    int rc = set_limits(m, r, err);

    if (!rc)
        rc = ts_cpuid_apply(m->env.hv, r->domain.id, &r->config.cpuid, err);
    if (!rc)
        rc = make_ports(m, r, err);
    return rc ? rc : build(m, r, f, err);
}

/* --- its services --- */

static int serve(struct ts_manager *m, struct record *r, struct ts_err *err)
{
    const struct ts_manager_env *env = &m->env;
    struct ts_domain *d = &r->domain;
    evtchn_port_t port;
    int rc = ts_console_add(env->consoles, d->id, d->console_mfn, d->console_port, &port);

    if (rc)
        return ts_fail(err, rc, "its console cannot be served: %s", ts_err_text(rc));
    rc = nodes_write(m, r);
    if (rc) {
        ts_fail(err, rc, "its nodes cannot be written to xenstore: %s", ts_err_text(rc));
        goto console;
    }
    rc = env->store->introduce(env->store_context, d->id, d->store_mfn, d->store_port);
    if (!rc)
        return 0;
    ts_fail(err, rc, "xenstore cannot serve it: %s", ts_err_text(rc));
    nodes_remove(m, r);
console:
    ts_console_remove(env->consoles, d->id);
    return rc;
}

static void stop_serving(struct ts_manager *m, const struct record *r)
{
    const struct ts_manager_env *env = &m->env;

    env->store->release(env->store_context, r->domain.id);
    nodes_remove(m, r);
    ts_console_remove(env->consoles, r->domain.id);
}

static int start(struct ts_manager *m, struct record *r, struct ts_err *err)
{
    struct ts_hv *hv = m->env.hv;
    int rc = 0;

    if (!r->config.start_paused)
        rc = hv->ops->domain_unpause(hv, r->domain.id);
    if (rc)
        return ts_fail(err, rc, "it cannot be started: %s", ts_err_text(rc));
    r->domain.pauses = r->config.start_paused;
    r->domain.vcpus = r->config.vcpus;
    r->domain.state = TS_DOM_LIVE;
    r->domain.started_ns = hv->ops->system_time(hv);
    return 0;
}

/* --- all together --- */

static int make_from(struct ts_manager *m, struct record *r, const struct files *f,
                     struct ts_err *err)
{
    struct ts_hv *hv = m->env.hv;
    int rc = create_domain(m, r, err);

    if (rc)
        return rc;
    rc = fill_domain(m, r, f, err);
    if (rc)
        goto destroy;
    rc = serve(m, r, err);
    if (rc)
        goto destroy;
    rc = start(m, r, err);
    if (!rc)
        return 0;
    stop_serving(m, r);
destroy:
    (void)hv->ops->domain_destroy(hv, r->domain.id);
    return rc;
}

/* Memory that unpacked kernels have is given up for a domain that lacks some. */
static int make_with_room(struct ts_manager *m, struct record *r, const struct files *f,
                          struct ts_err *err)
{
    struct ts_err why = { 0 };
    int rc = make_from(m, r, f, &why);

    if (rc == -XEN_ENOMEM && m->env.unpacker && ts_unpacker_trim(m->env.unpacker, 0)) {
        why = (struct ts_err){ 0 };
        rc = make_from(m, r, f, &why);
    }
    return rc ? ts_fail(err, rc, "%s", why.text) : 0;
}

int domain_make(struct ts_manager *m, struct record *r, struct ts_err *err)
{
    struct files *f;
    int rc;

    f = files_load(m, &r->config, NULL, &rc, err);
    if (!f)
        return rc;
    rc = make_with_room(m, r, f, err);
    files_free(m, f);
    return rc;
}

int domain_unmake(struct ts_manager *m, struct record *r, struct ts_err *err)
{
    struct ts_hv *hv = m->env.hv;
    int rc = hv->ops->domain_destroy(hv, r->domain.id);

    if (rc && rc != -XEN_ESRCH)
        return ts_fail(err, rc, "domain \"%s\" cannot be destroyed: %s", r->domain.name,
                       ts_err_text(rc));
    stop_serving(m, r);
    return 0;
}

int ts_domain_check(struct ts_manager *m, const struct ts_config *config,
                    struct ts_err *err)
{
    int rc = config_check(m, config, NULL, err);

    if (!rc)
        files_free(m, files_load(m, config, NULL, &rc, err));
    return rc;
}

/* Everything but the files is looked at here: others may have made domains meanwhile. */
static int create_from(struct ts_manager *m, const struct ts_config *config,
                       const struct files *f, domid_t *id, struct ts_err *err)
{
    struct record *r;
    int rc = config_check(m, config, NULL, err);

    if (rc)
        return rc;
    r = record_new(m, config);
    if (!r || record_reserve(m)) {
        record_free(m, r);
        return ts_fail(err, -XEN_ENOMEM, "out of memory");
    }
    memcpy(r->domain.uuid, config->uuid, TS_UUID_BYTES);
    if (uuid_is_zero(r->domain.uuid))
        uuid_make(m, r->domain.uuid);
    rc = make_with_room(m, r, f, err);
    if (rc) {
        record_free(m, r);
        return rc;
    }
    record_insert(m, r);
    *id = r->domain.id;
    manager_event(m, TS_EVENT_CREATED, r, "created");
    return 0;
}

int ts_domain_create_watched(struct ts_manager *m, const struct ts_config *config,
                             const struct ts_progress *progress, domid_t *id,
                             struct ts_err *err)
{
    struct files *f;
    int rc = config_check(m, config, NULL, err);

    if (rc)
        return rc;
    f = files_load(m, config, progress, &rc, err);
    if (!f)
        return rc;
    rc = create_from(m, config, f, id, err);
    files_free(m, f);
    return rc;
}

int ts_domain_create(struct ts_manager *m, const struct ts_config *config, domid_t *id,
                     struct ts_err *err)
{
    return ts_domain_create_watched(m, config, NULL, id, err);
}
