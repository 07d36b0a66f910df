/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A volume format of an isolated module. The image's container stays here: the module's process
 * reads and writes it through the host, and reaches no file.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/context/call.h"
#include "core/context/context.h"
#include "core/image/probe.h"
#include "core/isolate/isolate.h"
#include "core/isolate/store.h"
#include "core/isolate/wire-shapes.h"

/* What is read ahead of an image that is only described: most formats want no more. */
#define HEAD 4096u

/* A container in the worker's hands. */
struct loan {
    struct worker *worker; /* counted */
    store_number number;
};

/* A request about an image. */
struct image_request {
    struct exchange exchange;
    struct loan loan;
};

/* --- lending ---------------------------------------------------------------------------------- */

static int32_t lend(struct loan *loan, struct tarn_call *call, struct tarn_io *io)
{
    struct isolate *isolate = isolate_of(call);
    int32_t status = seat_take(&loan->worker, &isolate->seat, call, false);

    if (status != TARN_OK)
        return status;
    loan->number = handles_add(&loan->worker->peer.handles, HANDLE_STORE, io, NULL,
                               (io->flags & TARN_IO_PARALLEL) != 0);
    if (loan->number != 0)
        return TARN_OK;
    worker_unref(loan->worker);
    return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to use an image");
}

static void take_back(const struct loan *loan)
{
    handles_remove(&loan->worker->peer.handles, HANDLE_STORE, loan->number);
    worker_unref(loan->worker);
}

/* --- requests --------------------------------------------------------------------------------- */

static int32_t request_begin(struct image_request *request, struct tarn_call *call, uint32_t op,
                             size_t number, struct tarn_io *io)
{
    int32_t status = lend(&request->loan, call, io);

    if (status != TARN_OK)
        return status;
    status = exchange_begin(&request->exchange, call, &request->loan.worker->peer, op);
    if (status != TARN_OK) {
        take_back(&request->loan);
        return status;
    }
    isolate_put_definitions(request->exchange.out, call, NULL);
    wire_put_u32(request->exchange.out, (uint32_t)number);
    return TARN_OK;
}

static void put_store(struct image_request *request, const struct tarn_io *io)
{
    store_describe(request->exchange.out, request->loan.number, io, NULL, 0, UINT64_MAX);
}

static int32_t request_finish(struct image_request *request)
{
    struct tarn_call *call = request->exchange.call;
    int32_t status = exchange_end(&request->exchange, exchange_run(&request->exchange));

    telling_close_related(call, request->loan.worker, &request->exchange);
    take_back(&request->loan);
    return status;
}

/* --- the functions, of the format with that number -------------------------------------------- */

/* A failure is none of the volume's, whatever it is: the call of this is a new one. */
static int32_t ask_probe(struct tarn_call *call, size_t number, const struct tarn_probe *probe)
{
    struct worker *worker = NULL;
    struct exchange exchange;
    uint32_t sure = TARN_PROBE_NO;
    int32_t status = seat_take(&worker, &isolate_of(call)->seat, call, false);

    if (status != TARN_OK)
        return TARN_PROBE_NO;
    status = exchange_begin(&exchange, call, &worker->peer, FRAME_PROBE);
    worker_unref(worker);
    if (status != TARN_OK)
        return TARN_PROBE_NO;
    isolate_put_definitions(exchange.out, call, NULL);
    wire_put_u32(exchange.out, (uint32_t)number);
    wire_put_struct(exchange.out, &shape_probe, probe);
    status = exchange_run(&exchange);
    if (status == TARN_OK)
        sure = wire_get_u32(&exchange.answer);
    status = exchange_end(&exchange, status);
    return status == TARN_OK && sure <= INT32_MAX ? (int32_t)sure : TARN_PROBE_NO;
}

static int32_t format_probe(size_t number, const struct tarn_probe *probe)
{
    const struct probe_question *question = (const struct probe_question *)(const void *)probe;
    struct call call;
    int32_t sure;

    call_prepare(&call, question->operation, question->module);
    sure = ask_probe(&call.abi, number, probe);
    if (call.error != NULL)
        context_log(question->operation->context, TARN_LOG_WARNING, "%s",
                    tarn_error_message(call.error));
    call_clear(&call);
    return sure;
}

/* What an image says of itself stands at its beginning: that goes along, so that nothing need be
 * asked. */
static int32_t put_store_with_head(struct image_request *request, struct tarn_call *call,
                                   struct tarn_io *io)
{
    unsigned char head[HEAD];
    uint64_t size = 0;
    uint64_t length;
    int32_t status = tarn_io_size(call, io, &size);

    length = size < HEAD ? size : HEAD;
    if (status == TARN_OK)
        status = tarn_io_pread(call, io, head, length, 0);
    if (status == TARN_OK)
        store_describe(request->exchange.out, request->loan.number, io, head, length, size);
    return status;
}

static int32_t format_info(struct tarn_call *call, size_t number, struct tarn_io *io)
{
    struct image_request request;
    int32_t status = request_begin(&request, call, FRAME_IMAGE_INFO, number, io);

    if (status != TARN_OK)
        return status;
    if (put_store_with_head(&request, call, io) != TARN_OK) {
        call->host->forget(call);
        put_store(&request, io);
    }
    return request_finish(&request);
}

