/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The loader: from the path of a .so to its entry. The only file that knows libltdl.
 */
#ifndef CORE_LOADER_H
#define CORE_LOADER_H

#include <tarn/module.h>
#include <tarn/tarn.h>

typedef const struct tarn_module *(*loader_entry_fn)(uint32_t host_abi_version);

/* Maps a module for the rest of the process's life. `path` is absolute. The errors say exactly what
 * is missing: TARN_E_NOT_FOUND (no such file), TARN_E_ACCESS (not to be trusted), TARN_E_NO_MODULE
 * (the dynamic linker refuses it, or it has no entry). Any thread, any number of times.
 * *out_path is the real path, freed with free(): what tells one .so from another. */
int loader_open(loader_entry_fn *out_entry, char **out_path, const char *path,
                struct tarn_error **error);

#endif
