/* SPDX-License-Identifier: MIT */
/*
 * The ring in a shared page through which a front end and a back end exchange requests
 * and responses. Requests and responses share the slots: a response overwrites a request
 * that has been consumed. Indices run freely and are reduced to a slot on access; the
 * number of slots is a power of two.
 *
 *   front end:  rsp_cons <= ... responses ... <= rsp_prod <= ... in flight ...
 *               <= req_prod_pvt;   req_prod_pvt - rsp_cons <= slots
 *   back end:   rsp_prod_pvt <= ... being worked on ... <= req_cons <= req_prod
 *
 * Each side trusts only its private structure: what it reads from the shared one may be
 * anything, at any time (RING_COPY_*, RING_*_OVERFLOW).
 *
 * The includer provides xen_mb(), xen_rmb(), xen_wmb() and memset().
 *
 * Specified by: xen/io/ring.h.
 */
#ifndef ABI_IO_RING_H
#define ABI_IO_RING_H

#include <stddef.h>
#include <stdint.h>

typedef unsigned int RING_IDX;

/* The largest power of two that is not above x. */
#define __RD2(x)  (((x)&0x2) ? 0x2 : ((x)&0x1))
#define __RD4(x)  (((x)&0xc) ? __RD2((x) >> 2) << 2 : __RD2(x))
#define __RD8(x)  (((x)&0xf0) ? __RD4((x) >> 4) << 4 : __RD4(x))
#define __RD16(x) (((x)&0xff00) ? __RD8((x) >> 8) << 8 : __RD8(x))
#define __RD32(x) (((x)&0xffff0000) ? __RD16((x) >> 16) << 16 : __RD16(x))

