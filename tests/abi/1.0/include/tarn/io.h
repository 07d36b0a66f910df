/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tarn/io.h - the byte store: all that a volume format ever sees of storage, and all that a host
 * ever sees of a format.
 *
 * A pool type opens a volume and gives a byte store of its *container* (a file, a logical volume,
 * a LUN). A format opens a container and gives a byte store of the *guest's disk*. So a format is a
 * function from byte store to byte store, and the core stacks them without knowing either.
 *
 * Rules for whoever implements one:
 *  - The structure is embedded in, or points from, the implementer's own; it is freed by its own
 *    `close`, and by nobody else.
 *  - pread and pwrite are complete or fail: there are no short transfers. A read that passes the
 *    end fails with TARN_E_INVALID; a write that passes the end of a store with TARN_IO_FIXED_SIZE
 *    fails with TARN_E_NO_SPACE, of any other it grows the store.
 *  - Every operation that is a NULL member is unsupported; use the inline functions of call.h,
 *    which know that.
 *  - Without TARN_IO_PARALLEL the user of a store makes one call at a time.
 *  - On failure the error text is in the call (tarn/call.h). The call is the user's, of another
 *    module than the implementer's perhaps: its module_state, pool and options are not for the store,
 *    which keeps what it needs of its own when it is opened.
 */
#ifndef TARN_IO_H
#define TARN_IO_H

#include <tarn/abi.h>
#include <tarn/result.h>

struct tarn_call;
struct tarn_io;

/* tarn_io.flags */
#define TARN_IO_WRITABLE   0x00000001u /* opened for writing */
#define TARN_IO_FIXED_SIZE 0x00000002u /* truncate cannot change the size (block device, LUN) */
#define TARN_IO_PARALLEL   0x00000004u /* operations may run in several threads at once */
#define TARN_IO_ZERO_NEW   0x00000008u /* what growing adds reads as zeros; a new store does */

/* tarn_io.truncate flags */
#define TARN_TRUNCATE_SHRINK   0x00000001u /* the caller accepts to lose data */
#define TARN_TRUNCATE_ALLOCATE 0x00000002u /* reserve the space that growing adds */

/* tarn_io.zero flags */
#define TARN_ZERO_MAY_UNMAP 0x00000001u /* zeroed space may be given back to the storage */
#define TARN_ZERO_FAST_ONLY 0x00000002u /* fail with TARN_E_UNSUPPORTED rather than write zeros */

/* Takes one extent; a value other than TARN_OK ends the enumeration and is returned by it. */
typedef int32_t (*tarn_extent_fn)(struct tarn_call *call, const struct tarn_extent *extent,
                                  void *arg);

struct tarn_io {
    uint32_t struct_size;
    uint32_t flags;      /* TARN_IO_WRITABLE, …; constant for the life of the store */
    int32_t fd;          /* a descriptor that holds the same bytes at the same offsets, or -1: only
                            for fast paths (copy_file_range, FICLONE) and locks (F_OFD_SETLK) that
                            others see; never closed by the user. Without it volume_open itself keeps
                            other programs away, by what the storage has for that */
    uint32_t block_size; /* bytes; transfers aligned to it are fastest; a power of two, or 0 */

    /* Reads `length` bytes at `offset` into `buffer`. */
    int32_t (*pread)(struct tarn_call *call, struct tarn_io *io, void *buffer, uint64_t length,
                     uint64_t offset);
    /* Writes them. Durable only after flush. */
    int32_t (*pwrite)(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                      uint64_t length, uint64_t offset);
    /* Makes all completed writes durable (fdatasync and everything above it). */
    int32_t (*flush)(struct tarn_call *call, struct tarn_io *io);
    /* Stores the size in bytes in *out. */
    int32_t (*size)(struct tarn_call *call, struct tarn_io *io, uint64_t *out);
    /* Changes the size. Without TARN_TRUNCATE_SHRINK a smaller size fails with TARN_E_INVALID. */
    int32_t (*truncate)(struct tarn_call *call, struct tarn_io *io, uint64_t size, uint32_t flags);
    /* Tells the extents that cover [offset, offset + length), in order, without gap or overlap.
     * Adjacent extents may be alike: the consumer merges. The range lies within the store. */
    int32_t (*extents)(struct tarn_call *call, struct tarn_io *io, uint64_t offset, uint64_t length,
                       tarn_extent_fn emit, void *arg);
    /* Makes the range read as zeros. */
    int32_t (*zero)(struct tarn_call *call, struct tarn_io *io, uint64_t offset, uint64_t length,
                    uint32_t flags);
    /* The content of the range no longer matters; what it reads afterwards is undefined but
     * stable, and never older data of another volume. */
    int32_t (*discard)(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                       uint64_t length);
    /* Reserves space for the range, which lies within the store, without changing what it reads. */
    int32_t (*allocate)(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                        uint64_t length);
    /* What tells the store's present content from an earlier one's without reading it; numbers
     * that it cannot tell are 0. */
    int32_t (*identity)(struct tarn_call *call, struct tarn_io *io, struct tarn_identity *out);
    /* Ends the store and frees it, whatever it returns. A store that was written and not flushed
     * is flushed as far as its own metadata needs it. */
    int32_t (*close)(struct tarn_call *call, struct tarn_io *io);
};

#endif
