/* SPDX-License-Identifier: MIT */
/*
 * A domain's nodes in xenstore. /local/domain/N and what is below belong to domain 0 and
 * can be read by the domain, but for the parts that it may write:
 *   vm name domid
 *   cpu/I/availability  memory/{static-max,target}
 *   console/{ring-ref,port,limit,type,output}  store/{ring-ref,port}
 *   device  control/{shutdown,sysrq,feature-*} (the domain's)
 *   data drivers feature attr error (the domain's)
 * /vm/UUID: name uuid
 */
#include "manager.h"

#include <stdio.h>
#include <string.h>

#define PATH_SIZE 96
#define TRIES     8 /* a transaction that meets others' changes is done again */

/* What a change is made of, so that it can be repeated. */
struct change {
    struct ts_manager *m;
    const struct record *r;
    uint32_t transaction;
    int rc; /* the first failure; nothing is done after it */
};

static void write_at(struct change *c, const char *path, const char *value)
{
    const struct ts_manager_env *env = &c->m->env;

    if (!c->rc)
        c->rc = env->store->write(env->store_context, c->transaction, path, value,
                                  strlen(value));
}

static void set_perms(struct change *c, const char *path, domid_t owner, domid_t reader)
{
    const struct ts_manager_env *env = &c->m->env;

    if (!c->rc)
        c->rc = env->store->set_perms(env->store_context, c->transaction, path, owner,
                                      'n', reader);
}

static void domain_path(char *path, const struct record *r, const char *name)
{
    snprintf(path, PATH_SIZE, "/local/domain/%u%s%s", r->domain.id, *name ? "/" : "",
             name);
}

static void uuid_text(char *text, const uint8_t *u)
{
    snprintf(text, 37,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0],
             u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12],
             u[13], u[14], u[15]);
}

static void vm_path(char *path, const uint8_t *uuid, const char *name)
{
    char text[37];

    uuid_text(text, uuid);
    snprintf(path, PATH_SIZE, "/vm/%s%s%s", text, *name ? "/" : "", name);
}

/* The domain's node of a name, with domain 0's permissions and the domain's reading. */
static void text_node(struct change *c, const char *name, const char *value)
{
    char path[PATH_SIZE];

    domain_path(path, c->r, name);
    write_at(c, path, value);
}

static void number_node(struct change *c, const char *name, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    text_node(c, name, text);
}

/* An empty node that is the domain's own. */
static void own_node(struct change *c, const char *name)
{
    char path[PATH_SIZE];

    domain_path(path, c->r, name);
    write_at(c, path, "");
    set_perms(c, path, c->r->domain.id, DOMID_INVALID);
}

static void vm_nodes(struct change *c)
{
    char path[PATH_SIZE], text[37];

    vm_path(path, c->r->domain.uuid, "");
    text_node(c, "vm", path);
    write_at(c, path, "");
    set_perms(c, path, 0, c->r->domain.id);
    vm_path(path, c->r->domain.uuid, "uuid");
    uuid_text(text, c->r->domain.uuid);
    write_at(c, path, text);
    vm_path(path, c->r->domain.uuid, "name");
    write_at(c, path, c->r->domain.name);
}

static void vcpu_nodes(struct change *c, unsigned int online)
{
    const struct ts_config *config = &c->r->config;
    unsigned int n = config->max_vcpus ? config->max_vcpus : config->vcpus;
    char name[32];

    for (unsigned int i = 0; i < n; i++) {
        snprintf(name, sizeof(name), "cpu/%u/availability", i);
        text_node(c, name, i < online ? "online" : "offline");
    }
}

static void ring_nodes(struct change *c)
{
    const struct ts_domain *d = &c->r->domain;

    number_node(c, "store/ring-ref", d->store_mfn);
    number_node(c, "store/port", d->store_port);
    number_node(c, "console/ring-ref", d->console_mfn);
    number_node(c, "console/port", d->console_port);
    text_node(c, "console/limit", "1048576");
    text_node(c, "console/type", "xenconsoled");
    text_node(c, "console/output", "pty");
}

static void own_nodes(struct change *c)
{
    static const char *const names[] = {
        "control/shutdown",
        "control/sysrq",
        "control/feature-poweroff",
        "control/feature-reboot",
        "control/feature-suspend",
        "data",
        "drivers",
        "feature",
        "attr",
        "error",
    };

    for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        own_node(c, names[i]);
}

