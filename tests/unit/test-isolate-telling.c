/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the process of a module says is taken as a stranger's word: right messages reach the true
 * call, and nonsense of any kind ends the exchange and does no other harm.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/context/call.h"
#include "core/isolate/isolate.h"
#include "core/isolate/store.h"
#include "core/isolate/wire-shapes.h"
#include "tests/unit/host-frame.h"
#include "tests/unit/memory-io.h"

#define ROUNDS 3000u
#define NOTHING_MORE (-100) /* what waiting for more answers here */

static struct host_frame frame;

/* --- a host that takes everything, and looks at all of it ------------------------------------- */

static unsigned volumes;
static char last_name[64];

static void look_at(const struct wire_shape *shape, const void *result)
{
    struct wire_writer writer = { 0 };

    wire_put_struct(&writer, shape, result);
    free(writer.bytes);
}

static int take_volume(void *arg, struct call *call, const struct tarn_volume_info *volume)
{
    unsigned char byte;

    (void)arg;
    volumes++;
    snprintf(last_name, sizeof(last_name), "%s", volume->name != NULL ? volume->name : "");
    look_at(&shape_volume_info, volume);
    CU_ASSERT(volume->status <= TARN_VOLUME_VANISHED);
    if (volume->io != NULL)
        tarn_io_pread(&call->abi, volume->io, &byte, 1, 9000);
    return volume->capacity == 4711 ? TARN_E_STATE : TARN_OK;
}

static int know_volume(void *arg, const char *name, const struct tarn_identity *identity)
{
    (void)arg;
    look_at(&shape_identity, identity);
    return strcmp(name, "known") == 0;
}

