/* SPDX-License-Identifier: BSD-2-Clause
 *
 * hygiene.c - the group hygiene: what belongs to the whole process is as it was after a module's
 * work. A module is a guest in somebody else's program.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conform/allocations.h"
#include "conform/workload.h"

/* --- what is printed -------------------------------------------------------------------------- */

static void prints_nothing(struct trial *trial)
{
    struct stat before;
    struct stat after;

    fstat(STDOUT_FILENO, &before);
    workload_run(trial, NULL, NULL);
    fflush(NULL);
    fstat(STDOUT_FILENO, &after);
    trial_require(trial, before.st_size == after.st_size,
                  "it wrote %lld bytes to standard output or standard error: use tarn_host.log",
                  (long long)(after.st_size - before.st_size));
}

/* --- what the process has one of -------------------------------------------------------------- */

static void keeps_folder_and_mask(struct trial *trial)
{
    char *folder = getcwd(NULL, 0);
    mode_t mask = umask(S_IWGRP | S_IWOTH);
    char *after;

    umask(mask);
    workload_run(trial, NULL, NULL);
    after = getcwd(NULL, 0);
    trial_require(trial, folder != NULL && after != NULL && strcmp(folder, after) == 0,
                  "the working folder is another one: use openat");
    trial_require(trial, umask(mask) == mask,
                  "the umask is another one: it is every thread's; set modes with fchmod");
}

static char *all_of_environment(struct trial *trial)
{
    char *all = trial_text(trial, "%s", "");

    for (char **entry = environ; entry != NULL && *entry != NULL; entry++)
        all = trial_text(trial, "%s%s\n", all, *entry);
    return all;
}

static void keeps_locale_and_environment(struct trial *trial)
{
    char *locale = trial_text(trial, "%s", setlocale(LC_ALL, NULL));
    char *environment = all_of_environment(trial);

    workload_run(trial, NULL, NULL);
    trial_require(trial, strcmp(locale, setlocale(LC_ALL, NULL)) == 0,
                  "the locale is \"%s\", and was \"%s\": use newlocale and the functions with _l",
                  setlocale(LC_ALL, NULL), locale);
    trial_require(trial, strcmp(environment, all_of_environment(trial)) == 0,
                  "the environment is another one: give children theirs with execve");
}

/* --- signals ---------------------------------------------------------------------------------- */

struct signals {
    struct sigaction actions[NSIG];
    sigset_t mask;
};

static void read_signals(struct signals *out)
{
    memset(out, 0, sizeof(*out));
    for (int number = 1; number < NSIG; number++)
        sigaction(number, NULL, &out->actions[number]);
    pthread_sigmask(SIG_BLOCK, NULL, &out->mask);
}

static void keeps_signals(struct trial *trial)
{
    static struct signals before;
    static struct signals after;

    read_signals(&before);
    workload_run(trial, NULL, NULL);
    read_signals(&after);
    for (int number = 1; number < NSIG; number++) {
        trial_require(trial,
                      before.actions[number].sa_handler == after.actions[number].sa_handler,
                      "the action of signal %d (%s) is another one: it is the host's", number,
                      strsignal(number));
        trial_require(trial, sigismember(&before.mask, number) == sigismember(&after.mask, number),
                      "signal %d (%s) is blocked, or is no longer, after its work", number,
                      strsignal(number));
    }
}

/* --- descriptors ------------------------------------------------------------------------------ */

#define MOST_DESCRIPTORS 4096

struct descriptors {
    bool open[MOST_DESCRIPTORS];
};

/* poll(2) tells of all at once which are none; there are none beyond the limit, which it minds. */
static void read_descriptors(struct trial *trial, struct descriptors *out)
{
    struct pollfd all[MOST_DESCRIPTORS];
    struct rlimit limit;
    nfds_t count = MOST_DESCRIPTORS;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < count)
        count = limit.rlim_cur;
    for (nfds_t number = 0; number < count; number++)
        all[number] = (struct pollfd){ .fd = (int)number };
    trial_require(trial, poll(all, count, 0) >= 0, "the kit cannot ask which descriptors are open");
    memset(out, 0, sizeof(*out));
    for (nfds_t number = 0; number < count; number++)
        out->open[number] = !(all[number].revents & POLLNVAL);
}

