/* SPDX-License-Identifier: BSD-2-Clause
 *
 * http.c - see http.h. Nothing here blocks but poll(2), which also hears that the call is
 * cancelled.
 */
#include "http.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define HEAD_MOST 8192u
#define SLICE     200 /* milliseconds after which a host without a descriptor is asked again */

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

void http_close(struct http *http)
{
    if (http->fd >= 0)
        close(http->fd);
    http->fd = -1;
}

/* --- waiting ---------------------------------------------------------------------------------- */

static int64_t lesser(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

static int32_t silent(struct tarn_call *call, const struct http *http)
{
    return tarn_fail(call, TARN_E_TIMEOUT, ETIMEDOUT,
                     "the service at %s was silent for %lld seconds: look whether it is well%s",
                     http->service->socket, (long long)http->service->patience,
                     http->firm ? ", and whether it was done" : "");
}

/* Until the socket is ready, the call is over, or the service was silent for too long. */
static int32_t await(struct tarn_call *call, const struct http *http, short events)
{
    struct pollfd ready[2] = {
        { .fd = http->fd, .events = events },
        { .fd = http->firm ? -1 : call->host->cancel_fd(call), .events = POLLIN },
    };
    int64_t end = now() + http->service->patience * 1000;

    for (;;) {
        int32_t status = http->firm ? TARN_OK : tarn_interrupted(call);
        int64_t wait = end - now();
        int64_t left = http->firm ? -1 : call->host->time_left(call);

        if (status != TARN_OK)
            return status;
        if (wait <= 0)
            return silent(call, http);
        wait = left >= 0 ? lesser(wait, left + 1) : wait;
        wait = ready[1].fd < 0 ? lesser(wait, SLICE) : wait;
        if (poll(ready, 2, (int)wait) < 0 && errno != EINTR)
            return tarn_fail(call, TARN_E_INTERNAL, errno, "cannot wait for the service");
        if (ready[0].revents != 0)
            return TARN_OK;
    }
}

static int32_t lost(struct tarn_call *call, const struct http *http, int error)
{
    return tarn_fail(call, TARN_E_IO, error, "the service at %s ended the conversation",
                     http->service->socket);
}

/* --- bytes out and in ------------------------------------------------------------------------- */

static int32_t send_all(struct tarn_call *call, const struct http *http, const void *bytes,
                        uint64_t length)
{
    const char *from = bytes;

    while (length > 0) {
        ssize_t part = send(http->fd, from, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        int32_t status = TARN_OK;

        if (part < 0 && errno == EAGAIN)
            status = await(call, http, POLLOUT);
        else if (part < 0 && errno != EINTR)
            status = lost(call, http, errno);
        if (status != TARN_OK)
            return status;
        from += part > 0 ? part : 0;
        length -= part > 0 ? (uint64_t)part : 0;
    }
    return TARN_OK;
}

/* At least one byte, at most `room`; with `flags` of recv(2). */
static int32_t receive(struct tarn_call *call, const struct http *http, void *to, uint64_t room,
                       int flags, uint64_t *out)
{
    for (;;) {
        ssize_t part;
        int32_t status = await(call, http, POLLIN);

        if (status != TARN_OK)
            return status;
        part = recv(http->fd, to, room, flags | MSG_DONTWAIT);
        if (part == 0 || (part < 0 && errno != EAGAIN && errno != EINTR))
            return lost(call, http, part < 0 ? errno : 0);
        *out = part > 0 ? (uint64_t)part : 0;
        if (part > 0)
            return TARN_OK;
    }
}

static int32_t receive_all(struct tarn_call *call, const struct http *http, void *to,
                           uint64_t length)
{
    char *at = to;

    while (length > 0) {
        uint64_t part = 0;
        int32_t status = receive(call, http, at, length, 0, &part);

        if (status != TARN_OK)
            return status;
        at += part;
        length -= part;
    }
    return TARN_OK;
}

/* --- the head of an answer -------------------------------------------------------------------- */

static int32_t garbage(struct tarn_call *call, const struct http *http, const char *why)
{
    return tarn_fail(call, TARN_E_IO, EPROTO, "the service at %s does not speak as it should: %s",
                     http->service->socket, why);
}

/* Looks at what has come, and takes no byte of the body with it. */
static int32_t receive_head(struct tarn_call *call, const struct http *http, char *head)
{
    uint64_t length = 0;

    while (length < HEAD_MOST - 1) {
        uint64_t part = 0;
        const char *end;
        int32_t status = receive(call, http, head + length, HEAD_MOST - 1 - length, MSG_PEEK,
                                 &part);

        if (status != TARN_OK)
            return status;
        head[length + part] = '\0';
        end = strstr(head, "\r\n\r\n");
        if (end != NULL)
            part = (uint64_t)(end + 4 - head) - length;
        status = receive_all(call, http, head + length, part);
        if (status != TARN_OK)
            return status;
        length += part;
        head[length] = '\0';
        if (length >= 9 && strncmp(head, "HTTP/1.1 ", 9) != 0)
            break;
        if (end != NULL)
            return TARN_OK;
    }
    return garbage(call, http, "this is no head of an HTTP/1.1 answer");
}

static int32_t parse_head(struct tarn_call *call, const struct http *http, const char *head,
                          struct answer *out)
{
    const char *field = strcasestr(head, "\r\nContent-Length:");
    char *end;

    out->status = (int)strtol(head + 9, &end, 10);
    if (end != head + 12 || out->status < 200 || out->status > 599)
        return garbage(call, http, "the status is no number of HTTP");
    if (strcasestr(head, "\r\nTransfer-Encoding:") != NULL)
        return garbage(call, http, "an answer in pieces is not understood");
    if (field == NULL && out->status != 204)
        return garbage(call, http, "an answer has no length");
    field += field != NULL ? strlen("\r\nContent-Length:") : 0;
    while (field != NULL && *field == ' ')
        field++;
    errno = 0;
    out->length = field != NULL && *field >= '0' && *field <= '9' ? strtoull(field, &end, 10) : 0;
    if (errno != 0 || (field != NULL && *end != '\r'))
        return garbage(call, http, "the length of an answer is no number");
    return TARN_OK;
}

/* --- one question ----------------------------------------------------------------------------- */

static int32_t begin(struct tarn_call *call, struct http *http)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int32_t status = TARN_OK;
    int error = 0;

    if (http->fd >= 0)
        return TARN_OK;
    http->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (http->fd < 0)
        return tarn_fail(call, TARN_E_INTERNAL, errno, "cannot make a socket");
    strncpy(address.sun_path, http->service->socket, sizeof(address.sun_path) - 1);
    while (status == TARN_OK &&
           connect(http->fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
        error = errno;
        if (error != EAGAIN) /* too many wait to be let in: asked again in a while */
            return tarn_fail(call, error == EACCES ? TARN_E_ACCESS : TARN_E_IO, error,
                             "no service can be reached at %s: look whether it runs",
                             http->service->socket);
        poll(NULL, 0, 20);
        status = tarn_interrupted(call);
    }
    return status;
}

static int32_t send_request(struct tarn_call *call, const struct http *http,
                            const struct request *request)
{
    char head[2048];
    int length = snprintf(head, sizeof(head),
                          "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %llu\r\n\r\n",
                          request->method, request->path, (unsigned long long)request->length);
    int32_t status;

    if (length < 0 || (size_t)length >= sizeof(head))
        return tarn_fail(call, TARN_E_INVALID, 0, "the path of a request is too long");
    status = send_all(call, http, head, (uint64_t)length);
    return status == TARN_OK ? send_all(call, http, request->body, request->length) : status;
}

static int32_t pass_over(struct tarn_call *call, const struct http *http, uint64_t length)
{
    char bytes[4096];
    int32_t status = TARN_OK;

    for (uint64_t part; status == TARN_OK && length > 0; length -= part) {
        part = length < sizeof(bytes) ? length : sizeof(bytes);
        status = receive_all(call, http, bytes, part);
    }
    return status;
}

/* Only an answer that says yes has what was asked for. */
static int32_t receive_body(struct tarn_call *call, const struct http *http,
                            const struct request *request, struct answer *out)
{
    int32_t status;

    if (request->into != NULL && out->status < 300) {
        if (out->length != request->room)
            return garbage(call, http, "there are not as many bytes as were asked for");
        return receive_all(call, http, request->into, out->length);
    }
    if (out->length > (request->into == NULL && !request->firm ? request->room : HEAD_MOST))
        return garbage(call, http, "an answer is longer than any should be");
    if (request->firm || out->status >= 300)
        return pass_over(call, http, out->length);
    if (out->length == 0)
        return TARN_OK;
    out->body = malloc(out->length + 1);
    if (out->body == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for an answer of the service");
    status = receive_all(call, http, out->body, out->length);
    out->body[status == TARN_OK ? out->length : 0] = '\0';
    return status;
}

int32_t http_ask(struct tarn_call *call, struct http *http, const struct request *request,
                 struct answer *out)
{
    char head[HEAD_MOST];
    int32_t status = tarn_interrupted(call);

    *out = (struct answer){ .status = 0 };
    if (status == TARN_OK)
        status = begin(call, http);
    http->firm = request->firm;
    if (status == TARN_OK)
        status = send_request(call, http, request);
    if (status == TARN_OK)
        status = receive_head(call, http, head);
    if (status == TARN_OK)
        status = parse_head(call, http, head, out);
    if (status == TARN_OK)
        status = receive_body(call, http, request, out);
    if (status == TARN_OK)
        return TARN_OK;
    http_close(http);
    free(out->body);
    out->body = NULL;
    return status;
}

static int32_t status_of(int status)
{
    switch (status) {
    case 400: case 414: case 416: return TARN_E_INVALID;
    case 401: case 403: return TARN_E_ACCESS;
    case 404: case 410: return TARN_E_NOT_FOUND;
    case 409: return TARN_E_EXISTS;
    case 423: return TARN_E_BUSY;
    case 413: case 507: return TARN_E_NO_SPACE;
    default: return TARN_E_IO;
    }
}

int32_t http_do(struct tarn_call *call, struct http *http, const struct request *request,
                struct answer *out, const char *what)
{
    int32_t status = http_ask(call, http, request, out);

    if (status != TARN_OK || out->status < 300)
        return status;
    return tarn_fail(call, status_of(out->status), 0,
                     "cannot %s: the service at %s answered with status %d", what,
                     http->service->socket, out->status);
}
