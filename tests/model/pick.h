/* SPDX-License-Identifier: MIT */
/* Random frames and entries, such that sensible page tables come about often. */
#ifndef MODEL_PICK_H
#define MODEL_PICK_H

#include "model.h"

/* Frame numbers stand for the role in which they mostly appear. */
enum page_type role_of(unsigned int mfn);
unsigned int any_frame(void);
unsigned int random_slot(void);
/* An entry for a table of `level` that belongs to owner; mostly a reasonable one. */
uint64_t random_pte(enum page_type level, int owner);
/* An entry that nothing is wrong with, or 0 where there is no frame for it. */
uint64_t good_pte(enum page_type level, int owner);

#endif
