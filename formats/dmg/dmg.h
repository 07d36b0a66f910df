/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dmg.h - what the files of the dmg format share.
 *
 * An image is a data fork, a description of it (a property list in XML, or in old images a resource
 * fork), and the "koly" trailer that says where they are. The description has one block table
 * ("mish") for each partition, and a table has chunks: runs of sectors, each stored in its own way.
 * Reading needs only the chunks of all tables, sorted by sector. All numbers are big-endian.
 */
#ifndef FORMAT_DMG_INTERNAL_H
#define FORMAT_DMG_INTERNAL_H

#include <stdbool.h>

#include <tarn/format.h>

#define DMG_SECTOR       512u
#define DMG_KOLY_SIZE    512u /* the last bytes of the file */
#define DMG_MISH_SIZE    204u /* of a block table, without its chunks */
#define DMG_CHUNK_SIZE   40u
#define DMG_CHECKSUM_MAX 128u
/* Of the description, whose size bounds the memory that its tables take. */
#define DMG_DESCRIPTION_MAX ((uint64_t)16 << 20)
/* Of a packed chunk, as it is stored and unpacked. */
#define DMG_PACKED_MAX ((uint64_t)64 << 20)

/* Types of chunks */
#define DMG_ZERO    0x00000000u
#define DMG_RAW     0x00000001u
#define DMG_IGNORE  0x00000002u /* free space: reads as zeros, is in no checksum */
#define DMG_ADC     0x80000004u
#define DMG_ZLIB    0x80000005u
#define DMG_BZIP2   0x80000006u
#define DMG_LZFSE   0x80000007u
#define DMG_LZMA    0x80000008u
#define DMG_COMMENT 0x7ffffffeu
#define DMG_END     0xffffffffu

#define DMG_CHECKSUM_NONE 0u
#define DMG_CHECKSUM_CRC32 2u

/* What is wrong with an image. Parsing needs no call: who asked for it reports this. */
struct dmg_fault {
    int32_t status;
    char text[320];
};

/* Fills it in and returns `status`. */
int32_t dmg_fault_set(struct dmg_fault *fault, int32_t status, const char *format, ...)
    TARN_PRINTF(3, 4);
/* Records the fault as the failure of the call. */
int32_t dmg_fault_fail(struct tarn_call *call, const struct dmg_fault *fault);

struct dmg_checksum {
    uint32_t type; /* DMG_CHECKSUM_… */
    uint32_t crc32;
};

struct dmg_checksum dmg_checksum_read(const uint8_t *bytes);
void dmg_checksum_write(uint8_t *bytes, uint32_t crc32);

/* --- the trailer ------------------------------------------------------------------------------ */

struct dmg_koly {
    uint64_t position; /* of itself in the file */
    uint32_t flags;
    uint64_t data_offset;
    uint64_t data_length;
    uint64_t fork_offset; /* the resource fork */
    uint64_t fork_length; /* 0 = none */
    uint64_t plist_offset;
    uint64_t plist_length; /* 0 = none */
    uint32_t segment;      /* this part, from 1 */
    uint32_t segments;     /* of so many; 0 or 1 = the image is whole */
    struct dmg_checksum data_checksum;
    struct dmg_checksum master_checksum; /* of the checksums of the tables */
    uint32_t variant;
    uint64_t sectors; /* of the disk */
    /* How an image that was just created shall be filled; kept in bytes that are reserved, and 0 in
     * every other image. */
    uint32_t fill_type; /* of packed chunks */
    uint32_t fill_unit; /* sectors of a chunk */
};

/* Reads the last DMG_KOLY_SIZE bytes of a file of that size and checks them. */
int32_t dmg_koly_parse(const uint8_t *bytes, uint64_t file_size, struct dmg_koly *out,
                       struct dmg_fault *fault);
bool dmg_koly_here(const uint8_t *bytes);
void dmg_koly_write(uint8_t *bytes, const struct dmg_koly *koly);

/* Encrypted images are wrapped as a whole: version 2 begins with a header, version 1 ends with
 * one. */
#define DMG_WRAPPER_V1_MARK "cdsaencr" /* the last bytes */
#define DMG_WRAPPER_V2_MARK "encrcdsa" /* the first bytes */
#define DMG_WRAPPER_MARK_SIZE 8u
#define DMG_WRAPPER_V2_SIZE   72u      /* as much of it as is looked at */

struct dmg_wrapper {
    uint32_t version;  /* 0 = not encrypted */
    uint32_t key_bits; /* 0 = unknown */
    uint64_t length;   /* bytes of what is inside, an image or a bare disk; 0 = unknown */
};

