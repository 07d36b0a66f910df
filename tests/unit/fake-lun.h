/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * fake-lun.h - an iSCSI target for unit tests: one LUN in memory, two portals, and faults when the
 * test wants them. Linked in place of modules/iscsi's session, target and luns.
 */
#ifndef FAKE_LUN_H
#define FAKE_LUN_H

#include "modules/iscsi/lun.h"

#define FAKE_PORTALS 2

/* What happens to a command instead of what it wants. */
enum fake_fault {
    FAKE_BREAKS = 1,  /* the session breaks, with all that is in flight */
    FAKE_ATTENTION,   /* a unit attention */
    FAKE_BUSY,
    FAKE_MEDIUM,      /* a medium error */
    FAKE_SHORT,       /* good, with half of the bytes */
    FAKE_SILENCE,     /* no answer: what waits gives it up */
};

struct fake_lun {
    struct lun lun;
    uint8_t *bytes;
    uint8_t *mapped;   /* a byte per block: 1 = stored, 0 = unmapped */
    bool no_write_same;
    bool no_unmap;     /* UNMAP is good, and does nothing */
    bool no_status;
    bool no_flush;

    uint64_t commands; /* so far */
    uint64_t fault_at; /* the number of the command; 0 = none */
    uint64_t fault_times; /* that many one behind the other */
    enum fake_fault fault;
    void (*on_fault)(struct fake_lun *fake);
    bool down[FAKE_PORTALS];

    uint64_t connects;
    size_t portal;        /* of the last */
    uint64_t most_in_flight;
    uint64_t count[256];  /* by operation */
    uint64_t longest;     /* bytes of a read or write */
    bool unmapping_same;  /* the last WRITE SAME unmapped */
    uint8_t status_answer[256]; /* instead of what is true, of GET LBA STATUS */
    uint32_t status_length;
};

/* Disk of that many blocks, all mapped, filled with a pattern; the only one at a time. */
void fake_lun_init(struct fake_lun *fake, uint64_t blocks, uint32_t block_size);
void fake_lun_clear(struct fake_lun *fake);
/* The store over it. */
int32_t fake_lun_open(struct tarn_call *call, struct fake_lun *fake, bool write,
                      struct tarn_io **out);

#endif
