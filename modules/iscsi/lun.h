/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * lun.h - the logical units of a target: which there are, what each is, and its bytes.
 */
#ifndef ISCSI_LUN_H
#define ISCSI_LUN_H

#include "target.h"
#include "vpd.h"

#define LUN_MOST 16384u /* with single-level addressing, SAM-5, 4.7 */

/* lun.device_type, SPC-4, table 142: those that hold what a volume holds */
#define LUN_TYPE_DISK 0x00
#define LUN_TYPE_CD   0x05

/* What a target says of a logical unit. */
struct lun {
    uint32_t number;
    uint8_t device_type;   /* LUN_TYPE_DISK, … */
    bool removable;
    bool no_medium;        /* there is nothing in it now; sizes are 0 */
    bool read_only;
    bool thin;             /* READ CAPACITY (16): LBPME */
    bool zeroes_unmapped;  /* LBPRZ: what was unmapped reads as zeros */
    uint32_t block_size;   /* bytes, a power of two from 512 to 1 MiB */
    uint32_t optimal;      /* bytes, of a transfer; 0 = not told, as the following */
    uint32_t longest;      /* bytes, of a transfer */
    uint64_t size;         /* bytes */
    char vendor[9];        /* without trailing blanks */
    char product[17];
    char serial[VPD_TEXT_SIZE];   /* unit serial number */
    char identity[VPD_TEXT_SIZE]; /* NAA, EUI-64, …: as vpd_identity tells; empty: none */
    struct vpd_limits limits;     /* of UNMAP and WRITE SAME */
    int32_t status;        /* TARN_OK, or why it cannot be used; the rest is what is known */
    char why[SERVER_WHY_SIZE];
};

/* Asks the numbers of all: sorted, each once. Freed with free(*out). */
int32_t lun_numbers(struct tarn_call *call, struct session *session, uint32_t **out,
                    size_t *out_count, char *why);
/* Asks all that struct lun holds of each of luns[].number, as many at a time as the target takes. One
 * that fails has its status; not TARN_OK: the session broke. */
int32_t lun_look(struct tarn_call *call, struct session *session, struct lun *luns, size_t count,
                 char *why);
/* The same, but only what is needed to tell of them as volumes: what it is, its size and its
 * identity. A third of the questions. */
int32_t lun_look_briefly(struct tarn_call *call, struct session *session, struct lun *luns,
                         size_t count, char *why);

/* A byte store for reading a little of one in somebody's session, as long as both are there. */
struct lun_peek {
    struct tarn_io io; /* first */
    struct session *session;
    const struct lun *lun;
};
void lun_peek_init(struct lun_peek *peek, struct session *session, const struct lun *lun);

/* The byte store of one. `target` is copied, `portals` and `session` belong to it from now on, also
 * if this fails. When the session breaks it goes on through another portal, after it has seen that
 * the LUN there is the same by its identity. `lun` is what lun_look told. */
int32_t lun_io_open(struct tarn_call *call, const struct target *target, struct portals *portals,
                    size_t portal, struct session *session, const struct lun *lun, bool write,
                    struct tarn_io **out);

#endif
