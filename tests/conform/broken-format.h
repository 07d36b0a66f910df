/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the halves of broken-format.c share: the faults, and the shape of an image.
 *
 * A container is a row of boxes of 64 KiB. The first holds the header, the second the root: the
 * place of a leaf for each 8192 boxes of the disk. A leaf holds an entry for each: where its box
 * is, that it reads as zeros, or the one byte that it is full of.
 */
#ifndef BROKEN_FORMAT_H
#define BROKEN_FORMAT_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <tarn/module.h>

enum fault {
    FAULT_NONE,
    FAULT_ROUNDS_DOWN,
    FAULT_TELLS_TWICE,
    FAULT_TAKES_ANY_CLUSTER,
    FAULT_REFUSES_A_CHOICE,
    FAULT_TAKES_ANY_FEATURE,
    FAULT_MEASURES_TOO_LITTLE,
    FAULT_MEASURES_TOO_MUCH,
    FAULT_RESERVES_NOTHING,
    FAULT_TAKES_ANY_ROOM,
    FAULT_TRUSTS_GROWTH,
    FAULT_DOUBTS_ITS_OWN,
    FAULT_WRONG_MAGIC,
    FAULT_PROBES_BEYOND,
    FAULT_TAKES_ZEROS,
    FAULT_TAKES_OTHERS,
    FAULT_LOSES_A_BYTE,
    FAULT_READS_BEYOND,
    FAULT_WRITE_GROWS_NOTHING,
    FAULT_ZEROES_SLOWLY,
    FAULT_MAP_OVERLAPS,
    FAULT_DATA_IS_A_HOLE,
    FAULT_GROWS_DIRTY,
    FAULT_SHRINKS_UNASKED,
    FAULT_SHRINKS_UNPROMISED,
    FAULT_KNOWS_ANY_SNAPSHOT,
    FAULT_READER_WRITES,
    FAULT_INFO_WRITES,
    FAULT_CLOSE_LEAKS,
    FAULT_CLOSES_ITS_CONTAINER,
    FAULT_KEEPS_BACKING_OPEN,
    FAULT_TELLS_DIRTY,
    FAULT_CHECK_CRIES,
    FAULT_SHRINKS_TO_RUBBISH,
    FAULT_HOLDS_BACK,
    FAULT_FLUSHES_NOTHING,
    FAULT_MENDS_UNASKED,
    FAULT_COUNTS_NOTHING,
    FAULT_ONLY_SAYS_REPAIRED,
    FAULT_HIDES_BACKING,
    FAULT_MAKES_UP_BACKING,
    FAULT_GROWS_INTO_BACKING,
    FAULT_OPENS_BACKING_ANYWAY,
    FAULT_FILLS_EVEN_BYTES,
    FAULT_FILLS_WITHOUT_FLUSH,
    FAULT_COMPRESSES_NOTHING,
    FAULT_LOADS_ALL,
    FAULT_TRUSTS_LENGTH,
    FAULT_TRUSTS_NAME,
    FAULT_TRUSTS_PLACE,
    FAULT_TRUSTS_CAPACITY,
    FAULT_TRUSTS_MALLOC,
    FAULT_SAYS_NOTHING,
    FAULT_HIDES_A_FAILURE,
    FAULT_FAILURE_LEAKS,
    FAULT_FULL_IS_BROKEN,
    FAULT_CLEARS_FIRST,
    FAULT_RESTORES_LATER,
    FAULT_CANNOT_BE_STOPPED,
    FAULT_STOPPED_LEAKS,
    FAULT_LOCKS_NOTHING,
};

#define FAULT(name) (FAULT_IS == FAULT_##name)

#define BOX       ((uint64_t)65536)
#define PER_TABLE ((uint64_t)8192)
#define MOST      (PER_TABLE * PER_TABLE * BOX)
#define NAME_ROOM 512u

/* An entry of a leaf: a place, and in its low bits: */
#define ENTRY_ZERO   1u /* reads as zeros, whatever is there */
#define ENTRY_PACKED 2u /* no place: the byte that it is full of in bits 8 to 15 */

/* At these offsets of the container. */
#define AT_CAPACITY 8u
#define AT_SHADE    16u
#define AT_STAMP    24u
#define AT_LENGTH   512u /* of the backing store's name, which follows; its format behind that */
#define AT_NAME     516u
#define AT_FORMAT   1028u
#define HEADER_SIZE 1092u

struct header {
    uint64_t capacity;
    char name[NAME_ROOM];
    char format[64];
};

struct image {
    struct tarn_io io; /* first */
    struct tarn_io *file;
    struct tarn_io *backing;
    uint64_t backing_size;
    uint64_t size;
    uint32_t flags; /* as it was opened */
    bool no_backing;
    uint8_t *box;   /* room for one */
    uint8_t *late;  /* a write that was held back */
    uint64_t late_length;
    uint64_t late_offset;
};

static inline uint64_t load(const uint8_t *from)
{
    uint64_t value = 0;

    for (unsigned i = 8; i > 0; i--)
        value = value << 8 | from[i - 1];
    return value;
}

static inline void save(uint8_t *to, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++)
        to[i] = (uint8_t)(value >> 8 * i);
}

static inline uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline int32_t no_memory(struct tarn_call *call)
{
    if (FAULT(SAYS_NOTHING))
        return TARN_E_INTERNAL;
    return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a box");
}

#endif
