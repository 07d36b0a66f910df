/* SPDX-License-Identifier: BSD-2-Clause
 *
 * http.h - requests to a service on a Unix socket. Whoever asks waits no longer than his call may,
 * and ends at once when it is cancelled.
 */
#ifndef REST_HTTP_H
#define REST_HTTP_H

#include <tarn/module.h>

/* The service of one pool. */
struct service {
    const char *socket; /* path; the definition's, or the pool's own copy */
    int64_t patience;   /* seconds that it may be silent, whatever the call allows */
};

/* A connection; made when it is needed, and again after a failure. */
struct http {
    const struct service *service;
    int fd;        /* -1: none */
    uint32_t firm; /* of the request that is under way */
};

struct request {
    const char *method;
    const char *path;
    const void *body; /* of `length` bytes */
    uint64_t length;
    void *into;    /* where the answer's body goes: exactly `room` bytes; NULL: as the next says */
    uint64_t room; /* into NULL: at most so many, in memory that the caller frees */
    /* 1: what it does is not taken back, so once it is sent nobody but a silent service ends the
     * waiting for the answer, whose body is passed over. */
    uint32_t firm;
};

struct answer {
    int status; /* 200 to 599 */
    char *body; /* ends with a zero that does not count; NULL if there is none, or request->into */
    uint64_t length;
};

/* TARN_OK if the service answered, whatever it says. After a failure the connection is closed:
 * nobody knows where in the conversation it was. */
int32_t http_ask(struct tarn_call *call, struct http *http, const struct request *request,
                 struct answer *out);
void http_close(struct http *http);

/* The same, and records a failure unless it answered 2xx; `what` completes "cannot …". */
int32_t http_do(struct tarn_call *call, struct http *http, const struct request *request,
                struct answer *out, const char *what);

#endif
