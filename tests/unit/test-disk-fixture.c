/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A disk for tests, in memory.
 */
#include "tests/unit/test-disk-fixture.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/unit.h"

void disk_fixture_begin(struct disk_fixture *disk, uint64_t size, uint32_t sector)
{
    *disk = (struct disk_fixture){ .size = size, .sector = sector };
    fake_host_init(&disk->host);
    disk->scratch.fd = -1;
    disk->fd = memfd_create("disk", MFD_CLOEXEC);
    CU_ASSERT(disk->fd >= 0 && ftruncate(disk->fd, (off_t)size) == 0);
}

static void forget(struct disk_fixture *disk)
{
    table_clear(&disk->table);
    scratch_close(&disk->scratch);
}

void disk_fixture_end(struct disk_fixture *disk)
{
    forget(disk);
    close(disk->fd);
    fake_host_clear(&disk->host);
}

int32_t disk_fixture_read(struct disk_fixture *disk)
{
    int32_t status;

    forget(disk);
    fake_host_reset(&disk->host);
    status = scratch_open(&disk->host.call, &disk->scratch, "/dev/test", disk->fd, disk->size,
                          disk->sector);
    return status == TARN_OK ? table_read(&disk->host.call, &disk->table, &disk->scratch) : status;
}

int32_t disk_fixture_store(struct disk_fixture *disk)
{
    struct changes changes;
    int32_t status = changes_find(&disk->host.call, &changes, &disk->scratch, disk->table.label,
                                  &disk->table.gpt);

    if (status == TARN_OK)
        status = changes_store(&disk->host.call, &changes, &disk->scratch);
    changes_clear(&changes);
    return status == TARN_OK ? disk_fixture_read(disk) : status;
}

bool disk_fixture_make(struct disk_fixture *disk, const char *label)
{
    struct tarn_call *call = &disk->host.call;
    int32_t status;

    forget(disk);
    status = scratch_open(call, &disk->scratch, "/dev/test", disk->fd, disk->size, disk->sector);
    if (status == TARN_OK)
        status = table_create(call, &disk->scratch, label_find(label));
    disk->table.label = label_find(label);
    if (status == TARN_OK)
        status = disk_fixture_store(disk);
    CU_ASSERT_EQUAL(status, TARN_OK);
    return status == TARN_OK;
}

unsigned disk_fixture_add(struct disk_fixture *disk, unsigned number, enum part_kind kind,
                          const char *type, uint64_t start, uint64_t length)
{
    const struct part_request request = { number, kind, start, length,
                                          label_type(disk->table.label, type), NULL };
    unsigned got = 0;

    if (request.type == NULL ||
        table_add(&disk->host.call, &disk->scratch, &disk->table, &request, &got) != TARN_OK ||
        disk_fixture_store(disk) != TARN_OK)
        return 0;
    return got;
}
