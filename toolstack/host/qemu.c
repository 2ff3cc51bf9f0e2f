/* SPDX-License-Identifier: MIT */
/* QEMU's command line. */
#define _GNU_SOURCE
#include "machine.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_ARGUMENTS 64

#define CHANNEL "socket,id=control,path=channel,server=on,wait=off"
#define PORT    "virtserialport,chardev=control,name=org.pavise.control"

struct list {
    char **argv;
    unsigned int n;
    bool failed;
};

static void add(struct list *list, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct list *list, const char *format, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    if (text)
        list->argv[list->n++] = text;
    else
        list->failed = true;
}

static void add_words(struct list *list, const char *const *words)
{
    for (; *words; words++)
        add(list, "%s", *words);
}

/* --- files --- */

/* Where Pavise's own files are: $PAVISE_DIR, the build folder that this program is in, or
 * where it was installed. */
static bool own_file(const char *name, char path[PATH_SIZE])
{
    const char *given = getenv("PAVISE_DIR");
    char self[PATH_SIZE - 64];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (given && *given) {
        snprintf(path, PATH_SIZE, "%s/%s", given, name);
        return !access(path, R_OK);
    }
    for (int up = 0; n > 0 && up < 2; up++) {
        self[n] = '\0';
        n = strrchr(self, '/') - self;
    }
    if (n < 0)
        return false;
    self[n] = '\0';
    snprintf(path, PATH_SIZE, "%s/%s", self, name);
    if (!access(path, R_OK))
        return true;
    snprintf(path, PATH_SIZE, "%s/lib/pavise/%s", self, name);
    return !access(path, R_OK);
}

/* An absolute path: QEMU runs in another folder. given NULL: our own file of that name. */
static char *find_file(const char *given, const char *name)
{
    char path[PATH_SIZE];
    char *absolute;

    if (!given && !own_file(name, path)) {
        say("%s was not found beside this program; $PAVISE_DIR may say where it is",
            name);
        return NULL;
    }
    absolute = realpath(given ? given : path, NULL);
    if (!absolute || access(absolute, R_OK)) {
        say("\"%s\" cannot be read: %s", given ? given : path, strerror(errno));
        free(absolute);
        return NULL;
    }
    return absolute;
}

/* QEMU separates by commas; one within is doubled. */
static char *double_commas(const char *text)
{
    char *doubled = malloc(2 * strlen(text) + 1), *to = doubled;

    for (; doubled && *text; text++) {
        if (*text == ',')
            *to++ = ',';
        *to++ = *text;
    }
    if (doubled)
        *to = '\0';
    return doubled;
}

/* --- what boots --- */

static unsigned int domain0_memory(unsigned int memory)
{
    unsigned int part = memory / 4;

    return part < 64 ? 64 : part > 512 ? 512 : part;
}

static void add_modules(struct list *list, const struct settings *s, const char *kernel,
                        const char *ramdisk)
{
    char *kernel_path = double_commas(kernel),
         *disk = double_commas(ramdisk ? ramdisk : ""),
         *arguments = double_commas(s->arguments ? s->arguments : "");

    if (!kernel_path || !disk || !arguments)
        list->failed = true;
    else
        add(list, "%s%s%s%s%s", kernel_path, *arguments ? " " : "", arguments,
            *disk ? "," : "", disk);
    free(kernel_path);
    free(disk);
    free(arguments);
}

static bool add_kernel(struct list *list, const struct settings *s)
{
    char *hypervisor = find_file(NULL, "pavise.elf");
    char *kernel = hypervisor ? find_file(s->kernel, "control-domain.elf") : NULL;
    char *ramdisk = NULL;
    bool good = kernel;

    if (good && (s->ramdisk || !s->kernel)) {
        ramdisk = find_file(s->ramdisk, "control-domain.cpio");
        good = ramdisk;
    }
    if (good) {
        add(list, "-kernel");
        add(list, "%s", hypervisor);
        add(list, "-append");
        add(list, "console=com1 com1=115200,8n1 dom0_mem=%uM%s%s",
            domain0_memory(s->memory), s->options ? " " : "",
            s->options ? s->options : "");
        add(list, "-initrd");
        add_modules(list, s, kernel, ramdisk);
    }
    free(hypervisor);
    free(kernel);
    free(ramdisk);
    return good;
}

static bool add_iso(struct list *list, const struct settings *s)
{
    char *iso = find_file(s->iso, NULL);

    if (!iso)
        return false;
    add(list, "-cdrom");
    add(list, "%s", iso);
    free(iso);
    return true;
}

/* --- the machine --- */

static void add_machine(struct list *list, const struct machine *machine,
                        const struct settings *s)
{
    static const char *const fixed[] = {
        "qemu-system-x86_64",
        "-accel",
        "tcg",
        "-cpu",
        "max,smap=off",
        "-nodefaults",
        "-no-user-config",
        "-no-reboot",
        "-display",
        "none",
        "-chardev",
        "file,id=console,path=console.log",
        "-serial",
        "chardev:console",
        "-chardev",
        CHANNEL,
        NULL,
    };
    static const char *const serial[] = { "-serial", "chardev:control", NULL };
    static const char *const port[] = { "-device", "virtio-serial-pci", "-device", PORT,
                                        NULL };

    add_words(list, fixed);
    add_words(list, s->serial ? serial : port);
    add(list, "-name");
    add(list, "pavise-%s", machine->name);
    add(list, "-m");
    add(list, "%u", s->memory);
    add(list, "-smp");
    add(list, "%u", s->cpus);
}

void qemu_command_free(char **command)
{
    for (char **word = command; word && *word; word++)
        free(*word);
    free(command);
}

/* Returns whether all files are there. */
static bool fill(struct list *list, const struct machine *machine,
                 const struct settings *s)
{
    add_machine(list, machine, s);
    if (!(s->iso ? add_iso(list, s) : add_kernel(list, s)))
        return false;
    for (unsigned int i = 0; i < s->nr_qemu; i++)
        add(list, "%s", s->qemu[i]);
    return true;
}

char **qemu_command(const struct machine *machine, const struct settings *s)
{
    struct list list = {
        .argv = calloc(MAX_ARGUMENTS + s->nr_qemu, sizeof(char *)),
    };

    if (list.argv && fill(&list, machine, s) && !list.failed)
        return list.argv;
    if (!list.argv || list.failed)
        say("out of memory");
    qemu_command_free(list.argv);
    return NULL;
}
