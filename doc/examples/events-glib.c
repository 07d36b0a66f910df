/* SPDX-License-Identifier: BSD-2-Clause
 *
 * events-glib: tells what happens to pools and volumes, whoever does it, in the main loop of GLib,
 * as a program with windows has it. SIGINT or SIGTERM ends it.
 */
#include <signal.h>
#include <stdlib.h>

#include <glib-unix.h>
#include <glib.h>

#include "event-word.h"

struct program {
    GMainLoop *loop;
    struct tarn_context *context;
    int result;
};

static void complain(struct program *program, struct tarn_error *error)
{
    g_printerr("events-glib: %s\n", tarn_error_message(error));
    tarn_error_free(error);
    program->result = EXIT_FAILURE;
}

/* Called by tarn_event_dispatch, in the thread of the loop. What `event` points to is gone when it
 * returns. */
static void on_event(void *arg, const struct tarn_event *event)
{
    (void)arg;
    g_print("%s%s%s: %s%s%s\n", event->pool, event->volume != NULL ? "/" : "",
            event->volume != NULL ? event->volume : "", event_word(event->kind),
            event->text != NULL ? " " : "", event->text != NULL ? event->text : "");
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer data)
{
    struct program *program = data;
    struct tarn_error *error = NULL;

    (void)fd;
    (void)condition;
    if (tarn_event_dispatch(program->context, &error) >= 0)
        return G_SOURCE_CONTINUE;
    complain(program, error);
    g_main_loop_quit(program->loop);
    return G_SOURCE_REMOVE;
}

static gboolean on_signal(gpointer data)
{
    struct program *program = data;

    g_main_loop_quit(program->loop);
    return G_SOURCE_CONTINUE;
}

static void run(struct program *program)
{
    program->loop = g_main_loop_new(NULL, FALSE);
    g_unix_fd_add(tarn_event_fd(program->context), G_IO_IN, on_readable, program);
    g_unix_signal_add(SIGINT, on_signal, program);
    g_unix_signal_add(SIGTERM, on_signal, program);
    g_print("listening\n");
    g_main_loop_run(program->loop);
    g_main_loop_unref(program->loop);
}

int main(void)
{
    /* NULL: the system's own. The command tarn obeys the same variables. */
    const struct tarn_context_options options = {
        .struct_size = sizeof(options),
        .root = g_getenv("TARN_ROOT"),
        .module_dir = g_getenv("TARN_MODULE_DIR"),
        .plugins_dir = g_getenv("TARN_PLUGINS_DIR"),
        .module_host = g_getenv("TARN_MODULE_HOST"),
    };
    struct program program = { NULL, NULL, EXIT_SUCCESS };
    struct tarn_error *error = NULL;
    uint64_t listener;
    int status = tarn_context_open(&program.context, &options, &error);

    if (status == TARN_OK)
        status = tarn_event_listen(&listener, program.context, on_event, NULL, &error);
    if (status == TARN_OK) {
        run(&program);
        tarn_event_unlisten(program.context, listener);
    } else {
        complain(&program, error);
    }
    tarn_context_close(program.context);
    return program.result;
}
