/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-cloop-fixture.c - see test-cloop-fixture.h. Out of memory is a failed test: it ends the
 * program.
 */
#include "test-cloop-fixture.h"

#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "helpers/be.h"
#include "helpers/le.h"
#include "unit.h"

struct fake_host cloop_host;

uint8_t cloop_content(uint64_t at)
{
    return (uint8_t)((at / 7) ^ (at >> 9));
}

static uint64_t pack(uint32_t codec, const uint8_t *bytes, uint8_t *out, uint64_t room)
{
    uLongf zlib_length = (uLongf)room;
    size_t xz_length = 0;

    if (codec == CLOOP_XZ) {
        CU_ASSERT_FATAL(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, bytes, BLOCK, out,
                                                &xz_length, room) == LZMA_OK);
        return xz_length;
    }
    if (codec != CLOOP_ZLIB) {
        memcpy(out, bytes, BLOCK);
        return BLOCK;
    }
    CU_ASSERT_FATAL(compress2(out, &zlib_length, bytes, BLOCK, 9) == Z_OK);
    return zlib_length;
}

static void store(const struct recipe *recipe, uint8_t *to, uint64_t value)
{
    if (recipe->version == CLOOP_V0)
        be32_store(to, (uint32_t)value);
    else if (recipe->little_endian)
        le64_store(to, value);
    else
        be64_store(to, value);
}

/* insmod is what the old ones have, modprobe the later ones. */
static void write_header(const struct recipe *recipe, uint8_t *to)
{
    static const char *const lines[] = { "", "#V1.0 Format\n", "#V2.0 Format\n",
                                         "#V4.0 Format\n" };

    memset(to, 0, CLOOP_HEADER_SIZE);
    snprintf((char *)to, CLOOP_PREAMBLE_SIZE,
             "#!/bin/sh\n%s%s file=$0 && mount -r -t iso9660 /dev/cloop $1\n",
             lines[recipe->version], recipe->version < CLOOP_V2 ? "insmod cloop.o"
                                                                : "modprobe cloop");
    be32_store(to + 128, BLOCK);
    be32_store(to + 132, recipe->blocks);
}

struct memory_io *cloop_build(const struct recipe *recipe)
{
    uint64_t entry = recipe->version == CLOOP_V0 ? 4 : 8;
    uint64_t table_length = (recipe->blocks + 1) * entry;
    uint64_t end = recipe->last ? 0 : CLOOP_HEADER_SIZE + table_length;
    struct memory_io *image = memory_io_new(CLOOP_HEADER_SIZE + table_length +
                                            (uint64_t)recipe->blocks * 2 * BLOCK);
    uint8_t *table = calloc(recipe->blocks + 1, entry);
    uint32_t turn = 0;

    if (table == NULL)
        exit(99);
    for (uint32_t i = 0; i < recipe->blocks; i++) {
        uint32_t codec = recipe->codecs != NULL ? recipe->codecs[turn] : CLOOP_ZLIB;
        uint8_t bytes[BLOCK];

        for (uint32_t at = 0; at < BLOCK; at++)
            bytes[at] = cloop_content((uint64_t)i * BLOCK + at);
        store(recipe, table + i * entry, end | (uint64_t)codec << 60);
        end += pack(codec, bytes, image->bytes + end, 2 * BLOCK) + recipe->garbage;
        if (recipe->codecs != NULL && recipe->codecs[++turn] == UINT32_MAX)
            turn = 0;
    }
    store(recipe, table + recipe->blocks * entry, end);
    memcpy(image->bytes + (recipe->last ? end : CLOOP_HEADER_SIZE), table, table_length);
    write_header(recipe, image->bytes + (recipe->last ? end + table_length : 0));
    image->size = recipe->last ? end + table_length + CLOOP_HEADER_SIZE : end;
    free(table);
    return image;
}

int32_t cloop_try_open(struct memory_io *image, struct tarn_io **out)
{
    struct tarn_image_open how = { .struct_size = sizeof(how) };

    image->keep = true;
    return cloop_format.open(&cloop_host.call, &image->io, &how, out);
}

int32_t cloop_read_all(struct memory_io *image, bool keep)
{
    struct tarn_io *disk;
    uint64_t size = 0;
    uint8_t *bytes = NULL;
    int32_t status;

    fake_host_reset(&cloop_host);
    status = cloop_try_open(image, &disk);
    if (status == TARN_OK) {
        CU_ASSERT_EQUAL(tarn_io_size(&cloop_host.call, disk, &size), TARN_OK);
        /* More than any of these images can have: nobody would wait for all of it. */
        size = size < 4000 * BLOCK ? size : 4000 * BLOCK;
        bytes = malloc(size);
        status = tarn_io_pread(&cloop_host.call, disk, bytes, size, 0);
        CU_ASSERT_EQUAL(tarn_io_close(&cloop_host.call, disk), TARN_OK);
    }
    for (uint64_t i = 0; i < size && status == TARN_OK; i++)
        if (bytes[i] != cloop_content(i))
            CU_FAIL_FATAL("wrong content");
    free(bytes);
    CU_ASSERT_EQUAL(cloop_host.status, status);
    if (!keep)
        fake_host_reset(&cloop_host);
    return status;
}

int32_t cloop_probe_of(const struct memory_io *image)
{
    uint64_t head = image->size < CLOOP_HEAD_SIZE ? image->size : CLOOP_HEAD_SIZE;
    uint64_t tail = image->size < CLOOP_HEADER_SIZE ? image->size : CLOOP_HEADER_SIZE;
    /* Copies of just that length, so that the sanitizer sees a step beyond. */
    uint8_t *head_bytes = malloc(head + 1);
    uint8_t *tail_bytes = malloc(tail + 1);
    struct tarn_probe probe = { .struct_size = sizeof(probe), .head = head_bytes + 1,
                                .head_length = head, .tail = tail_bytes + 1, .tail_length = tail,
                                .size = image->size };
    int32_t sure;

    if (head_bytes == NULL || tail_bytes == NULL)
        exit(99);
    memcpy(head_bytes + 1, image->bytes, head);
    memcpy(tail_bytes + 1, image->bytes + image->size - tail, tail);
    sure = cloop_format.probe(&probe);
    free(head_bytes);
    free(tail_bytes);
    return sure;
}
