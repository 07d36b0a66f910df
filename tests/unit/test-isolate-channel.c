/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Frames over a socket, numbers for what stays behind.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/isolate/channel.h"
#include "core/isolate/handles.h"
#include "tests/unit/unit.h"

struct pair {
    struct channel near;
    struct channel far;
    unsigned waits;
};

/* Nothing comes while a test waits: what is not there by now never is. */
static int wait_for(struct channel *channel, short events)
{
    struct pair *pair = channel->owner;
    struct pollfd ready = { .fd = channel->fd, .events = events };

    pair->waits++;
    return poll(&ready, 1, 100) > 0 ? 0 : -100;
}

static void begin(struct pair *pair)
{
    int sockets[2];

    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
    channel_init(&pair->near, sockets[0], -1);
    channel_init(&pair->far, sockets[1], -1);
    pair->near.wait = pair->far.wait = wait_for;
    pair->near.owner = pair->far.owner = pair;
    pair->waits = 0;
}

static void end(struct pair *pair)
{
    channel_clear(&pair->near);
    channel_clear(&pair->far);
}

static void frames_arrive_in_order(void)
{
    struct pair pair;
    struct frame frame;
    unsigned i;

    begin(&pair);
    for (i = 0; i < 1000; i++) {
        channel_begin(&pair.near, FRAME_LOG, i);
        wire_put_u32(&pair.near.out, i * 3);
        channel_end(&pair.near, 0);
    }
    CU_ASSERT_EQUAL(channel_flush(&pair.near), 0);
    for (i = 0; i < 1000; i++) {
        struct arena *arena = NULL;
        struct wire_reader reader;

        CU_ASSERT_EQUAL_FATAL(channel_receive(&pair.far, &frame), 0);
        CU_ASSERT_EQUAL(frame.op, FRAME_LOG);
        CU_ASSERT_EQUAL(frame.word, i);
        reader = frame_reader(&frame, &arena);
        CU_ASSERT_EQUAL(wire_get_u32(&reader), i * 3);
        CU_ASSERT(wire_end(&reader));
    }
    end(&pair);
}

static void bulk_is_taken_or_passed_over(void)
{
    static unsigned char sent[100000], got[100000];
    struct pair pair;
    struct frame frame;
    unsigned i;

    for (i = 0; i < sizeof(sent); i++)
        sent[i] = (unsigned char)(i * 7);
    begin(&pair);
    for (i = 0; i < 2; i++) {
        channel_begin(&pair.near, FRAME_IO_PWRITE, 0);
        channel_end(&pair.near, sizeof(sent));
        CU_ASSERT_EQUAL(channel_send_bulk(&pair.near, sent, sizeof(sent)), 0);
        CU_ASSERT_EQUAL_FATAL(channel_receive(&pair.far, &frame), 0);
        CU_ASSERT_EQUAL(frame.bulk, sizeof(sent));
        if (i == 1)
            CU_ASSERT_EQUAL(channel_take_bulk(&pair.far, got, sizeof(got)), 0);
    }
    CU_ASSERT_EQUAL(memcmp(sent, got, sizeof(sent)), 0);
    CU_ASSERT_EQUAL(channel_take_bulk(&pair.far, got, 1), CHANNEL_GARBAGE);
    end(&pair);
}

static void a_descriptor_comes_along_once(void)
{
    struct pair pair;
    struct frame frame;
    int fds[2];
    int got;

    begin(&pair);
    CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
    channel_begin(&pair.near, FRAME_RETURN, 0);
    channel_end(&pair.near, 0);
    CU_ASSERT_EQUAL(channel_send_fd(&pair.near, fds[1]), 0);
    CU_ASSERT_EQUAL(channel_receive(&pair.far, &frame), 0);
    got = channel_take_fd(&pair.far);
    CU_ASSERT_FATAL(got >= 0);
    CU_ASSERT_EQUAL(channel_take_fd(&pair.far), CHANNEL_NO_FD);
    CU_ASSERT_EQUAL(write(got, "x", 1), 1);
    close(got);
    close(fds[0]);
    close(fds[1]);
    end(&pair);
}

static void an_end_and_garbage_are_told_apart(void)
{
    static const unsigned char endless[16] = { 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff };
    static const unsigned char heavy[16] = { 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f };
    static const unsigned char half[10] = { 1 };
    struct pair pair;
    struct frame frame;

    begin(&pair);
    CU_ASSERT_EQUAL(write(pair.near.fd, endless, sizeof(endless)), sizeof(endless));
    CU_ASSERT_EQUAL(channel_receive(&pair.far, &frame), CHANNEL_GARBAGE);
    end(&pair);
    begin(&pair);
    CU_ASSERT_EQUAL(write(pair.near.fd, heavy, sizeof(heavy)), sizeof(heavy));
    CU_ASSERT_EQUAL(channel_receive(&pair.far, &frame), CHANNEL_GARBAGE);
    end(&pair);
    begin(&pair);
    CU_ASSERT_EQUAL(write(pair.near.fd, half, sizeof(half)), sizeof(half));
    CU_ASSERT_EQUAL(channel_receive(&pair.far, &frame), -100); /* what `wait` said */
    CU_ASSERT_EQUAL(pair.waits, 1);
    close(pair.near.fd);
    pair.near.fd = -1;
    CU_ASSERT_EQUAL(channel_receive(&pair.far, &frame), CHANNEL_ENDED);
    CU_ASSERT_EQUAL(channel_flush(&pair.far), 0);
    channel_begin(&pair.far, FRAME_RETURN, 0);
    channel_end(&pair.far, 0);
    CU_ASSERT_EQUAL(channel_flush(&pair.far), CHANNEL_ENDED);
    end(&pair);
}

