/* SPDX-License-Identifier: MIT */
/* Numbers that follow from a seed, for modules and programs of a guest: those of a state to
 * which NUMBER_STEP is added each time. */
#ifndef HOSTILE_NUMBERS_H
#define HOSTILE_NUMBERS_H

#define NUMBER_STEP 0x9e3779b97f4a7c15

static inline unsigned long number_of(unsigned long state)
{
    state = (state ^ state >> 30) * 0xbf58476d1ce4e5b9;
    state = (state ^ state >> 27) * 0x94d049bb133111eb;
    return state ^ state >> 31;
}

#endif
