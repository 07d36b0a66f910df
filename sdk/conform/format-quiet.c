/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format-quiet.c - looking changes nothing, and closing leaves nothing.
 */
#include "conform/allocations.h"
#include "conform/format-checks.h"
#include "conform/format-image.h"
#include "conform/format-step.h"

/* --- a reader does not write ------------------------------------------------------------------ */

static void expect_same(struct image *image, uint64_t before, const char *what)
{
    trial_require(image->trial, memory_store_sum(image->store) == before,
                  "%s changed the bytes of the container", what);
}

static int32_t ignore(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    (void)call;
    (void)extent;
    (void)arg;
    return TARN_OK;
}

/* For writing, and nothing is written: that may be noted in the image, and must be undone. */
static void open_and_read(struct image *image, uint32_t flags)
{
    int32_t status;

    image_open(image, flags);
    image_expect(image, 0, lesser(image->size, (uint64_t)1 << 20),
                 "of an image that nobody writes");
    image_begin(image, HOST_TAKES_NOTHING, "map%s", image->label);
    status = tarn_io_extents(&image->host->call, image->disk, 0, image->size, ignore, NULL);
    host_must(image->host, status);
    image_close(image);
}

void check_read_only(struct trial *trial)
{
    struct image *image = image_with_data(trial, format_host(trial));
    uint64_t before = memory_store_sum(image->store);

    image_info(image);
    expect_same(image, before, "info");
    open_and_read(image, 0);
    expect_same(image, before, "opening for reading");
    if (!promises(trial, TARN_FORMAT_CHECK))
        return;
    image_check(image, 0);
    expect_same(image, before, "check without repair");
}

/* --- a closed disk is gone -------------------------------------------------------------------- */

/* All but the close of its byte store, which is looked at before it goes. */
static void use(struct image *image, uint32_t flags)
{
    struct memory_store *store;
    unsigned calls;

    image_open(image, flags);
    store = image->opened;
    image_expect(image, 0, lesser(image->size, 200000), "of an open image");
    if (flags & TARN_IMAGE_OPEN_WRITE)
        image_write(image, image->bytes, lesser(image->size, 65536), 0);
    image_begin(image, HOST_TAKES_NOTHING, "close%s", image->label);
    host_must(image->host, tarn_io_close(&image->host->call, image->disk));
    calls = (unsigned)atomic_load(&store->reads) + (unsigned)atomic_load(&store->writes);
    trial_require(image->trial, atomic_load(&store->closed) == 0,
                  "close of the disk closed its container too, which stays the caller's");
    trial_require(image->trial,
                  calls == (unsigned)atomic_load(&store->reads) +
                               (unsigned)atomic_load(&store->writes) &&
                      atomic_load(&store->inside) == 0,
                  "the container is still in use after its disk was closed");
    trial_require(image->trial, atomic_load(&image->lent) == 0,
                  "%u of the further stores that it asked for are open after the disk was closed",
                  atomic_load(&image->lent));
    memory_store_free(store);
    image->opened = NULL;
    image->disk = NULL;
}

/* One that has a backing store to close. */
static void use_over(struct trial *trial, struct host *host)
{
    struct image *image = image_over(trial, host, usual_capacity(trial));

    image_make(image);
    image->bytes = image->backing->bytes;
    use(image, 0);
    image_free(image);
}

void check_close(struct trial *trial)
{
    struct image *image = image_with_data(trial, format_host(trial));
    uint32_t flags[] = { 0, TARN_IMAGE_OPEN_WRITE };

    for (size_t index = 0; index < (image->writable ? 2 : 1); index++) {
        allocations_watch(trial->subject, 0);
        use(image, flags[index]);
        image_info(image);
        trial_require(trial,
                      image->sample || !(image->host->results.image.flags & TARN_IMAGE_DIRTY),
                      "info tells TARN_IMAGE_DIRTY of an image that was %s and closed cleanly",
                      index == 0 ? "read" : "written");
        if (promises(trial, TARN_FORMAT_CHECK))
            image_check(image, 0);
        allocations_seen();
        trial_require(trial, allocations_left() == 0,
                      "%u pieces of memory are left after the image was %s and closed, described "
                      "and checked", allocations_left(), index == 0 ? "read" : "written");
    }
    if (promises(trial, TARN_FORMAT_BACKING) && makes_images(trial))
        use_over(trial, image->host);
}
