/* SPDX-License-Identifier: BSD-2-Clause
 *
 * events-poll: tells what happens to pools and volumes, whoever does it, in a poll(2) loop beside a
 * descriptor of its own: a line on standard input, or its end, ends the program.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "event-word.h"

static int complain(struct tarn_error *error)
{
    fprintf(stderr, "events-poll: %s\n", tarn_error_message(error));
    tarn_error_free(error);
    return EXIT_FAILURE;
}

/* Called by tarn_event_dispatch, in the thread of the loop. What `event` points to is gone when it
 * returns. */
static void on_event(void *arg, const struct tarn_event *event)
{
    (void)arg;
    printf("%s%s%s: %s%s%s\n", event->pool, event->volume != NULL ? "/" : "",
           event->volume != NULL ? event->volume : "", event_word(event->kind),
           event->text != NULL ? " " : "", event->text != NULL ? event->text : "");
    fflush(stdout);
}

static int follow(struct tarn_context *context)
{
    struct pollfd fds[] = {
        { .fd = tarn_event_fd(context), .events = POLLIN },
        { .fd = STDIN_FILENO, .events = POLLIN },
    };
    struct tarn_error *error = NULL;

    while (fds[1].revents == 0) {
        if (poll(fds, 2, -1) < 0) {
            if (errno == EINTR)
                continue;
            perror("events-poll: poll");
            return EXIT_FAILURE;
        }
        if (fds[0].revents != 0 && tarn_event_dispatch(context, &error) < 0)
            return complain(error);
    }
    return EXIT_SUCCESS;
}

int main(void)
{
    /* NULL: the system's own. The command tarn obeys the same variables. */
    const struct tarn_context_options options = {
        .struct_size = sizeof(options),
        .root = getenv("TARN_ROOT"),
        .module_dir = getenv("TARN_MODULE_DIR"),
        .plugins_dir = getenv("TARN_PLUGINS_DIR"),
        .module_host = getenv("TARN_MODULE_HOST"),
    };
    struct tarn_context *context = NULL;
    struct tarn_error *error = NULL;
    uint64_t listener;
    int result;
    int status = tarn_context_open(&context, &options, &error);

    if (status == TARN_OK)
        status = tarn_event_listen(&listener, context, on_event, NULL, &error);
    if (status == TARN_OK) {
        puts("listening");
        fflush(stdout);
        result = follow(context);
        tarn_event_unlisten(context, listener);
    } else {
        result = complain(error);
    }
    tarn_context_close(context);
    return result;
}
