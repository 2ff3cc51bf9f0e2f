/* SPDX-License-Identifier: MIT */
/*
 * The xenstore protocol over the wire, as scripts: who sends what and what comes back.
 * In requests and answers '|' is a 0 byte; "!ENOENT" is an error; "$1 = " keeps the
 * number that is answered, and a step can be in that transaction.
 */
#include "xs_client.h"

#define EVENT 100u /* expects a watch event */
#define QUIET 101u /* expects nothing */

struct step {
    unsigned int who; /* domain 0, 1 or 2 */
    uint32_t type;
    unsigned int tx; /* number of a kept transaction; 0: none */
    const char *request, *answer;
};

static struct client clients[3];
static uint32_t kept[10];
static unsigned int introduced;

static int introduce(void *context, domid_t domid, uint64_t gfn, uint32_t port,
                     struct xs_transport *transport)
{
    static struct xs_buffer other;

    (void)context, (void)domid;
    if (gfn != 4711 || port != 12)
        return -XEN_EINVAL;
    introduced++;
    xs_buffer_init(&other);
    *transport = xs_buffer_transport(&other);
    return 0;
}

static struct xs_server *start(void)
{
    struct xs_config config = { .introduce = introduce,
                                .seed = 99,
                                .allocate = test_allocate,
                                .release = test_release };
    struct xs_server *server = xs_server_create(&config);

    assert_non_null(server);
    for (domid_t i = 0; i < 3; i++)
        client_start(&clients[i], server, i);
    return server;
}

static void expect(const struct step *step, unsigned int number, const char *got)
{
    const char *want = step->answer;

    if (!strncmp(want, "$", 1)) {
        kept[want[1] - '0'] = (uint32_t)strtoul(got, NULL, 10);
        return;
    }
    if (strcmp(got, want) != 0)
        fail_msg("step %u (type %u, \"%s\"): \"%s\", not \"%s\"", number, step->type,
                 step->request ? step->request : "", got, want);
}

static void play_step(const struct step *step, unsigned int number)
{
    struct client *client = &clients[step->who];
    char data[XENSTORE_PAYLOAD_MAX];

    run(client->server);
    if (step->type == QUIET) {
        if (client_receive(client))
            fail_msg("step %u: \"%s\", not silence", number, client_text(client));
        return;
    }
    if (step->type != EVENT)
        client_send(client, step->type, kept[step->tx], data, unbar(step->request, data));
    run(client->server);
    if (!client_receive(client))
        fail_msg("step %u: no message", number);
    if (step->type == EVENT) {
        assert_int_equal(client->header.type, XS_WATCH_EVENT);
        assert_int_equal(client->header.req_id, 0);
        assert_int_equal(client->header.tx_id, 0);
    } else {
        assert_int_equal(client->header.req_id, client->last_request);
        assert_int_equal(client->header.tx_id, kept[step->tx]);
        assert_true(client->header.type == step->type || client->header.type == XS_ERROR);
    }
    expect(step, number, client_text(client));
}

static void play(const struct step *steps, unsigned int count)
{
    struct xs_server *server = start();

    memset(kept, 0, sizeof(kept));
    for (unsigned int i = 0; i < count; i++) {
        play_step(&steps[i], i);
        assert_true(xs_server_check(server));
    }
    test_server_end(server);
}
#define PLAY(steps) play(steps, sizeof(steps) / sizeof((steps)[0]))

