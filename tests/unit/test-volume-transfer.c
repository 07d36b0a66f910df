/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Uploads and downloads.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/host-frame.h"

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)

static struct host_frame frame;
static struct tarn_pool *pool;
static struct tarn_volume *volume;
static struct tarn_error *error;

static void begin(uint64_t size)
{
    host_open(&frame);
    pool = host_pool(&frame, frame.context, "p");
    volume = host_volume(pool, "v", "raw", size);
}

static void end(void)
{
    tarn_volume_unref(volume);
    tarn_pool_unref(pool);
    host_close(&frame);
}

/* Gives bytes, at most so many at a time. */
struct giver {
    const char *bytes;
    size_t left;
    size_t at_a_time;
    int fails_with;
};

static int give(void *arg, void *buffer, size_t *length)
{
    struct giver *giver = arg;
    size_t part = giver->left < *length ? giver->left : *length;

    if (giver->left == 0 && giver->fails_with != TARN_OK)
        return giver->fails_with;
    if (part > giver->at_a_time)
        part = giver->at_a_time;
    memcpy(buffer, giver->bytes, part);
    giver->bytes += part;
    giver->left -= part;
    *length = part;
    return TARN_OK;
}

/* Takes them, and counts holes. */
struct taker {
    char *bytes;
    uint64_t length;
    uint64_t holes;
    int fails_with;
};

static int take(void *arg, const void *data, uint64_t length)
{
    struct taker *taker = arg;

    if (taker->fails_with != TARN_OK)
        return taker->fails_with;
    taker->bytes = realloc(taker->bytes, taker->length + length + 1);
    if (data != NULL)
        memcpy(taker->bytes + taker->length, data, length);
    else
        memset(taker->bytes + taker->length, 0, length);
    taker->holes += data == NULL ? length : 0;
    taker->length += length;
    taker->bytes[taker->length] = '\0';
    return TARN_OK;
}

static int upload(uint64_t offset, uint64_t length, const char *bytes, size_t given,
                  size_t at_a_time, uint32_t flags)
{
    struct giver giver = { bytes, given, at_a_time, TARN_OK };

    return tarn_volume_upload(volume, offset, length, give, &giver, flags, NULL, &error);
}

static int download(struct taker *taker, uint64_t offset, uint64_t length, uint32_t flags)
{
    memset(taker, 0, sizeof(*taker));
    return tarn_volume_download(volume, offset, length, take, taker, flags, NULL, &error);
}

static void there_and_back(void)
{
    const size_t size = 3 * MIB + 17;
    char *bytes = malloc(size);
    struct taker taker;
    size_t index;

    for (index = 0; index < size; index++)
        bytes[index] = (char)(index * 7 + index / 251 + 1);
    begin(size);
    CU_ASSERT(host_ok(upload(0, 0, bytes, size, 100000, 0), &error));
    CU_ASSERT(host_ok(download(&taker, 0, 0, 0), &error));
    CU_ASSERT(taker.length == size && memcmp(taker.bytes, bytes, size) == 0);
    free(taker.bytes);
    free(bytes);
    end();
}

static void ranges(void)
{
    struct taker taker;

    begin(10);
    CU_ASSERT(host_ok(upload(0, 0, "0123456789", 10, 3, 0), &error));
    CU_ASSERT(host_ok(upload(2, 3, "abcdef", 6, 100, 0), &error)); /* no more than asked for */
    CU_ASSERT(host_ok(upload(8, 0, "yz", 2, 100, 0), &error));
    CU_ASSERT(host_ok(upload(5, 4, "P", 1, 100, 0), &error));      /* the source may end early */
    CU_ASSERT(host_ok(download(&taker, 0, 0, 0), &error));
    CU_ASSERT_STRING_EQUAL(taker.bytes, "01abcP67yz");
    free(taker.bytes);
    CU_ASSERT(host_ok(download(&taker, 3, 4, 0), &error));
    CU_ASSERT_STRING_EQUAL(taker.bytes, "bcP6");
    free(taker.bytes);
    CU_ASSERT(host_ok(download(&taker, 10, 0, 0), &error));
    CU_ASSERT_EQUAL(taker.length, 0);
    CU_ASSERT(host_ok(upload(10, 0, "", 0, 1, 0), &error));
    end();
}

static void beyond_the_end(void)
{
    struct taker taker;

    begin(10);
    HOST_REFUSED(upload(11, 0, "x", 1, 1, 0), TARN_E_NO_SPACE, "resize it first");
    HOST_REFUSED(upload(5, 6, "x", 1, 1, 0), TARN_E_NO_SPACE, "resize it first");
    HOST_REFUSED(upload(5, UINT64_MAX, "x", 1, 1, 0), TARN_E_NO_SPACE, "resize it first");
    HOST_REFUSED(upload(5, 0, "123456", 6, 6, 0), TARN_E_NO_SPACE, "resize it first");
    HOST_REFUSED(download(&taker, 11, 0, 0), TARN_E_INVALID, "ends beyond them");
    HOST_REFUSED(download(&taker, 5, 6, 0), TARN_E_INVALID, "ends beyond them");
    HOST_REFUSED(download(&taker, UINT64_MAX, 2, 0), TARN_E_INVALID, "ends beyond them");
    end();
}

