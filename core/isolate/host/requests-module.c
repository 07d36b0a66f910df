/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The module itself: what it is, loading it, and how much of the process it has used up.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/isolate/descriptor-wire.h"
#include "core/isolate/host/site.h"
#include "core/isolate/wire-shapes.h"
#include "core/registry/descriptor.h"
#include "core/registry/loader.h"

/* No module of ours needs a part of it; one that has it leaks. */
#define MOST_MEMORY (UINT64_C(1) << 30)

/* --- what it is ------------------------------------------------------------------------------- */

static int32_t pass_error(struct request *request, struct tarn_error *error)
{
    int32_t status = error != NULL ? tarn_error_status(error) : TARN_E_INTERNAL;

    request->call.abi.host->fail(&request->call.abi, status, 0,
                                 error != NULL ? tarn_error_message(error) : "no memory");
    tarn_error_free(error);
    return status;
}

int32_t request_describe(struct request *request)
{
    struct site *site = request->site;
    uint64_t fingerprint = wire_get_u64(&request->reader);
    const char *file = wire_get_word(&request->reader);
    struct tarn_error *error = NULL;
    loader_entry_fn entry;
    char *real = NULL;
    int status;

    if (fingerprint != wire_fingerprint())
        return tarn_fail(&request->call.abi, TARN_E_ABI, 0,
                         "tarn-module-host (version %s) is of another build than the library that "
                         "this program uses: start the program anew", PACKAGE_VERSION);
    if (!wire_end(&request->reader) || site->module != NULL)
        return site_broken(request);
    status = loader_open(&entry, &real, file, &error);
    free(real);
    if (status == TARN_OK)
        status = descriptor_read(&site->module, site->arena, entry(TARN_ABI_VERSION), &error);
    if (status != TARN_OK)
        return pass_error(request, error);
    descriptor_put(&request->reply, site->module);
    return TARN_OK;
}

/* --- loading ---------------------------------------------------------------------------------- */

static bool read_options(struct request *request)
{
    struct site *site = request->site;
    size_t length = (size_t)(request->reader.end - request->reader.at);
    size_t most = length / 4 + 1; /* each takes more */
    const struct tarn_property **options = arena_alloc(site->arena, most * sizeof(*options));
    struct wire_reader reader;
    size_t count = 0;

    site->options_body = malloc(length + 1);
    if (site->options_body == NULL || options == NULL)
        return false;
    memcpy(site->options_body, request->reader.at, length);
    reader = (struct wire_reader){ site->options_body, site->options_body + length, &site->arena,
                                   false };
    while (reader.at < reader.end && !reader.failed && count + 1 < most)
        options[count++] = wire_get_struct(&reader, &shape_property);
    site->options = options;
    return wire_end(&reader);
}

int32_t request_load(struct request *request)
{
    struct site *site = request->site;
    int32_t status = TARN_OK;

    if (site->loaded || !read_options(request))
        return site_broken(request);
    if (site->module->load != NULL)
        status = site->module->load(&request->call.abi, &site->state);
    site->loaded = status == TARN_OK;
    return status;
}

/* --- wear ------------------------------------------------------------------------------------- */

/* The lowest free number tells how many descriptors there are, unless low ones are given back. */
static bool has_many_fds(const struct site *site)
{
    int lowest = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);

    if (lowest < 0)
        return true;
    close(lowest);
    return (uint64_t)lowest > site->most_fds / 4 * 3;
}

static bool has_much_memory(void)
{
    unsigned long long total = 0;
    unsigned long long resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    bool known = file != NULL && fscanf(file, "%llu %llu", &total, &resident) == 2;

    if (file != NULL)
        fclose(file);
    return known && resident > MOST_MEMORY / (uint64_t)sysconf(_SC_PAGESIZE);
}

bool site_is_worn(struct site *site)
{
    return has_many_fds(site) || (atomic_load(&site->requests) % 64 == 0 && has_much_memory());
}
