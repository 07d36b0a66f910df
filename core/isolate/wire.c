/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Writing and reading by shapes.
 */
#include "core/isolate/wire.h"

#include <stdlib.h>
#include <string.h>

#include "sdk/helpers/le.h"

#define FIRST_ROOM 4096u
/* A head longer than this is nobody's: tarn_format.head_needed has the same limit. */
#define MOST_HEAD (UINT64_C(16) << 20)

/* --- writing ---------------------------------------------------------------------------------- */

static unsigned char *grow(struct wire_writer *writer, size_t length)
{
    unsigned char *at;

    if (writer->room - writer->used < length) {
        size_t room = writer->room < FIRST_ROOM ? FIRST_ROOM : writer->room;
        unsigned char *bytes;

        while (room - writer->used < length)
            room *= 2;
        bytes = realloc(writer->bytes, room);
        if (bytes == NULL) {
            writer->failed = true;
            return NULL;
        }
        writer->bytes = bytes;
        writer->room = room;
    }
    at = writer->bytes + writer->used;
    writer->used += length;
    return at;
}

void wire_put_u32(struct wire_writer *writer, uint32_t value)
{
    unsigned char *at = grow(writer, 4);

    if (at != NULL)
        le32_store(at, value);
}

void wire_put_u64(struct wire_writer *writer, uint64_t value)
{
    unsigned char *at = grow(writer, 8);

    if (at != NULL)
        le64_store(at, value);
}

void wire_put_raw(struct wire_writer *writer, const void *bytes, size_t length)
{
    unsigned char *at = length > 0 ? grow(writer, length) : NULL;

    if (at != NULL)
        memcpy(at, bytes, length);
}

void wire_put_bytes(struct wire_writer *writer, const void *bytes, size_t length)
{
    unsigned char *at = grow(writer, 4 + length);

    if (at == NULL)
        return;
    le32_store(at, (uint32_t)length);
    if (length > 0)
        memcpy(at + 4, bytes, length);
}

/* The length counts the NUL, so that 0 is no text at all. */
void wire_put_text(struct wire_writer *writer, const char *text)
{
    wire_put_bytes(writer, text, text != NULL ? strlen(text) + 1 : 0);
}

static void put_texts(struct wire_writer *writer, const char *const *texts)
{
    uint32_t count = 0;
    uint32_t i;

    while (texts != NULL && texts[count] != NULL)
        count++;
    wire_put_u32(writer, texts != NULL ? count + 1 : 0);
    for (i = 0; i < count; i++)
        wire_put_text(writer, texts[i]);
}

static void put_list(struct wire_writer *writer, const struct wire_shape *shape,
                     const void *const *list)
{
    uint32_t count = 0;
    uint32_t i;

    while (list != NULL && list[count] != NULL)
        count++;
    wire_put_u32(writer, list != NULL ? count + 1 : 0);
    for (i = 0; i < count; i++)
        wire_put_struct(writer, shape, list[i]);
}

static size_t without_zeros(const unsigned char *bytes, size_t length)
{
    static const unsigned char zeros[64];

    while (length >= sizeof(zeros) &&
           memcmp(bytes + length - sizeof(zeros), zeros, sizeof(zeros)) == 0)
        length -= sizeof(zeros);
    while (length > 0 && bytes[length - 1] == 0)
        length--;
    return length;
}

static void put_head(struct wire_writer *writer, const void *head, uint64_t length)
{
    if (head == NULL || length > MOST_HEAD)
        length = 0;
    wire_put_u64(writer, length);
    wire_put_bytes(writer, head, length > 0 ? without_zeros(head, (size_t)length) : 0);
}

/* The members of one field, or zeros where the structure does not reach. */
struct member {
    uint32_t u32;
    uint64_t u64;
    const void *pointer;
    uint32_t length;
    uint64_t long_length;
};

