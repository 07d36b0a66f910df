/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For tests through the host API: a context on a temporary root with the modules as they were
 * built, and short forms of what every such test does.
 *
 * The environment says where the build is (TARN_BUILD; the current folder without it). With
 * TARN_TEST_ISOLATED set the modules run in processes of their own: the same tests hold.
 */
#ifndef TESTS_HOST_FRAME_H
#define TESTS_HOST_FRAME_H

#include <stdbool.h>

#include <tarn/tarn.h>

#include "tests/unit/unit.h"

struct host_frame {
    char root[64];
    struct tarn_context *context;
    uint32_t follow;   /* of contexts that are opened from now on */
    uint32_t deadline;
};

/* Makes the root with the modules dir, raw and qcow2, and opens the context. Ends the program (77 =
 * skipped, if nothing is built) when it cannot. */
void host_open(struct host_frame *frame);
/* Without a context yet. */
void host_prepare(struct host_frame *frame);
/* Another context on the same root, as another process would have; the caller's to close. */
struct tarn_context *host_context(const struct host_frame *frame);
/* Closes the frame's context and opens it anew. */
void host_reopen(struct host_frame *frame);
void host_close(struct host_frame *frame);

/* Adds one of tests/fixtures as a module; `options` are further lines of its .conf, or NULL. */
void host_fixture(const struct host_frame *frame, const char *name, const char *provides,
                  const char *options);

/* A path beneath the root; good until the next but fifteen. */
const char *host_path(const struct host_frame *frame, const char *format, ...)
    __attribute__((__format__(__printf__, 2, 3)));
/* A text that is made of others; likewise. */
const char *host_text(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));
/* Writes a file; "" makes an empty one. */
void host_write(const char *path, const void *bytes, size_t length);
/* The file's content, NUL added, freed with free(); NULL if it is not there. */
char *host_read(const char *path);
bool host_exists(const char *path);
/* Runs a shell command, quietly; its exit status. */
int host_run(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));

/* True for TARN_OK; else prints what failed. Frees and clears *error. */
bool host_ok(int status, struct tarn_error **error);
/* True if it failed with that status and the message holds `text` (NULL = any); else prints what
 * happened. Frees and clears *error. */
bool host_refused(int status, struct tarn_error **error, int wanted, const char *text);

/* XML of a dir pool with its target at root/NAME. */
const char *host_pool_xml(const struct host_frame *frame, const char *name);
/* Defines it, builds it and starts it; the caller's to unref. */
struct tarn_pool *host_pool(const struct host_frame *frame, struct tarn_context *context,
                            const char *name);
/* XML of a volume; `more` is put before </volume>. `format` NULL = none said. */
const char *host_volume_xml(const char *name, const char *format, uint64_t capacity,
                            const char *more);
/* Creates it; the caller's to unref. NULL (and a failed assertion) if that fails. */
struct tarn_volume *host_volume(struct tarn_pool *pool, const char *name, const char *format,
                                uint64_t capacity);
/* The same on top of another volume of the pool, by its path. */
struct tarn_volume *host_overlay(struct tarn_pool *pool, const char *name, const char *path,
                                 const char *format);
/* How many volumes the pool lists (looking now), -1 if it cannot. */
int host_count(struct tarn_pool *pool);
/* Is the volume in the list, and does looking it up find it? */
bool host_has(struct tarn_pool *pool, const char *name);
/* State of the pool, asked with its sizes if `sizes`. 0 if it cannot be read. */
uint32_t host_state(struct tarn_pool *pool, bool sizes);

/* Writes and reads the guest's bytes of a volume. */
bool host_guest_write(struct tarn_volume *volume, uint64_t offset, const void *bytes,
                      size_t length);
bool host_guest_read(struct tarn_volume *volume, uint64_t offset, void *bytes, size_t length);

/* Assertions on what a call answered; the test has a `struct tarn_error *error = NULL`. */
#define HOST_OK(call) CU_ASSERT(host_ok((call), &error))
#define HOST_REFUSED(call, status, text) CU_ASSERT(host_refused((call), &error, (status), (text)))

#endif
