/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dmg-maker.c - dmg images of every kind for shell tests, so that other programs can say whether
 * they read the same from them.
 *
 *   dmg-maker KIND IMAGE DISK    writes the image, and what its guest shall read
 *
 * KIND: raw, adc, zlib, bzip2, lzfse-raw, lzfse-lzvn, lzfse-v1, lzfse-v2, lzma; everything: all
 * codecs in two tables; fork: zlib, described by a resource fork.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/test-dmg-encode.h"
#include "tests/unit/test-dmg-fixture.h"

#define CHUNK_SECTORS 250u
#define CHUNK_SIZE    (CHUNK_SECTORS * DMG_SECTOR)

static const struct {
    const char *name;
    uint32_t type;
    enum lzfse_form form;
} kinds[] = {
    { "raw", DMG_RAW, LZFSE_RAW },           { "adc", DMG_ADC, LZFSE_RAW },
    { "zlib", DMG_ZLIB, LZFSE_RAW },         { "bzip2", DMG_BZIP2, LZFSE_RAW },
    { "lzfse-raw", DMG_LZFSE, LZFSE_RAW },   { "lzfse-lzvn", DMG_LZFSE, LZFSE_LZVN },
    { "lzfse-v1", DMG_LZFSE, LZFSE_V1 },     { "lzfse-v2", DMG_LZFSE, LZFSE_V2 },
    { "lzma", DMG_LZMA, LZFSE_RAW },         { "fork", DMG_ZLIB, LZFSE_RAW },
};

static void add_chunks(struct maker *maker, size_t kind)
{
    static uint8_t text[CHUNK_SIZE];
    uint8_t *packed = malloc(encode_room(CHUNK_SIZE));

    if (packed == NULL)
        exit(99);
    for (uint32_t i = 0; i < 6; i++) {
        uint64_t sectors = i == 5 ? 1 : CHUNK_SECTORS;
        uint64_t length;

        maker_text(text, sectors * DMG_SECTOR, i + 40);
        length = kinds[kind].type == DMG_LZFSE
            ? encode_lzfse(kinds[kind].form, text, sectors * DMG_SECTOR, packed)
            : encode_chunk(kinds[kind].type, text, sectors * DMG_SECTOR, packed);
        maker_packed(maker, kinds[kind].type, text, sectors, packed, length);
        if (i == 2)
            maker_zeros(maker, DMG_ZERO, 1000);
    }
    free(packed);
}

static int save(const char *path, const uint8_t *bytes, uint64_t length)
{
    FILE *file = fopen(path, "wb");
    bool good = file != NULL && fwrite(bytes, 1, length, file) == length;

    if (file != NULL && fclose(file) != 0)
        good = false;
    if (!good)
        perror(path);
    return good ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct maker maker;
    uint64_t length;
    uint8_t *bytes;
    size_t kind = 0;
    int result;

    if (argc != 4)
        return 2;
    while (kind < sizeof(kinds) / sizeof(kinds[0]) && strcmp(kinds[kind].name, argv[1]) != 0)
        kind++;
    maker_init(&maker);
    if (kind < sizeof(kinds) / sizeof(kinds[0]))
        add_chunks(&maker, kind);
    else
        maker_everything(&maker);
    maker.fork = strcmp(argv[1], "fork") == 0;
    result = save(argv[3], maker.disk, maker.sectors * DMG_SECTOR);
    bytes = maker_end(&maker, &length);
    if (result == 0)
        result = save(argv[2], bytes, length);
    free(bytes);
    maker_free(&maker);
    return result;
}
