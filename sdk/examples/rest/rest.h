/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rest.h - what the files of the module know of each other.
 */
#ifndef REST_REST_H
#define REST_REST_H

#include "http.h"

#define PATH_MOST 1024u /* the path of a request: a name of 255 bytes takes 765 */

/* A place at the service, "/volumes/NAME" or "/uploads/ID". */
struct place {
    char path[PATH_MOST];
};

/* The byte store of what is at a place. It uses `shared`, which outlives it, or with NULL a
 * connection of its own. */
int32_t rest_store_new(struct tarn_call *call, const struct service *service, struct http *shared,
                       const struct place *place, uint64_t size, uint32_t writable,
                       struct tarn_io **out);

#endif
