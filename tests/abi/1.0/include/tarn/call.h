/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tarn/call.h - the call: one operation in flight, first argument of everything.
 *
 * A module reaches the host through `call->host`, never through a symbol of its own: it links
 * nothing of tarn's. The inline functions at the end are what module code uses.
 *
 * A call belongs to one operation. It may be used by several threads that the module starts for
 * that operation, and not after the operation has returned.
 */
#ifndef TARN_CALL_H
#define TARN_CALL_H

#include <stdarg.h>
#include <stdio.h>

#include <tarn/abi.h>
#include <tarn/define.h>
#include <tarn/io.h>
#include <tarn/result.h>

struct tarn_call;

/* tarn_host.log levels */
#define TARN_LOG_ERROR   1u
#define TARN_LOG_WARNING 2u
#define TARN_LOG_INFO    3u
#define TARN_LOG_DEBUG   4u

/* tarn_host.query: which definition */
#define TARN_DEFINITION_POOL   1u
#define TARN_DEFINITION_VOLUME 2u

/* tarn_host.amend: which part of the pool definition */
#define TARN_AMEND_TARGET_PATH   1u
#define TARN_AMEND_SOURCE_FORMAT 2u
#define TARN_AMEND_SOURCE_NAME   3u

/* tarn_host.notify: what people who watch the pool may want to know at once */
#define TARN_NOTICE_WATERMARK 1u /* a fill passed a mark: of the pool, or of a volume */
#define TARN_NOTICE_MOVED     2u /* the volume bears another name now; `text` is the one before */
#define TARN_NOTICE_REPAIRED  3u /* something was wrong with the storage, and was mended */

/* tarn_host.identify flags */
#define TARN_IDENTIFY_NEW 0x00000001u /* made just now: takes the place of what was recorded */

/* tarn_host.open_related: what the other file is to the image that names it */
#define TARN_RELATED_BACKING   1u /* the guest's bytes below: through its format, read only */
#define TARN_RELATED_DATA_FILE 2u /* raw bytes that belong to the image (external data, extents) */
#define TARN_RELATED_CONTAINER 3u /* the backing store's own container, read only: where a format
                                     must compare what the two images say of each other */

struct tarn_host {
    uint32_t struct_size;
    uint32_t abi_version; /* TARN_ABI_VERSION of the host */

    /* --- errors, cancellation, progress ---------------------------------------------------- */

    /* Records a failure and returns `status`. The first failure of a call wins, later ones are
     * appended as "while …" context. `text` says what, where and what to do next, in one line without
     * a full stop. `system_errno` is 0, or the host adds ": " and what the system calls it: then the
     * text ends with what failed, and gives no advice. */
    int32_t (*fail)(struct tarn_call *call, int32_t status, int32_t system_errno,
                    const char *text);
    /* Forgets what was recorded: the module found another way. */
    void (*forget)(struct tarn_call *call);
    /* TARN_OK, or TARN_E_CANCELLED or TARN_E_TIMEOUT with the error recorded. Cheap: ask it in
     * every loop. */
    int32_t (*interrupted)(struct tarn_call *call);
    /* A descriptor that polls readable once the call is cancelled, or -1. The host's; not
     * closed. */
    int32_t (*cancel_fd)(struct tarn_call *call);
    /* Milliseconds until the deadline, 0 when it has passed, -1 without one. */
    int64_t (*time_left)(struct tarn_call *call);
    /* `done` of `total` bytes (or other units); total 0 = unknown. */
    void (*progress)(struct tarn_call *call, uint64_t done, uint64_t total);
    void (*log)(struct tarn_call *call, uint32_t level, const char *text);

    /* --- questions ------------------------------------------------------------------------- */

