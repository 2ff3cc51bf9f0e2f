/* SPDX-License-Identifier: MIT */
/* Domain ids and references: no id twice, none lost, no frame left behind. */
#include "test.h"

#include "hv_host.h"
#include "../../hypervisor/domain/internal.h"
#include <hv/heap.h>
#include <hv/softirq.h>
#include <abi/errno.h>

#define DOMAINS 3000

static struct domain domains[DOMAINS];
static unsigned int destroyed;
static uint64_t frames_before;

void domain_report_shutdowns(void)
{
}

void domain_destroy(struct domain *d)
{
    destroyed++;
    domain_id_release(d->id);
}

static int setup(void **state)
{
    (void)state;
    frames_before = heap_free_count();
    destroyed = 0;
    return 0;
}

static int nothing_left(void **state)
{
    (void)state;
    softirq_run();
    assert_null(domain_get_next(0));
    assert_int_equal(heap_free_count(), frames_before);
    return 0;
}

static struct domain *add(unsigned int slot, domid_t id)
{
    struct domain *d = &domains[slot];

    memset(d, 0, sizeof(*d));
    assert_int_equal(domain_id_reserve(&id), 0);
    d->id = id;
    d->references = 1;
    domain_id_publish(d);
    return d;
}

static void is_found_by_its_id(void **state)
{
    struct domain *d = add(0, 7);

    (void)state;
    assert_ptr_equal(domain_get_by_id(7), d);
    assert_ptr_equal(domain_by_held_id(7), d);
    assert_int_equal(d->references, 2);
    assert_null(domain_get_by_id(8));
    assert_null(domain_get_by_id(600));
    assert_null(domain_get_by_id(DOMID_SELF));
    assert_null(domain_get_by_id(DOMID_XEN));
    domain_put(d);
    domain_put(d);
    assert_null(domain_get_by_id(7));
    softirq_run();
    assert_int_equal(destroyed, 1);
}

static void an_id_is_not_given_twice(void **state)
{
    domid_t id = 5;
    struct domain *d = add(0, 5);

    (void)state;
    assert_int_equal(domain_id_reserve(&id), -EEXIST);
    domain_get(d);
    domain_put(d);
    domain_put(d);
    /* Unreferenced but not yet destroyed: still taken. */
    assert_int_equal(domain_id_reserve(&id), -EEXIST);
    softirq_run();
    assert_int_equal(domain_id_reserve(&id), 0);
    domain_id_release(id);
}

static void free_ids_are_not_soon_used_again(void **state)
{
    domid_t first = add(0, DOMID_INVALID)->id;

    (void)state;
    domain_put(&domains[0]);
    softirq_run();
    assert_int_not_equal(add(0, DOMID_INVALID)->id, first);
    assert_int_not_equal(domains[0].id, 0);
    domain_put(&domains[0]);
}

static void a_reserved_id_is_not_found(void **state)
{
    domid_t id = 9;

    (void)state;
    assert_int_equal(domain_id_reserve(&id), 0);
    assert_null(domain_get_by_id(9));
    assert_null(domain_get_next(0));
    domain_id_release(9);
}

static void all_are_listed_in_order(void **state)
{
    unsigned int found = 0;
    int last = -1;
    struct domain *d;

    (void)state;
    host_random_seed(2);
    for (unsigned int i = 0; i < DOMAINS; i++)
        add(i, i % 3 ? DOMID_INVALID : (domid_t)(20000 + i));
    for (d = domain_get_next(0); d; d = domain_get_next((domid_t)(last + 1))) {
        assert_true((int)d->id > last);
        last = d->id;
        found++;
        domain_put(d);
    }
    assert_int_equal(found, DOMAINS);
    for (unsigned int i = 0; i < DOMAINS; i++)
        domain_put(&domains[i]);
    softirq_run();
    assert_int_equal(destroyed, DOMAINS);
}

static void every_id_can_be_used(void **state)
{
    domid_t id;

    (void)state;
    for (unsigned int i = 1; i < DOMID_FIRST_RESERVED; i++) {
        id = DOMID_INVALID;
        assert_int_equal(domain_id_reserve(&id), 0);
        assert_in_range(id, 1, DOMID_FIRST_RESERVED - 1);
    }
    id = DOMID_INVALID;
    assert_int_equal(domain_id_reserve(&id), -ENOMEM);
    for (unsigned int i = 1; i < DOMID_FIRST_RESERVED; i++)
        domain_id_release((domid_t)i);
}

static void a_guest_names_itself_and_others(void **state)
{
    struct domain *self = add(0, 3), *other = add(1, 4), *d;
    struct vcpu v = { .domain = self };

    (void)state;
    current = &v;
    assert_int_equal(domain_lookup(DOMID_SELF, true, &d), 0);
    assert_ptr_equal(d, self);
    assert_int_equal(domain_lookup(3, true, &d), 0);
    assert_int_equal(domain_lookup(4, true, &d), -EPERM);
    assert_int_equal(domain_lookup(4, false, &d), 0);
    assert_ptr_equal(d, other);
    assert_int_equal(domain_lookup(5, false, &d), -ESRCH);
    self->is_privileged = true;
    assert_int_equal(domain_lookup(4, true, &d), 0);
    assert_int_equal(self->references, 3);
    assert_int_equal(other->references, 3);
    for (unsigned int i = 0; i < 3; i++) {
        domain_put(self);
        domain_put(other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_found_by_its_id, setup, nothing_left),
        cmocka_unit_test_setup_teardown(an_id_is_not_given_twice, setup, nothing_left),
        cmocka_unit_test_setup_teardown(free_ids_are_not_soon_used_again, setup,
                                        nothing_left),
        cmocka_unit_test_setup_teardown(a_reserved_id_is_not_found, setup, nothing_left),
        cmocka_unit_test_setup_teardown(all_are_listed_in_order, setup, nothing_left),
        cmocka_unit_test_setup_teardown(every_id_can_be_used, setup, nothing_left),
        cmocka_unit_test_setup_teardown(a_guest_names_itself_and_others, setup,
                                        nothing_left),
    };

    host_machine_init(1024);
    ram_add_range(_mfn(16), _mfn(1024));
    heap_add_range(_mfn(16), _mfn(1024));
    domains_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