static void sparse(void)
{
    const size_t size = 8 * MIB;
    char *bytes = calloc(1, size);
    struct stat known;
    struct taker taker;

    memset(bytes + 5 * MIB, 'x', 64 * KIB);
    begin(size);
    memset(bytes, 'y', MIB); /* what is there before becomes a hole again */
    CU_ASSERT(host_ok(upload(0, MIB, bytes, MIB, MIB, 0), &error));
    memset(bytes, 0, MIB);
    CU_ASSERT(host_ok(upload(0, 0, bytes, size, MIB, TARN_TRANSFER_SPARSE), &error));
    CU_ASSERT_EQUAL(stat(host_path(&frame, "p/v"), &known), 0);
    CU_ASSERT((uint64_t)known.st_blocks * 512 < MIB);
    CU_ASSERT(host_ok(download(&taker, 0, 0, TARN_TRANSFER_SPARSE), &error));
    CU_ASSERT(taker.length == size && memcmp(taker.bytes, bytes, size) == 0);
    CU_ASSERT(taker.holes > 7 * MIB);
    free(taker.bytes);
    CU_ASSERT(host_ok(download(&taker, 5 * MIB - 4096, 8192, TARN_TRANSFER_SPARSE), &error));
    CU_ASSERT(taker.length == 8192 && taker.holes == 4096);
    free(taker.bytes);
    CU_ASSERT(host_ok(download(&taker, 0, 0, 0), &error));
    CU_ASSERT(taker.length == size && taker.holes == 0);
    free(taker.bytes);
    free(bytes);
    end();
}

static void the_other_side_fails(void)
{
    struct giver giver = { "12345", 5, 5, TARN_E_IO };
    struct taker taker = { .fails_with = TARN_E_NO_SPACE };

    begin(10);
    HOST_REFUSED(tarn_volume_upload(volume, 0, 0, give, &giver, 0, NULL, &error), TARN_E_IO,
                 "the giver of the bytes failed");
    HOST_REFUSED(tarn_volume_download(volume, 0, 0, take, &taker, 0, NULL, &error),
                 TARN_E_NO_SPACE, "the receiver of the bytes failed");
    taker.fails_with = -5; /* no status at all */
    HOST_REFUSED(tarn_volume_download(volume, 0, 0, take, &taker, TARN_TRANSFER_SPARSE, NULL,
                                      &error), TARN_E_INTERNAL, NULL);
    end();
}

static void tell(void *arg, uint64_t done, uint64_t total)
{
    (void)done;
    (void)total;
    tarn_job_cancel(arg);
}

static void cancelled(void)
{
    struct taker taker = { .fails_with = TARN_OK };
    struct tarn_job *job = NULL;

    begin(64 * MIB);
    HOST_OK(tarn_job_new(&job, frame.context, &error));
    tarn_job_set_progress(job, tell, job);
    HOST_REFUSED(tarn_volume_download(volume, 0, 0, take, &taker, 0, job, &error), TARN_E_CANCELLED,
                 NULL);
    CU_ASSERT(taker.length < 64 * MIB);
    free(taker.bytes);
    tarn_job_unref(job);
    end();
}

/* An uploaded image is one, if the volume was not recorded as bytes. */
static void the_container_is_replaced(void)
{
    struct tarn_volume_record *record = NULL;
    struct tarn_volume *other;
    struct stat known;
    char *bytes;

    begin(10);
    other = host_volume(pool, "q", "qcow2", MIB);
    CU_ASSERT_EQUAL(stat(host_path(&frame, "p/q"), &known), 0);
    bytes = host_read(host_path(&frame, "p/q"));
    tarn_volume_unref(volume);
    volume = other;
    HOST_OK(tarn_volume_resize(volume, 2 * MIB, 0, NULL, &error));
    CU_ASSERT(host_ok(upload(0, 0, bytes, (size_t)known.st_size, MIB, 0), &error));
    HOST_OK(tarn_volume_read(&record, volume, UINT32_MAX, &error));
    CU_ASSERT_EQUAL(record->capacity, MIB); /* the uploaded header's */
    tarn_volume_record_free(record);
    free(bytes);
    end();
}

static const struct unit_test tests[] = {
    { "what goes up comes down", there_and_back },
    { "ranges are kept to", ranges },
    { "nothing goes beyond the end", beyond_the_end },
    { "zeros become holes, and holes are told", sparse },
    { "a failure on the other side is told", the_other_side_fails },
    { "a download is cancelled", cancelled },
    { "an upload is looked at afterwards", the_container_is_replaced },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("volume-transfer", tests);
}
