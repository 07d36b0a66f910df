/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * modules/disk/store.c: whatever write is the last one, the old table is there or the new one.
 */
#include <string.h>
#include <unistd.h>

#include "tests/unit/test-disk-fixture.h"
#include "tests/unit/unit.h"

#define MIB 2048u
#define GIB ((uint64_t)1024 * 1024 * 1024)

static const char *const labels[] = { "dos", "dvh", "gpt", "mac", "bsd", "pc98", "sun", NULL };

static uint64_t align(const struct disk_fixture *disk, uint64_t sector)
{
    uint64_t grain = disk->table.label->cylinders ? disk->table.cylinder : 1;

    return (sector + grain - 1) / grain * grain;
}

/* What matters of a table. */
static void sum_up(const struct table *table, uint64_t out[4])
{
    memset(out, 0, 4 * sizeof(*out));
    for (size_t i = 0; i < table->part_count; i++) {
        out[0]++;
        out[1] += table->parts[i].start;
        out[2] += table->parts[i].length;
        out[3] += table->parts[i].number * (table->parts[i].start + strlen(table->parts[i].type));
    }
}

static bool equal(const uint64_t *a, const uint64_t *b)
{
    return memcmp(a, b, 4 * sizeof(*a)) == 0;
}

/* Brings the first `count` of the changes to the disk, in their order. */
static void write_first(const struct disk_fixture *disk, const struct changes *changes,
                        size_t count)
{
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_EQUAL(pwrite(disk->fd, changes->list[i].after, changes->list[i].length,
                               (off_t)changes->list[i].offset),
                        (ssize_t)changes->list[i].length);
}

/* The scratch has been changed: ends the writing after each of the writes. A GPT's copies can be
 * torn anywhere; so the writes of one step are tried backwards, too. */
static void end_anywhere(struct disk_fixture *disk, const struct table *before)
{
    struct changes changes;
    uint64_t old[4];
    uint64_t new[4];
    struct table after;
    size_t count;

    sum_up(before, old);
    CU_ASSERT_EQUAL(table_read(&disk->host.call, &after, &disk->scratch), TARN_OK);
    sum_up(&after, new);
    table_clear(&after);
    CU_ASSERT_EQUAL(changes_find(&disk->host.call, &changes, &disk->scratch, before->label,
                                 &before->gpt), TARN_OK);
    CU_ASSERT(changes.count > 0);
    for (count = 0; count <= changes.count; count++) {
        struct scratch scratch;
        struct table table;
        uint64_t now[4] = { 0 };

        write_first(disk, &changes, count);
        CU_ASSERT_EQUAL(scratch_open(&disk->host.call, &scratch, "/dev/test", disk->fd, disk->size,
                                     disk->sector), TARN_OK);
        CU_ASSERT_EQUAL(table_read(&disk->host.call, &table, &scratch), TARN_OK);
        sum_up(&table, now);
        CU_ASSERT(equal(now, old) || equal(now, new));
        if (count == changes.count)
            CU_ASSERT(equal(now, new));
        table_clear(&table);
        scratch_close(&scratch);
    }
    changes_clear(&changes);
}

static void adding_is_whole(void)
{
    for (size_t i = 0; labels[i] != NULL; i++) {
        struct disk_fixture disk;
        struct part_request request = { 0, PART_PRIMARY, 0, 0, NULL, NULL };
        unsigned number;

        disk_fixture_begin(&disk, GIB, 512);
        disk_fixture_make(&disk, labels[i]);
        disk_fixture_add(&disk, 0, PART_PRIMARY, "none", align(&disk, 50 * MIB), align(&disk, MIB));
        request.start = align(&disk, 100 * MIB);
        request.length = align(&disk, 10 * MIB);
        request.type = label_type(disk.table.label, "none");
        CU_ASSERT_EQUAL(table_add(&disk.host.call, &disk.scratch, &disk.table, &request, &number),
                        TARN_OK);
        end_anywhere(&disk, &disk.table);
        disk_fixture_end(&disk);
    }
}

static void removing_is_whole(void)
{
    for (size_t i = 0; labels[i] != NULL; i++) {
        struct disk_fixture disk;
        unsigned number;

        disk_fixture_begin(&disk, GIB, 512);
        disk_fixture_make(&disk, labels[i]);
        number = disk_fixture_add(&disk, 0, PART_PRIMARY, "none", align(&disk, 50 * MIB),
                                  align(&disk, MIB));
        disk_fixture_add(&disk, 0, PART_PRIMARY, "none", align(&disk, 90 * MIB), align(&disk, MIB));
        CU_ASSERT_EQUAL(table_remove(&disk.host.call, &disk.scratch, number), TARN_OK);
        end_anywhere(&disk, &disk.table);
        disk_fixture_end(&disk);
    }
}