static void nodes(void **state)
{
    static const struct step steps[] = {
        { 0, XS_READ, 0, "/a|", "!ENOENT" },
        { 0, XS_WRITE, 0, "/a/b/c|value", "OK|" },
        { 0, XS_READ, 0, "/a/b/c|", "value" },
        { 0, XS_READ, 0, "/a/b|", "" },
        { 0, XS_DIRECTORY, 0, "/|", "a|" },
        { 0, XS_DIRECTORY, 0, "/a/b/c|", "" },
        { 0, XS_WRITE, 0, "/a/b/c|", "OK|" },
        { 0, XS_READ, 0, "/a/b/c|", "" },
        { 0, XS_WRITE, 0, "/a/b/c|x|y|", "OK|" },
        { 0, XS_READ, 0, "/a/b/c|", "x|y|" },
        { 0, XS_MKDIR, 0, "/a/b/z|", "OK|" },
        { 0, XS_MKDIR, 0, "/a/b/c|", "OK|" },
        { 0, XS_READ, 0, "/a/b/c|", "x|y|" },
        { 0, XS_WRITE, 0, "/a/b/m|1", "OK|" },
        { 0, XS_WRITE, 0, "/a/b/aa|1", "OK|" },
        { 0, XS_DIRECTORY, 0, "/a/b|", "aa|c|m|z|" },
        { 0, XS_RM, 0, "/a/b/m|", "OK|" },
        { 0, XS_RM, 0, "/a/b/m|", "OK|" },
        { 0, XS_RM, 0, "/a/x/y|", "!ENOENT" },
        { 0, XS_RM, 0, "/|", "!EINVAL" },
        { 0, XS_DIRECTORY, 0, "/a/b|", "aa|c|z|" },
        { 0, XS_RM, 0, "/a|", "OK|" },
        { 0, XS_DIRECTORY, 0, "/|", "" },
        { 0, XS_DIRECTORY, 0, "/a|", "!ENOENT" },
        { 0, XS_WRITE, 0, "/|root", "OK|" },
        { 0, XS_READ, 0, "/|", "root" },
        { 0, XS_WRITE, 0, "rel|here", "OK|" },
        { 0, XS_READ, 0, "/local/domain/0/rel|", "here" },
        { 0, QUIET, 0, NULL, NULL },
    };

    (void)state;
    PLAY(steps);
}

static void malformed(void **state)
{
    static const struct step steps[] = {
        { 0, XS_READ, 0, "", "!EINVAL" },
        { 0, XS_READ, 0, "|", "!EINVAL" },
        { 0, XS_READ, 0, "/", "!EINVAL" },
        { 0, XS_READ, 0, "/|/|", "!EINVAL" },
        { 0, XS_READ, 0, "//|", "!EINVAL" },
        { 0, XS_READ, 0, "/a/|", "!EINVAL" },
        { 0, XS_READ, 0, "/a//b|", "!EINVAL" },
        { 0, XS_READ, 0, "/a b|", "!EINVAL" },
        { 0, XS_READ, 0, "/a.b|", "!EINVAL" },
        { 0, XS_READ, 0, "/\xff|", "!EINVAL" },
        { 0, XS_READ, 0, "@releaseDomain|", "!EINVAL" },
        { 0, XS_WRITE, 0, "/a", "!EINVAL" },
        { 0, XS_WRITE, 0, "@x|a", "!EINVAL" },
        { 0, XS_MKDIR, 0, "", "!EINVAL" },
        { 0, XS_RM, 0, "/a|b|", "!EINVAL" },
        { 0, XS_WATCH, 0, "/a|", "!EINVAL" },
        { 0, XS_WATCH, 0, "@nothing|t|", "!EINVAL" },
        { 0, XS_UNWATCH, 0, "/a|", "!EINVAL" },
        { 0, XS_SET_PERMS, 0, "/|", "!EINVAL" },
        { 0, XS_SET_PERMS, 0, "/|n0", "!EINVAL" },
        { 0, XS_SET_PERMS, 0, "/|x0|", "!EINVAL" },
        { 0, XS_SET_PERMS, 0, "/|n|", "!EINVAL" },
        { 0, XS_SET_PERMS, 0, "/||", "!EINVAL" },
        { 0, XS_SET_PERMS, 0, "/|n0x|", "!EINVAL" },
        { 0, XS_SET_PERMS, 0, "/|n-1|", "!EINVAL" },
        { 0, XS_SET_PERMS, 0, "/|n65535|", "!EINVAL" },
        { 0, XS_GET_PERMS, 0, "@other|", "!EINVAL" },
        { 0, XS_TRANSACTION_END, 0, "T|", "!ENOENT" },
        { 0, XS_TRANSACTION_END, 0, "X|", "!EINVAL" },
        { 0, XS_DIRECTORY_PART, 0, "/|", "!EINVAL" },
        { 0, XS_DIRECTORY_PART, 0, "/|x|", "!EINVAL" },
        { 0, XS_GET_DOMAIN_PATH, 0, "|", "!EINVAL" },
        { 0, XS_GET_DOMAIN_PATH, 0, "99999|", "!EINVAL" },
        { 0, XS_INTRODUCE, 0, "5|", "!EINVAL" },
        { 0, XS_RELEASE, 0, "0|", "!EINVAL" },
        { 0, XS_CONTROL, 0, "", "!EINVAL" },
        { 0, XS_CONTROL, 0, "nothing|", "!EINVAL" },
        { 0, 16, 0, "", "!ENOSYS" },
        { 0, XS_WATCH_EVENT, 0, "/a|t|", "!ENOSYS" },
        { 0, XS_SET_TARGET + 1, 0, "1|", "!ENOSYS" },
        { 0, XS_TYPE_COUNT, 0, "", "!ENOSYS" },
        { 0, XS_INVALID, 0, "", "!ENOSYS" },
        { 0, QUIET, 0, NULL, NULL },
    };

    (void)state;
    PLAY(steps);
}

