/* SPDX-License-Identifier: MIT */
/* The priority queue against a plain array, and its depth under every order of keys. */
#include "test.h"

#include "hv_host.h"
#include <hv/pqueue.h>

#define NODES 300

static struct pqueue_node node[NODES];
static bool queued[NODES];

static unsigned int depth_of_right_spine(const struct pqueue_node *n)
{
    unsigned int depth = 0;

    for (; n; n = n->right)
        depth++;
    return depth;
}

/* Order, links and ranks of a whole tree; the number of its nodes. */
static unsigned int check_tree(const struct pqueue_node *n)
{
    unsigned int count = 1;
    uint32_t left = n->left ? n->left->rank : 0, right = n->right ? n->right->rank : 0;

    assert_true(left >= right);
    assert_int_equal(n->rank, right + 1);
    if (n->left) {
        assert_ptr_equal(n->left->parent, n);
        assert_true(n->left->key >= n->key);
        count += check_tree(n->left);
    }
    if (n->right) {
        assert_ptr_equal(n->right->parent, n);
        assert_true(n->right->key >= n->key);
        count += check_tree(n->right);
    }
    return count;
}

static void check_against_model(const struct pqueue *q, unsigned int expected)
{
    uint64_t least = UINT64_MAX;
    unsigned int walked = 0;

    for (unsigned int i = 0; i < NODES; i++)
        if (queued[i] && node[i].key < least)
            least = node[i].key;
    if (!expected) {
        assert_null(pqueue_first(q));
        return;
    }
    assert_null(q->root->parent);
    assert_int_equal(check_tree(q->root), expected);
    assert_int_equal(pqueue_first(q)->key, least);
    for (struct pqueue_node *n = pqueue_first(q); n; n = pqueue_walk(n), walked++)
        assert_true(queued[n - node]);
    assert_int_equal(walked, expected);
}

static void random_operations_agree_with_a_model(void **state)
{
    struct pqueue q = { NULL };
    unsigned int count = 0;

    (void)state;
    host_random_seed(1);
    memset(queued, 0, sizeof(queued));
    for (unsigned int step = 0; step < 20000; step++) {
        unsigned int i = (unsigned int)(host_random() % NODES);

        if (queued[i]) {
            pqueue_remove(&q, &node[i]);
            count--;
        } else {
            pqueue_insert(&q, &node[i], host_random() % 1000);
            count++;
        }
        queued[i] = !queued[i];
        if (step % 16 == 0)
            check_against_model(&q, count);
    }
}

static void right_spines_stay_short(void **state)
{
    static const int direction[] = { 1, -1 };

    (void)state;
    for (unsigned int d = 0; d < 2; d++) {
        struct pqueue q = { NULL };

        for (unsigned int i = 0; i < NODES; i++) {
            pqueue_insert(&q, &node[i], (uint64_t)(1000 + direction[d] * (int)i));
            assert_true(depth_of_right_spine(q.root) <= 9);
        }
        for (unsigned int left = NODES; left > 0; left--) {
            assert_int_equal(check_tree(q.root), left);
            pqueue_remove(&q, pqueue_first(&q));
        }
        assert_null(q.root);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations_agree_with_a_model),
        cmocka_unit_test(right_spines_stay_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
