/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An iSCSI target that lies. It plays an honest one with one small disk (RFC 7143, no
 * authentication, one connection a session), and at one place, by the name of the lie, it does not.
 */
#ifndef TESTS_ISCSI_LIAR_H
#define TESTS_ISCSI_LIAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIAR_TARGET "iqn.2026-01.org.example:liar"
#define LIAR_BLOCK 512u
#define LIAR_BLOCKS 2048u

/* opcodes of the target, RFC 7143, 11.2.1.2 */
#define NOP_IN 0x20
#define SCSI_RESPONSE 0x21
#define LOGIN_RESPONSE 0x23
#define TEXT_RESPONSE 0x24
#define DATA_IN 0x25
#define LOGOUT_RESPONSE 0x26
#define READY_TO_TRANSFER 0x31
#define ASYNC_MESSAGE 0x32
#define REJECT 0x3f

/* and of the initiator */
#define DATA_OUT 0x05

#define HEADER_SIZE 48

struct pdu {
    uint8_t header[HEADER_SIZE];
    uint8_t *data;
    uint32_t length; /* of data; the header's field is set when it is sent */
};

/* What the initiator sent while something else was awaited. */
struct waiting {
    struct waiting *next;
    uint8_t header[HEADER_SIZE];
    uint32_t length;
    uint8_t data[];
};

struct talk {
    int fd;
    struct waiting *waiting;
    const struct lie *lie;
    unsigned seed;
    uint32_t stat_sn;
    uint32_t exp_cmd_sn;
    bool discovery;
    const uint8_t *cdb; /* of the command that is answered just now, or NULL */
};

/* What it does instead of the truth. */
struct lie {
    const char *name;
    uint8_t opcode;   /* of the answer that it is told in */
    int cdb;          /* the first byte of the command that it is told to; -1: any */
    int page;         /* of INQUIRY's vital product data; -1: any */
    /* Changes the answer; false: nothing is sent, or all has been. */
    bool (*tell)(struct talk *talk, struct pdu *answer);
};

extern const struct lie lies[]; /* ends with a NULL name */

void put_be16(uint8_t *to, uint32_t value);
void put_be32(uint8_t *to, uint32_t value);
void put_be64(uint8_t *to, uint64_t value);
uint32_t get_be32(const uint8_t *from);
uint64_t get_be64(const uint8_t *from);

/* Sends it as it is, with `claimed` as the length of its data. false: the other went away. */
bool pdu_send_raw(struct talk *talk, const struct pdu *pdu, uint32_t claimed, const void *data,
                  size_t length);
bool pdu_send(struct talk *talk, const struct pdu *pdu);
/* Through the lie. */
bool pdu_answer(struct talk *talk, struct pdu *pdu);

/* What an honest disk answers to a CDB: bytes in *out (at most `room`), the SCSI status. */
uint8_t disk_answer(const uint8_t *cdb, uint8_t *out, uint32_t room, uint32_t *out_length);
/* The bytes of the disk, for READ and WRITE. */
uint8_t *disk_bytes(void);

#endif
