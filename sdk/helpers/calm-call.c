/* SPDX-License-Identifier: BSD-2-Clause
 *
 * calm-call.c - the functions of the host that undoing uses: those that must answer otherwise, and
 * those that are passed on.
 */
#include "helpers/calm-call.h"

/* Milliseconds that one step of undoing may take. */
#define PATIENCE 60000

static struct calm_call *calm_of(struct tarn_call *call)
{
    return (struct calm_call *)(void *)call;
}

static int32_t calm_fail(struct tarn_call *call, int32_t status, int32_t system_errno,
                         const char *text)
{
    struct tarn_call *from = calm_of(call)->from;

    (void)system_errno;
    from->host->log(from, TARN_LOG_WARNING, text);
    return status;
}

static void calm_forget(struct tarn_call *call)
{
    (void)call;
}

static int32_t calm_interrupted(struct tarn_call *call)
{
    (void)call;
    return TARN_OK;
}

static int32_t calm_cancel_fd(struct tarn_call *call)
{
    (void)call;
    return -1;
}

static int64_t calm_time_left(struct tarn_call *call)
{
    (void)call;
    return PATIENCE;
}

static void calm_log(struct tarn_call *call, uint32_t level, const char *text)
{
    struct tarn_call *from = calm_of(call)->from;

    from->host->log(from, level, text);
}

static const char *calm_option(struct tarn_call *call, const char *name)
{
    struct tarn_call *from = calm_of(call)->from;

    return from->host->option(from, name);
}

static int32_t calm_identify(struct tarn_call *call, const char *kind, const char *id,
                             uint32_t flags)
{
    struct tarn_call *from = calm_of(call)->from;

    return from->host->identify(from, kind, id, flags);
}

static void calm_notify(struct tarn_call *call, uint32_t kind, const char *volume,
                        const char *text)
{
    struct tarn_call *from = calm_of(call)->from;

    from->host->notify(from, kind, volume, text);
}

static int32_t calm_domain_enter(struct tarn_call *call, const char *domain)
{
    struct tarn_call *from = calm_of(call)->from;

    return TARN_HAS(from->host, struct tarn_host, domain_enter)
               ? from->host->domain_enter(from, domain)
               : TARN_OK;
}

static void calm_domain_leave(struct tarn_call *call, const char *domain)
{
    struct tarn_call *from = calm_of(call)->from;

    if (TARN_HAS(from->host, struct tarn_host, domain_leave))
        from->host->domain_leave(from, domain);
}

struct tarn_call *calm_call_begin(struct calm_call *calm, struct tarn_call *from)
{
    calm->from = from;
    calm->host = (struct tarn_host){
        .struct_size = sizeof(calm->host),
        .abi_version = from->host->abi_version,
        .fail = calm_fail,
        .forget = calm_forget,
        .interrupted = calm_interrupted,
        .cancel_fd = calm_cancel_fd,
        .time_left = calm_time_left,
        .log = calm_log,
        .option = calm_option,
        .identify = calm_identify,
        .notify = calm_notify,
        .domain_enter = calm_domain_enter,
        .domain_leave = calm_domain_leave,
    };
    calm->abi = *from;
    calm->abi.struct_size = sizeof(calm->abi);
    calm->abi.host = &calm->host;
    return &calm->abi;
}
