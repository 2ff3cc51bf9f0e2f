/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: foreign_map() maps frames in their order, gives addresses back, and leaves
 * nothing behind when it fails. The frames are this domain's own; the calls are the same.
 */
#include <stdlib.h>

#include <abi/errno.h>
#include <mini-os/foreign.h>
#include <mini-os/mm.h>

#include "check.h"

#define FRAMES 700 /* more than a page table has entries */
#define ROUNDS 300

static xen_pfn_t mfns[FRAMES];
static unsigned long *pages[FRAMES];

static void make_frames(void)
{
    for (unsigned int i = 0; i < FRAMES; i++) {
        pages[i] = alloc_page();
        mfns[i] = virt_to_mfn(pages[i]);
        pages[i][0] = i;
    }
}

static void test_order(void)
{
    unsigned int wrong = 0;
    void *address;

    if (!check(!foreign_map(DOMID_SELF, mfns, FRAMES, &address)))
        return;
    for (unsigned int i = 0; i < FRAMES; i++) {
        unsigned long *seen = (unsigned long *)((char *)address + i * PAGE_SIZE);

        wrong += seen[0] != i;
        seen[1] = i + 1;
        wrong += pages[i][1] != i + 1;
    }
    check(!wrong);
    foreign_unmap(address, FRAMES);
    check(!pte_of(address) && !pte_of((char *)address + (FRAMES - 1) * PAGE_SIZE));
}

/* The first frame that is not there ends it; the ones before do not stay. */
static void test_failure(void)
{
    xen_pfn_t good = mfns[100];
    void *address, *after;

    check(!foreign_map(DOMID_SELF, mfns, 1, &address));
    foreign_unmap(address, 1);
    mfns[100] = 0xffffffffff;
    check(foreign_map(DOMID_SELF, mfns, FRAMES, &after) < 0);
    mfns[100] = good;
    check(!pte_of(address) && !pte_of((char *)address + 64 * PAGE_SIZE) &&
          !pte_of((char *)address + 99 * PAGE_SIZE));
    check(foreign_map(DOMID_SELF, mfns, 0x20000, &after) == -XEN_ENOMEM);
    check(foreign_map(DOMID_SELF, mfns, 0, &after) == -XEN_ENOMEM);
    check(foreign_map(1000, mfns, 1, &after) < 0);
}

/* Mappings of many sizes come and go; nothing is used up. */
static void test_churn(void)
{
    struct {
        void *address;
        unsigned int count;
    } slots[8] = { 0 };
    unsigned long before = 0;

    for (unsigned int round = 0; round < ROUNDS; round++) {
        unsigned int i = rand() % 8;

        if (slots[i].count)
            foreign_unmap(slots[i].address, slots[i].count);
        slots[i].count = 1 + rand() % 200;
        check(!foreign_map(DOMID_SELF, mfns + round, slots[i].count, &slots[i].address));
        check(*(unsigned long *)slots[i].address == round);
        if (round == ROUNDS / 2)
            before = mm_free_pages();
    }
    check(mm_free_pages() + 2 >= before);
    for (unsigned int i = 0; i < 8; i++)
        if (slots[i].count)
            foreign_unmap(slots[i].address, slots[i].count);
    check(!foreign_map(DOMID_SELF, mfns, 1, &slots[0].address));
    check(slots[0].address == (void *)FOREIGN_START);
    foreign_unmap(slots[0].address, 1);
}

int main(void)
{
    make_frames();
    test_order();
    test_failure();
    test_churn();
    return check_verdict();
}
