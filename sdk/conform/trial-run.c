/* SPDX-License-Identifier: BSD-2-Clause
 *
 * trial-run.c - runs a trial: a process with an empty folder, limits of time and memory, and
 * nothing of the terminal.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "conform/sanitized.h"
#include "conform/trial.h"

/* The address space of a trial, beyond which allocations fail. The sanitizers map terabytes. */
#define MEMORY_MOST ((rlim_t)4 << 30)

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* --- the folder ------------------------------------------------------------------------------- */

static int remove_entry(const char *path, const struct stat *known, int kind, struct FTW *where)
{
    (void)known;
    (void)kind;
    (void)where;
    return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

/* Stays on the file system of the folder: what a module left mounted is not emptied. */
static void remove_folder(const char *folder)
{
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static char *make_folder(void)
{
    const char *under = getenv("TMPDIR");
    char *folder = NULL;

    if (asprintf(&folder, "%s/tarn-conform.XXXXXX", under != NULL ? under : "/tmp") < 0)
        return NULL;
    if (mkdtemp(folder) != NULL && chmod(folder, 0755) == 0)
        return folder;
    free(folder);
    return NULL;
}

/* --- in the process of the trial -------------------------------------------------------------- */

static void limit(void)
{
#if !SANITIZED
    const struct rlimit memory = { MEMORY_MOST, MEMORY_MOST };

    setrlimit(RLIMIT_AS, &memory);
#endif
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
}

static _Noreturn void child(const struct trial *frame, int output)
{
    static struct subject subject;
    static struct trial trial;
    char *error = NULL;

    trial = *frame;
    setpgid(0, 0);
    limit();
    dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    if (trial.check->of != CHECK_FILE) {
        if (!subject_open(&subject, trial.options->module, &error))
            trial_skip(&trial, "the module cannot be opened: %s", error);
        trial.subject = &subject;
        trial.module = &subject.module;
        trial.type = subject_type(&subject, trial.part);
        trial.format = subject_format(&subject, trial.part);
    }
    trial.check->run(&trial);
    if (write(trial.report, "p\n", 2) < 0)
        _exit(99);
    _exit(0);
}

/* --- outside of it ---------------------------------------------------------------------------- */

struct buffer {
    char *text;
    size_t length;
};

static void buffer_add(struct buffer *buffer, const char *bytes, size_t length)
{
    char *grown = realloc(buffer->text, buffer->length + length + 1);

    if (grown == NULL)
        return;
    buffer->text = grown;
    memcpy(grown + buffer->length, bytes, length);
    buffer->length += length;
    grown[buffer->length] = '\0';
}

/* Until the other end is closed by all who have it, or the time is over: then false. */
static bool collect(struct buffer *buffer, int from, double end)
{
    struct pollfd ready = { .fd = from, .events = POLLIN };
    char part[4096];
    ssize_t length;

    for (;;) {
        double left = end - now();

        if (left <= 0 || poll(&ready, 1, (int)(left * 1000) + 1) == 0)
            return false;
        length = read(from, part, sizeof(part));
        if (length == 0)
            return true;
        if (length > 0)
            buffer_add(buffer, part, (size_t)length);
        else if (errno != EINTR && errno != EAGAIN)
            return true;
    }
}

/* The lines of the report: the first verdict counts. */
static void read_report(struct verdict *verdict, struct buffer *notes, char *lines)
{
    bool told = false;
    char *save = NULL;

    for (char *line = lines != NULL ? strtok_r(lines, "\n", &save) : NULL; line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        if (*line == 'n') {
            buffer_add(notes, line + 1, strlen(line + 1));
            buffer_add(notes, "\n", 1);
        } else if (!told) {
            told = true;
            verdict->outcome = *line == 'p'   ? OUTCOME_PASSED
                               : *line == 's' ? OUTCOME_SKIPPED
                                              : OUTCOME_FAILED;
            verdict->text = strdup(line + 1);
        }
    }
    if (!told)
        verdict->outcome = OUTCOME_FAILED;
}

static void explain_end(struct verdict *verdict, int status, bool in_time, double seconds)
{
    int length = 0;
    char *text = NULL;

    if (!in_time)
        length = asprintf(&text, "it was not over after %g seconds", seconds);
    else if (WIFSIGNALED(status))
        length = asprintf(&text, "its process died of signal %d (%s)", WTERMSIG(status),
                          strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0 || verdict->text == NULL)
        length = asprintf(&text, "its process was ended with status %d by somebody else than the "
                          "kit", WEXITSTATUS(status));
    if (text == NULL || length < 0)
        return;
    free(verdict->text);
    verdict->text = text;
    verdict->outcome = OUTCOME_FAILED;
}

static void add_output(struct buffer *notes, int output)
{
    char part[4096];
    ssize_t length;

    lseek(output, 0, SEEK_SET);
    while (notes->length < 65536 && (length = read(output, part, sizeof(part))) > 0)
        buffer_add(notes, part, (size_t)length);
}

static void watch(struct verdict *verdict, struct buffer *notes, pid_t pid, int report,
                  double seconds)
{
    struct buffer lines = { NULL, 0 };
    bool in_time = collect(&lines, report, now() + seconds);
    int status = 0;

    if (!in_time)
        kill(-pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    kill(-pid, SIGKILL); /* what it left behind */
    read_report(verdict, notes, lines.text);
    explain_end(verdict, status, in_time, seconds);
    free(lines.text);
}

static void run_child(struct verdict *verdict, struct buffer *notes, struct trial *frame)
{
    uint32_t seconds = frame->check->seconds != 0 ? frame->check->seconds : CHECK_SECONDS;
    FILE *output = tmpfile();
    int ends[2];
    pid_t pid;

    if (output == NULL || pipe2(ends, O_CLOEXEC) < 0) {
        verdict->outcome = OUTCOME_FAILED;
        verdict->text = strdup("the kit can make no process for it");
        if (output != NULL)
            fclose(output);
        return;
    }
    frame->report = ends[1];
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        close(ends[0]);
        child(frame, fileno(output));
    }
    close(ends[1]);
    if (pid > 0)
        watch(verdict, notes, pid, ends[0], seconds * frame->options->patience);
    else
        verdict->outcome = OUTCOME_FAILED;
    add_output(notes, fileno(output));
    close(ends[0]);
    fclose(output);
}

/* A command of the part's section; false if it failed, which is the verdict then. */
static bool run_setting(struct verdict *verdict, const struct trial *frame, const char *key)
{
    const char *command = config_get(frame->config, frame->part, key);
    char *printed = NULL;
    bool worked = command == NULL || trial_command(&printed, frame, command);

    if (!worked && verdict->outcome != OUTCOME_FAILED) {
        free(verdict->text);
        verdict->outcome = OUTCOME_FAILED;
        if (asprintf(&verdict->text, "the command of %s in [%s] failed: %s", key, frame->part,
                     printed != NULL ? printed : "") < 0)
            verdict->text = NULL;
    }
    free(printed);
    return worked;
}

void trial_run(struct verdict *out, const struct check *check, const char *part,
               const struct options *options, const struct config *config)
{
    struct trial frame = { .check = check, .options = options, .config = config, .part = part };
    struct buffer notes = { NULL, 0 };
    char *folder = make_folder();
    double began = now();

    memset(out, 0, sizeof(*out));
    frame.folder = folder;
    if (folder == NULL) {
        out->outcome = OUTCOME_FAILED;
        out->text = strdup("the kit cannot make a folder: set TMPDIR to one that can be written");
    } else if (run_setting(out, &frame, "prepare")) {
        run_child(out, &notes, &frame);
    }
    if (folder != NULL) {
        run_setting(out, &frame, "clean");
        remove_folder(folder);
    }
    free(folder);
    out->notes = notes.text;
    out->seconds = now() - began;
}

void verdict_clear(struct verdict *verdict)
{
    free(verdict->text);
    free(verdict->notes);
    memset(verdict, 0, sizeof(*verdict));
}
