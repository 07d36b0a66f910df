/* SPDX-License-Identifier: BSD-2-Clause
 *
 * host.c - see host.h. Modules may call from threads of their own, so what they write is locked.
 */
#include "conform/host.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conform/definition.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

const char *status_word(int32_t status)
{
    static const char *const words[TARN_STATUS_COUNT] = {
        "ok",        "not-found",   "exists",    "invalid",  "schema",    "state",
        "busy",      "access",      "no-space",  "io",       "corrupt",   "timeout",
        "cancelled", "unsupported", "no-module", "abi",      "internal",  "replaced",
    };

    return status >= 0 && status < TARN_STATUS_COUNT ? words[status] : "a status that is none";
}

void host_misuse(struct host *host, const char *format, ...)
{
    va_list arguments;

    pthread_mutex_lock(&lock);
    if (host->misuse == NULL) {
        va_start(arguments, format);
        if (vasprintf(&host->misuse, format, arguments) < 0)
            host->misuse = NULL;
        va_end(arguments);
    }
    pthread_mutex_unlock(&lock);
}

/* --- errors, cancellation, progress ----------------------------------------------------------- */

static int32_t host_fail(struct tarn_call *call, int32_t status, int32_t system_errno,
                         const char *text)
{
    struct host *host = host_of(call);

    if (host->operation == NULL)
        host_misuse(host, "it recorded a failure when no operation was running");
    if (status <= TARN_OK || status >= TARN_STATUS_COUNT)
        host_misuse(host, "it recorded a failure with the status %d", status);
    if (text == NULL || *text == '\0')
        host_misuse(host, "it recorded a failure without a text");
    else if (strchr(text, '\n') != NULL)
        host_misuse(host, "the text of a failure has several lines: \"%s\"", text);
    pthread_mutex_lock(&lock);
    if (host->failures++ == 0) {
        host->status = status;
        host->system_errno = system_errno;
        snprintf(host->text, sizeof(host->text), "%s", text != NULL ? text : "");
    }
    pthread_mutex_unlock(&lock);
    return status;
}

static void host_forget(struct tarn_call *call)
{
    struct host *host = host_of(call);

    pthread_mutex_lock(&lock);
    host->failures = 0;
    host->status = TARN_OK;
    host->text[0] = '\0';
    pthread_mutex_unlock(&lock);
}

static int32_t host_interrupted(struct tarn_call *call)
{
    struct host *host = host_of(call);
    unsigned question = atomic_fetch_add(&host->questions, 1) + 1;

    host_is_asked(host, NULL);
    if (host->time_left == 0)
        return host_fail(call, TARN_E_TIMEOUT, 0, "the time is over");
    if (host->cancel_at == 0 || question < host->cancel_at)
        return TARN_OK;
    return host_fail(call, TARN_E_CANCELLED, 0, "cancelled by the kit");
}

static int32_t host_cancel_fd(struct tarn_call *call)
{
    (void)call;
    return -1;
}

static int64_t host_time_left(struct tarn_call *call)
{
    host_is_asked(host_of(call), NULL);
    return host_of(call)->time_left;
}

static void host_progress(struct tarn_call *call, uint64_t done, uint64_t total)
{
    if (total != 0 && done > total)
        host_misuse(host_of(call), "its progress is %llu of %llu", (unsigned long long)done,
                    (unsigned long long)total);
}

static void host_log(struct tarn_call *call, uint32_t level, const char *text)
{
    struct host *host = host_of(call);

    if (level < TARN_LOG_ERROR || level > TARN_LOG_DEBUG || text == NULL)
        host_misuse(host, "it logged with level %u", level);
    host_is_asked(host, NULL);
    atomic_fetch_add(&host->logged, 1);
}

static int32_t host_domain_enter(struct tarn_call *call, const char *lock_domain)
{
    if (lock_domain == NULL || *lock_domain == '\0')
        host_misuse(host_of(call), "it entered a lock domain without a name");
    return TARN_OK;
}

static void host_domain_leave(struct tarn_call *call, const char *lock_domain)
{
    (void)call;
    (void)lock_domain;
}

/* --- the life of a host ----------------------------------------------------------------------- */

