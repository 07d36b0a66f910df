/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A volume, as a host holds it: a name in a pool. What is known of it is in the pool's inventory.
 */
#ifndef CORE_VOLUME_H
#define CORE_VOLUME_H

#include "core/image/container.h"
#include "core/image/image.h"
#include "core/pool/inventory.h"
#include "core/pool/observe.h"
#include "core/pool/pool.h"
#include "core/volume/record.h"

struct tarn_volume {
    atomic_int references;
    struct tarn_pool *pool;
    char name[];
};

int volume_new(struct tarn_volume **out, struct tarn_pool *pool, const char *name,
               struct tarn_error **error);

/* Working on one volume of an active pool: both locked. */
struct volume_visit {
    struct pool_visit pool;
    struct lock lock;
    struct volume_entry *entry; /* as it is now; counted */
};

/* Enters the pool, locks the volume and looks at it. `operation` is static. */
int volume_enter(struct volume_visit *visit, struct tarn_volume *volume, const char *operation,
                 enum lock_mode mode, struct tarn_job *job, struct tarn_error **error);
void volume_leave(struct volume_visit *visit);

/* Opens the container of a volume. */
int volume_container(struct tarn_io **out, struct pool_session *session,
                     struct operation *operation, const char *name, enum container_use use,
                     struct tarn_error **error);
/* Where the image in it lies, for the policy. */
struct volume_place {
    struct image_place place;    /* its texts are the entry's and the record's */
    struct volume_record record; /* to be cleared */
};
int volume_place_find(struct volume_place *out, struct tarn_pool *pool,
                      struct pool_session *session, const struct volume_entry *entry,
                      struct tarn_error **error);
/* Opens the image in it, with the format that is known; `flags` are TARN_IMAGE_OPEN_…. */
int volume_image(struct image **out, struct tarn_pool *pool, struct pool_session *session,
                 struct operation *operation, const struct volume_entry *entry, uint32_t flags,
                 struct tarn_error **error);
/* The format of a volume that holds an image. TARN_E_UNSUPPORTED for one that does not. */
int volume_format(struct format_ref *out, struct tarn_context *context,
                  const struct volume_entry *entry, struct tarn_error **error);
/* Overwrites the container of a volume that is locked alone. */
int volume_wipe(struct volume_visit *visit, const char *algorithm, struct tarn_error **error);
/* Looks at it again, after it was changed; tells listeners. */
void volume_changed(struct volume_visit *visit);

/* The volumes of active pools that use the one at `path` as their backing store, at most `room` of
 * them told by name in `text` (size bytes). Their number. */
unsigned volume_dependents(char *text, size_t size, struct tarn_context *context, const char *path);

#endif
