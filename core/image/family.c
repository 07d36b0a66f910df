/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See family.h.
 */
#include "core/image/family.h"

#include <stdlib.h>
#include <string.h>

#include "sdk/helpers/borrowed-io.h"

/* More than a disk of 64 TiB has in pieces of 2 GiB would be a mistake. */
#define MOST_MEMBERS 32768u

/* "disk.vmdk" and "-flat.vmdk" make "disk-flat.vmdk". NULL without memory. */
static char *related_name(const char *image, const char *suffix)
{
    const char *extension = strrchr(suffix, '.');
    size_t length = strlen(image);
    size_t ending = extension != NULL ? strlen(extension) : 0;
    char *name = NULL;

    if (ending > 0 && length > ending && strcmp(image + length - ending, extension) == 0)
        length -= ending;
    return asprintf(&name, "%.*s%s", (int)length, image, suffix) < 0 ? NULL : name;
}

static struct family_member *find(const struct family *family, const char *name)
{
    size_t i;

    for (i = 0; i < family->count; i++)
        if (strcmp(family->members[i].name, name) == 0)
            return &family->members[i];
    return NULL;
}

/* Room for one more, which is not counted yet. NULL without memory. */
static struct family_member *make_room(struct family *family)
{
    struct family_member *grown =
        reallocarray(family->members, family->count + 1, sizeof(*family->members));

    if (grown == NULL)
        return NULL;
    family->members = grown;
    grown[family->count] = (struct family_member){ NULL, NULL, NULL };
    return &grown[family->count];
}

int family_create(struct family *family, struct call *call, const char *suffix, uint64_t size,
                  const char **out_name, struct tarn_io **out)
{
    struct tarn_error **error = &call->error;
    struct family_member *member;
    int status;

    if (suffix == NULL || *suffix == '\0' || strchr(suffix, '/') != NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "a further file needs a suffix without /");
    if (family->count == MOST_MEMBERS)
        return error_set(error, TARN_E_INVALID, 0,
                         "the image would have more than %u further files", MOST_MEMBERS);
    member = make_room(family);
    if (member == NULL || (member->name = related_name(family->image, suffix)) == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "no memory for a further file");
    if (find(family, member->name) != NULL)
        status = error_set(error, TARN_E_INTERNAL, 0, "the further file %s is made twice",
                           member->name);
    else
        status = family->make(family->arg, member->name, size, &member->container, &member->io,
                              error);
    if (status != TARN_OK) {
        free(member->name);
        return status;
    }
    family->count++;
    *out_name = member->name;
    *out = borrowed_io(member->io, true);
    return *out != NULL ? TARN_OK
                        : error_set(error, TARN_E_INTERNAL, 0, "no memory for a further file");
}

struct tarn_io *family_open(struct family *family, const char *name)
{
    struct family_member *member = find(family, name);

    return member != NULL && member->io != NULL ? borrowed_io(member->io, true) : NULL;
}

int family_close(struct family *family, bool flush, struct tarn_error **error)
{
    int result = TARN_OK;
    size_t i;

    for (i = 0; i < family->count; i++) {
        struct tarn_io *io = family->members[i].io;
        struct call call;
        int status = TARN_OK;
        int closed;

        if (io == NULL)
            continue;
        family->members[i].io = NULL;
        call_begin(&call, family->operation, NULL);
        if (flush && result == TARN_OK)
            status = tarn_io_flush(&call.abi, io);
        closed = tarn_io_close(&call.abi, io);
        status = call_end(&call, status != TARN_OK ? status : closed,
                          result == TARN_OK ? error : NULL);
        result = result != TARN_OK ? result : status;
    }
    return result;
}

void family_clear(struct family *family)
{
    size_t i;

    family_close(family, false, NULL);
    for (i = 0; i < family->count; i++)
        free(family->members[i].name);
    free(family->members);
    family->members = NULL;
    family->count = 0;
}
