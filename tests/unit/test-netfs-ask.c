/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tests of asking servers: that refuse, keep silent, talk nonsense or break off. None of them may
 * hold the caller longer than it wants to wait.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "modules/netfs/netfs.h"
#include "tests/unit/fake-pool-host.h"
#include "tests/unit/unit.h"

#define LOCAL "127.0.0.1"

static struct fake_pool_host host;
static char why[SERVER_WHY_SIZE];
static int cancelled = -1;
static double deadline; /* of the call; 0 = none */

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* --- the host ---------------------------------------------------------------------------------- */

static const char *option(struct tarn_call *call, const char *name)
{
    (void)call;
    return strcmp(name, "answer-timeout") == 0 ? "1" : NULL;
}

static int64_t tell_time_left(struct tarn_call *call)
{
    (void)call;
    if (deadline == 0)
        return -1;
    return deadline > now() ? (int64_t)((deadline - now()) * 1000) : 0;
}

static int32_t tell_cancel_fd(struct tarn_call *call)
{
    (void)call;
    return cancelled;
}

static void begin(void)
{
    fake_pool_host_init(&host, "/mnt/p");
    host.host.option = option;
    host.host.time_left = tell_time_left;
    host.host.cancel_fd = tell_cancel_fd;
    cancelled = -1;
    deadline = 0;
    why[0] = '\0';
}

/* --- servers ----------------------------------------------------------------------------------- */

/* A socket on a free port. */
static int server(uint32_t *out_port, bool listens)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&address, length), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    if (listens)
        CU_ASSERT_EQUAL_FATAL(listen(fd, 8), 0);
    *out_port = ntohs(address.sin_port);
    return fd;
}

/* Takes one caller, says `said`, and breaks off. In a process of its own. */
static void speaker(int fd, const void *said, size_t length)
{
    if (fork() == 0) {
        int caller = accept(fd, NULL, NULL);
        char heard[512];

        if (caller >= 0 && read(caller, heard, sizeof(heard)) > 0 && length > 0 &&
            write(caller, said, length) < 0)
            _exit(1);
        _exit(0);
    }
    close(fd);
}

static int32_t ask(const char *format, uint32_t port)
{
    return netfs_ask(&host.call, netfs_kind_find(format), LOCAL, port, why);
}

/* --- tests ------------------------------------------------------------------------------------- */

static void a_port_that_is_closed(void)
{
    uint32_t port;
    int fd = server(&port, false);

    begin();
    CU_ASSERT_EQUAL(ask("cifs", port), TARN_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "refused"));
    CU_ASSERT_EQUAL(ask("nfs", port), TARN_E_IO);
    CU_ASSERT_EQUAL(host.status, TARN_OK); /* nothing is recorded */
    close(fd);
    fake_pool_host_fini(&host);
}

static void a_port_that_is_open(void)
{
    uint32_t port;
    int fd = server(&port, true);

    begin();
    CU_ASSERT_EQUAL(ask("cifs", port), TARN_OK);
    CU_ASSERT_EQUAL(ask("glusterfs", port), TARN_OK);
    close(fd);
    fake_pool_host_fini(&host);
}

static void a_server_that_is_silent(void)
{
    uint32_t port;
    int fd = server(&port, true);
    double before = now();

    begin();
    CU_ASSERT_EQUAL(ask("nfs", port), TARN_E_TIMEOUT);
    CU_ASSERT(now() - before >= 0.9 && now() - before < 5);
    CU_ASSERT_STRING_EQUAL(why, "it does not answer");
    close(fd);
    fake_pool_host_fini(&host);
}

static void the_deadline_of_the_call(void)
{
    uint32_t port;
    int fd = server(&port, true);
    double before = now();

    begin();
    deadline = before + 0.05;
    CU_ASSERT_EQUAL(ask("nfs", port), TARN_E_TIMEOUT);
    CU_ASSERT(now() - before < 0.9);
    close(fd);
    fake_pool_host_fini(&host);
}

