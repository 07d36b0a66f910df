/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * head.h - what a VMDK container starts with: a descriptor, or the header of a sparse extent.
 */
#ifndef FORMAT_VMDK_HEAD_H
#define FORMAT_VMDK_HEAD_H

#include <stdbool.h>
#include <string.h>

#include <tarn/call.h>

#define VMDK_SECTOR 512u
/* Far more than any program writes: a disk of 16 TiB in pieces of 2 GiB has 8192 lines. */
#define VMDK_MAX_DESCRIPTOR ((uint64_t)1 << 20)
#define VMDK_MAX_EXTENTS 8192u
/* 8 MiB. Grains are 64 KiB nearly everywhere; several are held in memory. */
#define VMDK_MAX_GRAIN_SECTORS 16384u
#define VMDK_NO_CID 0xffffffffu

#define VMDK_CORRUPT(call, ...) tarn_fail(call, TARN_E_CORRUPT, 0, __VA_ARGS__)
#define VMDK_REFUSE(call, ...) tarn_fail(call, TARN_E_UNSUPPORTED, 0, __VA_ARGS__)
#define VMDK_NO_MEMORY(call) tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a vmdk image")

typedef unsigned long long vmdk_ull; /* for printf */

static inline uint64_t vmdk_min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t vmdk_round_up(uint64_t value, uint64_t unit)
{
    return (value + unit - 1) / unit * unit;
}

static inline uint64_t vmdk_divide_up(uint64_t value, uint64_t by)
{
    return value / by + (value % by != 0);
}

