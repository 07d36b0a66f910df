/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-dmg-codec.c - the decoders of ADC, LZVN and LZFSE: what they unpack, and what they refuse.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "formats/dmg/codec.h"
#include "formats/dmg/lz-output.h"
#include "helpers/le.h"
#include "tests/unit/test-dmg-encode.h"
#include "tests/unit/test-dmg-fixture.h"

#define MOST 150000u

struct buffers {
    uint8_t *plain;
    uint8_t *packed;
    uint8_t *out;
    uint64_t length; /* of `packed` */
};

static void buffers_make(struct buffers *buffers)
{
    buffers->plain = malloc(MOST);
    buffers->packed = malloc(encode_room(MOST));
    buffers->out = malloc(MOST);
    if (buffers->plain == NULL || buffers->packed == NULL || buffers->out == NULL)
        exit(99);
}

static void buffers_free(struct buffers *buffers)
{
    free(buffers->plain);
    free(buffers->packed);
    free(buffers->out);
}

static bool decode_lzvn(const uint8_t *in, uint64_t length, uint8_t *out, uint64_t size)
{
    struct lz_output to = { out, 0, size };

    return dmg_lzvn_decode(in, length, &to) && to.at == size;
}

static bool decode_lzfse(const uint8_t *in, uint64_t length, uint8_t *out, uint64_t size)
{
    return dmg_lzfse_decode(in, length, out, size) == TARN_OK;
}

/* The exact room: a byte beyond is the sanitiser's to find. */
static bool decode_exactly(bool (*decode)(const uint8_t *, uint64_t, uint8_t *, uint64_t),
                           const uint8_t *in, uint64_t length, uint64_t size, uint8_t *keep)
{
    uint8_t *copy = malloc(length > 0 ? length : 1);
    uint8_t *out = malloc(size > 0 ? size : 1);
    bool good;

    if (copy == NULL || out == NULL)
        exit(99);
    if (length > 0)
        memcpy(copy, in, length);
    good = decode(copy, length, out, size);
    if (good && keep != NULL)
        memcpy(keep, out, size);
    free(copy);
    free(out);
    return good;
}

static const uint64_t sizes[] = { 0, 1, 2, 3, 4, 15, 16, 17, 512, 4096, 39999, 40001, 131072 };

static void every_size(bool (*decode)(const uint8_t *, uint64_t, uint8_t *, uint64_t), int form)
{
    struct buffers buffers;

    buffers_make(&buffers);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        maker_text(buffers.plain, sizes[i], (uint32_t)i + 1);
        if (form < 0)
            buffers.length = form == -1 ? encode_adc(buffers.plain, sizes[i], buffers.packed)
                                        : encode_lzvn(buffers.plain, sizes[i], buffers.packed);
        else
            buffers.length = encode_lzfse((enum lzfse_form)form, buffers.plain, sizes[i],
                                          buffers.packed);
        CU_ASSERT_FATAL(decode_exactly(decode, buffers.packed, buffers.length, sizes[i],
                                       buffers.out));
        CU_ASSERT(memcmp(buffers.plain, buffers.out, sizes[i]) == 0);
        if (sizes[i] > 0)
            CU_ASSERT_FALSE(decode_exactly(decode, buffers.packed, buffers.length, sizes[i] - 1,
                                           NULL) && form != -1);
        CU_ASSERT_FALSE(decode_exactly(decode, buffers.packed, buffers.length, sizes[i] + 1, NULL));
    }
    buffers_free(&buffers);
}

static void adc_unpacks(void)
{
    every_size(dmg_adc_decode, -1);
}

static void lzvn_unpacks(void)
{
    every_size(decode_lzvn, -2);
}

static void lzfse_unpacks(void)
{
    for (int form = LZFSE_RAW; form <= LZFSE_V2; form++)
        every_size(decode_lzfse, form);
}

