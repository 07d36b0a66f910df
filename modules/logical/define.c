/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * define.c - what a definition must have, and what no second pool may use. Names and devices end up
 * as arguments of lvm: what it would take for something else is refused.
 */
#include "logical.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int32_t devices_check(struct tarn_call *call)
{
    const struct tarn_source_device *const *device = call->pool->source->devices;

    for (; *device != NULL; device++)
        if ((*device)->path[0] != '/' || strpbrk((*device)->path, ", \t\n") != NULL)
            return tarn_fail(call, TARN_E_INVALID, 0,
                             "the pool \"%s\" has the device \"%s\": give an absolute path without "
                             "blanks and commas", call->pool->name, (*device)->path);
    return TARN_OK;
}

/* The kernel's names for it lie there, whatever the definition says. */
static int32_t amend_target(struct tarn_call *call)
{
    char path[160];

    snprintf(path, sizeof(path), "/dev/%s", call->pool->source->name);
    return call->host->amend(call, TARN_AMEND_TARGET_PATH, path);
}

int32_t logical_define(struct tarn_call *call)
{
    const char *group = call->pool->source->name;
    const char *fault = logical_group_name_fault(group);
    struct logical_settings settings;
    int32_t status;

    if (fault != NULL)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "the volume group's name \"%s\" %s: name another one in <source>", group,
                         fault);
    status = devices_check(call);
    if (status == TARN_OK)
        status = logical_settings_read(call, &settings);
    if (status != TARN_OK)
        return status;
    logical_settings_clear(&settings);
    return amend_target(call);
}

static int32_t claim(struct tarn_call *call, const char *kind, const char *what)
{
    char *text = NULL;
    int32_t status;

    if (asprintf(&text, "%s:%s", kind, what) < 0)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to define a pool");
    status = call->host->emit_claim(call, text);
    free(text);
    return status;
}

int32_t logical_claims(struct tarn_call *call)
{
    const struct tarn_source_device *const *device = call->pool->source->devices;
    int32_t status = claim(call, "volume-group", call->pool->source->name);

    for (; status == TARN_OK && *device != NULL; device++)
        status = claim(call, "device", (*device)->path);
    return status;
}
