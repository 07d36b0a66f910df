/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * guard.h - libparted behind a guard: it works on the copy of a table in memory (scratch.h), asks
 * nobody anything, prints nothing, and keeps nothing when it is left.
 *
 * libparted has one list of devices, one of filesystems and one handler of exceptions for the whole
 * process, so its users take turns: the module declares the lock domain "libparted". A host that
 * uses libparted itself finds its handler, its filesystems and its devices as they were.
 */
#ifndef DISK_GUARD_H
#define DISK_GUARD_H

#include <parted/parted.h>

#include "label.h"
#include "scratch.h"

struct guard {
    struct tarn_call *call;
    struct scratch *scratch;
    PedExceptionHandler *others; /* the handler that was there */
    PedDevice *device;
    bool opened;                 /* the device */
    PedDisk *disk;               /* of guard_read or guard_create; freed by guard_leave */
    char path[32];               /* by which libparted knows the scratch */
    char complaint[512];         /* the first error that libparted told; empty = none */
};

/* Enters libparted with a device for the scratch. Left with guard_leave also if it fails. */
int32_t guard_enter(struct tarn_call *call, struct guard *guard, struct scratch *scratch);
void guard_leave(struct guard *guard);

/* What libparted finds there, as one of our labels; NULL = nothing that we know. */
const struct label *guard_probe(struct guard *guard);
/* Reads the table into guard->disk. TARN_E_CORRUPT */
int32_t guard_read(struct guard *guard);
/* Makes an empty one. */
int32_t guard_create(struct guard *guard, const struct label *label);
/* Writes guard->disk into the scratch. */
int32_t guard_write(struct guard *guard);

/* Records a failure with what libparted has complained about. */
int32_t guard_fail(struct guard *guard, int32_t status, const char *what);

#endif
