/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel-ask.c - SCSI commands to units that the kernel has, through its sg devices (the kernel's
 * Documentation/scsi/scsi-generic.rst): what is written there is a command on its way, and its
 * answer is read when poll(2) says so. Whoever closes the device meanwhile waits for nothing.
 */
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <scsi/sg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "helpers/errno-status.h"

#define AT_ONCE 128u       /* open devices */
#define TRIES 4u           /* a unit attention is told once for each thing that happened */
#define COMMAND_TIME 60000 /* milliseconds: the kernel's own patience; ours is shorter */
#define UNIT_ATTENTION 0x06

/* A question on its way. */
struct asking {
    struct kernel_question *question;
    struct sg_io_hdr header;
    uint8_t sense[32];
    unsigned tries;
    int fd;
};

/* --- one -------------------------------------------------------------------------------------- */

static bool send(struct asking *asking)
{
    struct kernel_question *question = asking->question;
    const void *header = &asking->header;

    asking->tries++;
    asking->header = (struct sg_io_hdr){
        .interface_id = 'S',
        .dxfer_direction = SG_DXFER_FROM_DEV,
        .cmd_len = question->cdb_length,
        .cmdp = question->cdb,
        .mx_sb_len = sizeof(asking->sense),
        .sbp = asking->sense,
        .dxfer_len = question->length,
        .dxferp = question->data,
        .timeout = COMMAND_TIME,
    };
    return write(asking->fd, header, sizeof(asking->header)) == (ssize_t)sizeof(asking->header);
}

/* SPC-4, 4.5: fixed format is 70h and 71h, descriptor format 72h and 73h. */
static void take_sense(const struct asking *asking)
{
    const uint8_t *sense = asking->sense;
    size_t length = asking->header.sb_len_wr;
    struct kernel_question *question = asking->question;

    if (length >= 14 && (sense[0] & 0x7e) == 0x70) {
        question->sense_key = sense[2] & 0x0f;
        question->sense_code = sense[12];
    } else if (length >= 4 && (sense[0] & 0x7e) == 0x72) {
        question->sense_key = sense[1] & 0x0f;
        question->sense_code = sense[2];
    }
}

static void take_answer(struct asking *asking)
{
    struct kernel_question *question = asking->question;
    const struct sg_io_hdr *header = &asking->header;

    question->sense_key = question->sense_code = 0;
    take_sense(asking);
    question->broken = header->host_status != 0;
    question->good = !question->broken && header->masked_status == 0 && question->sense_key <= 1;
    question->got = question->length;
    if (header->resid > 0)
        question->got = (uint32_t)header->resid < question->length
                            ? question->length - (uint32_t)header->resid : 0;
}

/* False: an answer to come. */
static bool receive(struct asking *asking)
{
    ssize_t got = read(asking->fd, &asking->header, sizeof(asking->header));

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (got != (ssize_t)sizeof(asking->header)) {
        asking->question->broken = true;
        return true;
    }
    take_answer(asking);
    if (asking->question->sense_key == UNIT_ATTENTION && asking->tries < TRIES)
        return !send(asking);
    return true;
}

/* --- many ------------------------------------------------------------------------------------- */

static bool begin(struct asking *asking, struct kernel_question *question, int poll_fd)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = asking };

    question->good = question->broken = false;
    question->got = 0;
    *asking = (struct asking){ .question = question, .fd = -1 };
    if (question->generic[0] != '\0')
        asking->fd = open(question->generic, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (asking->fd >= 0 && epoll_ctl(poll_fd, EPOLL_CTL_ADD, asking->fd, &event) == 0 &&
        send(asking))
        return true;
    question->broken = true;
    return false;
}

static void end(struct asking *asking)
{
    if (asking->fd >= 0)
        close(asking->fd);
    asking->fd = -1;
}

/* Until all `pending` have answered, or the time is up. */
static int32_t gather(struct tarn_call *call, int poll_fd, size_t pending, int64_t until)
{
    struct epoll_event events[AT_ONCE];
    short ready;
    int32_t status = TARN_OK;
    int count;
    int i;

    while (status == TARN_OK && pending > 0) {
        status = server_wait(call, poll_fd, POLLIN, until, &ready);
        if (status != TARN_OK || ready == 0)
            break;
        count = epoll_wait(poll_fd, events, (int)AT_ONCE, 0);
        for (i = 0; i < count; i++) {
            struct asking *asking = events[i].data.ptr;

            if (!receive(asking))
                continue;
            end(asking);
            pending--;
        }
    }
    return status;
}

static int32_t ask_some(struct tarn_call *call, struct kernel_question *questions, size_t count,
                        int64_t until)
{
    struct asking *askings = calloc(count, sizeof(*askings));
    int poll_fd = epoll_create1(EPOLL_CLOEXEC);
    size_t pending = 0;
    size_t i;
    int32_t status;

    if (askings == NULL || poll_fd < 0) {
        status = tarn_fail(call, TARN_E_INTERNAL, errno, "logical units cannot be asked");
    } else {
        for (i = 0; i < count; i++)
            pending += begin(&askings[i], &questions[i], poll_fd);
        status = gather(call, poll_fd, pending, until);
        for (i = 0; i < count; i++) {
            if (askings[i].fd >= 0)
                questions[i].broken = true;
            end(&askings[i]);
        }
    }
    if (poll_fd >= 0)
        close(poll_fd);
    free(askings);
    return status;
}

int32_t kernel_ask(struct tarn_call *call, struct kernel_question *questions, size_t count)
{
    int64_t until = server_answer_until(call);
    int32_t status = TARN_OK;
    size_t done;

    for (done = 0; status == TARN_OK && done < count; done += AT_ONCE)
        status = ask_some(call, questions + done,
                          count - done < AT_ONCE ? count - done : AT_ONCE, until);
    return status;
}
