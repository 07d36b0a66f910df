/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * modules/disk/table.c and what is below: tables of all kinds, made, read and changed.
 */
#include <string.h>
#include <unistd.h>

#include "tests/unit/test-disk-fixture.h"
#include "tests/unit/unit.h"

#define MIB 2048u /* sectors */
#define GIB ((uint64_t)1024 * 1024 * 1024)

static const char *const labels[] = { "dos", "dvh", "gpt", "mac", "bsd", "pc98", "sun", NULL };

/* Where a partition can begin under any table. */
static uint64_t align(const struct disk_fixture *disk, uint64_t sector)
{
    uint64_t grain = disk->table.label->cylinders ? disk->table.cylinder : 1;

    return (sector + grain - 1) / grain * grain;
}

static void tables_of_all_kinds_are_made(void)
{
    for (size_t i = 0; labels[i] != NULL; i++) {
        struct disk_fixture disk;

        disk_fixture_begin(&disk, GIB, 512);
        if (disk_fixture_make(&disk, labels[i])) {
            CU_ASSERT_STRING_EQUAL(disk.table.label->name, labels[i]);
            CU_ASSERT_EQUAL(disk.table.gap_count, 1);
            CU_ASSERT(disk.table.gaps[0].end - disk.table.gaps[0].start > 1000 * MIB);
        }
        disk_fixture_end(&disk);
    }
}

/* A GPT has one type for both FATs, a bsd and a sun table none for "none". */
static const char *told(const char *label, const char *type)
{
    if (strcmp(label, "gpt") == 0 && strcmp(type, "fat16") == 0)
        return "fat32";
    if ((strcmp(label, "bsd") == 0 || strcmp(label, "sun") == 0) && strcmp(type, "none") == 0)
        return "linux";
    return type;
}

static void each_type_is_read_back(void)
{
    for (size_t i = 0; labels[i] != NULL; i++) {
        struct disk_fixture disk;
        const struct part_type *type;
        uint64_t start = 10 * MIB;

        disk_fixture_begin(&disk, GIB, 512);
        if (!disk_fixture_make(&disk, labels[i]))
            continue;
        for (type = disk.table.label->types; type->name != NULL; type++) {
            const char *expected = told(labels[i], type->name);
            const struct part *part;
            unsigned number;

            if (strcmp(type->name, "extended") == 0 || type != label_type(disk.table.label,
                                                                          type->name))
                continue;
            start = align(&disk, start);
            number = disk_fixture_add(&disk, 0, PART_PRIMARY, type->name, start, align(&disk, MIB));
            part = number != 0 ? table_part(&disk.table, number) : NULL;
            CU_ASSERT_PTR_NOT_NULL(part);
            if (part != NULL) {
                CU_ASSERT_STRING_EQUAL(part->type, expected);
                CU_ASSERT_EQUAL(part->start, start);
                CU_ASSERT_EQUAL(part->length, align(&disk, MIB));
            }
            if (strcmp(labels[i], "dos") == 0 && number != 0) { /* has place for four only */
                CU_ASSERT_EQUAL(table_remove(&disk.host.call, &disk.scratch, number), TARN_OK);
                CU_ASSERT_EQUAL(disk_fixture_store(&disk), TARN_OK);
            }
            start += 10 * MIB;
        }
        disk_fixture_end(&disk);
    }
}

static void a_free_number_can_be_asked_for(void)
{
    for (size_t i = 0; labels[i] != NULL; i++) {
        struct disk_fixture disk;

        disk_fixture_begin(&disk, GIB, 512);
        if (disk_fixture_make(&disk, labels[i]))
            CU_ASSERT_EQUAL(disk_fixture_add(&disk, 4, PART_PRIMARY, "none",
                                             align(&disk, 10 * MIB), align(&disk, MIB)), 4);
        CU_ASSERT_PTR_NOT_NULL(table_part(&disk.table, 4));
        disk_fixture_end(&disk);
    }
}

static void sectors_of_4096_bytes_are_as_good(void)
{
    static const char *const large[] = { "gpt", "dos", NULL };

    for (size_t i = 0; large[i] != NULL; i++) {
        struct disk_fixture disk;

        disk_fixture_begin(&disk, GIB, 4096);
        if (disk_fixture_make(&disk, large[i])) {
            CU_ASSERT_EQUAL(disk_fixture_add(&disk, 0, PART_PRIMARY, "linux-raid", 256, 2560), 1);
            CU_ASSERT_EQUAL(disk.table.part_count, 1);
            CU_ASSERT_EQUAL(disk.table.parts[0].start, 256);
            CU_ASSERT_STRING_EQUAL(disk.table.parts[0].type, "linux-raid");
        }
        disk_fixture_end(&disk);
    }
}

/* --- dos -------------------------------------------------------------------------------------- */

