/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format-probe.c - probe knows its own images, takes nothing else for one, and is a pure function:
 * it is shown bytes that end where no memory is.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "conform/format-checks.h"
#include "conform/format-image.h"
#include "conform/format-step.h"

#define DEFAULT_HEAD 4096u
#define PAGE         4096u

/* --- memory that ends with its last byte ------------------------------------------------------ */

struct fence {
    uint8_t *end; /* nothing is there */
    size_t room;
};

static struct fence fence_new(struct trial *trial, uint64_t most)
{
    size_t room = (size_t)(most + PAGE - 1) / PAGE * PAGE;
    uint8_t *memory = mmap(NULL, room + PAGE, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    trial_require(trial, memory != MAP_FAILED && mprotect(memory + room, PAGE, PROT_NONE) == 0,
                  "the kit itself is out of memory");
    return (struct fence){ memory + room, room };
}

struct look {
    struct trial *trial;
    struct fence head;
    struct fence tail;
};

static struct look look_new(struct trial *trial)
{
    const struct tarn_format *format = trial->format;

    return (struct look){ trial,
                          fence_new(trial, format->head_needed > DEFAULT_HEAD ? format->head_needed
                                                                              : DEFAULT_HEAD),
                          fence_new(trial, format->tail_needed + 1) };
}

/* What the format wants to see of a container of `size` bytes, at most `most` at either end. */
static int32_t probe(struct look *look, const struct memory_store *store, uint64_t size,
                     uint64_t most)
{
    const struct tarn_format *format = look->trial->format;
    uint64_t head = format->head_needed != 0 ? format->head_needed : DEFAULT_HEAD;
    struct tarn_probe question = { .struct_size = sizeof(question), .size = size };
    int32_t sure;

    question.head_length = lesser(lesser(head, size), most);
    question.tail_length = lesser(lesser(format->tail_needed, size), most);
    question.head = look->head.end - question.head_length;
    question.tail = look->tail.end - question.tail_length;
    memory_store_read(store, look->head.end - question.head_length, question.head_length, 0);
    memory_store_read(store, look->tail.end - question.tail_length, question.tail_length,
                      size - question.tail_length);
    step("probe of a container of %llu bytes, shown %llu of its head and %llu of its tail",
         (unsigned long long)size, (unsigned long long)question.head_length,
         (unsigned long long)question.tail_length);
    sure = format->probe(&question);
    trial_require(look->trial, sure >= 0 && sure <= 100, "%s answered %d: 0 to 100 are legal",
                  step_text(), sure);
    return sure;
}

static void need_probe(struct trial *trial)
{
    need_promise(trial, TARN_FORMAT_PROBE, "recognise images by content");
}

/* An image of each kind with data, as `each` wants it. */
static void each_kind(struct trial *trial,
                      void (*each)(struct trial *trial, struct image *image, struct look *look))
{
    struct host *host = format_host(trial);
    struct look look = look_new(trial);
    struct image *image;

    if (trial_setting(trial, "sample") != NULL || !makes_images(trial)) {
        each(trial, image_with_data(trial, host), &look);
        return;
    }
    if (promises(trial, TARN_FORMAT_TRANSPARENT) && !has_options(trial))
        trial_skip(trial, "its images are any bytes: give one by sample = FILE in [%s] of "
                   "--config, or the options that make one", trial->part);
    for (unsigned index = 0; (image = image_kind(trial, host, index)) != NULL; index++) {
        image_make(image);
        each(trial, image, &look);
        image_free(image);
    }
}

/* --- its own ---------------------------------------------------------------------------------- */

static void know(struct trial *trial, struct image *image, struct look *look)
{
    int32_t sure = probe(look, image->store, memory_store_size(image->store), UINT64_MAX);

    trial_require(trial, sure > TARN_PROBE_WEAK,
                  "probe answered %d of an image%s that the format made itself: more than %d is "
                  "needed to be recognised", sure, image->label, TARN_PROBE_WEAK);
}

void check_probe_own(struct trial *trial)
{
    need_probe(trial);
    each_kind(trial, know);
}

static bool magic_is_there(const struct memory_store *store, const struct tarn_magic *magic)
{
    uint64_t size = memory_store_size(store);
    uint64_t offset = magic->offset >= 0 ? (uint64_t)magic->offset
                                         : size - ((uint64_t)0 - (uint64_t)magic->offset);
    uint8_t *bytes = trial_alloc(store->trial, magic->length);
    bool there = offset <= size && magic->length <= size - offset;

    if (there)
        memory_store_read(store, bytes, magic->length, offset);
    there = there && memcmp(bytes, magic->bytes, magic->length) == 0;
    free(bytes);
    return there;
}

static void have_magic(struct trial *trial, struct image *image, struct look *look)
{
    const struct tarn_magic *const *magic = trial->format->magics;

    (void)look;
    while (*magic != NULL && !magic_is_there(image->store, *magic))
        magic++;
    trial_require(trial, *magic != NULL,
                  "an image%s that the format made holds none of its magics: the host compares "
                  "them before it asks probe, so it would never be recognised", image->label);
}

void check_probe_magic(struct trial *trial)
{
    need_probe(trial);
    if (trial->format->magics == NULL)
        trial_skip(trial, "it declares no magics");
    each_kind(trial, have_magic);
}

/* --- a pure function -------------------------------------------------------------------------- */

static void twice(struct look *look, const struct memory_store *store, uint64_t size, uint64_t most)
{
    int32_t first = probe(look, store, size, most);
    int32_t second = probe(look, store, size, most);

    trial_require(look->trial, first == second, "%s answered %d, and then %d of the same bytes",
                  step_text(), first, second);
}

/* All that it has read may not be there: of short containers, and where less is shown. */
void check_probe_pure(struct trial *trial)
{
    static const uint64_t sizes[] = { 0,   1,   3,   4,    7,    8,    63,   64,   100,  511,
                                      512, 513, 800, 1023, 1024, 1025, 1536, 2048, 4095, 4096 };
    struct host *host = format_host(trial);
    struct look look = look_new(trial);
    struct image *image;
    uint64_t size;

    need_probe(trial);
    image = image_with_data(trial, host);
    size = memory_store_size(image->store);
    twice(&look, image->store, size, UINT64_MAX);
    for (size_t index = 0; index < sizeof(sizes) / sizeof(sizes[0]); index++) {
        twice(&look, image->store, size, sizes[index]);
        if (sizes[index] <= size)
            twice(&look, image->store, sizes[index], UINT64_MAX);
    }
}

/* --- strangers -------------------------------------------------------------------------------- */

static void expect_stranger(struct look *look, struct memory_store *store, const char *what)
{
    int32_t sure = probe(look, store, memory_store_size(store), UINT64_MAX);

    trial_require(look->trial, sure <= TARN_PROBE_WEAK,
                  "probe answered %d of %s: at most %d, or what is no image is taken for one", sure,
                  what, TARN_PROBE_WEAK);
}

static struct memory_store *store_of_text(struct trial *trial, const char *line, uint64_t size)
{
    struct memory_store *store = memory_store_new(trial);
    size_t length = strlen(line);

