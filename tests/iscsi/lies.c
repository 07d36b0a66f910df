/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The lies, and where each is told; here those that need no disk: in any answer, at login, in lists of
 * targets.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/iscsi/lies.h"

#define ANY (-1)

static void fill(struct pdu *answer, const char *text, uint32_t length)
{
    memcpy(answer->data, text, length);
    answer->length = length;
}

/* --- any answer -------------------------------------------------------------------------------- */

static bool nothing(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    (void)answer;
    return false;
}

static bool breaks_off(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    (void)answer;
    _exit(0);
}

static bool claims_more(struct talk *talk, struct pdu *answer)
{
    pdu_send_raw(talk, answer, 0xffffff, answer->data, answer->length);
    return false;
}

static bool more_headers(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    answer->header[4] = 0xff;
    return true;
}

static bool unknown_opcode(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    answer->header[0] = 0x3c;
    return true;
}

static bool rejects(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    answer->header[0] = REJECT;
    answer->header[2] = 0x09;
    return true;
}

static bool another_tag(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    put_be32(answer->header + 16, 0x7badcafe);
    return true;
}

static bool nop_flood(struct talk *talk, struct pdu *answer)
{
    struct pdu nop = { .header = { NOP_IN, 0x80 } };
    unsigned count;

    memcpy(nop.header + 24, answer->header + 24, 12);
    put_be32(nop.header + 16, UINT32_MAX);
    for (count = 0; count < 20000; count++) {
        put_be32(nop.header + 20, count);
        if (!pdu_send(talk, &nop))
            return false;
    }
    return true;
}

static bool asks_to_leave(struct talk *talk, struct pdu *answer)
{
    struct pdu message = { .header = { ASYNC_MESSAGE, 0x80 } };

    memcpy(message.header + 24, answer->header + 24, 12);
    message.header[36] = 1; /* logs out, RFC 7143, 11.9.1 */
    pdu_send(talk, &message);
    return false;
}

/* Three bytes of header or data are others. */
static bool at_random(struct talk *talk, struct pdu *answer)
{
    unsigned count;

    for (count = 0; count < 3; count++) {
        unsigned where = (unsigned)rand_r(&talk->seed) % (HEADER_SIZE + answer->length);
        uint8_t what = (uint8_t)rand_r(&talk->seed);

        if (where < HEADER_SIZE)
            answer->header[where] = what;
        else
            answer->data[where - HEADER_SIZE] = what;
    }
    return true;
}

/* --- login ------------------------------------------------------------------------------------- */

static bool stays_in_stage(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    answer->header[1] &= 0x0c;
    return true;
}

static bool without_nul(struct talk *talk, struct pdu *answer)
{
    (void)talk;
    memset(answer->data, 'k', 8000);
    answer->length = 8000;
    return true;
}

static bool odd_numbers(struct talk *talk, struct pdu *answer)
{
    static const char keys[] = "MaxBurstLength=99999999999999999999\0"
                               "FirstBurstLength=-1\0MaxRecvDataSegmentLength=\0InitialR2T\0=\0"
                               "ImmediateData=Perhaps\0HeaderDigest=CRC32C,None\0DataDigest=X";

    (void)talk;
    fill(answer, keys, sizeof(keys));
    return true;
}

/* Whatever is to be sent, in pieces of that length it never ends. */
static bool no_segment(struct talk *talk, struct pdu *answer)
{
    static const char keys[] = "MaxRecvDataSegmentLength=0";

    (void)talk;
    fill(answer, keys, sizeof(keys));
    return true;
}

static bool many_keys(struct talk *talk, struct pdu *answer)
{
    uint32_t end = 0;

    (void)talk;
    while (end + 16 < 3u << 20)
        end += (uint32_t)sprintf((char *)answer->data + end, "X-%08x=y", end) + 1;
    answer->length = end;
    return true;
}

static bool long_challenge(struct talk *talk, struct pdu *answer)
{
    int end = sprintf((char *)answer->data, "AuthMethod=CHAP");

    (void)talk;
    end += 1 + sprintf((char *)answer->data + end + 1, "CHAP_A=5");
    end += 1 + sprintf((char *)answer->data + end + 1, "CHAP_I=99999999999");
    end += 1 + sprintf((char *)answer->data + end + 1, "CHAP_C=0x");
    memset(answer->data + end, 'a', 100001);
    answer->length = (uint32_t)end + 100001;
    answer->data[answer->length++] = '\0';
    answer->header[1] &= 0x0c;
    return true;
}

