/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * head.c - reads what a container starts with, and the descriptor, wherever it is.
 */
#include "head.h"

#include <stdlib.h>

/* A content id written again with fewer digits moves the text forward, and QEMU ends it with a NUL
 * instead of cutting the file: what is behind that are the text's own last bytes, once more. */
#define LONGEST_REST 6

static bool is_rest_of_longer_text(const char *text, uint64_t end, uint64_t rest)
{
    return rest <= LONGEST_REST && rest <= end &&
           memcmp(text + end - rest, text + end + 1, rest) == 0;
}

/* Otherwise there is nothing behind the text but NULs, which a device or a preallocated descriptor
 * has. */
static int32_t end_of_text(struct tarn_call *call, const char *text, uint64_t length,
                           bool embedded, uint64_t *out)
{
    const char *end = memchr(text, '\0', length);

    *out = end != NULL ? (uint64_t)(end - text) : length;
    if (end == NULL || embedded)
        return TARN_OK;
    while (text[length - 1] == '\0' && length > *out + 1)
        length--;
    if (!is_rest_of_longer_text(text, *out, length - *out - 1))
        return VMDK_CORRUPT(call, "the descriptor has a NUL byte at %llu: it is damaged",
                            (vmdk_ull)*out);
    return TARN_OK;
}

/* Reads the descriptor of `length` bytes at `at`; *out_text NULL if there is no text at all. */
static int32_t read_text(struct tarn_call *call, struct vmdk_head *head, uint64_t at,
                         uint64_t length, char **out_text, uint64_t *out_length)
{
    char *text = malloc(length + 1);
    int32_t status;

    *out_text = NULL;
    if (text == NULL)
        return VMDK_NO_MEMORY(call);
    status = tarn_io_pread(call, head->file, text, length, at);
    if (status == TARN_OK)
        status = end_of_text(call, text, length, head->kind != VMDK_HEAD_TEXT, out_length);
    if (status != TARN_OK || *out_length == 0) {
        free(text);
        return status;
    }
    text[*out_length] = '\0';
    *out_text = text;
    return TARN_OK;
}

static int32_t parse_at(struct tarn_call *call, struct vmdk_head *head, uint64_t at,
                        uint64_t length)
{
    uint64_t text_length;
    char *text;
    int32_t status = read_text(call, head, at, length, &text, &text_length);

    if (status != TARN_OK || text == NULL)
        return status;
    head->descriptor_at = at;
    head->has_descriptor = true;
    return vmdk_descriptor_parse(call, text, text_length, &head->descriptor);
}

static int32_t read_embedded(struct tarn_call *call, struct vmdk_head *head)
{
    uint64_t at;
    uint64_t length = head->hosted.descriptor_size * VMDK_SECTOR; /* at most 1 MiB: decoded */
    uint64_t end;

    if (head->hosted.descriptor_offset == 0 || length == 0)
        return TARN_OK;
    if (__builtin_mul_overflow(head->hosted.descriptor_offset, VMDK_SECTOR, &at) ||
        __builtin_add_overflow(at, length, &end) || end > head->file_size)
        return VMDK_CORRUPT(call, "the descriptor at sector %llu passes the end of the file: the "
                            "image is truncated or damaged",
                            (vmdk_ull)head->hosted.descriptor_offset);
    return parse_at(call, head, at, length);
}

static int32_t read_whole_text(struct tarn_call *call, struct vmdk_head *head,
                               const uint8_t *start, uint64_t length)
{
    if (!vmdk_descriptor_probe((const char *)start, length))
        return VMDK_CORRUPT(call, "this is no vmdk image: it has neither the header of an extent "
                            "nor a descriptor");
    if (head->file_size > VMDK_MAX_DESCRIPTOR)
        return VMDK_CORRUPT(call, "the descriptor has %llu bytes; at most %llu are read",
                            (vmdk_ull)head->file_size, (vmdk_ull)VMDK_MAX_DESCRIPTOR);
    return parse_at(call, head, 0, head->file_size);
}

static int32_t bad_header(struct tarn_call *call, const char *magic, const char *fault)
{
    return VMDK_CORRUPT(call, "the %s header %s", magic, fault);
}

