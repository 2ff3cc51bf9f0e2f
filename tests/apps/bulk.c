/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: bulk_alloc() gives zeroed memory beyond the domain's own, and bulk_free()
 * gives all of it back to the hypervisor; so does a bulk_alloc() that fails.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <abi/hypercall_stubs.h>
#include <abi/memory.h>
#include <mini-os/bulk.h>
#include <mini-os/mm.h>

#include "check.h"

#define ROUNDS 40

static long frames(void)
{
    struct xen_memory_domain domain = { .domid = DOMID_SELF };

    return HYPERVISOR_memory_op(XENMEM_current_reservation, &domain);
}

static bool is_zero(const uint64_t *words, size_t n)
{
    while (n)
        if (words[--n])
            return false;
    return true;
}

/* Sizes below, at and above those that frames come in. */
static void test_sizes(void)
{
    static const size_t sizes[] = { 1,        4096,    4097,     (2u << 20) - 1,
                                    2u << 20, 5000000, 70u << 20 };
    long before = frames();

    for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t words = (sizes[i] + 4095) / 4096 * 512;
        uint64_t *memory = bulk_alloc(sizes[i]);

        if (!check(memory))
            continue;
        check(frames() == before + (long)words / 512);
        check(bulk_pages() == words / 512);
        check(is_zero(memory, words));
        for (size_t k = 0; k < words; k += 64)
            memory[k] = k + i;
        for (size_t k = 0; k < words; k += 64)
            if (memory[k] != k + i)
                check(false);
        bulk_free(memory, sizes[i]);
        check(frames() == before);
        check(!pte_of(memory));
    }
    check(bulk_pages() == 0);
}

static void test_failure(void)
{
    long before = frames();

    check(!bulk_alloc(0));
    check(!bulk_alloc(SIZE_MAX));
    check(!bulk_alloc((size_t)1 << 40));
    check(!bulk_alloc(200u << 20)); /* there are addresses for it, but no frames */
    check(frames() == before);
    check(bulk_pages() == 0);
    bulk_free(NULL, 4096);
}

static void test_churn(void)
{
    struct {
        void *memory;
        size_t size;
    } slot[4] = { 0 };
    long before = frames();

    for (unsigned int i = 0; i < ROUNDS; i++) {
        unsigned int at = (unsigned int)rand() % 4;

        bulk_free(slot[at].memory, slot[at].size);
        slot[at].size = 1 + (size_t)rand() % (9u << 20);
        slot[at].memory = bulk_alloc(slot[at].size);
        check(slot[at].memory != NULL);
    }
    for (unsigned int i = 0; i < 4; i++)
        bulk_free(slot[i].memory, slot[i].size);
    check(frames() == before);
}

int main(void)
{
    /* The first page tables of the area stay. */
    bulk_free(bulk_alloc(70u << 20), 70u << 20);
    test_sizes();
    test_failure();
    test_churn();
    return check_verdict();
}
