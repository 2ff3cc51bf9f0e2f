/* SPDX-License-Identifier: MIT */
/* Sets of event channels: bits, and a word that tells which words of them to look at. */
#ifndef CONTROL_PORT_SET_H
#define CONTROL_PORT_SET_H

#include <stdbool.h>
#include <stdint.h>

#include <mini-os/events.h>

#define PORT_SET_BITS 64u

struct port_set {
    uint64_t ports[EVENT_PORTS / PORT_SET_BITS];
    uint64_t words; /* which words of ports are not 0 */
};

_Static_assert(EVENT_PORTS / PORT_SET_BITS <= PORT_SET_BITS, "one word for all words");

static inline void port_set_add(struct port_set *set, evtchn_port_t port)
{
    set->ports[port / PORT_SET_BITS] |= 1ull << (port % PORT_SET_BITS);
    set->words |= 1ull << (port / PORT_SET_BITS);
}

static inline void port_set_remove(struct port_set *set, evtchn_port_t port)
{
    unsigned int word = port / PORT_SET_BITS;

    set->ports[word] &= ~(1ull << (port % PORT_SET_BITS));
    if (!set->ports[word])
        set->words &= ~(1ull << word);
}

/* Takes out the first port after *port, or else the first of all. False: it is empty. */
static inline bool port_set_take(struct port_set *set, evtchn_port_t *port)
{
    unsigned int word = *port / PORT_SET_BITS;
    uint64_t later = set->ports[word] & (~1ull << (*port % PORT_SET_BITS));
    uint64_t words = set->words & (~1ull << word);

    if (!set->words)
        return false;
    if (!later) {
        word = (unsigned int)__builtin_ctzll(words ? words : set->words);
        later = set->ports[word];
    }
    *port = word * PORT_SET_BITS + (unsigned int)__builtin_ctzll(later);
    port_set_remove(set, *port);
    return true;
}

#endif
