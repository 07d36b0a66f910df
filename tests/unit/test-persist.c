/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Small files that are whole at every moment.
 */
#include "core/base/persist.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/host-frame.h"

static char folder[64];

static void begin(void)
{
    strcpy(folder, "/tmp/tarn-unit-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
}

static void end(void)
{
    CU_ASSERT_EQUAL(host_run("rm -r %s", folder), 0);
}

/* What is in the file, or NULL; freed by the caller. */
static char *content(const char *name)
{
    char *text = NULL;
    size_t length = 0;

    if (persist_read(&text, &length, folder, name, 1000, NULL) != TARN_OK)
        return NULL;
    CU_ASSERT_EQUAL(strlen(text), length);
    return text;
}

static bool holds(const char *name, const char *wanted)
{
    char *text = content(name);
    bool same = text != NULL && strcmp(text, wanted) == 0;

    free(text);
    return same;
}

/* Read once: between two reads somebody may write. */
static bool holds_either(const char *name, const char *one, const char *other)
{
    char *text = content(name);
    bool whole = text != NULL && (strcmp(text, one) == 0 || strcmp(text, other) == 0);

    free(text);
    return whole;
}

static void made_and_replaced(void)
{
    struct tarn_error *error = NULL;
    struct stat known;

    begin();
    HOST_OK(persist_write(folder, "a", "one", 3, &error));
    CU_ASSERT(holds("a", "one"));
    HOST_OK(persist_write(folder, "a", "second", 6, &error));
    CU_ASSERT(holds("a", "second"));
    HOST_OK(persist_write(folder, "a", "", 0, &error));
    CU_ASSERT(holds("a", ""));
    CU_ASSERT(stat(host_text("%s/a", folder), &known) == 0 && (known.st_mode & 0777) == 0600);
    CU_ASSERT_EQUAL(known.st_nlink, 1);
    CU_ASSERT_EQUAL(host_run("test \"$(ls -A %s)\" = a", folder), 0);
    end();
}

static void removed(void)
{
    struct tarn_error *error = NULL;

    begin();
    HOST_OK(persist_write(folder, "a", "one", 3, &error));
    HOST_OK(persist_remove(folder, "a", &error));
    HOST_REFUSED(persist_remove(folder, "a", &error), TARN_E_NOT_FOUND, "/a");
    HOST_REFUSED(persist_remove("/nowhere/at/all", "a", &error), TARN_E_NOT_FOUND, NULL);
    end();
}

static void reading_is_limited(void)
{
    struct tarn_error *error = NULL;
    char *text = NULL;
    size_t length;

    begin();
    HOST_OK(persist_write(folder, "a", "12345", 5, &error));
    HOST_REFUSED(persist_read(&text, &length, folder, "a", 4, &error), TARN_E_INVALID,
                 "at most 4");
    HOST_OK(persist_read(&text, &length, folder, "a", 5, &error));
    free(text);
    HOST_REFUSED(persist_read(&text, &length, folder, "b", 5, &error), TARN_E_NOT_FOUND, NULL);
    CU_ASSERT_EQUAL(mkfifo(host_text("%s/fifo", folder), 0600), 0);
    HOST_REFUSED(persist_read(&text, &length, folder, "fifo", 5, &error), TARN_E_INVALID,
                 "no regular file");
    HOST_REFUSED(persist_read(&text, &length, folder, ".", 5, &error), TARN_E_INVALID,
                 "no regular file");
    end();
}

static void links(void)
{
    struct tarn_error *error = NULL;
    char target[64] = "";

    begin();
    HOST_OK(persist_link(folder, "l", "first", &error));
    HOST_OK(persist_link(folder, "l", "second", &error));
    CU_ASSERT_EQUAL(readlink(host_text("%s/l", folder), target, sizeof(target) - 1), 6);
    CU_ASSERT_STRING_EQUAL(target, "second");
    CU_ASSERT_EQUAL(host_run("test \"$(ls -A %s)\" = l", folder), 0);
    end();
}

static void temporary_names(void)
{
    CU_ASSERT(persist_is_temporary(".tarn-12-7ffe0.new"));
    CU_ASSERT_FALSE(persist_is_temporary(".tarn-12-7ffe0"));
    CU_ASSERT_FALSE(persist_is_temporary(".tarn-x.new"));
    CU_ASSERT_FALSE(persist_is_temporary(".tarn-"));
    CU_ASSERT_FALSE(persist_is_temporary(".tarn-1-.new"));
    CU_ASSERT_FALSE(persist_is_temporary("a.xml"));
}

static void write_for_ever(const char *const texts[2])
{
    unsigned turn;

    for (turn = 1;; turn++)
        persist_write(folder, "a", texts[turn % 2], strlen(texts[turn % 2]), NULL);
}

/* A writer that is killed at a random moment, again and again. */
static void killed_writer(void)
{
    static const char *const texts[] = { "one", "another one" };
    struct tarn_error *error = NULL;
    unsigned round;

    begin();
    HOST_OK(persist_write(folder, "a", texts[0], 3, &error));
    for (round = 0; round < 50; round++) {
        struct timespec nap = { 0, (long)(round * 37 % 50) * 100000L };
        pid_t child = fork();

        if (child == 0)
            write_for_ever(texts); /* does not come back */
        nanosleep(&nap, NULL);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        CU_ASSERT(holds_either("a", texts[0], texts[1]));
    }
    host_write(host_text("%s/.tarn-1-a.new", folder), "half", 4);
    CU_ASSERT(persist_needs_clean(folder));
    HOST_OK(persist_clean(folder, &error));
    CU_ASSERT_FALSE(persist_needs_clean(folder));
    CU_ASSERT_EQUAL(host_run("test \"$(ls -A %s)\" = a", folder), 0);
    HOST_OK(persist_clean("/nowhere/at/all", &error));
    end();
}

static atomic_bool stop;

static void *keep_writing(void *arg)
{
    while (!atomic_load(&stop))
        if (persist_write(folder, "a", arg, strlen(arg), NULL) != TARN_OK)
            return arg;
    return NULL;
}

static void two_writers(void)
{
    pthread_t threads[2];
    void *failed[2];
    unsigned round;

    begin();
    atomic_store(&stop, false);
    persist_write(folder, "a", "one", 3, NULL);
    pthread_create(&threads[0], NULL, keep_writing, (void *)(uintptr_t)"one");
    pthread_create(&threads[1], NULL, keep_writing, (void *)(uintptr_t)"another one");
    for (round = 0; round < 300; round++)
        CU_ASSERT(holds_either("a", "one", "another one"));
    atomic_store(&stop, true);
    pthread_join(threads[0], &failed[0]);
    pthread_join(threads[1], &failed[1]);
    CU_ASSERT(failed[0] == NULL && failed[1] == NULL);
    end();
}

static const struct unit_test tests[] = {
    { "a file is made, and replaced as a whole", made_and_replaced },
    { "a file is removed once", removed },
    { "only regular files up to the limit are read", reading_is_limited },
    { "a link is replaced", links },
    { "temporary names are exactly those that are made", temporary_names },
    { "a killed writer leaves the old or the new, and cleaning removes the rest", killed_writer },
    { "two writers and a reader never meet half a file", two_writers },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("persist", tests);
}
