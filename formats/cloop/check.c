/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check.c - the check of a cloop image: every entry of the table, and every block unpacked; the
 * checksums are those of zlib and xz.
 */
#include "cloop.h"

#include <stdarg.h>
#include <stdlib.h>

#define MOST_TOLD 100u

struct checker {
    struct cloop_table table;
    uint8_t *packed;
    uint64_t room;
    uint8_t *block;
    uint64_t told;
    struct tarn_check_result result;
};

static int32_t tell(struct tarn_call *call, struct checker *checker, uint32_t kind,
                    const struct cloop_block *block, uint64_t length, const char *format, ...)
    TARN_PRINTF(6, 7);

static int32_t tell(struct tarn_call *call, struct checker *checker, uint32_t kind,
                    const struct cloop_block *block, uint64_t length, const char *format, ...)
{
    char text[256];
    struct tarn_finding finding = {
        .struct_size = sizeof(finding), .kind = kind, .offset = block->offset, .length = length,
        .text = text,
    };
    va_list arguments;

    if (kind == TARN_FINDING_CORRUPTION)
        checker->result.corruptions++;
    else if (kind == TARN_FINDING_ERROR)
        checker->result.errors++;
    else
        checker->result.leaks++;
    if (++checker->told > MOST_TOLD)
        return TARN_OK;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return call->host->emit_finding(call, &finding);
}

static int32_t read_block(struct tarn_call *call, struct checker *checker,
                          const struct cloop_block *block)
{
    if (block->length > checker->room) {
        free(checker->packed);
        checker->packed = malloc(block->length);
        checker->room = checker->packed != NULL ? block->length : 0;
    }
    if (checker->packed == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to check a block of %llu bytes",
                         (unsigned long long)block->length);
    return tarn_io_pread(call, checker->table.file, checker->packed, block->length,
                         block->offset);
}

static int32_t check_block(struct tarn_call *call, struct checker *checker, uint64_t index)
{
    unsigned long long number = index;
    const struct cloop_header *header = &checker->table.header;
    struct cloop_block block;
    const char *fault;
    uint64_t used;
    int32_t status = cloop_table_look(call, &checker->table, index, &block);

    if (status != TARN_OK)
        return status;
    fault = cloop_block_fault(header, &block);
    if (fault != NULL)
        return tell(call, checker, TARN_FINDING_CORRUPTION, &block, 0, "block %llu %s", number,
                    fault);
    if (block.codec > CLOOP_XZ)
        return tell(call, checker, TARN_FINDING_ERROR, &block, block.length,
                    "block %llu is packed with %s (codec %u), which cannot be checked", number,
                    cloop_codec_name(block.codec), (unsigned int)block.codec);
    checker->result.compressed_clusters += block.codec != CLOOP_NONE;
    if (block.codec == CLOOP_NONE)
        return TARN_OK;
    status = read_block(call, checker, &block);
    if (status != TARN_OK)
        return status;
    if (!cloop_unpack(block.codec, checker->packed, block.length, checker->block, header->block,
                      &used))
        return tell(call, checker, TARN_FINDING_CORRUPTION, &block, block.length,
                    "block %llu does not unpack to %llu bytes", number,
                    (unsigned long long)header->block);
    if (used < block.length)
        return tell(call, checker, TARN_FINDING_LEAK, &block, block.length - used,
                    "behind block %llu are %llu bytes that do not belong to it", number,
                    (unsigned long long)(block.length - used));
    return TARN_OK;
}

static int32_t check_end(struct tarn_call *call, struct checker *checker)
{
    const struct cloop_header *header = &checker->table.header;
    struct cloop_block end = { .length = 0 };
    int32_t status = cloop_table_end(call, &checker->table, &end.offset);

    checker->result.image_end = header->last ? header->table : end.offset;
    if (status == TARN_OK && end.offset > header->data_end)
        return tell(call, checker, TARN_FINDING_CORRUPTION, &end, 0,
                    "the last block ends at %llu, the image's data at %llu",
                    (unsigned long long)end.offset, (unsigned long long)header->data_end);
    return status;
}

static int32_t check_blocks(struct tarn_call *call, struct checker *checker)
{
    uint64_t blocks = checker->table.header.blocks;
    int32_t status = check_end(call, checker);

    for (uint64_t i = 0; i < blocks && status == TARN_OK; i++) {
        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = check_block(call, checker, i);
        call->host->progress(call, i + 1, blocks);
    }
    checker->result.total_clusters = checker->result.allocated_clusters = blocks;
    return status == TARN_OK ? call->host->emit_check(call, &checker->result) : status;
}

int32_t cloop_check(struct tarn_call *call, struct tarn_io *file, uint32_t flags)
{
    struct checker checker = { .result = { .struct_size = sizeof(checker.result) } };
    struct cloop_header header;
    int32_t status;

    if (flags != 0)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "cloop images cannot be repaired: make the image again");
    status = cloop_header_read(call, file, &header);
    if (status == TARN_OK)
        status = cloop_table_init(call, &checker.table, file, &header);
    if (status != TARN_OK)
        return status;
    checker.block = malloc(header.block);
    status = checker.block != NULL
                 ? check_blocks(call, &checker)
                 : tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to check a cloop image");
    free(checker.block);
    free(checker.packed);
    cloop_table_clear(&checker.table);
    return status;
}