/* Slots of a ring of type name that takes bytes bytes; of the ring at s. */
#define __CONST_RING_SIZE(name, bytes)                      \
    (__RD32(((bytes)-offsetof(struct name##_sring, ring)) / \
            sizeof(((struct name##_sring *)0)->ring[0])))
#define __RING_SIZE(s, bytes) \
    (__RD32(((bytes) - (long)(s)->ring + (long)(s)) / sizeof((s)->ring[0])))

/* Defines the types name_sring_t, name_front_ring_t, name_back_ring_t. */
#define DEFINE_RING_TYPES(name, req_t, rsp_t)             \
    union name##_sring_entry {                            \
        req_t req;                                        \
        rsp_t rsp;                                        \
    };                                                    \
    struct name##_sring {                                 \
        RING_IDX req_prod, req_event;                     \
        RING_IDX rsp_prod, rsp_event;                     \
        union {                                           \
            struct {                                      \
                uint8_t smartpoll_active;                 \
            } netif;                                      \
            struct {                                      \
                uint8_t msg;                              \
            } tapif_user;                                 \
            uint8_t pvt_pad[4];                           \
        } pvt;                                            \
        uint8_t __pad[44];                                \
        union name##_sring_entry ring[1];                 \
    };                                                    \
    struct name##_front_ring {                            \
        RING_IDX req_prod_pvt;                            \
        RING_IDX rsp_cons;                                \
        unsigned int nr_ents;                             \
        struct name##_sring *sring;                       \
    };                                                    \
    struct name##_back_ring {                             \
        RING_IDX rsp_prod_pvt;                            \
        RING_IDX req_cons;                                \
        unsigned int nr_ents;                             \
        struct name##_sring *sring;                       \
    };                                                    \
    typedef struct name##_sring name##_sring_t;           \
    typedef struct name##_front_ring name##_front_ring_t; \
    typedef struct name##_back_ring name##_back_ring_t

/* The front end empties the shared structure before it offers it. */
#define SHARED_RING_INIT(s)                                          \
    do {                                                             \
        (s)->req_prod = (s)->rsp_prod = 0;                           \
        (s)->req_event = (s)->rsp_event = 1;                         \
        (void)memset((s)->pvt.pvt_pad, 0, sizeof((s)->pvt.pvt_pad)); \
        (void)memset((s)->__pad, 0, sizeof((s)->__pad));             \
    } while (0)

/* Private side of the ring at s, size bytes, starting at index i. */
#define FRONT_RING_ATTACH(r, s, i, size)     \
    do {                                     \
        (r)->req_prod_pvt = (i);             \
        (r)->rsp_cons = (i);                 \
        (r)->nr_ents = __RING_SIZE(s, size); \
        (r)->sring = (s);                    \
    } while (0)
#define FRONT_RING_INIT(r, s, size) FRONT_RING_ATTACH(r, s, 0, size)
#define XEN_FRONT_RING_INIT(r, s, size) \
    do {                                \
        SHARED_RING_INIT(s);            \
        FRONT_RING_INIT(r, s, size);    \
    } while (0)

#define BACK_RING_ATTACH(r, s, i, size)      \
    do {                                     \
        (r)->rsp_prod_pvt = (i);             \
        (r)->req_cons = (i);                 \
        (r)->nr_ents = __RING_SIZE(s, size); \
        (r)->sring = (s);                    \
    } while (0)
#define BACK_RING_INIT(r, s, size) BACK_RING_ATTACH(r, s, 0, size)

#define RING_SIZE(r) ((r)->nr_ents)

/* Front end: room for requests. */
#define RING_FREE_REQUESTS(r) (RING_SIZE(r) - ((r)->req_prod_pvt - (r)->rsp_cons))
#define RING_FULL(r)          (RING_FREE_REQUESTS(r) == 0)

/* What the other side has produced; for requests, no more than there is room for. */
#define XEN_RING_NR_UNCONSUMED_RESPONSES(r) ((r)->sring->rsp_prod - (r)->rsp_cons)
#define XEN_RING_NR_UNCONSUMED_REQUESTS(r)                                       \
    ({                                                                           \
        unsigned int produced_ = (r)->sring->req_prod - (r)->req_cons;           \
        unsigned int room_ = RING_SIZE(r) - ((r)->req_cons - (r)->rsp_prod_pvt); \
        produced_ < room_ ? produced_ : room_;                                   \
    })
#define RING_HAS_UNCONSUMED_RESPONSES(r) (!!XEN_RING_NR_UNCONSUMED_RESPONSES(r))
#define RING_HAS_UNCONSUMED_REQUESTS(r)  (!!XEN_RING_NR_UNCONSUMED_REQUESTS(r))

/* The slot of an index, in shared memory. */
#define RING_GET_REQUEST(r, idx)  (&((r)->sring->ring[((idx) & (RING_SIZE(r) - 1))].req))
#define RING_GET_RESPONSE(r, idx) (&((r)->sring->ring[((idx) & (RING_SIZE(r) - 1))].rsp))

/* A private copy of it, read once. */
#define RING_COPY_(kind, r, idx, dest) \
    (*(dest) = *(volatile __typeof__(dest))RING_GET_##kind(r, idx))
#define RING_COPY_REQUEST(r, idx, req)  RING_COPY_(REQUEST, r, idx, req)
#define RING_COPY_RESPONSE(r, idx, rsp) RING_COPY_(RESPONSE, r, idx, rsp)

/* Is an index further ahead than an honest peer's can be? */
#define RING_REQUEST_CONS_OVERFLOW(r, i)  (((i) - (r)->rsp_prod_pvt) >= RING_SIZE(r))
#define RING_REQUEST_PROD_OVERFLOW(r, i)  (((i) - (r)->rsp_prod_pvt) > RING_SIZE(r))
#define RING_RESPONSE_PROD_OVERFLOW(r, i) (((i) - (r)->rsp_cons) > RING_SIZE(r))

/* Publish what was produced; the second form says whether the peer asked to be told. */
#define RING_PUSH_REQUESTS(r)                     \
    do {                                          \
        xen_wmb();                                \
        (r)->sring->req_prod = (r)->req_prod_pvt; \
    } while (0)
#define RING_PUSH_RESPONSES(r)                    \
    do {                                          \
        xen_wmb();                                \
        (r)->sring->rsp_prod = (r)->rsp_prod_pvt; \
    } while (0)
#define RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(r, notify)                                 \
    do {                                                                               \
        RING_IDX old_ = (r)->sring->req_prod;                                          \
        RING_IDX new_ = (r)->req_prod_pvt;                                             \
        RING_PUSH_REQUESTS(r);                                                         \
        xen_mb();                                                                      \
        (notify) = (RING_IDX)(new_ - (r)->sring->req_event) < (RING_IDX)(new_ - old_); \
    } while (0)
#define RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(r, notify)                                \
    do {                                                                               \
        RING_IDX old_ = (r)->sring->rsp_prod;                                          \
        RING_IDX new_ = (r)->rsp_prod_pvt;                                             \
        RING_PUSH_RESPONSES(r);                                                        \
        xen_mb();                                                                      \
        (notify) = (RING_IDX)(new_ - (r)->sring->rsp_event) < (RING_IDX)(new_ - old_); \
    } while (0)

/* Before sleeping: ask to be told of the next one, then look once more. */
#define RING_FINAL_CHECK_FOR_REQUESTS(r, work_to_do)    \
    do {                                                \
        (work_to_do) = RING_HAS_UNCONSUMED_REQUESTS(r); \
        if (work_to_do)                                 \
            break;                                      \
        (r)->sring->req_event = (r)->req_cons + 1;      \
        xen_mb();                                       \
        (work_to_do) = RING_HAS_UNCONSUMED_REQUESTS(r); \
    } while (0)
#define RING_FINAL_CHECK_FOR_RESPONSES(r, work_to_do)    \
    do {                                                 \
        (work_to_do) = RING_HAS_UNCONSUMED_RESPONSES(r); \
        if (work_to_do)                                  \
            break;                                       \
        (r)->sring->rsp_event = (r)->rsp_cons + 1;       \
        xen_mb();                                        \
        (work_to_do) = RING_HAS_UNCONSUMED_RESPONSES(r); \
    } while (0)

#endif /* ABI_IO_RING_H */