static void set_table(struct tarn_host *table)
{
    *table = (struct tarn_host){
        .struct_size = sizeof(*table),
        .abi_version = TARN_ABI_VERSION,
        .fail = host_fail,
        .forget = host_forget,
        .interrupted = host_interrupted,
        .cancel_fd = host_cancel_fd,
        .time_left = host_time_left,
        .progress = host_progress,
        .log = host_log,
        .domain_enter = host_domain_enter,
        .domain_leave = host_domain_leave,
    };
    host_set_answers(table);
    host_set_results(table);
}

static void load(struct host *host)
{
    const struct tarn_module *module = host->trial->module;
    void *state = NULL;
    int32_t status;

    if (module->load == NULL)
        return;
    host_begin(host, "load", HOST_TAKES_NOTHING);
    status = module->load(&host->call, &state);
    if (status != TARN_OK)
        trial_fail(host->trial, "load answered %s: %s", status_word(status), host->text);
    host_end(host, status);
    host->call.module_state = state;
}

static struct host *host_without_state(struct trial *trial)
{
    struct host *host = trial_alloc(trial, sizeof(*host));

    host->trial = trial;
    host->time_left = -1;
    set_table(&host->table);
    host->call.struct_size = sizeof(host->call);
    host->call.host = &host->table;
    return host;
}

struct host *host_beside(const struct host *host)
{
    struct host *beside = host_without_state(host->trial);

    beside->call.module_state = host->call.module_state;
    beside->call.pool = host->call.pool;
    beside->definition = host->definition;
    return beside;
}

struct host *host_new(struct trial *trial)
{
    struct host *host = host_without_state(trial);

    load(host);
    if (trial->type != NULL) {
        host->definition = definition_of(trial);
        host->call.pool = &host->definition->abi;
    }
    return host;
}

void host_unload(struct host *host)
{
    if (host->trial->module->unload != NULL)
        host->trial->module->unload(host->call.module_state);
    host->call.module_state = NULL;
}

void host_begin(struct host *host, const char *operation, uint32_t takes)
{
    host_forget(&host->call);
    results_clear(&host->results);
    atomic_store(&host->questions, 0);
    host->takes = takes;
    host->operation = operation;
}

/* A status and what was recorded go together: the rules of tarn_host.fail. */
static void judge(struct host *host, const char *operation, int32_t status)
{
    struct trial *trial = host->trial;

    if (host->misuse != NULL)
        trial_fail(trial, "%s: %s", operation, host->misuse);
    trial_require(trial, status >= TARN_OK && status < TARN_STATUS_COUNT,
                  "%s answered %d, which is no status", operation, status);
    if (status == TARN_OK)
        return;
    trial_require(trial, host->failures != 0,
                  "%s answered %s without recording a failure: use tarn_fail", operation,
                  status_word(status));
    trial_require(trial, host->status == status,
                  "%s answered %s, but recorded %s first (\"%s\"): return what tarn_fail returns",
                  operation, status_word(status), status_word(host->status), host->text);
}

int32_t host_end(struct host *host, int32_t status)
{
    const char *operation = host->operation;

    host->operation = NULL;
    judge(host, operation, status);
    if (status != TARN_OK)
        memcpy(host->last, host->text, sizeof(host->last));
    return status;
}

void host_must(struct host *host, int32_t status)
{
    const char *operation = host->operation;

    host_end(host, status);
    trial_require(host->trial, status == TARN_OK, "%s answered %s: %s", operation,
                  status_word(status), host->text);
}

void host_refuses(struct host *host, int32_t status, int32_t expected, int32_t or_else,
                  const char *what)
{
    const char *operation = host->operation;

    host_end(host, status);
    if (status == expected || status == or_else)
        return;
    trial_fail(host->trial, "%s answered %s%s%s: %s must be refused with %s%s%s", operation,
               status_word(status), status != TARN_OK ? ": " : "",
               status != TARN_OK ? host->text : "", what, status_word(expected),
               or_else != expected ? " or " : "",
               or_else != expected ? status_word(or_else) : "");
}

void host_learn(struct host *host)
{
    results_clear(&host->known);
    host->known = host->results;
    memset(&host->results, 0, sizeof(host->results));
}
