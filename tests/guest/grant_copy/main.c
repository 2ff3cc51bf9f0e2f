/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: GNTTABOP_copy copies within a page each, between frames of our own and
 * granted ones.
 * Provocation: own to own, granted to own, own to granted; from and to a read-only grant;
 * lengths 0, 1, a page, and over the page's end; bad references and domains; a batch.
 * Expected: exactly the bytes asked for change; GNTST_bad_copy_arg beyond the page;
 * failures are per operation, the others of the batch are done.
 */
#include <test.h>

#include <mini-os/grants.h>
#include <mini-os/mm.h>

COVERS(grant_table_op, GNTTABOP_copy);

#define SELF      0
#define NO_DOMAIN 77

static unsigned char *from, *to;

static void prepare(void)
{
    for (unsigned int i = 0; i < PAGE_SIZE; i++)
        from[i] = i * 7 + 1;
    memset(to, 0xee, PAGE_SIZE);
}

static struct gnttab_copy frames(unsigned int src_offset, unsigned int dst_offset,
                                 unsigned int len)
{
    struct gnttab_copy op = { .len = len, .flags = 0 };

    op.source.domid = op.dest.domid = DOMID_SELF;
    op.source.u.gmfn = virt_to_mfn(from);
    op.dest.u.gmfn = virt_to_mfn(to);
    op.source.offset = src_offset;
    op.dest.offset = dst_offset;
    return op;
}

static struct gnttab_copy from_grant(grant_ref_t ref, domid_t domid)
{
    struct gnttab_copy op = frames(0, 0, PAGE_SIZE);

    op.flags = GNTCOPY_source_gref;
    op.source.domid = domid;
    op.source.u.ref = ref;
    return op;
}

static struct gnttab_copy to_grant(grant_ref_t ref, domid_t domid)
{
    struct gnttab_copy op = frames(0, 0, PAGE_SIZE);

    op.flags = GNTCOPY_dest_gref;
    op.dest.domid = domid;
    op.dest.u.ref = ref;
    return op;
}

static void check_piece(unsigned int src, unsigned int dst, unsigned int len)
{
    struct gnttab_copy op = frames(src, dst, len);
    unsigned int wrong = 0;

    prepare();
    check_eq(grant_copy(&op), GNTST_okay);
    for (unsigned int i = 0; i < PAGE_SIZE; i++) {
        bool inside = i >= dst && i < dst + len;

        wrong += to[i] != (inside ? from[src + i - dst] : 0xee);
    }
    if (!check_eq(wrong, 0))
        note("source %u, destination %u, length %u", src, dst, len);
}

static void check_frames(void)
{
    struct gnttab_copy op;

    check_piece(0, 0, PAGE_SIZE);
    check_piece(1, 2, 100);
    check_piece(4095, 0, 1);
    check_piece(0, 4095, 1);
    check_piece(5, 5, 0);
    op = frames(1, 0, PAGE_SIZE);
    check_eq(grant_copy(&op), GNTST_bad_copy_arg);
    op = frames(0, 1, PAGE_SIZE);
    check_eq(grant_copy(&op), GNTST_bad_copy_arg);
    op = frames(0xffff, 0, 2);
    check_eq(grant_copy(&op), GNTST_bad_copy_arg);
}

static void check_grants(void)
{
    int source = grant_access(SELF, virt_to_mfn(from), GTF_readonly);
    int dest = grant_access(SELF, virt_to_mfn(to), 0);
    struct gnttab_copy op = from_grant(source, SELF);

    require(source > 0 && dest > 0);
    prepare();
    check_eq(grant_copy(&op), GNTST_okay);
    check(!memcmp(from, to, PAGE_SIZE), "copied from a grant");
    prepare();
    op = to_grant(dest, SELF);
    check_eq(grant_copy(&op), GNTST_okay);
    check(!memcmp(from, to, PAGE_SIZE), "copied to a grant");
    op = to_grant(source, SELF);
    check_eq(grant_copy(&op), GNTST_general_error);
    check_eq(grant_end_access(source), 0);
    check_eq(grant_end_access(dest), 0);
    op = from_grant(source, SELF);
    check_eq(grant_copy(&op), GNTST_general_error);
}

static void check_errors(void)
{
    struct gnttab_copy op = from_grant(~0U, SELF);

    check_eq(grant_copy(&op), GNTST_bad_gntref);
    op = from_grant(8, NO_DOMAIN);
    check_eq(grant_copy(&op), GNTST_bad_domain);
    op = frames(0, 0, PAGE_SIZE);
    op.source.u.gmfn = 0xfffffff000;
    check(grant_copy(&op) < 0, "a frame beyond memory");
    check_eq(HYPERVISOR_grant_table_op(GNTTABOP_copy, (void *)0x10, 1), -EFAULT);
}

static void check_batch(void)
{
    struct gnttab_copy ops[3] = { frames(0, 0, 10), frames(1, 1, PAGE_SIZE),
                                  frames(20, 20, 10) };

    prepare();
    check_eq(HYPERVISOR_grant_table_op(GNTTABOP_copy, ops, 3), 0);
    check_eq(ops[0].status, GNTST_okay);
    check_eq(ops[1].status, GNTST_bad_copy_arg);
    check_eq(ops[2].status, GNTST_okay);
    check(to[0] == from[0] && to[25] == from[25] && to[15] == 0xee, "the good ones");
}

void test_main(void)
{
    require(grants_init(1) == 0);
    from = alloc_page();
    to = alloc_page();
    require(from && to);
    check_frames();
    check_grants();
    check_errors();
    check_batch();
}
