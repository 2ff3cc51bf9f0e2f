/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: validation and teardown of a large tree of tables can be broken off, taken up
 * by others and mixed with changes, without a reference lost or gained.
 * Provocation: four vCPUs, each with a timer that expires all the time, pin and unpin the
 * root of one tree and its parts at their own and at wrong levels, and change entries.
 * Expected: only 0, -EINVAL and -EBUSY; at the end nothing is pinned, and every frame can
 * be written again.
 */
/* qemu: -smp 4 */
/* dom0: max_vcpus=4 mem=128M */
/* timeout: 120 */
#include <test.h>
#include <random.h>

#include <mini-os/mm.h>
#include <mini-os/smp.h>
#include <mini-os/time.h>

COVERS(mmuext_op, MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE, MMUEXT_PIN_L3_TABLE,
       MMUEXT_PIN_L4_TABLE, MMUEXT_UNPIN_TABLE, mmu_update, set_timer_op);

#define VCPUS  4
#define STEPS  1500
#define LEAVES 16
#define MIDDLE 4

static pte_t *root, *third, *second[MIDDLE], *first[LEAVES];
static char *page;

static pte_t *new_table(void)
{
    pte_t *table = table_alloc();

    require(table);
    return table;
}

static pte_t naming(const void *table)
{
    return pte_make(virt_to_mfn(table), PTE_TABLE);
}

static int set(const pte_t *table, unsigned int index, pte_t pte)
{
    return mmu_update_one(virt_to_maddr(table + index), pte);
}

/* Full tables: each lower one many times. */
static void build(void)
{
    for (unsigned int i = 0; i < LEAVES; i++) {
        first[i] = new_table();
        for (unsigned int n = 0; n < PTES_PER_TABLE; n++)
            require(
                !set(first[i], n, pte_make(virt_to_mfn(page), n & 1 ? PTE_RW : PTE_RO)));
    }
    for (unsigned int i = 0; i < MIDDLE; i++) {
        second[i] = new_table();
        for (unsigned int n = 0; n < PTES_PER_TABLE; n++)
            require(!set(second[i], n, naming(first[(n + i) % LEAVES])));
    }
    third = new_table();
    for (unsigned int n = 0; n < PTES_PER_TABLE; n++)
        require(!set(third, n, naming(second[n % MIDDLE])));
    root = new_table();
    for (unsigned int n = 0; n < 200; n++)
        require(!set(root, n, naming(third)));
}

static const pte_t *any_table(struct random *r)
{
    switch (random_below(r, 4)) {
    case 0:
        return root;
    case 1:
        return third;
    case 2:
        return second[random_below(r, MIDDLE)];
    default:
        return first[random_below(r, LEAVES)];
    }
}

static void allow(int rc)
{
    check(rc == 0 || rc == -EINVAL || rc == -EBUSY, "an error of page tables");
}

/* Takes an entry away, or puts it back; which table it is now does not matter. */
static void change(struct random *r)
{
    unsigned int n = random_below(r, 100);

    if (random_below(r, 2))
        allow(set(third, n, random_below(r, 2) ? 0 : naming(second[n % MIDDLE])));
    else
        allow(set(second[0], n, random_below(r, 2) ? 0 : naming(first[n % LEAVES])));
}

static void step(struct random *r)
{
    HYPERVISOR_set_timer_op(time_now() + random_below(r, 200) * NSEC_PER_USEC);
    switch (random_below(r, 8)) {
    case 0:
    case 1:
        allow(table_pin(root, 4));
        break;
    case 2:
    case 3:
        allow(table_unpin(root));
        break;
    case 4:
        allow(table_pin(any_table(r), 1 + random_below(r, 4)));
        break;
    case 5:
    case 6:
        allow(table_unpin(any_table(r)));
        break;
    default:
        change(r);
        break;
    }
}

static void race(void *arg)
{
    struct random r = { 11 + this_vcpu()->id };

    (void)arg;
    for (unsigned int i = 0; i < STEPS; i++)
        step(&r);
    HYPERVISOR_set_timer_op(0);
}

static void free_one(pte_t *table)
{
    table_unpin(table);
    check_eq(table_free(table), 0);
}

/* From the top, so that nothing is held by what stands above. */
static void free_all(void)
{
    for (unsigned int i = 0; i < LEAVES; i++)
        table_unpin(first[i]);
    for (unsigned int i = 0; i < MIDDLE; i++)
        table_unpin(second[i]);
    table_unpin(third);
    free_one(root);
    free_one(third);
    for (unsigned int i = 0; i < MIDDLE; i++)
        free_one(second[i]);
    for (unsigned int i = 0; i < LEAVES; i++)
        free_one(first[i]);
    check_eq(page_make_ro(page), 0);
    check_eq(table_pin((pte_t *)page, 1), 0);
    check_eq(table_unpin((pte_t *)page), 0);
    check_eq(page_make_rw(page), 0);
}

void test_main(void)
{
    require(vcpu_count() >= VCPUS);
    page = alloc_page();
    require(page);
    build();
    for (unsigned int id = 1; id < VCPUS; id++)
        require(!vcpu_start(id, race, NULL));
    race(NULL);
    for (unsigned int id = 1; id < VCPUS; id++)
        vcpu_join(id);
    free_all();
}
