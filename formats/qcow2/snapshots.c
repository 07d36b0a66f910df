/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * snapshots.c - the table of internal snapshots: entries of different lengths, one after another.
 * It is read through a window of fixed size, however many there are.
 */
#include "qcow2.h"

#include <stdlib.h>
#include <string.h>

#include "helpers/be.h"

#define ENTRY_FIXED 40u
/* The longest entry: fixed part, extra data, and two texts of up to 65535 bytes. */
#define ENTRY_MAX ((uint64_t)ENTRY_FIXED + QCOW2_MAX_SNAPSHOT_EXTRA + 2 * 65535 + 8)
#define WINDOW_MAX ((uint64_t)256 << 10)

struct window {
    struct tarn_io *file;
    uint64_t file_size;
    uint64_t offset; /* of the next entry, in the file */
    uint8_t *bytes;
    uint64_t start; /* of `bytes`, in the file */
    uint64_t length;
};

static int32_t cut_off(struct tarn_call *call, const struct window *window)
{
    return tarn_fail(call, TARN_E_CORRUPT, 0,
                     "the snapshot table passes the end of the file at %llu: it was cut off, or "
                     "its header is damaged", (unsigned long long)window->file_size);
}

/* Sees to it that the whole next entry is in the window, as far as the file has it. */
static int32_t look(struct tarn_call *call, struct window *window)
{
    uint64_t behind = window->offset - window->start;

    if (window->offset >= window->file_size)
        return cut_off(call, window);
    if (behind < window->length && (window->length - behind >= ENTRY_MAX ||
                                    window->start + window->length == window->file_size))
        return TARN_OK;
    window->start = window->offset;
    window->length = qcow2_min(WINDOW_MAX, window->file_size - window->start);
    return tarn_io_pread(call, window->file, window->bytes, window->length, window->start);
}

/* Ends a text that is followed by something else: it moves down over fields that were decoded. */
static const char *end_text(uint8_t *text, uint64_t length, uint64_t down)
{
    uint8_t *moved = text - down;

    memmove(moved, text, length);
    moved[length] = '\0';
    return (const char *)moved;
}

static void decode_entry(uint8_t *entry, struct qcow2_snapshot *out, uint64_t *out_length)
{
    uint32_t extra = be32_load(entry + 36);
    uint64_t id_length = be16_load(entry + 12);
    uint64_t name_length = be16_load(entry + 14);
    uint8_t *id = entry + ENTRY_FIXED + extra;
    uint8_t *name = id + id_length;

    *out = (struct qcow2_snapshot){
        .l1_offset = be64_load(entry), .l1_size = be32_load(entry + 8),
        .created = (int64_t)be32_load(entry + 16) * 1000000000 + be32_load(entry + 20),
        .state_size = be32_load(entry + 32),
    };
    if (extra >= 8)
        out->state_size = be64_load(entry + ENTRY_FIXED);
    if (extra >= 16) {
        out->has_size = true;
        out->size = be64_load(entry + ENTRY_FIXED + 8);
    }
    *out_length = qcow2_round_up(ENTRY_FIXED + extra + id_length + name_length, 8);
    out->id = end_text(id, id_length, 2);
    out->name = end_text(name, name_length, 1);
}

static int32_t next_entry(struct tarn_call *call, struct window *window,
                          const struct qcow2_header *header, struct qcow2_snapshot *out)
{
    uint64_t left;
    uint64_t length;
    uint8_t *entry;
    int32_t status = look(call, window);

    if (status != TARN_OK)
        return status;
    entry = window->bytes + (window->offset - window->start);
    left = window->length - (window->offset - window->start);
    if (left < ENTRY_FIXED)
        return cut_off(call, window);
    if (be32_load(entry + 36) > QCOW2_MAX_SNAPSHOT_EXTRA)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "a snapshot has %u bytes of extra data, at most %u are allowed: the "
                         "snapshot table is damaged", be32_load(entry + 36),
                         QCOW2_MAX_SNAPSHOT_EXTRA);
    length = (uint64_t)ENTRY_FIXED + be32_load(entry + 36) + be16_load(entry + 12) +
             be16_load(entry + 14);
    if (length > left)
        return cut_off(call, window);
    decode_entry(entry, out, &length);
    window->offset += length;
    if (out->l1_size > QCOW2_MAX_L1_ENTRIES || out->l1_offset > INT64_MAX / 2 ||
        (out->l1_offset & (qcow2_cluster_size(header) - 1)))
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the L1 table of the snapshot %s is said to have %u entries at %llu: the "
                         "snapshot table is damaged", out->id, out->l1_size,
                         (unsigned long long)out->l1_offset);
    return TARN_OK;
}

