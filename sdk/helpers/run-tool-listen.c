/* SPDX-License-Identifier: BSD-2-Clause
 *
 * run-tool-listen.c - what a program writes: its stdout whole, within bounds; of its stderr the
 * end, which is where programs say why they failed.
 */
#include "helpers/run-tool-internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT_LIMIT (16u << 20)
#define PIECE 4096
/* More than a pipe can hold: what a child that it left behind goes on writing is not waited for. */
#define PIECES_AT_ONCE 64

/* Makes room for `more` bytes and a NUL. */
static bool grow(struct tool_ear *ear, size_t more)
{
    size_t limit = ear->run->output_limit > 0 ? ear->run->output_limit : OUTPUT_LIMIT;
    size_t room = ear->room > 0 ? ear->room : PIECE;
    char *text;

    if (more > limit - ear->length)
        return false;
    while (room <= ear->length + more)
        room *= 2;
    if (room == ear->room)
        return true;
    text = realloc(ear->text, room);
    if (text == NULL)
        return false;
    ear->text = text;
    ear->room = room;
    return true;
}

static void keep_output(struct tool_ear *ear, const char *piece, size_t length)
{
    if (ear->overflow || !grow(ear, length)) {
        ear->overflow = true;
        return;
    }
    memcpy(ear->text + ear->length, piece, length);
    ear->length += length;
    ear->text[ear->length] = '\0';
}

static void keep_tail(struct tool_ear *ear, const char *piece, size_t length)
{
    const size_t room = sizeof(ear->tail) - 1;
    size_t drop;

    if (length > room) {
        piece += length - room;
        length = room;
    }
    drop = ear->tail_length + length > room ? ear->tail_length + length - room : 0;
    memmove(ear->tail, ear->tail + drop, ear->tail_length - drop);
    ear->tail_length -= drop;
    memcpy(ear->tail + ear->tail_length, piece, length);
    ear->tail_length += length;
}

/* One piece; its length, 0 if there is none now. At the end *fd is closed. */
static size_t take(int *fd, char piece[PIECE])
{
    ssize_t got;

    if (*fd < 0)
        return 0;
    do
        got = read(*fd, piece, PIECE);
    while (got < 0 && errno == EINTR);
    if (got > 0)
        return (size_t)got;
    if (got == 0 || errno != EAGAIN) {
        close(*fd);
        *fd = -1;
    }
    return 0;
}

static void tell(struct tool_ear *ear, const char *piece, size_t length)
{
    if (ear->run->heard != NULL)
        ear->run->heard(ear->call, piece, length, ear->run->arg);
}

void tool_listen_output(struct tool_ear *ear, int *fd)
{
    char piece[PIECE];
    size_t length;
    int i;

    for (i = 0; i < PIECES_AT_ONCE && (length = take(fd, piece)) > 0; i++)
        if (ear->keep)
            keep_output(ear, piece, length);
        else
            tell(ear, piece, length);
}

void tool_listen_errors(struct tool_ear *ear, int *fd)
{
    char piece[PIECE];
    size_t length;
    int i;

    for (i = 0; i < PIECES_AT_ONCE && (length = take(fd, piece)) > 0; i++) {
        keep_tail(ear, piece, length);
        tell(ear, piece, length);
    }
}

/* Line breaks become "; ", other control characters spaces. */
const char *tool_last_words(struct tool_ear *ear)
{
    size_t from, to = 0;
    bool pause = false;

    for (from = 0; from < ear->tail_length; from++) {
        unsigned char c = (unsigned char)ear->tail[from];

        if (c == '\n' || c == '\r' || c == '\0') {
            pause = to > 0;
            continue;
        }
        if (pause) {
            memcpy(ear->said + to, "; ", 2);
            to += 2;
        }
        pause = false;
        ear->said[to++] = c < ' ' || c == 0x7f ? ' ' : (char)c;
    }
    while (to > 0 && (ear->said[to - 1] == ' ' || ear->said[to - 1] == '.'))
        to--;
    ear->said[to] = '\0';
    return ear->said;
}
