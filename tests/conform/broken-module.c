/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A module that is right, or wrong in the one way that FAULT_IS says: for the groups lint, hygiene
 * and threads of tarn-conform. Its format "crate" is a block of header, and the guest's bytes
 * behind it. What is wrong with each fault, and which check has to say so, is in faults.list.
 *
 * provides: format:crate
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tarn/module.h>

enum fault {
    FAULT_NONE,
    FAULT_EXPORTS_MORE,
    FAULT_NEEDS_THE_HOST,
    FAULT_BINDS_LATE,
    FAULT_RUNS_ITS_STACK,
    FAULT_COUNTS_IN_A_STATIC,
    FAULT_HAS_NO_DESCRIPTOR,
    FAULT_TAKES_ANY_MAJOR,
    FAULT_WRONG_DEFAULT,
    FAULT_HAS_NO_LICENCE,
    FAULT_CONF_LACKS_IT,
    FAULT_PRINTS,
    FAULT_CHANGES_FOLDER,
    FAULT_CHANGES_UMASK,
    FAULT_CHANGES_LOCALE,
    FAULT_CHANGES_ENVIRONMENT,
    FAULT_IGNORES_A_SIGNAL,
    FAULT_BLOCKS_A_SIGNAL,
    FAULT_LEAVES_A_DESCRIPTOR,
    FAULT_HANDS_DESCRIPTORS_ON,
    FAULT_LEAVES_A_THREAD,
    FAULT_LEAVES_A_CHILD,
    FAULT_LEAVES_MEMORY,
    FAULT_SHARES_A_BUFFER,
    FAULT_ONE_BUFFER_AN_IMAGE,
    FAULT_ONE_STATE_FOR_ALL,
};

#define FAULT(name) (FAULT_IS == FAULT_##name)

#define HEADER ((uint64_t)512)
#define PIECE  ((uint64_t)65536)

static const uint8_t mark[16] = "CRATE IMAGE 1.0";

/* The state: once per context. */
struct state {
    int descriptor;
    uint8_t piece[PIECE];
};

struct crate {
    struct tarn_io io; /* first */
    struct tarn_io *below;
    struct state *state;
    int descriptor;
    uint8_t piece[PIECE];
};

/* --- the guest's bytes ------------------------------------------------------------------------ */

static struct crate *crate_of(struct tarn_io *io)
{
    return (struct crate *)(void *)io;
}

/* Through a buffer that is not this call's own, with a pause in which another call may use it. */
static void by_way_of(uint8_t *buffer, const uint8_t *bytes, uint64_t length)
{
    memcpy(buffer, bytes, length);
    for (int times = 0; times < 50; times++)
        sched_yield();
}

static const uint8_t *on_its_way(struct crate *crate, const void *bytes, uint64_t length)
{
    uint8_t *buffer = FAULT(SHARES_A_BUFFER) ? crate->state->piece : crate->piece;

    if (!(FAULT(SHARES_A_BUFFER) || FAULT(ONE_BUFFER_AN_IMAGE)) || length > PIECE)
        return bytes;
    by_way_of(buffer, bytes, length);
    return buffer;
}

static int32_t guest_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    int32_t status = tarn_io_size(call, crate_of(io)->below, out);

    if (status == TARN_OK)
        *out = *out > HEADER ? *out - HEADER : 0;
    return status;
}

static int32_t guest_pread(struct tarn_call *call, struct tarn_io *io, void *buffer,
                           uint64_t length, uint64_t offset)
{
    if (offset > UINT64_MAX - HEADER)
        return tarn_fail(call, TARN_E_INVALID, 0, "a read that passes the end of the crate");
    return tarn_io_pread(call, crate_of(io)->below, buffer, length, offset + HEADER);
}

static int32_t guest_pwrite(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                            uint64_t length, uint64_t offset)
{
    struct crate *crate = crate_of(io);
    uint64_t size = 0;
    int32_t status = guest_size(call, io, &size);

    if (status == TARN_OK && (offset > size || length > size - offset))
        status = tarn_fail(call, TARN_E_NO_SPACE, 0, "a write that passes the end of the crate");
    if (status != TARN_OK)
        return status;
    return tarn_io_pwrite(call, crate->below, on_its_way(crate, buffer, length), length,
                          offset + HEADER);
}

