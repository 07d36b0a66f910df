/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * direct-visit.c - being at a target for the time of one operation.
 */
#include "direct.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- coming and going -------------------------------------------------------------------------- */

static int32_t connect_first(struct tarn_call *call, struct visit *visit)
{
    struct session *session = NULL;
    int32_t status = target_connect(call, visit->target, &visit->portals, &visit->first,
                                    &session);

    if (status == TARN_OK)
        visit->sessions[visit->first] = session;
    return status;
}

static int32_t connect_all(struct tarn_call *call, struct visit *visit)
{
    int32_t status = target_connect_all(call, visit->target, &visit->portals, visit->sessions);

    while (status == TARN_OK && visit->sessions[visit->first] == NULL)
        visit->first++;
    return status;
}

int32_t visit_begin(struct tarn_call *call, const struct target *target, visit_look_fn look,
                    struct visit *out)
{
    int32_t status;

    *out = (struct visit){ .target = target, .look = look };
    status = portals_find(call, target, &out->portals);
    if (status != TARN_OK)
        return status;
    out->session_count = out->portals.count;
    out->sessions = calloc(out->session_count + 1, sizeof(struct session *));
    if (out->sessions == NULL)
        status = tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for sessions");
    else
        status = target->all_portals ? connect_all(call, out) : connect_first(call, out);
    if (status != TARN_OK)
        visit_end(out);
    return status;
}

void visit_end(struct visit *visit)
{
    size_t i;

    for (i = 0; visit->sessions != NULL && i < visit->session_count; i++)
        session_close(visit->sessions[i]);
    free(visit->sessions);
    portals_clear(&visit->portals);
    visit->sessions = NULL;
}

void visit_trouble(const struct visit *visit, char *out, size_t size)
{
    size_t used = 0;
    size_t i;

    out[0] = '\0';
    for (i = 0; i < visit->portals.count && used < size; i++)
        if (visit->portals.list[i].why[0] != '\0')
            used += (size_t)snprintf(out + used, size - used, "%s%s is gone: %s",
                                     used > 0 ? "; " : "", visit->portals.list[i].text,
                                     visit->portals.list[i].why);
}

/* --- asking ------------------------------------------------------------------------------------ */

static int32_t no_answer(struct tarn_call *call, const struct visit *visit, int32_t status,
                         const char *why)
{
    if (why[0] == '\0')
        return status;
    /* Who breaks off in the middle is as good as gone, until another try. */
    return tarn_fail(call, status == TARN_E_IO ? TARN_E_TIMEOUT : status, 0,
                     "%s at %s does not tell its logical units: %s", visit->target->iqn,
                     visit->portals.list[visit->first].text, why);
}

static int32_t look_at(struct tarn_call *call, struct visit *visit, const uint32_t *numbers,
                       size_t count, struct lun *luns)
{
    char why[SERVER_WHY_SIZE] = "";
    int32_t status;
    size_t i;

    for (i = 0; i < count; i++)
        luns[i].number = numbers[i];
    status = visit->look(call, visit->sessions[visit->first], luns, count, why);
    return status == TARN_OK ? TARN_OK : no_answer(call, visit, status, why);
}

/* Controllers, changers and the like are nobody's volumes. */
static size_t keep_disks(struct lun *luns, size_t count)
{
    size_t kept = 0;
    size_t i;

    for (i = 0; i < count; i++)
        if (luns[i].device_type == LUN_TYPE_DISK || luns[i].device_type == LUN_TYPE_CD)
            luns[kept++] = luns[i];
    return kept;
}

/* Two hosts of the definition may in truth be two targets that bear one name. */
static void compare(struct lun *luns, const struct lun *others, size_t count, const char *portal)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (luns[i].status != TARN_OK || others[i].status != TARN_OK ||
            (strcmp(luns[i].identity, others[i].identity) == 0 &&
             strcmp(luns[i].serial, others[i].serial) == 0))
            continue;
        luns[i].status = TARN_E_REPLACED;
        snprintf(luns[i].why, sizeof(luns[i].why),
                 "through %.64s it is another disk (%.36s, not %.36s): these are not portals of "
                 "one target", portal, others[i].identity, luns[i].identity);
    }
}

/* A session that breaks here counts as one that is gone. */
static int32_t compare_at(struct tarn_call *call, struct visit *visit, size_t portal,
                          struct lun *luns, size_t count)
{
    struct portal *at = &visit->portals.list[portal];
    struct lun *others = calloc(count + 1, sizeof(*others));
    int32_t status;
    size_t i;

    if (others == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for the LUNs of a target");
    for (i = 0; i < count; i++)
        others[i].number = luns[i].number;
    status = visit->look(call, visit->sessions[portal], others, count, at->why);
    if (status == TARN_OK)
        compare(luns, others, count, at->text);
    else if (at->why[0] != '\0')
        status = TARN_OK;
    free(others);
    return status;
}

static int32_t compare_all(struct tarn_call *call, struct visit *visit, struct lun *luns,
                           size_t count)
{
    int32_t status = TARN_OK;
    size_t i;

    for (i = visit->first + 1; status == TARN_OK && visit->target->all_portals &&
                               i < visit->portals.count; i++)
        if (visit->sessions[i] != NULL)
            status = compare_at(call, visit, i, luns, count);
    return status;
}

int32_t visit_luns(struct tarn_call *call, struct visit *visit, struct lun **out,
                   size_t *out_count)
{
    char why[SERVER_WHY_SIZE] = "";
    uint32_t *numbers = NULL;
    size_t count = 0;
    int32_t status = lun_numbers(call, visit->sessions[visit->first], &numbers, &count, why);

    *out = NULL;
    if (status != TARN_OK)
        return no_answer(call, visit, status, why);
    *out = calloc(count + 1, sizeof(**out));
    if (*out == NULL)
        status = tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for the LUNs of a target");
    else
        status = look_at(call, visit, numbers, count, *out);
    free(numbers);
    if (status == TARN_OK) {
        *out_count = keep_disks(*out, count);
        status = compare_all(call, visit, *out, *out_count);
    }
    if (status != TARN_OK) {
        free(*out);
        *out = NULL;
    }
    return status;
}

int32_t visit_lun(struct tarn_call *call, struct visit *visit, uint32_t number, struct lun *out)
{
    int32_t status = look_at(call, visit, &number, 1, out);

    if (status == TARN_OK && out->status == TARN_OK)
        status = compare_all(call, visit, out, 1);
    if (status != TARN_OK)
        return status;
    if (out->status == TARN_E_NOT_FOUND || keep_disks(out, 1) == 0)
        return tarn_fail(call, TARN_E_NOT_FOUND, 0, "%s has no disk unit:0:0:%u",
                         visit->target->iqn, number);
    return TARN_OK;
}
