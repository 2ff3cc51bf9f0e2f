/* SPDX-License-Identifier: MIT */
/*
 * What a script in a Linux ramdisk measures with. Under QEMU's -icount shift=0 the
 * time-stamp counter counts instructions; where the machine idles it jumps ahead to the
 * next event, so a figure is virtual time, of which all but waiting is instructions.
 *
 *   ticks now NAME            prints the counter
 *   ticks run NAME COMMAND... runs a command and prints what it took
 *   ticks free NAME           the hypervisor's free memory in KiB (domain 0)
 *   ticks store               rates of xenstore, as seen by a program in domain 0
 *
 * Output: "BENCH <name> <value>".
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xenstore.h>

#define __XEN_TOOLS__ 1
#include <xen/xen.h>
/* Types of the header below come from the one above. */
#include <xen/sysctl.h>

#define ROUNDS 101

struct privcmd_hypercall {
    uint64_t op, arg[5];
};
#define PRIVCMD_HYPERCALL _IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))

static uint64_t read_tsc(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static void report(const char *name, uint64_t value)
{
    printf("BENCH %s %llu\n", name, (unsigned long long)value);
}

static int run(const char *name, char **command)
{
    uint64_t start = read_tsc();
    pid_t child = vfork();
    int status = 1;

    if (child == 0) {
        execvp(command[0], command);
        _exit(127);
    }
    waitpid(child, &status, 0);
    report(name, read_tsc() - start);
    return status != 0;
}

static int free_memory(const char *name)
{
    struct xen_sysctl *op = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
    struct privcmd_hypercall call = { __HYPERVISOR_sysctl, { (uintptr_t)op } };
    int fd = open("/dev/xen/privcmd", O_RDWR);

    if (fd < 0 || op == MAP_FAILED)
        return 1;
    memset(op, 0, sizeof(*op));
    op->cmd = XEN_SYSCTL_physinfo;
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    if (ioctl(fd, PRIVCMD_HYPERCALL, &call))
        return 1;
    report(name, op->u.physinfo.free_pages * 4);
    return 0;
}

/* --- xenstore --- */

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static bool store_read(struct xs_handle *store)
{
    unsigned int length;
    void *value = xs_read(store, XBT_NULL, "/bench/node", &length);

    free(value);
    return value;
}

static bool store_write(struct xs_handle *store)
{
    return xs_write(store, XBT_NULL, "/bench/node", "0123456789", 10);
}

/* Reads a node and writes it. */
static bool store_transaction(struct xs_handle *store)
{
    xs_transaction_t tx = xs_transaction_start(store);
    unsigned int length;
    char *value = xs_read(store, tx, "/bench/node", &length);
    bool good = value && xs_write(store, tx, "/bench/node", value, length);

    free(value);
    return xs_transaction_end(store, tx, !good) && good;
}

static bool measure_store(struct xs_handle *store, const char *name,
                          bool (*op)(struct xs_handle *store))
{
    uint64_t taken[ROUNDS];

    for (unsigned int i = 0; i < ROUNDS; i++) {
        uint64_t start = read_tsc();

        if (!op(store))
            return false;
        taken[i] = read_tsc() - start;
    }
    qsort(taken, ROUNDS, sizeof(taken[0]), compare);
    report(name, taken[ROUNDS / 2]);
    return true;
}

static int store_rates(void)
{
    struct xs_handle *store = xs_open(0);

    if (!store || !store_write(store))
        return 1;
    return !(measure_store(store, "local-store-read", store_read) &&
             measure_store(store, "local-store-write", store_write) &&
             measure_store(store, "local-store-transaction", store_transaction));
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "now"))
        return report(argv[2], read_tsc()), 0;
    if (argc > 3 && !strcmp(argv[1], "run"))
        return run(argv[2], argv + 3);
    if (argc == 3 && !strcmp(argv[1], "free"))
        return free_memory(argv[2]);
    if (argc == 2 && !strcmp(argv[1], "store"))
        return store_rates();
    fprintf(stderr, "usage: ticks now NAME | run NAME COMMAND... | free NAME | store\n");
    return 2;
}