static void adc_by_hand(void)
{
    static const uint8_t good[] = { 0x82, 'a', 'b', 'c', 0x00, 0x02, 0x40, 0x00, 0x05, 0x00, 0x00 };
    uint8_t out[13];

    CU_ASSERT_FATAL(decode_exactly(dmg_adc_decode, good, sizeof(good), 13, out));
    CU_ASSERT(memcmp(out, "abcabcabcaaaa", 13) == 0);
}

static void adc_keeps_its_bounds(void)
{
    static const uint8_t far_back[] = { 0x80, 'a', 0x00, 0x01 };
    static const uint8_t at_once[] = { 0x00, 0x00 };
    static const uint8_t far_long[] = { 0x80, 'a', 0x40, 0xff, 0xff };

    CU_ASSERT_FALSE(decode_exactly(dmg_adc_decode, far_back, sizeof(far_back), 4, NULL));
    CU_ASSERT_FALSE(decode_exactly(dmg_adc_decode, at_once, sizeof(at_once), 3, NULL));
    CU_ASSERT_FALSE(decode_exactly(dmg_adc_decode, far_long, sizeof(far_long), 5, NULL));
    CU_ASSERT_FALSE(decode_exactly(dmg_adc_decode, far_back, 0, 1, NULL));
    CU_ASSERT_FALSE(decode_exactly(dmg_adc_decode, far_back, 1, 1, NULL));
    CU_ASSERT_FALSE(decode_exactly(dmg_adc_decode, far_back, 3, 4, NULL));
    CU_ASSERT_FALSE(decode_exactly(dmg_adc_decode, far_long, 4, 5, NULL));
}

static void lzvn_by_hand(void)
{
    static const uint8_t good[] = {
        0xc0, 0x03, 'a', 'b', 'c', /* abc, and 3 from 3 back */
        0x46, 'd',                 /* d, and 3 from as far back */
        0xa0, 0x10, 0x00,          /* 3 from 4 back */
        0x07, 0x02, 0x00,          /* 3 from 2 back */
        0x0e, 0x16,                /* nothing */
        0xf1,                      /* 1 from as far back */
        0xe1, '!', 0x06, 0, 0, 0, 0, 0, 0, 0,
    };
    static const char is[] = "abcabc" "dbcd" "dbc" "bcb" "c" "!";
    uint8_t out[32];

    CU_ASSERT_FATAL(decode_exactly(decode_lzvn, good, sizeof(good), sizeof(is) - 1, out));
    CU_ASSERT(memcmp(out, is, sizeof(is) - 1) == 0);
    CU_ASSERT_FALSE(decode_exactly(decode_lzvn, good, sizeof(good) - 1, sizeof(is) - 1, NULL));
    CU_ASSERT_FALSE(decode_exactly(decode_lzvn, good, sizeof(good), sizeof(is), NULL));
}

static void lzvn_keeps_its_bounds(void)
{
    static const uint8_t refused[][4] = {
        { 0x1e }, { 0x26 }, { 0x2e }, { 0x36 }, { 0x3e }, { 0x70 }, { 0x7f }, { 0xd0 }, { 0xdf },
        { 0xf1 },             /* no distance before */
        { 0x00, 0x00 },       /* distance 0 */
        { 0x00, 0x01 },       /* nothing before */
        { 0xa0, 0x00, 0x00 }, { 0x07, 0x00, 0x00 }, { 0x07, 0xff, 0xff },
        { 0xe0, 0xff },       /* more plain bytes than there are */
        { 0x06 },             /* an end that is cut off */
    };

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        uint8_t in[12] = { 0xe1, 'a' };

        /* With and without a byte that was written before. */
        memcpy(in + 2, refused[i], 4);
        CU_ASSERT_FALSE(decode_exactly(decode_lzvn, in + 2, 4, 3, NULL));
        CU_ASSERT_FALSE(decode_exactly(decode_lzvn, in, 6, refused[i][0] == 0xf1 ? 2 : 700, NULL));
    }
}