static void permissions(void **state)
{
    static const struct step steps[] = {
        { 0, XS_GET_PERMS, 0, "/|", "n0|" },
        { 1, XS_READ, 0, "/|", "!EACCES" },
        { 1, XS_READ, 0, "/nothing|", "!EACCES" },
        { 1, XS_WRITE, 0, "/nothing|x", "!EACCES" },
        { 1, XS_WRITE, 0, "own|x", "!EACCES" },
        { 0, XS_MKDIR, 0, "/local/domain/1|", "OK|" },
        { 0, XS_SET_PERMS, 0, "/local/domain/1|n1|r2|", "OK|" },
        { 0, XS_GET_PERMS, 0, "/local/domain/1|", "n1|r2|" },
        { 1, XS_WRITE, 0, "own/x|1", "OK|" },
        { 1, XS_GET_PERMS, 0, "own/x|", "n1|r2|" },
        { 2, XS_READ, 0, "/local/domain/1/own/x|", "1" },
        { 2, XS_WRITE, 0, "/local/domain/1/own/x|2", "!EACCES" },
        { 2, XS_MKDIR, 0, "/local/domain/1/own/y|", "!EACCES" },
        { 2, XS_RM, 0, "/local/domain/1/own/x|", "!EACCES" },
        { 2, XS_RM, 0, "/local/domain/1/own/none|", "!EACCES" },
        { 2, XS_READ, 0, "/local/domain/1/own/none|", "!ENOENT" },
        { 2, XS_SET_PERMS, 0, "/local/domain/1/own/x|b2|", "!EACCES" },
        { 1, XS_SET_PERMS, 0, "own/x|n2|", "!EPERM" },
        { 1, XS_SET_PERMS, 0, "own/x|n1|w2|", "OK|" },
        { 2, XS_READ, 0, "/local/domain/1/own/x|", "!EACCES" },
        { 2, XS_WRITE, 0, "/local/domain/1/own/x|3", "OK|" },
        { 1, XS_READ, 0, "own/x|", "3" },
        { 2, XS_SET_PERMS, 0, "/local/domain/1/own/x|n1|b2|", "!EACCES" },
        { 2, XS_WRITE, 0, "/local/domain/1/own/x/below|4", "OK|" },
        { 0, XS_GET_PERMS, 0, "/local/domain/1/own/x/below|", "n2|w2|" },
        { 1, XS_READ, 0, "own/x/below|", "!EACCES" },
        { 1, XS_SET_PERMS, 0, "own/x|b1|", "OK|" },
        { 2, XS_READ, 0, "/local/domain/1/own/x|", "3" },
        { 1, XS_SET_PERMS, 0, "own/x|n1|r2|r3|r4|r5|r6|", "!ENOSPC" },
        { 1, XS_SET_PERMS, 0, "@releaseDomain|b1|", "!EACCES" },
        { 1, XS_GET_PERMS, 0, "@releaseDomain|", "!EACCES" },
        { 0, XS_GET_PERMS, 0, "@releaseDomain|", "n0|" },
        { 0, XS_SET_PERMS, 0, "@releaseDomain|n0|r1|", "OK|" },
        { 0, XS_GET_PERMS, 0, "@releaseDomain|", "n0|r1|" },
        { 1, XS_CONTROL, 0, "check|", "!EACCES" },
        { 1, XS_INTRODUCE, 0, "3|4711|12|", "!EACCES" },
        { 1, XS_RELEASE, 0, "2|", "!EACCES" },
        { 1, XS_RESUME, 0, "2|", "!EACCES" },
        { 1, XS_SET_TARGET, 0, "1|2|", "!EACCES" },
    };

    (void)state;
    PLAY(steps);
}

