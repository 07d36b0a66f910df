/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What modules provide, by name, without loading any.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/auto.h"
#include "tools/module.h"
#include "tools/text.h"

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void names_free(char **names)
{
    for (char **name = names; name && *name; name++)
        free(*name);
    free(names);
}

/* Leaves the first of equals; they stand together. */
static void drop_twins(char **names, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && strcmp(names[kept - 1], names[i]) == 0)
            free(names[i]);
        else
            names[kept++] = names[i];
    }
    names[kept] = NULL;
}

int module_provided(char ***out, struct tool *tool, const char *kind)
{
    AUTO(module_list) struct tarn_module_record **modules = NULL;
    int status = tarn_module_list(&modules, tool->context, &tool->error);
    char **names = must_alloc(sizeof(*names));
    size_t count = 0;

    for (size_t i = 0; modules && modules[i]; i++)
        for (size_t j = 0; modules[i]->enabled && modules[i]->provides && modules[i]->provides[j];
             j++) {
            const char *provided = modules[i]->provides[j];
            if (strncmp(provided, kind, strlen(kind)) != 0)
                continue;
            names = must_grow(names, (count + 2) * sizeof(*names));
            names[count++] = must_copy(provided + strlen(kind));
        }
    qsort(names, count, sizeof(*names), compare);
    drop_twins(names, count);
    *out = names;
    return status;
}
