/* SPDX-License-Identifier: BSD-2-Clause
 *
 * server.c - the addresses of a host, and waiting for what one of them answers.
 */
#include "helpers/server.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "helpers/errno-status.h"

#define ADDRESS_SIZE 128 /* an IPv6 address with the name of an interface */
#define SECOND 1000

/* --- names ------------------------------------------------------------------------------------- */

static char **list_new(const struct addrinfo *info)
{
    size_t count = 1;

    for (; info != NULL; info = info->ai_next)
        count++;
    return calloc(count, sizeof(char *));
}

static int list_fill(char **list, const struct addrinfo *info)
{
    char text[ADDRESS_SIZE];
    int error = 0;

    for (; info != NULL && error == 0; info = info->ai_next) {
        error = getnameinfo(info->ai_addr, info->ai_addrlen, text, sizeof(text), NULL, 0,
                            NI_NUMERICHOST);
        if (error == 0 && (*list++ = strdup(text)) == NULL)
            error = EAI_MEMORY;
    }
    return error;
}

/* "[::1]" is how some write an address. */
static const char *without_brackets(const char *host, char bare[NI_MAXHOST])
{
    size_t length = strlen(host);

    if (length < 2 || length >= NI_MAXHOST || host[0] != '[' || host[length - 1] != ']')
        return host;
    memcpy(bare, host + 1, length - 2);
    bare[length - 2] = '\0';
    return bare;
}

int32_t server_resolve(const char *host, struct server_addresses *out, char why[SERVER_WHY_SIZE])
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    struct addrinfo *info = NULL;
    char bare[NI_MAXHOST];
    int error = getaddrinfo(without_brackets(host, bare), NULL, &hints, &info);

    out->list = NULL;
    if (error == 0) {
        out->list = list_new(info);
        error = out->list != NULL ? list_fill(out->list, info) : EAI_MEMORY;
        freeaddrinfo(info);
    }
    if (error == 0)
        return TARN_OK;
    server_addresses_free(out);
    snprintf(why, SERVER_WHY_SIZE, "its name has no address: %s", gai_strerror(error));
    return error == EAI_MEMORY ? TARN_E_INTERNAL : TARN_E_NOT_FOUND;
}

void server_addresses_free(struct server_addresses *addresses)
{
    char **address;

    for (address = addresses->list; address != NULL && *address != NULL; address++)
        free(*address);
    free(addresses->list);
    addresses->list = NULL;
}

/* --- time -------------------------------------------------------------------------------------- */

int64_t server_now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * SECOND + time.tv_nsec / 1000000;
}

int64_t server_answer_until(struct tarn_call *call)
{
    const char *seconds = call->host->option(call, "answer-timeout");

    return server_now() + (seconds != NULL ? strtoll(seconds, NULL, 10) : 10) * SECOND;
}

int server_time_left(struct tarn_call *call, int64_t until)
{
    int64_t own = until - server_now();
    int64_t calls = call->host->time_left(call);
    int64_t left = calls >= 0 && calls < own ? calls : own;

    return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

int32_t server_wait(struct tarn_call *call, int fd, short events, int64_t until,
                   short *out_events)
{
    struct pollfd polled[] = { { .fd = fd, .events = events },
                               { .fd = call->host->cancel_fd(call), .events = POLLIN } };
    int32_t status;
    int count;

    do {
        status = tarn_interrupted(call);
        if (status != TARN_OK)
            return status;
        count = poll(polled, 2, server_time_left(call, until));
    } while (count < 0 && errno == EINTR);
    if (count < 0)
        return tarn_fail(call, status_from_errno(errno), errno, "cannot wait for a server");
    *out_events = polled[0].revents;
    return tarn_interrupted(call);
}
