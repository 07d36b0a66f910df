/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * target.c - what the definition says of the target.
 */
#include "target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INITIATOR_FILE "/etc/iscsi/initiatorname.iscsi"
#define INITIATOR_KEY  "InitiatorName="

void target_clear(struct target *target)
{
    size_t i;

    free(target->iqn);
    free(target->initiator);
    for (i = 0; i < target->host_count; i++)
        free(target->hosts[i].name);
    free(target->hosts);
    chap_names_clear(&target->chap);
    *target = (struct target){ .iqn = NULL };
}

static int32_t no_memory(struct tarn_call *call, struct target *target)
{
    target_clear(target);
    return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for what is known of a target");
}

/* --- reading ----------------------------------------------------------------------------------- */

/* The name that the machine's own initiator has (iscsid(8)): a target that lets it in lets us in. */
static char *machine_initiator(void)
{
    FILE *file = fopen(INITIATOR_FILE, "re");
    char line[512];
    char *name = NULL;

    if (file == NULL)
        return NULL;
    while (name == NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, INITIATOR_KEY, strlen(INITIATOR_KEY)) == 0) {
            line[strcspn(line, " \t\r\n")] = '\0';
            name = strdup(line + strlen(INITIATOR_KEY));
        }
    fclose(file);
    return name;
}

static int32_t read_initiator(struct tarn_call *call, struct target *target)
{
    const char *defined = call->pool->source->initiator_iqn;

    target->initiator = defined != NULL ? strdup(defined) : machine_initiator();
    if (target->initiator != NULL && target->initiator[0] != '\0')
        return TARN_OK;
    if (defined != NULL)
        return no_memory(call, target);
    target_clear(target);
    return tarn_fail(call, TARN_E_INVALID, 0,
                     "nothing tells as whom to log in: add <initiator><iqn name='…'/></initiator> "
                     "to the pool's source, or write InitiatorName=… into " INITIATOR_FILE);
}

static bool read_hosts(const struct tarn_source_host *const *hosts, struct target *target)
{
    size_t count = 0;
    size_t i;

    while (hosts[count] != NULL)
        count++;
    target->hosts = calloc(count + 1, sizeof(*target->hosts));
    for (i = 0; target->hosts != NULL && i < count; i++) {
        target->hosts[i].name = strdup(hosts[i]->name);
        target->hosts[i].port = hosts[i]->port != 0 ? hosts[i]->port : ISCSI_PORT;
        target->host_count = i + 1;
        if (target->hosts[i].name == NULL)
            return false;
    }
    return target->hosts != NULL;
}

int32_t target_read(struct tarn_call *call, struct target *out)
{
    const struct tarn_source *source = call->pool->source;
    const char *portals = call->host->query(call, TARN_DEFINITION_POOL,
                                            "/pool/source/iscsi:sessions/@portals", 0);
    int32_t status;

    *out = (struct target){ .all_portals = portals != NULL && strcmp(portals, "all") == 0 };
    status = chap_names_read(call, &out->chap);
    if (status != TARN_OK)
        return status;
    if (source->devices[0] != NULL && (out->iqn = strdup(source->devices[0]->path)) == NULL)
        return no_memory(call, out);
    if (!read_hosts(source->hosts, out))
        return no_memory(call, out);
    return read_initiator(call, out);
}

/* --- copying ----------------------------------------------------------------------------------- */

static bool copy_text(const char *text, char **out)
{
    *out = text != NULL ? strdup(text) : NULL;
    return text == NULL || *out != NULL;
}

static bool copy_name(const struct chap_name *name, struct chap_name *out)
{
    return copy_text(name->user, &out->user) && copy_text(name->usage, &out->usage) &&
           copy_text(name->uuid, &out->uuid);
}

static bool copy_hosts(const struct target *target, struct target *out)
{
    size_t i;

    out->hosts = calloc(target->host_count + 1, sizeof(*out->hosts));
    for (i = 0; out->hosts != NULL && i < target->host_count; i++) {
        out->hosts[i].port = target->hosts[i].port;
        out->host_count = i + 1;
        if (!copy_text(target->hosts[i].name, &out->hosts[i].name))
            return false;
    }
    return out->hosts != NULL;
}

int32_t target_copy(struct tarn_call *call, const struct target *target, struct target *out)
{
    *out = (struct target){ .all_portals = target->all_portals };
    if (copy_text(target->iqn, &out->iqn) && copy_text(target->initiator, &out->initiator) &&
        copy_name(&target->chap.initiator, &out->chap.initiator) &&
        copy_name(&target->chap.target, &out->chap.target) && copy_hosts(target, out))
        return TARN_OK;
    return no_memory(call, out);
}
