/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The honest disk behind the liar: what SPC-4 and SBC-3 want of a thin one of 1 MiB.
 */
#include <string.h>

#include "tests/iscsi/liar.h"

static uint8_t bytes[LIAR_BLOCKS * LIAR_BLOCK];

uint8_t *disk_bytes(void)
{
    return bytes;
}

/* --- INQUIRY ----------------------------------------------------------------------------------- */

static uint32_t standard(uint8_t *out)
{
    memset(out, 0, 36);
    out[2] = 5; /* SPC-3 */
    out[3] = 2;
    out[4] = 31;
    memcpy(out + 8, "TARN    LIAR            0001", 28);
    return 36;
}

static uint32_t page(uint8_t number, uint8_t *out)
{
    static const uint8_t pages[] = { 0x00, 0x80, 0x83, 0xb0, 0xb2 };
    static const uint8_t naa[] = { 1, 3, 0, 8, 0x60, 0, 0, 0, 0, 0, 0x0e, 1 };
    uint32_t length = 0;

    memset(out, 0, 64);
    out[1] = number;
    if (number == 0x00) {
        length = sizeof(pages);
        memcpy(out + 4, pages, length);
    } else if (number == 0x80) {
        length = 8;
        memcpy(out + 4, "LIAR0001", length);
    } else if (number == 0x83) {
        length = sizeof(naa);
        memcpy(out + 4, naa, length);
    } else if (number == 0xb0) {
        length = 0x3c;
        put_be32(out + 8, 1024);      /* longest transfer */
        put_be32(out + 20, 1024);     /* longest UNMAP */
        put_be32(out + 24, 16);       /* its ranges */
        put_be64(out + 36, 1024);     /* longest WRITE SAME */
    } else if (number == 0xb2) {
        length = 4;
        out[5] = 0xe4; /* UNMAP, WRITE SAME with it; unmapped blocks read as zeros */
        out[6] = 2;
    }
    put_be16(out + 2, length);
    return length + 4;
}

/* --- others ------------------------------------------------------------------------------------ */

static uint32_t capacity(uint8_t *out)
{
    memset(out, 0, 32);
    put_be64(out, LIAR_BLOCKS - 1);
    put_be32(out + 8, LIAR_BLOCK);
    out[14] = 0xc0; /* thin, unmapped blocks read as zeros */
    return 32;
}

static uint32_t map(const uint8_t *cdb, uint8_t *out)
{
    uint64_t from = get_be64(cdb + 2);

    memset(out, 0, 24);
    put_be32(out, 20);
    put_be64(out + 8, from);
    put_be32(out + 16, from < LIAR_BLOCKS ? LIAR_BLOCKS - (uint32_t)from : 0);
    return 24;
}

static uint32_t units(uint8_t *out)
{
    memset(out, 0, 24);
    put_be32(out, 16);
    out[8 + 1] = 0;
    out[16 + 1] = 1;
    return 24;
}

static uint32_t reading(const uint8_t *cdb, uint8_t *out, uint32_t room)
{
    uint64_t block = cdb[0] == 0x88 ? get_be64(cdb + 2) : get_be32(cdb + 2);
    uint64_t count = cdb[0] == 0x88 ? get_be32(cdb + 10) : (uint64_t)cdb[7] << 8 | cdb[8];

    if (block > LIAR_BLOCKS || count > LIAR_BLOCKS - block || count * LIAR_BLOCK > room)
        return UINT32_MAX;
    memcpy(out, bytes + block * LIAR_BLOCK, count * LIAR_BLOCK);
    return (uint32_t)count * LIAR_BLOCK;
}

uint8_t disk_answer(const uint8_t *cdb, uint8_t *out, uint32_t room, uint32_t *out_length)
{
    *out_length = 0;
    switch (cdb[0]) {
    case 0x12: /* INQUIRY */
        *out_length = cdb[1] & 1 ? page(cdb[2], out) : standard(out);
        return 0;
    case 0x1a: /* MODE SENSE (6) */
        memset(out, 0, 4);
        out[0] = 3;
        *out_length = 4;
        return 0;
    case 0x9e: /* SERVICE ACTION IN (16) */
        *out_length = (cdb[1] & 0x1f) == 0x12 ? map(cdb, out) : capacity(out);
        return 0;
    case 0x25: /* READ CAPACITY (10) */
        put_be32(out, LIAR_BLOCKS - 1);
        put_be32(out + 4, LIAR_BLOCK);
        *out_length = 8;
        return 0;
    case 0xa0: /* REPORT LUNS */
        *out_length = units(out);
        return 0;
    case 0x28: /* READ (10), (16) */
    case 0x88:
        *out_length = reading(cdb, out, room);
        if (*out_length != UINT32_MAX)
            return 0;
        *out_length = 0;
        return 2;
    case 0x00: /* TEST UNIT READY, START STOP UNIT, SYNCHRONIZE CACHE, UNMAP, WRITE, WRITE SAME */
    case 0x1b:
    case 0x35:
    case 0x91:
    case 0x42:
    case 0x2a:
    case 0x8a:
    case 0x41:
    case 0x93:
        return 0;
    default:
        return 2;
    }
}