    /* The value of a parameter (struct tarn_param): what the XML of the pool being worked on says,
     * for those of its type; or else what [options] of the .conf says, for those of the module; or
     * else the default; NULL if there is none. Of a secret in the XML, its text; NULL if it is not
     * to be had, which is recorded as a failure. Lives as long as the call. */
    const char *(*option)(struct tarn_call *call, const char *name);
    /* The text that an XPath finds in the definition being worked on, with the blanks around it, the
     * `index`-th of several; NULL when there is none. The module's own XML namespace is bound to its
     * declared prefix. Lives as long as the call. */
    const char *(*query)(struct tarn_call *call, uint32_t which, const char *xpath,
                         uint32_t index);
    /* Copies a secret into `buffer` and its length in bytes into *length (in: the room). It is named
     * by one of `usage` and `uuid`; both NULL: the one that the definition's <auth> names. The module
     * wipes its copy with explicit_bzero. */
    int32_t (*secret)(struct tarn_call *call, const char *usage, const char *uuid, void *buffer,
                      uint64_t *length);
    /* Non-zero when the host already knows this volume with this identity: nothing need be read,
     * and the volume counts as emitted. Only within tarn_pool_type.refresh. */
    int32_t (*volume_known)(struct tarn_call *call, const char *name,
                            const struct tarn_identity *identity);
    /* Opens another file that the image being opened names, if the host's policy allows it. The
     * name is as it stands in the image: relative names are relative to the image. `format` is
     * what the image records, NULL if nothing. `flags` is 0, or TARN_IMAGE_OPEN_WRITE for a data
     * file that shall be written. For TARN_RELATED_BACKING the store that comes out holds the guest
     * bytes of that image. Asked for while the image is being created, opened or checked; the
     * caller closes it. */
    int32_t (*open_related)(struct tarn_call *call, uint32_t role, const char *name,
                            const char *format, uint32_t flags, struct tarn_io **out);
    /* Makes a further file of the image that is being created, of `size` bytes of zeros, named
     * after the image: with the suffix "-flat.vmdk" the image "disk.vmdk" gets "disk-flat.vmdk".
     * Stores the name by which the image shall record it in *out_name, which lives as long as the
     * call, and the file, open for writing, in *out; the caller closes it. It appears together
     * with the image or not at all, and goes with it. Only within tarn_format.create. */
    int32_t (*create_related)(struct tarn_call *call, const char *suffix, uint64_t size,
                              const char **out_name, struct tarn_io **out);

    /* --- the pool being worked on ------------------------------------------------------------ */

    /* Sets a part of the pool definition that the author of the XML left out; only within
     * tarn_pool_type.define. */
    int32_t (*amend)(struct tarn_call *call, uint32_t part, const char *value);
    /* Tells which storage this is, by the mark that it bears itself: `kind` says of what
     * ("filesystem", "volume-group", "label", "unit"), `id` is that mark, a UUID or serial number.
     * TARN_OK if it is what the pool had before, or if the pool had none of that kind; then it is
     * recorded once the operation has succeeded. TARN_E_REPLACED, recorded as the failure, if the
     * pool had another: the module touches nothing of it. Within build (after the storage was
     * made, with TARN_IDENTIFY_NEW), check, start, info and refresh. Of many units each is a volume
     * and told with its mark (tarn_volume_info); volume_open asks here, with the volume's name as
     * the kind. */
    int32_t (*identify)(struct tarn_call *call, const char *kind, const char *id, uint32_t flags);
    /* Tells listeners of the pool's events; `volume` is NULL where none is meant. `text` is one line
     * without a full stop. Any operation of a pool type. */
    void (*notify)(struct tarn_call *call, uint32_t kind, const char *volume, const char *text);

    /* --- results: pushed, copied by the host before these return ----------------------------- */

    int32_t (*emit_volume)(struct tarn_call *call, const struct tarn_volume_info *volume);
    int32_t (*emit_pool)(struct tarn_call *call, const struct tarn_pool_info *info);
    int32_t (*emit_source)(struct tarn_call *call, const struct tarn_source *source);
    int32_t (*emit_capability)(struct tarn_call *call, const struct tarn_capability *capability);
    int32_t (*emit_free)(struct tarn_call *call, const struct tarn_device_extent *extent);
    int32_t (*emit_claim)(struct tarn_call *call, const char *claim);
    int32_t (*emit_changed)(struct tarn_call *call, const char *volume_name);
    int32_t (*emit_image)(struct tarn_call *call, const struct tarn_image_info *info);
    int32_t (*emit_snapshot)(struct tarn_call *call, const struct tarn_snapshot *snapshot);
    int32_t (*emit_finding)(struct tarn_call *call, const struct tarn_finding *finding);
    int32_t (*emit_check)(struct tarn_call *call, const struct tarn_check_result *result);

    /* --- libraries that no two threads may use at once ---------------------------------------- */

    /* Takes the lock that modules with TARN_THREADS_DOMAIN and this lock_domain are called under,
     * and gives it back; for a module that declares more than that and needs such a library only now
     * and then, for a moment. TARN_OK, or recorded: it was not taken. A thread may take again what it
     * has. */
    int32_t (*domain_enter)(struct tarn_call *call, const char *lock_domain);
    void (*domain_leave)(struct tarn_call *call, const char *lock_domain);
};