static void watches(void **state)
{
    static const struct step steps[] = {
        { 0, XS_WATCH, 0, "/w|tok|", "OK|" },
        { 0, EVENT, 0, NULL, "/w|tok|" },
        { 0, XS_WATCH, 0, "/w|tok|", "!EEXIST" },
        { 0, XS_WATCH, 0, "/w|other|extra|", "OK|" },
        { 0, EVENT, 0, NULL, "/w|other|" },
        { 0, XS_UNWATCH, 0, "/w|none|", "!ENOENT" },
        { 0, XS_UNWATCH, 0, "/w|other|", "OK|" },
        { 0, XS_WRITE, 0, "/w/a/b|1", "OK|" },
        { 0, EVENT, 0, NULL, "/w/a/b|tok|" },
        { 0, QUIET, 0, NULL, NULL },
        { 0, XS_WRITE, 0, "/ww|1", "OK|" },
        { 0, XS_MKDIR, 0, "/w/a|", "OK|" },
        { 0, QUIET, 0, NULL, NULL },
        { 0, XS_MKDIR, 0, "/w/m|", "OK|" },
        { 0, EVENT, 0, NULL, "/w/m|tok|" },
        { 0, XS_SET_PERMS, 0, "/w/m|r0|", "OK|" },
        { 0, EVENT, 0, NULL, "/w/m|tok|" },
        { 0, XS_WATCH, 0, "/w/a/b|deep|", "OK|" },
        { 0, EVENT, 0, NULL, "/w/a/b|deep|" },
        { 0, XS_RM, 0, "/w/a|", "OK|" },
        { 0, EVENT, 0, NULL, "/w/a|tok|" },
        { 0, EVENT, 0, NULL, "/w/a/b|deep|" },
        { 0, XS_RM, 0, "/w/a|", "OK|" },
        { 0, QUIET, 0, NULL, NULL },
        { 0, XS_WATCH, 0, "/|root|", "OK|" },
        { 0, EVENT, 0, NULL, "/|root|" },
        { 0, XS_WRITE, 0, "/q|1", "OK|" },
        { 0, EVENT, 0, NULL, "/q|root|" },
        { 0, XS_RESET_WATCHES, 0, "|", "OK|" },
        { 0, XS_WRITE, 0, "/w|1", "OK|" },
        { 0, QUIET, 0, NULL, NULL },
        /* relative ones, and what a guest may hear */
        { 0, XS_MKDIR, 0, "/local/domain/1/dev|", "OK|" },
        { 0, XS_SET_PERMS, 0, "/local/domain/1/dev|n1|", "OK|" },
        { 1, XS_WATCH, 0, "dev|rel|", "OK|" },
        { 1, EVENT, 0, NULL, "dev|rel|" },
        { 1, XS_WATCH, 0, "/local/domain/1/dev|abs|", "OK|" },
        { 1, EVENT, 0, NULL, "/local/domain/1/dev|abs|" },
        { 1, XS_WRITE, 0, "dev/x|1", "OK|" },
        { 1, EVENT, 0, NULL, "dev/x|rel|" },
        { 1, EVENT, 0, NULL, "/local/domain/1/dev/x|abs|" },
        { 1, XS_WATCH, 0, "/secret|s|", "OK|" },
        { 1, EVENT, 0, NULL, "/secret|s|" },
        { 0, XS_WRITE, 0, "/secret/a|1", "OK|" },
        { 0, XS_RM, 0, "/secret|", "OK|" },
        { 1, QUIET, 0, NULL, NULL },
        /* in a transaction: at its end, or never */
        { 0, XS_TRANSACTION_START, 0, "|", "$1" },
        { 0, XS_WRITE, 1, "/local/domain/1/dev/x|2", "OK|" },
        { 0, XS_WRITE, 1, "/local/domain/1/dev/x|3", "OK|" },
        { 1, QUIET, 0, NULL, NULL },
        { 0, XS_TRANSACTION_END, 1, "T|", "OK|" },
        { 1, EVENT, 0, NULL, "dev/x|rel|" },
        { 1, EVENT, 0, NULL, "/local/domain/1/dev/x|abs|" },
        { 1, XS_READ, 0, "dev/x|", "3" },
        { 0, XS_TRANSACTION_START, 0, "|", "$1" },
        { 0, XS_WRITE, 1, "/local/domain/1/dev/x|4", "OK|" },
        { 0, XS_TRANSACTION_END, 1, "F|", "OK|" },
        { 1, QUIET, 0, NULL, NULL },
    };

    (void)state;
    PLAY(steps);
}

