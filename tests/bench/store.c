/* SPDX-License-Identifier: MIT */
/*
 * A program on mini-os that measures xenstore from a guest: instructions of the whole
 * machine until the answer is there. Output: "BENCH <name> <value>", "BENCH end".
 */
#include <stdio.h>
#include <stdlib.h>

#include <mini-os/time.h>
#include <mini-os/xenbus.h>

#define ROUNDS 101
#define NODE   "data/bench"

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static bool read_node(void)
{
    char *value = NULL;
    bool good = !xenbus_read(0, NODE, &value, NULL);

    free(value);
    return good;
}

static bool write_node(void)
{
    return !xenbus_write(0, NODE, "0123456789", 10);
}

/* Reads a node and writes it. */
static bool transaction(void)
{
    char *value = NULL;
    size_t length;
    uint32_t tx;
    bool good;

    if (xenbus_transaction_start(&tx))
        return false;
    good =
        !xenbus_read(tx, NODE, &value, &length) && !xenbus_write(tx, NODE, value, length);
    free(value);
    return !xenbus_transaction_end(tx, good) && good;
}

static void measure(const char *name, bool (*op)(void))
{
    uint64_t taken[ROUNDS];

    for (unsigned int i = 0; i < ROUNDS; i++) {
        uint64_t start = read_tsc();

        if (!op()) {
            printf("BENCH failed: %s\n", name);
            exit(1);
        }
        taken[i] = read_tsc() - start;
    }
    qsort(taken, ROUNDS, sizeof(taken[0]), compare);
    printf("BENCH %s %llu\n", name, (unsigned long long)taken[ROUNDS / 2]);
}

int main(void)
{
    measure("guest-store-write", write_node);
    measure("guest-store-read", read_node);
    measure("guest-store-transaction", transaction);
    printf("BENCH end\n");
    return 0;
}