static int32_t guest_flush(struct tarn_call *call, struct tarn_io *io)
{
    return tarn_io_flush(call, crate_of(io)->below);
}

static int32_t guest_close(struct tarn_call *call, struct tarn_io *io)
{
    struct crate *crate = crate_of(io);

    (void)call;
    if (crate->descriptor >= 0)
        close(crate->descriptor);
    free(crate);
    return TARN_OK;
}

/* --- the format ------------------------------------------------------------------------------- */

static int32_t probe(const struct tarn_probe *probe)
{
    return probe->head_length >= HEADER && memcmp(probe->head, mark, sizeof(mark)) == 0
               ? TARN_PROBE_SURE
               : TARN_PROBE_NO;
}

static int32_t look(struct tarn_call *call, struct tarn_io *io, uint64_t *out_capacity)
{
    uint8_t found[sizeof(mark)];
    uint64_t size = 0;
    int32_t status = tarn_io_size(call, io, &size);

    if (status == TARN_OK && size < HEADER)
        return tarn_fail(call, TARN_E_CORRUPT, 0, "a crate has 512 bytes at least");
    if (status == TARN_OK)
        status = tarn_io_pread(call, io, found, sizeof(found), 0);
    if (status == TARN_OK && memcmp(found, mark, sizeof(mark)) != 0)
        return tarn_fail(call, TARN_E_CORRUPT, 0, "this is no crate: it begins with other bytes");
    *out_capacity = size - HEADER;
    return status;
}

static int32_t info(struct tarn_call *call, struct tarn_io *io)
{
    struct tarn_image_info told = { .struct_size = sizeof(told) };
    int32_t status = look(call, io, &told.capacity);

    return status == TARN_OK ? call->host->emit_image(call, &told) : status;
}

static int32_t create(struct tarn_call *call, struct tarn_io *io,
                      const struct tarn_image_spec *spec)
{
    uint8_t header[HEADER] = { 0 };
    int32_t status;

    if (spec->capacity > INT64_MAX - HEADER)
        return tarn_fail(call, TARN_E_INVALID, 0, "a crate has room for 2^63-513 bytes");
    if (spec->features != NULL && spec->features[0] != NULL)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "a crate has no features");
    if (spec->backing_name != NULL || spec->subformat != NULL || spec->compat != NULL ||
        spec->cluster_size != 0)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "a crate has nothing but a capacity");
    memcpy(header, mark, sizeof(mark));
    status = tarn_io_pwrite(call, io, header, sizeof(header), 0);
    return status == TARN_OK ? tarn_io_truncate(call, io, HEADER + spec->capacity, 0) : status;
}

static int32_t open_crate(struct tarn_call *call, struct tarn_io *io,
                          const struct tarn_image_open *how, struct tarn_io **out)
{
    uint64_t capacity = 0;
    int32_t status = look(call, io, &capacity);
    struct crate *crate;

    if (status != TARN_OK)
        return status;
    if (how->flags & TARN_IMAGE_OPEN_COMPRESS)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "crates are not compressed");
    if (how->snapshot != NULL)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "crates have no snapshots");
    crate = calloc(1, sizeof(*crate));
    if (crate == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to open a crate");
    crate->io = (struct tarn_io){
        .struct_size = sizeof(crate->io),
        .flags = TARN_IO_FIXED_SIZE |
                 (how->flags & TARN_IMAGE_OPEN_WRITE ? TARN_IO_WRITABLE : 0),
        .fd = -1,
        .pread = guest_pread,
        .pwrite = guest_pwrite,
        .flush = guest_flush,
        .size = guest_size,
        .close = guest_close,
    };
    if (!FAULT(SHARES_A_BUFFER))
        crate->io.flags |= io->flags & TARN_IO_PARALLEL;
    crate->below = io;
    crate->state = call->module_state;
    crate->descriptor = FAULT(HANDS_DESCRIPTORS_ON) ? open("/dev/null", O_RDONLY) : -1;
    *out = &crate->io;
    return TARN_OK;
}

static const struct tarn_magic magic = { .struct_size = sizeof(magic), .length = sizeof(mark),
                                         .bytes = mark };
static const struct tarn_magic *const magics[] = { &magic, NULL };

