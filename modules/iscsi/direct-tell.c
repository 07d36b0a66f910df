/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * direct-tell.c - the target and its logical units as the host sees them.
 */
#include "direct.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SIZE 640
#define FACTS_SIZE 256
#define FACTS_MOST 1024 /* logical units of which more than a volume has is told with the pool */

/* --- names ------------------------------------------------------------------------------------- */

void unit_name(uint32_t number, char out[UNIT_NAME_SIZE])
{
    snprintf(out, UNIT_NAME_SIZE, "unit:0:0:%u", number);
}

bool unit_number(const char *name, uint32_t *out)
{
    char canonical[UNIT_NAME_SIZE];

    if (strncmp(name, "unit:0:0:", 9) != 0)
        return false;
    *out = (uint32_t)strtoul(name + 9, NULL, 10);
    unit_name(*out, canonical);
    return strcmp(name, canonical) == 0 && *out < LUN_MOST;
}

/* The first host of the definition, whichever portal answered: a path that changes is none. */
static void path_of(const struct target *target, const struct lun *lun, char out[PATH_SIZE])
{
    const struct target_host *host = &target->hosts[0];
    bool brackets = strchr(host->name, ':') != NULL && host->name[0] != '[';

    snprintf(out, PATH_SIZE, "iscsi://%s%s%s:%u/%s/%u", brackets ? "[" : "", host->name,
             brackets ? "]" : "", host->port, target->iqn, lun->number);
}

/* --- volumes ----------------------------------------------------------------------------------- */

/* By its designator, which is of the disk and not of the path to it; else by its serial number. */
static const char *mark_of(const struct lun *lun)
{
    return lun->identity[0] != '\0' ? lun->identity : lun->serial;
}

int32_t unit_identify(struct tarn_call *call, const struct lun *lun)
{
    char name[UNIT_NAME_SIZE];

    if (mark_of(lun)[0] == '\0')
        return TARN_OK;
    unit_name(lun->number, name);
    return call->host->identify(call, name, mark_of(lun), 0);
}

int32_t unit_tell(struct tarn_call *call, const struct visit *visit, const struct lun *lun)
{
    char name[UNIT_NAME_SIZE];
    char path[PATH_SIZE];
    struct lun_peek peek;
    struct tarn_volume_info info = { .struct_size = sizeof(info), .name = name, .path = path,
                                     .type = "network", .capacity = lun->size,
                                     .allocation = lun->size, .physical = lun->size };

    unit_name(lun->number, name);
    path_of(visit->target, lun, path);
    if (lun->identity[0] != '\0')
        info.key = lun->identity;
    if (mark_of(lun)[0] != '\0')
        info.mark = mark_of(lun);
    if (lun->status != TARN_OK)
        info.status_text = lun->why;
    else if (lun->no_medium)
        info.status_text = "there is no medium in it";
    if (info.status_text != NULL) {
        info.status = TARN_VOLUME_UNREADABLE;
    } else {
        lun_peek_init(&peek, visit->sessions[visit->first], lun);
        info.io = &peek.io;
    }
    return call->host->emit_volume(call, &info);
}

/* --- the pool ---------------------------------------------------------------------------------- */

struct fact {
    struct tarn_property property;
    char name[UNIT_NAME_SIZE];
    char value[FACTS_SIZE];
};

static void say(char out[FACTS_SIZE], const char *what, const char *value)
{
    size_t used = strlen(out);

    snprintf(out + used, FACTS_SIZE - used, "%s%s%.64s", used > 0 ? ", " : "", what, value);
}

static void fact_fill(struct fact *fact, const struct lun *lun)
{
    char *value = fact->value;
    char block_size[16];

    unit_name(lun->number, fact->name);
    snprintf(value, FACTS_SIZE, "%s%s%s", lun->vendor, lun->vendor[0] != '\0' ? " " : "",
             lun->product);
    if (lun->serial[0] != '\0')
        say(value, "serial number ", lun->serial);
    if (lun->block_size != 0) {
        snprintf(block_size, sizeof(block_size), "%u", lun->block_size);
        say(value, "block size ", block_size);
    }
    if (lun->thin)
        say(value, "thin-provisioned", "");
    if (lun->read_only)
        say(value, "read-only", "");
    if (lun->removable)
        say(value, "removable", "");
    fact->property = (struct tarn_property){ .struct_size = sizeof(fact->property),
                                             .name = fact->name, .value = value };
}

static int32_t tell_with(struct tarn_call *call, struct tarn_pool_info *info,
                         const struct lun *luns, size_t count)
{
    struct fact *facts = calloc(count + 1, sizeof(*facts));
    const struct tarn_property **list = calloc(count + 1, sizeof(*list));
    int32_t status;
    size_t i;

    for (i = 0; facts != NULL && list != NULL && i < count; i++) {
        fact_fill(&facts[i], &luns[i]);
        list[i] = &facts[i].property;
    }
    info->properties = list;
    status = call->host->emit_pool(call, info);
    free(list);
    free(facts);
    return status;
}

int32_t pool_tell(struct tarn_call *call, const struct visit *visit, const struct lun *luns,
                  size_t count)
{
    char trouble[768];
    struct tarn_pool_info info = { .struct_size = sizeof(info), .state_text = trouble };
    size_t i;

    visit_trouble(visit, trouble, sizeof(trouble));
    info.state = trouble[0] != '\0' ? TARN_POOL_DEGRADED : TARN_POOL_HEALTHY;
    for (i = 0; i < count; i++)
        info.capacity += luns[i].size <= UINT64_MAX - info.capacity ? luns[i].size : 0;
    info.allocation = info.capacity;
    return visit->look == lun_look
               ? tell_with(call, &info, luns, count < FACTS_MOST ? count : FACTS_MOST)
               : call->host->emit_pool(call, &info);
}
