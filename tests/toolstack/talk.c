/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: what is typed on a guest's console arrives, and its answers come back.
 * Arguments: KiB of memory, the guest's prompt, then lines: each is typed when the prompt
 * has been printed. What the guest prints is printed; in the end it must be gone.
 */
#include <stdlib.h>

#include "check.h"
#include "domain0.h"

const unsigned int main_stack_order = 5;

static const char *prompt;
static char **lines;
static size_t matched; /* of the prompt, at the end of the output so far */
static unsigned int prompts, typed;
static struct ts_viewer *viewer;

static size_t on_output(void *context, const char *text, size_t n)
{
    (void)context;
    for (size_t i = 0; i < n; i++) {
        matched = text[i] == prompt[matched] ? matched + 1 : text[i] == prompt[0];
        if (!prompt[matched]) {
            prompts++;
            matched = 0;
        }
    }
    fwrite(text, 1, n, stdout);
    return n;
}

static const struct ts_viewer_ops viewer_ops = { .output = on_output };

/* A guest that starts again has a new console. */
static void on_manager_event(void *context, enum ts_event event,
                             const struct ts_domain *d, const char *text)
{
    (void)context;
    printf("\n%s: %s\n", d->name, text);
    matched = 0;
    if (event == TS_EVENT_CREATED || event == TS_EVENT_RESTARTED)
        check(!ts_viewer_attach(consoles, d->id, true, &viewer_ops, NULL, &viewer));
}

static void type_next(void)
{
    char line[128];
    int n = snprintf(line, sizeof(line), "%s\r", lines[typed]);

    typed++;
    check(ts_viewer_input(viewer, line, (size_t)n) == (size_t)n);
}

static void talk(void)
{
    for (unsigned int i = 0; i < 60000 && lines[typed]; i++) {
        domain0_serve();
        if (prompts > typed)
            type_next();
        else
            pause_a_little();
    }
    check(!lines[typed]);
}

int main(int argc, char **argv)
{
    struct ts_err err = { 0 };
    struct ts_config c;
    domid_t id;

    if (!check(argc > 3) || !domain0_start(on_manager_event))
        return check_verdict();
    prompt = argv[2];
    lines = argv + 3;
    ts_config_init(&c);
    strcpy(c.name, "guest");
    c.kernel = "/guest.elf";
    c.memory_kib = (uint64_t)atoi(argv[1]);
    if (!check(!ts_domain_create(manager, &c, &id, &err))) {
        printf("create: %s\n", err.text);
        return check_verdict();
    }
    talk();
    serve_until_all_have_ended();
    domain0_stop();
    return check_verdict();
}
