/* SPDX-License-Identifier: MIT */
/*
 * The verbs. This table drives usage, help, completion and the list in pavise(1). Names,
 * options and operands are xl's where xl has the verb.
 */
#include "internal.h"

#include <string.h>

#define ANY_NUMBER (~0u)

static const struct option list_options[] = {
    { 'l', "long", NULL, "all there is to say, in JSON", WORD_OTHER },
    { 'v', "verbose", NULL, "UUIDs and reasons of shutdown, too", WORD_OTHER },
    { 0 },
};

static const struct option destroy_options[] = {
    { 'f', "force", NULL, "as in xl; domain 0 cannot be destroyed", WORD_OTHER },
    { 0 },
};

static const struct verb table[] = {
    { .name = "create",
      .arguments = "CONFIG|KERNEL [KEY=VALUE...]",
      .summary = "make a domain and start it",
      .more = "CONFIG is a file as for xl, see pavise.cfg(5); what stands behind it goes "
              "before what it says. A kernel can be started without a configuration.",
      .options = create_options,
      .least = 0,
      .most = ANY_NUMBER,
      .operands = { WORD_FILE, WORD_OTHER, WORD_OTHER },
      .run = create_run },
    { .name = "destroy",
      .arguments = "DOMAIN",
      .summary = "end a domain at once",
      .options = destroy_options,
      .least = 1,
      .most = 1,
      .operands = { WORD_DOMAIN },
      .run = destroy_run },
    { .name = "list",
      .arguments = "[DOMAIN...]",
      .summary = "domains and how they are",
      .options = list_options,
      .least = 0,
      .most = ANY_NUMBER,
      .operands = { WORD_DOMAIN, WORD_DOMAIN, WORD_DOMAIN },
      .run = list_run },
    { .name = "help",
      .arguments = "[VERB]",
      .summary = "this list, or what a verb does",
      .least = 0,
      .most = 1,
      .operands = { WORD_VERB },
      .is_local = true,
      .run = help_run },
    { .name = NULL },
};

const struct verb *const verbs = table;

const struct verb *verb_find(const char *name)
{
    for (const struct verb *v = table; v->name; v++)
        if (!strcmp(v->name, name))
            return v;
    return NULL;
}

/* --- the verb that was meant --- */

#define LONGEST 16

/* How many letters have to be put in, left out, changed or swapped. */
static unsigned int distance(const char *a, const char *b)
{
    unsigned int row[3][LONGEST + 2];
    size_t na = strlen(a), nb = strlen(b);

    for (size_t j = 0; j <= nb; j++)
        row[0][j] = (unsigned int)j;
    for (size_t i = 1; i <= na; i++) {
        unsigned int *now = row[i % 3], *before = row[(i + 2) % 3];

        now[0] = (unsigned int)i;
        for (size_t j = 1; j <= nb; j++) {
            unsigned int least = before[j - 1] + (a[i - 1] != b[j - 1]);

            least = before[j] + 1 < least ? before[j] + 1 : least;
            least = now[j - 1] + 1 < least ? now[j - 1] + 1 : least;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                row[(i + 1) % 3][j - 2] + 1 < least)
                least = row[(i + 1) % 3][j - 2] + 1;
            now[j] = least;
        }
    }
    return row[na % 3][nb];
}

const struct verb *verb_nearest(const char *name)
{
    const struct verb *nearest = NULL;
    unsigned int least = 3;

    if (strlen(name) > LONGEST)
        return NULL;
    for (const struct verb *v = table; v->name; v++) {
        unsigned int d = v->is_hidden ? least : distance(name, v->name);

        if (d < least && d < strlen(v->name)) {
            least = d;
            nearest = v;
        }
    }
    return nearest;
}