static bool sends_on(struct talk *talk, struct pdu *answer)
{
    static const char elsewhere[] = "TargetAddress=127.0.0.1:3260";

    (void)talk;
    fill(answer, elsewhere, sizeof(elsewhere));
    answer->header[36] = 1;
    answer->header[37] = 1;
    return true;
}

/* --- discovery --------------------------------------------------------------------------------- */

static bool text_goes_on(struct talk *talk, struct pdu *answer)
{
    uint32_t end = 0;

    while (end + 100 < 200000)
        end += (uint32_t)sprintf((char *)answer->data + end, "TargetName=iqn.2026-01.x:%u",
                                 rand_r(&talk->seed)) + 1;
    answer->length = end;
    answer->header[1] = 0x40;
    put_be32(answer->header + 20, 7);
    return true;
}

static bool text_without_end(struct talk *talk, struct pdu *answer)
{
    while (text_goes_on(talk, answer) && pdu_send(talk, answer))
        put_be32(answer->header + 24, talk->stat_sn++);
    return false;
}

static bool very_many_targets(struct talk *talk, struct pdu *answer)
{
    text_goes_on(talk, answer);
    while (answer->length + 100 < 3u << 20)
        answer->length += (uint32_t)sprintf((char *)answer->data + answer->length,
                                            "TargetName=iqn.2026-01.x:%u", answer->length) + 1;
    answer->header[1] = 0x80;
    put_be32(answer->header + 20, UINT32_MAX);
    return true;
}

static bool address_first(struct talk *talk, struct pdu *answer)
{
    static const char keys[] = "TargetAddress=127.0.0.1:1,1\0TargetAddress=\0TargetName=\0"
                               "TargetAddress=[::1\0TargetName\0\0\0TargetName=x";

    (void)talk;
    fill(answer, keys, sizeof(keys));
    return true;
}

static bool long_name(struct talk *talk, struct pdu *answer)
{
    int end = sprintf((char *)answer->data, "TargetName=iqn.2026-01.x:");

    (void)talk;
    memset(answer->data + end, 'n', 20000);
    answer->length = (uint32_t)end + 20000;
    answer->data[answer->length++] = '\0';
    return true;
}

static bool odd_names(struct talk *talk, struct pdu *answer)
{
    static const char keys[] = "TargetName=iqn.2026-01.x:<a>&'\"\n\t\x01\x7f\xff\xfe\0"
                               "TargetAddress=</host>\x02,1\0TargetName=../../etc/passwd";

    (void)talk;
    fill(answer, keys, sizeof(keys));
    return true;
}

/* --- the table --------------------------------------------------------------------------------- */