int32_t qcow2_snapshots_each(struct tarn_call *call, struct tarn_io *file, uint64_t file_size,
                             const struct qcow2_header *header, qcow2_snapshot_fn visit,
                             void *arg, uint64_t *out_length)
{
    struct window window = { .file = file, .file_size = file_size,
                             .offset = header->snapshots_offset,
                             .start = header->snapshots_offset };
    int32_t status = TARN_OK;

    if (out_length != NULL)
        *out_length = 0;
    if (header->snapshot_count == 0)
        return TARN_OK;
    if (header->snapshots_offset < qcow2_cluster_size(header))
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the snapshot table is at %llu, where the header lies: the header is "
                         "damaged", (unsigned long long)header->snapshots_offset);
    window.bytes = malloc(WINDOW_MAX);
    if (window.bytes == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to read the snapshot table");
    for (uint32_t i = 0; i < header->snapshot_count && status == TARN_OK; i++) {
        struct qcow2_snapshot snapshot;

        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = next_entry(call, &window, header, &snapshot);
        if (status == TARN_OK && window.offset - header->snapshots_offset >
                                     QCOW2_MAX_SNAPSHOT_TABLE)
            status = tarn_fail(call, TARN_E_CORRUPT, 0,
                               "the snapshot table has more than %llu bytes: it is damaged",
                               (unsigned long long)QCOW2_MAX_SNAPSHOT_TABLE);
        if (status == TARN_OK)
            status = visit(call, &snapshot, arg);
    }
    if (out_length != NULL)
        *out_length = window.offset - header->snapshots_offset;
    free(window.bytes);
    return status;
}

struct selection {
    const char *wanted;
    bool by_id;
    struct qcow2_snapshot found; /* without its texts, which do not live on */
    bool any;
};

static int32_t compare(struct tarn_call *call, const struct qcow2_snapshot *snapshot, void *arg)
{
    struct selection *selection = arg;
    bool is_id = strcmp(snapshot->id, selection->wanted) == 0;

    (void)call;
    if (selection->by_id || (!is_id && (selection->any ||
                                        strcmp(snapshot->name, selection->wanted) != 0)))
        return TARN_OK;
    selection->found = *snapshot;
    selection->found.id = selection->found.name = NULL;
    selection->any = true;
    selection->by_id = is_id;
    return TARN_OK;
}

int32_t qcow2_snapshot_select(struct tarn_call *call, struct qcow2_image *image,
                              const char *name)
{
    struct selection selection = { .wanted = name };
    uint64_t needed;
    int32_t status = qcow2_snapshots_each(call, image->file, image->file_size, &image->header,
                                          compare, &selection, NULL);

    if (status != TARN_OK)
        return status;
    if (!selection.any)
        return tarn_fail(call, TARN_E_NOT_FOUND, 0, "the image has no snapshot %s", name);
    image->l1_offset = selection.found.l1_offset;
    image->l1_size = selection.found.l1_size;
    if (selection.found.has_size)
        image->size = selection.found.size;
    needed = qcow2_divide_up(image->size, qcow2_l1_covers(&image->header));
    if (image->size > INT64_MAX || image->l1_size < needed)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the snapshot %s has %llu L1 entries for a disk of %llu bytes: the "
                         "snapshot table is damaged", name, (unsigned long long)image->l1_size,
                         (unsigned long long)image->size);
    return TARN_OK;
}
