/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lies about the disk: its bytes, what it says of itself, how a command went.
 */
#include <string.h>

#include "tests/iscsi/lies.h"

/* --- data -------------------------------------------------------------------------------------- */

bool far_offset(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    put_be32(answer->header + 40, 0x7ffffff0);
    return true;
}

bool too_much(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    memset(answer->data + answer->length, 0x5a, 1u << 20);
    answer->length += 1u << 20;
    return true;
}

bool too_little(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    answer->length /= 2;
    return true;
}

bool none_at_all(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    answer->length = 0;
    return true;
}

bool no_status(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    answer->header[1] &= 0xfe;
    return true;
}

bool all_ones(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    memset(answer->data, 0xff, answer->length);
    return true;
}

bool all_zeros(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    memset(answer->data, 0, answer->length);
    return true;
}

bool long_page(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    put_be16(answer->data + 2, 0xffff);
    return true;
}

bool long_name_of_unit(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    answer->data[7] = 0xff;
    return true;
}

bool empty_names_of_unit(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    memset(answer->data + 4, 0, 252);
    put_be16(answer->data + 2, 252);
    answer->length = 256;
    return true;
}

bool text_of_unit(struct talk *talk, struct pdu *answer)
{
    static const uint8_t name[] = { 2, 1, 0, 16, 'a', '\n', '<', '&', 0xff, 0, ' ', '/', '.', '.',
                                    '/', '\'', 1, 2, 3, 4 };

    (void)talk;
    memcpy(answer->data + 4, name, sizeof(name));
    put_be16(answer->data + 2, sizeof(name));
    answer->length = 4 + sizeof(name);
    return true;
}

bool absurd_units(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    put_be32(answer->data, 0xfffffff8);
    return true;
}

bool odd_units(struct talk *talk, struct pdu *answer)
{
    uint32_t i;

    (void)talk;
    for (i = 8; i < answer->length; i++)
        answer->data[i] = (uint8_t)(0xc0 | i);
    put_be32(answer->data, 13);
    return true;
}

bool block_of_three(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    put_be32(answer->data + 8, 3);
    return true;
}

bool block_of_none(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    put_be32(answer->data + 8, 0);
    return true;
}

bool last_block_of_all(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    put_be64(answer->data, UINT64_MAX);
    return true;
}

bool exabytes(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    put_be64(answer->data, UINT64_MAX / 4096);
    put_be32(answer->data + 8, 1u << 20);
    return true;
}

bool map_of_nothing(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    put_be32(answer->data + 16, 0);
    return true;
}

bool map_of_elsewhere(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    put_be64(answer->data + 8, UINT64_MAX - 3);
    return true;
}

/* --- statuses ---------------------------------------------------------------------------------- */

/* An answer with sense data instead of what was to be told. */
static void with_sense(struct pdu *answer, uint8_t key, uint16_t code)
{
    answer->header[0] = SCSI_RESPONSE;
    answer->header[1] = 0x80;
    answer->header[3] = 2;
    memset(answer->data, 0, 20);
    put_be16(answer->data, 18);
    answer->data[2] = 0x70;
    answer->data[4] = key;
    answer->data[9] = 10;
    put_be16(answer->data + 14, code);
    answer->length = 20;
}

bool attention(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    with_sense(answer, 6, 0x2900);
    return true;
}

bool long_sense(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    with_sense(answer, 5, 0x2000);
    put_be16(answer->data, 0xffff);
    return true;
}

bool no_sense(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    with_sense(answer, 5, 0x2000);
    answer->length = 0;
    return true;
}

bool busy(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    answer->header[0] = SCSI_RESPONSE;
    answer->header[1] = 0x80;
    answer->header[3] = 8;
    answer->length = 0;
    return true;
}

bool odd_status(struct talk *talk, struct pdu *answer)
{
    busy(talk, answer);
    answer->header[3] = 0x33;
    return true;
}

/* --- writing ----------------------------------------------------------------------------------- */

bool wants_beyond(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    put_be32(answer->header + 40, 0xfffffff0);
    return true;
}

bool wants_more(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    put_be32(answer->header + 44, UINT32_MAX);
    return true;
}
