/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format-hostile.c - images that are cut off, wrong in a bit, or lie about sizes. Whatever is done
 * with them ends, in little memory, and works or says why not; a crash or hang is told by the step
 * that it came in.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "conform/format-checks.h"
#include "conform/format-image.h"
#include "conform/format-step.h"
#include "conform/sanitized.h"

#define ULL(number) ((unsigned long long)(number))
#define MEMORY_MOST ((uint64_t)1 << 30) /* of addresses, more than there are now */
#define QUESTIONS_MOST 200000u /* who asks so often whether to end, over a few MiB, never would */
#define CONTAINER_MOST ((uint64_t)64 << 20)

static uint8_t buffer[65536];

/* --- everything that is done with an image ---------------------------------------------------- */

/* Success or failure: the host has judged whether it has a word for it. */
static bool ended(struct image *image, int32_t status)
{
    host_end(image->host, status);
    trial_require(image->trial, atomic_load(&image->host->questions) < QUESTIONS_MOST,
                  "%s asked %u times whether it is interrupted: it goes on without end",
                  step_text(), QUESTIONS_MOST);
    return status == TARN_OK;
}

static struct tarn_call *begin(struct image *image, uint32_t takes, const char *operation,
                               const char *what)
{
    image_begin(image, takes, "%s of an image %s", operation, what);
    image->host->cancel_at = QUESTIONS_MOST;
    return &image->host->call;
}

struct starts {
    uint64_t at[64];
    unsigned count;
    uint64_t seen;
};

static int32_t take_start(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    struct starts *starts = arg;

    if (starts->count < 64)
        starts->at[starts->count++] = extent->offset;
    return ++starts->seen < 4096 ? TARN_OK : tarn_fail(call, TARN_E_CANCELLED, 0, "enough extents");
}

static void read_at(struct image *image, uint64_t size, uint64_t offset, const char *what)
{
    struct tarn_call *call;

    if (offset >= size)
        return;
    call = begin(image, HOST_TAKES_NOTHING, "read", what);
    ended(image, tarn_io_pread(call, image->disk, buffer, lesser(sizeof(buffer), size - offset),
                               offset));
}

static void read_all_over(struct image *image, uint64_t size, const char *what)
{
    struct starts starts = { .count = 0 };
    struct tarn_call *call = begin(image, HOST_TAKES_NOTHING, "map", what);

    ended(image, tarn_io_extents(call, image->disk, 0, size, take_start, &starts));
    read_at(image, size, 0, what);
    for (unsigned index = 0; index < starts.count; index += 1 + starts.count / 12)
        read_at(image, size, starts.at[index], what);
    read_at(image, size, size > 1000 ? size - 1000 : 0, what);
}

static void write_all_over(struct image *image, uint64_t size, const char *what)
{
    struct tarn_call *call;
    int32_t status;

    for (unsigned part = 0; part < 3 && size > 70000; part++) {
        uint64_t offset = part == 0 ? 0 : part == 1 ? size / 2 : size - 100;

        call = begin(image, HOST_TAKES_NOTHING, "write", what);
        memset(buffer, 'h', sizeof(buffer));
        ended(image, tarn_io_pwrite(call, image->disk, buffer, part == 1 ? 20000 : 100, offset));
    }
    call = begin(image, HOST_TAKES_NOTHING, "zero", what);
    status = tarn_io_zero(call, image->disk, size / 3, lesser(size / 3, 100000), 0);
    ended(image, status == TARN_E_UNSUPPORTED ? TARN_OK : status);
    call = begin(image, HOST_TAKES_NOTHING, "flush", what);
    ended(image, tarn_io_flush(call, image->disk));
}

static void use(struct image *image, uint32_t flags, const char *what)
{
    struct tarn_image_open how = { .struct_size = sizeof(how), .flags = flags };
    struct memory_store *store = memory_store_again(image->store, flags != 0);
    struct tarn_call *call = begin(image, HOST_MAY_RELATE, "open", what);
    uint64_t size = 0;

    store->limit = CONTAINER_MOST;
    if (ended(image, image->format->open(call, &store->io, &how, &image->disk))) {
        call = begin(image, HOST_TAKES_NOTHING, "size", what);
        if (ended(image, tarn_io_size(call, image->disk, &size))) {
            if (flags & TARN_IMAGE_OPEN_WRITE)
                write_all_over(image, size, what);
            else
                read_all_over(image, size, what);
        }
        call = begin(image, HOST_TAKES_NOTHING, "close", what);
        ended(image, tarn_io_close(call, image->disk));
    }
    image->disk = NULL;
    memory_store_free(store);
}

/* Of the image as it is now; a writer gets a copy. */
static void exercise(struct image *image, const char *what)
{
    struct memory_store *store = memory_store_again(image->store, false);
    struct tarn_call *call = begin(image, HOST_TAKES_IMAGE, "info", what);
    struct image *copy;

    if (ended(image, image->format->info(call, &store->io)))
        trial_require(image->trial, image->host->results.images == 1, "%s emitted %zu images",
                      step_text(), image->host->results.images);
    if (promises(image->trial, TARN_FORMAT_CHECK)) {
        call = begin(image, HOST_TAKES_CHECK | HOST_MAY_RELATE, "check", what);
        ended(image, image->format->check(call, &store->io, 0));
    }
    memory_store_free(store);
    use(image, 0, what);
    if (!image->writable)
        return;
    copy = image_copy(image);
    use(copy, TARN_IMAGE_OPEN_WRITE, what);
    image_free(copy);
}

/* --- limits ----------------------------------------------------------------------------------- */

