/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ask.c - does a server answer? Asked before the kernel is: in there a mount waits for minutes, and
 * of several hosts the first that is down would keep the others from being tried.
 */
#include "netfs.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- a listening socket, for the kinds that speak first only to those who know them ------------- */

static int connect_begin(const char *address, uint32_t port)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
    struct addrinfo *info;
    char service[16];
    int fd, error = 0;

    snprintf(service, sizeof(service), "%u", port);
    if (getaddrinfo(address, service, &hints, &info) != 0) {
        errno = EINVAL;
        return -1;
    }
    fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || (connect(fd, info->ai_addr, info->ai_addrlen) < 0 && errno != EINPROGRESS))
        error = errno;
    freeaddrinfo(info);
    if (error == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    errno = error;
    return -1;
}

int32_t netfs_tell_broken(int error, char why[SERVER_WHY_SIZE])
{
    char buffer[128];

    snprintf(why, SERVER_WHY_SIZE, "%s%s", error == ECONNREFUSED ? "nothing listens there: " : "",
             strerror_r(error, buffer, sizeof(buffer)));
    return TARN_E_IO;
}

static int32_t connect_end(struct tarn_call *call, int fd, int64_t until,
                           char why[SERVER_WHY_SIZE])
{
    int error = 0;
    socklen_t length = sizeof(error);
    short events;
    int32_t status = server_wait(call, fd, POLLOUT, until, &events);

    if (status != TARN_OK)
        return status;
    if (events == 0) {
        snprintf(why, SERVER_WHY_SIZE, "it does not answer");
        return TARN_E_TIMEOUT;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
        error = errno;
    return error == 0 ? TARN_OK : netfs_tell_broken(error, why);
}

int32_t netfs_connect(struct tarn_call *call, const char *address, uint32_t port, int64_t until,
                      char why[SERVER_WHY_SIZE])
{
    int fd = connect_begin(address, port);
    int32_t status;

    if (fd < 0)
        return netfs_tell_broken(errno, why);
    status = connect_end(call, fd, until, why);
    close(fd);
    return status;
}

/* --- NFS --------------------------------------------------------------------------------------- */

/* Servers of one version only are common, and old ones may be anywhere: rpcbind knows. Who does not
 * answer at all is not asked again. */
static int32_t ask_nfs(struct tarn_call *call, const char *address, uint32_t port, int64_t until,
                       char why[SERVER_WHY_SIZE])
{
    char other[SERVER_WHY_SIZE];
    int32_t status = netfs_rpc_ping(call, address, port, 4, until, why);

    if (status == TARN_E_IO)
        status = netfs_rpc_ping(call, address, port, 3, until, other);
    if (status == TARN_E_IO && port == netfs_kind_find("nfs")->port)
        status = netfs_rpc_ping(call, address, 0, 3, until, other);
    return status;
}

/* --- a host ------------------------------------------------------------------------------------ */

int32_t netfs_ask(struct tarn_call *call, const struct netfs_kind *kind, const char *host,
                  uint32_t port, char why[SERVER_WHY_SIZE])
{
    struct server_addresses addresses;
    int64_t until = server_answer_until(call);
    int32_t status = server_resolve(host, &addresses, why);
    size_t i;

    if (status != TARN_OK)
        return status;
    if (port == 0)
        port = kind->port;
    status = TARN_E_IO;
    for (i = 0; status == TARN_E_IO && addresses.list[i] != NULL; i++)
        status = strcmp(kind->format, "nfs") == 0
                     ? ask_nfs(call, addresses.list[i], port, until, why)
                     : netfs_connect(call, addresses.list[i], port, until, why);
    server_addresses_free(&addresses);
    return status;
}
