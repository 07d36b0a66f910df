/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Records of volumes.
 */
#include "core/volume/record.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/host-frame.h"

static char folder[64];
static struct tarn_context context;

static void begin(void)
{
    strcpy(folder, "/tmp/tarn-unit-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    memset(&context, 0, sizeof(context));
    context.folders.records = folder;
}

static void end(void)
{
    CU_ASSERT_EQUAL(host_run("rm -r %s", folder), 0);
}

static bool same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Does it come back as it was written? */
static bool keeps(const char *volume, const char *format, const char *backing_format,
                  const char *backing)
{
    const struct volume_record written = {
        .format = (char *)(uintptr_t)format,
        .backing_format = (char *)(uintptr_t)backing_format,
        .backing_path = (char *)(uintptr_t)backing,
    };
    struct volume_record got;
    struct tarn_error *error = NULL;
    bool kept = host_ok(record_write(&context, "p", volume, &written, &error), &error) &&
                host_ok(record_read(&got, &context, "p", volume, &error), &error);

    if (!kept)
        return false;
    kept = same(got.format, format) && same(got.backing_format, backing_format) &&
           same(got.backing_path, backing);
    record_clear(&got);
    return kept;
}

static void round_trip(void)
{
    begin();
    CU_ASSERT_FALSE(record_any(&context, "p"));
    CU_ASSERT(keeps("a", "raw", NULL, NULL));
    CU_ASSERT(keeps("a", "qcow2", "raw", "/srv/base.raw"));
    CU_ASSERT(keeps("a", "raw", NULL, NULL));
    CU_ASSERT(keeps("b", "qcow2", "qcow2", "/srv/with\nnewline\nbacking /x"));
    CU_ASSERT(keeps("b", "qcow2", "qcow2", "/srv/ends with newline\n"));
    CU_ASSERT(keeps("with space \xff\xfe", "raw", NULL, NULL));
    CU_ASSERT(keeps("new\nline", "raw", NULL, NULL));
    CU_ASSERT(record_any(&context, "p"));
    end();
}

static void none(void)
{
    struct volume_record record;
    struct tarn_error *error = NULL;

    begin();
    HOST_OK(record_read(&record, &context, "p", "a", &error));
    CU_ASSERT_PTR_NULL(record.format);
    HOST_OK(record_remove(&context, "p", "a", &error));
    CU_ASSERT(keeps("a", "raw", NULL, NULL));
    HOST_OK(record_remove(&context, "p", "a", &error));
    HOST_OK(record_read(&record, &context, "p", "a", &error));
    CU_ASSERT_PTR_NULL(record.format);
    CU_ASSERT_FALSE(record_any(&context, "p"));
    end();
}

static void damaged(void)
{
    static const char *const texts[] = { "", "format", "format raw", "qcow2\n",
                                         "format raw\nrest", "format raw\nbacking-format x" };
    struct volume_record record;
    struct tarn_error *error = NULL;
    size_t index;

    begin();
    CU_ASSERT_EQUAL(mkdir(host_text("%s/p", folder), 0755), 0);
    for (index = 0; index < sizeof(texts) / sizeof(texts[0]); index++) {
        host_write(host_text("%s/p/a", folder), texts[index], strlen(texts[index]));
        HOST_REFUSED(record_read(&record, &context, "p", "a", &error), TARN_E_CORRUPT,
                     "is damaged: remove it");
        CU_ASSERT_PTR_NULL(record.format);
    }
    end();
}

/* Another volume may come to bear the name. */
static void held_to_a_key(void)
{
    struct volume_record record = { .format = (char *)(uintptr_t)"qcow2",
                                    .key = (char *)(uintptr_t)"one", .pending = true };
    struct tarn_error *error = NULL;

    begin();
    HOST_OK(record_write(&context, "p", "a", &record, &error));
    HOST_OK(record_read(&record, &context, "p", "a", &error));
    CU_ASSERT(record.pending && same(record.key, "one"));
    record_hold_to(&record, "one");
    CU_ASSERT(same(record.format, "qcow2"));
    record_hold_to(&record, "two");
    CU_ASSERT_PTR_NULL(record.format);
    CU_ASSERT(keeps("b", "raw", NULL, NULL));
    HOST_OK(record_read(&record, &context, "p", "b", &error));
    record_hold_to(&record, "two");
    CU_ASSERT(same(record.format, "raw"));
    record_clear(&record);
    end();
}

static void moved(void)
{
    struct volume_record record;
    struct tarn_error *error = NULL;

    begin();
    HOST_OK(record_move(&context, "p", "a", "b", &error));
    CU_ASSERT(keeps("a", "qcow2", "raw", "/srv/base.raw"));
    CU_ASSERT(keeps("b", "raw", NULL, NULL));
    HOST_OK(record_move(&context, "p", "a", "b", &error));
    HOST_OK(record_read(&record, &context, "p", "b", &error));
    CU_ASSERT(same(record.format, "qcow2") && same(record.backing_path, "/srv/base.raw"));
    record_clear(&record);
    HOST_OK(record_read(&record, &context, "p", "a", &error));
    CU_ASSERT_PTR_NULL(record.format);
    end();
}

static bool is_a(void *arg, const char *volume)
{
    (void)arg;
    return strcmp(volume, "a") == 0 || strcmp(volume, ".tarn-a") == 0;
}

static bool is_nothing(void *arg, const char *volume)
{
    (void)arg;
    (void)volume;
    return false;
}

static int count_left(void *arg, const char *file, struct tarn_error **error)
{
    (void)error;
    CU_ASSERT(strncmp(file, "piece", 5) == 0);
    ++*(int *)arg;
    return TARN_OK;
}

static void pruned(void)
{
    int left = 0;
    const struct record_prune_plan a_is_there = { is_a, count_left, &left };
    const struct record_prune_plan nothing_is = { is_nothing, count_left, &left };
    struct tarn_error *error = NULL;

    begin();
    HOST_OK(record_prune(&context, "p", &a_is_there, &error)); /* there is no folder at all */
    CU_ASSERT(keeps("a", "raw", NULL, NULL));
    CU_ASSERT(keeps(".tarn-a", "raw", NULL, NULL));
    CU_ASSERT(keeps("b", "raw", NULL, NULL));
    host_write(host_text("%s/p/.tarn-17-ab.new", folder), "half", 4);
    HOST_OK(record_prune(&context, "p", &a_is_there, &error));
    CU_ASSERT_EQUAL(host_run("test \"$(ls -A %s/p | tr '\\n' ' ')\" = '.tarn-a a '", folder), 0);
    HOST_OK(record_prune(&context, "p", &nothing_is, &error));
    CU_ASSERT_FALSE(host_exists(host_text("%s/p", folder)));
    CU_ASSERT_EQUAL(left, 0);
    end();
}

/* Only what says that it was not made, or not deleted, to its end. */
static void left_files(void)
{
    char pieces[2][8] = { "piece-1", "piece-2" };
    char *files[] = { pieces[0], pieces[1] };
    struct volume_record record = { .format = (char *)(uintptr_t)"vmdk", .files = files,
                                    .file_count = 2 };
    struct volume_record read;
    int left = 0;
    const struct record_prune_plan nothing_is = { is_nothing, count_left, &left };
    struct tarn_error *error = NULL;

    begin();
    HOST_OK(record_write(&context, "p", "whole", &record, &error));
    HOST_OK(record_prune(&context, "p", &nothing_is, &error));
    CU_ASSERT_EQUAL(left, 0);
    record.pending = true;
    HOST_OK(record_write(&context, "p", "half", &record, &error));
    HOST_OK(record_read(&read, &context, "p", "half", &error));
    CU_ASSERT(read.pending && read.file_count == 2 && strcmp(read.files[1], "piece-2") == 0);
    record_clear(&read);
    HOST_OK(record_prune(&context, "p", &nothing_is, &error));
    CU_ASSERT_EQUAL(left, 2);
    end();
}

/* Whoever moves the volume away later finds its files where they were. */
static void pending_ends(void)
{
    char piece[] = "piece";
    char *files[] = { piece };
    struct volume_record record = { .format = (char *)(uintptr_t)"vmdk", .files = files,
                                    .file_count = 1, .pending = true };
    int left = 0;
    const struct record_prune_plan a_is_there = { is_a, count_left, &left };
    const struct record_prune_plan nothing_is = { is_nothing, count_left, &left };
    struct tarn_error *error = NULL;

    begin();
    HOST_OK(record_write(&context, "p", "a", &record, &error));
    HOST_OK(record_prune(&context, "p", &a_is_there, &error));
    HOST_OK(record_read(&record, &context, "p", "a", &error));
    CU_ASSERT(!record.pending && record.file_count == 1);
    record_clear(&record);
    HOST_OK(record_prune(&context, "p", &nothing_is, &error));
    CU_ASSERT_EQUAL(left, 0);
    end();
}

static const struct unit_test tests[] = {
    { "a record comes back as it was written, whatever its names", round_trip },
    { "a volume without a record has none", none },
    { "a record with a key is of the volume with that key alone", held_to_a_key },
    { "a record goes along with a volume that gets another name", moved },
    { "a damaged record is told as such", damaged },
    { "records of volumes that are no more go, and what was half written", pruned },
    { "files of a volume that was never whole are told", left_files },
    { "a volume that is there is not pending any more", pending_ends },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("record", tests);
}
