/* SPDX-License-Identifier: MIT */
/*
 * Machines in QEMU.
 *   machine     their folders, and which are up
 *   qemu        QEMU's command line
 *   supervise   the process behind a machine: QEMU's parent, and its relay
 *   relay       many clients on one channel (toolstack/remote/relay.c moves the frames)
 */
#ifndef HOST_MACHINE_H
#define HOST_MACHINE_H

#include "host.h"

#define MACHINE_NAME_MAX 64
#define PATH_SIZE        512

/*
 * Its folder has: lock (held by the supervisor), state, control (the relay's socket),
 * channel (QEMU's), console.log, qemu.log, cores.log.
 */
struct machine {
    char name[MACHINE_NAME_MAX];
    char folder[400];
};

/* What `machines` and `down` know of one that is up. */
struct state {
    pid_t supervisor, qemu;
    uint64_t started; /* of the supervisor, as process_start() */
    unsigned int memory, cpus;
};

/* --- machine.c --- */

/* name NULL: "default". Returns false when the name is no good (said). */
bool machine_init(struct machine *machine, const char *name);
/* Makes its folder, and those above, for this user alone. False: said why. */
bool machine_make_folder(const struct machine *machine);
void machine_path(const struct machine *machine, const char *file, char path[PATH_SIZE]);
/* The folder that cores of all machines go to, made with those above; false: said why. */
bool machine_make_cores(char path[PATH_SIZE]);
/* A descriptor that holds the machine's lock; -1 with errno, EWOULDBLOCK: it is up. */
int machine_lock(const struct machine *machine);
bool machine_is_up(const struct machine *machine);
/* Calls visit with each that is up, until it returns false. */
void machine_each(bool (*visit)(void *context, const struct machine *machine),
                  void *context);
void machine_endpoint(const struct machine *machine, struct endpoint *endpoint);
bool machine_write_state(const struct machine *machine, const struct state *state);
bool machine_read_state(const struct machine *machine, struct state *state);
/* When a process was started, in ticks since the boot; 0: there is none. */
uint64_t process_start(pid_t pid);

/* --- qemu.c --- */

struct settings {
    unsigned int memory; /* MiB */
    unsigned int cpus;
    bool serial; /* the channel is the second serial line */
    const char *iso, *kernel, *ramdisk, *arguments, *options; /* NULL: not given */
    const char *cores; /* absolute path of the folder for cores */
    char *const *qemu; /* further arguments */
    unsigned int nr_qemu;
};

/* QEMU's command line, for the machine's folder as the current one. NULL: a file is
 * missing or memory is out (said). */
char **qemu_command(const struct machine *machine, const struct settings *settings);
void qemu_command_free(char **command);

/* --- supervise.c --- */

/* Runs QEMU, the relay and a `collect` until one of the first two ends or SIGTERM comes;
 * returns then. The calling
 * process is a daemon's already, the machine's folder its current one. */
void supervise(const struct machine *machine, const struct settings *settings,
               char **command);

/* --- relay.c --- */

/* A socket that listens at path (relative ones are the shortest); -1 with errno. */
int relay_listen(const char *path);
/* Forwards until the machine's end closes or signals (a signalfd) has something. */
void relay_serve(int listener, int machine, int signals);

#endif