static void load(struct member *member, const struct wire_field *field, const void *structure)
{
    const unsigned char *base = structure;
    uint32_t size;

    memset(member, 0, sizeof(*member));
    memcpy(&size, structure, sizeof(size));
    if (size < field->end)
        return;
    if (field->kind == WIRE_U32) {
        memcpy(&member->u32, base + field->offset, sizeof(member->u32));
    } else if (field->kind == WIRE_U64) {
        memcpy(&member->u64, base + field->offset, sizeof(member->u64));
    } else {
        memcpy(&member->pointer, base + field->offset, sizeof(member->pointer));
        if (field->kind == WIRE_BYTES)
            memcpy(&member->length, base + field->length, sizeof(member->length));
        if (field->kind == WIRE_HEAD)
            memcpy(&member->long_length, base + field->length, sizeof(member->long_length));
    }
}

static void put_field(struct wire_writer *writer, const struct wire_field *field,
                      const void *structure)
{
    struct member member;

    load(&member, field, structure);
    switch ((enum wire_kind)field->kind) {
    case WIRE_U32:
        wire_put_u32(writer, member.u32);
        break;
    case WIRE_U64:
        wire_put_u64(writer, member.u64);
        break;
    case WIRE_TEXT:
    case WIRE_WORD:
        wire_put_text(writer, member.pointer);
        break;
    case WIRE_TEXTS:
        put_texts(writer, member.pointer);
        break;
    case WIRE_ONE:
        wire_put_u32(writer, member.pointer != NULL);
        if (member.pointer != NULL)
            wire_put_struct(writer, field->shape, member.pointer);
        break;
    case WIRE_LIST:
    case WIRE_FULL:
        put_list(writer, field->shape, member.pointer);
        break;
    case WIRE_BYTES:
        wire_put_bytes(writer, member.pointer, member.pointer != NULL ? member.length : 0);
        break;
    case WIRE_HEAD:
        put_head(writer, member.pointer, member.long_length);
        break;
    }
}

void wire_put_struct(struct wire_writer *writer, const struct wire_shape *shape,
                     const void *structure)
{
    size_t i;

    for (i = 0; i < shape->count; i++)
        put_field(writer, &shape->fields[i], structure);
}

/* --- reading ---------------------------------------------------------------------------------- */

static const unsigned char *take(struct wire_reader *reader, size_t length)
{
    const unsigned char *at = reader->at;

    if (reader->failed || (size_t)(reader->end - at) < length) {
        reader->failed = true;
        return NULL;
    }
    reader->at += length;
    return at;
}

static void *make(struct wire_reader *reader, size_t size)
{
    void *made = NULL;

    if (*reader->arena == NULL)
        *reader->arena = arena_new();
    if (*reader->arena != NULL)
        made = arena_alloc(*reader->arena, size);
    if (made == NULL)
        reader->failed = true;
    return made;
}

uint32_t wire_get_u32(struct wire_reader *reader)
{
    const unsigned char *at = take(reader, 4);

    return at != NULL ? le32_load(at) : 0;
}

uint64_t wire_get_u64(struct wire_reader *reader)
{
    const unsigned char *at = take(reader, 8);

    return at != NULL ? le64_load(at) : 0;
}

const void *wire_get_bytes(struct wire_reader *reader, size_t *out_length)
{
    size_t length = wire_get_u32(reader);
    const void *bytes = take(reader, length);

    *out_length = bytes != NULL ? length : 0;
    return bytes;
}

const char *wire_get_text(struct wire_reader *reader)
{
    size_t length;
    const char *text = wire_get_bytes(reader, &length);

    if (text == NULL || length == 0)
        return NULL;
    if (memchr(text, '\0', length) != text + length - 1) {
        reader->failed = true;
        return NULL;
    }
    return text;
}

const char *wire_get_word(struct wire_reader *reader)
{
    const char *text = wire_get_text(reader);

    return text != NULL ? text : "";
}

/* How many elements follow, or none and *out_absent. Each takes 4 bytes at least, so that no number
 * makes us take memory that was not paid for. */
static size_t get_count(struct wire_reader *reader, bool *out_absent)
{
    uint32_t count = wire_get_u32(reader);

    *out_absent = count == 0;
    if (count == 0)
        return 0;
    if ((size_t)(reader->end - reader->at) / 4 < count - 1) {
        reader->failed = true;
        return 0;
    }
    return count - 1;
}

