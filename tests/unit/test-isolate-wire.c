/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Structures that cross between processes arrive as they were, whatever size the writer's have, and
 * bytes that nobody wrote do no harm.
 */
#include <stdlib.h>
#include <string.h>

#include <tarn/module.h>

#include "core/isolate/wire-shapes.h"
#include "tests/unit/unit.h"

#define MUTATIONS 4000u

/* Bytes of a structure that do not cross: struct_size, padding, `reserved`, functions. Who adds a
 * member to the ABI and not to its shape finds it counted here. */
static const struct {
    const char *name;
    const struct wire_shape *shape;
    size_t left_out;
} shapes[] = {
    { "pool_def", &shape_pool_def, 4 },
    { "volume_def", &shape_volume_def, 4 },
    { "container_spec", &shape_container_spec, 4 },
    { "image_spec", &shape_image_spec, 4 },
    { "image_open", &shape_image_open, 4 },
    { "probe", &shape_probe, 8 },
    { "property", &shape_property, 8 },
    { "volume_info", &shape_volume_info, 12 },
    { "pool_info", &shape_pool_info, 4 },
    { "source", &shape_source, 8 },
    { "device_extent", &shape_device_extent, 8 },
    { "image_info", &shape_image_info, 4 },
    { "snapshot", &shape_snapshot, 8 },
    { "finding", &shape_finding, 8 },
    { "check_result", &shape_check_result, 8 },
    { "identity", &shape_identity, 8 },
    { "extent", &shape_extent, 4 },
    { "capability", &shape_capability, 4 },
    { "module", &shape_module, 40 },
    { "pool_type", &shape_pool_type, 212 },
    { "format", &shape_format, 52 },
};
#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static void every_member_crosses(void)
{
    size_t i;
    size_t j;

    for (i = 0; i < SHAPES; i++) {
        const struct wire_shape *shape = shapes[i].shape;
        unsigned char *covered = calloc(1, shape->size);
        size_t left = 0;

        CU_ASSERT_PTR_NOT_NULL_FATAL(covered);
        for (j = 0; j < shape->count; j++) {
            const struct wire_field *field = &shape->fields[j];
            bool small = field->kind == WIRE_U32;

            CU_ASSERT_FATAL(field->end <= shape->size);
            memset(covered + field->offset, 1, small ? 4 : 8);
            if (field->kind == WIRE_BYTES || field->kind == WIRE_HEAD)
                memset(covered + field->length, 1, field->kind == WIRE_BYTES ? 4 : 8);
        }
        for (j = 0; j < shape->size; j++)
            left += !covered[j];
        if (left != shapes[i].left_out)
            printf("# %s: %zu bytes do not cross, expected %zu\n", shapes[i].name, left,
                   shapes[i].left_out);
        CU_ASSERT_EQUAL(left, shapes[i].left_out);
        free(covered);
    }
}

/* --- a structure with something in every member ----------------------------------------------- */

static unsigned counter;

static const char *some_text(struct arena *arena)
{
    return arena_printf(arena, "text %u", ++counter);
}

static void store(unsigned char *base, size_t offset, const void *pointer)
{
    memcpy(base + offset, &pointer, sizeof(pointer));
}

static void *sample(struct arena *arena, const struct wire_shape *shape);

static void fill_field(struct arena *arena, unsigned char *base, const struct wire_field *field)
{
    uint32_t u32 = ++counter;
    uint64_t u64 = UINT64_C(0x0123456700000000) + ++counter;
    const void **list = arena_alloc(arena, 3 * sizeof(*list));
    unsigned char *bytes = arena_alloc(arena, 100);

    memset(bytes, 0x5a, 60); /* zeros at the end */
    switch ((enum wire_kind)field->kind) {
    case WIRE_U32:
        memcpy(base + field->offset, &u32, 4);
        break;
    case WIRE_U64:
        memcpy(base + field->offset, &u64, 8);
        break;
    case WIRE_TEXT:
    case WIRE_WORD:
        store(base, field->offset, some_text(arena));
        break;
    case WIRE_TEXTS:
        list[0] = some_text(arena);
        list[1] = some_text(arena);
        store(base, field->offset, list);
        break;
    case WIRE_ONE:
        store(base, field->offset, sample(arena, field->shape));
        break;
    case WIRE_LIST:
    case WIRE_FULL:
        list[0] = sample(arena, field->shape);
        list[1] = sample(arena, field->shape);
        store(base, field->offset, list);
        break;
    case WIRE_BYTES:
        u32 = 100;
        memcpy(base + field->length, &u32, 4);
        store(base, field->offset, bytes);
        break;
    case WIRE_HEAD:
        u64 = 100;
        memcpy(base + field->length, &u64, 8);
        store(base, field->offset, bytes);
        break;
    }
}

