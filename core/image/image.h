/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An open image: a format's byte store over a container's, and the images below it. Its own byte
 * store (`facade`) is what formats above it and the host's functions read: it puts each use into
 * the image's own call, so that a module only ever meets calls that are its own.
 */
#ifndef CORE_IMAGE_H
#define CORE_IMAGE_H

#include <stdbool.h>

#include "core/context/call.h"
#include "core/image/family.h"
#include "core/registry/module.h"

/* Where an image lies, and how far the names in it are followed. Texts are copied by image_open. */
struct image_place {
    const char *path;     /* absolute, or NULL: names in it cannot be followed */
    const char *root;     /* the folder of its pool, or NULL: it is in none */
    const char *pool;     /* the pool's name, where its volumes have records */
    const char *approved; /* another file that tarn's own record names, or NULL */
    const char *approved_format; /* and its format, which the image itself may have no place for */
    bool recorded;        /* its format is known, not probed */
    struct family *family; /* the files that were made with it just now, or NULL */
};

struct image {
    struct tarn_io facade; /* first */
    struct call call;
    struct format_ref format;
    struct tarn_io *container;
    struct tarn_io *guest;
    struct image *above;   /* the image that names this one, or NULL */
    struct image *backing; /* the image that this one names, once it is open */
    uint64_t device, inode; /* of its file; 0 = unknown */
    char *path;
    char *root;
    char *pool;
    char *approved;
    char *approved_format;
    bool recorded;
    bool writable;         /* what it names may be opened for writing */
    struct family *family; /* not its own; NULL = none */
};

/* Opens it. Takes over `container`, also on failure. The operation outlives the image; `above` is
 * NULL for the topmost. `flags` are TARN_IMAGE_OPEN_…. */
int image_open(struct image **out, struct operation *operation, const struct format_ref *format,
               struct tarn_io *container, const struct image_place *place, uint32_t flags,
               const char *snapshot, struct image *above, struct tarn_error **error);
/* Closes all of it; what the format had still to write and could not is the error. */
int image_close(struct image *image, struct tarn_error **error);
/* Writes an empty image into an empty container, which stays the caller's. Its further files come
 * from place->family; without one it can have none. */
int image_create(struct operation *operation, const struct format_ref *format,
                 struct tarn_io *container, const struct image_place *place,
                 const struct tarn_image_spec *spec, struct tarn_error **error);

/* For a use of the format without its byte store (image_create, image_check): sets up an image that
 * answers what the format asks about other files, through `sink`, which gets `sink_arg`. */
int image_prepare(struct image *image, struct operation *operation,
                  const struct format_ref *format, struct tarn_io *container,
                  const struct image_place *place, const struct call_sink *sink, void *sink_arg,
                  struct tarn_error **error);
void image_release(struct image *image);
/* Around each call of the format's functions. The end hands a failure on, and is its status. */
struct tarn_call *image_enter(struct image *image);
int image_leave(struct image *image, int status, struct tarn_error **error);
/* The same for a call that must say why it failed: if the module did not, this says so. */
int image_leave_with_reason(struct image *image, int status, struct tarn_error **error);

/* Uses of the facade by the core itself, with the error where the core wants it. */
int image_size(uint64_t *out, struct image *image, struct tarn_error **error);
int image_pread(struct image *image, void *buffer, uint64_t length, uint64_t offset,
                struct tarn_error **error);
int image_pwrite(struct image *image, const void *buffer, uint64_t length, uint64_t offset,
                 struct tarn_error **error);
/* Writes zeros where the format has no better way. `flags` as in tarn_io.zero. */
int image_zero(struct image *image, uint64_t offset, uint64_t length, uint32_t flags,
               struct tarn_error **error);
int image_discard(struct image *image, uint64_t offset, uint64_t length,
                  struct tarn_error **error);
int image_flush(struct image *image, struct tarn_error **error);
int image_truncate(struct image *image, uint64_t size, uint32_t flags, struct tarn_error **error);

/* --- image-map.c ------------------------------------------------------------------------------ */

typedef int (*image_extent_fn)(void *arg, const struct tarn_extent *extent);

/* The extents of [offset, offset + length), merged, through all backing images, with their
 * depth. */
int image_map(struct image *image, uint64_t offset, uint64_t length, image_extent_fn emit,
              void *arg, struct tarn_error **error);

/* --- image-related.c -------------------------------------------------------------------------- */

/* tarn_host.open_related, for the image that is the call's sink_arg. */
int image_open_related(void *arg, struct call *call, uint32_t role, const char *name,
                       const char *format, uint32_t flags, struct tarn_io **out);
/* The path that a name in the image at `image_path` means: absolute, or relative to its folder. To
 * be freed; NULL without memory. */
char *image_resolve(const char *image_path, const char *name);
/* Is it text that some program takes for a protocol or an option list, not a path? */
bool name_has_scheme(const char *name);

#endif
