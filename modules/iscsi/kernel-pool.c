/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel-pool.c - the handle, starting and stopping, and how the pool is.
 */
#include "kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helpers/calm-call.h"

#define TOLD_SIZE 512

/* --- the handle ------------------------------------------------------------------------------- */

int32_t kernel_open(struct tarn_call *call, void **out_pool)
{
    struct kernel *kernel = calloc(1, sizeof(*kernel));
    int32_t status;

    *out_pool = NULL;
    if (kernel == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to open a pool");
    status = target_read(call, &kernel->target);
    snprintf(kernel->iface, sizeof(kernel->iface), "tarn-%.8s", call->pool->uuid);
    kernel->folder = strdup(call->pool->target_path);
    if (status == TARN_OK && kernel->folder == NULL)
        status = tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to open a pool");
    if (status == TARN_OK)
        *out_pool = kernel;
    else
        kernel_close(kernel);
    return status;
}

void kernel_close(void *pool)
{
    struct kernel *kernel = pool;

    if (kernel == NULL)
        return;
    target_clear(&kernel->target);
    free(kernel->folder);
    free(kernel);
}

/* --- how it is -------------------------------------------------------------------------------- */

/* Appends "A, B" and so on. */
static void list_add(char told[TOLD_SIZE], const char *what)
{
    size_t used = strlen(told);

    snprintf(told + used, TOLD_SIZE - used, "%s%s", used > 0 ? ", " : "", what);
}

static void tell_broken(const struct kernel_sessions *sessions, char told[TOLD_SIZE])
{
    size_t i;

    told[0] = '\0';
    for (i = kernel_sessions_usable(sessions); i < sessions->count; i++)
        list_add(told, sessions->list[i].portal);
}

/* The portals that have no session, where each should have one. */
static int32_t tell_missing(struct tarn_call *call, const struct kernel *kernel,
                            const struct kernel_sessions *sessions, char told[TOLD_SIZE])
{
    struct portals portals = { .list = NULL };
    int32_t status = TARN_OK;
    size_t i;

    told[0] = '\0';
    if (kernel->target.all_portals)
        status = portals_find(call, &kernel->target, &portals);
    for (i = 0; status == TARN_OK && i < portals.count; i++)
        if (kernel_sessions_at(sessions, portals.list[i].text) == NULL)
            list_add(told, portals.list[i].text);
    portals_clear(&portals);
    return status;
}

int32_t kernel_need_session(struct tarn_call *call, const struct kernel *kernel,
                            const struct kernel_sessions *sessions)
{
    char broken[TOLD_SIZE];

    if (kernel_sessions_usable(sessions) > 0)
        return TARN_OK;
    tell_broken(sessions, broken);
    if (sessions->count == 0)
        return tarn_fail(call, TARN_E_STATE, 0, "there is no session with %s any more",
                         kernel->target.iqn);
    return tarn_fail(call, TARN_E_TIMEOUT, 0,
                     "%s cannot be reached: the session through %s is broken, and the kernel tries "
                     "again and again", kernel->target.iqn, broken);
}

int32_t kernel_tell_pool(struct tarn_call *call, const struct kernel *kernel,
                         const struct kernel_sessions *sessions, uint64_t capacity)
{
    char broken[TOLD_SIZE], missing[TOLD_SIZE], why[2 * TOLD_SIZE + 64], through[TOLD_SIZE] = "";
    const struct tarn_property portals = { sizeof(portals), 0, "sessions-through", through };
    const struct tarn_property *const properties[] = { &portals, NULL };
    struct tarn_pool_info info = { .struct_size = sizeof(info), .capacity = capacity,
                                   .allocation = capacity, .properties = properties };
    int32_t status = tell_missing(call, kernel, sessions, missing);
    size_t i;

    if (status != TARN_OK)
        return status;
    for (i = 0; i < kernel_sessions_usable(sessions); i++)
        list_add(through, sessions->list[i].portal);
    tell_broken(sessions, broken);
    if (broken[0] != '\0' || missing[0] != '\0') {
        snprintf(why, sizeof(why), "%s%s%s%s%s",
                 broken[0] != '\0' ? "the session is broken through " : "", broken,
                 broken[0] != '\0' && missing[0] != '\0' ? "; " : "",
                 missing[0] != '\0' ? "there is no session through " : "", missing);
        info.state = TARN_POOL_DEGRADED;
        info.state_text = why;
    }
    return call->host->emit_pool(call, &info);
}

/* --- operations ------------------------------------------------------------------------------- */

/* A session that the target has ended is made anew when it is needed: what tells that there should
 * be one are the records. */
int32_t kernel_check(struct tarn_call *call, void *pool, uint32_t *out_active)
{
    const struct kernel *kernel = pool;
    struct kernel_sessions sessions;
    int32_t status = kernel_sessions_find(call, kernel, &sessions);

    *out_active = status == TARN_OK && (sessions.count > 0 || kernel_records_exist(kernel));
    kernel_sessions_clear(&sessions);
    return status;
}

/* What an earlier start left, before the machine was started anew or because it was killed. A
 * session that still works is taken over, if it was made to its end. */
static int32_t clear_leftover(struct tarn_call *call, const struct kernel *kernel)
{
    struct kernel_sessions sessions;
    bool ours = false;
    int32_t status = kernel_sessions_find(call, kernel, &sessions);
    size_t i;

    for (i = 0; i < kernel_sessions_usable(&sessions); i++)
        ours = ours || (sessions.list[i].ours && kernel_records_exist(kernel));
    kernel_sessions_clear(&sessions);
    if (status == TARN_OK && !ours)
        status = kernel_logout(call, kernel);
    return status == TARN_OK && !ours ? kernel_records_remove(call, kernel) : status;
}

/* Without words of its own: why the start failed is what counts. */
static void undo(struct tarn_call *call, const struct kernel *kernel)
{
    struct calm_call calm;

    call = calm_call_begin(&calm, call);
    kernel_logout(call, kernel);
    kernel_records_remove(call, kernel);
}

int32_t kernel_start(struct tarn_call *call, void *pool)
{
    struct kernel *kernel = pool;
    struct kernel_sessions sessions = { .list = NULL };
    int32_t status = clear_leftover(call, kernel);

    if (status == TARN_OK)
        status = kernel_login(call, kernel, true);
    if (status == TARN_OK)
        status = kernel_sessions_find(call, kernel, &sessions);
    if (status == TARN_OK)
        status = kernel_need_session(call, kernel, &sessions);
    kernel_sessions_clear(&sessions);
    if (status != TARN_OK)
        undo(call, kernel);
    return status;
}

/* Disks of somebody else's session stay, so nobody is asked whether they are in use. */
static int32_t prepare_to_stop(struct tarn_call *call, const struct kernel_sessions *sessions,
                               uint32_t flags, struct kernel_units *out)
{
    int32_t status = kernel_units_read(call, sessions, NULL, out);
    size_t kept = 0;
    size_t i;

    for (i = 0; status == TARN_OK && i < out->count; i++)
        if (out->list[i].session->ours)
            out->list[kept++] = out->list[i];
    out->count = kept;
    if (status == TARN_OK && !(flags & TARN_STOP_FORCE))
        status = kernel_refuse_used(call, out);
    if (status == TARN_OK)
        kernel_flush_maps(call, out);
    return status;
}

int32_t kernel_stop(struct tarn_call *call, void *pool, uint32_t flags)
{
    const struct kernel *kernel = pool;
    struct kernel_units units = { .list = NULL };
    struct block_links links = { .list = NULL };
    struct kernel_sessions sessions;
    int32_t status = kernel_sessions_find(call, kernel, &sessions);

    if (status == TARN_OK)
        status = prepare_to_stop(call, &sessions, flags, &units);
    if (status == TARN_OK)
        status = block_links_read(call, kernel->folder, &links);
    if (status == TARN_OK)
        status = kernel_logout(call, kernel);
    if (status == TARN_OK || (flags & TARN_STOP_FORCE)) {
        int32_t removed = kernel_records_remove(call, kernel);

        status = status == TARN_OK ? removed : status;
    }
    if (status == TARN_OK)
        status = kernel_settle_gone(call, kernel->folder, &links, &units);
    block_links_clear(&links);
    kernel_units_clear(&units);
    kernel_sessions_clear(&sessions);
    return status;
}

/* From what the kernel knows, without asking the target. */
int32_t kernel_info(struct tarn_call *call, void *pool)
{
    const struct kernel *kernel = pool;
    struct kernel_sessions sessions = { .list = NULL };
    struct kernel_units units = { .list = NULL };
    uint64_t capacity = 0;
    size_t i;
    int32_t status = kernel_login(call, kernel, false);

    if (status == TARN_OK)
        status = kernel_sessions_find(call, kernel, &sessions);
    if (status == TARN_OK)
        status = kernel_need_session(call, kernel, &sessions);
    if (status == TARN_OK)
        status = kernel_units_read(call, &sessions, NULL, &units);
    for (i = 0; i < units.count; i++)
        if (kernel_unit_is_volume(&units.list[i]) &&
            (i == 0 || !kernel_unit_is_same(&units.list[i - 1], &units.list[i])))
            capacity += units.list[i].size;
    if (status == TARN_OK)
        status = kernel_tell_pool(call, kernel, &sessions, capacity);
    kernel_units_clear(&units);
    kernel_sessions_clear(&sessions);
    return status;
}