static void transactions(void **state)
{
    static const struct step steps[] = {
        { 0, XS_WRITE, 0, "/t/a|1", "OK|" },
        { 0, XS_READ, 5, "/t/a|", "1" },
        { 0, XS_TRANSACTION_START, 0, "|", "$1" },
        { 0, XS_TRANSACTION_START, 1, "|", "!EBUSY" },
        { 0, XS_WRITE, 1, "/t/a|2", "OK|" },
        { 0, XS_READ, 1, "/t/a|", "2" },
        { 0, XS_READ, 0, "/t/a|", "1" },
        { 0, XS_TRANSACTION_END, 1, "T|", "OK|" },
        { 0, XS_READ, 0, "/t/a|", "2" },
        { 0, XS_READ, 1, "/t/a|", "!ENOENT" },
        { 0, XS_TRANSACTION_END, 1, "T|", "!ENOENT" },
        /* read by one, written by another */
        { 0, XS_TRANSACTION_START, 0, "|", "$1" },
        { 0, XS_READ, 1, "/t/a|", "2" },
        { 0, XS_WRITE, 0, "/t/a|3", "OK|" },
        { 0, XS_READ, 1, "/t/a|", "2" },
        { 0, XS_WRITE, 1, "/t/b|x", "OK|" },
        { 0, XS_TRANSACTION_END, 1, "T|", "!EAGAIN" },
        { 0, XS_READ, 0, "/t/b|", "!ENOENT" },
        /* written by both */
        { 0, XS_TRANSACTION_START, 0, "|", "$1" },
        { 0, XS_TRANSACTION_START, 0, "|", "$2" },
        { 0, XS_WRITE, 1, "/t/a|one", "OK|" },
        { 0, XS_WRITE, 2, "/t/a|two", "OK|" },
        { 0, XS_TRANSACTION_END, 1, "T|", "OK|" },
        { 0, XS_TRANSACTION_END, 2, "T|", "!EAGAIN" },
        { 0, XS_READ, 0, "/t/a|", "one" },
        /* different nodes of one directory do not conflict */
        { 0, XS_TRANSACTION_START, 0, "|", "$1" },
        { 0, XS_TRANSACTION_START, 0, "|", "$2" },
        { 0, XS_WRITE, 1, "/t/x/1|one", "OK|" },
        { 0, XS_WRITE, 2, "/t/y/2|two", "OK|" },
        { 0, XS_TRANSACTION_END, 1, "T|", "OK|" },
        { 0, XS_TRANSACTION_END, 2, "T|", "OK|" },
        { 0, XS_DIRECTORY, 0, "/t|", "a|x|y|" },
        /* unless the directory was listed */
        { 0, XS_TRANSACTION_START, 0, "|", "$1" },
        { 0, XS_DIRECTORY, 1, "/t|", "a|x|y|" },
        { 0, XS_RM, 0, "/t/x|", "OK|" },
        { 0, XS_DIRECTORY, 1, "/t|", "a|x|y|" },
        { 0, XS_WRITE, 1, "/t/n|", "OK|" },
        { 0, XS_TRANSACTION_END, 1, "T|", "!EAGAIN" },
        /* or is gone, or has other permissions */
        { 0, XS_TRANSACTION_START, 0, "|", "$1" },
        { 0, XS_TRANSACTION_START, 0, "|", "$2" },
        { 0, XS_WRITE, 1, "/t/y/n|", "OK|" },
        { 0, XS_WRITE, 2, "/t/y/m|", "OK|" },
        { 0, XS_SET_PERMS, 0, "/t/y|n1|", "OK|" },
        { 0, XS_TRANSACTION_END, 1, "T|", "!EAGAIN" },
        { 0, XS_RM, 0, "/t/y|", "OK|" },
        { 0, XS_TRANSACTION_END, 2, "T|", "!EAGAIN" },
        /* created by both; removed and created */
        { 0, XS_TRANSACTION_START, 0, "|", "$1" },
        { 0, XS_READ, 1, "/t/new|", "!ENOENT" },
        { 0, XS_WRITE, 1, "/t/new|1", "OK|" },
        { 0, XS_WRITE, 0, "/t/new|2", "OK|" },
        { 0, XS_TRANSACTION_END, 1, "T|", "!EAGAIN" },
        { 0, XS_TRANSACTION_START, 0, "|", "$1" },
        { 0, XS_WRITE, 1, "/t/new/deep|1", "OK|" },
        { 0, XS_RM, 1, "/t/new|", "OK|" },
        { 0, XS_READ, 1, "/t/new/deep|", "!ENOENT" },
        { 0, XS_WRITE, 1, "/t/new/deep|2", "OK|" },
        { 0, XS_WRITE, 0, "/elsewhere|", "OK|" },
        { 0, XS_TRANSACTION_END, 1, "T|", "OK|" },
        { 0, XS_READ, 0, "/t/new|", "" },
        { 0, XS_READ, 0, "/t/new/deep|", "2" },
        /* reading alone never fails */
        { 0, XS_TRANSACTION_START, 0, "|", "$1" },
        { 0, XS_READ, 1, "/t/new/deep|", "2" },
        { 0, XS_WRITE, 0, "/t/new/deep|3", "OK|" },
        { 0, XS_READ, 1, "/t/new/deep|", "2" },
        { 0, XS_TRANSACTION_END, 1, "T|", "OK|" },
        /* not another's */
        { 0, XS_TRANSACTION_START, 0, "|", "$1" },
        { 1, XS_READ, 1, "/t|", "!ENOENT" },
        { 1, XS_TRANSACTION_END, 1, "T|", "!ENOENT" },
        { 0, XS_RESET_WATCHES, 0, "|", "OK|" },
        { 0, XS_TRANSACTION_END, 1, "T|", "!ENOENT" },
    };

    (void)state;
    PLAY(steps);
}

