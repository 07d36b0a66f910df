/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * health.c - what is wrong with a group, in one line: which devices are missing, which volumes are
 * lost with them, which go on working, and what the kernel says of RAID volumes and thin pools.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dm.h"
#include "logical.h"

/* How many volumes or devices a list names. */
#define NAMED 5

struct words {
    FILE *stream;
    char *text;
    size_t length;
    bool any;
};

/* What follows is another subject. */
static void part(struct words *words, const char *title)
{
    fprintf(words->stream, "%s%s", words->any ? "; " : "", title);
    words->any = true;
}

static void name(struct words *words, unsigned number, const char *text)
{
    if (number < NAMED)
        fprintf(words->stream, "%s%s", number > 0 ? ", " : " ", text);
    else if (number == NAMED)
        fputs(", and more", words->stream);
}

static void tell_missing(struct words *words, const struct vg *vg)
{
    unsigned count = 0;
    size_t i;

    part(words, vg->missing == 1 ? "a device is missing, with the UUID"
                                 : "devices are missing, with the UUIDs");
    for (i = 0; i < vg->pv_count; i++)
        if (vg->pvs[i].missing)
            name(words, count++, vg->pvs[i].uuid);
}

static void tell_volumes(struct words *words, const struct vg *vg, bool survive, const char *title)
{
    unsigned count = 0;
    size_t i;

    for (i = 0; i < vg->lv_count; i++) {
        const struct lv *lv = &vg->lvs[i];

        if (!lv->visible || !logical_is_partial(vg, lv) || logical_survives(vg, lv) != survive)
            continue;
        if (count == 0)
            part(words, title);
        name(words, count++, lv->name);
    }
}

static int32_t tell_trouble(struct words *words, struct tarn_call *call, const struct vg *vg)
{
    int32_t status = TARN_OK;
    size_t i;

    for (i = 0; status == TARN_OK && i < vg->lv_count; i++) {
        const struct lv *lv = &vg->lvs[i];
        struct dm_state state;

        if (!lv_is_thin_pool(lv) && !report_has_word(lv->layout, "raid"))
            continue;
        status = dm_look(call, vg, lv, &state);
        if (status == TARN_OK && state.trouble != NULL) {
            part(words, lv->name);
            fprintf(words->stream, ": %s", state.trouble);
        }
    }
    return status;
}

char *logical_health(struct tarn_call *call, const struct vg *vg, bool *out_failed)
{
    struct words words = { 0 };
    int32_t status;

    *out_failed = true;
    words.stream = open_memstream(&words.text, &words.length);
    if (words.stream == NULL) {
        tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to tell a pool's health");
        return NULL;
    }
    if (vg->missing > 0) {
        tell_missing(&words, vg);
        tell_volumes(&words, vg, false, "lost with it:");
        tell_volumes(&words, vg, true, "usable without it:");
    }
    status = tell_trouble(&words, call, vg);
    if (fclose(words.stream) != 0 && status == TARN_OK)
        status = tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to tell a pool's health");
    *out_failed = status != TARN_OK;
    if (status == TARN_OK && words.any)
        return words.text;
    free(words.text);
    return NULL;
}
