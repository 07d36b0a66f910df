/* SPDX-License-Identifier: BSD-2-Clause
 *
 * config.h - INI files as the kit reads them: its own configuration (tarn-conform(1)), and a
 * module's .conf (tarn-plugins.d(5)).
 */
#ifndef CONFORM_CONFIG_H
#define CONFORM_CONFIG_H

#include <stdbool.h>

struct config;

/* A path of NULL is an empty configuration. NULL with *out_error (freed with free) if the file
 * cannot be read, with the line. */
struct config *config_read(const char *path, char **out_error);
void config_free(struct config *config);

/* The value, or NULL; of a key that stands several times the last. Lives as long as the
 * configuration. */
const char *config_get(const struct config *config, const char *section, const char *key);
/* Calls `each` for every key of a section, in order. */
void config_each(const struct config *config, const char *section,
                 void (*each)(void *arg, const char *key, const char *value), void *arg);
/* The folder of the file, absolute; "" of an empty configuration. */
const char *config_folder(const struct config *config);
/* Calls `each` for every key of every section, in order, until it returns false. */
void config_all(const struct config *config,
                bool (*each)(void *arg, const char *section, const char *key), void *arg);
/* A name that stands in a value is relative to the folder of the file: freed with free; NULL
 * without memory. */
char *config_path(const struct config *config, const char *name);

#endif