static int32_t format_measure(struct tarn_call *call, size_t number,
                              const struct tarn_image_spec *spec, uint64_t *out)
{
    struct worker *worker = NULL;
    struct exchange exchange;
    int32_t status = seat_take(&worker, &isolate_of(call)->seat, call, false);

    if (status != TARN_OK)
        return status;
    status = exchange_begin(&exchange, call, &worker->peer, FRAME_IMAGE_MEASURE);
    worker_unref(worker);
    if (status != TARN_OK)
        return status;
    isolate_put_definitions(exchange.out, call, NULL);
    wire_put_u32(exchange.out, (uint32_t)number);
    wire_put_struct(exchange.out, &shape_image_spec, spec);
    status = exchange_run(&exchange);
    if (status == TARN_OK)
        *out = wire_get_u64(&exchange.answer);
    return exchange_end(&exchange, status);
}

static int32_t format_create(struct tarn_call *call, size_t number, struct tarn_io *io,
                             const struct tarn_image_spec *spec)
{
    struct image_request request;
    int32_t status = request_begin(&request, call, FRAME_IMAGE_CREATE, number, io);

    if (status != TARN_OK)
        return status;
    put_store(&request, io);
    wire_put_struct(request.exchange.out, &shape_image_spec, spec);
    return request_finish(&request);
}

static int32_t format_check(struct tarn_call *call, size_t number, struct tarn_io *io,
                            uint32_t flags)
{
    struct image_request request;
    int32_t status = request_begin(&request, call, FRAME_IMAGE_CHECK, number, io);

    if (status != TARN_OK)
        return status;
    put_store(&request, io);
    wire_put_u32(request.exchange.out, flags);
    return request_finish(&request);
}

/* --- open images ------------------------------------------------------------------------------ */

/* The guest's disk is closed: now nobody uses what is below it, also if the worker is no more. */
static void guest_closed(struct tarn_call *call, struct tarn_io *guest, void *arg)
{
    struct loan *loan = arg;

    telling_close_related(call, loan->worker, guest);
    take_back(loan);
    free(loan);
}

static int32_t finish_open(struct image_request *request, struct loan *kept, struct tarn_io **out)
{
    struct exchange *exchange = &request->exchange;
    struct tarn_call *call = exchange->call;
    struct tarn_io *guest = NULL;
    int32_t status = exchange_run(exchange);

    if (status == TARN_OK)
        guest = store_client_new(exchange->peer, &exchange->answer);
    status = exchange_end(exchange, status);
    if (status != TARN_OK) {
        store_client_free(guest);
        telling_close_related(call, request->loan.worker, exchange);
        take_back(&request->loan);
        free(kept);
        return status;
    }
    *kept = request->loan;
    handles_hand_over(&kept->worker->peer.handles, exchange, guest);
    store_client_on_close(guest, guest_closed, kept);
    *out = guest;
    return TARN_OK;
}

static int32_t format_open(struct tarn_call *call, size_t number, struct tarn_io *io,
                           const struct tarn_image_open *how, struct tarn_io **out)
{
    struct loan *kept = calloc(1, sizeof(*kept));
    struct image_request request;
    int32_t status;

    if (kept == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to open an image");
    status = request_begin(&request, call, FRAME_IMAGE_OPEN, number, io);
    if (status != TARN_OK) {
        free(kept);
        return status;
    }
    put_store(&request, io);
    wire_put_struct(request.exchange.out, &shape_image_open, how);
    return finish_open(&request, kept, out);
}

/* --- a set of functions for each number ------------------------------------------------------- */

#define FUNCTIONS(n) \
    static int32_t probe_##n(const struct tarn_probe *probe) \
    { \
        return format_probe(n, probe); \
    } \
    static int32_t info_##n(struct tarn_call *call, struct tarn_io *io) \
    { \
        return format_info(call, n, io); \
    } \
    static int32_t measure_##n(struct tarn_call *call, const struct tarn_image_spec *spec, \
                               uint64_t *out) \
    { \
        return format_measure(call, n, spec, out); \
    } \
    static int32_t create_##n(struct tarn_call *call, struct tarn_io *io, \
                              const struct tarn_image_spec *spec) \
    { \
        return format_create(call, n, io, spec); \
    } \
    static int32_t open_##n(struct tarn_call *call, struct tarn_io *io, \
                            const struct tarn_image_open *how, struct tarn_io **out) \
    { \
        return format_open(call, n, io, how, out); \
    } \
    static int32_t check_##n(struct tarn_call *call, struct tarn_io *io, uint32_t flags) \
    { \
        return format_check(call, n, io, flags); \
    }

#define EACH(use) \
    use(0) use(1) use(2) use(3) use(4) use(5) use(6) use(7) \
    use(8) use(9) use(10) use(11) use(12) use(13) use(14) use(15)

EACH(FUNCTIONS)

#define ROW(n) \
    { .probe = probe_##n, .info = info_##n, .measure = measure_##n, .create = create_##n, \
      .open = open_##n, .check = check_##n },

static const struct tarn_format functions[] = { EACH(ROW) };
_Static_assert(sizeof(functions) / sizeof(functions[0]) == ISOLATE_MOST_FORMATS, "one for each");

void proxy_format_functions(struct tarn_format *out, size_t number)
{
    *out = functions[number];
}