/* The header of an extent; `kind` stays VMDK_HEAD_TEXT where there is none. */
static int32_t decode(struct tarn_call *call, struct vmdk_head *head, const uint8_t *start,
                      uint64_t length)
{
    char room[160];
    const char *fault;

    if (length < VMDK_SECTOR)
        return TARN_OK;
    if (vmdk_header_magic(start)) {
        head->kind = VMDK_HEAD_HOSTED;
        fault = vmdk_header_decode(start, &head->hosted, room, sizeof(room));
        return fault != NULL ? bad_header(call, "KDMV", fault) : TARN_OK;
    }
    if (vmdk_cowd_magic(start) && length >= VMDK_COWD_SIZE) {
        head->kind = VMDK_HEAD_COWD;
        fault = vmdk_cowd_decode(start, &head->cowd, room, sizeof(room));
        return fault != NULL ? bad_header(call, "COWD", fault) : TARN_OK;
    }
    if (vmdk_sesparse_magic(start)) {
        head->kind = VMDK_HEAD_SESPARSE;
        fault = vmdk_sesparse_decode(start, &head->sesparse, room, sizeof(room));
        return fault != NULL ? bad_header(call, "seSparse", fault) : TARN_OK;
    }
    return TARN_OK;
}

/* `start` has room for VMDK_COWD_SIZE bytes. */
static int32_t read_start(struct tarn_call *call, struct tarn_io *file, struct vmdk_head *out,
                          uint8_t *start, uint64_t *out_length)
{
    int32_t status;

    *out = (struct vmdk_head){ .file = file, .descriptor = { .cid = VMDK_NO_CID } };
    status = tarn_io_size(call, file, &out->file_size);
    if (status != TARN_OK)
        return status;
    *out_length = vmdk_min(out->file_size, VMDK_COWD_SIZE);
    status = tarn_io_pread(call, file, start, *out_length, 0);
    return status == TARN_OK ? decode(call, out, start, *out_length) : status;
}

int32_t vmdk_head_read(struct tarn_call *call, struct tarn_io *file, struct vmdk_head *out)
{
    uint8_t start[VMDK_COWD_SIZE];
    uint64_t length = 0;
    int32_t status = read_start(call, file, out, start, &length);

    if (status == TARN_OK && out->kind == VMDK_HEAD_HOSTED)
        status = read_embedded(call, out);
    else if (status == TARN_OK && out->kind == VMDK_HEAD_TEXT)
        status = read_whole_text(call, out, start, length);
    if (status != TARN_OK)
        vmdk_head_free(out);
    return status;
}

int32_t vmdk_head_read_extent(struct tarn_call *call, struct tarn_io *file,
                              struct vmdk_head *out)
{
    uint8_t start[VMDK_COWD_SIZE];
    uint64_t length = 0;

    return read_start(call, file, out, start, &length);
}

void vmdk_head_free(struct vmdk_head *head)
{
    vmdk_descriptor_free(&head->descriptor);
    head->has_descriptor = false;
}

/* A header with a capacity of 0 only carries a descriptor whose lines name the extents. */
bool vmdk_head_monolithic(const struct vmdk_head *head)
{
    return head->kind == VMDK_HEAD_HOSTED && head->has_descriptor &&
           (head->hosted.capacity != 0 || head->descriptor.sectors == 0);
}

uint64_t vmdk_head_capacity(const struct vmdk_head *head)
{
    switch (head->kind) {
    case VMDK_HEAD_HOSTED:
        return head->hosted.capacity;
    case VMDK_HEAD_COWD:
        return head->cowd.capacity;
    case VMDK_HEAD_SESPARSE:
        return head->sesparse.capacity;
    case VMDK_HEAD_TEXT:
    default:
        return 0;
    }
}

uint64_t vmdk_head_grain(const struct vmdk_head *head)
{
    switch (head->kind) {
    case VMDK_HEAD_HOSTED:
        return head->hosted.grain * VMDK_SECTOR;
    case VMDK_HEAD_COWD:
        return (uint64_t)head->cowd.grain * VMDK_SECTOR;
    case VMDK_HEAD_SESPARSE:
        return head->sesparse.grain * VMDK_SECTOR;
    case VMDK_HEAD_TEXT:
    default:
        return 0;
    }
}