static const struct tarn_format crate_format = {
    .struct_size = sizeof(crate_format),
    .capabilities = TARN_FORMAT_PROBE | TARN_FORMAT_READ | TARN_FORMAT_WRITE | TARN_FORMAT_CREATE,
    .name = "crate",
    .summary = "a block of header, and the guest's bytes",
    .magics = magics,
    .probe = probe,
    .info = info,
    .create = create,
    .open = open_crate,
};

/* --- the module ------------------------------------------------------------------------------- */

#ifdef HAS_FAULT_COUNTS_IN_A_STATIC
static unsigned loaded;
#define COUNT_LOAD() (void)loaded++
#else
#define COUNT_LOAD() (void)0
#endif

#define SHARED_PLACE ((void *)0x600000000000)

static void *sleep_for_long(void *arg)
{
    sleep(30);
    return arg;
}

static void leave_a_thread(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, sleep_for_long, NULL) == 0)
        pthread_detach(thread);
}

static void block_a_signal(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void misbehave(struct state *state)
{
    COUNT_LOAD();
    if (FAULT(PRINTS))
        printf("loaded\n");
    if (FAULT(CHANGES_FOLDER) && chdir("/") < 0)
        abort();
    if (FAULT(CHANGES_UMASK))
        umask(0);
    if (FAULT(CHANGES_LOCALE))
        setlocale(LC_ALL, "C.UTF-8");
    if (FAULT(CHANGES_ENVIRONMENT))
        setenv("CRATE", "1", 1);
    if (FAULT(IGNORES_A_SIGNAL))
        signal(SIGPIPE, SIG_IGN);
    if (FAULT(BLOCKS_A_SIGNAL))
        block_a_signal();
    if (FAULT(LEAVES_A_THREAD))
        leave_a_thread();
    if (FAULT(LEAVES_A_CHILD) && fork() == 0)
        _exit(0);
    if (FAULT(LEAVES_A_DESCRIPTOR))
        state->descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static struct state *new_state(void)
{
    void *memory;

    if (!FAULT(ONE_STATE_FOR_ALL))
        return calloc(1, sizeof(struct state));
    /* A static in disguise, that lint cannot see. */
    memory = mmap(SHARED_PLACE, sizeof(struct state), PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    return memory != MAP_FAILED ? memory : SHARED_PLACE;
}

static int32_t load(struct tarn_call *call, void **out_state)
{
    struct state *state = new_state();

    if (state == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for the crates' state");
    state->descriptor = -1;
    misbehave(state);
    *out_state = state;
    return TARN_OK;
}

static void unload(void *state)
{
    if (!FAULT(LEAVES_MEMORY) && !FAULT(ONE_STATE_FOR_ALL))
        free(state);
}

static const struct tarn_param pieces = {
    .struct_size = sizeof(pieces),
    .type = TARN_PARAM_INTEGER,
    .name = "pieces",
    .summary = "how many pieces a crate is written in",
    .default_value = FAULT(WRONG_DEFAULT) ? "many" : "1",
};
static const struct tarn_param *const params[] = { &pieces, NULL };

static const struct tarn_format *const formats[] = { &crate_format, NULL };
static const struct tarn_module module = {
    .struct_size = sizeof(module),
    .abi_version = TARN_ABI_VERSION,
    .name = "crate",
    .version = "1.0",
    .summary = "crates",
    .licence = FAULT(HAS_NO_LICENCE) ? NULL : "LGPL-2.1-or-later",
    .threads = FAULT(ONE_BUFFER_AN_IMAGE) ? TARN_THREADS_PARALLEL : TARN_THREADS_POOL,
    .formats = formats,
    .params = params,
    .load = load,
    .unload = unload,
};

#ifdef HAS_FAULT_EXPORTS_MORE
TARN_EXPORT int crate_helper(void);
int crate_helper(void)
{
    return 1;
}
#endif

extern const char *tarn_version(void);

const struct tarn_module *tarn_module_entry(uint32_t host_abi_version)
{
    if (FAULT(NEEDS_THE_HOST) && tarn_version() == NULL)
        return NULL;
    if (FAULT(HAS_NO_DESCRIPTOR))
        return NULL;
    return FAULT(TAKES_ANY_MAJOR) || TARN_ABI_MAJOR_OF(host_abi_version) == TARN_ABI_MAJOR
               ? &module
               : NULL;
}