struct dmg_wrapper dmg_wrapper_parse(const uint8_t *head, uint64_t head_length,
                                     const uint8_t *tail, uint64_t tail_length);

/* --- block tables ----------------------------------------------------------------------------- */

struct dmg_chunk {
    uint64_t sector;
    uint64_t count;  /* sectors, not 0 */
    uint64_t offset; /* bytes from the start of the file */
    uint64_t length; /* bytes */
    uint32_t type;
    uint32_t table; /* its number */
};

#define DMG_NAME_MAX 96u

struct dmg_table {
    uint64_t sector;
    uint64_t count; /* sectors */
    uint64_t chunks;
    bool ended; /* its last chunk is an end mark */
    struct dmg_checksum checksum;
    char name[DMG_NAME_MAX]; /* "" without one; printable ASCII */
};

struct dmg_tables {
    struct dmg_table *table;
    uint64_t count;
    uint64_t room;
    struct dmg_chunk *chunk; /* of all tables, without marks and comments */
    uint64_t chunks;
    uint64_t chunk_room;
    uint64_t unpacked_max; /* bytes of the largest packed chunk, unpacked */
    uint64_t packed_max;   /* and as it is stored */
};

/* Adds a block table and its chunks. */
int32_t dmg_tables_add(struct dmg_tables *tables, const struct dmg_koly *koly, const void *bytes,
                       uint64_t length, const char *name, struct dmg_fault *fault);
/* Sorts the chunks; refuses those that overlap. */
int32_t dmg_tables_finish(struct dmg_tables *tables, struct dmg_fault *fault);
void dmg_tables_free(struct dmg_tables *tables);
/* The number of the last chunk that begins at or before the sector; tables->chunks if none does. */
uint64_t dmg_tables_find(const struct dmg_tables *tables, uint64_t sector);
/* Chunks by what they are. */
bool dmg_is_packed(uint32_t type);
bool dmg_is_zero(uint32_t type);

/* Both add the block tables that they find; both may change the bytes. */
int32_t dmg_plist_tables(struct dmg_tables *tables, const struct dmg_koly *koly, uint8_t *bytes,
                         uint64_t length, struct dmg_fault *fault);
int32_t dmg_fork_tables(struct dmg_tables *tables, const struct dmg_koly *koly,
                        const uint8_t *bytes, uint64_t length, struct dmg_fault *fault);

/* --- an image --------------------------------------------------------------------------------- */

struct dmg_image {
    struct tarn_io *file;
    uint64_t file_size;
    struct dmg_wrapper wrapper;
    struct dmg_koly koly; /* unless it is encrypted */
    struct dmg_tables tables;
};

/* Reads the ends of the file; the tables are still empty. */
int32_t dmg_image_identify(struct tarn_call *call, struct tarn_io *file, struct dmg_image *out);
/* Fills in the tables. If the image is to blame, nothing is recorded in the call but in `fault`;
 * else fault->status is TARN_OK. */
int32_t dmg_image_load(struct tarn_call *call, struct dmg_image *image, struct dmg_fault *fault);
void dmg_image_clear(struct dmg_image *image);
/* Reads and unpacks a packed chunk: `packed` has room for its bytes as they are stored, `out` for
 * its sectors. Faults as with dmg_image_load(). */
int32_t dmg_image_unpack(struct tarn_call *call, const struct dmg_image *image,
                         const struct dmg_chunk *chunk, uint8_t *packed, uint8_t *out,
                         struct dmg_fault *fault);

/* The CRC-32 of what `crc` is of, and so many zero bytes behind it. */
uint32_t dmg_crc_zeros(uint32_t crc, uint64_t length);

/* The operations of the format. */
int32_t dmg_probe(const struct tarn_probe *probe);
int32_t dmg_info(struct tarn_call *call, struct tarn_io *file);
int32_t dmg_measure(struct tarn_call *call, const struct tarn_image_spec *spec, uint64_t *out);
int32_t dmg_create(struct tarn_call *call, struct tarn_io *file,
                   const struct tarn_image_spec *spec);
int32_t dmg_open(struct tarn_call *call, struct tarn_io *file, const struct tarn_image_open *how,
                 struct tarn_io **out);
int32_t dmg_check(struct tarn_call *call, struct tarn_io *file, uint32_t flags);
/* `open` for an image that was just created. */
int32_t dmg_fill_open(struct tarn_call *call, struct tarn_io *file, struct tarn_io **out);

static inline uint64_t dmg_min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

#endif