const struct lie lies[] = {
    { "none", 0, ANY, ANY, NULL },
    { "login-silent", LOGIN_RESPONSE, ANY, ANY, nothing },
    { "login-breaks-off", LOGIN_RESPONSE, ANY, ANY, breaks_off },
    { "login-forever", LOGIN_RESPONSE, ANY, ANY, stays_in_stage },
    { "login-length", LOGIN_RESPONSE, ANY, ANY, claims_more },
    { "login-without-nul", LOGIN_RESPONSE, ANY, ANY, without_nul },
    { "login-numbers", LOGIN_RESPONSE, ANY, ANY, odd_numbers },
    { "login-no-segment", LOGIN_RESPONSE, ANY, ANY, no_segment },
    { "login-keys", LOGIN_RESPONSE, ANY, ANY, many_keys },
    { "login-challenge", LOGIN_RESPONSE, ANY, ANY, long_challenge },
    { "login-redirects", LOGIN_RESPONSE, ANY, ANY, sends_on },
    { "login-rejects", LOGIN_RESPONSE, ANY, ANY, rejects },
    { "login-random", LOGIN_RESPONSE, ANY, ANY, at_random },
    { "text-silent", TEXT_RESPONSE, ANY, ANY, nothing },
    { "text-goes-on", TEXT_RESPONSE, ANY, ANY, text_goes_on },
    { "text-without-end", TEXT_RESPONSE, ANY, ANY, text_without_end },
    { "text-length", TEXT_RESPONSE, ANY, ANY, claims_more },
    { "text-many", TEXT_RESPONSE, ANY, ANY, very_many_targets },
    { "text-address-first", TEXT_RESPONSE, ANY, ANY, address_first },
    { "text-without-nul", TEXT_RESPONSE, ANY, ANY, without_nul },
    { "text-long-name", TEXT_RESPONSE, ANY, ANY, long_name },
    { "text-odd-names", TEXT_RESPONSE, ANY, ANY, odd_names },
    { "text-empty", TEXT_RESPONSE, ANY, ANY, none_at_all },
    { "text-random", TEXT_RESPONSE, ANY, ANY, at_random },
    { "data-silent", DATA_IN, ANY, ANY, nothing },
    { "data-breaks-off", DATA_IN, ANY, ANY, breaks_off },
    { "data-length", DATA_IN, ANY, ANY, claims_more },
    { "data-headers", DATA_IN, ANY, ANY, more_headers },
    { "data-opcode", DATA_IN, ANY, ANY, unknown_opcode },
    { "data-tag", DATA_IN, ANY, ANY, another_tag },
    { "data-offset", DATA_IN, ANY, ANY, far_offset },
    { "data-too-much", DATA_IN, ANY, ANY, too_much },
    { "data-too-little", DATA_IN, ANY, ANY, too_little },
    { "data-none", DATA_IN, ANY, ANY, none_at_all },
    { "data-no-status", DATA_IN, ANY, ANY, no_status },
    { "data-ones", DATA_IN, ANY, ANY, all_ones },
    { "data-zeros", DATA_IN, ANY, ANY, all_zeros },
    { "data-rejected", DATA_IN, ANY, ANY, rejects },
    { "data-nop-flood", DATA_IN, ANY, ANY, nop_flood },
    { "data-leave", DATA_IN, ANY, ANY, asks_to_leave },
    { "data-random", DATA_IN, ANY, ANY, at_random },
    { "units-absurd", DATA_IN, 0xa0, ANY, absurd_units },
    { "units-odd", DATA_IN, 0xa0, ANY, odd_units },
    { "units-ones", DATA_IN, 0xa0, ANY, all_ones },
    { "page-long", DATA_IN, 0x12, ANY, long_page },
    { "page-ones", DATA_IN, 0x12, ANY, all_ones },
    { "identity-long", DATA_IN, 0x12, 0x83, long_name_of_unit },
    { "identity-empty", DATA_IN, 0x12, 0x83, empty_names_of_unit },
    { "identity-text", DATA_IN, 0x12, 0x83, text_of_unit },
    { "limits-ones", DATA_IN, 0x12, 0xb0, all_ones },
    { "limits-zeros", DATA_IN, 0x12, 0xb0, all_zeros },
    { "capacity-three", DATA_IN, 0x9e, ANY, block_of_three },
    { "capacity-no-block", DATA_IN, 0x9e, ANY, block_of_none },
    { "capacity-all", DATA_IN, 0x9e, ANY, last_block_of_all },
    { "capacity-exabytes", DATA_IN, 0x9e, ANY, exabytes },
    { "map-nothing", DATA_IN, 0x9e, ANY, map_of_nothing },
    { "map-elsewhere", DATA_IN, 0x9e, ANY, map_of_elsewhere },
    { "attention-forever", DATA_IN, ANY, ANY, attention },
    { "sense-long", DATA_IN, ANY, ANY, long_sense },
    { "sense-none", DATA_IN, ANY, ANY, no_sense },
    { "busy-forever", DATA_IN, ANY, ANY, busy },
    { "status-odd", DATA_IN, ANY, ANY, odd_status },
    { "ready-beyond", READY_TO_TRANSFER, ANY, ANY, wants_beyond },
    { "ready-more", READY_TO_TRANSFER, ANY, ANY, wants_more },
    { "ready-silent", READY_TO_TRANSFER, ANY, ANY, nothing },
    { "ready-random", READY_TO_TRANSFER, ANY, ANY, at_random },
    { "all-random", 0, ANY, ANY, at_random },
    { NULL, 0, ANY, ANY, NULL },
};