static void domains(void **state)
{
    static const struct step steps[] = {
        { 1, XS_GET_DOMAIN_PATH, 0, "1|", "/local/domain/1|" },
        { 1, XS_GET_DOMAIN_PATH, 0, "32751|", "/local/domain/32751|" },
        { 1, XS_IS_DOMAIN_INTRODUCED, 0, "0|", "T|" },
        { 1, XS_IS_DOMAIN_INTRODUCED, 0, "2|", "T|" },
        { 1, XS_IS_DOMAIN_INTRODUCED, 0, "3|", "F|" },
        { 0, XS_WATCH, 0, "@introduceDomain|in|", "OK|" },
        { 0, EVENT, 0, NULL, "@introduceDomain|in|" },
        { 0, XS_WATCH, 0, "@releaseDomain|out|", "OK|" },
        { 0, EVENT, 0, NULL, "@releaseDomain|out|" },
        { 1, XS_WATCH, 0, "@releaseDomain|mine|", "OK|" },
        { 1, EVENT, 0, NULL, "@releaseDomain|mine|" },
        { 0, XS_INTRODUCE, 0, "3|4712|12|", "!EINVAL" },
        { 0, XS_INTRODUCE, 0, "0|4711|12|", "!EINVAL" },
        { 0, XS_INTRODUCE, 0, "3|4711|12|", "OK|" },
        { 0, EVENT, 0, NULL, "@introduceDomain|in|" },
        { 0, XS_INTRODUCE, 0, "3|4711|12|", "OK|" },
        { 0, QUIET, 0, NULL, NULL },
        { 0, XS_IS_DOMAIN_INTRODUCED, 0, "3|", "T|" },
        { 0, XS_RESUME, 0, "3|", "OK|" },
        { 0, XS_RESUME, 0, "4|", "!ENOENT" },
        { 0, XS_RELEASE, 0, "3|", "OK|" },
        { 0, EVENT, 0, NULL, "@releaseDomain|out|" },
        { 1, QUIET, 0, NULL, NULL },
        { 0, XS_RELEASE, 0, "3|", "!ENOENT" },
        { 0, XS_SET_PERMS, 0, "@releaseDomain|n0|r1|", "OK|" },
        { 0, XS_INTRODUCE, 0, "3|4711|12|", "OK|" },
        { 0, EVENT, 0, NULL, "@introduceDomain|in|" },
        { 0, XS_RELEASE, 0, "3|", "OK|" },
        { 0, EVENT, 0, NULL, "@releaseDomain|out|" },
        { 1, EVENT, 0, NULL, "@releaseDomain|mine|" },
        /* a proxy has its target's rights, until that is gone */
        { 0, XS_WRITE, 0, "/v|x", "OK|" },
        { 0, XS_SET_PERMS, 0, "/v|n2|", "OK|" },
        { 1, XS_READ, 0, "/v|", "!EACCES" },
        { 0, XS_RESET_WATCHES, 0, "|", "OK|" },
        { 0, XS_SET_TARGET, 0, "1|7|", "!ENOENT" },
        { 0, XS_SET_TARGET, 0, "1|2|", "OK|" },
        { 1, XS_READ, 0, "/v|", "x" },
        { 1, XS_SET_PERMS, 0, "/v|n2|w1|", "OK|" },
        { 0, XS_RELEASE, 0, "2|", "OK|" },
        { 0, XS_GET_PERMS, 0, "/v|", "n0|w1|" },
        { 1, EVENT, 0, NULL, "@releaseDomain|mine|" },
        { 1, XS_WRITE, 0, "/v|y", "OK|" },
        { 1, XS_READ, 0, "/v|", "!EACCES" },
    };

    (void)state;
    introduced = 0;
    PLAY(steps);
    assert_int_equal(introduced, 3);
}

