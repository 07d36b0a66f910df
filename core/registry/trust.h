/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whom code is taken from: a folder or file decides what runs in this process only if nobody but
 * root and the caller can change it. What is checked is what was opened, never a name.
 */
#ifndef CORE_TRUST_H
#define CORE_TRUST_H

#include <tarn/tarn.h>

/* Opens a folder. TARN_E_NOT_FOUND if it is not there, TARN_E_ACCESS if it belongs to neither root
 * nor the caller or its group or others may write in it; the text says which and what to do. */
int trust_open_folder(int *out_fd, const char *path, struct tarn_error **error);

/* Opens a regular file for reading; symbolic links are followed, and the file at their end and the
 * folder it lies in are checked by the same rule. *out_path is its real path, freed with free(). */
int trust_open_file(int *out_fd, char **out_path, const char *path, struct tarn_error **error);

#endif
