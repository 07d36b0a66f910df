/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a path to an entry, and what is said when there is no way.
 */
#include "core/registry/loader.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fixtures/plugins-frame.h"
#include "tests/unit/unit.h"

static void opens_a_module(void)
{
    struct plugins_frame frame;
    loader_entry_fn entry = NULL;
    loader_entry_fn again = NULL;
    char *path = NULL;

    frame_open(&frame);
    frame_module(&frame, "good");
    CU_ASSERT_EQUAL_FATAL(loader_open(&entry, &path, frame_path(&frame, "modules/good.so"), NULL),
                          TARN_OK);
    CU_ASSERT_STRING_EQUAL(entry(TARN_ABI_VERSION)->name, "good");
    free(path);
    CU_ASSERT_EQUAL_FATAL(
        loader_open(&again, &path, frame_path(&frame, "modules/../modules/good.so"), NULL),
        TARN_OK);
    CU_ASSERT_TRUE(entry == again);
    CU_ASSERT_STRING_EQUAL(strrchr(path, '/'), "/good.so");
    CU_ASSERT_PTR_NULL(strstr(path, ".."));
    free(path);
    CU_ASSERT_EQUAL(frame_mapped(&frame), 1);
    frame_close(&frame);
}

static void expect(const struct plugins_frame *frame, const char *below, int status,
                   const char *told)
{
    struct tarn_error *error = NULL;
    loader_entry_fn entry;
    char *path;

    CU_ASSERT_EQUAL(loader_open(&entry, &path, frame_path(frame, below), &error), status);
    CU_ASSERT_TRUE(frame_error_says(error, told));
}

static void says_what_is_missing(void)
{
    struct plugins_frame frame;
    FILE *text;

    frame_open(&frame);
    frame_module(&frame, "no-entry");
    frame_module(&frame, "undefined-symbol");
    frame_module(&frame, "missing-dependency");
    expect(&frame, "modules/absent.so", TARN_E_NOT_FOUND, "modules/absent.so: No such file");
    expect(&frame, "modules/no-entry.so", TARN_E_NO_MODULE, "does not export tarn_module_entry");
    expect(&frame, "modules/undefined-symbol.so", TARN_E_NO_MODULE,
           "undefined symbol: tarn_fixture_that_nobody_has");
    expect(&frame, "modules/missing-dependency.so", TARN_E_NO_MODULE,
           "libtarn-fixture-absent.so.1");
    text = fopen(frame_path(&frame, "modules/text.so"), "we");
    fputs("not an ELF file at all, only text that is long enough to be looked at as a header\n",
          text);
    fclose(text);
    chmod(frame_path(&frame, "modules/text.so"), 0644);
    expect(&frame, "modules/text.so", TARN_E_NO_MODULE, "invalid ELF header");
    expect(&frame, "modules", TARN_E_INVALID, "is no regular file");
    frame_close(&frame);
}

static void takes_no_bare_names(void)
{
    struct tarn_error *error = NULL;
    loader_entry_fn entry;
    char *path;

    CU_ASSERT_EQUAL(loader_open(&entry, &path, "libc.so.6", &error), TARN_E_INVALID);
    CU_ASSERT_TRUE(frame_error_says(error, "is no absolute path"));
}

static void trusts_only_root_and_the_caller(void)
{
    struct plugins_frame frame;

    frame_open(&frame);
    frame_module(&frame, "twin");
    chmod(frame_path(&frame, "modules/twin.so"), 0757);
    expect(&frame, "modules/twin.so", TARN_E_ACCESS, "the file");
    expect(&frame, "modules/twin.so", TARN_E_ACCESS, "twin.so can be written by everybody");
    chmod(frame_path(&frame, "modules/twin.so"), 0775);
    expect(&frame, "modules/twin.so", TARN_E_ACCESS, "twin.so can be written by its group");
    chmod(frame_path(&frame, "modules/twin.so"), 0755);
    chmod(frame_path(&frame, "modules"), 01777);
    expect(&frame, "modules/twin.so", TARN_E_ACCESS, "modules can be written by everybody");
    chmod(frame_path(&frame, "modules"), 0755);
    CU_ASSERT_EQUAL(frame_mapped(&frame), 0);
    frame_close(&frame);
}

static void refuses_a_strangers_module(void)
{
    struct plugins_frame frame;

    if (geteuid() != 0) {
        unit_skip("only root can give a file away");
        return;
    }
    frame_open(&frame);
    frame_module(&frame, "twin");
    if (chown(frame_path(&frame, "modules/twin.so"), 4711, 0) < 0)
        CU_FAIL("chown");
    expect(&frame, "modules/twin.so", TARN_E_ACCESS, "belongs to uid 4711");
    frame_close(&frame);
}

static void *open_all(void *arg)
{
    static const char *const names[] = { "modules/good.so", "modules/twin.so",
                                         "modules/undefined-symbol.so", "modules/second.so" };
    const struct plugins_frame *frame = arg;
    size_t opened = 0;
    size_t i;

    for (i = 0; i < 40; i++) {
        loader_entry_fn entry;
        char *path;

        if (loader_open(&entry, &path, frame_path(frame, names[i % 4]), NULL) != TARN_OK)
            continue;
        opened += entry(TARN_ABI_VERSION) != NULL;
        free(path);
    }
    return (void *)opened;
}

static void many_threads(void)
{
    struct plugins_frame frame;
    pthread_t threads[8];
    void *opened;
    size_t i;

    frame_open(&frame);
    frame_module(&frame, "good");
    frame_module(&frame, "twin");
    frame_module(&frame, "second");
    frame_module(&frame, "undefined-symbol");
    for (i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, open_all, &frame);
    for (i = 0; i < 8; i++) {
        pthread_join(threads[i], &opened);
        CU_ASSERT_EQUAL((size_t)opened, 30);
    }
    frame_close(&frame);
}

static const struct unit_test tests[] = {
    { "a module is opened once, by its real path, and stays", opens_a_module },
    { "what is missing is said exactly", says_what_is_missing },
    { "a name without a path is not searched for", takes_no_bare_names },
    { "a module that others can write is not opened", trusts_only_root_and_the_caller },
    { "a stranger's module is not opened", refuses_a_strangers_module },
    { "eight threads open and fail at once", many_threads },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("loader", tests);
}
