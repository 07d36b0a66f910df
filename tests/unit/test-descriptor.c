/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Descriptors that contradict themselves, each in one way.
 */
#include "core/registry/descriptor.h"

#include <string.h>

#include "tests/fixtures/fixture.h"
#include "tests/fixtures/plugins-frame.h"
#include "tests/unit/unit.h"

/* A descriptor with everything in it, to be broken in one place. */
struct sample {
    struct tarn_param param;
    struct tarn_magic magic;
    struct tarn_pool_type type;
    struct tarn_format format;
    struct tarn_module module;
    const struct tarn_param *params[3];
    const struct tarn_magic *magics[2];
    const struct tarn_pool_type *types[2];
    const struct tarn_format *formats[2];
};

static int32_t probe(const struct tarn_probe *seen)
{
    (void)seen;
    return TARN_PROBE_NO;
}

static int32_t format_open(struct tarn_call *call, struct tarn_io *io,
                           const struct tarn_image_open *how, struct tarn_io **out)
{
    (void)io;
    (void)how;
    (void)out;
    return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "not here");
}

static int32_t allocate(struct tarn_call *call, void *pool, const struct tarn_container_spec *spec,
                        void **out_container, struct tarn_io **out_io)
{
    (void)pool;
    (void)spec;
    (void)out_container;
    (void)out_io;
    return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "not here");
}

static int32_t watch_open(struct tarn_call *call, void *pool, void **out_watch, int32_t *out_fd)
{
    (void)pool;
    (void)out_watch;
    (void)out_fd;
    return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "not here");
}

static void sample_make(struct sample *sample)
{
    static const uint8_t bytes[4] = "abc";

    memset(sample, 0, sizeof(*sample));
    sample->param = (struct tarn_param){ .struct_size = sizeof(struct tarn_param),
                                         .type = TARN_PARAM_BYTES,
                                         .name = "room",
                                         .default_value = "1MiB" };
    sample->magic = (struct tarn_magic){ sizeof(struct tarn_magic), 4, 0, bytes };
    sample->type = (struct tarn_pool_type){ EMPTY_POOL_TYPE("t") };
    sample->format = (struct tarn_format){ .struct_size = sizeof(struct tarn_format),
                                           .capabilities = TARN_FORMAT_PROBE | TARN_FORMAT_READ,
                                           .name = "f",
                                           .probe = probe,
                                           .open = format_open };
    sample->module = (struct tarn_module){ FIXTURE_MODULE("m") };
    sample->params[0] = &sample->param;
    sample->magics[0] = &sample->magic;
    sample->types[0] = &sample->type;
    sample->formats[0] = &sample->format;
    sample->type.params = sample->params;
    sample->format.params = sample->params;
    sample->format.magics = sample->magics;
    sample->module.params = sample->params;
    sample->module.pool_types = sample->types;
    sample->module.formats = sample->formats;
}

static int read_sample(const struct sample *sample, struct tarn_error **error)
{
    const struct tarn_module *copy = NULL;
    struct arena *arena = arena_new();
    int status = descriptor_read(&copy, arena, &sample->module, error);

    arena_free(arena);
    return status;
}

static void whole_sample(void)
{
    struct sample sample;
    struct arena *arena = arena_new();
    const struct tarn_module *copy = NULL;

    sample_make(&sample);
    CU_ASSERT_EQUAL_FATAL(descriptor_read(&copy, arena, &sample.module, NULL), TARN_OK);
    CU_ASSERT_PTR_NOT_EQUAL(copy->pool_types[0], &sample.type);
    CU_ASSERT_STRING_EQUAL(copy->pool_types[0]->params[0]->name, "room");
    CU_ASSERT_EQUAL(memcmp(copy->formats[0]->magics[0]->bytes, "abc", 4), 0);
    CU_ASSERT_PTR_NULL(copy->formats[1]);
    CU_ASSERT_EQUAL(copy->formats[0]->head_needed, 4096); /* where it says nothing */
    arena_free(arena);
}

