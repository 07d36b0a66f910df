/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format-image.h - an image on trial: how it is made, the memory it lies in, its further files, the
 * disk that was opened of it, and what that must hold.
 *
 *     struct image *image = image_with_data(trial, host);
 *
 *     image_open(image, 0);
 *     image_expect(image, 0, image->size, "after it was opened again");
 *     image_close(image);
 */
#ifndef CONFORM_FORMAT_IMAGE_H
#define CONFORM_FORMAT_IMAGE_H

#include "conform/host.h"
#include "conform/memory-store.h"

#define IMAGE_FILES   16u
#define IMAGE_OPTIONS 16u
#define IMAGE_MOST    ((uint64_t)64 << 20) /* what a disk whose bytes are compared may have */

struct image {
    struct trial *trial;
    struct host *host;
    const struct tarn_format *format;
    struct tarn_image_spec spec;
    const struct tarn_property *options[IMAGE_OPTIONS + 1];
    const char *label;           /* for messages: "", or " (subformat fixed)" */
    struct memory_store *store;  /* the container */
    struct memory_store *files[IMAGE_FILES]; /* that create made beside it */
    const char *names[IMAGE_FILES];
    size_t file_count;
    struct image *backing;       /* NULL = none */
    struct memory_store *guest;  /* of a backing image: its disk's bytes */
    unsigned related;            /* how often a backing store was asked for */
    const char *related_format;  /* the last that was named with it */
    struct store_faults *faults; /* of its stores while it is open; NULL = none */
    struct image *lasting;       /* what a crash leaves of it: image_lasts; NULL = nobody asks */
    struct store_trace *trace;   /* what is read of the container; NULL = nobody asks */
    atomic_uint lent;            /* further stores that it was given, and has not closed */
    struct memory_store *opened; /* the store that the disk was opened of */
    struct tarn_io *disk;        /* NULL = not open */
    uint64_t size;               /* of the disk */
    uint8_t *bytes;              /* what it must hold */
    bool fixed;                  /* its container cannot grow, and held something before */
    bool rubbish;                /* what its containers grow by are not zeros */
    bool writable;               /* this kind takes TARN_IMAGE_OPEN_WRITE: image_with_data */
    bool sample;                 /* from the configuration */
};

/* --- which images there are: format-kinds.c --------------------------------------------------- */

/* All of these bits are promised. */
bool promises(const struct trial *trial, uint32_t capabilities);
/* Skips unless they are; `why` completes "it does not …". */
void need_promise(struct trial *trial, uint32_t capabilities, const char *why);
/* Can it make images, by create or by filling? */
bool makes_images(const struct trial *trial);
/* A host, and a watch over crashes and hangs. */
struct host *format_host(struct trial *trial);
/* The capacity that images are made with unless a check is about others. */
uint64_t usual_capacity(struct trial *trial);

/* One that is not made yet, as the configuration says. */
struct image *image_plan(struct trial *trial, struct host *host);
/* The same without the options that the configuration gives. */
struct image *image_blank(struct trial *trial, struct host *host);
/* Does it give any? */
bool has_options(struct trial *trial);
/* The index-th kind: the plain one, then each of the configuration's subformats and compats; NULL
 * after the last. */
struct image *image_kind(struct trial *trial, struct host *host, unsigned index);

/* --- making: format-image.c ------------------------------------------------------------------- */

/* Names what is done next; `takes` as for host_begin. */
void image_begin(struct image *image, uint32_t takes, const char *format, ...) TARN_PRINTF(3, 4);
/* Creates it in an empty container: the status, judged as host_end does. */
int32_t image_create(struct image *image);
/* Makes it whole: what is made by filling is filled with zeros. Must work. */
void image_make(struct image *image);
/* The same for an image that may be refused: then it says so with a text, and false. */
bool image_try_make(struct image *image);
/* One with data, however the format gets them: written, filled, or the configuration's sample;
 * flushed and closed. Ends the trial as skipped where there is none. */
struct image *image_with_data(struct trial *trial, struct host *host);
/* The same for a plan of one's own. False if this kind cannot be written. */
bool image_add_data(struct image *image);
/* From now on image->lasting is a copy with what its containers held at their last flush. */
void image_lasts(struct image *image);
/* Another one with the same bytes, in stores of its own. */
struct image *image_copy(const struct image *image);
void image_free(struct image *image);
/* A plan that rests on another image, or, if the format has other backing stores, on bytes. */
struct image *image_over(struct trial *trial, struct host *host, uint64_t backing_size);

/* --- using: format-disk.c --------------------------------------------------------------------- */

/* Another store on the container, as the image wants it: the caller frees it. */
struct memory_store *image_container(struct image *image);
int32_t image_try_open(struct image *image, uint32_t flags);
/* The rest must work. */
void image_open(struct image *image, uint32_t flags);
void image_close(struct image *image);
/* Closes it whatever happens; the status. */
int32_t image_try_close(struct image *image);
void image_info(struct image *image);
/* False if check itself failed, with a text. */
bool image_check(struct image *image, uint32_t flags);
/* Did the last check find something? */
bool image_faulty(const struct image *image);
void image_write(struct image *image, const void *bytes, uint64_t length, uint64_t offset);
/* Zeros, by zero, or written where the disk has none. */
void image_zero(struct image *image, uint64_t offset, uint64_t length, uint32_t flags);
void image_flush(struct image *image);
void image_read(struct image *image, void *buffer, uint64_t length, uint64_t offset);
/* Reads, and compares with `bytes`; `when` completes the message. */
void image_expect(struct image *image, uint64_t offset, uint64_t length, const char *when);

/* --- format-create.c -------------------------------------------------------------------------- */

/* Judged by the host. */
int32_t image_measure(struct image *image, uint64_t *out);
/* The longest that it becomes: all of it written with bytes that do not pack. */
void image_write_all(struct image *image);

/* --- format-model.c --------------------------------------------------------------------------- */

/* All that a writer does, at random, resizes too; what is read is not compared, and image->bytes
 * are lost. Closed before and after. */
void image_wear(struct image *image);

/* --- format-spots.c --------------------------------------------------------------------------- */

/* Places in the container that opening and checking the image read: at most `most`, of words with
 * something in them and of empty ones. */
struct spots {
    size_t count;
    uint64_t at[512];
};
void image_spots(struct image *image, struct spots *out, size_t most);
/* Turns one bit; the same again turns it back. */
void image_turn(struct image *image, uint64_t offset, unsigned bit);

/* --- bytes ------------------------------------------------------------------------------------ */

/* xorshift64*: the same for the same seed, everywhere. */
static inline uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

static inline uint64_t random_below(uint64_t *state, uint64_t limit)
{
    return limit > 0 ? (next_random(state) >> 11) % limit : 0;
}

static inline void random_bytes(uint64_t *state, uint8_t *bytes, uint64_t length)
{
    for (uint64_t index = 0; index < length; index++)
        bytes[index] = (uint8_t)(next_random(state) >> 32);
}

static inline uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

#endif
