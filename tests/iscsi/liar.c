/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * liar PORT LIE [SEED]: listens on loopback, a process for each connection; "liar list" names the
 * lies.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/iscsi/liar.h"

#define ROOM (4u << 20)
#define PIECE 8192u /* the least that an initiator takes: RFC 7143, 13.12 */

/* --- bytes ------------------------------------------------------------------------------------- */

void put_be16(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

void put_be32(uint8_t *to, uint32_t value)
{
    put_be16(to, value >> 16);
    put_be16(to + 2, value);
}

void put_be64(uint8_t *to, uint64_t value)
{
    put_be32(to, (uint32_t)(value >> 32));
    put_be32(to + 4, (uint32_t)value);
}

uint32_t get_be32(const uint8_t *from)
{
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

uint64_t get_be64(const uint8_t *from)
{
    return (uint64_t)get_be32(from) << 32 | get_be32(from + 4);
}

static bool send_all(int fd, const void *bytes, size_t length)
{
    const uint8_t *from = bytes;

    while (length > 0) {
        ssize_t sent = send(fd, from, length, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        from += sent;
        length -= (size_t)sent;
    }
    return true;
}

static bool receive_all(int fd, void *bytes, size_t length)
{
    uint8_t *to = bytes;

    while (length > 0) {
        ssize_t got = recv(fd, to, length, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        to += got;
        length -= (size_t)got;
    }
    return true;
}

/* --- PDUs -------------------------------------------------------------------------------------- */

bool pdu_send_raw(struct talk *talk, const struct pdu *pdu, uint32_t claimed, const void *data,
                  size_t length)
{
    static const uint8_t padding[4];
    uint8_t header[HEADER_SIZE];

    memcpy(header, pdu->header, sizeof(header));
    header[5] = (uint8_t)(claimed >> 16);
    put_be16(header + 6, claimed);
    return send_all(talk->fd, header, sizeof(header)) && send_all(talk->fd, data, length) &&
           send_all(talk->fd, padding, (4 - length % 4) % 4);
}

bool pdu_send(struct talk *talk, const struct pdu *pdu)
{
    return pdu_send_raw(talk, pdu, pdu->length, pdu->data, pdu->length);
}

static bool is_told(const struct talk *talk, const struct pdu *pdu)
{
    const struct lie *lie = talk->lie;
    const uint8_t *cdb = talk->cdb;

    if (lie->tell == NULL || (lie->opcode != 0 && lie->opcode != pdu->header[0]))
        return false;
    if (lie->cdb >= 0 && (cdb == NULL || cdb[0] != lie->cdb))
        return false;
    return lie->page < 0 || (cdb != NULL && (cdb[1] & 1) && cdb[2] == lie->page);
}

bool pdu_answer(struct talk *talk, struct pdu *pdu)
{
    put_be32(pdu->header + 24, talk->stat_sn++);
    put_be32(pdu->header + 28, talk->exp_cmd_sn);
    put_be32(pdu->header + 32, talk->exp_cmd_sn + 64);
    if (is_told(talk, pdu) && !talk->lie->tell(talk, pdu))
        return true;
    return pdu_send(talk, pdu);
}

static struct pdu answer_to(const uint8_t *request, uint8_t opcode, uint8_t *data)
{
    struct pdu answer = { .data = data };

    answer.header[0] = opcode;
    answer.header[1] = 0x80;
    memcpy(answer.header + 8, request + 8, 12); /* LUN or ISID, and the task tag */
    return answer;
}

/* --- answers ----------------------------------------------------------------------------------- */

static bool holds(const uint8_t *data, uint32_t length, const char *text)
{
    return memmem(data, length, text, strlen(text)) != NULL;
}

static bool login(struct talk *talk, const uint8_t *request, const uint8_t *data, uint32_t length,
                  uint8_t *room)
{
    static const char keys[] = "HeaderDigest=None\0DataDigest=None\0MaxRecvDataSegmentLength=262144\0"
                               "InitialR2T=Yes\0ImmediateData=No\0MaxBurstLength=262144\0"
                               "FirstBurstLength=65536\0DefaultTime2Wait=2\0DefaultTime2Retain=0\0"
                               "MaxOutstandingR2T=1\0MaxConnections=1\0ErrorRecoveryLevel=0\0"
                               "TargetPortalGroupTag=1";
    struct pdu answer = answer_to(request, LOGIN_RESPONSE, room);
    uint8_t stage = (request[1] >> 2) & 3;

    talk->discovery = talk->discovery || holds(data, length, "SessionType=Discovery");
    talk->exp_cmd_sn = get_be32(request + 24);
    answer.header[1] = request[1] & 0x8f;
    put_be16(answer.header + 14, 1);
    if (stage == 0) {
        answer.length = sizeof("AuthMethod=None");
        memcpy(room, "AuthMethod=None", answer.length);
    } else {
        answer.length = sizeof(keys);
        memcpy(room, keys, sizeof(keys));
    }
    return pdu_answer(talk, &answer);
}

static bool text(struct talk *talk, const uint8_t *request, uint8_t *room)
{
    static const char targets[] = "TargetName=" LIAR_TARGET "\0TargetAddress=127.0.0.1:3260,1";
    struct pdu answer = answer_to(request, TEXT_RESPONSE, room);

    put_be32(answer.header + 20, UINT32_MAX);
    answer.length = sizeof(targets);
    memcpy(room, targets, sizeof(targets));
    return pdu_answer(talk, &answer);
}

static bool receive_pdu(int fd, uint8_t *header, uint8_t *data, uint32_t *out_length)
{
    if (!receive_all(fd, header, HEADER_SIZE))
        return false;
    *out_length = get_be32(header + 4) & 0xffffff;
    return *out_length <= ROOM && receive_all(fd, data, (*out_length + 3) / 4 * 4);
}

/* An initiator may send commands while it is asked for the data of one. */
static bool keep_for_later(struct talk *talk, const uint8_t *header, const uint8_t *data,
                           uint32_t length)
{
    struct waiting *kept = malloc(sizeof(*kept) + length);
    struct waiting **last = &talk->waiting;

    if (kept == NULL)
        return false;
    kept->next = NULL;
    memcpy(kept->header, header, HEADER_SIZE);
    memcpy(kept->data, data, length);
    kept->length = length;
    while (*last != NULL)
        last = &(*last)->next;
    *last = kept;
    return true;
}

/* What the initiator wants to write is asked for in one piece, and thrown away. */
static bool take_data(struct talk *talk, const uint8_t *request, uint8_t *room)
{
    struct pdu ready = answer_to(request, READY_TO_TRANSFER, NULL);
    uint32_t wanted = get_be32(request + 20);
    uint32_t got = 0;

    put_be32(ready.header + 20, 1);
    put_be32(ready.header + 44, wanted);
    if (!pdu_answer(talk, &ready))
        return false;
    talk->stat_sn--;
    while (got < wanted) {
        uint8_t header[HEADER_SIZE];
        uint32_t length;

        if (!receive_pdu(talk->fd, header, room, &length))
            return false;
        if ((header[0] & 0x3f) == DATA_OUT)
            got += length;
        else if (!keep_for_later(talk, header, room, length))
            return false;
    }
    return true;
}

/* All but the last piece of what was read. */
static bool send_pieces(struct talk *talk, struct pdu *answer)
{
    struct pdu piece = *answer;
    uint32_t number = 0;
    uint32_t sent = 0;

    piece.header[1] = 0;
    piece.header[3] = 0;
    piece.length = PIECE;
    put_be32(piece.header + 28, talk->exp_cmd_sn);
    put_be32(piece.header + 32, talk->exp_cmd_sn + 64);
    for (; answer->length - sent > PIECE; sent += PIECE) {
        put_be32(piece.header + 36, number++);
        put_be32(piece.header + 40, sent);
        if (!pdu_send(talk, &piece))
            return false;
        piece.data += PIECE;
    }
    answer->data += sent;
    answer->length -= sent;
    put_be32(answer->header + 36, number);
    put_be32(answer->header + 40, sent);
    return true;
}

static bool command(struct talk *talk, const uint8_t *request, uint8_t *room)
{
    static const uint8_t sense[20] = { 0, 18, 0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x20 };
    struct pdu answer;
    uint32_t expected = get_be32(request + 20);
    uint8_t status;
    bool told;

    talk->cdb = request + 32;
    if ((request[1] & 0x20) && expected > 0 && !take_data(talk, request, room))
        return false;
    answer = answer_to(request, SCSI_RESPONSE, room);
    status = disk_answer(request + 32, room, ROOM, &answer.length);
    if (answer.length > expected)
        answer.length = expected;
    if (answer.length > 0) {
        answer.header[0] = DATA_IN;
        answer.header[1] = 0x81;
        put_be32(answer.header + 20, UINT32_MAX);
    }
    if (answer.length < expected && !(request[1] & 0x20)) {
        answer.header[1] |= 2;
        put_be32(answer.header + 44, expected - answer.length);
    }
    answer.header[3] = status;
    memset(answer.header + 8, 0, 8);
    if (status != 0) {
        answer.length = sizeof(sense);
        memcpy(room, sense, sizeof(sense));
    }
    told = (answer.header[0] != DATA_IN || send_pieces(talk, &answer)) && pdu_answer(talk, &answer);
    talk->cdb = NULL;
    return told;
}

static bool serve(struct talk *talk, const uint8_t *request, const uint8_t *data, uint32_t length,
                  uint8_t *room)
{
    struct pdu answer;

    if (!(request[0] & 0x40) && (request[0] & 0x3f) != 0x03)
        talk->exp_cmd_sn = get_be32(request + 24) + 1;
    switch (request[0] & 0x3f) {
    case 0x00:
        answer = answer_to(request, NOP_IN, room);
        put_be32(answer.header + 20, UINT32_MAX);
        return get_be32(request + 16) == UINT32_MAX || pdu_answer(talk, &answer);
    case 0x01:
        return command(talk, request, room);
    case 0x03:
        return login(talk, request, data, length, room);
    case 0x04:
        return text(talk, request, room);
    case 0x06:
        answer = answer_to(request, LOGOUT_RESPONSE, room);
        pdu_answer(talk, &answer);
        return false;
    default:
        return false;
    }
}

static bool next_request(struct talk *talk, uint8_t *request, uint8_t *data, uint32_t *out_length)
{
    struct waiting *kept = talk->waiting;

    if (kept == NULL)
        return receive_pdu(talk->fd, request, data, out_length);
    memcpy(request, kept->header, HEADER_SIZE);
    memcpy(data, kept->data, kept->length);
    *out_length = kept->length;
    talk->waiting = kept->next;
    free(kept);
    return true;
}

static void converse(struct talk *talk)
{
    uint8_t request[HEADER_SIZE];
    uint8_t *data = malloc(ROOM);
    uint8_t *room = malloc(ROOM);
    uint32_t length;

    while (data != NULL && room != NULL && next_request(talk, request, data, &length))
        if (!serve(talk, request, data, length, room))
            break;
    free(data);
    free(room);
}

/* --- the program ------------------------------------------------------------------------------- */

static int listen_on(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int on = 1;

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 16) < 0) {
        perror("liar");
        return -1;
    }
    return fd;
}

static const struct lie *find_lie(const char *name)
{
    const struct lie *lie = lies;

    while (lie->name != NULL && strcmp(lie->name, name) != 0)
        lie++;
    return lie->name != NULL ? lie : NULL;
}

int main(int argc, char **argv)
{
    const struct lie *lie;
    int listener;
    int on = 1;

    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        for (lie = lies; lie->name != NULL; lie++)
            puts(lie->name);
        return 0;
    }
    lie = argc >= 3 ? find_lie(argv[2]) : NULL;
    listener = lie != NULL ? listen_on((uint16_t)atoi(argv[1])) : -1;
    if (listener < 0) {
        fprintf(stderr, "usage: liar PORT LIE [SEED] | liar list\n");
        return 2;
    }
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        struct talk talk = { .fd = accept(listener, NULL, NULL), .lie = lie,
                             .seed = argc > 3 ? (unsigned)atoi(argv[3]) : 1 };

        if (talk.fd >= 0 && fork() == 0) {
            close(listener);
            setsockopt(talk.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
            converse(&talk);
            return 0;
        }
        close(talk.fd);
    }
}