static const void *get_texts(struct wire_reader *reader)
{
    bool absent;
    size_t count = get_count(reader, &absent);
    const char **texts;
    size_t i;

    if (absent || reader->failed)
        return NULL;
    texts = make(reader, (count + 1) * sizeof(*texts));
    for (i = 0; i < count && texts != NULL; i++)
        texts[i] = wire_get_word(reader);
    return texts;
}

static const void *get_list(struct wire_reader *reader, const struct wire_field *field)
{
    bool absent;
    size_t count = get_count(reader, &absent);
    const void **list;
    size_t i;

    if (reader->failed || (absent && field->kind == WIRE_LIST))
        return NULL;
    list = make(reader, (count + 1) * sizeof(*list));
    for (i = 0; i < count && list != NULL; i++)
        list[i] = wire_get_struct(reader, field->shape);
    return list;
}

static const void *get_head(struct wire_reader *reader, uint64_t *out_length)
{
    uint64_t length = wire_get_u64(reader);
    size_t sent;
    const void *bytes = wire_get_bytes(reader, &sent);
    unsigned char *head;

    *out_length = 0;
    if (length > MOST_HEAD || sent > length)
        reader->failed = true;
    if (reader->failed || length == 0)
        return NULL;
    *out_length = length;
    if (sent == length)
        return bytes;
    head = make(reader, (size_t)length); /* zeroed */
    if (head != NULL && sent > 0)
        memcpy(head, bytes, sent);
    return head;
}

static void store_pointer(unsigned char *base, const struct wire_field *field, const void *pointer)
{
    memcpy(base + field->offset, &pointer, sizeof(pointer));
}

static void get_field(struct wire_reader *reader, const struct wire_field *field,
                      unsigned char *base)
{
    uint32_t u32;
    uint64_t u64;
    size_t length;

    switch ((enum wire_kind)field->kind) {
    case WIRE_U32:
        u32 = wire_get_u32(reader);
        memcpy(base + field->offset, &u32, sizeof(u32));
        break;
    case WIRE_U64:
        u64 = wire_get_u64(reader);
        memcpy(base + field->offset, &u64, sizeof(u64));
        break;
    case WIRE_TEXT:
        store_pointer(base, field, wire_get_text(reader));
        break;
    case WIRE_WORD:
        store_pointer(base, field, wire_get_word(reader));
        break;
    case WIRE_TEXTS:
        store_pointer(base, field, get_texts(reader));
        break;
    case WIRE_ONE:
        if (wire_get_u32(reader) != 0)
            store_pointer(base, field, wire_get_struct(reader, field->shape));
        break;
    case WIRE_LIST:
    case WIRE_FULL:
        store_pointer(base, field, get_list(reader, field));
        break;
    case WIRE_BYTES:
        store_pointer(base, field, wire_get_bytes(reader, &length));
        u32 = (uint32_t)length;
        memcpy(base + field->length, &u32, sizeof(u32));
        break;
    case WIRE_HEAD:
        store_pointer(base, field, get_head(reader, &u64));
        memcpy(base + field->length, &u64, sizeof(u64));
        break;
    }
}

void wire_read_struct(struct wire_reader *reader, const struct wire_shape *shape, void *structure)
{
    uint32_t size = (uint32_t)shape->size;
    size_t i;

    memset(structure, 0, shape->size);
    for (i = 0; i < shape->count; i++)
        get_field(reader, &shape->fields[i], structure);
    if (reader->failed)
        memset(structure, 0, shape->size);
    memcpy(structure, &size, sizeof(size));
}

const void *wire_get_struct(struct wire_reader *reader, const struct wire_shape *shape)
{
    void *structure = make(reader, shape->size);

    if (structure == NULL)
        return NULL;
    wire_read_struct(reader, shape, structure);
    return reader->failed ? NULL : structure;
}

bool wire_end(const struct wire_reader *reader)
{
    return !reader->failed && reader->at == reader->end;
}