/* An operation that is there and not promised is not there. */
static void unpromised_operations(void)
{
    struct sample sample;
    struct arena *arena = arena_new();
    const struct tarn_module *copy = NULL;

    sample_make(&sample);
    sample.format.capabilities = TARN_FORMAT_READ;
    CU_ASSERT_EQUAL_FATAL(descriptor_read(&copy, arena, &sample.module, NULL), TARN_OK);
    CU_ASSERT_PTR_NULL(copy->formats[0]->probe);
    CU_ASSERT_PTR_NOT_NULL(copy->formats[0]->open);
    arena_free(arena);
}

static void thread_numbers(void)
{
    static const uint32_t pairs[][2] = { { 0, 20 }, { 5, 20 }, { 10, 10 }, { 15, 10 }, { 20, 20 },
                                         { 29, 20 }, { 30, 30 }, { 39, 30 }, { 40, 40 },
                                         { 1000, 40 } };
    size_t i;

    for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct sample sample;
        struct arena *arena = arena_new();
        const struct tarn_module *copy = NULL;

        sample_make(&sample);
        sample.module.threads = pairs[i][0];
        sample.module.lock_domain = "d";
        sample.module.formats = NULL;
        CU_ASSERT_EQUAL_FATAL(descriptor_read(&copy, arena, &sample.module, NULL), TARN_OK);
        CU_ASSERT_EQUAL(copy->threads, pairs[i][1]);
        arena_free(arena);
    }
}

/* --- contradictions --------------------------------------------------------------------------- */

#define BREAK(function, ...) \
    static void function(struct sample *s) \
    { \
        __VA_ARGS__; \
    }

BREAK(no_name, s->module.name = NULL)
BREAK(odd_name, s->module.name = "My Module")
BREAK(no_domain, s->module.threads = TARN_THREADS_DOMAIN)
BREAK(serial_format, s->module.threads = TARN_THREADS_MODULE)
BREAK(tiny_type, s->type.struct_size = 12)
BREAK(huge_format, s->format.struct_size = 1u << 30)
BREAK(tiny_param, s->param.struct_size = 8)
BREAK(tiny_magic, s->magic.struct_size = 8)
BREAK(type_name, s->type.name = NULL)
BREAK(no_open, s->type.open = NULL)
BREAK(no_refresh, s->type.refresh = NULL)
BREAK(no_publish, s->type.volume_allocate = allocate)
BREAK(no_watch_read, s->type.watch_open = watch_open)
BREAK(both_targets, s->type.flags = TARN_POOL_TARGET_REQUIRED | TARN_POOL_NO_TARGET)
BREAK(impossible_source, s->type.source_required = TARN_SOURCE_HOST)
BREAK(prefix_only, s->type.xml_prefix = "x")
BREAK(odd_default, s->type.default_volume_format = "raw")
BREAK(format_name, s->format.name = "qcow 2")
BREAK(no_probe, s->format.probe = NULL)
BREAK(no_format_open, s->format.open = NULL)
BREAK(no_check, s->format.capabilities |= TARN_FORMAT_REPAIR)
BREAK(grow_unwritten, s->format.capabilities |= TARN_FORMAT_GROW)
BREAK(compress_unwritten, s->format.capabilities |= TARN_FORMAT_COMPRESS)
BREAK(transparent, s->format.capabilities |= TARN_FORMAT_TRANSPARENT | TARN_FORMAT_WRITE)
BREAK(huge_head, s->format.head_needed = UINT64_C(1) << 40)
BREAK(magic_beyond, s->magic.offset = 4093)
BREAK(magic_before, s->magic.offset = INT64_MIN)
BREAK(magic_tail, s->magic.offset = -512)
BREAK(magic_empty, s->magic.bytes = NULL)
BREAK(param_name, s->param.name = "a b")
BREAK(param_type, s->param.type = 31)
BREAK(param_default, s->param.default_value = "many")
BREAK(no_choices, s->param.type = TARN_PARAM_ENUM)
BREAK(param_twice, s->params[1] = &s->param)

