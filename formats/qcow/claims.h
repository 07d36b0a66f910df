/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * claims.h - who uses which bytes of a file, looked at window by window, so that a file of any size
 * takes little memory: what does not fit makes the window smaller, and there is another pass.
 */
#ifndef FORMAT_QCOW_CLAIMS_H
#define FORMAT_QCOW_CLAIMS_H

#include <stdbool.h>

#include <tarn/call.h>

#define CLAIMS_MAX ((uint64_t)512 << 10) /* 8 MiB of them, and as much to sort them */

struct claim {
    uint64_t start;
    uint64_t end;
};

struct claims {
    struct claim *list;
    uint64_t count;
    uint64_t most; /* that fit */
    uint64_t low;  /* the window; all before it is judged */
    uint64_t high;
    uint64_t used; /* where the bytes that were judged as used end */
    /* `length` bytes are claimed twice, or, with twice = false, by nobody. */
    int32_t (*tell)(struct tarn_call *call, void *arg, uint64_t offset, uint64_t length,
                    bool twice);
    void *arg;
};

/* `most` is CLAIMS_MAX, but for tests. */
int32_t claims_begin(struct tarn_call *call, struct claims *claims, uint64_t file_size,
                     uint64_t most);
/* Claims a range; what lies outside of the window does not count now. */
int32_t claims_add(struct tarn_call *call, struct claims *claims, uint64_t offset,
                   uint64_t length);
/* Judges the window, and moves it on to the rest of the file; *out_more says if there is any. */
int32_t claims_next(struct tarn_call *call, struct claims *claims, uint64_t file_size,
                    bool *out_more);
void claims_end(struct claims *claims);

#endif
