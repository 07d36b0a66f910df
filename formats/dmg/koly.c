/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * koly.c - the trailer, and the marks of encrypted images.
 */
#include "dmg.h"

#include <string.h>

#include "helpers/be.h"

#define KOLY_VERSION 4u
#define AT_VERSION   4u
#define AT_SIZE      8u
#define AT_FLAGS     12u
#define AT_DATA      24u /* offset, length */
#define AT_FORK      40u
#define AT_SEGMENT   56u /* number, count */
#define AT_CHECKSUM  80u
#define AT_PLIST     216u
#define AT_FILL      232u /* the first of 120 reserved bytes */
#define AT_MASTER    352u
#define AT_VARIANT   488u
#define AT_SECTORS   492u

#define CHECKSUM_BITS 32u

struct dmg_checksum dmg_checksum_read(const uint8_t *bytes)
{
    return (struct dmg_checksum){ be32_load(bytes), be32_load(bytes + 8) };
}

void dmg_checksum_write(uint8_t *bytes, uint32_t crc32)
{
    be32_store(bytes, DMG_CHECKSUM_CRC32);
    be32_store(bytes + 4, CHECKSUM_BITS);
    be32_store(bytes + 8, crc32);
}

bool dmg_koly_here(const uint8_t *bytes)
{
    return memcmp(bytes, "koly", 4) == 0;
}

static bool inside(uint64_t offset, uint64_t length, uint64_t end)
{
    return offset <= end && length <= end - offset;
}

static int32_t check_part(const char *what, uint64_t offset, uint64_t length,
                          const struct dmg_koly *koly, struct dmg_fault *fault)
{
    if (inside(offset, length, koly->position))
        return TARN_OK;
    return dmg_fault_set(fault, TARN_E_CORRUPT,
                         "the trailer puts the %s, %llu bytes at %llu, beyond itself at %llu: the "
                         "image is cut off or damaged", what, (unsigned long long)length,
                         (unsigned long long)offset, (unsigned long long)koly->position);
}

static int32_t check_description(const char *what, uint64_t length, struct dmg_fault *fault)
{
    if (length <= DMG_DESCRIPTION_MAX)
        return TARN_OK;
    return dmg_fault_set(fault, TARN_E_UNSUPPORTED, "the %s has %llu bytes, at most %llu are read",
                         what, (unsigned long long)length,
                         (unsigned long long)DMG_DESCRIPTION_MAX);
}

static int32_t check_members(const struct dmg_koly *koly, struct dmg_fault *fault)
{
    int32_t status;

    if (koly->sectors > INT64_MAX / DMG_SECTOR)
        return dmg_fault_set(fault, TARN_E_CORRUPT,
                             "the trailer tells of %llu sectors, more than any disk has: it is "
                             "damaged", (unsigned long long)koly->sectors);
    status = check_part("data fork", koly->data_offset, koly->data_length, koly, fault);
    if (status == TARN_OK)
        status = check_part("resource fork", koly->fork_offset, koly->fork_length, koly, fault);
    if (status == TARN_OK)
        status = check_part("property list", koly->plist_offset, koly->plist_length, koly, fault);
    if (status == TARN_OK)
        status = check_description("resource fork", koly->fork_length, fault);
    if (status == TARN_OK)
        status = check_description("property list", koly->plist_length, fault);
    return status;
}

int32_t dmg_koly_parse(const uint8_t *bytes, uint64_t file_size, struct dmg_koly *out,
                       struct dmg_fault *fault)
{
    if (be32_load(bytes + AT_VERSION) != KOLY_VERSION)
        return dmg_fault_set(fault, TARN_E_UNSUPPORTED,
                             "the trailer is of version %u, only version %u is known",
                             (unsigned int)be32_load(bytes + AT_VERSION), KOLY_VERSION);
    if (be32_load(bytes + AT_SIZE) != DMG_KOLY_SIZE)
        return dmg_fault_set(fault, TARN_E_CORRUPT,
                             "the trailer says that it has %u bytes, not %u: it is damaged",
                             (unsigned int)be32_load(bytes + AT_SIZE), DMG_KOLY_SIZE);
    *out = (struct dmg_koly){
        .position = file_size - DMG_KOLY_SIZE,
        .flags = be32_load(bytes + AT_FLAGS),
        .data_offset = be64_load(bytes + AT_DATA),
        .data_length = be64_load(bytes + AT_DATA + 8),
        .fork_offset = be64_load(bytes + AT_FORK),
        .fork_length = be64_load(bytes + AT_FORK + 8),
        .plist_offset = be64_load(bytes + AT_PLIST),
        .plist_length = be64_load(bytes + AT_PLIST + 8),
        .segment = be32_load(bytes + AT_SEGMENT),
        .segments = be32_load(bytes + AT_SEGMENT + 4),
        .data_checksum = dmg_checksum_read(bytes + AT_CHECKSUM),
        .master_checksum = dmg_checksum_read(bytes + AT_MASTER),
        .variant = be32_load(bytes + AT_VARIANT),
        .sectors = be64_load(bytes + AT_SECTORS),
        .fill_type = be32_load(bytes + AT_FILL),
        .fill_unit = be32_load(bytes + AT_FILL + 4),
    };
    return check_members(out, fault);
}

void dmg_koly_write(uint8_t *bytes, const struct dmg_koly *koly)
{
    memset(bytes, 0, DMG_KOLY_SIZE);
    memcpy(bytes, "koly", 4);
    be32_store(bytes + AT_VERSION, KOLY_VERSION);
    be32_store(bytes + AT_SIZE, DMG_KOLY_SIZE);
    be32_store(bytes + AT_FLAGS, koly->flags);
    be64_store(bytes + AT_DATA, koly->data_offset);
    be64_store(bytes + AT_DATA + 8, koly->data_length);
    be64_store(bytes + AT_FORK, koly->fork_offset);
    be64_store(bytes + AT_FORK + 8, koly->fork_length);
    be32_store(bytes + AT_SEGMENT, koly->segment);
    be32_store(bytes + AT_SEGMENT + 4, koly->segments);
    dmg_checksum_write(bytes + AT_CHECKSUM, koly->data_checksum.crc32);
    be64_store(bytes + AT_PLIST, koly->plist_offset);
    be64_store(bytes + AT_PLIST + 8, koly->plist_length);
    dmg_checksum_write(bytes + AT_MASTER, koly->master_checksum.crc32);
    be32_store(bytes + AT_VARIANT, koly->variant);
    be64_store(bytes + AT_SECTORS, koly->sectors);
    be32_store(bytes + AT_FILL, koly->fill_type);
    be32_store(bytes + AT_FILL + 4, koly->fill_unit);
}

struct dmg_wrapper dmg_wrapper_parse(const uint8_t *head, uint64_t head_length,
                                     const uint8_t *tail, uint64_t tail_length)
{
    struct dmg_wrapper wrapper = { .version = 0 };

    if (head_length >= DMG_WRAPPER_V2_SIZE &&
        memcmp(head, DMG_WRAPPER_V2_MARK, DMG_WRAPPER_MARK_SIZE) == 0) {
        wrapper = (struct dmg_wrapper){ 2, be32_load(head + 24), be64_load(head + 56) };
    } else if (tail_length >= DMG_WRAPPER_MARK_SIZE &&
               memcmp(tail + tail_length - DMG_WRAPPER_MARK_SIZE, DMG_WRAPPER_V1_MARK,
                      DMG_WRAPPER_MARK_SIZE) == 0) {
        wrapper.version = 1;
    }
    return wrapper;
}
