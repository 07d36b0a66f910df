/* SPDX-License-Identifier: BSD-2-Clause
 *
 * faults-format.h - the operations of a format that are let fail, and how a sweep goes over them:
 * the n-th time that it asks for something it does not get it, n = 1, 2, … until it does not ask
 * so often.
 */
#ifndef CONFORM_FAULTS_FORMAT_H
#define CONFORM_FAULTS_FORMAT_H

#include "conform/format-image.h"

/* What a deed is done to. */
enum deed_on {
    DEED_NEW,    /* a plan that is not made */
    DEED_CLOSED, /* an image with data */
    DEED_READER, /* its disk, open for reading */
    DEED_WRITER, /* its disk, open for writing */
    DEED_FILLER, /* the disk of an image that is to be filled */
};

struct deed {
    const char *name;
    enum deed_on on;
    uint32_t promise;          /* TARN_FORMAT_… that it needs */
    uint64_t offset;           /* of what it may change, of length bytes; all else stays */
    uint64_t length;
    void (*prepare)(struct image *image); /* on the open disk, before faults begin; may be NULL */
    /* Judged by the host; its status. */
    int32_t (*run)(struct image *image, const struct deed *deed);
};

/* Ends with one without a name. */
extern const struct deed deeds[];

/* One kind of fault. */
struct sweep {
    struct trial *trial;
    struct host *host;
    struct image *image;       /* with data; each attempt takes a copy */
    struct store_faults faults;
    const char *what;          /* "its 3rd allocation is refused": without the number */
    /* Lets the n-th time fail; ends it, and says whether there was one. */
    void (*arm)(struct sweep *sweep, struct image *image, uint32_t n);
    bool (*disarm)(struct sweep *sweep, struct image *image, uint32_t n);
    /* After a fault: the deed's status, all closed. */
    void (*judge)(struct sweep *sweep, struct image *image, const struct deed *deed, uint32_t n,
                  int32_t status);
    bool skips_close; /* what ends a disk is left alone */
};

/* All deeds, all n; at most ROUNDS of them for each, the later ones in growing steps. */
#define ROUNDS 300u
void sweep_run(struct sweep *sweep);
/* The image is read without faults: all but what the deed may change is as before, or somebody says
 * that it is broken. */
void sweep_expect_data(struct sweep *sweep, struct image *image, const struct deed *deed,
                       uint32_t n);

#endif
