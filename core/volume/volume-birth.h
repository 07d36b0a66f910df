/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The birth of a volume: a container that nobody sees, filled, then published; or taken back.
 */
#ifndef CORE_VOLUME_BIRTH_H
#define CORE_VOLUME_BIRTH_H

#include "core/volume/record.h"
#include "core/xml/volume-def.h"
#include "core/volume/volume.h"

/* Everything that creating a volume needs, from the request to the published name. Zeroed at first;
 * what is set is given back at the end. */
struct birth {
    struct pool_visit visit;         /* of the pool it is born into */
    struct pool_visit source_visit;  /* of the source's pool, if that is another one */
    bool two_pools;
    struct lock locks[3];            /* the new volume, the source, the backing store */
    struct volume_def *def;
    uint32_t flags;                  /* TARN_VOLUME_… */
    struct tarn_volume *source;      /* not counted; NULL = none */
    struct volume_entry *source_entry;
    struct tarn_volume *backing;     /* NULL: none, or one that is in no pool */
    struct volume_entry *backing_entry;
    struct format_ref format;        /* NULL format: one of the pool type's own */
    struct tarn_image_spec spec;
    struct tarn_container_spec container_spec;
    void *container;
    struct tarn_io *io;
    struct family family;            /* its further files */
    char *path;                      /* where it will be, or NULL */
    const char *key;                 /* once it is there, where its record needs it; else NULL */
    bool shares;                     /* the container shares the source's bytes already */
    bool is_snapshot;                /* of the backing store, by the storage: TARN_POOL_SNAPSHOTS */
};

/* volume-request.c: reads the definition; the pools are entered. */
int birth_request(struct birth *birth, const char *xml, struct tarn_error **error);
/* volume-request.c: which volume its backing store is; no pool is entered. */
int birth_find_backing(struct birth *birth, struct tarn_error **error);
/* volume-request.c: looks at what it rests on and settles its sizes; all volumes are locked. */
int birth_settle(struct birth *birth, struct tarn_error **error);
/* volume-likeness.c: what the request leaves open becomes the source's; then it is known what the
 * container must hold. */
int birth_measure(struct birth *birth, struct tarn_error **error);
/* volume-likeness.c: is nothing asked for that the source's image is not? */
bool birth_is_like_source(const struct birth *birth);
/* volume-fill.c: the container as a clone of the source's, if all allows it; then birth->shares. */
int birth_share(struct birth *birth, struct tarn_error **error);
/* After a call that makes the container: what a module that failed stored there is nothing. */
void birth_take(struct birth *birth, int status);
/* volume-fill.c: the image's metadata, and the source's bytes; ends with the byte stores closed. */
int birth_fill(struct birth *birth, struct tarn_error **error);
/* volume-publish.c: the record, the further files, and last the volume itself: all or nothing. */
int birth_publish(struct birth *birth, struct tarn_error **error);
/* volume-publish.c: it was seen under its name: its record is of it, and of no other that comes to
 * bear that name. */
int birth_keep_key(struct birth *birth, const struct volume_entry *entry,
                   struct tarn_error **error);
/* volume-publish.c: takes back what was not published. */
void birth_abort(struct birth *birth);
/* volume-family.c: so that the image can have further files. */
void birth_family_init(struct birth *birth);

#endif