/* --- numbers ---------------------------------------------------------------------------------- */

static void a_number_that_was_given_back_leads_nowhere(void)
{
    struct handles handles;
    int things[3];
    uint32_t first;
    uint32_t second;
    const void *owner;

    handles_init(&handles);
    first = handles_add(&handles, HANDLE_STORE, &things[0], NULL, false);
    CU_ASSERT_NOT_EQUAL(first, 0);
    CU_ASSERT_PTR_EQUAL(handles_use(&handles, HANDLE_STORE, first), &things[0]);
    handles_done(&handles, first);
    CU_ASSERT_PTR_NULL(handles_use(&handles, HANDLE_POOL, first));
    CU_ASSERT_PTR_NULL(handles_take(&handles, HANDLE_STORE, first, &owner)); /* nobody's to close */
    CU_ASSERT_PTR_EQUAL(handles_remove(&handles, HANDLE_STORE, first), &things[0]);
    second = handles_add(&handles, HANDLE_STORE, &things[1], &things[2], false);
    CU_ASSERT_NOT_EQUAL(first, second);
    CU_ASSERT_PTR_NULL(handles_use(&handles, HANDLE_STORE, first));
    CU_ASSERT_PTR_NULL(handles_use(&handles, HANDLE_STORE, 0));
    CU_ASSERT_PTR_NULL(handles_use(&handles, HANDLE_STORE, UINT32_MAX));
    CU_ASSERT_EQUAL(handles_find(&handles, &things[2]), second);
    handles_hand_over(&handles, &things[2], &handles);
    CU_ASSERT_EQUAL(handles_find(&handles, &things[2]), 0);
    CU_ASSERT_PTR_EQUAL(handles_take(&handles, HANDLE_STORE, second, &owner), &things[1]);
    CU_ASSERT_PTR_EQUAL(owner, &handles);
    handles_clear(&handles);
}

struct use {
    struct handles *handles;
    uint32_t number;
    void *got;
};

static void *use_it(void *arg)
{
    struct use *use = arg;

    use->got = handles_use(use->handles, HANDLE_STORE, use->number);
    if (use->got != NULL)
        handles_done(use->handles, use->number);
    return NULL;
}

static void *use_elsewhere(struct handles *handles, uint32_t number)
{
    struct use use = { handles, number, NULL };
    pthread_t thread;

    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, use_it, &use), 0);
    pthread_join(thread, NULL);
    return use.got;
}

static void one_thread_uses_what_is_not_parallel(void)
{
    struct handles handles;
    int thing;
    const void *owner;
    uint32_t serial;
    uint32_t parallel;

    handles_init(&handles);
    serial = handles_add(&handles, HANDLE_STORE, &thing, &thing, false);
    parallel = handles_add(&handles, HANDLE_STORE, &thing, &thing, true);
    CU_ASSERT_PTR_NOT_NULL(handles_use(&handles, HANDLE_STORE, serial));
    CU_ASSERT_PTR_NOT_NULL(handles_use(&handles, HANDLE_STORE, serial));
    CU_ASSERT_PTR_NULL(use_elsewhere(&handles, serial));
    CU_ASSERT_PTR_NULL(handles_take(&handles, HANDLE_STORE, serial, &owner));
    handles_done(&handles, serial);
    handles_done(&handles, serial);
    CU_ASSERT_PTR_NOT_NULL(use_elsewhere(&handles, serial));
    CU_ASSERT_PTR_NOT_NULL(handles_use(&handles, HANDLE_STORE, parallel));
    CU_ASSERT_PTR_NOT_NULL(use_elsewhere(&handles, parallel));
    handles_done(&handles, parallel);
    handles_clear(&handles);
}

static const struct unit_test tests[] = {
    { "frames arrive in order", frames_arrive_in_order },
    { "bulk is taken, or passed over", bulk_is_taken_or_passed_over },
    { "a descriptor comes along once", a_descriptor_comes_along_once },
    { "an end and garbage are told apart", an_end_and_garbage_are_told_apart },
    { "a number that was given back leads nowhere", a_number_that_was_given_back_leads_nowhere },
    { "one thread uses what is not parallel", one_thread_uses_what_is_not_parallel },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("isolate-channel", tests);
}
