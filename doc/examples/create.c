/* SPDX-License-Identifier: BSD-2-Clause
 *
 * create: makes a volume in a pool from an XML file, with the guest's bytes of another volume of the
 * pool if one is named. Shows how far it is; Ctrl-C cancels, and then nothing of it remains.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <tarn/tarn.h>

static struct tarn_job *job; /* what Ctrl-C cancels; there before the handler is */

static int complain(struct tarn_error *error)
{
    fprintf(stderr, "create: %s\n", tarn_error_message(error));
    tarn_error_free(error);
    return EXIT_FAILURE;
}

/* tarn_job_cancel is one of the few functions that a signal handler may call. */
static void on_interrupt(int signal_number)
{
    (void)signal_number;
    tarn_job_cancel(job);
}

/* In the thread that works: what takes long here holds up the work. */
static void on_progress(void *arg, uint64_t done, uint64_t total)
{
    int *shown = arg;

    if (total == 0) /* how much there is to do is not known */
        return;
    fprintf(stderr, "\r%3.0f%%", 100.0 * (double)done / (double)total);
    *shown = 1;
}

/* The file as text; its caller frees it. NULL: it cannot be read. */
static char *read_file(const char *path)
{
    static const size_t room = 1 << 20; /* no volume needs more words */
    FILE *file = fopen(path, "r");
    char *text = file != NULL ? calloc(1, room) : NULL;

    if (text == NULL || (fread(text, 1, room - 1, file) == 0 && ferror(file))) {
        perror(path);
        free(text);
        text = NULL;
    }
    if (file != NULL)
        fclose(file);
    return text;
}

static int create(struct tarn_context *context, const char *pool_name, const char *xml,
                  const char *source_name)
{
    struct sigaction action = { .sa_handler = on_interrupt };
    struct tarn_pool *pool = NULL;
    struct tarn_volume *source = NULL;
    struct tarn_volume *volume = NULL;
    struct tarn_error *error = NULL;
    int shown = 0;
    int status = tarn_pool_lookup(&pool, context, pool_name, &error);

    if (status == TARN_OK && source_name != NULL)
        status = tarn_volume_lookup(&source, pool, source_name, &error);
    if (status == TARN_OK)
        status = tarn_job_new(&job, context, &error);
    if (status == TARN_OK) {
        tarn_job_set_progress(job, on_progress, &shown);
        sigaction(SIGINT, &action, NULL);
        status = source != NULL
                     ? tarn_volume_create_from(&volume, pool, xml, source, 0, job, &error)
                     : tarn_volume_create(&volume, pool, xml, 0, job, &error);
        action.sa_handler = SIG_DFL;
        sigaction(SIGINT, &action, NULL);
    }
    if (shown)
        fputc('\n', stderr);
    if (status == TARN_OK)
        printf("%s\n", tarn_volume_name(volume));
    tarn_volume_unref(volume); /* all of these take NULL, and none deletes anything */
    tarn_volume_unref(source);
    tarn_pool_unref(pool);
    tarn_job_unref(job);
    return status == TARN_OK ? EXIT_SUCCESS : complain(error);
}

int main(int argc, char **argv)
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
    char *xml;
    int result;

    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: create POOL VOLUME.xml [SOURCE]\n");
        return 2;
    }
    xml = read_file(argv[2]);
    if (xml == NULL)
        return EXIT_FAILURE;
    result = tarn_context_open(&context, &options, &error);
    result = result == TARN_OK ? create(context, argv[1], xml, argv[3]) : complain(error);
    tarn_context_close(context);
    free(xml);
    return result;
}
