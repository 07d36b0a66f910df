/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * info.c - what an image says of itself. A pool of ten thousand images asks each of them, so an
 * image without snapshots costs one read of its first bytes and no memory but the stack.
 */
#include "qcow2.h"

#include <inttypes.h>

/* So many bitmaps are named; all are counted. */
#define BITMAPS_NAMED 16u
#define MAX_PROPERTIES (10u + BITMAPS_NAMED)
#define FEATURES_LENGTH 256u
#define BITMAP_LENGTH 1100u /* a name of up to 1023 bytes, and what is told of it */

/* One more fact for people, with its text where that is made up. */
struct facts {
    struct tarn_property entry[MAX_PROPERTIES];
    const struct tarn_property *list[MAX_PROPERTIES + 1];
    uint32_t count;
    char refcount_bits[16];
    char snapshots[16];
    char bitmap_count[16];
    char incompatible[FEATURES_LENGTH];
    char compatible[FEATURES_LENGTH];
    char autoclear[FEATURES_LENGTH];
    char extensions[FEATURES_LENGTH];
    uint32_t bitmaps;
    char bitmap_name[BITMAPS_NAMED][16];
    char bitmap[BITMAPS_NAMED][BITMAP_LENGTH];
};

static void add(struct facts *facts, const char *name, const char *value)
{
    struct tarn_property *entry = &facts->entry[facts->count];

    *entry = (struct tarn_property){ sizeof(*entry), 0, name, value };
    facts->list[facts->count++] = entry;
}

/* --- features and extensions ------------------------------------------------------------------ */

static int32_t add_features(struct tarn_call *call, const struct qcow2_head *head,
                            struct facts *facts)
{
    const struct {
        const char *name;
        enum qcow2_feature_kind kind;
        uint64_t bits;
        char *text;
    } kinds[] = {
        { "incompatible-features", QCOW2_FEATURE_INCOMPATIBLE, head->header.incompatible,
          facts->incompatible },
        { "compatible-features", QCOW2_FEATURE_COMPATIBLE, head->header.compatible,
          facts->compatible },
        { "autoclear-features", QCOW2_FEATURE_AUTOCLEAR, head->header.autoclear,
          facts->autoclear },
    };
    int32_t status = TARN_OK;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && status == TARN_OK; i++) {
        if (kinds[i].bits == 0)
            continue;
        status = qcow2_features_name(call, head, kinds[i].kind, kinds[i].bits, kinds[i].text,
                                     FEATURES_LENGTH);
        add(facts, kinds[i].name, kinds[i].text);
    }
    return status;
}

static void add_extensions(const struct qcow2_head *head, struct facts *facts)
{
    uint64_t used = 0;

    for (uint32_t i = 0; i < head->extension_count; i++) {
        const char *name = qcow2_extension_name(head->extensions[i]);
        const char *comma = used > 0 ? ", " : "";
        char *to = facts->extensions + used;

        if (name != NULL)
            used += (uint64_t)snprintf(to, FEATURES_LENGTH - used, "%s%s", comma, name);
        else
            used += (uint64_t)snprintf(to, FEATURES_LENGTH - used, "%s0x%08" PRIx32, comma,
                                       head->extensions[i]);
        if (used >= FEATURES_LENGTH)
            break;
    }
    if (used > 0)
        add(facts, "header-extensions", facts->extensions);
}

/* --- bitmaps ---------------------------------------------------------------------------------- */

static int32_t name_bitmap(struct tarn_call *call, const struct qcow2_bitmap *bitmap, void *arg)
{
    struct facts *facts = arg;
    uint32_t i = facts->bitmaps++;

    (void)call;
    snprintf(facts->bitmap_name[i], sizeof(facts->bitmap_name[i]), "bitmap-%" PRIu32, i + 1);
    snprintf(facts->bitmap[i], sizeof(facts->bitmap[i]), "%s (granularity %" PRIu64 "%s%s)",
             bitmap->name, bitmap->granularity,
             bitmap->flags & QCOW2_BITMAP_AUTO ? ", recording" : "",
             bitmap->flags & QCOW2_BITMAP_IN_USE ? ", not closed cleanly" : "");
    return TARN_OK;
}

/* What is damaged here does not keep anybody from the disk, so it is told, and is no failure of
 * `info`. Being cancelled, or a storage that fails, is. */
static int32_t tolerate(struct tarn_call *call, int32_t status, const char *text)
{
    if (status != TARN_E_CORRUPT)
        return status;
    call->host->forget(call);
    call->host->log(call, TARN_LOG_WARNING, text);
    return TARN_OK;
}

static int32_t add_bitmaps(struct tarn_call *call, const struct qcow2_head *head,
                           struct facts *facts)
{
    struct qcow2_bitmaps bitmaps = {
        .file = head->file, .file_size = head->file_size, .offset = head->bitmaps_offset,
        .length = head->bitmaps_length, .count = head->bitmap_count,
    };
    bool consistent = (head->header.autoclear & QCOW2_BITMAPS) != 0;
    int32_t status = TARN_OK;