/* Woken by the descriptor, not by the clock. */
static void a_call_that_is_cancelled(void)
{
    uint32_t port;
    int fd = server(&port, true);
    double before = now();

    begin();
    cancelled = eventfd(1, EFD_CLOEXEC);
    host.interrupt_after = 2;
    CU_ASSERT_EQUAL(ask("nfs", port), TARN_E_CANCELLED);
    CU_ASSERT(now() - before < 0.9);
    CU_ASSERT_EQUAL(host.status, TARN_E_CANCELLED);
    close(cancelled);
    close(fd);
    fake_pool_host_fini(&host);
}

static void a_server_that_breaks_off(void)
{
    uint32_t port;
    int fd = server(&port, true);

    begin();
    speaker(fd, NULL, 0);
    CU_ASSERT_EQUAL(netfs_rpc_ping(&host.call, LOCAL, port, 4, server_answer_until(&host.call),
                                   why), TARN_E_IO);
    CU_ASSERT(why[0] != '\0');
    fake_pool_host_fini(&host);
}

/* An HTTP server on that port; a record mark that promises two gigabytes. */
static void a_server_that_talks_nonsense(void)
{
    static const char http[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    static const unsigned char huge[] = { 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0, 0, 0, 1 };
    uint32_t port;
    int32_t status;
    int fd = server(&port, true);

    begin();
    speaker(fd, http, sizeof(http) - 1);
    status = netfs_rpc_ping(&host.call, LOCAL, port, 4, server_answer_until(&host.call), why);
    CU_ASSERT(status == TARN_E_IO || status == TARN_E_TIMEOUT);
    fd = server(&port, true);
    speaker(fd, huge, sizeof(huge));
    status = netfs_rpc_ping(&host.call, LOCAL, port, 4, server_answer_until(&host.call), why);
    CU_ASSERT(status == TARN_E_IO || status == TARN_E_TIMEOUT);
    fake_pool_host_fini(&host);
}

/* connect(2) itself fails: nobody can be connected to everybody. */
static void an_address_that_cannot_be_reached(void)
{
    begin();
    CU_ASSERT_EQUAL(netfs_ask(&host.call, netfs_kind_find("nfs"), "255.255.255.255", 2049, why),
                    TARN_E_IO);
    CU_ASSERT(why[0] != '\0');
    CU_ASSERT_EQUAL(netfs_ask(&host.call, netfs_kind_find("cifs"), "255.255.255.255", 445, why),
                    TARN_E_IO);
    fake_pool_host_fini(&host);
}

static void a_name_without_an_address(void)
{
    begin();
    CU_ASSERT_NOT_EQUAL(netfs_ask(&host.call, netfs_kind_find("nfs"), "no-such-host.invalid", 1,
                                  why), TARN_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "its name has no address"));
    CU_ASSERT_EQUAL(host.status, TARN_OK);
    fake_pool_host_fini(&host);
}

static void addresses_in_brackets(void)
{
    struct server_addresses addresses;

    CU_ASSERT_EQUAL_FATAL(server_resolve("[::1]", &addresses, why), TARN_OK);
    CU_ASSERT_STRING_EQUAL(addresses.list[0], "::1");
    CU_ASSERT_PTR_NULL(addresses.list[1]);
    server_addresses_free(&addresses);
}

static const struct unit_test tests[] = {
    { "a closed port is told at once, and not recorded", a_port_that_is_closed },
    { "an open port is enough for those who say no more", a_port_that_is_open },
    { "a silent server is given up after answer-timeout", a_server_that_is_silent },
    { "the deadline of the call comes first", the_deadline_of_the_call },
    { "a cancelled call waits no longer", a_call_that_is_cancelled },
    { "a server that breaks off is told", a_server_that_breaks_off },
    { "a server that talks nonsense is told", a_server_that_talks_nonsense },
    { "an address that cannot be reached is told", an_address_that_cannot_be_reached },
    { "a name without an address is told", a_name_without_an_address },
    { "an IPv6 address may stand in brackets", addresses_in_brackets },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("netfs-ask", tests);
}