static void all_nodes(struct change *c)
{
    const struct ts_config *config = &c->r->config;
    char path[PATH_SIZE];

    domain_path(path, c->r, "");
    write_at(c, path, "");
    set_perms(c, path, 0, c->r->domain.id); /* inherited by what follows */
    text_node(c, "name", c->r->domain.name);
    number_node(c, "domid", c->r->domain.id);
    vm_nodes(c);
    vcpu_nodes(c, config->vcpus);
    number_node(c, "memory/static-max",
                config->max_memory_kib ? config->max_memory_kib : config->memory_kib);
    number_node(c, "memory/target", config->memory_kib);
    text_node(c, "device", "");
    ring_nodes(c);
    own_nodes(c);
}

/* Runs fill(change, argument) as one transaction. */
static int commit(struct ts_manager *m, const struct record *r,
                  void (*fill)(struct change *c, const void *argument),
                  const void *argument)
{
    const struct ts_manager_env *env = &m->env;
    struct change c = { .m = m, .r = r, .rc = -XEN_EAGAIN };

    for (unsigned int i = 0; i < TRIES && c.rc == -XEN_EAGAIN; i++) {
        c.rc = env->store->begin(env->store_context, &c.transaction);
        if (c.rc)
            break;
        fill(&c, argument);
        if (c.rc)
            (void)env->store->end(env->store_context, c.transaction, false);
        else
            c.rc = env->store->end(env->store_context, c.transaction, true);
    }
    return c.rc;
}

static void fill_all(struct change *c, const void *argument)
{
    (void)argument;
    all_nodes(c);
}

int nodes_write(struct ts_manager *m, const struct record *r)
{
    return commit(m, r, fill_all, NULL);
}

static void fill_name(struct change *c, const void *argument)
{
    char path[PATH_SIZE];

    (void)argument;
    text_node(c, "name", c->r->domain.name);
    vm_path(path, c->r->domain.uuid, "name");
    write_at(c, path, c->r->domain.name);
}

int nodes_rename(struct ts_manager *m, const struct record *r)
{
    return commit(m, r, fill_name, NULL);
}

static void fill_vcpus(struct change *c, const void *argument)
{
    vcpu_nodes(c, *(const unsigned int *)argument);
}

int nodes_write_vcpus(struct ts_manager *m, const struct record *r, unsigned int n)
{
    return commit(m, r, fill_vcpus, &n);
}

static void fill_max_mem(struct change *c, const void *argument)
{
    number_node(c, "memory/static-max", *(const uint64_t *)argument);
}

int nodes_write_max_mem(struct ts_manager *m, const struct record *r, uint64_t kib)
{
    return commit(m, r, fill_max_mem, &kib);
}

static void fill_target(struct change *c, const void *argument)
{
    number_node(c, "memory/target", *(const uint64_t *)argument);
}

int nodes_write_target(struct ts_manager *m, const struct record *r, uint64_t kib)
{
    return commit(m, r, fill_target, &kib);
}

/* A request in a node that the domain clears: it must be its own, even if the domain has
 * removed it. */
static void request_node(struct change *c, const char *name, const char *what)
{
    own_node(c, name);
    text_node(c, name, what);
}

static void fill_shutdown(struct change *c, const void *argument)
{
    request_node(c, "control/shutdown", argument);
}

int nodes_write_shutdown(struct ts_manager *m, const struct record *r, const char *what)
{
    return commit(m, r, fill_shutdown, what);
}

static void fill_sysrq(struct change *c, const void *argument)
{
    request_node(c, "control/sysrq", argument);
}

int nodes_write_sysrq(struct ts_manager *m, const struct record *r, const char *what)
{
    return commit(m, r, fill_sysrq, what);
}

/* No error when it is not there. */
static void remove_vm(struct change *c, const uint8_t *uuid)
{
    const struct ts_manager_env *env = &c->m->env;
    char path[PATH_SIZE];
    int rc;

    if (c->rc)
        return;
    vm_path(path, uuid, "");
    rc = env->store->remove(env->store_context, c->transaction, path);
    c->rc = rc == -XEN_ENOENT ? 0 : rc;
}

static void fill_uuid(struct change *c, const void *argument)
{
    remove_vm(c, argument);
    vm_nodes(c);
}

int nodes_change_uuid(struct ts_manager *m, const struct record *r, const uint8_t *old)
{
    return commit(m, r, fill_uuid, old);
}

/* Each by itself, so that a failure of one leaves no more than it must. */
void nodes_remove(struct ts_manager *m, const struct record *r)
{
    const struct ts_manager_env *env = &m->env;
    struct change c = { .m = m, .r = r };
    char path[PATH_SIZE];

    domain_path(path, r, "");
    (void)env->store->remove(env->store_context, 0, path);
    remove_vm(&c, r->domain.uuid);
}