/* Cut off anywhere, and every byte changed, the decoder ends by itself within its bounds. */
static void lzfse_survives(void)
{
    struct buffers buffers;

    buffers_make(&buffers);
    maker_text(buffers.plain, 3000, 7);
    for (int form = LZFSE_RAW; form <= LZFSE_V2; form++) {
        buffers.length = encode_lzfse((enum lzfse_form)form, buffers.plain, 3000, buffers.packed);
        for (uint64_t cut = 0; cut < buffers.length; cut++)
            CU_ASSERT_FALSE(decode_exactly(decode_lzfse, buffers.packed, cut, 3000, NULL));
        for (uint64_t at = 0; at < buffers.length; at++) {
            uint8_t before = buffers.packed[at];

            buffers.packed[at] = (uint8_t)(before ^ (at % 2 ? 0xff : 0x10));
            decode_exactly(decode_lzfse, buffers.packed, buffers.length, 3000, NULL);
            buffers.packed[at] = before;
        }
    }
    buffers_free(&buffers);
}

/* Every number of a version 1 header, all ones or one too many. */
static void lzfse_headers_are_checked(void)
{
    static const struct {
        uint32_t at, length, value;
    } wrong[] = {
        { 4, 4, UINT32_MAX }, { 4, 4, 2999 }, { 12, 4, UINT32_MAX }, { 12, 4, 40004 },
        { 16, 4, UINT32_MAX }, { 16, 4, 10001 }, { 20, 4, UINT32_MAX }, { 24, 4, UINT32_MAX },
        { 28, 4, 1 }, { 28, 4, 0u - 8 }, { 40, 4, 8 }, { 40, 4, 0u - 8 }, { 32, 2, 1024 },
        { 38, 2, 65535 }, { 44, 2, 64 }, { 46, 2, 64 }, { 48, 2, 256 }, { 50, 2, 65535 },
        { 90, 2, 65 }, { 130, 2, 257 }, { 258, 2, 1025 },
    };
    struct buffers buffers;

    buffers_make(&buffers);
    maker_text(buffers.plain, 3000, 3);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        buffers.length = encode_lzfse(LZFSE_V1, buffers.plain, 3000, buffers.packed);
        if (wrong[i].length == 2)
            le16_store(buffers.packed + wrong[i].at, (uint16_t)wrong[i].value);
        else
            le32_store(buffers.packed + wrong[i].at, wrong[i].value);
        CU_ASSERT_FALSE(decode_exactly(decode_lzfse, buffers.packed, buffers.length, 3000, NULL));
    }
    buffers_free(&buffers);
}

/* A block that needs a table which it does not have. */
static void lzfse_without_frequencies(void)
{
    uint8_t in[36] = "bvx2";

    le32_store(in + 4, 4);
    le64_store(in + 8, 4 | (uint64_t)7 << 60);
    le64_store(in + 16, (uint64_t)7 << 60);
    le64_store(in + 24, 32);
    memcpy(in + 32, "bvx$", 4);
    CU_ASSERT_FALSE(decode_exactly(decode_lzfse, in, sizeof(in), 4, NULL));
    le32_store(in + 4, 0);
    le64_store(in + 8, (uint64_t)1 << 40 | (uint64_t)7 << 60);
    CU_ASSERT_FALSE(decode_exactly(decode_lzfse, in, sizeof(in), 0, NULL));
    le64_store(in + 8, (uint64_t)7 << 60);
    CU_ASSERT(decode_exactly(decode_lzfse, in, sizeof(in), 0, NULL));
    le64_store(in + 24, 31);
    CU_ASSERT_FALSE(decode_exactly(decode_lzfse, in, sizeof(in), 0, NULL));
    le64_store(in + 24, UINT32_MAX);
    CU_ASSERT_FALSE(decode_exactly(decode_lzfse, in, sizeof(in), 0, NULL));
}