static inline bool vmdk_power_of_two(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/* --- text.c ----------------------------------------------------------------------------------- */

struct vmdk_text {
    char *bytes; /* ends with a NUL */
    size_t length;
    size_t room;
    bool failed; /* no memory */
};

void vmdk_text_add(struct vmdk_text *text, const char *format, ...) TARN_PRINTF(2, 3);
/* Decimal digits and nothing else; false for what does not fit. */
bool vmdk_number(const char *from, const char *to, uint64_t *out);
/* One to eight hexadecimal digits. */
bool vmdk_hex(const char *from, const char *to, uint32_t *out);

/* --- descriptor.c ----------------------------------------------------------------------------- */

enum vmdk_access { VMDK_RW, VMDK_RDONLY, VMDK_NOACCESS };

/* A line that names an extent. */
struct vmdk_line {
    enum vmdk_access access;
    const char *type;      /* as it stands there: "FLAT", … */
    const char *name;      /* NULL without one */
    uint64_t sectors;
    uint64_t offset;       /* sectors, 0 if it is left out */
    uint64_t sectors_at;   /* where the number stands in the text */
    uint32_t sectors_digits;
};

enum vmdk_key {
    VMDK_KEY_VERSION,
    VMDK_KEY_ENCODING,
    VMDK_KEY_CID,
    VMDK_KEY_PARENT_CID,
    VMDK_KEY_CREATE_TYPE,
    VMDK_KEY_PARENT_HINT,
    VMDK_KEY_ADAPTER,
    VMDK_KEY_HARDWARE,
    VMDK_KEY_UUID,
    VMDK_KEY_TOOLS,
    VMDK_KEY_THIN,
    VMDK_KEY_LONG_CONTENT,
    VMDK_KEY_IMAGE_UUID,
    VMDK_KEY_FILTERS,
    VMDK_KEY_KEY_SAFE,
    VMDK_KEYS
};

struct vmdk_descriptor {
    char *text;      /* as it is in the container, up to the first NUL */
    uint64_t length;
    char *words;     /* what `value` and the lines point into */
    const char *value[VMDK_KEYS]; /* NULL = not there */
    uint32_t cid;    /* VMDK_NO_CID if there is none */
    uint32_t parent_cid;
    uint64_t cid_at; /* where its digits stand in the text */
    uint32_t cid_digits;
    struct vmdk_line *lines;
    uint64_t line_count;
    uint64_t line_room;
    uint64_t sectors; /* of all lines together */
};

/* Takes `text` over, whatever it answers: it is freed with the descriptor. */
int32_t vmdk_descriptor_parse(struct tarn_call *call, char *text, uint64_t length,
                              struct vmdk_descriptor *out);
void vmdk_descriptor_free(struct vmdk_descriptor *descriptor);
/* Does this start a descriptor? Pure. */
bool vmdk_descriptor_probe(const char *text, uint64_t length);
bool vmdk_has_parent(const struct vmdk_descriptor *descriptor);

/* --- header.c: sparse extents of hosted products, "KDMV" -------------------------------------- */

#define VMDK_FLAG_NEWLINES 0x00000001u /* the test for mangled line ends is valid */
#define VMDK_FLAG_REDUNDANT 0x00000002u
#define VMDK_FLAG_ZERO_GRAINS 0x00000004u
#define VMDK_FLAG_COMPRESSED 0x00010000u
#define VMDK_FLAG_MARKERS 0x00020000u
#define VMDK_GD_AT_END UINT64_MAX
#define VMDK_UNCLEAN_AT 72u

struct vmdk_header {
    uint32_t version;
    uint32_t flags;
    uint64_t capacity;   /* sectors, and so are the next two and the offsets */
    uint64_t grain;
    uint64_t descriptor_offset;
    uint64_t descriptor_size;
    uint32_t table_entries;
    uint64_t redundant_offset;
    uint64_t directory_offset;
    uint64_t overhead;
    uint8_t unclean;
    uint16_t compression; /* 0 none, 1 deflate */
};

bool vmdk_header_magic(const uint8_t *bytes);
/* NULL if the fields make sense, else what does not, in `room`. */
const char *vmdk_header_decode(const uint8_t *bytes, struct vmdk_header *out, char *room,
                               size_t size);
/* Fills a sector. */
void vmdk_header_encode(const struct vmdk_header *header, uint8_t *bytes);

/* --- other-headers.c: "COWD" and seSparse ----------------------------------------------------- */

#define VMDK_COWD_SIZE 2048u
#define VMDK_COWD_FREE_AT 28u
#define VMDK_COWD_UNCLEAN_AT 1648u
#define VMDK_COWD_TABLE_ENTRIES 4096u

struct vmdk_cowd {
    uint32_t version;
    uint32_t flags;
    uint32_t capacity; /* sectors, as all of these */
    uint32_t grain;
    uint32_t directory_offset;
    uint32_t directory_count; /* entries */
    uint32_t free_sector;
    bool unclean;
};

bool vmdk_cowd_magic(const uint8_t *bytes);
const char *vmdk_cowd_decode(const uint8_t *bytes, struct vmdk_cowd *out, char *room, size_t size);

struct vmdk_sesparse {
    uint64_t capacity; /* sectors, as all of these */
    uint64_t grain;
    uint64_t table_size;
    uint64_t volatile_offset;
    uint64_t directory_offset;
    uint64_t directory_size;
    uint64_t tables_offset;
    uint64_t tables_size;
    uint64_t grains_offset;
    uint64_t grains_size;
};

bool vmdk_sesparse_magic(const uint8_t *bytes);
const char *vmdk_sesparse_decode(const uint8_t *bytes, struct vmdk_sesparse *out, char *room,
                                 size_t size);
/* The second header, which changes: is the extent in a state in which it can be read? */
const char *vmdk_sesparse_check_volatile(const uint8_t *bytes);

/* --- head.c ----------------------------------------------------------------------------------- */

enum vmdk_head_kind { VMDK_HEAD_TEXT, VMDK_HEAD_HOSTED, VMDK_HEAD_COWD, VMDK_HEAD_SESPARSE };

struct vmdk_head {
    struct tarn_io *file;
    uint64_t file_size;
    enum vmdk_head_kind kind;
    struct vmdk_header hosted;
    struct vmdk_cowd cowd;
    struct vmdk_sesparse sesparse;
    bool has_descriptor; /* without one it is a bare extent */
    uint64_t descriptor_at;
    struct vmdk_descriptor descriptor;
};

int32_t vmdk_head_read(struct tarn_call *call, struct tarn_io *file, struct vmdk_head *out);
/* The header of an extent alone; a descriptor in it is not read. */
int32_t vmdk_head_read_extent(struct tarn_call *call, struct tarn_io *file,
                              struct vmdk_head *out);
void vmdk_head_free(struct vmdk_head *head);
/* Is the container itself the one extent of the image? Else its lines name files. */
bool vmdk_head_monolithic(const struct vmdk_head *head);
/* Capacity in sectors and grain in bytes of a sparse extent, as its header tells them. */
uint64_t vmdk_head_capacity(const struct vmdk_head *head);
uint64_t vmdk_head_grain(const struct vmdk_head *head);

#endif