static const struct {
    void (*spoil)(struct sample *sample);
    int status;
    const char *told;
} contradictions[] = {
    { no_name, TARN_E_INTERNAL, "called \"(NULL)\"" },
    { odd_name, TARN_E_INTERNAL, "called \"My Module\"" },
    { no_domain, TARN_E_INTERNAL, "TARN_THREADS_DOMAIN and no lock_domain" },
    { serial_format, TARN_E_INTERNAL, "has formats and takes one call at a time" },
    { tiny_type, TARN_E_ABI, "a tarn_pool_type of the module says that it has 12 bytes" },
    { huge_format, TARN_E_ABI, "a tarn_format of the module says that it has 1073741824 bytes" },
    { tiny_param, TARN_E_ABI, "a tarn_param of the module says that it has 8 bytes" },
    { tiny_magic, TARN_E_ABI, "a tarn_magic of the module says that it has 8 bytes" },
    { type_name, TARN_E_INTERNAL, "a pool type of the module is called \"(NULL)\"" },
    { no_open, TARN_E_INTERNAL, "pool type t has no open" },
    { no_refresh, TARN_E_INTERNAL, "pool type t has no refresh" },
    { no_publish, TARN_E_INTERNAL, "and no volume_publish" },
    { no_watch_read, TARN_E_INTERNAL, "lacks watch_read or watch_close" },
    { both_targets, TARN_E_INTERNAL, "both TARN_POOL_TARGET_REQUIRED and TARN_POOL_NO_TARGET" },
    { impossible_source, TARN_E_INTERNAL, "that source_parts lacks" },
    { prefix_only, TARN_E_INTERNAL, "only one of xml_namespace and xml_prefix" },
    { odd_default, TARN_E_INTERNAL, "default_volume_format that is none" },
    { format_name, TARN_E_INTERNAL, "a format of the module is called \"qcow 2\"" },
    { no_probe, TARN_E_INTERNAL, "format f promises TARN_FORMAT_PROBE and has no probe" },
    { no_format_open, TARN_E_INTERNAL, "has no open" },
    { no_check, TARN_E_INTERNAL, "and has no check" },
    { grow_unwritten, TARN_E_INTERNAL, "and not TARN_FORMAT_WRITE" },
    { compress_unwritten, TARN_E_INTERNAL, "promises TARN_FORMAT_COMPRESS and neither" },
    { transparent, TARN_E_INTERNAL, "would be recognised by content" },
    { huge_head, TARN_E_INTERNAL, "needs more than 16 MiB" },
    { magic_beyond, TARN_E_INTERNAL, "has a magic without bytes, or outside" },
    { magic_before, TARN_E_INTERNAL, "has a magic without bytes, or outside" },
    { magic_tail, TARN_E_INTERNAL, "has a magic without bytes, or outside" },
    { magic_empty, TARN_E_INTERNAL, "has a magic without bytes, or outside" },
    { param_name, TARN_E_INTERNAL, "a parameter of the module is called \"a b\"" },
    { param_type, TARN_E_ABI, "of the type 31, which this library does not know" },
    { param_default, TARN_E_INVALID, "a default of the module: room is \"many\"" },
    { no_choices, TARN_E_INTERNAL, "parameter room has no choices" },
    { param_twice, TARN_E_INTERNAL, "parameter room is there twice" },
};

static void each_contradiction(void)
{
    size_t i;

    for (i = 0; i < sizeof(contradictions) / sizeof(contradictions[0]); i++) {
        struct sample sample;
        struct tarn_error *error = NULL;

        sample_make(&sample);
        contradictions[i].spoil(&sample);
        CU_ASSERT_EQUAL(read_sample(&sample, &error), contradictions[i].status);
        CU_ASSERT_TRUE(frame_error_says(error, contradictions[i].told));
    }
}

static void list_without_end(void)
{
    static const struct tarn_param *params[300];
    struct sample sample;
    struct tarn_error *error = NULL;
    size_t i;

    sample_make(&sample);
    for (i = 0; i < 300; i++)
        params[i] = &sample.param;
    sample.module.params = params;
    CU_ASSERT_EQUAL(read_sample(&sample, &error), TARN_E_INTERNAL);
    CU_ASSERT_TRUE(frame_error_says(error, "has no NULL within 256 elements"));
}

static const struct unit_test tests[] = {
    { "a descriptor is copied whole", whole_sample },
    { "an operation that is not promised is left out", unpromised_operations },
    { "thread models between the known ones", thread_numbers },
    { "each contradiction is refused by name", each_contradiction },
    { "a list without its NULL is not followed for ever", list_without_end },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("descriptor", tests);
}
