/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bytes between a host and a module in a process of its own: numbers are little-endian, a text is
 * its length and its bytes with the NUL, a structure is the members that its shape lists.
 *
 * Both ends come from one build, so what is written has no versions of its own. What is read comes
 * from code that may have lost its mind: nothing is believed that was not checked.
 */
#ifndef CORE_ISOLATE_WIRE_H
#define CORE_ISOLATE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"

/* --- shapes ----------------------------------------------------------------------------------- */

enum wire_kind {
    WIRE_U32,   /* any 32 bits */
    WIRE_U64,   /* any 64 bits */
    WIRE_TEXT,  /* may be NULL */
    WIRE_WORD,  /* a text that is never NULL: read as "" where it is missing */
    WIRE_TEXTS, /* array of texts that ends with NULL, or NULL */
    WIRE_ONE,   /* pointer to a structure, or NULL */
    WIRE_LIST,  /* array of such pointers that ends with NULL, or NULL */
    WIRE_FULL,  /* the same, never NULL itself: read as an empty one */
    WIRE_BYTES, /* pointer; the length is another member, of 32 bits */
    WIRE_HEAD,  /* pointer; the length is another member, of 64 bits; its last zeros are not sent */
};

struct wire_shape;

struct wire_field {
    uint16_t kind;
    uint16_t offset;
    uint16_t end;    /* offset of what follows: the structure must reach as far */
    uint16_t length; /* offset of the member that holds the length */
    const struct wire_shape *shape; /* of WIRE_ONE, WIRE_LIST, WIRE_FULL */
};

/* A structure that begins with `uint32_t struct_size`. */
struct wire_shape {
    size_t size;
    size_t count;
    const struct wire_field *fields;
};

/* --- writing ---------------------------------------------------------------------------------- */

/* Grows; freed by its owner with free(bytes). */
struct wire_writer {
    unsigned char *bytes;
    size_t used;
    size_t room;
    bool failed; /* no memory: what was written is worth nothing */
};

void wire_put_u32(struct wire_writer *writer, uint32_t value);
void wire_put_u64(struct wire_writer *writer, uint64_t value);
void wire_put_text(struct wire_writer *writer, const char *text);
/* Its length as 32 bits, and the bytes. */
void wire_put_bytes(struct wire_writer *writer, const void *bytes, size_t length);
/* As they are. */
void wire_put_raw(struct wire_writer *writer, const void *bytes, size_t length);
/* Members that `structure` does not reach are written as zeros. */
void wire_put_struct(struct wire_writer *writer, const struct wire_shape *shape,
                     const void *structure);

/* --- reading ---------------------------------------------------------------------------------- */

/* Of bytes that stay where they are: texts and byte strings point among them. */
struct wire_reader {
    const unsigned char *at;
    const unsigned char *end;
    struct arena **arena; /* for structures and arrays; made when first needed, the owner's */
    bool failed;          /* something was not as it must be: all else reads as zeros */
};

uint32_t wire_get_u32(struct wire_reader *reader);
uint64_t wire_get_u64(struct wire_reader *reader);
const char *wire_get_text(struct wire_reader *reader);
/* The same for one that must be there: "" if it is not. */
const char *wire_get_word(struct wire_reader *reader);
const void *wire_get_bytes(struct wire_reader *reader, size_t *out_length);
/* A complete structure of this build, or NULL if that failed. */
const void *wire_get_struct(struct wire_reader *reader, const struct wire_shape *shape);
/* Into memory of the caller's, of shape->size bytes; zeros if that failed. */
void wire_read_struct(struct wire_reader *reader, const struct wire_shape *shape, void *structure);
/* Was everything read, and nothing wrong? */
bool wire_end(const struct wire_reader *reader);

#endif
