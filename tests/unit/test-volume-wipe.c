/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Wiping volumes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/host-frame.h"

#define SIZE 3000001u /* neither whole chunks, nor triples */

static struct host_frame frame;
static struct tarn_pool *pool;
static struct tarn_volume *volume;

static void begin(void)
{
    char *bytes = malloc(SIZE);

    memset(bytes, 'g', SIZE);
    host_open(&frame);
    pool = host_pool(&frame, frame.context, "p");
    host_write(host_path(&frame, "p/v"), bytes, SIZE);
    CU_ASSERT_EQUAL_FATAL(tarn_volume_lookup(&volume, pool, "v", NULL), TARN_OK);
    free(bytes);
}

static void end(void)
{
    tarn_volume_unref(volume);
    tarn_pool_unref(pool);
    host_close(&frame);
}

/* How many bytes are as they were, and how many are `byte`. */
static void look(unsigned *kept, unsigned *wiped, unsigned char byte)
{
    char *bytes = host_read(host_path(&frame, "p/v"));
    unsigned index;

    *kept = *wiped = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    for (index = 0; index < SIZE; index++) {
        *kept += bytes[index] == 'g';
        *wiped += (unsigned char)bytes[index] == byte;
    }
    free(bytes);
}

static void with_a_known_end(void)
{
    static const struct {
        const char *name;
        unsigned char byte;
    } algorithms[] = { { "zero", 0 }, { "nnsa", 0 }, { "dod", 0xff }, { "bsi", 0x7f } };
    struct tarn_error *error = NULL;
    unsigned kept;
    unsigned wiped;
    size_t index;

    for (index = 0; index < sizeof(algorithms) / sizeof(algorithms[0]); index++) {
        begin();
        HOST_OK(tarn_volume_wipe(volume, algorithms[index].name, NULL, &error));
        look(&kept, &wiped, algorithms[index].byte);
        CU_ASSERT_EQUAL(wiped, SIZE);
        end();
    }
}

static void with_a_random_end(void)
{
    static const char *const names[] = { "random", "schneier", "pfitzner7", "gutmann" };
    struct tarn_error *error = NULL;
    unsigned kept;
    unsigned wiped;
    size_t index;

    for (index = 0; index < 4; index++) {
        begin();
        HOST_OK(tarn_volume_wipe(volume, names[index], NULL, &error));
        look(&kept, &wiped, 0);
        CU_ASSERT(kept < SIZE / 100 && wiped < SIZE / 100); /* one in 256 is to be expected */
        end();
    }
}

static void trimmed(void)
{
    struct tarn_error *error = NULL;
    struct stat known;
    unsigned kept;
    unsigned wiped;
    int status;

    begin();
    status = tarn_volume_wipe(volume, "trim", NULL, &error);
    if (status == TARN_E_UNSUPPORTED) {
        HOST_REFUSED(status, TARN_E_UNSUPPORTED, "wipe with zeros");
    } else {
        CU_ASSERT(host_ok(status, &error));
        look(&kept, &wiped, 0);
        CU_ASSERT_EQUAL(wiped, SIZE);
        CU_ASSERT(stat(host_path(&frame, "p/v"), &known) == 0 && known.st_size == SIZE);
        CU_ASSERT(known.st_blocks < 100);
    }
    end();
}

static void unknown_way(void)
{
    struct tarn_error *error = NULL;
    unsigned kept;
    unsigned wiped;

    begin();
    HOST_REFUSED(tarn_volume_wipe(volume, "thoroughly", NULL, &error), TARN_E_INVALID,
                 "called \"thoroughly\": zero, random");
    look(&kept, &wiped, 0);
    CU_ASSERT_EQUAL(kept, SIZE);
    end();
}

/* What was an image is raw bytes then, whatever a guest writes there. */
static void image_is_no_more(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume_record *record = NULL;
    struct tarn_volume *image;

    begin();
    image = host_volume(pool, "q", "qcow2", 1 << 20);
    HOST_OK(tarn_volume_wipe(image, "zero", NULL, &error));
    CU_ASSERT_EQUAL(host_run("printf 'QFI\\373\\0\\0\\0\\3' | dd of=%s conv=notrunc status=none",
                             host_path(&frame, "p/q")), 0);
    HOST_OK(tarn_volume_read(&record, image, 0, &error));
    CU_ASSERT_STRING_EQUAL(record->format, "raw");
    CU_ASSERT_EQUAL(record->recorded, 1);
    tarn_volume_record_free(record);
    tarn_volume_unref(image);
    end();
}

static void nothing_to_wipe(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *empty;
    struct tarn_volume *folder;

    begin();
    empty = host_volume(pool, "empty", "raw", 0);
    HOST_OK(tarn_volume_wipe(empty, "zero", NULL, &error));
    HOST_OK(tarn_volume_wipe(empty, "gutmann", NULL, &error));
    folder = host_volume(pool, "d", "dir", 0);
    CU_ASSERT_NOT_EQUAL(tarn_volume_wipe(folder, "zero", NULL, NULL), TARN_OK);
    CU_ASSERT(host_exists(host_path(&frame, "p/d")));
    tarn_volume_unref(folder);
    tarn_volume_unref(empty);
    end();
}

static void tell(void *arg, uint64_t done, uint64_t total)
{
    (void)total;
    if (done > 0)
        tarn_job_cancel(arg);
}

static void cancelled(void)
{
    struct tarn_error *error = NULL;
    struct tarn_job *job = NULL;

    begin();
    HOST_OK(tarn_job_new(&job, frame.context, &error));
    tarn_job_set_progress(job, tell, job);
    tarn_job_cancel(job);
    HOST_REFUSED(tarn_volume_wipe(volume, "pfitzner33", job, &error), TARN_E_CANCELLED, NULL);
    tarn_job_unref(job);
    end();
}

static const struct unit_test tests[] = {
    { "ways that end with a known byte leave it everywhere", with_a_known_end },
    { "ways that end at random leave nothing of what was", with_a_random_end },
    { "trimming gives the space back, or is refused", trimmed },
    { "an unknown way is refused, with those there are", unknown_way },
    { "a wiped image is raw bytes for ever", image_is_no_more },
    { "nothing to wipe is wiped, what has no bytes is not", nothing_to_wipe },
    { "a wipe is cancelled", cancelled },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("volume-wipe", tests);
}
