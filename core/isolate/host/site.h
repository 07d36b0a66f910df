/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The worker program's parts: the module, what is open of it, and the calls that run.
 */
#ifndef CORE_ISOLATE_SITE_H
#define CORE_ISOLATE_SITE_H

#include <stdatomic.h>

#include <tarn/module.h>

#include "core/isolate/exchange.h"

struct known;

/* The module in this process. */
struct site {
    struct peer peer; /* first: the host, and what it may use of ours */
    const struct tarn_module *module; /* NULL before FRAME_DESCRIBE */
    struct arena *arena;              /* of the descriptor's copy and the options */
    unsigned char *options_body;      /* that the options' texts are in */
    const struct tarn_property *const *options;
    void *state;
    bool loaded;
    pthread_mutex_t serial; /* around each call of a module that may have only one */
    atomic_uint requests;   /* that were served */
    atomic_uint running;
    uint64_t most_fds;
};

/* An open pool. */
struct site_pool {
    const struct tarn_pool_type *type;
    void *handle; /* the module's */
    const struct tarn_pool_def *def;
    unsigned char *body; /* that the definition's texts are in */
    struct arena *arena;
    struct known *known; /* what was told of it */
};

/* One channel, served by a thread of its own. */
struct line {
    struct channel channel; /* first */
    struct site *site;
};

/* A call of the module. */
struct site_call {
    struct tarn_call abi; /* first: what the module sees */
    struct line *line;
    struct arena *arena;    /* answers that live as long as the call */
    struct site_pool *pool; /* that it works on, or NULL */
    const struct tarn_pool_type *type; /* whose parameters the pool's options are, or NULL */
    struct arena *secrets;  /* answers that are wiped at the end */
    bool refreshing;
    bool told_interrupted;
    int64_t deadline;       /* nanoseconds of CLOCK_MONOTONIC; 0 = none */
    int64_t spoke;          /* when something was last sent */
    int64_t progress_told;
    bool progress_pending;
    uint64_t done;
    uint64_t total;
};

/* --- main.c ----------------------------------------------------------------------------------- */

int64_t site_clock(void);

/* --- host-table.c: what the module reaches through its call ----------------------------------- */

void site_call_begin(struct site_call *call, struct line *line, uint32_t limit);
/* Tells what is still to be told. */
void site_call_end(struct site_call *call);
extern const struct peer_ops site_peer_ops;

/* --- host-results.c --------------------------------------------------------------------------- */

int32_t site_emit_volume(struct tarn_call *call, const struct tarn_volume_info *volume);
int32_t site_volume_known(struct tarn_call *call, const char *name,
                          const struct tarn_identity *identity);
int32_t site_emit_pool(struct tarn_call *call, const struct tarn_pool_info *info);
int32_t site_emit_source(struct tarn_call *call, const struct tarn_source *source);
int32_t site_emit_capability(struct tarn_call *call, const struct tarn_capability *capability);
int32_t site_emit_free(struct tarn_call *call, const struct tarn_device_extent *extent);
int32_t site_emit_claim(struct tarn_call *call, const char *claim);
int32_t site_emit_changed(struct tarn_call *call, const char *volume_name);
int32_t site_emit_image(struct tarn_call *call, const struct tarn_image_info *info);
int32_t site_emit_snapshot(struct tarn_call *call, const struct tarn_snapshot *snapshot);
int32_t site_emit_finding(struct tarn_call *call, const struct tarn_finding *finding);
int32_t site_emit_check(struct tarn_call *call, const struct tarn_check_result *result);
/* Begins and ends a message that nobody answers; between them the channel is entered. */
struct wire_writer *site_tell(struct site_call *call, uint32_t op, uint32_t word);
/* TARN_OK, or that the call shall stop. */
int32_t site_told(struct site_call *call);

/* --- requests.c ------------------------------------------------------------------------------- */

/* A request that is served. */
struct request {
    struct site *site;
    struct site_call call;
    struct wire_reader reader;
    struct wire_writer reply; /* what is answered with TARN_OK */
    int fd;                   /* that goes with the answer, or -1; the module's */
};

/* Serves one request. 0, or CHANNEL_…: then the channel is of no more use. */
int site_serve(struct line *line, const struct frame *frame);
/* Lends a byte store of the module's to the host and describes it in the reply. `below` goes when
 * it is closed, or is NULL. */
int32_t site_lend(struct request *request, struct tarn_io *io, struct tarn_io *below);
int32_t site_broken(struct request *request);

/* --- requests-module.c ------------------------------------------------------------------------ */
int32_t request_describe(struct request *request);
int32_t request_load(struct request *request);
/* Is the process near its limits? */
bool site_is_worn(struct site *site);

/* --- requests-pool.c, requests-volume.c, requests-format.c ------------------------------------ */
int32_t request_of_type(struct request *request, uint32_t op);
int32_t request_of_pool(struct request *request, uint32_t op);
int32_t request_of_volume(struct request *request, uint32_t op);
int32_t request_of_format(struct request *request, uint32_t op);

/* --- known.c: what was told of a pool's volumes ----------------------------------------------- */

/* NULL without memory: then nothing is known. */
struct known *known_new(void);
void known_free(struct known *known);
/* Begins a listing; `anew` forgets everything. */
void known_begin(struct known *known, bool anew);
/* Ends it: what was not told in it is forgotten. */
void known_end(struct known *known);
void known_keep(struct known *known, const char *name, const struct tarn_identity *identity);
bool known_is(struct known *known, const char *name, const struct tarn_identity *identity);

#endif