static void *sample(struct arena *arena, const struct wire_shape *shape)
{
    unsigned char *base = arena_alloc(arena, shape->size);
    uint32_t size = (uint32_t)shape->size;
    size_t i;

    memcpy(base, &size, sizeof(size));
    for (i = 0; i < shape->count; i++)
        fill_field(arena, base, &shape->fields[i]);
    return base;
}

/* Two structures are alike if they are written alike. */
static bool written_alike(const struct wire_shape *shape, const void *a, const void *b)
{
    struct wire_writer left = { 0 };
    struct wire_writer right = { 0 };
    bool alike;

    wire_put_struct(&left, shape, a);
    wire_put_struct(&right, shape, b);
    alike = left.used == right.used && memcmp(left.bytes, right.bytes, left.used) == 0;
    free(left.bytes);
    free(right.bytes);
    return alike;
}

static void all_structures_arrive(void)
{
    size_t i;

    for (i = 0; i < SHAPES; i++) {
        const struct wire_shape *shape = shapes[i].shape;
        struct arena *arena = arena_new();
        struct arena *made = NULL;
        void *sent = sample(arena, shape);
        struct wire_writer writer = { 0 };
        struct wire_reader reader;
        const void *got;
        uint32_t size;

        wire_put_struct(&writer, shape, sent);
        reader = (struct wire_reader){ writer.bytes, writer.bytes + writer.used, &made, false };
        got = wire_get_struct(&reader, shape);
        CU_ASSERT_PTR_NOT_NULL_FATAL(got);
        CU_ASSERT(wire_end(&reader));
        memcpy(&size, got, sizeof(size));
        CU_ASSERT_EQUAL(size, shape->size);
        CU_ASSERT(written_alike(shape, sent, got));
        free(writer.bytes);
        arena_free(made);
        arena_free(arena);
    }
}

static void a_volume_arrives_member_by_member(void)
{
    static const char head[4096] = "QFI\xfb";
    const struct tarn_permissions permissions = { sizeof(permissions), 0640, 107, 36, "label" };
    const struct tarn_identity identity = { sizeof(identity), 0, 1, 2, 3, -4, 5 };
    const struct tarn_volume_info sent = {
        .struct_size = sizeof(sent), .name = "a\xff", .path = "/p/a\xff", .type = "file",
        .capacity = UINT64_MAX, .permissions = &permissions, .identity = &identity,
        .head = head, .head_length = sizeof(head),
    };
    struct wire_writer writer = { 0 };
    struct wire_reader reader;
    struct arena *arena = NULL;
    struct tarn_volume_info got;

    wire_put_struct(&writer, &shape_volume_info, &sent);
    CU_ASSERT(writer.used < 512); /* the zeros of the head stay here */
    reader = (struct wire_reader){ writer.bytes, writer.bytes + writer.used, &arena, false };
    wire_read_struct(&reader, &shape_volume_info, &got);
    CU_ASSERT_FATAL(wire_end(&reader));
    CU_ASSERT_STRING_EQUAL(got.name, "a\xff");
    CU_ASSERT_PTR_NULL(got.key);
    CU_ASSERT_EQUAL(got.capacity, UINT64_MAX);
    CU_ASSERT_EQUAL(got.permissions->group, 36);
    CU_ASSERT_STRING_EQUAL(got.permissions->label, "label");
    CU_ASSERT_EQUAL(got.identity->mtime, -4);
    CU_ASSERT_EQUAL_FATAL(got.head_length, sizeof(head));
    CU_ASSERT_EQUAL(memcmp(got.head, head, sizeof(head)), 0);
    CU_ASSERT_PTR_NULL(got.io);
    free(writer.bytes);
    arena_free(arena);
}

/* --- the rules of struct_size ----------------------------------------------------------------- */

static void a_shorter_structure_is_zero_beyond_its_end(void)
{
    struct tarn_pool_info sent = { offsetof(struct tarn_pool_info, available), 1, "ill", 10, 20, 30,
                                   (void *)(uintptr_t)1, (void *)(uintptr_t)1 };
    struct wire_writer writer = { 0 };
    struct wire_reader reader;
    struct arena *arena = NULL;
    struct tarn_pool_info got;

    wire_put_struct(&writer, &shape_pool_info, &sent);
    reader = (struct wire_reader){ writer.bytes, writer.bytes + writer.used, &arena, false };
    wire_read_struct(&reader, &shape_pool_info, &got);
    CU_ASSERT(wire_end(&reader));
    CU_ASSERT_EQUAL(got.struct_size, sizeof(got));
    CU_ASSERT_STRING_EQUAL(got.state_text, "ill");
    CU_ASSERT_EQUAL(got.allocation, 20);
    CU_ASSERT_EQUAL(got.available, 0);
    CU_ASSERT_PTR_NULL(got.permissions);
    free(writer.bytes);
    arena_free(arena);
}

