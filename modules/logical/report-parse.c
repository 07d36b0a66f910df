/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * report-parse.c - from lvm's JSON to structures. All values are strings there. What is not as it
 * must be makes the whole report unusable: a number that was guessed could lose data.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* A reading in progress. Only the first fault is told. */
struct reading {
    struct tarn_call *call;
    json_t *row;
    const char *fault; /* the field */
};

static const char *text(struct reading *reading, const char *field)
{
    const char *value = json_string_value(json_object_get(reading->row, field));

    if (value == NULL && reading->fault == NULL)
        reading->fault = field;
    return value != NULL ? value : "";
}

/* An empty text is 0: what does not apply has no value. */
static uint64_t number(struct reading *reading, const char *field)
{
    const char *value = text(reading, field);
    unsigned long long result = 0;
    char *end = NULL;

    if (value[0] == '\0')
        return 0;
    errno = 0;
    if (value[0] >= '0' && value[0] <= '9')
        result = strtoull(value, &end, 10);
    if ((end == NULL || *end != '\0' || errno != 0 || result > INT64_MAX) &&
        reading->fault == NULL)
        reading->fault = field;
    return result;
}

/* A flag is its own name where it is set, and empty otherwise. */
static bool flag(struct reading *reading, const char *field)
{
    return text(reading, field)[0] != '\0';
}

/* Parts of others stand in brackets. They are taken off in place: the document is ours. */
static const char *bare(json_t *row, const char *field, const char *name)
{
    size_t length = strlen(name);

    if (length < 2 || name[0] != '[' || name[length - 1] != ']')
        return name;
    json_object_set_new(row, field, json_stringn(name + 1, length - 2));
    name = json_string_value(json_object_get(row, field));
    return name != NULL ? name : "";
}

/* --- rows ------------------------------------------------------------------------------------- */

static void read_pv(struct reading *reading, void *out)
{
    struct pv *pv = out;

    pv->name = text(reading, "pv_name");
    pv->uuid = text(reading, "pv_uuid");
    pv->missing = flag(reading, "pv_missing");
    pv->metadata = number(reading, "pv_mda_used_count") > 0;
}

static void read_lv(struct reading *reading, void *out)
{
    struct lv *lv = out;
    const char *name = text(reading, "lv_name");
    const char *origin = text(reading, "origin");

    lv->visible = name[0] != '[';
    lv->uuid = text(reading, "lv_uuid");
    lv->layout = text(reading, "lv_layout");
    lv->pool = text(reading, "pool_lv");
    lv->tags = text(reading, "lv_tags");
    lv->size = number(reading, "lv_size");
    lv->origin_size = number(reading, "origin_size");
    lv->metadata_size = number(reading, "lv_metadata_size");
    lv->name = bare(reading->row, "lv_name", name);
    lv->origin = bare(reading->row, "origin", origin);
}

static void read_segment(struct reading *reading, void *out)
{
    struct lv_segment *segment = out;

    segment->lv_uuid = text(reading, "lv_uuid");
    segment->type = text(reading, "segtype");
    segment->ranges = text(reading, "seg_pe_ranges");
    segment->start = number(reading, "seg_start");
    segment->size = number(reading, "seg_size");
    segment->zero = strcmp(text(reading, "zero"), "zero") == 0;
}

static void read_vg(struct reading *reading, void *out)
{
    struct vg *vg = out;

    vg->name = text(reading, "vg_name");
    vg->uuid = text(reading, "vg_uuid");
    vg->exported = flag(reading, "vg_exported");
    vg->seqno = number(reading, "vg_seqno");
    vg->size = number(reading, "vg_size");
    vg->free = number(reading, "vg_free");
    vg->extent = number(reading, "vg_extent_size");
    vg->missing = (unsigned)number(reading, "vg_missing_pv_count");
}

/* --- a group ---------------------------------------------------------------------------------- */

/* An array of what `read` makes of each row, in *out. false: a fault, or no memory. */
static bool read_rows(struct reading *reading, json_t *group, const char *kind, size_t size,
                      void (*read)(struct reading *, void *), void **out, size_t *out_count)
{
    json_t *rows = json_object_get(group, kind);
    size_t count = json_array_size(rows), i;
    unsigned char *list = calloc(count + 1, size);

    *out = list;
    *out_count = 0;
    if (list == NULL || !json_is_array(rows)) {
        reading->fault = reading->fault != NULL ? reading->fault : kind;
        return false;
    }
    for (i = 0; i < count && reading->fault == NULL; i++) {
        reading->row = json_array_get(rows, i);
        read(reading, list + i * size);
    }
    *out_count = count;
    return reading->fault == NULL;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(((const struct lv *)left)->name, ((const struct lv *)right)->name);
}

static int by_volume(const void *left, const void *right)
{
    const struct lv_segment *a = left;
    const struct lv_segment *b = right;
    int order = strcmp(a->lv_uuid, b->lv_uuid);

    return order != 0 ? order : (a->start > b->start) - (a->start < b->start);
}

