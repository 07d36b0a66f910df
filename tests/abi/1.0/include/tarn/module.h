/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tarn/module.h - the one header that a module includes. A module exports one symbol,
 * tarn_module_entry, and nothing else; see tarn-module(3).
 */
#ifndef TARN_MODULE_H
#define TARN_MODULE_H

#include <tarn/call.h>
#include <tarn/format.h>
#include <tarn/pool-type.h>

#ifdef __cplusplus
extern "C" {
#endif

/* tarn_module.threads: what the host may do at once. The host keeps to it. A module with formats
 * declares TARN_THREADS_POOL or more, since formats are entered from within pool types, and enter
 * those when they read; it is refused otherwise. */
#define TARN_THREADS_DOMAIN   10u /* one call at a time in all modules of the same lock_domain */
#define TARN_THREADS_MODULE   20u /* one call at a time in the module, in the whole process */
#define TARN_THREADS_POOL     30u /* one call at a time per pool handle or open image */
#define TARN_THREADS_PARALLEL 40u /* any number */

struct tarn_module {
    uint32_t struct_size;
    uint32_t abi_version; /* TARN_ABI_VERSION that the module was compiled with */
    const char *name;     /* lower case, digits, hyphens; as the .conf is called */
    const char *version;
    const char *summary;
    const char *licence;  /* SPDX expression */
    uint32_t threads;     /* TARN_THREADS_… */
    uint32_t reserved;
    const char *lock_domain; /* "libparted", "libdevmapper"; with TARN_THREADS_DOMAIN */
    const struct tarn_pool_type *const *pool_types; /* ends with NULL; NULL = none */
    const struct tarn_format *const *formats;       /* ends with NULL; NULL = none */
    const struct tarn_param *const *params;         /* of [options] in the .conf */
    /* Once per host context, before anything else of the module; call->host->option works.
     * NULL = nothing to do. */
    int32_t (*load)(struct tarn_call *call, void **out_state);
    /* Once per successful load. The mapping of the module stays. */
    void (*unload)(void *state);
};

/* The entry: the descriptor, const and valid as long as the process; or NULL if the module cannot
 * work with a host of this ABI version. Touches nothing, calls nothing. */
TARN_EXPORT const struct tarn_module *tarn_module_entry(uint32_t host_abi_version);

#ifdef __cplusplus
}
#endif

#endif
