/* SPDX-License-Identifier: MIT */
/* Device memory of a domain: ranges given and taken in any order, against a plain map. */
#include "test.h"

#include "hv_host.h"
#include "../../hypervisor/rights/internal.h"
#include <hv/cpu.h>
#include <hv/heap.h>
#include <hv/irq.h>

#define FRAMES     64
#define OPERATIONS 20000
#define OURS       40 /* a frame of the interrupt controllers */

struct cpu_features host_cpu = { .phys_bits = 40 };

static struct domain_rights rights;
static struct domain domain = { .rights = &rights };
static bool has[FRAMES];

bool irq_owns_frames(uint64_t first, uint64_t last)
{
    return first <= OURS && OURS <= last;
}

static int setup(void **state)
{
    (void)state;
    memset(&rights, 0, sizeof(rights));
    memset(has, 0, sizeof(has));
    spin_init(&rights.lock, LOCK_RIGHTS);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    hv_free(rights.iomem);
    return 0;
}

static bool expected(uint64_t first, uint64_t n)
{
    for (uint64_t i = first; i < first + n; i++)
        if (!has[i] || i == OURS)
            return false;
    return true;
}

static void check_shape(void)
{
    for (unsigned int i = 0; i < rights.nr_iomem; i++) {
        assert_true(rights.iomem[i].first <= rights.iomem[i].last);
        if (i)
            assert_true(rights.iomem[i - 1].last + 1 < rights.iomem[i].first);
    }
}

static void random_changes_match_the_map(void **state)
{
    (void)state;
    host_random_seed(7);
    for (unsigned int i = 0; i < OPERATIONS; i++) {
        uint64_t first = host_random() % FRAMES, n = 1 + host_random() % (FRAMES - first);
        bool allow = host_random() & 1;

        assert_int_equal(rights_iomem_set(&domain, first, n, allow), 0);
        memset(&has[first], allow, n);
        check_shape();
        first = host_random() % FRAMES;
        n = 1 + host_random() % (FRAMES - first);
        assert_int_equal(rights_iomem(&domain, first, n), expected(first, n));
    }
}

static void limits_of_the_machine(void **state)
{
    (void)state;
    assert_false(rights_has_iomem(&domain));
    domain.is_privileged = true;
    assert_true(rights_iomem(&domain, 0, OURS));
    assert_false(rights_iomem(&domain, 0, OURS + 1));
    assert_false(rights_iomem(&domain, 1, 0));
    assert_false(rights_iomem(&domain, UINT64_MAX, 2));
    assert_false(rights_iomem(&domain, (1ull << 28) - 1, 2));
    assert_true(rights_iomem(&domain, (1ull << 28) - 1, 1));
    domain.is_privileged = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(random_changes_match_the_map, setup, teardown),
        cmocka_unit_test_setup_teardown(limits_of_the_machine, setup, teardown),
    };

    host_machine_init(4096);
    ram_add_range(_mfn(0), _mfn(4096));
    heap_add_range(_mfn(1), _mfn(4096));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