struct tarn_call {
    uint32_t struct_size;
    uint32_t reserved;
    const struct tarn_host *host;
    void *module_state;                   /* what the module's load() stored; NULL without one */
    const struct tarn_pool_def *pool;     /* the pool definition being worked on, or NULL */
    const struct tarn_volume_def *volume; /* the volume definition being worked on, or NULL */
};

/* Records a failure, with a printf-style text; returns `status`. */
static inline int32_t tarn_fail(struct tarn_call *call, int32_t status, int32_t system_errno,
                                const char *format, ...) TARN_PRINTF(4, 5);

static inline int32_t tarn_fail(struct tarn_call *call, int32_t status, int32_t system_errno,
                                const char *format, ...)
{
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return call->host->fail(call, status, system_errno, text);
}

static inline int32_t tarn_interrupted(struct tarn_call *call)
{
    return call->host->interrupted(call);
}

static inline int32_t tarn_io_pread(struct tarn_call *call, struct tarn_io *io, void *buffer,
                                    uint64_t length, uint64_t offset)
{
    if (!TARN_HAS(io, struct tarn_io, pread))
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "this byte store cannot be read");
    return io->pread(call, io, buffer, length, offset);
}

static inline int32_t tarn_io_pwrite(struct tarn_call *call, struct tarn_io *io,
                                     const void *buffer, uint64_t length, uint64_t offset)
{
    if (!TARN_HAS(io, struct tarn_io, pwrite) || !(io->flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "this byte store is read-only");
    return io->pwrite(call, io, buffer, length, offset);
}

static inline int32_t tarn_io_flush(struct tarn_call *call, struct tarn_io *io)
{
    return TARN_HAS(io, struct tarn_io, flush) ? io->flush(call, io) : TARN_OK;
}

static inline int32_t tarn_io_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    if (!TARN_HAS(io, struct tarn_io, size))
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "this byte store does not tell its size");
    return io->size(call, io, out);
}

static inline int32_t tarn_io_truncate(struct tarn_call *call, struct tarn_io *io, uint64_t size,
                                       uint32_t flags)
{
    if (!TARN_HAS(io, struct tarn_io, truncate) || !(io->flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "this byte store cannot change its size");
    return io->truncate(call, io, size, flags);
}

/* A store without `extents` is one extent of data. */
static inline int32_t tarn_io_extents(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                                      uint64_t length, tarn_extent_fn emit, void *arg)
{
    struct tarn_extent whole = { sizeof(struct tarn_extent), TARN_EXTENT_DATA,
                                 TARN_EXTENT_HOST, 0, 0, 0, 0 };

    if (length == 0)
        return TARN_OK;
    if (TARN_HAS(io, struct tarn_io, extents))
        return io->extents(call, io, offset, length, emit, arg);
    whole.offset = whole.host_offset = offset;
    whole.length = length;
    return emit(call, &whole, arg);
}

/* Unlike most others, answers TARN_E_UNSUPPORTED without recording an error, so that the caller
 * can write zeros instead. */
static inline int32_t tarn_io_zero(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                                   uint64_t length, uint32_t flags)
{
    if (!TARN_HAS(io, struct tarn_io, zero) || !(io->flags & TARN_IO_WRITABLE))
        return TARN_E_UNSUPPORTED;
    return io->zero(call, io, offset, length, flags);
}

/* A store that cannot discard keeps the bytes: that is allowed. */
static inline int32_t tarn_io_discard(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                                      uint64_t length)
{
    if (!TARN_HAS(io, struct tarn_io, discard) || !(io->flags & TARN_IO_WRITABLE))
        return TARN_OK;
    return io->discard(call, io, offset, length);
}

/* Answers TARN_E_UNSUPPORTED without recording an error. */
static inline int32_t tarn_io_allocate(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                                       uint64_t length)
{
    if (!TARN_HAS(io, struct tarn_io, allocate) || !(io->flags & TARN_IO_WRITABLE))
        return TARN_E_UNSUPPORTED;
    return io->allocate(call, io, offset, length);
}

/* A store that cannot tell is unknown: all numbers 0. */
static inline int32_t tarn_io_identity(struct tarn_call *call, struct tarn_io *io,
                                       struct tarn_identity *out)
{
    static const struct tarn_identity unknown = { sizeof(struct tarn_identity), 0, 0, 0, 0, 0, 0 };

    *out = unknown;
    return TARN_HAS(io, struct tarn_io, identity) ? io->identity(call, io, out) : TARN_OK;
}

static inline int32_t tarn_io_close(struct tarn_call *call, struct tarn_io *io)
{
    return io != NULL && TARN_HAS(io, struct tarn_io, close) ? io->close(call, io) : TARN_OK;
}

#endif
