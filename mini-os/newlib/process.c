/* SPDX-License-Identifier: MIT */
/*
 * The program as the one process: main() and its arguments, memory, the end, and what a
 * domain has no other processes for.
 */
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <abi/sched.h>
#include <mini-os/boot.h>
#include <mini-os/console.h>
#include <mini-os/panic.h>
#include <mini-os/shutdown.h>
#include <mini-os/words.h>

#include "../kernel/internal.h"
#include "internal.h"

#define WORDS_MAX 64
#define PID       1

int main(int argc, char **argv);

typedef void initializer_t(void);
extern initializer_t *const init_array_start[], *const init_array_end[];

static unsigned int end_reason = SHUTDOWN_poweroff;

/* Whether word is NAME=value with a NAME of capitals, digits and underscores. */
static bool is_setting(const char *word)
{
    const char *at = word;

    while (isupper((unsigned char)*at) || *at == '_' ||
           (at > word && isdigit((unsigned char)*at)))
        at++;
    return at > word && *at == '=';
}

/* Returns how many of the first words were settings, which are in the environment now. */
static unsigned int take_environment(char **words, unsigned int count)
{
    unsigned int taken = 0;

    for (; taken < count && is_setting(words[taken]); taken++) {
        char *value = strchr(words[taken], '=');

        *value++ = '\0';
        if (setenv(words[taken], value, 1))
            panic("no memory for the environment");
    }
    return taken;
}

/* The first function given to atexit() is the last one called. */
static void flush_streams(void)
{
    locks_stop_waiting();
    fflush(NULL);
}

void program_main(void *unused)
{
    static char line[MAX_GUEST_CMDLINE];
    static char *words[WORDS_MAX + 2] = { "mini-os" };
    unsigned int count, settings;

    (void)unused;
    strlcpy(line, (const char *)boot_info->cmd_line, sizeof(line));
    count = split_words(line, words + 1, WORDS_MAX);
    settings = take_environment(words + 1, count);
    words[settings] = words[0];
    atexit(flush_streams);
    for (initializer_t *const *init = init_array_start; init < init_array_end; init++)
        (*init)();
    exit(main(count - settings + 1, words + settings));
}

void *sbrk(ptrdiff_t increment)
{
    void *old = heap_grow(increment);

    return old ? old : (void *)posix_result(-ENOMEM);
}

void _exit(int status)
{
    if (status) {
        kprintf("mini-os: the program has failed with exit status %d\n", status);
        end_reason = SHUTDOWN_crash;
    }
    for (;;)
        shutdown(end_reason);
}

void exit_with_reason(unsigned int reason)
{
    end_reason = reason;
    exit(0);
}

void abort(void)
{
    panic("abort() in thread \"%s\"", thread_name(thread_self()));
}

pid_t getpid(void)
{
    return PID;
}

/* Nothing ever sends a signal to itself but raise(), whose default is to end. */
int kill(pid_t pid, int signal)
{
    if (pid != PID)
        return posix_result(-ESRCH);
    if (signal)
        panic("signal %d in thread \"%s\"", signal, thread_name(thread_self()));
    return 0;
}

pid_t fork(void)
{
    return posix_result(-ENOSYS);
}

int execve(const char *path, char *const *argv, char *const *environment)
{
    (void)path, (void)argv, (void)environment;
    return posix_result(-ENOSYS);
}

pid_t wait(int *status)
{
    (void)status;
    return posix_result(-ECHILD);
}
