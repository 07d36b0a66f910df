/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One .conf of plugins.d, see tarn-plugins.d(5).
 */
#ifndef CORE_PLUGIN_CONF_H
#define CORE_PLUGIN_CONF_H

#include <stdbool.h>

#include <tarn/result.h>
#include <tarn/tarn.h>

#define PLUGIN_CONF_SUFFIX ".conf"

/* What a module is listed under if its .conf does not say. */
#define PLUGIN_PRIORITY 50

struct plugin_conf {
    char *name; /* of the module: the file's, without .conf, in printable letters */
    char *path; /* of the .conf */
    char *file; /* absolute path of the .so; NULL if the .conf does not get so far */
    const char *const *provides; /* "pool:dir", "format:raw"; ends with NULL; never NULL itself */
    const struct tarn_property *const *options; /* ends with NULL; never NULL itself; unchecked */
    const struct tarn_property *const *environment; /* of its processes; likewise; NAME and value */
    uint32_t abi; /* 0 if it does not get so far */
    bool enabled;
    bool isolated; /* runs in processes of its own */
    int32_t priority;
    struct tarn_error *error; /* why it cannot be used, or NULL */
    struct arena *arena;      /* holds all of the above but the error */
};

/* Reads folder/file_name. NULL only without memory: whatever is wrong with the file is kept in
 * `error`, with file and line. `distrust` is what is wrong with the folder, or NULL: then nothing
 * in it is believed. `modules` is the folder that `file` is relative to. */
struct plugin_conf *plugin_conf_read(const char *folder, const char *file_name,
                                     const char *modules, const struct tarn_error *distrust);
/* Stands for a whole folder that cannot be read, for the reason given. NULL without memory. */
struct plugin_conf *plugin_conf_of_folder(const char *folder, const struct tarn_error *reason);
void plugin_conf_free(struct plugin_conf *conf);

/* Lower case, digits and hyphens, no hyphen first: so modules, types and formats are called. */
bool plugin_name_valid(const char *name);

/* Does it say that it provides "pool" or "format" `name`? */
bool plugin_conf_provides(const struct plugin_conf *conf, const char *kind, const char *name);

#endif
