/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * chap.c - names and secrets for logging in. A definition names them; only the host has them.
 */
#include "chap.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Names are sent as "CHAP_N=…" in a field of that size. */
#define NAME_MOST (CHAP_NAME_SIZE - 1 - 7)

/* --- names ------------------------------------------------------------------------------------- */

static void name_clear(struct chap_name *name)
{
    free(name->user);
    free(name->usage);
    free(name->uuid);
    *name = (struct chap_name){ .user = NULL };
}

void chap_names_clear(struct chap_names *names)
{
    name_clear(&names->initiator);
    name_clear(&names->target);
}

static bool copy(const char *text, char **out)
{
    *out = text != NULL ? strdup(text) : NULL;
    return text == NULL || *out != NULL;
}

static bool name_copy(const char *user, const char *usage, const char *uuid,
                      struct chap_name *out)
{
    return copy(user, &out->user) && copy(usage, &out->usage) && copy(uuid, &out->uuid);
}

static const char *own(struct tarn_call *call, const char *xpath)
{
    return call->host->query(call, TARN_DEFINITION_POOL, xpath, 0);
}

int32_t chap_names_read(struct tarn_call *call, struct chap_names *out)
{
    static const char auth[] = "/pool/source/iscsi:target-auth/@username";
    static const char usage[] = "/pool/source/iscsi:target-auth/iscsi:secret/@usage";
    static const char uuid[] = "/pool/source/iscsi:target-auth/iscsi:secret/@uuid";
    const struct tarn_source_auth *initiator = call->pool->source->auth;
    bool complete = true;

    *out = (struct chap_names){ .initiator.user = NULL };
    if (initiator != NULL)
        complete = name_copy(initiator->username, initiator->secret_usage,
                             initiator->secret_uuid, &out->initiator);
    if (complete)
        complete = name_copy(own(call, auth), own(call, usage), own(call, uuid), &out->target);
    if (complete)
        return TARN_OK;
    chap_names_clear(out);
    return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for the names of a login");
}

/* --- secrets ----------------------------------------------------------------------------------- */

/* Locked and out of core dumps where the system allows it: a process without privileges may lock
 * a little only, and works all the same. */
static struct chap *chap_allocate(void)
{
    struct chap *chap = mmap(NULL, sizeof(*chap), PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (chap == MAP_FAILED)
        return NULL;
    (void)mlock(chap, sizeof(*chap));
    (void)madvise(chap, sizeof(*chap), MADV_DONTDUMP);
    return chap;
}

void chap_free(struct chap *chap)
{
    if (chap == NULL)
        return;
    explicit_bzero(chap, sizeof(*chap));
    munmap(chap, sizeof(*chap));
}

static const char *called(const struct chap_name *name)
{
    return name->usage != NULL ? name->usage : name->uuid != NULL ? name->uuid : "";
}

static int32_t take_name(struct tarn_call *call, const struct chap_name *name,
                         char out[CHAP_NAME_SIZE])
{
    if (name->user[0] == '\0' || strlen(name->user) > NAME_MOST)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "the user name of a login has %zu bytes: CHAP needs 1 to %d",
                         strlen(name->user), NAME_MOST);
    strcpy(out, name->user);
    return TARN_OK;
}

static int32_t take_secret(struct tarn_call *call, const struct chap_name *name,
                           char out[CHAP_SECRET_SIZE])
{
    uint64_t length = CHAP_SECRET_SIZE - 1;
    int32_t status = call->host->secret(call, name->usage, name->uuid, out, &length);

    if (status != TARN_OK)
        return status;
    if (length == 0 || length >= CHAP_SECRET_SIZE || memchr(out, '\0', (size_t)length) != NULL)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "the secret \"%s\" cannot be used for CHAP: it needs 1 to %d bytes of "
                         "text", called(name), CHAP_SECRET_SIZE - 1);
    out[length] = '\0';
    return TARN_OK;
}

/* A target that has our secret too could send our own answer back (RFC 7143, 9.2.1). */
static int32_t check_differ(struct tarn_call *call, const struct chap *chap,
                            const struct chap_names *names)
{
    if (strcmp(chap->secret, chap->target_secret) != 0)
        return TARN_OK;
    return tarn_fail(call, TARN_E_INVALID, 0,
                     "the secrets \"%s\" and \"%s\" are the same: give the target one of its own",
                     called(&names->initiator), called(&names->target));
}

static int32_t fill(struct tarn_call *call, const struct chap_names *names, struct chap *chap)
{
    int32_t status = take_name(call, &names->initiator, chap->user);

    if (status == TARN_OK)
        status = take_secret(call, &names->initiator, chap->secret);
    if (status != TARN_OK || names->target.user == NULL)
        return status;
    status = take_name(call, &names->target, chap->target_user);
    if (status == TARN_OK)
        status = take_secret(call, &names->target, chap->target_secret);
    return status == TARN_OK ? check_differ(call, chap, names) : status;
}

int32_t chap_new(struct tarn_call *call, const struct chap_names *names, struct chap **out)
{
    struct chap *chap;
    int32_t status;

    *out = NULL;
    if (names->initiator.user == NULL)
        return TARN_OK;
    chap = chap_allocate();
    if (chap == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, errno, "no memory for a secret");
    status = fill(call, names, chap);
    if (status == TARN_OK)
        *out = chap;
    else
        chap_free(chap);
    return status;
}