static void begin_logical(struct disk_fixture *disk)
{
    disk_fixture_begin(disk, GIB, 512);
    disk_fixture_make(disk, "dos");
    CU_ASSERT_EQUAL(disk_fixture_add(disk, 0, PART_EXTENDED, "extended", 100 * MIB, 500 * MIB), 1);
    CU_ASSERT_EQUAL(disk_fixture_add(disk, 0, PART_LOGICAL, "linux", 101 * MIB, 10 * MIB), 5);
    CU_ASSERT_EQUAL(disk_fixture_add(disk, 0, PART_LOGICAL, "none", 112 * MIB, 10 * MIB), 6);
    CU_ASSERT_EQUAL(disk_fixture_add(disk, 0, PART_LOGICAL, "linux-lvm", 123 * MIB, 10 * MIB), 7);
}

static void logical_partitions_are_a_chain(void)
{
    struct disk_fixture disk;

    begin_logical(&disk);
    CU_ASSERT_EQUAL(disk.table.part_count, 4);
    CU_ASSERT_PTR_NOT_NULL(table_extended(&disk.table));
    CU_ASSERT_EQUAL(table_primaries(&disk.table), 1);
    CU_ASSERT_STRING_EQUAL(table_part(&disk.table, 6)->type, "none");
    CU_ASSERT_STRING_EQUAL(table_part(&disk.table, 7)->type, "linux-lvm");
    CU_ASSERT_EQUAL(table_part(&disk.table, 7)->start, 123 * MIB);
    disk_fixture_end(&disk);
}

static void deleting_a_logical_one_moves_the_others(void)
{
    struct disk_fixture disk;

    begin_logical(&disk);
    CU_ASSERT_EQUAL(table_remove(&disk.host.call, &disk.scratch, 5), TARN_OK);
    CU_ASSERT_EQUAL(disk_fixture_store(&disk), TARN_OK);
    CU_ASSERT_EQUAL(disk.table.part_count, 3);
    CU_ASSERT_EQUAL(table_part(&disk.table, 5)->start, 112 * MIB);
    CU_ASSERT_STRING_EQUAL(table_part(&disk.table, 5)->type, "none");
    CU_ASSERT_EQUAL(table_part(&disk.table, 6)->start, 123 * MIB);
    disk_fixture_end(&disk);
}

static void one_can_be_made_between_others(void)
{
    struct disk_fixture disk;

    begin_logical(&disk);
    CU_ASSERT_EQUAL(table_remove(&disk.host.call, &disk.scratch, 6), TARN_OK);
    CU_ASSERT_EQUAL(disk_fixture_store(&disk), TARN_OK);
    CU_ASSERT_EQUAL(disk_fixture_add(&disk, 0, PART_LOGICAL, "linux", 112 * MIB, 10 * MIB), 7);
    CU_ASSERT_EQUAL(table_part(&disk.table, 6)->start, 123 * MIB);
    CU_ASSERT_EQUAL(table_part(&disk.table, 7)->start, 112 * MIB);
    disk_fixture_end(&disk);
}

/* A link to a sector that leads back. */
static void a_chain_in_circles_ends(void)
{
    struct disk_fixture disk;
    uint8_t sector[512] = { 0 };

    begin_logical(&disk);
    sector[510] = 0x55;
    sector[511] = 0xaa;
    sector[446 + 16 + 4] = 0x05; /* the first of the chain again */
    CU_ASSERT_EQUAL(pwrite(disk.fd, sector, 512, 100 * MIB * 512), 512);
    disk_fixture_read(&disk); /* an answer, whatever it is */
    disk_fixture_end(&disk);
}

static void a_number_beyond_the_disk_is_no_partition(void)
{
    struct disk_fixture disk;
    uint8_t start[4] = { 0xff, 0xff, 0xff, 0x7f };

    begin_logical(&disk);
    CU_ASSERT_EQUAL(pwrite(disk.fd, start, 4, 100 * MIB * 512 + 446 + 16 + 8), 4);
    disk_fixture_read(&disk);
    disk_fixture_end(&disk);
}

/* --- changes ---------------------------------------------------------------------------------- */

static void sizes_can_be_changed(void)
{
    for (size_t i = 0; labels[i] != NULL; i++) {
        struct disk_fixture disk;
        uint64_t large;
        unsigned number;

        disk_fixture_begin(&disk, GIB, 512);
        if (!disk_fixture_make(&disk, labels[i]))
            continue;
        large = align(&disk, 100 * MIB);
        number = disk_fixture_add(&disk, 0, PART_PRIMARY, "none", align(&disk, 10 * MIB),
                                  align(&disk, MIB));
        CU_ASSERT_EQUAL(table_resize(&disk.host.call, &disk.scratch, number, large), TARN_OK);
        CU_ASSERT_EQUAL(disk_fixture_store(&disk), TARN_OK);
        CU_ASSERT_EQUAL(table_part(&disk.table, number)->length, large);
        CU_ASSERT_EQUAL(table_resize(&disk.host.call, &disk.scratch, number, align(&disk, MIB)),
                        TARN_OK);
        CU_ASSERT_EQUAL(disk_fixture_store(&disk), TARN_OK);
        CU_ASSERT_EQUAL(table_part(&disk.table, number)->length, align(&disk, MIB));
        CU_ASSERT_STRING_EQUAL(table_part(&disk.table, number)->type, told(labels[i], "none"));
        disk_fixture_end(&disk);
    }
}

