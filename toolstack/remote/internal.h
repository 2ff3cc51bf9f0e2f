/* SPDX-License-Identifier: MIT */
/*
 * Layers of the remote protocol, lowest first:
 *   frame    bytes of the channel to checked frames and back
 *   wire     one end's view of the channel: a frame at a time out, bytes in
 *   link     a session's ordered, complete stream of messages each way
 *   message  what the messages say; server.c, client.c
 */
#ifndef REMOTE_INTERNAL_H
#define REMOTE_INTERNAL_H

#include <ts/remote.h>

/* --- frame.c --- */

#define FRAME_HEADER  20
#define FRAME_PAYLOAD 4096
#define FRAME_RAW     (FRAME_HEADER + FRAME_PAYLOAD + 4)
/* Stuffed: a byte for each 254 begun, and a zero at both ends. */
#define FRAME_ENCODED (FRAME_RAW + FRAME_RAW / 254 + 1 + 2)

enum frame_type {
    FRAME_HELLO = 1, /* client: opens the session, or is it there? */
    FRAME_WELCOME,   /* server: it is */
    FRAME_DATA,      /* message number seq */
    FRAME_ACK,
    FRAME_RESET, /* the session is over; payload: enum reset_reason as a byte */
};

enum frame_flags {
    FRAME_ASK = 1 << 0, /* answer at once */
    FRAME_GAP = 1 << 1, /* message number ack is missing, later ones have come */
    FRAME_ANSWER =
        1 << 2, /* to FRAME_ASK: what was sent before it has come, or is lost */
};

enum reset_reason { RESET_CLOSED = 1, RESET_UNKNOWN, RESET_VERSION, RESET_FULL };

struct frame {
    uint8_t version, type, flags;
    uint8_t window; /* messages from number ack on that there is room for */
    uint64_t session;
    uint32_t seq;
    uint32_t ack; /* the next message number that is wanted */
    const uint8_t *payload;
    size_t n;
};

/* Numbers on the channel are little endian. */
void put_u16(uint8_t *at, uint16_t value);
void put_u32(uint8_t *at, uint32_t value);
void put_u64(uint8_t *at, uint64_t value);
uint16_t get_u16(const uint8_t *at);
uint32_t get_u32(const uint8_t *at);
uint64_t get_u64(const uint8_t *at);

uint32_t crc32_update(uint32_t crc, const void *bytes, size_t n);

/* Returns the encoded length. frame->n is at most FRAME_PAYLOAD. */
size_t frame_encode(const struct frame *frame, uint8_t out[FRAME_ENCODED]);

struct frame_reader {
    size_t n;
    bool skip; /* too long: ignore up to the next zero */
    uint8_t bytes[FRAME_ENCODED];
};

/* Takes bytes (at least one), up to the first zero: returns how many. *is_complete: they
 * were the end of a right frame, whose payload is valid until the next call. */
size_t frame_reader_take(struct frame_reader *reader, const uint8_t *bytes, size_t n,
                         struct frame *frame, bool *is_complete);

/* --- wire.c --- */

struct wire {
    struct ts_remote_channel channel;
    struct frame_reader reader;
    size_t n, written;
    uint8_t out[FRAME_ENCODED];
};

/* Writes what is left of the last frame. Returns whether another one can be sent. */
bool wire_flush(struct wire *wire);
/* Only after wire_flush() was true. */
void wire_send(struct wire *wire, const struct frame *frame);

/* --- link.c --- */

#define LINK_WINDOW       16 /* messages; a power of 2 */
#define LINK_RETRY_MS     250
#define LINK_MAX_RETRY_MS 4000
#define LINK_KEEPALIVE_MS 5000

struct link_message {
    uint16_t n;
    uint8_t bytes[FRAME_PAYLOAD];
};

/*
 * Numbers of messages out: acked <= next <= sent <= queued; in: taken <= wanted. Those
 * from acked to queued are kept to be sent again, those from taken to wanted to be taken.
 */
struct link {
    uint64_t id;
    bool is_client;
    bool connected;
    bool hello_due, ack_due, gap_due, ask_due, answer_due;
    bool has_asked;
    uint32_t asked; /* next, when it did */
    uint32_t acked, next, sent, queued;
    uint32_t limit; /* first message that the peer has no room for */
    uint32_t taken, wanted;
    uint32_t gap_told; /* wanted when a gap was last reported, plus 1 */
    uint64_t heard, retry_at, retry_ms;
    struct link_message out[LINK_WINDOW], in[LINK_WINDOW];
    size_t in_offset; /* bytes of message `taken` that are consumed */
};

void link_init(struct link *link, uint64_t id, bool is_client, uint64_t now);
/* A frame of this session other than RESET. */
void link_receive(struct link *link, const struct frame *frame, uint64_t now);
/* What is to be sent next, if anything. payload points into the link. */
bool link_transmit(struct link *link, struct frame *frame, uint64_t now);
/* Timers. Returns when they are due next. */
uint64_t link_tick(struct link *link, uint64_t now);
/* Everything that was not acknowledged is to be sent again, now. */
void link_resend(struct link *link, uint64_t now);

unsigned int link_room(const struct link *link);
/* A new message of up to FRAME_PAYLOAD bytes to fill in, or NULL: no room. Counts when
 * link_commit() is called. */
struct link_message *link_reserve(struct link *link);
void link_commit(struct link *link);
/* The oldest message that was received, NULL if there is none. */
const struct link_message *link_peek(const struct link *link);
void link_take(struct link *link);

/* What is to be done with a received message. */
enum verdict {
    TAKEN,   /* done with it */
    LATER,   /* offer it again */
    REFUSED, /* the peer does not keep to the protocol */
};

/* --- message.c --- */

enum message_type {
    MSG_FILE = 1,  /* u64 size, digest, name */
    MSG_FILE_DATA, /* bytes; after MSG_FILE_WANTED */
    MSG_FILE_END,  /* u8: 0 all of it, 1 given up */
    MSG_ARGS,      /* bytes of the command: arguments, each with a zero */
    MSG_EXEC,
    MSG_INPUT, /* bytes */
    MSG_INPUT_END,
    MSG_INTERRUPT,
    MSG_TERMINAL,         /* u8 is_terminal, u16 columns, u16 rows */
    MSG_FILE_INSTEAD,     /* as MSG_FILE, in the place of DATA: what stands for it */
    MSG_FILE_RESULT = 64, /* u32 XEN_E* (positive), text; instead of WANTED: has it */
    MSG_OUTPUT,           /* u8 stream, bytes */
    MSG_EXIT,             /* u32 code */
    MSG_FILE_WANTED,
    MSG_RAW,  /* u8: 1 raw, 0 lines */
    MSG_SAVE, /* u64 offset, bytes of the file that the command writes */
};

/* Sends a message of a head and as many bytes as there is room for; returns how many of
 * the bytes. Returns -1 when there is no room for a message. */
int message_send(struct link *link, enum message_type type, const void *head,
                 size_t head_size, const void *bytes, size_t n);
/* Sends n bytes in as many messages as it takes and there is room for. */
size_t message_send_all(struct link *link, enum message_type type, const void *head,
                        size_t head_size, const void *bytes, size_t n);

#endif
