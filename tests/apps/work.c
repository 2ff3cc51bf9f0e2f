/* SPDX-License-Identifier: MIT */
/*
 * A guest with work whose result others can compute. Arguments: a number, rounds. Prints
 * "work NUMBER: ready", reads a word from its console and prints "work NUMBER: RESULT".
 *
 * Each of three threads, in each round, fills a block of memory with a text that holds the
 * last round's checksum, sleeps, and takes the checksum through a window that is mapped
 * onto one page of the block after the other; a sum of doubles goes along. Whoever changes
 * memory, page tables or registers of this domain changes the result.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mini-os/mm.h>
#include <mini-os/sync.h>
#include <mini-os/time.h>

#define THREADS     3
#define BLOCK_ORDER 1
#define BLOCK_SIZE  ((size_t)PAGE_SIZE << BLOCK_ORDER)

static unsigned long number, rounds;
static char word[32];
static uint32_t table[256];

struct work {
    struct thread *thread;
    unsigned int index;
    char *block, *window;
    uint32_t result;
};

/* CRC-32 of IEEE 802.3, as zlib's. */
static void make_table(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        table[i] = i;
        for (int bit = 0; bit < 8; bit++)
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320 : 0);
    }
}

static uint32_t crc32(uint32_t crc, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;

    crc = ~crc;
    while (n--)
        crc = crc >> 8 ^ table[(crc ^ *at++) & 255];
    return ~crc;
}

static void fill(struct work *w, unsigned long round, uint32_t crc)
{
    char text[96];
    size_t len = snprintf(text, sizeof(text), "%s:%lu:%u:%lu:%08lx;", word, number,
                          w->index, round, (unsigned long)crc);

    for (size_t at = 0; at < BLOCK_SIZE; at++)
        w->block[at] = text[at % len];
}

static uint32_t sum_through_window(struct work *w)
{
    uint32_t crc = 0;

    for (size_t at = 0; at < BLOCK_SIZE; at += PAGE_SIZE) {
        if (map_mfn(w->window, virt_to_mfn(w->block + at), PTE_RO))
            return 0;
        crc = crc32(crc, w->window, PAGE_SIZE);
    }
    return unmap(w->window) ? 0 : crc;
}

static void run(void *arg)
{
    struct work *w = arg;
    double sum = 0;
    uint32_t crc = 0;

    for (unsigned long round = 0; round < rounds; round++) {
        fill(w, round, crc);
        thread_sleep_until(time_now() + (1 + (number + round) % 5) * NSEC_PER_MSEC);
        crc = sum_through_window(w);
        sum = sum * 0.75 + crc / 4294967296.0;
    }
    w->result = crc32(crc, &sum, sizeof(sum));
}

static bool start(struct work *w, unsigned int index)
{
    w->index = index;
    w->block = alloc_pages(BLOCK_ORDER);
    w->window = window_reserve(1);
    w->thread = w->block && w->window ? thread_create("work", run, w) : NULL;
    return w->thread;
}

int main(int argc, char **argv)
{
    struct work works[THREADS];

    if (argc != 3)
        return EXIT_FAILURE;
    number = strtoul(argv[1], NULL, 0);
    rounds = strtoul(argv[2], NULL, 0);
    make_table();
    printf("work %lu: ready\n", number);
    if (scanf("%31s", word) != 1)
        return EXIT_FAILURE;
    for (unsigned int i = 0; i < THREADS; i++)
        if (!start(&works[i], i))
            return EXIT_FAILURE;
    for (unsigned int i = 0; i < THREADS; i++)
        thread_join(works[i].thread);
    printf("work %lu: %08lx %08lx %08lx\n", number, (unsigned long)works[0].result,
           (unsigned long)works[1].result, (unsigned long)works[2].result);
    return EXIT_SUCCESS;
}