/* --- gpt -------------------------------------------------------------------------------------- */

static void names_are_kept_in_any_locale(void)
{
    struct disk_fixture disk;
    struct part_request request = { 0, PART_PRIMARY, 10 * MIB, MIB, NULL,
                                    "Gr\xc3\xb6\xc3\x9f" "e" };
    unsigned number = 0;

    disk_fixture_begin(&disk, GIB, 512);
    disk_fixture_make(&disk, "gpt");
    request.type = label_type(disk.table.label, "linux");
    CU_ASSERT_EQUAL(table_add(&disk.host.call, &disk.scratch, &disk.table, &request, &number),
                    TARN_OK);
    CU_ASSERT_EQUAL(disk_fixture_store(&disk), TARN_OK);
    CU_ASSERT_STRING_EQUAL(table_part(&disk.table, number)->name, request.name);
    CU_ASSERT_EQUAL(strlen(table_part(&disk.table, number)->uuid), 36);
    CU_ASSERT_EQUAL(strlen(disk.table.id), 36);
    disk_fixture_end(&disk);
}

static void names_that_have_no_room_are_refused(void)
{
    struct fake_host host;

    fake_host_init(&host);
    CU_ASSERT_EQUAL(gpt_check_name(&host.call, "123456789012345678901234567890123456"), TARN_OK);
    CU_ASSERT_EQUAL(gpt_check_name(&host.call, "1234567890123456789012345678901234567"),
                    TARN_E_INVALID);
    CU_ASSERT_EQUAL(gpt_check_name(&host.call, "\xff"), TARN_E_INVALID);
    fake_host_clear(&host);
}

static void what_is_no_table_is_told(void)
{
    struct disk_fixture disk;

    disk_fixture_begin(&disk, GIB, 512);
    CU_ASSERT_EQUAL(disk_fixture_read(&disk), TARN_E_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(disk.host.error, "build the pool"));
    disk_fixture_end(&disk);
}

static void a_disk_that_is_too_small_is_refused(void)
{
    struct disk_fixture disk;

    disk_fixture_begin(&disk, 4096, 512);
    CU_ASSERT_EQUAL(disk_fixture_read(&disk), TARN_E_UNSUPPORTED);
    disk_fixture_end(&disk);
}

#define FILESYSTEMS 64

static size_t filesystems_of_libparted(PedFileSystemType *types[FILESYSTEMS])
{
    PedFileSystemType *type = NULL;
    size_t count = 0;

    while ((type = ped_file_system_type_get_next(type)) != NULL && count < FILESYSTEMS)
        types[count++] = type;
    return count;
}

static void libparted_is_left_as_it_was(void)
{
    PedExceptionHandler *handler = ped_exception_get_handler();
    PedFileSystemType *before[FILESYSTEMS];
    PedFileSystemType *after[FILESYSTEMS];
    size_t count = filesystems_of_libparted(before);
    struct disk_fixture disk;

    begin_logical(&disk);
    CU_ASSERT(ped_exception_get_handler() == handler);
    CU_ASSERT_PTR_NULL(ped_device_get_next(NULL));
    CU_ASSERT(count > 0);
    CU_ASSERT_EQUAL(filesystems_of_libparted(after), count);
    CU_ASSERT_EQUAL(memcmp(before, after, count * sizeof(before[0])), 0);
    disk_fixture_end(&disk);
}

static const struct unit_test tests[] = {
    { "tables of all kinds are made", tables_of_all_kinds_are_made },
    { "each type is read back", each_type_is_read_back },
    { "a free number can be asked for", a_free_number_can_be_asked_for },
    { "sectors of 4096 bytes are as good", sectors_of_4096_bytes_are_as_good },
    { "logical partitions are a chain", logical_partitions_are_a_chain },
    { "deleting a logical one moves the others", deleting_a_logical_one_moves_the_others },
    { "one can be made between others", one_can_be_made_between_others },
    { "a chain in circles ends", a_chain_in_circles_ends },
    { "a number beyond the disk is no partition", a_number_beyond_the_disk_is_no_partition },
    { "sizes can be changed", sizes_can_be_changed },
    { "names are kept in any locale", names_are_kept_in_any_locale },
    { "names that have no room are refused", names_that_have_no_room_are_refused },
    { "what is no table is told", what_is_no_table_is_told },
    { "a disk that is too small is refused", a_disk_that_is_too_small_is_refused },
    { "libparted is left as it was", libparted_is_left_as_it_was },
    { NULL, NULL },
};

int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return unit_main("disk-table", tests);
}
