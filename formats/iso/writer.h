/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * writer.h - an ISO 9660 image on its way into a byte store, one file after the other.
 */
#ifndef ISO_WRITER_H
#define ISO_WRITER_H

#include <sys/stat.h>

#include <tarn/call.h>

struct iso_writer;

/* `file` NULL = nothing is written, only counted. More than `room` bytes are TARN_E_NO_SPACE. `label`
 * may be NULL. The thread's locale must be one of UTF-8 as long as the writer lives. */
int32_t iso_writer_open(struct tarn_call *call, struct tarn_io *file, const char *label,
                        uint64_t room, struct iso_writer **out);
/* A file, folder or link of this path in the image; `link` is where a link points to. */
int32_t iso_writer_add(struct iso_writer *writer, const char *path, const struct stat *facts,
                       const char *link);
/* The bytes of the file that was added last, as many as facts->st_size said. */
int32_t iso_writer_data(struct iso_writer *writer, const char *path, const void *bytes,
                        uint64_t length);
/* Writes the image; its length comes out. */
int32_t iso_writer_finish(struct iso_writer *writer, uint64_t *out_length);
/* Without having been finished, it writes nothing. */
void iso_writer_free(struct iso_writer *writer);

#endif
