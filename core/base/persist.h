/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Small files that must be whole at every moment: written beside, made durable, renamed.
 */
#ifndef CORE_PERSIST_H
#define CORE_PERSIST_H

#include <stdbool.h>
#include <stddef.h>

#include <tarn/tarn.h>

/* Replaces folder/name, or makes it; durable when it returns. A process that is killed leaves the
 * old file or the new one, and at most an unnamed one that the kernel takes back. */
int persist_write(const char *folder, const char *name, const void *bytes, size_t length,
                  struct tarn_error **error);
/* The same for what is worth nothing after a power failure: whole, and not made durable. */
int persist_write_fleeting(const char *folder, const char *name, const void *bytes, size_t length,
                           struct tarn_error **error);
/* The whole file, NUL added, freed with free(); refused above `limit` bytes with TARN_E_INVALID. */
int persist_read(char **out, size_t *out_length, const char *folder, const char *name, size_t limit,
                 struct tarn_error **error);
/* Removes it durably; TARN_E_NOT_FOUND if it was not there. */
int persist_remove(const char *folder, const char *name, struct tarn_error **error);
/* Makes folder/name a symbolic link to `target`, durably; one that is there is replaced. */
int persist_link(const char *folder, const char *name, const char *target,
                 struct tarn_error **error);

/* Removes what killed processes left half written in the folder; nobody else writes there now. */
int persist_clean(const char *folder, struct tarn_error **error);
/* Is there anything of that kind, or being written just now? */
bool persist_needs_clean(const char *folder);
/* Is this the name of such a file? Whoever lists a folder passes it over. */
bool persist_is_temporary(const char *name);

#endif
