/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The registry: what plugins.d says there is, and what of it has been loaded. Reading plugins.d
 * opens no module; a module is opened when a type or format of it is first asked for. If the
 * provider of the highest priority cannot be used, the next one is tried; a broken .conf or module
 * costs that module and nothing else, and its reason is kept.
 */
#ifndef CORE_REGISTRY_H
#define CORE_REGISTRY_H

#include "core/context/folders.h"
#include "core/registry/module.h"

struct registry;

/* `context` is for the operations under which modules are loaded, and for their log. Fails only
 * without memory: unreadable folders and files are listed with their reasons. Nothing is read
 * before the first question. */
int registry_open(struct registry **out, struct tarn_context *context,
                  const struct folders *folders, struct tarn_error **error);
/* Calls the unload hooks; the mappings stay. */
void registry_close(struct registry *registry);

/* TARN_E_NO_MODULE, with the reason: nobody provides it, or why each provider cannot be used. */
int registry_type(struct type_ref *out, struct registry *registry, const char *name,
                  struct tarn_error **error);
int registry_format(struct format_ref *out, struct registry *registry, const char *name,
                    struct tarn_error **error);

/* Every format that can be had, in an array that ends with a NULL format and lives as long as the
 * registry; loads what is not loaded yet, the broken ones are left out. */
int registry_formats(const struct format_ref **out, struct registry *registry,
                     struct tarn_error **error);

/* Is there an enabled provider of that name? Loads nothing. */
int registry_provides_type(struct registry *registry, const char *name);
int registry_provides_format(struct registry *registry, const char *name);

#endif