static void logical_ones_are_whole(void)
{
    for (unsigned removed = 0; removed < 4; removed++) {
        struct disk_fixture disk;
        unsigned number = 0;

        disk_fixture_begin(&disk, GIB, 512);
        disk_fixture_make(&disk, "dos");
        disk_fixture_add(&disk, 0, PART_EXTENDED, "extended", 100 * MIB, 500 * MIB);
        disk_fixture_add(&disk, 0, PART_LOGICAL, "linux", 101 * MIB, 10 * MIB);
        disk_fixture_add(&disk, 0, PART_LOGICAL, "linux", 112 * MIB, 10 * MIB);
        disk_fixture_add(&disk, 0, PART_LOGICAL, "linux", 123 * MIB, 10 * MIB);
        if (removed == 3) {
            const struct part_request request = { 0, PART_LOGICAL, 150 * MIB, MIB,
                                                  label_type(disk.table.label, "linux"), NULL };

            CU_ASSERT_EQUAL(table_add(&disk.host.call, &disk.scratch, &disk.table, &request,
                                      &number), TARN_OK);
        } else {
            CU_ASSERT_EQUAL(table_remove(&disk.host.call, &disk.scratch, 5 + removed), TARN_OK);
        }
        end_anywhere(&disk, &disk.table);
        disk_fixture_end(&disk);
    }
}

/* With one copy damaged, the other is not touched before that is whole. */
static void a_damaged_copy_is_written_first(void)
{
    for (int primary = 0; primary < 2; primary++) {
        static const uint8_t zeros[512];
        struct disk_fixture disk;
        struct part_request request = { 0, PART_PRIMARY, 100 * MIB, MIB, NULL, "name" };
        unsigned number;

        disk_fixture_begin(&disk, GIB, 512);
        disk_fixture_make(&disk, "gpt");
        disk_fixture_add(&disk, 0, PART_PRIMARY, "linux", 50 * MIB, MIB);
        CU_ASSERT_EQUAL(pwrite(disk.fd, zeros, 512, primary ? 512 : (off_t)GIB - 512), 512);
        CU_ASSERT_EQUAL(disk_fixture_read(&disk), TARN_OK);
        CU_ASSERT_EQUAL(disk.table.gpt.primary, !primary);
        CU_ASSERT_EQUAL(disk.table.gpt.backup, primary);
        request.type = label_type(disk.table.label, "linux");
        CU_ASSERT_EQUAL(table_add(&disk.host.call, &disk.scratch, &disk.table, &request, &number),
                        TARN_OK);
        end_anywhere(&disk, &disk.table);
        CU_ASSERT_EQUAL(disk_fixture_read(&disk), TARN_OK);
        CU_ASSERT(disk.table.gpt.primary && disk.table.gpt.backup && disk.table.gpt.at_end);
        disk_fixture_end(&disk);
    }
}

/* Until the last write, which is the MBR's, it is what it was. */
static void a_new_table_begins_with_its_last_write(void)
{
    struct disk_fixture disk;
    struct scratch scratch;
    struct changes changes;
    const struct gpt_state none = { false, false, false, false };

    disk_fixture_begin(&disk, GIB, 512);
    disk_fixture_make(&disk, "dos");
    CU_ASSERT_EQUAL(scratch_open(&disk.host.call, &scratch, "/dev/test", disk.fd, GIB, 512),
                    TARN_OK);
    CU_ASSERT_EQUAL(table_create(&disk.host.call, &scratch, label_find("gpt")), TARN_OK);
    CU_ASSERT_EQUAL(changes_find(&disk.host.call, &changes, &scratch, label_find("gpt"), &none),
                    TARN_OK);
    write_first(&disk, &changes, changes.count - 1);
    CU_ASSERT_EQUAL(disk_fixture_read(&disk), TARN_OK);
    CU_ASSERT_STRING_EQUAL(disk.table.label->name, "dos");
    write_first(&disk, &changes, changes.count);
    CU_ASSERT_EQUAL(disk_fixture_read(&disk), TARN_OK);
    CU_ASSERT_STRING_EQUAL(disk.table.label->name, "gpt");
    changes_clear(&changes);
    scratch_close(&scratch);
    disk_fixture_end(&disk);
}

static void what_is_taken_back_is_as_before(void)
{
    struct disk_fixture disk;
    struct changes changes;
    uint64_t old[4];
    uint64_t now[4];

    disk_fixture_begin(&disk, GIB, 512);
    disk_fixture_make(&disk, "gpt");
    disk_fixture_add(&disk, 0, PART_PRIMARY, "linux", 50 * MIB, MIB);
    sum_up(&disk.table, old);
    CU_ASSERT_EQUAL(table_remove(&disk.host.call, &disk.scratch, 1), TARN_OK);
    CU_ASSERT_EQUAL(changes_find(&disk.host.call, &changes, &disk.scratch, disk.table.label,
                                 &disk.table.gpt), TARN_OK);
    CU_ASSERT_EQUAL(changes_store(&disk.host.call, &changes, &disk.scratch), TARN_OK);
    changes_take_back(&changes, &disk.scratch);
    changes_clear(&changes);
    CU_ASSERT_EQUAL(disk_fixture_read(&disk), TARN_OK);
    sum_up(&disk.table, now);
    CU_ASSERT(equal(old, now));
    disk_fixture_end(&disk);
}

static const struct unit_test tests[] = {
    { "adding is whole at any moment", adding_is_whole },
    { "removing is whole at any moment", removing_is_whole },
    { "logical partitions are whole at any moment", logical_ones_are_whole },
    { "a damaged copy is written first", a_damaged_copy_is_written_first },
    { "a new table begins with its last write", a_new_table_begins_with_its_last_write },
    { "what is taken back is as before", what_is_taken_back_is_as_before },
    { NULL, NULL },
};

int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return unit_main("disk-store", tests);
}
