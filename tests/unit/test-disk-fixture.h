/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A disk for tests of modules/disk: a sparse file in memory, with its partition table in a scratch.
 */
#ifndef TESTS_DISK_FIXTURE_H
#define TESTS_DISK_FIXTURE_H

#include "modules/disk/store.h"
#include "modules/disk/table.h"
#include "tests/unit/fake-host.h"

struct disk_fixture {
    struct fake_host host;
    int fd;
    uint64_t size;
    uint32_t sector;
    struct scratch scratch; /* of the last disk_fixture_read or _make */
    struct table table;
};

void disk_fixture_begin(struct disk_fixture *disk, uint64_t size, uint32_t sector);
void disk_fixture_end(struct disk_fixture *disk);

/* Reads the table from the disk; its status. Forgets what was read before. */
int32_t disk_fixture_read(struct disk_fixture *disk);
/* Brings what was changed in the scratch to the disk, and reads that. */
int32_t disk_fixture_store(struct disk_fixture *disk);
/* Makes a table of that kind, and reads it. False (and a failed assertion) if that fails. */
bool disk_fixture_make(struct disk_fixture *disk, const char *label);
/* Adds a partition by number (0 = the next), and reads. Its number; 0 if that fails. */
unsigned disk_fixture_add(struct disk_fixture *disk, unsigned number, enum part_kind kind,
                          const char *type, uint64_t start, uint64_t length);

#endif
