/* SPDX-License-Identifier: MIT */
/*
 * The reference model of page types. It keeps no counts: it knows which references the
 * test has outstanding and what the tables contain, and counts everything anew from
 * that after every step. Results of operations are foretold by trying them on the
 * counted numbers, all at once, without states in between.
 */
#ifndef MODEL_H
#define MODEL_H

#include "env.h"

/* The entries that are ever used, of the 512 of a table. */
#define NR_SLOTS 12u
extern const unsigned int slots[NR_SLOTS];

/* References that somebody outside of tables holds. */
struct holds {
    unsigned int plain[NR_FRAMES];
    unsigned int typed[NR_FRAMES][8]; /* each with an ordinary one */
};

struct census {
    bool in_use[NR_FRAMES], allocated[NR_FRAMES], partial[NR_FRAMES];
    int owner[NR_FRAMES];
    unsigned int refs[NR_FRAMES], count[NR_FRAMES];
    enum page_type type[NR_FRAMES]; /* where count is not 0 or partial */
    bool any_partial;
    /* Writable entries in tables of a domain for a frame that is not its own. */
    unsigned int foreign_rw[NR_DOMAINS][NR_FRAMES];
};

/* Counts. allocated, owners, pins and how far broken-off work has got are the machine's
 * word; all numbers are the model's own. Fails when a frame is used as two types. */
void model_count(const struct holds *h, struct census *c);
/* Fails unless the machine has the same numbers. */
void model_compare(const struct census *c);

/*
 * The result of taking a reference with a type, and c as it is then. `owner`: who is
 * asked for to own it. Not foretold: frames whose work was broken off.
 */
int model_get_type(struct census *c, unsigned int mfn, int owner, enum page_type type);
/* The result of giving an entry of table `mfn` (in use, of level `level`) a new value. */
int model_mod(struct census *c, unsigned int mfn, enum page_type level,
              unsigned int index, uint64_t new_pte, const struct page_mod *m);
/* What is stored then. old: the entry before. */
uint64_t model_stored(enum page_type level, uint64_t old, uint64_t new_pte,
                      const struct page_mod *m);

#endif
