/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * report.c - the one question that a refresh asks of lvm, and the lives of its answers.
 */
#include "report.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "lvm.h"

/* Of a line of `--configreport KIND -o FIELDS`. A report of pieces of devices is part of a
 * fullreport, asked for or not: an impossible selection keeps it empty. */
static const char *const question[] = {
    "--reportformat", "json", "--units", "b", "--nosuffix", "--all",
    "--configreport", "vg", "-o",
    "vg_name,vg_uuid,vg_seqno,vg_size,vg_free,vg_extent_size,vg_missing_pv_count,vg_exported",
    "--configreport", "pv", "-o",
    "pv_name,pv_uuid,pv_missing,pv_mda_used_count",
    "--configreport", "lv", "-o",
    "lv_name,lv_uuid,lv_size,lv_layout,lv_tags,origin,origin_size,pool_lv,lv_metadata_size",
    "--configreport", "seg", "-o",
    "lv_uuid,segtype,seg_start,seg_size,seg_pe_ranges,zero",
    "--configreport", "pvseg", "-o", "pvseg_start", "-S", "lv_name=''", NULL,
};

int32_t report_run(struct tarn_call *call, const struct logical *pool, struct vg_list *out)
{
    struct tool_output answer = { 0 };
    struct lvm_line line;
    int32_t status;

    *out = (struct vg_list){ 0 };
    lvm_begin(&line, pool, "fullreport");
    lvm_words(&line, question);
    if (pool != NULL)
        lvm_word(&line, "%s", pool->group);
    /* It fails in part where a device is missing or a group is unknown: what it said counts. */
    status = lvm_run(call, &line, UINT64_C(1) << LVM_FAILED, &answer, NULL);
    if (status == TARN_OK)
        status = report_parse(call, answer.text, answer.length, out);
    free(answer.text);
    return status;
}

struct vg *vg_ref(struct vg *vg)
{
    if (vg != NULL)
        __atomic_fetch_add(&vg->references, 1, __ATOMIC_RELAXED);
    return vg;
}

void vg_unref(struct vg *vg)
{
    if (vg == NULL || __atomic_fetch_sub(&vg->references, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    json_decref(vg->texts);
    free(vg->pvs);
    free(vg->lvs);
    free(vg->segments);
    free(vg);
}

void vg_list_clear(struct vg_list *list)
{
    while (list->count > 0)
        vg_unref(list->list[--list->count]);
    free(list->list);
    *list = (struct vg_list){ 0 };
}

static int by_name(const void *key, const void *element)
{
    return strcmp(key, ((const struct lv *)element)->name);
}

const struct lv *vg_find(const struct vg *vg, const char *name)
{
    if (vg->lv_count == 0)
        return NULL;
    return bsearch(name, vg->lvs, vg->lv_count, sizeof(vg->lvs[0]), by_name);
}

bool report_has_word(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (; *list != '\0'; list += *list == ',') {
        size_t part = strcspn(list, ",");

        if (part == length && memcmp(list, word, length) == 0)
            return true;
        list += part;
    }
    return false;
}