static uint64_t addresses_now(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long long pages = 0;

    if (file != NULL) {
        if (fscanf(file, "%llu", &pages) != 1)
            pages = 0;
        fclose(file);
    }
    return pages * 4096;
}

/* Small, since it is looked at a thousand times: two clusters of most formats. */
#define HOSTILE_CAPACITY ((uint64_t)131072)

static struct image *small_image(struct trial *trial, struct host *host)
{
    struct image *image = image_plan(trial, host);

    need_promise(trial, TARN_FORMAT_READ, "read images");
    if (trial_setting(trial, "capacity") == NULL && makes_images(trial) &&
        trial_setting(trial, "sample") == NULL) {
        image->spec.capacity = HOSTILE_CAPACITY;
        if (image_add_data(image))
            return image;
    }
    image_free(image);
    return image_with_data(trial, host);
}

/* So that who believes an absurd size is refused the memory, and has to say so. */
static struct image *begin_hostile(struct trial *trial)
{
    struct image *image = small_image(trial, format_host(trial));
    struct rlimit limit = { 0, 0 };

    limit.rlim_cur = limit.rlim_max = addresses_now() + MEMORY_MOST;
#if !SANITIZED
    setrlimit(RLIMIT_AS, &limit);
#endif
    return image;
}

/* --- the checks ------------------------------------------------------------------------------- */

/* At every 512 bytes of the beginning and the end, and in growing steps between. */
static uint64_t next_cut(uint64_t at, uint64_t size)
{
    if (at < 65536 || at + 16384 >= size)
        return at + 512;
    return at + (at / 16 & ~(uint64_t)511);
}

void check_truncated(struct trial *trial)
{
    struct image *image = begin_hostile(trial);
    uint64_t size = memory_store_size(image->store);

    for (uint64_t at = 0; at < size; at = next_cut(at, size)) {
        struct image *cut = image_copy(image);

        memory_store_cut(cut->store, at);
        exercise(cut, trial_text(trial, "that was cut off at %llu of its %llu bytes", ULL(at),
                                 ULL(size)));
        image_free(cut);
    }
}

static void flip(struct image *image, uint64_t offset, unsigned bit)
{
    char what[100];

    snprintf(what, sizeof(what), "with bit %u at %llu the other way round", bit, ULL(offset));
    image_turn(image, offset, bit);
    exercise(image, what);
    image_turn(image, offset, bit);
}

/* One in each byte of the first 512, in some of the first and the last KiB, here and there, and in
 * all that opening and checking read. */
void check_flips(struct trial *trial)
{
    struct image *image = begin_hostile(trial);
    uint64_t size = memory_store_size(image->store);
    uint64_t ends = lesser(size, 1024);
    uint64_t random = 41;
    struct spots spots;

    image_spots(image, &spots, 160);
    for (uint64_t at = 0; at < ends; at += at < 512 ? 1 : 3)
        flip(image, at, (unsigned)random_below(&random, 8));
    for (uint64_t at = size - ends; at < size; at += 3)
        flip(image, at, (unsigned)random_below(&random, 8));
    for (unsigned round = 0; round < 100 && size > 0; round++)
        flip(image, random_below(&random, size) & ~(uint64_t)(round % 2 ? 511 : 0),
             (unsigned)random_below(&random, 8));
    for (size_t index = 0; index < spots.count; index++)
        flip(image, spots.at[index], (unsigned)random_below(&random, 8));
}

/* --- sizes that nothing has ------------------------------------------------------------------- */

struct number {
    unsigned width;
    uint64_t value;
};

static void put(uint8_t *to, const struct number *number, bool big)
{
    for (unsigned index = 0; index < number->width; index++) {
        unsigned place = big ? number->width - 1 - index : index;

        to[place] = (uint8_t)(number->value >> 8 * index);
    }
}

static void lie(struct image *image, uint64_t offset, const struct number *number, bool big)
{
    uint8_t was[8];
    uint8_t now[8];
    char what[120];

    memory_store_read(image->store, was, number->width, offset);
    put(now, number, big);
    if (memcmp(was, now, number->width) == 0)
        return;
    snprintf(what, sizeof(what), "whose %u bytes at %llu hold 0x%llx, %s endian", number->width,
             ULL(offset), ULL(number->value), big ? "big" : "little");
    memory_store_write(image->store, now, number->width, offset);
    exercise(image, what);
    memory_store_write(image->store, was, number->width, offset);
}

/* At the start, and at the end if that is looked at. */
void check_absurd(struct trial *trial)
{
    static const struct number numbers[] = {
        { 4, 0 }, { 4, 1 }, { 4, 0x7fffffff }, { 4, 0xffffffff },
        { 8, 0 }, { 8, (uint64_t)1 << 63 }, { 8, UINT64_MAX }, { 8, UINT64_MAX - 511 },
        { 8, (uint64_t)1 << 40 },
    };
    struct image *image = begin_hostile(trial);
    uint64_t size = memory_store_size(image->store);
    uint64_t tail = trial->format->tail_needed != 0 && size > 1024 ? size - 512 : size;

    for (uint64_t at = 0; at + 8 <= size; at = at == 504 && tail > 512 ? tail : at + 4) {
        if (at >= 512 && at < tail)
            break;
        for (size_t index = 0; index < sizeof(numbers) / sizeof(numbers[0]); index++) {
            if (at % numbers[index].width != 0)
                continue;
            lie(image, at, &numbers[index], false);
            if (numbers[index].value != 0 && numbers[index].value != 0xffffffff &&
                numbers[index].value != UINT64_MAX)
                lie(image, at, &numbers[index], true);
        }
    }
}