static char *where(struct trial *trial, int number)
{
    char *link = trial_text(trial, "/proc/self/fd/%d", number);
    char *target = trial_alloc(trial, 1024);

    if (readlink(link, target, 1023) < 0)
        return trial_text(trial, "%s", "?");
    return target;
}

static void leaks_no_descriptors(struct trial *trial)
{
    struct descriptors before, after;

    workload_run(trial, NULL, NULL); /* what libraries keep from their first use is no leak */
    read_descriptors(trial, &before);
    workload_run(trial, NULL, NULL);
    read_descriptors(trial, &after);
    for (int number = 0; number < MOST_DESCRIPTORS; number++)
        if (before.open[number] != after.open[number])
            trial_fail(trial, before.open[number]
                                  ? "it closed descriptor %d, which was not its own (%s)"
                                  : "it left descriptor %d open (%s)",
                       number, where(trial, number));
}

static void look_at_descriptors(struct trial *trial, void *arg)
{
    const struct descriptors *before = arg;
    struct descriptors now;

    read_descriptors(trial, &now);
    for (int number = 3; number < MOST_DESCRIPTORS; number++) {
        int flags = now.open[number] && !before->open[number] ? fcntl(number, F_GETFD) : -1;

        trial_require(trial, flags < 0 || (flags & FD_CLOEXEC),
                      "descriptor %d (%s) would be handed on to every program that the host "
                      "starts: open it with O_CLOEXEC", number, where(trial, number));
    }
}

/* Also those that are open within a call alone: another thread starts a program just then. */
static void look_during(struct trial *trial, const char *volume)
{
    (void)volume;
    look_at_descriptors(trial, trial->during_arg);
}

static void closes_on_exec(struct trial *trial)
{
    static struct descriptors before;

    read_descriptors(trial, &before);
    trial->during = look_during;
    trial->during_arg = &before;
    workload_run(trial, look_at_descriptors, &before);
}

/* --- what goes on after it -------------------------------------------------------------------- */

static unsigned threads_now(void)
{
    DIR *listing = opendir("/proc/self/task");
    unsigned count = 0;

    while (listing != NULL && readdir(listing) != NULL)
        count++;
    if (listing != NULL)
        closedir(listing);
    return count;
}

static void leaves_nobody(struct trial *trial)
{
    unsigned before = threads_now();

    workload_run(trial, NULL, NULL);
    for (int tries = 0; tries < 50 && threads_now() != before; tries++)
        usleep(10000); /* a thread that was joined may be in the list for a moment */
    trial_require(trial, threads_now() == before, "%u threads are running after unload",
                  threads_now() - before);
    trial_require(trial, waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD,
                  "it left a child process, running or not waited for");
}

static void frees_all(struct trial *trial)
{
    if (!allocations_can_fail())
        trial_skip(trial, "this build's allocator is the sanitizer's");
    workload_run(trial, NULL, NULL);
    allocations_watch(trial->subject, 0);
    workload_run(trial, NULL, NULL);
    allocations_seen();
    trial_require(trial, allocations_left() == 0,
                  "%u pieces of memory that it allocated are not freed after unload",
                  allocations_left());
}

const struct check hygiene_checks[] = {
    { "hygiene/prints-nothing", "it writes nothing to the host's standard output and error",
      CHECK_PART, 0, prints_nothing },
    { "hygiene/folder-and-umask", "the working folder and the umask stay as they were", CHECK_PART,
      0, keeps_folder_and_mask },
    { "hygiene/locale-and-environment", "the locale and the environment stay as they were",
      CHECK_PART, 0, keeps_locale_and_environment },
    { "hygiene/signals", "actions and masks of signals stay as they were", CHECK_PART, 0,
      keeps_signals },
    { "hygiene/no-descriptor-left", "every descriptor that it opened is closed, and no other",
      CHECK_PART, 0, leaks_no_descriptors },
    { "hygiene/close-on-exec", "its descriptors are closed when the host starts a program",
      CHECK_PART, 0, closes_on_exec },
    { "hygiene/nobody-left", "no thread and no child process is left", CHECK_PART, 0,
      leaves_nobody },
    { "hygiene/no-memory-left", "every piece of memory that it allocated is freed", CHECK_PART, 0,
      frees_all },
    { NULL, NULL, CHECK_FILE, 0, NULL },
};