    if (head->bitmap_count == 0)
        return TARN_OK;
    /* Without the mark, what the directory was may have been overwritten since. */
    if (consistent)
        status = qcow2_bitmaps_each(call, &bitmaps, BITMAPS_NAMED, name_bitmap, facts);
    snprintf(facts->bitmap_count, sizeof(facts->bitmap_count), "%" PRIu32, head->bitmap_count);
    add(facts, "bitmaps", status == TARN_E_CORRUPT ? "damaged" : facts->bitmap_count);
    add(facts, "bitmaps-consistent", consistent ? "yes" : "no");
    for (uint32_t i = 0; i < facts->bitmaps; i++)
        add(facts, facts->bitmap_name[i], facts->bitmap[i]);
    return tolerate(call, status, "the bitmap directory of the image is damaged: not all of its "
                                  "bitmaps are listed");
}

/* --- snapshots -------------------------------------------------------------------------------- */

static int32_t emit_one(struct tarn_call *call, const struct qcow2_snapshot *snapshot, void *arg)
{
    const struct qcow2_header *header = arg;
    struct tarn_snapshot out = {
        .struct_size = sizeof(out), .id = snapshot->id, .name = snapshot->name,
        .capacity = snapshot->has_size ? snapshot->size : header->size,
        .state_size = snapshot->state_size, .created = snapshot->created,
    };

    return call->host->emit_snapshot(call, &out);
}

static int32_t visit_nothing(struct tarn_call *call, const struct qcow2_snapshot *snapshot,
                             void *arg)
{
    (void)call;
    (void)snapshot;
    (void)arg;
    return TARN_OK;
}

static int32_t check_snapshots(struct tarn_call *call, const struct qcow2_head *head,
                               bool *out_good)
{
    int32_t status = qcow2_snapshots_each(call, head->file, head->file_size, &head->header,
                                          visit_nothing, NULL, NULL);

    *out_good = status == TARN_OK;
    return tolerate(call, status,
                    "the snapshot table of the image is damaged: its snapshots are not listed");
}

/* --- the image -------------------------------------------------------------------------------- */

static int32_t add_facts(struct tarn_call *call, const struct qcow2_head *head,
                         bool snapshots_good, struct facts *facts)
{
    const struct qcow2_header *header = &head->header;
    int32_t status;

    if (header->incompatible & QCOW2_DATA_FILE)
        add(facts, "data-file-raw", header->autoclear & QCOW2_RAW_DATA_FILE ? "yes" : "no");
    snprintf(facts->refcount_bits, sizeof(facts->refcount_bits), "%u",
             1u << header->refcount_order);
    add(facts, "refcount-bits", facts->refcount_bits);
    if (header->snapshot_count > 0) {
        snprintf(facts->snapshots, sizeof(facts->snapshots), "%" PRIu32, header->snapshot_count);
        add(facts, "snapshots", snapshots_good ? facts->snapshots : "damaged");
    }
    status = add_features(call, head, facts);
    add_extensions(head, facts);
    return status == TARN_OK ? add_bitmaps(call, head, facts) : status;
}

static int32_t emit_image(struct tarn_call *call, const struct qcow2_head *head,
                          const struct facts *facts)
{
    static const char *const encryptions[] = { NULL, "aes", "luks" };
    const struct qcow2_header *header = &head->header;
    const char *features[3] = { NULL };
    struct tarn_image_file data = { sizeof(data), 0, "data-file", head->data_file };
    const struct tarn_image_file *const files[] = { &data, NULL };
    uint32_t count = 0;
    struct tarn_image_info info = {
        .struct_size = sizeof(info),
        .capacity = header->size,
        .cluster_size = qcow2_cluster_size(header),
        .compat = header->version >= 3 ? "1.1" : "0.10",
        .features = features,
        .encryption = encryptions[header->crypt_method],
        .compression = header->compression_type == 1 ? "zstd" : "zlib",
        .properties = facts->list,
    };

    if (header->compatible & QCOW2_LAZY_REFCOUNTS)
        features[count++] = "lazy_refcounts";
    if (qcow2_extended(header))
        features[count++] = "extended_l2";
    if (header->incompatible & QCOW2_DIRTY)
        info.flags |= TARN_IMAGE_DIRTY;
    if (header->incompatible & QCOW2_CORRUPT)
        info.flags |= TARN_IMAGE_MARKED_CORRUPT;
    if (head->backing_name[0] != '\0')
        info.backing_name = head->backing_name;
    if (info.backing_name != NULL && head->backing_format[0] != '\0')
        info.backing_format = head->backing_format;
    if (header->incompatible & QCOW2_DATA_FILE)
        info.files = files;
    return call->host->emit_image(call, &info);
}

int32_t qcow2_info(struct tarn_call *call, struct tarn_io *file)
{
    struct facts facts = { .count = 0 };
    struct qcow2_head head;
    bool good = true;
    int32_t status = qcow2_head_read(call, file, &head);

    if (status == TARN_OK && head.header.snapshot_count > 0)
        status = check_snapshots(call, &head, &good);
    if (status == TARN_OK)
        status = add_facts(call, &head, good, &facts);
    if (status == TARN_OK)
        status = emit_image(call, &head, &facts);
    if (status == TARN_OK && good)
        status = qcow2_snapshots_each(call, file, head.file_size, &head.header, emit_one,
                                      &head.header, NULL);
    return status;
}
