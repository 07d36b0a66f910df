/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check-tree.c - the directories of a disc. They may point anywhere, at each other or at themselves,
 * so every sector of a directory is read once only: a second visit is a fault. That bounds the time
 * by the size of the file; the memory is bounded by MAX_SECTORS (48 MiB, which 4 GiB of directories
 * would need).
 */
#include "iso.h"

#include <stdlib.h>
#include <string.h>


#define MAX_SECTORS ((uint32_t)1 << 21)

#define RECORD_LEAST 34u /* bytes: one with a name of one */
#define FLAG_FOLDER  0x02u

struct folder {
    uint32_t block;
    uint32_t length; /* bytes */
};

struct tree {
    struct iso_checker *checker;
    const struct iso_volume *volume;
    uint32_t *seen; /* hash table of blocks, each plus 1; 0 = free */
    uint32_t slots; /* a power of two */
    uint32_t count;
    struct folder *folders; /* still to be read */
    uint32_t waiting;
    uint32_t room;
};

static int32_t no_memory(struct tarn_call *call)
{
    return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to check the directories of a disc");
}

static int32_t corrupt(struct tarn_call *call, struct tree *tree, uint64_t at, const char *text)
{
    return iso_check_tell(call, tree->checker, TARN_FINDING_CORRUPTION, at, "%s", text);
}

/* --- sectors that were seen ------------------------------------------------------------------- */

static uint32_t slot_of(const struct tree *tree, uint32_t block)
{
    uint32_t slot = block * 2654435761u & (tree->slots - 1);

    while (tree->seen[slot] != 0 && tree->seen[slot] != block + 1)
        slot = (slot + 1) & (tree->slots - 1);
    return slot;
}

static int32_t grow(struct tarn_call *call, struct tree *tree)
{
    uint32_t *old = tree->seen;
    uint32_t old_slots = tree->slots;

    tree->slots = old_slots > 0 ? old_slots * 2 : 1024;
    tree->seen = calloc(tree->slots, sizeof(*tree->seen));
    if (tree->seen == NULL) {
        tree->seen = old;
        tree->slots = old_slots;
        return no_memory(call);
    }
    for (uint32_t i = 0; i < old_slots; i++)
        if (old[i] != 0)
            tree->seen[slot_of(tree, old[i] - 1)] = old[i];
    free(old);
    return TARN_OK;
}

/* *out_new: the block was not seen before. */
static int32_t see(struct tarn_call *call, struct tree *tree, uint32_t block, bool *out_new)
{
    uint32_t slot;
    int32_t status = tree->count >= tree->slots / 2 ? grow(call, tree) : TARN_OK;

    *out_new = false;
    if (status != TARN_OK)
        return status;
    slot = slot_of(tree, block);
    *out_new = tree->seen[slot] == 0;
    if (*out_new) {
        tree->seen[slot] = block + 1;
        tree->count++;
    }
    return TARN_OK;
}

/* --- directories ------------------------------------------------------------------------------ */

static uint64_t offset_of(const struct tree *tree, uint32_t block)
{
    return (uint64_t)block * tree->volume->block_size;
}

/* Puts a directory on the list, unless it was there. `from` is the record that names it. */
static int32_t wait_for(struct tarn_call *call, struct tree *tree, uint32_t block, uint32_t length,
                        uint64_t from)
{
    uint64_t size = tree->checker->file_size;
    uint64_t at = offset_of(tree, block);
    bool is_new;
    int32_t status;

    if (length == 0 || at > size || length > size - at || block == UINT32_MAX)
        return corrupt(call, tree, from, "a directory is empty, or beyond the end of the file");
    status = see(call, tree, block, &is_new);
    if (status != TARN_OK)
        return status;
    if (!is_new)
        return corrupt(call, tree, from, "a directory is named twice, or lies within another");
    if (tree->waiting == tree->room) {
        uint32_t room = tree->room > 0 ? tree->room * 2 : 256;
        struct folder *more = realloc(tree->folders, room * sizeof(*more));

        if (more == NULL)
            return no_memory(call);
        tree->folders = more;
        tree->room = room;
    }
    tree->folders[tree->waiting++] = (struct folder){ block, length };
    return TARN_OK;
}