#define TAKE(what, type) \
    static int take_##what(void *arg, const struct tarn_##type *told) \
    { \
        (void)arg; \
        look_at(&shape_##type, told); \
        return TARN_OK; \
    }
TAKE(pool, pool_info)
TAKE(source, source)
TAKE(free, device_extent)
TAKE(image, image_info)
TAKE(snapshot, snapshot)
TAKE(finding, finding)
TAKE(check, check_result)

static int take_text(void *arg, const char *text)
{
    (void)arg;
    return text != NULL && strlen(text) > 1000 ? TARN_E_INVALID : TARN_OK;
}

static int take_amendment(void *arg, struct call *call, uint32_t part, const char *value)
{
    (void)arg;
    (void)call;
    (void)part;
    return take_text(NULL, value);
}

static const struct call_sink sink = {
    .volume = take_volume, .volume_known = know_volume, .pool = take_pool, .source = take_source,
    .free_extent = take_free, .claim = take_text, .changed = take_text, .image = take_image,
    .snapshot = take_snapshot, .finding = take_finding, .check = take_check,
    .amend = take_amendment,
};

/* --- an exchange with a process that the test plays ------------------------------------------- */

struct play {
    struct worker worker;   /* the peer; no process is behind it */
    struct channel near;    /* the host's end */
    struct channel far;
    struct operation operation;
    struct call call;
    struct doubts doubts;
    int why;                /* it was lost, or 0 */
    bool stopped;
};

static struct play *current;

static int wait_for(struct channel *channel, short events)
{
    struct pollfd ready = { .fd = channel->fd, .events = events };

    return poll(&ready, 1, 0) > 0 ? 0 : NOTHING_MORE;
}

static int32_t begin(struct exchange *exchange)
{
    exchange->channel = &current->near;
    return TARN_OK;
}

static uint32_t word(const struct exchange *exchange)
{
    (void)exchange;
    return FRAME_NO_LIMIT;
}

static int32_t lost(struct exchange *exchange, int why)
{
    current->why = why;
    return tarn_fail(exchange->call, TARN_E_INTERNAL, 0, "it was lost");
}

static void end(struct exchange *exchange)
{
    (void)exchange;
}

static void stop(struct exchange *exchange)
{
    (void)exchange;
    current->stopped = true;
}

static void stay(struct peer *peer)
{
    (void)peer;
}

static const struct peer_ops ops = {
    .begin = begin, .word = word, .serve = telling_serve, .lost = lost, .end = end, .stop = stop,
    .keep = stay, .let_go = stay,
};

static void play_begin(struct play *play)
{
    int sockets[2];

    memset(play, 0, sizeof(*play));
    current = play;
    play->worker.peer.ops = &ops;
    handles_init(&play->worker.peer.handles);
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
    channel_init(&play->near, sockets[0], -1);
    channel_init(&play->far, sockets[1], -1);
    play->near.wait = play->far.wait = wait_for;
    operation_begin(&play->operation, frame.context, "test", NULL, NULL, NULL);
    call_begin(&play->call, &play->operation, NULL);
    play->call.sink = &sink;
    play->call.pool_xml = "<pool><name>p</name></pool>";
    volumes = 0;
}

/* Runs the host's side over what the far end has sent, and answers as the module's function did. */
static int32_t play_run(struct play *play, struct tarn_error **error)
{
    struct exchange exchange;
    int32_t status = exchange_begin(&exchange, &play->call.abi, &play->worker.peer, FRAME_REFRESH);

    CU_ASSERT_EQUAL_FATAL(status, TARN_OK);
    exchange.more = &play->doubts;
    status = exchange_run(&exchange);
    status = exchange_end(&exchange, status);
    status = call_end(&play->call, status, error);
    operation_end(&play->operation);
    return status;
}

static void play_end(struct play *play)
{
    size_t i;

    for (i = 0; i < play->doubts.count && i < MOST_DOUBTS; i++)
        free(play->doubts.names[i]);
    channel_clear(&play->near);
    channel_clear(&play->far);
    handles_clear(&play->worker.peer.handles);
}

static struct wire_writer *tell(struct play *play, uint32_t op, uint32_t argument)
{
    channel_begin(&play->far, op, argument);
    return &play->far.out;
}

static void told(struct play *play)
{
    channel_end(&play->far, 0);
    CU_ASSERT_EQUAL(channel_flush(&play->far), 0);
}

static void tell_volume(struct play *play, const char *name, uint64_t capacity)
{
    const struct tarn_volume_info volume = { .struct_size = sizeof(volume), .name = name,
                                             .path = "/v", .type = "file", .capacity = capacity,
                                             .status = 99 };
    struct wire_writer *out = tell(play, FRAME_EMIT_VOLUME, 0);

    wire_put_struct(out, &shape_volume_info, &volume);
    wire_put_u32(out, 0);
    told(play);
}

static void tell_fail(struct play *play, uint32_t status, const char *text)
{
    struct wire_writer *out = tell(play, FRAME_FAIL, status);

    wire_put_u32(out, 0);
    wire_put_text(out, text);
    told(play);
}

/* --- right messages --------------------------------------------------------------------------- */

static void results_and_failures_arrive(void)
{
    struct tarn_error *error = NULL;
    struct play play;

    play_begin(&play);
    tell_volume(&play, "one", 1);
    tell_volume(&play, "two", 1);
    tell_fail(&play, TARN_E_NO_SPACE, "the disk is full");
    tell_fail(&play, 9999, "making a list");
    tell(&play, FRAME_RETURN, TARN_E_NO_SPACE);
    told(&play);
    HOST_REFUSED(play_run(&play, &error), TARN_E_NO_SPACE, "the disk is full; while making a list");
    CU_ASSERT_EQUAL(volumes, 2);
    CU_ASSERT_STRING_EQUAL(last_name, "two");
    CU_ASSERT_EQUAL(play.why, 0);
    play_end(&play);
}

static void a_refused_result_ends_the_call(void)
{
    struct tarn_error *error = NULL;
    struct play play;

    play_begin(&play);
    tell_volume(&play, "one", 4711);
    tell_volume(&play, "two", 1);
    tell(&play, FRAME_INTERRUPTED, TARN_E_CANCELLED);
    told(&play);
    tell(&play, FRAME_RETURN, TARN_E_CANCELLED);
    told(&play);
    HOST_REFUSED(play_run(&play, &error), TARN_E_STATE, "without saying why");
    CU_ASSERT_EQUAL(volumes, 1);
    CU_ASSERT(play.stopped);
    play_end(&play);
}

static void tell_known(struct play *play, const char *name)
{
    const struct tarn_identity identity = { sizeof(identity), 0, 1, 2, 3, 4, 5 };
    struct wire_writer *out = tell(play, FRAME_KNOWN, 0);

    wire_put_text(out, name);
    wire_put_struct(out, &shape_identity, &identity);
    told(play);
}

static void what_the_host_does_not_know_is_doubted(void)
{
    struct tarn_error *error = NULL;
    struct play play;
    unsigned i;

    play_begin(&play);
    tell_known(&play, "known");
    for (i = 0; i < 100; i++)
        tell_known(&play, "new");
    tell(&play, FRAME_RETURN, TARN_OK);
    told(&play);
    HOST_OK(play_run(&play, &error));
    CU_ASSERT_EQUAL(play.doubts.count, 100);
    play_end(&play);
}

static void questions_are_answered(void)
{
    struct tarn_error *error = NULL;
    struct arena *arena = NULL;
    struct wire_reader reader;
    struct frame answer;
    struct play play;
    struct wire_writer *out;

    play_begin(&play);
    out = tell(&play, FRAME_QUERY, 0);
    wire_put_u32(out, TARN_DEFINITION_POOL);
    wire_put_u32(out, 0);
    wire_put_text(out, "/pool/name");
    told(&play);
    tell(&play, FRAME_RETURN, TARN_OK);
    told(&play);
    HOST_OK(play_run(&play, &error));
    CU_ASSERT_EQUAL_FATAL(channel_receive(&play.far, &answer), 0); /* the request */
    CU_ASSERT_EQUAL(answer.op, FRAME_REFRESH);
    CU_ASSERT_EQUAL_FATAL(channel_receive(&play.far, &answer), 0);
    CU_ASSERT_EQUAL(answer.op, FRAME_RETURN);
    reader = frame_reader(&answer, &arena);
    CU_ASSERT_STRING_EQUAL(wire_get_word(&reader), "p");
    play_end(&play);
}

/* --- nonsense --------------------------------------------------------------------------------- */

static void ends_in_garbage(void (*speak)(struct play *play))
{
    struct tarn_error *error = NULL;
    struct play play;

    play_begin(&play);
    speak(&play);
    HOST_REFUSED(play_run(&play, &error), TARN_E_INTERNAL, "lost");
    CU_ASSERT_EQUAL(play.why, CHANNEL_GARBAGE);
    play_end(&play);
}

static void unknown_message(struct play *play)
{
    tell(play, 12345, 0);
    told(play);
}

static void impossible_status(struct play *play)
{
    tell(play, FRAME_RETURN, (uint32_t)-1);
    told(play);
}

static void store_that_never_was(struct play *play)
{
    wire_put_u32(tell(play, FRAME_IO_SIZE, 0), 77);
    told(play);
}

static void answer_that_nobody_asked(struct play *play)
{
    wire_put_u64(tell(play, FRAME_RETURN, TARN_OK), 0);
    told(play);
}

static void extents_that_nobody_asked(struct play *play)
{
    tell(play, FRAME_EXTENTS, 0);
    told(play);
}

static void greedy_secret(struct play *play)
{
    struct wire_writer *out = tell(play, FRAME_SECRET, 0);

    wire_put_u32(out, UINT32_MAX);
    wire_put_text(out, "usage");
    told(play);
}

static void nonsense_ends_the_exchange(void)
{
    ends_in_garbage(unknown_message);
    ends_in_garbage(impossible_status);
    ends_in_garbage(store_that_never_was);
    ends_in_garbage(answer_that_nobody_asked);
    ends_in_garbage(extents_that_nobody_asked);
    ends_in_garbage(greedy_secret);
}

static uint32_t any_op(unsigned *seed)
{
    switch ((unsigned)rand_r(seed) % 3) {
    case 0:
        return FRAME_IO_PREAD + (uint32_t)rand_r(seed) % 12;
    case 1:
        return FRAME_QUERY + (uint32_t)rand_r(seed) % 9;
    default:
        return FRAME_FAIL + (uint32_t)rand_r(seed) % 20;
    }
}

static void speak_at_random(struct play *play, unsigned *seed, store_number store)
{
    unsigned frames = 1 + (unsigned)rand_r(seed) % 8;

    while (frames-- > 0) {
        unsigned words = (unsigned)rand_r(seed) % 40;
        struct wire_writer *out = tell(play, any_op(seed), (uint32_t)rand_r(seed) % 20);
        uint32_t bulk = rand_r(seed) % 8 == 0 ? 100 : 0;
        static const char bytes[100];

        if (rand_r(seed) % 2 == 0)
            wire_put_u32(out, store);
        while (words-- > 0) {
            unsigned kind = (unsigned)rand_r(seed) % 4;

            if (kind == 0)
                wire_put_text(out, "some text");
            else
                wire_put_u32(out, kind == 1 ? (uint32_t)rand_r(seed) : (uint32_t)rand_r(seed) % 5);
        }
        channel_end(&play->far, bulk);
        CU_ASSERT_EQUAL(channel_send_bulk(&play->far, bytes, bulk), 0);
    }
    if (rand_r(seed) % 2 == 0)
        return;
    tell(play, FRAME_RETURN, (uint32_t)rand_r(seed) % 20);
    told(play);
}

static void noise_does_no_harm(void)
{
    unsigned round;

    for (round = 0; round < ROUNDS; round++) {
        unsigned seed = round;
        struct tarn_error *error = NULL;
        struct memory_io *memory = memory_io_new(8192);
        struct play play;
        store_number store;

        CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
        memory->limit = 65536;
        play_begin(&play);
        store = handles_add(&play.worker.peer.handles, HANDLE_STORE, &memory->io, NULL, true);
        speak_at_random(&play, &seed, store);
        play_run(&play, &error);
        play_end(&play);
        tarn_error_free(error);
        memory_io_free(memory);
    }
}

static const struct unit_test tests[] = {
    { "results and failures arrive", results_and_failures_arrive },
    { "a refused result ends the call", a_refused_result_ends_the_call },
    { "what the host does not know is doubted", what_the_host_does_not_know_is_doubted },
    { "questions are answered", questions_are_answered },
    { "nonsense ends the exchange", nonsense_ends_the_exchange },
    { "noise does no harm", noise_does_no_harm },
    { NULL, NULL },
};

int main(void)
{
    int failed;

    host_open(&frame);
    failed = unit_main("isolate-telling", tests);
    host_close(&frame);
    return failed;
}