    memory_store_cut(store, size);
    for (uint64_t at = 0; at < size; at += length)
        memory_store_write(store, line, lesser(length, size - at), at);
    return store;
}

void check_probe_strangers(struct trial *trial)
{
    static const char *const lines[] = {
        "Here is a line of text, and one like it follows.\n", "# a comment\nkey = value\n",
        "#!/bin/sh\necho hello\n", "\n", "<?xml version=\"1.0\"?>\n<a/>\n",
    };
    struct look look = look_new(trial);
    struct memory_store *store;
    uint64_t random = 11;
    static uint8_t bytes[65536];

    need_probe(trial);
    step_watch(trial);
    store = memory_store_new(trial);
    expect_stranger(&look, store, "an empty container");
    memory_store_cut(store, (uint64_t)1 << 20);
    expect_stranger(&look, store, "a container of zeros");
    for (unsigned round = 0; round < 20; round++) {
        random_bytes(&random, bytes, sizeof(bytes));
        memory_store_write(store, bytes, sizeof(bytes), 0);
        memory_store_write(store, bytes, sizeof(bytes), ((uint64_t)1 << 20) - sizeof(bytes));
        expect_stranger(&look, store, "random bytes");
    }
    memory_store_free(store);
    for (size_t index = 0; index < sizeof(lines) / sizeof(lines[0]); index++) {
        store = store_of_text(trial, lines[index], 65536);
        expect_stranger(&look, store, "a text");
        memory_store_free(store);
    }
}
