/* SPDX-License-Identifier: MIT */
/*
 * A guest that may be suspended and shows what works afterwards. For each word typed it
 * prints what a timer, a read of xenstore and the console make of it; for each change of
 * data/ping what is there.
 */
#include <stdio.h>
#include <stdlib.h>

#include <mini-os/thread.h>
#include <mini-os/time.h>
#include <mini-os/xenbus.h>

static void watch_ping(void *unused)
{
    struct xenbus_watch watch;

    (void)unused;
    if (xenbus_watch(&watch, "data/ping"))
        return;
    for (;;) {
        char *path = xenbus_watch_next(&watch, TIME_NEVER), *value;

        if (!xenbus_read(0, path, &value, NULL)) {
            printf("ping %s\n", value);
            free(value);
        }
        free(path);
    }
}

/* What the store knows of the word: it is written and read again. */
static void answer(const char *word)
{
    uint64_t before = time_now();
    char *value = NULL;
    int rc = xenbus_printf(0, "data/word", "%s", word);

    thread_sleep_until(before + 2 * NSEC_PER_MSEC);
    if (!rc)
        rc = xenbus_read(0, "data/word", &value, NULL);
    printf("word %s, store %s (%d), timer %s\n", word, rc ? "-" : value, rc,
           time_now() >= before + 2 * NSEC_PER_MSEC ? "late enough" : "early");
    free(value);
}

int main(void)
{
    char word[32];

    thread_detach(thread_create("ping", watch_ping, NULL));
    printf("ready\n");
    while (scanf("%31s", word) == 1)
        answer(word);
    return EXIT_FAILURE;
}