static void what_must_be_there_is(void)
{
    const struct tarn_source sent = { .struct_size = sizeof(sent) };
    struct wire_writer writer = { 0 };
    struct wire_reader reader;
    struct arena *arena = NULL;
    struct tarn_source got;

    wire_put_struct(&writer, &shape_source, &sent);
    reader = (struct wire_reader){ writer.bytes, writer.bytes + writer.used, &arena, false };
    wire_read_struct(&reader, &shape_source, &got);
    CU_ASSERT(wire_end(&reader));
    CU_ASSERT_PTR_NOT_NULL_FATAL(got.hosts);
    CU_ASSERT_PTR_NULL(got.hosts[0]);
    CU_ASSERT_PTR_NOT_NULL_FATAL(got.devices);
    CU_ASSERT_PTR_NULL(got.auth);
    free(writer.bytes);
    arena_free(arena);
}

/* --- strangers -------------------------------------------------------------------------------- */

static bool reads(const struct wire_shape *shape, const unsigned char *bytes, size_t length)
{
    /* A copy of its own, so that a sanitizer sees a step beyond its end. */
    unsigned char *copy = malloc(length > 0 ? length : 1);
    struct arena *arena = NULL;
    struct wire_reader reader;
    const void *got;
    bool whole;

    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    if (length > 0)
        memcpy(copy, bytes, length);
    reader = (struct wire_reader){ copy, copy + length, &arena, false };
    got = wire_get_struct(&reader, shape);
    whole = got != NULL && wire_end(&reader);
    if (got != NULL) { /* everything in it can be read */
        struct wire_writer writer = { 0 };

        wire_put_struct(&writer, shape, got);
        free(writer.bytes);
    }
    arena_free(arena);
    free(copy);
    return whole;
}

static void cut_off_bytes_are_refused(void)
{
    size_t i;

    for (i = 0; i < SHAPES; i++) {
        struct arena *arena = arena_new();
        struct wire_writer writer = { 0 };
        size_t length;

        wire_put_struct(&writer, shapes[i].shape, sample(arena, shapes[i].shape));
        CU_ASSERT(reads(shapes[i].shape, writer.bytes, writer.used));
        for (length = 0; length < writer.used; length++)
            CU_ASSERT(!reads(shapes[i].shape, writer.bytes, length));
        free(writer.bytes);
        arena_free(arena);
    }
}

static void changed_bytes_do_no_harm(void)
{
    unsigned seed = 1;
    size_t i;
    unsigned round;

    for (i = 0; i < SHAPES; i++) {
        struct arena *arena = arena_new();
        struct wire_writer writer = { 0 };

        wire_put_struct(&writer, shapes[i].shape, sample(arena, shapes[i].shape));
        for (round = 0; round < MUTATIONS; round++) {
            size_t at = (size_t)rand_r(&seed) % writer.used;
            unsigned char was = writer.bytes[at];

            writer.bytes[at] = (unsigned char)rand_r(&seed);
            reads(shapes[i].shape, writer.bytes, writer.used);
            if (round % 16 != 0) /* now and then it stays */
                writer.bytes[at] = was;
        }
        free(writer.bytes);
        arena_free(arena);
    }
}

static void a_text_ends_where_it_says(void)
{
    static const unsigned char early[] = { 4, 0, 0, 0, 'a', 0, 'b', 0 };
    static const unsigned char endless[] = { 3, 0, 0, 0, 'a', 'b', 'c' };
    static const unsigned char long_one[] = { 0xff, 0xff, 0xff, 0xff, 'a', 0 };
    struct wire_reader reader = { early, early + sizeof(early), NULL, false };

    CU_ASSERT_PTR_NULL(wire_get_text(&reader));
    CU_ASSERT(reader.failed);
    reader = (struct wire_reader){ endless, endless + sizeof(endless), NULL, false };
    CU_ASSERT_PTR_NULL(wire_get_text(&reader));
    CU_ASSERT(reader.failed);
    reader = (struct wire_reader){ long_one, long_one + sizeof(long_one), NULL, false };
    CU_ASSERT_PTR_NULL(wire_get_text(&reader));
    CU_ASSERT(reader.failed);
}

static const struct unit_test tests[] = {
    { "every member of every structure crosses", every_member_crosses },
    { "all structures arrive as they were", all_structures_arrive },
    { "a volume arrives member by member", a_volume_arrives_member_by_member },
    { "a shorter structure is zero beyond its end", a_shorter_structure_is_zero_beyond_its_end },
    { "what must be there is there", what_must_be_there_is },
    { "cut off bytes are refused", cut_off_bytes_are_refused },
    { "changed bytes do no harm", changed_bytes_do_no_harm },
    { "a text ends where it says", a_text_ends_where_it_says },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("isolate-wire", tests);
}
