/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * head.h - what an image says at its start and its end: the footer, which dynamic and differencing
 * images hold twice, and the dynamic header. All numbers in the file are big-endian.
 *
 *   fixed                  guest's bytes, footer
 *   dynamic, differencing  footer copy, header (1024 bytes), BAT, blocks, footer
 */
#ifndef FORMAT_VPC_HEAD_H
#define FORMAT_VPC_HEAD_H

#include <stdbool.h>

#include <tarn/call.h>

#define VPC_SECTOR          512u
#define VPC_FOOTER_SIZE     512u
#define VPC_OLD_FOOTER_SIZE 511u /* written by what came before Virtual PC 2004 */
#define VPC_HEADER_SIZE     1024u
#define VPC_HEAD_SIZE       (VPC_FOOTER_SIZE + VPC_HEADER_SIZE)
#define VPC_TAIL_SIZE       VPC_FOOTER_SIZE

#define VPC_MAX_SECTORS  0xff000000u /* of a disk: 2040 GiB */
#define VPC_MIN_BLOCK    ((uint64_t)VPC_SECTOR)
#define VPC_MAX_BLOCK    ((uint64_t)256 << 20)
#define VPC_MAX_BAT      ((uint64_t)16 << 20) /* bytes held in memory, thrice when sorted */
#define VPC_UNUSED_BLOCK UINT32_MAX           /* BAT entry: nothing is stored */
#define VPC_NO_OFFSET    UINT64_MAX

enum vpc_type { VPC_FIXED = 2, VPC_DYNAMIC = 3, VPC_DIFFERENCING = 4 };

/* Seconds from 1970 to 2000, from where VHD counts. */
#define VPC_EPOCH 946684800

struct vpc_footer {
    uint8_t bytes[VPC_FOOTER_SIZE]; /* as in the file: what is rewritten starts from them */
    uint32_t version;
    uint64_t data_offset; /* of the header; VPC_NO_OFFSET in a fixed image */
    uint32_t timestamp;
    char creator[5];
    uint32_t creator_version;
    uint64_t original_size;
    uint64_t current_size;
    uint32_t cylinders;
    uint32_t heads;
    uint32_t sectors; /* in a track */
    uint32_t type;    /* enum vpc_type, if it is valid */
    bool saved_state;
};

struct vpc_header {
    uint8_t bytes[VPC_HEADER_SIZE];
    uint64_t bat_offset;
    uint32_t version;
    uint32_t max_entries;
    uint32_t block_size;
    uint32_t parent_timestamp;
};

/* What stands where a footer belongs. */
enum vpc_copy {
    VPC_COPY_NONE,    /* something else */
    VPC_COPY_DAMAGED, /* a footer with a wrong checksum */
    VPC_COPY_SOUND,
};

struct vpc_head {
    struct tarn_io *file;
    uint64_t file_size;
    enum vpc_copy first;
    enum vpc_copy last;
    uint64_t last_offset;  /* of the last one; where it would be if it is VPC_COPY_NONE */
    bool copies_differ;    /* both are sound, and say different things */
    bool footer_sound;     /* `footer` has the right checksum */
    bool header_sound;     /* `header` has; true in a fixed image */
    struct vpc_footer footer;
    struct vpc_header header; /* not of fixed images */
    uint64_t capacity;
    uint64_t entries;     /* of the BAT that the capacity needs */
    uint64_t bitmap_size; /* bytes before the data of a block */
};

/* --- footer.c --------------------------------------------------------------------------------- */

/* ~ of the sum of all bytes but the four of the checksum itself, which are at `at`. */
uint32_t vpc_checksum(const uint8_t *bytes, uint32_t length, uint32_t at);
enum vpc_copy vpc_footer_look(const uint8_t *bytes);
void vpc_footer_decode(const uint8_t *bytes, struct vpc_footer *out);
/* Puts sizes and geometry of `size` bytes into the bytes of the footer, and its checksum. */
void vpc_footer_resize(struct vpc_footer *footer, uint64_t size);
/* Writes the checksum. */
void vpc_footer_seal(struct vpc_footer *footer);
/* The size of the disk, by the rule that the footer's creator follows. */
uint64_t vpc_capacity(const struct vpc_footer *footer);
/* Does the creator mean the geometry, not the current size? */
bool vpc_by_geometry(const struct vpc_footer *footer);

/* --- header.c --------------------------------------------------------------------------------- */

void vpc_header_decode(const uint8_t *bytes, struct vpc_header *out);
/* Reads the header of a dynamic image and checks it against the footer and the file; completes
 * `head`. A wrong checksum alone is no failure. */
int32_t vpc_header_read(struct tarn_call *call, const uint8_t *start, uint64_t start_length,
                        struct vpc_head *head);
/* Writes the checksum. */
void vpc_header_seal(struct vpc_header *header);

/* --- head.c ----------------------------------------------------------------------------------- */

/* Reads and checks all of it. Wrong checksums alone are no failure; head->…_sound tells them. */
int32_t vpc_head_read(struct tarn_call *call, struct tarn_io *file, struct vpc_head *out);
/* TARN_E_CORRUPT if a checksum is wrong. */
int32_t vpc_head_trusted(struct tarn_call *call, const struct vpc_head *head);

#define VPC_ID_SIZE      16u
#define VPC_ID_AT        68u /* in the footer */
#define VPC_PARENT_ID_AT 40u /* in the header */

static inline const uint8_t *vpc_id(const struct vpc_footer *footer)
{
    return footer->bytes + VPC_ID_AT;
}

static inline const uint8_t *vpc_parent_id(const struct vpc_header *header)
{
    return header->bytes + VPC_PARENT_ID_AT;
}

static inline uint64_t vpc_min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t vpc_max(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* `to` is a power of two, or a small number; the sum does not overflow. */
static inline uint64_t vpc_round_up(uint64_t value, uint64_t to)
{
    return (value + to - 1) / to * to;
}

/* All that a block takes in the file. */
static inline uint64_t vpc_stride(const struct vpc_head *head)
{
    return head->bitmap_size + head->header.block_size;
}

#endif