static int segment_of(const void *key, const void *element)
{
    return strcmp(key, ((const struct lv_segment *)element)->lv_uuid);
}

static void give_segments(struct vg *vg, struct lv *lv)
{
    const struct lv_segment *end = vg->segments + vg->segment_count;
    const struct lv_segment *first = NULL;

    if (vg->segment_count > 0)
        first = bsearch(lv->uuid, vg->segments, vg->segment_count, sizeof(*first), segment_of);
    if (first == NULL)
        return;
    while (first > vg->segments && strcmp(first[-1].lv_uuid, lv->uuid) == 0)
        first--;
    lv->segments = first;
    while (first < end && strcmp(first->lv_uuid, lv->uuid) == 0)
        first++;
    lv->segment_count = (size_t)(first - lv->segments);
}

static bool read_parts(struct reading *reading, struct vg *vg, json_t *group)
{
    void *pvs, *lvs = NULL, *segments = NULL;
    bool good;
    size_t i;

    good = read_rows(reading, group, "pv", sizeof(struct pv), read_pv, &pvs, &vg->pv_count);
    vg->pvs = pvs;
    if (good)
        good = read_rows(reading, group, "lv", sizeof(struct lv), read_lv, &lvs, &vg->lv_count);
    vg->lvs = lvs;
    if (good)
        good = read_rows(reading, group, "seg", sizeof(struct lv_segment), read_segment, &segments,
                         &vg->segment_count);
    vg->segments = segments;
    if (!good)
        return false;
    qsort(vg->lvs, vg->lv_count, sizeof(vg->lvs[0]), by_name);
    qsort(vg->segments, vg->segment_count, sizeof(vg->segments[0]), by_volume);
    for (i = 0; i < vg->lv_count; i++)
        give_segments(vg, &vg->lvs[i]);
    return true;
}

/* Every volume and device must be one that can be named and found again. */
static const char *nonsense(const struct vg *vg)
{
    size_t i;

    if (vg->extent == 0 || vg->free > vg->size || vg->uuid[0] == '\0')
        return "vg_extent_size";
    for (i = 0; i < vg->lv_count; i++)
        if (vg->lvs[i].name[0] == '\0' || vg->lvs[i].uuid[0] == '\0')
            return "lv_name";
    for (i = 1; i < vg->lv_count; i++)
        if (strcmp(vg->lvs[i - 1].name, vg->lvs[i].name) == 0)
            return "lv_name";
    return NULL;
}

/* --- the whole -------------------------------------------------------------------------------- */

static struct vg *read_group(struct reading *reading, json_t *group)
{
    struct vg *vg = calloc(1, sizeof(*vg));

    if (vg == NULL) {
        reading->fault = "vg";
        return NULL;
    }
    vg->references = 1;
    vg->texts = json_incref(group);
    reading->row = json_array_get(json_object_get(group, "vg"), 0);
    read_vg(reading, vg);
    if (reading->fault == NULL && read_parts(reading, vg, group))
        reading->fault = nonsense(vg);
    if (reading->fault == NULL)
        return vg;
    vg_unref(vg);
    return NULL;
}

/* Devices that are in no group come as a group without a name; a group that is unknown, as none. */
static bool is_group(json_t *group)
{
    json_t *row = json_array_get(json_object_get(group, "vg"), 0);
    const char *name = json_string_value(json_object_get(row, "vg_name"));

    return row != NULL && (name == NULL || name[0] != '\0');
}

static int32_t read_groups(struct reading *reading, json_t *groups, struct vg_list *out)
{
    size_t count = json_array_size(groups), i;

    out->list = calloc(count + 1, sizeof(struct vg *));
    if (out->list == NULL)
        return tarn_fail(reading->call, TARN_E_INTERNAL, 0, "no memory for the report of lvm");
    for (i = 0; i < count; i++) {
        json_t *group = json_array_get(groups, i);

        if (!is_group(group))
            continue;
        out->list[out->count] = read_group(reading, group);
        if (out->list[out->count] == NULL) {
            vg_list_clear(out);
            return tarn_fail(reading->call, TARN_E_IO, 0,
                             "the report of lvm makes no sense at %s: look at what `lvm "
                             "fullreport` prints", reading->fault);
        }
        out->count++;
    }
    return TARN_OK;
}

int32_t report_parse(struct tarn_call *call, const char *answer, size_t length,
                     struct vg_list *out)
{
    struct reading reading = { .call = call };
    json_error_t fault;
    json_t *document = json_loadb(answer, length, JSON_REJECT_DUPLICATES, &fault);
    json_t *groups = json_object_get(document, "report");
    int32_t status;

    *out = (struct vg_list){ 0 };
    if (json_is_array(groups))
        status = read_groups(&reading, groups, out);
    else
        status = tarn_fail(call, TARN_E_IO, 0,
                           "lvm answered no report: %s; look at what `lvm fullreport "
                           "--reportformat json` prints",
                           document == NULL ? fault.text : "there is none in its JSON");
    json_decref(document);
    return status;
}
