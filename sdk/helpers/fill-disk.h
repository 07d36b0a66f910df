/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fill-disk.h - a guest's disk that is written once, in ascending order (TARN_IMAGE_OPEN_FILL, and
 * conversions with TARN_IMAGE_OPEN_COMPRESS): it gathers the bytes into units, packs several units
 * at a time in threads, and hands them to the format one after the other, in order.
 */
#ifndef FILL_DISK_H
#define FILL_DISK_H

#include <tarn/call.h>

enum fill_kind {
    FILL_SKIPPED, /* nothing was written here */
    FILL_ZERO,    /* zeros */
    FILL_PLAIN,   /* the bytes as they are: they did not pack */
    FILL_PACKED,
};

/* A unit on its way into the image; of SKIPPED and ZERO a run of them, so that a sparse disk of
 * terabytes costs few calls. */
struct fill_unit {
    enum fill_kind kind;
    uint64_t index;         /* of the first; what comes next has index + count */
    uint64_t count;         /* units; 1 for PLAIN and PACKED */
    const uint8_t *plain;   /* the guest's bytes; NULL for SKIPPED and ZERO */
    uint64_t plain_length;  /* of all of them; the disk's last unit may be short unless
                               fill_plan.pad */
    const uint8_t *packed;  /* for FILL_PACKED */
    uint64_t packed_length;
};

struct fill_plan {
    void *arg; /* handed to all of these */
    uint64_t size;        /* of the disk, in bytes */
    uint64_t unit;        /* bytes */
    uint64_t packed_room; /* the most bytes that `pack` may need */
    uint32_t threads;     /* 0 = one for each processor, at most 8; 1 = the caller's */
    int pad;              /* the last unit is made whole with zeros */
    /* Where nothing was written in a unit that was begun: its bytes. NULL = zeros. Closed by the
     * format. */
    struct tarn_io *base;
    /* Packs `length` bytes into `out` (packed_room bytes): the packed length, or 0 to keep them
     * plain. Called in several threads at once; no call, no state but `arg`'s constants. NULL =
     * nothing is packed. */
    uint64_t (*pack)(const void *arg, const void *bytes, uint64_t length, void *out);
    /* Puts the next unit, or run of units, into the image. In the caller's thread, in order, each
     * unit once. Its failure is the failure of the write or flush that it happens in, and all
     * later ones fail too. */
    int32_t (*put)(struct tarn_call *call, void *arg, const struct fill_unit *unit);
    /* All units have been put: completes the image, and flushes it. Called once, by the first
     * flush; without it the image stays incomplete. */
    int32_t (*finish)(struct tarn_call *call, void *arg);
    /* Frees `arg`. */
    int32_t (*close)(struct tarn_call *call, void *arg);
};

#define FILL_MEMORY ((uint64_t)128 << 20)

/* Makes the byte store: pwrite, zero, discard, size, flush, close. A write below an offset that was
 * already written fails with TARN_E_UNSUPPORTED, and one after the flush too; `discard` changes
 * nothing. Memory: at most FILL_MEMORY bytes, or two units packed and plain if that is more. The
 * plan is copied. On failure `arg` stays the caller's. */
int32_t fill_disk_open(struct tarn_call *call, const struct fill_plan *plan, struct tarn_io **out);

#endif