/* zlib, bzip2 and xz: short, long, damaged, followed by something. */
static void libraries_are_held_to_the_size(void)
{
    static const uint32_t types[] = { DMG_ADC, DMG_ZLIB, DMG_BZIP2, DMG_LZFSE, DMG_LZMA };
    struct dmg_fault fault;
    struct buffers buffers;

    buffers_make(&buffers);
    maker_text(buffers.plain, 5120, 5);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        buffers.length = encode_chunk(types[i], buffers.plain, 5120, buffers.packed);
        CU_ASSERT_EQUAL(dmg_unpack(types[i], buffers.packed, buffers.length, buffers.out, 5120,
                                   &fault), TARN_OK);
        CU_ASSERT(memcmp(buffers.plain, buffers.out, 5120) == 0);
        CU_ASSERT_EQUAL(dmg_unpack(types[i], buffers.packed, buffers.length, buffers.out, 5632,
                                   &fault), TARN_E_CORRUPT);
        if (types[i] != DMG_ADC) /* which has no end of its own */
            CU_ASSERT_EQUAL(dmg_unpack(types[i], buffers.packed, buffers.length, buffers.out, 4608,
                                       &fault), TARN_E_CORRUPT);
        CU_ASSERT_EQUAL(dmg_unpack(types[i], buffers.packed, buffers.length / 2, buffers.out, 5120,
                                   &fault), TARN_E_CORRUPT);
        memset(buffers.packed + buffers.length, 0x55, 100);
        CU_ASSERT_EQUAL(dmg_unpack(types[i], buffers.packed, buffers.length + 100, buffers.out,
                                   5120, &fault), TARN_OK);
        memset(buffers.packed, 0xff, buffers.length);
        CU_ASSERT_EQUAL(dmg_unpack(types[i], buffers.packed, buffers.length, buffers.out, 5120,
                                   &fault), TARN_E_CORRUPT);
        CU_ASSERT(strstr(fault.text, "do not unpack to exactly 5120") != NULL);
    }
    buffers_free(&buffers);
}

/* A dictionary of 4 GiB - 1: told in the header of the xz block, whose checksum is right again. */
static void xz_is_held_to_its_memory(void)
{
    uint8_t plain[DMG_SECTOR] = { 1 };
    uint8_t packed[2048];
    uint8_t out[DMG_SECTOR];
    uint64_t length = encode_chunk(DMG_LZMA, plain, sizeof(plain), packed);
    uint8_t *header = packed + 12;
    uint32_t size = (header[0] + 1u) * 4;
    uint32_t at = 2;
    struct dmg_fault fault;

    while (at + 2 < size && (header[at] != 0x21 || header[at + 1] != 1)) /* LZMA2, and its byte */
        at++;
    CU_ASSERT_FATAL(at + 2 < size);
    header[at + 2] = 40;
    le32_store(header + size - 4, (uint32_t)crc32(0, header, size - 4));
    CU_ASSERT_EQUAL(dmg_unpack(DMG_LZMA, packed, length, out, sizeof(out), &fault),
                    TARN_E_UNSUPPORTED);
    CU_ASSERT(strstr(fault.text, "more than 64 MiB of memory") != NULL);
}

static const struct unit_test tests[] = {
    { "ADC of every size unpacks", adc_unpacks },
    { "ADC by hand", adc_by_hand },
    { "ADC keeps its bounds", adc_keeps_its_bounds },
    { "LZVN of every size unpacks", lzvn_unpacks },
    { "LZVN by hand", lzvn_by_hand },
    { "LZVN keeps its bounds", lzvn_keeps_its_bounds },
    { "LZFSE of every form and size unpacks", lzfse_unpacks },
    { "LZFSE cut off or changed anywhere does no harm", lzfse_survives },
    { "LZFSE headers are checked", lzfse_headers_are_checked },
    { "LZFSE without frequencies", lzfse_without_frequencies },
    { "every codec is held to the size of the chunk", libraries_are_held_to_the_size },
    { "xz is held to its memory", xz_is_held_to_its_memory },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("dmg-codec", tests);
}
