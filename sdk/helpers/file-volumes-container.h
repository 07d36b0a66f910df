/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file-volumes-container.h - a volume between allocation and publication: a file without a name
 * (O_TMPFILE), or, where the filesystem cannot do that and for directories, with a temporary one.
 */
#ifndef HELPERS_FILE_VOLUMES_CONTAINER_H
#define HELPERS_FILE_VOLUMES_CONTAINER_H

#include "helpers/file-volumes-internal.h"

struct container {
    int directory; /* in which it was made, and will be published */
    int fd;        /* the thing itself: keeps it, and its lock, alive */
    bool is_directory;
    char temporary[TEMPORARY_NAME_SIZE]; /* "" = it has no name */
    char name[NAME_MAX + 1];             /* that it will have */
};

/* Makes the file of one that has its directory, without a name if that is possible. 0 or an errno. */
int container_make_file(struct container *container);
/* Frees it, without a trace of what was made. */
void container_discard(struct container *container);
/* Frees it, and leaves what was made alone. */
void container_free(struct container *container);

#endif
