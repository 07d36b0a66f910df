/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libltdl reports an undefined symbol, a missing dependency and a missing file all as "file not
 * found", so the dynamic linker itself is asked first: what dlopen refuses it explains, and what it
 * takes libltdl takes as well. RTLD_NOW: a symbol that is missing shows here and not in the middle
 * of an operation.
 */
#include "core/registry/loader.h"

#include <dlfcn.h>
#include <ltdl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/registry/trust.h"

#define ENTRY_SYMBOL "tarn_module_entry"

/* libltdl keeps its state in globals of its own, without a lock. */
static pthread_mutex_t libltdl_lock = PTHREAD_MUTEX_INITIALIZER;

static lt_dlhandle open_resident(const char *path)
{
    lt_dladvise advise;
    lt_dlhandle handle = NULL;

    if (lt_dladvise_init(&advise) != 0)
        return NULL;
    if (lt_dladvise_local(&advise) == 0 && lt_dladvise_resident(&advise) == 0)
        handle = lt_dlopenadvise(path, advise);
    lt_dladvise_destroy(&advise);
    if (handle != NULL && lt_dlmakeresident(handle) != 0)
        return NULL;
    return handle;
}

/* lt_dlinit counts, and is never taken back: the modules stay. */
static int open_locked(loader_entry_fn *out, const char *path, struct tarn_error **error)
{
    lt_dlhandle handle = lt_dlinit() == 0 ? open_resident(path) : NULL;
    const char *reason;
    void *symbol;

    if (handle == NULL) {
        reason = lt_dlerror();
        return error_set(error, TARN_E_NO_MODULE, 0, "cannot load %s: %s", path,
                         reason != NULL ? reason : "libltdl does not say why");
    }
    symbol = lt_dlsym(handle, ENTRY_SYMBOL);
    if (symbol == NULL)
        return error_set(error, TARN_E_NO_MODULE, 0,
                         "%s does not export " ENTRY_SYMBOL ": it is no module of tarn", path);
    /* POSIX lets an object pointer of dlsym stand for a function; ISO C has no cast for it. */
    memcpy(out, &symbol, sizeof(symbol));
    return TARN_OK;
}

static int load(loader_entry_fn *out, const char *path, struct tarn_error **error)
{
    void *preflight;
    const char *reason;
    int status;

    pthread_mutex_lock(&libltdl_lock);
    preflight = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (preflight == NULL) {
        reason = dlerror();
        status = error_set(error, TARN_E_NO_MODULE, 0, "cannot load %s",
                           reason != NULL ? reason : path);
    } else {
        status = open_locked(out, path, error);
        dlclose(preflight);
    }
    pthread_mutex_unlock(&libltdl_lock);
    return status;
}

int loader_open(loader_entry_fn *out_entry, char **out_path, const char *path,
                struct tarn_error **error)
{
    char *real;
    int fd;
    int status;

    if (path[0] != '/')
        return error_set(error, TARN_E_INVALID, 0, "%s is no absolute path", path);
    status = trust_open_file(&fd, &real, path, error);
    if (status != TARN_OK)
        return status;
    /* The file stays open: its inode, which was checked, cannot be another's meanwhile. */
    status = load(out_entry, real, error);
    close(fd);
    if (status != TARN_OK)
        free(real);
    else
        *out_path = real;
    return status;
}
