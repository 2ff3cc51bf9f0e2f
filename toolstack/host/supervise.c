/* SPDX-License-Identifier: MIT */
/*
 * A machine's supervisor: parent of QEMU, so that it knows for certain which process that
 * is, and relay for its clients. It ends when QEMU does, or ends QEMU when told to. A
 * third process takes the cores of domains that crash.
 */
#define _GNU_SOURCE
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHANNEL_MS 10000 /* for QEMU to make its socket */
#define END_MS     3000  /* for QEMU to end when asked to */
#define STEP_MS    20

static void block_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

static int open_signals(void)
{
    sigset_t set;

    sigprocmask(SIG_BLOCK, NULL, &set);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

/* A child of the supervisor: its words go to that file, and it ends with its parent. */
static void become_child(const char *log_name, pid_t parent)
{
    sigset_t none;
    int log = open(log_name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (log >= 0) {
        dup2(log, STDOUT_FILENO);
        dup2(log, STDERR_FILENO);
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(127);
}

/* Without its supervisor nobody could reach it. */
static void become_qemu(char **command, pid_t parent)
{
    become_child("qemu.log", parent);
    execvp(command[0], command);
    dprintf(STDERR_FILENO, "%s: %s\n", command[0], strerror(errno));
    _exit(127);
}

static void become_collector(const char *folder, pid_t parent)
{
    become_child("cores.log", parent);
    execl("/proc/self/exe", "pavise", "-H", "unix:control", "collect", "-d", folder,
          NULL);
    _exit(127);
}

/* Whether it can be started or not, the machine runs. */
static void start_collector(const char *folder, pid_t supervisor)
{
    if (!fork())
        become_collector(folder, supervisor);
}

static bool has_ended(pid_t qemu)
{
    siginfo_t info = { .si_pid = 0 };

    return waitid(P_PID, (id_t)qemu, &info, WEXITED | WNOHANG | WNOWAIT) ||
           info.si_pid == qemu;
}

static void end(pid_t qemu)
{
    if (!has_ended(qemu))
        kill(qemu, SIGTERM);
    for (int ms = 0; ms < END_MS && !has_ended(qemu); ms += STEP_MS)
        sleep_ms(STEP_MS);
    if (!has_ended(qemu))
        kill(qemu, SIGKILL);
    waitpid(qemu, NULL, 0);
}

static int connect_channel(pid_t qemu)
{
    int fd = -1;

    for (int ms = 0; ms < CHANNEL_MS && fd < 0 && !has_ended(qemu); ms += STEP_MS) {
        fd = unix_connect("channel");
        if (fd < 0)
            sleep_ms(STEP_MS);
    }
    return fd;
}

void supervise(const struct machine *machine, const struct settings *settings,
               char **command)
{
    struct state state = {
        .supervisor = getpid(),
        .started = process_start(getpid()),
        .memory = settings->memory,
        .cpus = settings->cpus,
    };
    int listener, channel;

    unlink("control");
    unlink("channel");
    block_signals();
    state.qemu = fork();
    if (!state.qemu)
        become_qemu(command, state.supervisor);
    if (state.qemu < 0)
        return;
    listener = relay_listen("control");
    channel = connect_channel(state.qemu);
    if (machine_write_state(machine, &state) && listener >= 0 && channel >= 0) {
        start_collector(settings->cores, state.supervisor);
        relay_serve(listener, channel, open_signals());
    }
    end(state.qemu);
    unlink("control");
    unlink("channel");
    unlink("state");
}
