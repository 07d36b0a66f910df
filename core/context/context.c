/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opening and closing a context.
 */
#include "core/context/context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/sized.h"
#include "core/context/event.h"
#include "core/context/lock.h"
#include "core/base/persist.h"
#include "core/pool/pool.h"
#include "core/registry/registry.h"

#define DEFAULT_DEADLINE 60000u            /* milliseconds */
#define CLEAN_PATIENCE INT64_C(1000000000) /* nanoseconds */

const char *tarn_version(void)
{
    return PACKAGE_VERSION;
}

void context_log(struct tarn_context *context, unsigned level, const char *format, ...)
{
    char text[2048];
    va_list arguments;

    if (context->log == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    context->log(context->log_arg, level, text);
}

/* What the caller's structure has, complete. */
static void complete_options(struct tarn_context_options *to,
                             const struct tarn_context_options *from)
{
    memset(to, 0, sizeof(*to));
    if (from != NULL)
        sized_copy_host(to, sizeof(*to), from);
}

/* Whoever was killed while writing a definition left a file without a place. Alone with the
 * definitions, nobody is writing one; whoever may not write, or would have to wait long, leaves
 * them to the next. */
static void clean_folders(struct tarn_context *context)
{
    const char *const folders[] = { context->folders.pools,   context->folders.autostart,
                                    context->folders.marks,   context->folders.active,
                                    context->folders.reasons, context->folders.seen };
    const size_t count = sizeof(folders) / sizeof(folders[0]);
    struct operation operation;
    struct lock definitions = { 0 };
    bool needed = false;
    size_t index;

    for (index = 0; index < count; index++)
        needed = needed || persist_needs_clean(folders[index]);
    if (!needed)
        return;
    operation_begin(&operation, context, "open", NULL, NULL, NULL);
    operation.deadline = clock_monotonic() + CLEAN_PATIENCE;
    if (lock_take(&definitions, &operation, LOCK_DEFINITIONS, NULL, NULL, LOCK_EXCLUSIVE, NULL) ==
        TARN_OK)
        for (index = 0; index < count; index++)
            persist_clean(folders[index], NULL);
    lock_release(&definitions);
    operation_end(&operation);
}

static int open_parts(struct tarn_context *context, const struct tarn_context_options *options,
                      struct tarn_error **error)
{
    int status = folders_init(&context->folders, options, error);

    if (status == TARN_OK)
        status = locks_open(&context->locks, context->folders.lock, error);
    if (status == TARN_OK)
        status = events_open(&context->events, error);
    if (status == TARN_OK)
        status = pools_open(&context->pools, error);
    if (status == TARN_OK)
        status = registry_open(&context->registry, context, &context->folders, error);
    if (status == TARN_OK)
        clean_folders(context);
    return status;
}

int tarn_context_open(struct tarn_context **out, const struct tarn_context_options *given,
                      struct tarn_error **error)
{
    struct tarn_context *context = calloc(1, sizeof(*context));
    struct tarn_context_options options;
    int status;

    if (context == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "no memory for a context");
    complete_options(&options, given);
    context->follow = options.follow != 0 ? options.follow : TARN_FOLLOW_RECORDED;
    context->deadline = options.deadline != 0 ? options.deadline : DEFAULT_DEADLINE;
    context->log = options.log;
    context->log_arg = options.log_arg;
    context->secret = options.secret;
    context->secret_arg = options.secret_arg;
    pthread_mutex_init(&context->operations_lock, NULL);
    uuid_text_new(context->id);
    status = open_parts(context, &options, error);
    if (status != TARN_OK) {
        tarn_context_close(context);
        return status;
    }
    *out = context;
    return TARN_OK;
}

/* In the order in which they use each other. */
void tarn_context_close(struct tarn_context *context)
{
    if (context == NULL)
        return;
    events_close(context->events);
    context->events = NULL;
    pools_close(context->pools);
    registry_close(context->registry);
    locks_close(context->locks);
    folders_clear(&context->folders);
    pthread_mutex_destroy(&context->operations_lock);
    free(context);
}
