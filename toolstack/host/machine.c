/* SPDX-License-Identifier: MIT */
/*
 * Machines that `up` started: each has a folder below $XDG_RUNTIME_DIR/pavise,
 * $HOME/.local/state/pavise or /tmp/pavise-UID, for its user alone. Its supervisor holds a
 * lock on the file "lock" for as long as it lives: no number of a process needs to be
 * believed.
 */
#define _GNU_SOURCE
#include "machine.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_absolute(const char *path)
{
    return path && path[0] == '/';
}

static bool fits(int printed, size_t size)
{
    return printed > 0 && (size_t)printed < size;
}

/* Where the folders of all machines are. */
static bool top_folder(char *path, size_t size)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR"), *state = getenv("XDG_STATE_HOME"),
               *home = getenv("HOME");

    if (is_absolute(runtime) && !access(runtime, W_OK))
        return fits(snprintf(path, size, "%s/pavise", runtime), size);
    if (is_absolute(state))
        return fits(snprintf(path, size, "%s/pavise", state), size);
    if (is_absolute(home) && !access(home, W_OK))
        return fits(snprintf(path, size, "%s/.local/state/pavise", home), size);
    return fits(snprintf(path, size, "/tmp/pavise-%u", (unsigned)getuid()), size);
}

static bool is_good_name(const char *name)
{
    size_t n = strlen(name);

    if (!n || n >= MACHINE_NAME_MAX || name[0] == '.' || name[0] == '-')
        return false;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && !strchr("-_.", *name))
            return false;
    return true;
}

bool machine_init(struct machine *machine, const char *name)
{
    char top[300];

    if (!name)
        name = "default";
    if (!is_good_name(name)) {
        say("\"%.100s\" is no name for a machine: letters, digits, '-', '_' and '.', up "
            "to %d",
            name, MACHINE_NAME_MAX - 1);
        return false;
    }
    if (!top_folder(top, sizeof(top))) {
        say("the name of the folder for machines is too long");
        return false;
    }
    strcpy(machine->name, name);
    snprintf(machine->folder, sizeof(machine->folder), "%s/%s", top, name);
    return true;
}

/* --- the folder --- */

/* Ours alone, and no link that somebody has put there. */
static bool is_private(const char *path)
{
    struct stat st;

    return !lstat(path, &st) && S_ISDIR(st.st_mode) && st.st_uid == getuid() &&
           !(st.st_mode & 077);
}

static bool make_private(const char *path)
{
    if (!mkdir(path, 0700) || (errno == EEXIST && is_private(path)))
        return true;
    say("the folder %s cannot be made: %s", path,
        errno == EEXIST ? "it is there, but others may use it" : strerror(errno));
    return false;
}

/* Those above the folder of all machines, as far as they are missing. */
static void make_above(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
}

bool machine_make_folder(const struct machine *machine)
{
    char top[300];

    if (!top_folder(top, sizeof(top)))
        return false;
    make_above(top);
    return make_private(top) && make_private(machine->folder);
}

/* Not where the folders of machines are: that is often in memory, and cores are large. */
bool machine_make_cores(char path[PATH_SIZE])
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int n;

    if (is_absolute(state))
        n = snprintf(path, PATH_SIZE, "%s/pavise/cores", state);
    else if (is_absolute(home) && !access(home, W_OK))
        n = snprintf(path, PATH_SIZE, "%s/.local/state/pavise/cores", home);
    else
        n = snprintf(path, PATH_SIZE, "/tmp/pavise-%u-cores", (unsigned)getuid());
    if (!fits(n, PATH_SIZE)) {
        say("the name of the folder for cores is too long");
        return false;
    }
    make_above(path);
    return make_private(path);
}

void machine_path(const struct machine *machine, const char *file, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/%s", machine->folder, file);
}

/* --- is it up? --- */

int machine_lock(const struct machine *machine)
{
    char path[PATH_SIZE];
    int fd;

    machine_path(machine, "lock", path);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -1;
    /* Somebody who only looks holds it for a moment. */
    for (int tries = 0; tries < 10; tries++) {
        if (!flock(fd, LOCK_EX | LOCK_NB))
            return fd;
        sleep_ms(5);
    }
    close(fd);
    errno = EWOULDBLOCK;
    return -1;
}

bool machine_is_up(const struct machine *machine)
{
    char path[PATH_SIZE];
    bool is_up;
    int fd;

    machine_path(machine, "lock", path);
    fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    /* A shared one, so that two who look do not see each other. */
    is_up = flock(fd, LOCK_SH | LOCK_NB) != 0;
    close(fd);
    return is_up;
}

void machine_each(bool (*visit)(void *context, const struct machine *machine),
                  void *context)
{
    struct dirent **list;
    struct machine machine;
    bool more = true;
    char top[300];
    int n;

    n = top_folder(top, sizeof(top)) ? scandir(top, &list, NULL, alphasort) : -1;
    for (int i = 0; i < n; i++) {
        if (more && is_good_name(list[i]->d_name) &&
            machine_init(&machine, list[i]->d_name) && machine_is_up(&machine))
            more = visit(context, &machine);
        free(list[i]);
    }
    if (n >= 0)
        free(list);
}

void machine_endpoint(const struct machine *machine, struct endpoint *endpoint)
{
    memset(endpoint, 0, sizeof(*endpoint));
    machine_path(machine, "control", endpoint->address);
    snprintf(endpoint->text, sizeof(endpoint->text), "machine \"%s\"", machine->name);
}

/* --- what is known of it --- */

bool machine_write_state(const struct machine *machine, const struct state *state)
{
    char path[PATH_SIZE];
    FILE *file;

    machine_path(machine, "state", path);
    file = fopen(path, "we");
    if (!file)
        return false;
    fprintf(file, "%d %llu %d %u %u\n", (int)state->supervisor,
            (unsigned long long)state->started, (int)state->qemu, state->memory,
            state->cpus);
    return !fclose(file);
}

bool machine_read_state(const struct machine *machine, struct state *state)
{
    unsigned long long started;
    char path[PATH_SIZE];
    int supervisor, qemu;
    bool good;
    FILE *file;

    machine_path(machine, "state", path);
    file = fopen(path, "re");
    if (!file)
        return false;
    good = fscanf(file, "%d %llu %d %u %u", &supervisor, &started, &qemu, &state->memory,
                  &state->cpus) == 5;
    fclose(file);
    state->supervisor = supervisor;
    state->started = started;
    state->qemu = qemu;
    return good;
}

/* Field 22 of /proc/PID/stat; the name in field 2 may have blanks and brackets. */
uint64_t process_start(pid_t pid)
{
    char path[64], text[1024], *at;
    unsigned long long start = 0;
    size_t n;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    file = fopen(path, "re");
    if (!file)
        return 0;
    n = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[n] = '\0';
    at = strrchr(text, ')');
    for (int field = 2; at && field < 21; field++)
        at = strchr(at + 1, ' ');
    if (at)
        sscanf(at, " %*s %llu", &start);
    return start;
}
