/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * rpc.c - asking NFS servers by libnfs, in this process: whether a program answers, and what the
 * mount program exports (RFC 1813, appendix I).
 */
#include "netfs.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <nfsc/libnfs.h>
#include <nfsc/libnfs-raw.h>
#include <nfsc/libnfs-raw-mount.h>
#include <nfsc/libnfs-raw-nfs.h>
#include <nfsc/libnfs-raw-portmap.h>

/* A conversation with one server, until it is over. */
struct talk {
    struct tarn_call *call;
    struct rpc_context *rpc;
    bool over;
    bool heard;     /* libnfs has told how it went */
    bool abandoned; /* what it tells now comes too late */
    int32_t status;
    char *why; /* of SERVER_WHY_SIZE */
    netfs_export_fn take; /* NULL = nothing is asked but whether the program is there */
    void *arg;
};

static void end(struct talk *talk, int32_t status, const char *why)
{
    talk->over = true;
    talk->status = status;
    snprintf(talk->why, SERVER_WHY_SIZE, "%s", why);
}

static void end_failed(struct talk *talk, int status, const void *text)
{
    end(talk, status == RPC_STATUS_TIMEOUT ? TARN_E_TIMEOUT : TARN_E_IO,
        status == RPC_STATUS_ERROR && text != NULL ? text : "the server broke off");
}

static void take_exports(struct rpc_context *rpc, int status, void *data, void *arg)
{
    struct talk *talk = arg;
    exports export;

    (void)rpc;
    talk->heard = true;
    if (talk->abandoned)
        return;
    if (status != RPC_STATUS_SUCCESS) {
        end_failed(talk, status, data);
        return;
    }
    end(talk, TARN_OK, "");
    for (export = *(exports *)data; export != NULL && talk->status == TARN_OK;
         export = export->ex_next)
        if (export->ex_dir != NULL)
            talk->status = talk->take(talk->call, export->ex_dir, talk->arg);
}

static void take_connection(struct rpc_context *rpc, int status, void *data, void *arg)
{
    struct talk *talk = arg;

    talk->heard = true;
    if (talk->abandoned)
        return;
    if (status != RPC_STATUS_SUCCESS)
        end_failed(talk, status, data);
    else if (talk->take == NULL)
        end(talk, TARN_OK, "");
    else if (rpc_mount3_export_async(rpc, take_exports, talk) != 0)
        end(talk, TARN_E_IO, rpc_get_error(rpc));
}

/* Why the connection broke: asked before libnfs does, since it is told once. */
static void socket_error(struct rpc_context *rpc, char why[SERVER_WHY_SIZE])
{
    int error = 0;
    socklen_t length = sizeof(error);

    if (getsockopt(rpc_get_fd(rpc), SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error != 0)
        netfs_tell_broken(error, why);
    else
        snprintf(why, SERVER_WHY_SIZE, "the server broke off");
}

static void serve(struct talk *talk, short events)
{
    char why[SERVER_WHY_SIZE];
    bool broken = events & (POLLERR | POLLHUP);

    if (broken)
        socket_error(talk->rpc, why);
    if (rpc_service(talk->rpc, events) < 0 && !talk->over)
        end(talk, TARN_E_IO, rpc_get_error(talk->rpc));
    if (broken && talk->over && talk->status != TARN_OK)
        end(talk, TARN_E_IO, why);
}

/* libnfs moves from the portmapper to the program on one descriptor number. */
static int32_t converse(struct talk *talk, int64_t until)
{
    short events;
    int32_t status;

    while (!talk->over) {
        status = server_wait(talk->call, rpc_get_fd(talk->rpc),
                            (short)rpc_which_events(talk->rpc), until, &events);
        if (status != TARN_OK)
            return status;
        if (events != 0)
            serve(talk, events);
        else if (server_time_left(talk->call, until) == 0)
            end(talk, TARN_E_TIMEOUT, "it does not answer");
    }
    return talk->status;
}

/* What libnfs says of an attempt to connect is not for people: one of our own tells why. */
static int32_t explain(struct talk *talk, const char *address, uint32_t port, int64_t until)
{
    char plain[SERVER_WHY_SIZE] = "";
    int32_t status;

    if (port == 0)
        port = PMAP_PORT;
    status = netfs_connect(talk->call, address, port, until, plain);
    if (status == TARN_OK)
        return TARN_E_IO;
    if (plain[0] != '\0')
        snprintf(talk->why, SERVER_WHY_SIZE, "%s", plain);
    return status;
}

static int32_t talk_to(struct talk *talk, const char *address, uint32_t port, uint32_t program,
                       uint32_t version, int64_t until)
{
    int32_t status;
    int failed;

    talk->rpc = rpc_init_context();
    if (talk->rpc == NULL)
        return tarn_fail(talk->call, TARN_E_INTERNAL, 0, "no memory to ask %s", address);
    failed = port != 0 ? rpc_connect_port_async(talk->rpc, address, (int)port, (int)program,
                                                (int)version, take_connection, talk)
                       : rpc_connect_program_async(talk->rpc, address, (int)program, (int)version,
                                                   take_connection, talk);
    if (failed != 0)
        end(talk, TARN_E_IO, rpc_get_error(talk->rpc));
    status = converse(talk, until);
    talk->abandoned = true;
    /* libnfs 4.0 does not free what waits for a connection, unless that is told to have broken. */
    if (failed == 0 && !talk->heard && rpc_get_fd(talk->rpc) >= 0)
        rpc_service(talk->rpc, POLLERR);
    rpc_destroy_context(talk->rpc);
    return status == TARN_E_IO ? explain(talk, address, port, until) : status;
}

int32_t netfs_rpc_ping(struct tarn_call *call, const char *address, uint32_t port,
                       uint32_t version, int64_t until, char why[SERVER_WHY_SIZE])
{
    struct talk talk = { .call = call, .why = why };

    return talk_to(&talk, address, port, NFS_PROGRAM, version, until);
}

int32_t netfs_rpc_exports(struct tarn_call *call, const char *address, uint32_t port,
                          int64_t until, netfs_export_fn take, void *arg,
                          char why[SERVER_WHY_SIZE])
{
    struct talk talk = { .call = call, .why = why, .take = take, .arg = arg };

    return talk_to(&talk, address, port, MOUNT_PROGRAM, MOUNT_V3, until);
}
