/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The further files of an image that is being made (the extents of a vmdk, the data file of a
 * qcow2): containers without a name, like the image's own, until all of them are published. While
 * the image is filled it names files that are not there yet, and finds them here.
 */
#ifndef CORE_IMAGE_FAMILY_H
#define CORE_IMAGE_FAMILY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/context/call.h"

struct family_member {
    char *name;          /* beside the image */
    void *container;     /* the maker's; it ends it */
    struct tarn_io *io;  /* NULL once it is closed */
};

struct family {
    const char *image; /* the image's own name, without a folder */
    /* Makes a container for the file `name`, open for writing, of `size` bytes of zeros. */
    int (*make)(void *arg, const char *name, uint64_t size, void **out_container,
                struct tarn_io **out_io, struct tarn_error **error);
    void *arg;
    struct operation *operation;
    struct family_member *members;
    size_t count;
};

/* tarn_host.create_related. */
int family_create(struct family *family, struct call *call, const char *suffix, uint64_t size,
                  const char **out_name, struct tarn_io **out);
/* One that was made, for its user to close; NULL if there is none of this name, or no memory. */
struct tarn_io *family_open(struct family *family, const char *name);
/* Flushes and closes the byte stores of all. */
int family_close(struct family *family, bool flush, struct tarn_error **error);
/* Frees what is left; the containers are ended already. */
void family_clear(struct family *family);

#endif