/* Blocks and bytes of what a record names. */
static int32_t check_numbers(struct tarn_call *call, struct tree *tree, const uint8_t *record,
                             uint64_t from, uint32_t *out_block, uint32_t *out_length)
{
    bool same = iso_both32(record + 2, out_block);

    same = iso_both32(record + 10, out_length) && same;
    return same ? TARN_OK : corrupt(call, tree, from, "the two copies of a number differ in a "
                                                      "directory record");
}

static int32_t check_record(struct tarn_call *call, struct tree *tree, const uint8_t *record,
                            uint64_t from)
{
    uint64_t size = tree->checker->file_size;
    bool itself = record[32] == 1 && record[33] <= 1; /* "." and ".." */
    uint64_t at;
    uint32_t block;
    uint32_t length;
    int32_t status = check_numbers(call, tree, record, from, &block, &length);

    if (status != TARN_OK || itself)
        return status;
    if (record[25] & FLAG_FOLDER)
        return wait_for(call, tree, block + record[1], length, from);
    at = offset_of(tree, block);
    if (length > 0 && (at > size || length > size - at)) /* an empty file may be anywhere */
        return corrupt(call, tree, from, "a file is beyond the end of the image");
    return TARN_OK;
}

/* Records do not cross sectors; behind the last of a sector are zeros. */
static int32_t check_sector(struct tarn_call *call, struct tree *tree, const uint8_t *sector,
                            uint64_t length, uint64_t at)
{
    int32_t status = TARN_OK;

    for (uint64_t i = 0; i < length && sector[i] != 0 && status == TARN_OK; i += sector[i]) {
        if (sector[i] < RECORD_LEAST || sector[i] > length - i ||
            sector[i + 32] > sector[i] - 33u)
            return corrupt(call, tree, at + i, "a directory record is too short, or cut off");
        status = check_record(call, tree, sector + i, at + i);
    }
    return status;
}

static int32_t check_folder(struct tarn_call *call, struct tree *tree, struct folder folder)
{
    uint64_t start = offset_of(tree, folder.block);
    uint8_t sector[ISO_SECTOR];
    int32_t status = TARN_OK;

    for (uint64_t done = 0; done < folder.length && status == TARN_OK; done += ISO_SECTOR) {
        uint64_t length = folder.length - done < ISO_SECTOR ? folder.length - done : ISO_SECTOR;
        bool is_new = true;

        status = tarn_interrupted(call);
        if (status == TARN_OK && done > 0)
            status = see(call, tree, folder.block + (uint32_t)(done / tree->volume->block_size),
                         &is_new);
        if (status == TARN_OK && !is_new)
            return corrupt(call, tree, start + done, "two directories overlap");
        if (status == TARN_OK && tree->count > MAX_SECTORS)
            return iso_check_tell(call, tree->checker, TARN_FINDING_ERROR, start,
                                  "there are too many directories to check them all");
        if (status == TARN_OK)
            status = tarn_io_pread(call, tree->checker->file, sector, length, start + done);
        if (status == TARN_OK)
            status = check_sector(call, tree, sector, length, start + done);
    }
    return status;
}

int32_t iso_check_tree(struct tarn_call *call, struct iso_checker *checker,
                       const struct iso_volume *volume)
{
    struct tree tree = { .checker = checker, .volume = volume };
    int32_t status = wait_for(call, &tree, volume->root, volume->root_length, volume->at);

    while (status == TARN_OK && tree.waiting > 0 && tree.count <= MAX_SECTORS)
        status = check_folder(call, &tree, tree.folders[--tree.waiting]);
    free(tree.seen);
    free(tree.folders);
    return status;
}
