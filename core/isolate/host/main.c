/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tarn-module-host: the process that an isolated module runs in. The library starts it and tells it
 * which module; nobody else has a use for it.
 *
 * Descriptor 3 is the control socket: each message brings a channel. Its end is the host's, and
 * this process's.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/isolate/host/site.h"

#define CONTROL_FD 3

int64_t site_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* --- channels --------------------------------------------------------------------------------- */

static int wait_for(struct channel *channel, short events)
{
    struct pollfd ready = { .fd = channel->fd, .events = events };

    while (poll(&ready, 1, -1) < 0)
        if (errno != EINTR)
            return CHANNEL_ENDED;
    return 0;
}

/* Until the host closes its end. */
static void *serve_line(void *arg)
{
    struct line *line = arg;
    struct frame frame;
    int why = 0;

    while (why == 0) {
        why = channel_receive(&line->channel, &frame);
        if (why == 0)
            why = site_serve(line, &frame);
    }
    channel_clear(&line->channel);
    free(line);
    return NULL;
}

static bool begin_line(struct site *site, int socket, int cancel_fd)
{
    struct line *line = calloc(1, sizeof(*line));
    pthread_attr_t detached;
    pthread_t thread;
    int error;

    if (line == NULL)
        return false;
    channel_init(&line->channel, socket, cancel_fd);
    line->channel.wait = wait_for;
    line->site = site;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    error = pthread_create(&thread, &detached, serve_line, line);
    pthread_attr_destroy(&detached);
    if (error == 0)
        return true;
    channel_clear(&line->channel);
    free(line);
    return false;
}

/* The two descriptors of a message; false at its end. */
static bool receive(int passed[2])
{
    _Alignas(struct cmsghdr) unsigned char room[CMSG_SPACE(2 * sizeof(int))];
    char byte;
    struct iovec part = { .iov_base = &byte, .iov_len = 1 };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = room,
                              .msg_controllen = sizeof(room) };
    const struct cmsghdr *control;
    ssize_t got;

    do
        got = recvmsg(CONTROL_FD, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    control = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (control == NULL || control->cmsg_len != CMSG_LEN(2 * sizeof(int)))
        return false;
    memcpy(passed, CMSG_DATA(control), 2 * sizeof(int));
    return true;
}

/* --- the process ------------------------------------------------------------------------------ */

static bool site_init(struct site *site)
{
    pthread_mutexattr_t recursive;
    struct rlimit limit;

    memset(site, 0, sizeof(*site));
    site->peer.ops = &site_peer_ops;
    handles_init(&site->peer.handles);
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&site->serial, &recursive);
    pthread_mutexattr_destroy(&recursive);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        site->most_fds = limit.rlim_cur;
    site->arena = arena_new();
    return site->arena != NULL;
}

/* A call that still runs is one that the host gave up. */
static void unload(struct site *site)
{
    if (site->loaded && atomic_load(&site->running) == 0 && site->module->unload != NULL)
        site->module->unload(site->state);
}

int main(int argc, char **argv)
{
    struct site *site = calloc(1, sizeof(*site)); /* threads may outlive main's frame */
    int passed[2];

    if (argc < 2 || fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC) < 0) {
        fprintf(stderr, "%s is started by the library of tarn, for modules with isolation = "
                        "process\n", argv[0]);
        return 2;
    }
    if (site == NULL || !site_init(site))
        return 1;
    while (receive(passed))
        if (!begin_line(site, passed[0], passed[1]))
            return 1;
    unload(site);
    return 0;
}
