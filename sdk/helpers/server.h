/* SPDX-License-Identifier: BSD-2-Clause
 *
 * server.h - what every module that talks to a server needs: the addresses of a host, how long one
 * waits, and waiting without losing sight of the call.
 */
#ifndef HELPERS_SERVER_H
#define HELPERS_SERVER_H

#include <tarn/call.h>

/* Room for the reason why a server is of no use, for people: the caller decides whether it becomes
 * an error, or whether there is another server to try. */
#define SERVER_WHY_SIZE 256

/* --- names ------------------------------------------------------------------------------------- */

/* The addresses of a host, as text. */
struct server_addresses {
    char **list; /* ends with NULL */
};

/* "[::1]" may be written for "::1". Not TARN_OK: nothing is recorded, `why` tells. The resolver
 * cannot be interrupted. */
int32_t server_resolve(const char *host, struct server_addresses *out, char why[SERVER_WHY_SIZE]);
void server_addresses_free(struct server_addresses *addresses);

/* --- time -------------------------------------------------------------------------------------- */

/* CLOCK_MONOTONIC in milliseconds. */
int64_t server_now(void);
/* The same, and the module's option answer-timeout (seconds) from now on; without it ten. */
int64_t server_answer_until(struct tarn_call *call);
/* Milliseconds until `until`, or until the deadline of the call: what is first. */
int server_time_left(struct tarn_call *call, int64_t until);
/* Waits for `events` on `fd`, but no longer than until `until`, nor for a call that has ended.
 * TARN_OK (what happened in *out_events, 0 = the time is up), or recorded. A negative `fd` is for
 * waiting alone. */
int32_t server_wait(struct tarn_call *call, int fd, short events, int64_t until,
                    short *out_events);

#endif