static void control(void **state)
{
    static const struct step steps[] = {
        { 0, XS_CONTROL, 0, "check|", "OK|" },
        { 0, XS_CONTROL, 0, "check|x|", "!EINVAL" },
        { 0, XS_CONTROL, 0, "print|hello|", "OK|" },
        { 0, XS_CONTROL, 0, "print|hello", "!EINVAL" },
        { 0, XS_CONTROL, 0, "quota|set|nodes|3|", "OK|" },
        { 0, XS_CONTROL, 0, "quota|set|nodes|0|", "!EINVAL" },
        { 0, XS_CONTROL, 0, "quota|set|what|3|", "!EINVAL" },
        { 0, XS_CONTROL, 0, "quota|set|nodes|", "!EINVAL" },
        { 0, XS_CONTROL, 0, "quota|9|", "!ENOENT" },
        { 0, XS_CONTROL, 0, "quota|1|",
          "nodes: 0\nwatches: 0\ntransactions: 0\nmemory: 0\n|" },
        { 0, XS_CONTROL, 0, "help|",
          "check\nhelp\nmemreport\nprint <text>\nquota [<domid>|set <name> "
          "<number>]\n|" },
        { 0, XS_MKDIR, 0, "/local/domain/1|", "OK|" },
        { 0, XS_SET_PERMS, 0, "/local/domain/1|n1|", "OK|" },
        { 1, XS_WRITE, 0, "a/b|x", "OK|" },
        { 1, XS_WRITE, 0, "c|x", "!ENOSPC" },
        { 1, XS_WRITE, 0, "a|x", "OK|" },
    };

    (void)state;
    PLAY(steps);
}

