/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the two ends of a channel say to each other.
 *
 * A frame is a header of 16 bytes (operation, bytes of the body, bytes of the bulk that follows it,
 * a word whose meaning is the operation's), the body, the bulk. A channel carries one call of a
 * module at a time: the host asks, and until FRAME_RETURN comes back it serves what the module
 * tells and asks in between, which may again lead it to ask: all strictly nested, so no number
 * says which answer belongs to which question.
 */
#ifndef CORE_ISOLATE_FRAME_H
#define CORE_ISOLATE_FRAME_H

#include <stdint.h>

#define FRAME_HEADER 16u
/* More than any request, definition or batch of results takes. */
#define FRAME_MOST_BODY (32u << 20)
/* Bytes of a volume that cross at once. */
#define FRAME_MOST_BULK (1u << 20)

/* The word of a request: milliseconds that the call has left. */
#define FRAME_NO_LIMIT UINT32_MAX

/* Nobody waits for an answer. */
#define FRAME_ONE_WAY 0x80000000u

enum frame_op {
    FRAME_RETURN = 1, /* ends a request; the word is its status */

    /* --- byte stores, in both directions; the body begins with the number of the store -------- */
    FRAME_IO_PREAD,
    FRAME_IO_PWRITE,
    FRAME_IO_FLUSH,
    FRAME_IO_SIZE,
    FRAME_IO_TRUNCATE,
    FRAME_IO_EXTENTS,
    FRAME_IO_ZERO,
    FRAME_IO_DISCARD,
    FRAME_IO_ALLOCATE,
    FRAME_IO_IDENTITY,
    FRAME_IO_LOCK, /* that others see; where its descriptor is */
    FRAME_IO_CLOSE,
    /* some extents, from who serves FRAME_IO_EXTENTS: who takes them may use the store meanwhile */
    FRAME_EXTENTS,

    /* --- from the host: the module ------------------------------------------------------------ */
    FRAME_DESCRIBE = 100,
    FRAME_LOAD,
    /* of a pool type, by its number in the descriptor; then a definition of the pool */
    FRAME_DEFINE,
    FRAME_CLAIMS,
    FRAME_FIND_SOURCES,
    FRAME_OPEN,
    FRAME_CLOSE,
    FRAME_CHECK,
    FRAME_BUILD,
    FRAME_START,
    FRAME_STOP,
    FRAME_REMOVE,
    FRAME_RECOVER,
    FRAME_CAPABILITIES,
    FRAME_INFO,
    FRAME_REFRESH,
    FRAME_LOOKUP,
    FRAME_WATCH_OPEN,
    FRAME_WATCH_READ,
    FRAME_WATCH_CLOSE,
    FRAME_NAME_CHECK,
    FRAME_ALLOCATE,
    FRAME_CLONE,
    FRAME_PUBLISH,
    FRAME_ABORT,
    FRAME_VOLUME_OPEN,
    FRAME_DELETE,
    FRAME_RESIZE,
    /* of a format, by its number */
    FRAME_PROBE,
    FRAME_IMAGE_INFO,
    FRAME_IMAGE_MEASURE,
    FRAME_IMAGE_CREATE,
    FRAME_IMAGE_OPEN,
    FRAME_IMAGE_CHECK,

    /* --- from the module: what it asks -------------------------------------------------------- */
    FRAME_OPTION = 200,
    FRAME_QUERY,
    FRAME_SECRET,
    FRAME_AMEND,
    FRAME_IDENTIFY,
    FRAME_OPEN_RELATED,
    FRAME_CREATE_RELATED,
    FRAME_EMIT_VOLUME_IO, /* with an open container, which lives until this is answered */
    FRAME_EMIT_CHANGED_WAIT, /* where the host's next question would wait for this call's end */

    /* --- and what it tells -------------------------------------------------------------------- */
    FRAME_FAIL = FRAME_ONE_WAY + 1,
    FRAME_FORGET,
    FRAME_INTERRUPTED,
    FRAME_PULSE, /* it works: the module asked whether it was cancelled */
    FRAME_WORN,  /* the process should be replaced before the next call; and why */
    FRAME_PROGRESS,
    FRAME_LOG,
    FRAME_NOTIFY,
    FRAME_KNOWN,
    FRAME_EMIT_VOLUME,
    FRAME_EMIT_POOL,
    FRAME_EMIT_SOURCE,
    FRAME_EMIT_CAPABILITY,
    FRAME_EMIT_FREE,
    FRAME_EMIT_CLAIM,
    FRAME_EMIT_CHANGED,
    FRAME_EMIT_IMAGE,
    FRAME_EMIT_SNAPSHOT,
    FRAME_EMIT_FINDING,
    FRAME_EMIT_CHECK,
};

/* The number of a byte store in this channel's process; none has 0. */
typedef uint32_t store_number;

/* Which functions a byte store has, in the description of it. */
#define STORE_PREAD    0x00000001u
#define STORE_PWRITE   0x00000002u
#define STORE_FLUSH    0x00000004u
#define STORE_SIZE     0x00000008u
#define STORE_TRUNCATE 0x00000010u
#define STORE_EXTENTS  0x00000020u
#define STORE_ZERO     0x00000040u
#define STORE_DISCARD  0x00000080u
#define STORE_ALLOCATE 0x00000100u
#define STORE_IDENTITY 0x00000200u
#define STORE_CLOSE    0x00000400u

/* A pool operation's definition, before the rest of the request. */
#define DEFINITION_NONE    0u
#define DEFINITION_HERE    1u /* a tarn_pool_def follows */
#define DEFINITION_OPENED  2u /* the one that the pool was opened with */

#endif
