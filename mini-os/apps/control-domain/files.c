/* SPDX-License-Identifier: MIT */
/*
 * Files as the toolstack asks for them: what clients have sent (images.h) by its names, or
 * the ramdisk's. And the one that a command of the prompt writes.
 */
#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <mini-os/mm.h>
#include <ts/dump.h>

#include "control.h"
#include "images.h"

#define RESERVE (2 << 20) /* of memory: for sessions, and commands' threads */

static int xen_code(int number)
{
    switch (number) {
    case ENOENT:
        return -XEN_ENOENT;
    case ENOMEM:
        return -XEN_ENOMEM;
    case EISDIR:
        return -XEN_EISDIR;
    default:
        return -XEN_EIO;
    }
}

/* All of an open file; NULL with errno set when that fails. */
static void *read_all(FILE *file, size_t *size)
{
    struct stat about;
    void *data;

    if (fstat(fileno(file), &about))
        return NULL;
    data = malloc((size_t)about.st_size + 1); /* an empty file has an address too */
    if (!data)
        return NULL;
    setvbuf(file, NULL, _IONBF, 0);
    *size = fread(data, 1, (size_t)about.st_size, file);
    if (*size == (size_t)about.st_size)
        return data;
    free(data);
    errno = EIO;
    return NULL;
}

static int load_own(const char *path, const void **data, size_t *size, struct ts_err *err)
{
    FILE *file = fopen(path, "r");

    *data = file ? read_all(file, size) : NULL;
    if (!*data)
        ts_fail(err, xen_code(errno), "\"%s\" cannot be read: %s", path, strerror(errno));
    if (file)
        fclose(file);
    return *data ? 0 : xen_code(errno);
}

/* Domains shall not take what commands need that end some of them. Whatever is made is
 * made from a file. */
static bool has_reserve(void)
{
    return mm_free_pages() * PAGE_SIZE + mallinfo().fordblks >= RESERVE;
}

int file_load(void *unused, const char *path, const void **data, size_t *size,
              struct ts_err *err)
{
    struct image *image = image_named(path);

    (void)unused;
    while (!has_reserve() && images_drop())
        ;
    if (!has_reserve())
        return ts_fail(err, -XEN_ENOMEM,
                       "out of memory: the control domain needs what it "
                       "has left; the boot option dom0_mem gives it more");
    if (!image)
        return load_own(path, data, size, err);
    image_get(image);
    *data = image_bytes(image);
    *size = image_size(image);
    return 0;
}

void file_unload(void *unused, const void *data, size_t size)
{
    struct image *image = image_of(data);

    (void)unused, (void)size;
    if (image)
        image_put(image);
    else
        free((void *)data);
}

void file_hold(void *unused, const char *path)
{
    struct image *image = image_named(path);

    (void)unused;
    if (image)
        image_get(image);
}

void file_drop(void *unused, const char *path)
{
    struct image *image = image_named(path);

    (void)unused;
    if (image)
        image_put(image);
}

/* --- the file that a command of the prompt writes --- */

static FILE *saved;
static char saved_path[256];

static int cannot_save(struct ts_err *err)
{
    return ts_fail(err, xen_code(errno), "\"%s\" cannot be written: %s", saved_path,
                   strerror(errno));
}

int file_save_begin(void *unused, const char *path, struct ts_err *err)
{
    (void)unused;
    if (strlen(path) >= sizeof(saved_path))
        return ts_fail(err, -XEN_EINVAL, "\"%.40s...\" is too long a name", path);
    strcpy(saved_path, path);
    saved = fopen(path, "w+");
    return saved ? 0 : cannot_save(err);
}

long file_save(void *unused, uint64_t offset, const void *bytes, size_t n,
               struct ts_err *err)
{
    (void)unused;
    if (!has_reserve())
        return ts_fail(err, -XEN_ENOMEM,
                       "the control domain has no memory for \"%s\"; a machine elsewhere "
                       "can be given this command, too",
                       saved_path);
    if (fseek(saved, (long)offset, SEEK_SET) || fwrite(bytes, 1, n, saved) != n)
        return cannot_save(err);
    return (long)n;
}

static int get_saved(void *unused, uint64_t offset, void *bytes, size_t n)
{
    (void)unused;
    if (fseek(saved, (long)offset, SEEK_SET) || fread(bytes, 1, n, saved) != n)
        return -XEN_EIO;
    return 0;
}

static int put_saved(void *unused, uint64_t offset, const void *bytes, size_t n)
{
    struct ts_err err = { 0 };
    long rc = file_save(unused, offset, bytes, n, &err);

    return rc < 0 ? (int)rc : 0;
}

int file_save_end(void *unused, bool complete, struct ts_err *err)
{
    const struct ts_core_file core = { NULL, get_saved, put_saved };
    int rc = complete ? ts_core_add_view(&core, err) : 0;

    (void)unused;
    if (fclose(saved) && !rc)
        rc = cannot_save(err);
    if (rc || !complete)
        remove(saved_path);
    return rc;
}

/* --- completion --- */

/* An entry of a folder (a path with its "/", or nothing), if it begins with prefix. There
 * is nothing for users in the folder of devices. */
static void offer(const char *folder, size_t folder_size, const char *entry,
                  const char *prefix, void (*add)(void *to, const char *path), void *to)
{
    char path[256];
    struct stat about;
    int n = snprintf(path, sizeof(path) - 1, "%.*s%s", (int)folder_size, folder, entry);

    if (*entry == '.' || !strcmp(path, "dev") || n < 0 || (size_t)n >= sizeof(path) - 1 ||
        strncmp(path, prefix, strlen(prefix)) || stat(path, &about))
        return;
    if (S_ISDIR(about.st_mode))
        strcat(path, "/");
    add(to, path);
}

void files_list(void *unused, const char *prefix, void (*add)(void *to, const char *path),
                void *to)
{
    const char *slash = strrchr(prefix, '/');
    size_t folder_size = slash ? (size_t)(slash + 1 - prefix) : 0;
    char folder[256];
    const struct dirent *entry;
    DIR *directory;

    (void)unused;
    if (folder_size >= sizeof(folder))
        return;
    memcpy(folder, prefix, folder_size);
    folder[folder_size] = '\0';
    directory = opendir(folder_size ? folder : "/");
    while (directory && (entry = readdir(directory)))
        offer(folder, folder_size, entry->d_name, prefix, add, to);
    if (directory)
        closedir(directory);
}