/* Lists longer than a message: in parts, which together are the list. */
static void long_directories(void **state)
{
    struct xs_server *server = start();
    struct client *c = &clients[0];
    char request[64], list[32768];
    uint32_t size = 0, total = 0;
    bool last = false;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        snprintf(request, sizeof(request), "/dir/child%03d|", i);
        assert_string_equal(ask(c, XS_MKDIR, request), "OK|");
        total += 9;
    }
    assert_string_equal(ask(c, XS_DIRECTORY, "/dir|"), "!E2BIG");
    while (!last) {
        uint32_t head;

        snprintf(request, sizeof(request), "/dir|%u|", size);
        ask(c, XS_DIRECTORY_PART, request);
        assert_int_equal(c->header.type, XS_DIRECTORY_PART);
        head = (uint32_t)strlen(c->data) + 1;
        last = c->header.len > head && !c->data[c->header.len - 1] &&
               (c->header.len == head + 1 || !c->data[c->header.len - 2]);
        memcpy(list + size, c->data + head, c->header.len - head);
        size += c->header.len - head - last;
    }
    assert_int_equal(size, total);
    for (int i = 0; i < 1000; i++) {
        snprintf(request, sizeof(request), "child%03d", i);
        assert_string_equal(list + i * 9, request);
    }
    snprintf(request, sizeof(request), "/dir|%u|", size + 5);
    ask(c, XS_DIRECTORY_PART, request);
    assert_int_equal(c->header.len, strlen(c->data) + 2);
    test_server_end(server);
}

static void path_limits(void **state)
{
    struct xs_server *server = start();
    struct client *c = &clients[0];
    char path[XENSTORE_ABS_PATH_MAX + 4];

    (void)state;
    memset(path, 'x', sizeof(path));
    path[0] = '/';
    strcpy(path + XENSTORE_ABS_PATH_MAX, "|");
    assert_string_equal(ask(c, XS_MKDIR, path), "OK|");
    strcpy(path + XENSTORE_ABS_PATH_MAX, "x|");
    assert_string_equal(ask(c, XS_MKDIR, path), "!EINVAL");
    memset(path, 'x', sizeof(path));
    strcpy(path + XENSTORE_REL_PATH_MAX, "|");
    assert_string_equal(ask(c, XS_MKDIR, path), "OK|");
    strcpy(path + XENSTORE_REL_PATH_MAX, "x|");
    assert_string_equal(ask(c, XS_MKDIR, path), "!EINVAL");
    for (unsigned int i = 0; i <= XS_PATH_DEPTH_MAX; i++)
        memcpy(path + 2 * i, "/d", 2);
    strcpy(path + 2 * XS_PATH_DEPTH_MAX, "|");
    assert_string_equal(ask(c, XS_MKDIR, path), "OK|");
    strcpy(path + 2 * XS_PATH_DEPTH_MAX, "/d|");
    assert_string_equal(ask(c, XS_MKDIR, path), "!EINVAL");
    assert_string_equal(ask(c, XS_RM, "/d|"), "OK|");
    test_server_end(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes),        cmocka_unit_test(malformed),
        cmocka_unit_test(permissions),  cmocka_unit_test(watches),
        cmocka_unit_test(transactions), cmocka_unit_test(domains),
        cmocka_unit_test(control),      cmocka_unit_test(long_directories),
        cmocka_unit_test(path_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
