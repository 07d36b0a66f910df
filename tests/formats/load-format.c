/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * load-format.c - see load-format.h. What is open already is only looked up by dlopen().
 */
#include "load-format.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct tarn_module *load_module(const char *name)
{
    const char *modules = getenv("TARN_MODULE_DIR");
    const struct tarn_module *(*entry)(uint32_t) = NULL;
    char path[8192];
    void *handle;

    snprintf(path, sizeof(path), "%s/%s.so", modules != NULL ? modules : ".", name);
    handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle != NULL)
        *(void **)&entry = dlsym(handle, "tarn_module_entry");
    if (entry == NULL) {
        fprintf(stderr, "%s; TARN_MODULE_DIR names the folder of the modules\n", dlerror());
        exit(2);
    }
    return entry(TARN_ABI_VERSION);
}

/* A format's module bears its name. */
const struct tarn_format *load_format(const char *name)
{
    const struct tarn_module *module = load_module(name);

    if (module == NULL || module->formats == NULL || strcmp(module->formats[0]->name, name) != 0) {
        fprintf(stderr, "the module %s has no such format\n", name);
        exit(2);
    }
    return module->formats[0];
}
