/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * plugins.d as a whole: lazy, by priority, with fallback; a broken part costs that part.
 */
#include "core/registry/registry.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/fixtures/plugins-frame.h"
#include "tests/unit/unit.h"

/* The module that gives a type, or "" (and says why not). */
static const char *giver(struct plugins_frame *frame, const char *type)
{
    struct type_ref ref;
    struct tarn_error *error = NULL;

    if (registry_type(&ref, frame->context.registry, type, &error) == TARN_OK) {
        CU_ASSERT_STRING_EQUAL(ref.type->name, type);
        return module_name(ref.module);
    }
    CU_ASSERT_EQUAL(tarn_error_status(error), TARN_E_NO_MODULE);
    printf("# %s\n", tarn_error_message(error));
    tarn_error_free(error);
    return "";
}

static void expect_no_type(struct plugins_frame *frame, const char *type, const char *told)
{
    struct type_ref ref;
    struct tarn_error *error = NULL;

    CU_ASSERT_EQUAL(registry_type(&ref, frame->context.registry, type, &error), TARN_E_NO_MODULE);
    CU_ASSERT_TRUE(frame_error_says(error, told));
}

/* What the list says of one module: its reason, "" if none, NULL if it is not listed. */
static const char *reason_of(struct plugins_frame *frame, const char *name)
{
    static char reason[1024];
    struct tarn_module_record **list = NULL;
    const char *found = NULL;
    size_t i;

    CU_ASSERT_EQUAL_FATAL(tarn_module_list(&list, &frame->context, NULL), TARN_OK);
    for (i = 0; list[i] != NULL; i++)
        if (strcmp(list[i]->name, name) == 0) {
            snprintf(reason, sizeof(reason), "%s", list[i]->reason != NULL ? list[i]->reason : "");
            found = reason;
        }
    tarn_module_list_free(list);
    return found;
}

static int reason_says(struct plugins_frame *frame, const char *name, const char *text)
{
    const char *reason = reason_of(frame, name);

    if (reason != NULL && strstr(reason, text) != NULL)
        return 1;
    printf("# wanted \"%s\", told \"%s\"\n", text, reason != NULL ? reason : "(not listed)");
    return 0;
}

/* --- lazy ------------------------------------------------------------------------------------- */

static void looking_opens_nothing(void)
{
    struct plugins_frame frame;

    frame_open(&frame);
    frame_add(&frame, "good", "pool:memory format:plain", 50, NULL);
    frame_add(&frame, "twin", "pool:twin-a pool:twin-b", 50, NULL);
    CU_ASSERT_STRING_EQUAL(reason_of(&frame, "good"), "");
    CU_ASSERT_TRUE(registry_provides_type(frame.context.registry, "memory"));
    CU_ASSERT_TRUE(registry_provides_format(frame.context.registry, "plain"));
    CU_ASSERT_FALSE(registry_provides_format(frame.context.registry, "memory"));
    CU_ASSERT_EQUAL(frame_mapped(&frame), 0);
    CU_ASSERT_STRING_EQUAL(giver(&frame, "twin-b"), "twin");
    CU_ASSERT_EQUAL(frame_mapped(&frame), 1);
    frame_close(&frame);
}

static void no_folders_at_all(void)
{
    struct plugins_frame frame;

    frame_open(&frame);
    rmdir(frame_path(&frame, "own"));
    rmdir(frame_path(&frame, "installed"));
    expect_no_type(&frame, "memory", "no module provides the pool type \"memory\"");
    CU_ASSERT_TRUE(reason_says(&frame, frame_path(&frame, "installed"), "No such file"));
    CU_ASSERT_PTR_NULL(reason_of(&frame, frame_path(&frame, "own")));
    frame_close(&frame);
}

/* --- priority, fallback, masking -------------------------------------------------------------- */

static void priority_decides_then_the_name(void)
{
    struct plugins_frame frame;
    struct plugins_frame even;

    frame_open(&frame);
    frame_add(&frame, "good", "pool:memory", 10, NULL);
    frame_add(&frame, "second", "pool:memory", 20, NULL);
    CU_ASSERT_STRING_EQUAL(giver(&frame, "memory"), "second");
    frame_close(&frame);
    frame_open(&even);
    frame_add(&even, "second", "pool:memory", 50, NULL);
    frame_add(&even, "good", "pool:memory", 50, NULL);
    CU_ASSERT_STRING_EQUAL(giver(&even, "memory"), "good");
    frame_close(&even);
}

static void the_next_provider_is_the_fallback(void)
{
    struct plugins_frame frame;

    frame_open(&frame);
    frame_add(&frame, "good", "pool:memory", 90, "[options]\nroom = none\n");
    frame_add(&frame, "twin", "pool:memory pool:twin-a", 80, NULL);
    frame_add(&frame, "second", "pool:memory", 10, NULL);
    CU_ASSERT_STRING_EQUAL(giver(&frame, "memory"), "second");
    CU_ASSERT_TRUE(reason_says(&frame, "good", "room is \"none\", not a size"));
    CU_ASSERT_TRUE(reason_says(&frame, "twin", "lists pool:memory, which the module twin does "
                                               "not have"));
    CU_ASSERT_STRING_EQUAL(reason_of(&frame, "second"), "");
    CU_ASSERT_STRING_EQUAL(giver(&frame, "twin-a"), "twin");
    frame_close(&frame);
}

static void every_reason_is_told(void)
{
    struct plugins_frame frame;

    frame_open(&frame);
    frame_add(&frame, "good", "pool:memory", 90, "enabled = no\n");
    frame_add(&frame, "second", "pool:memory", 80, NULL);
    unlink(frame_path(&frame, "modules/second.so"));
    expect_no_type(&frame, "memory", "module good: disabled");
    expect_no_type(&frame, "memory", "module second: cannot open");
    CU_ASSERT_FALSE(registry_provides_type(frame.context.registry, "twin-a"));
    expect_no_type(&frame, "twin-a", "no module provides");
    frame_installed(&frame, "bad.conf", "[module]\nfile = x\n");
    expect_no_type(&frame, "twin-a", "no module provides the pool type \"twin-a\", and 1 cannot");
    frame_close(&frame);
}

static void the_administrators_file_masks(void)
{
    struct plugins_frame frame;

    frame_open(&frame);
    frame_add(&frame, "twin", "pool:twin-a pool:twin-b", 50, NULL);
    frame_own(&frame, "twin.conf",
              "[module]\nfile = twin.so\nabi = 1\nprovides = pool:twin-b\n");
    CU_ASSERT_FALSE(registry_provides_type(frame.context.registry, "twin-a"));
    expect_no_type(&frame, "twin-a", "no module provides");
    CU_ASSERT_STRING_EQUAL(giver(&frame, "twin-b"), "twin");
    CU_ASSERT_PTR_NOT_NULL(strstr(frame.logged, "does not list pool:twin-a, which the module"));
    frame_close(&frame);
}

static void a_mask_that_is_not_trusted_still_masks(void)
{
    struct plugins_frame frame;

    frame_open(&frame);
    frame_add(&frame, "twin", "pool:twin-a", 50, NULL);
    frame_add(&frame, "good", "pool:memory", 50, NULL);
    frame_own(&frame, "twin.conf", "[module]\nfile = twin.so\nabi = 1\nprovides = pool:twin-a\n");
    chmod(frame_path(&frame, "own"), 0777);
    expect_no_type(&frame, "twin-a", "no module provides");
    CU_ASSERT_TRUE(reason_says(&frame, "twin", "own can be written by everybody"));
    CU_ASSERT_STRING_EQUAL(giver(&frame, "memory"), "good");
    frame_close(&frame);
}

static void one_broken_conf_costs_itself(void)
{
    struct plugins_frame frame;

    frame_open(&frame);
    frame_add(&frame, "good", "pool:memory", 50, NULL);
    frame_installed(&frame, "bad.conf", "[module]\nflie = x.so\n");
    frame_installed(&frame, "open.conf", "[module]\nfile = good.so\nabi = 1\nprovides = pool:o\n");
    chmod(frame_path(&frame, "installed/open.conf"), 0666);
    frame_installed(&frame, "README", "not a .conf");
    frame_installed(&frame, "good.conf.dpkg-old", "nor this");
    CU_ASSERT_STRING_EQUAL(giver(&frame, "memory"), "good");
    CU_ASSERT_TRUE(reason_says(&frame, "bad", "bad.conf:2: [module] has no key \"flie\""));
    CU_ASSERT_TRUE(reason_says(&frame, "open", "can be written by everybody"));
    CU_ASSERT_PTR_NULL(reason_of(&frame, "README"));
    CU_ASSERT_PTR_NULL(reason_of(&frame, "good.conf"));
    frame_close(&frame);
}

/* --- time passes ------------------------------------------------------------------------------ */

static void what_is_put_in_order_comes_back(void)
{
    struct plugins_frame frame;

    frame_open(&frame);
    frame_add(&frame, "twin", "pool:twin-a", 50, NULL);
    unlink(frame_path(&frame, "modules/twin.so"));
    CU_ASSERT_STRING_EQUAL(giver(&frame, "twin-a"), "");
    frame_module(&frame, "twin");
    CU_ASSERT_STRING_EQUAL(giver(&frame, "twin-a"), "twin");
    CU_ASSERT_STRING_EQUAL(reason_of(&frame, "twin"), "");
    frame_close(&frame);
}

static void a_load_that_failed_is_tried_again_later(void)
{
    struct plugins_frame frame;
    struct timespec pause = { 2, 100000000 };
    char options[256];

    frame_open(&frame);
    frame_own(&frame, "obstacle", "");
    snprintf(options, sizeof(options), "[options]\nwhile-there = %s\n",
             frame_path(&frame, "obstacle"));
    rename(frame_path(&frame, "own/obstacle"), frame_path(&frame, "obstacle"));
    frame_add(&frame, "fails-in-load", "pool:fails-in-load", 50, options);
    expect_no_type(&frame, "fails-in-load", "told to fail in load");
    unlink(frame_path(&frame, "obstacle"));
    expect_no_type(&frame, "fails-in-load", "told to fail in load");
    nanosleep(&pause, NULL);
    CU_ASSERT_STRING_EQUAL(giver(&frame, "fails-in-load"), "fails-in-load");
    frame_close(&frame);
}

static void what_is_loaded_stays_while_its_conf_changes(void)
{
    struct plugins_frame frame;
    struct type_ref before;
    struct type_ref after;
    char trace[256];
    char options[512];

    frame_open(&frame);
    snprintf(trace, sizeof(trace), "%s", frame_path(&frame, "trace"));
    snprintf(options, sizeof(options), "[options]\ntrace = %s\n", trace);
    frame_add(&frame, "good", "pool:memory format:plain", 50, options);
    CU_ASSERT_EQUAL_FATAL(registry_type(&before, frame.context.registry, "memory", NULL), TARN_OK);
    frame_add(&frame, "good", "pool:memory", 60, options);
    CU_ASSERT_STRING_EQUAL(reason_of(&frame, "good"), "");
    CU_ASSERT_EQUAL_FATAL(registry_type(&after, frame.context.registry, "memory", NULL), TARN_OK);
    CU_ASSERT_PTR_EQUAL(before.type, after.type);
    unlink(frame_path(&frame, "installed/good.conf"));
    expect_no_type(&frame, "nothing", "no module provides");
    expect_no_type(&frame, "memory", "no module provides");
    CU_ASSERT_STRING_EQUAL(before.type->name, "memory");
    CU_ASSERT_STRING_EQUAL(frame_read(trace), "load\n");
    frame_close(&frame);
}

/* --- threads ---------------------------------------------------------------------------------- */

struct asker {
    struct plugins_frame *frame;
    atomic_uint got;
};

static void *ask(void *arg)
{
    struct asker *asker = arg;
    struct registry *registry = asker->frame->context.registry;
    const struct format_ref *formats;
    struct type_ref type;
    unsigned i;

    for (i = 0; i < 50; i++) {
        asker->got += registry_type(&type, registry, "memory", NULL) == TARN_OK;
        asker->got += registry_type(&type, registry, i % 2 ? "twin-a" : "twin-b", NULL) == TARN_OK;
        asker->got += registry_formats(&formats, registry, NULL) == TARN_OK &&
                      formats[0].format != NULL && formats[1].format == NULL;
        asker->got += registry_type(&type, registry, "absent", NULL) == TARN_E_NO_MODULE;
    }
    return NULL;
}

static void many_threads_load_once(void)
{
    struct plugins_frame frame;
    struct asker asker = { .frame = &frame };
    pthread_t threads[8];
    char trace[256];
    char options[512];
    size_t i;

    frame_open(&frame);
    snprintf(trace, sizeof(trace), "%s", frame_path(&frame, "trace"));
    snprintf(options, sizeof(options), "[options]\ntrace = %s\nload-takes = 100\n", trace);
    frame_add(&frame, "good", "pool:memory format:plain", 50, options);
    frame_add(&frame, "twin", "pool:twin-a pool:twin-b", 50, NULL);
    frame_add(&frame, "undefined-symbol", "pool:memory", 70, NULL);
    for (i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, ask, &asker);
    for (i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT_EQUAL(atomic_load(&asker.got), 8 * 50 * 4);
    CU_ASSERT_STRING_EQUAL(frame_read(trace), "load\n");
    frame_close(&frame);
}

struct slow_asker {
    struct plugins_frame *frame;
    atomic_int done;
};

static void *ask_for_the_slow_one(void *arg)
{
    struct slow_asker *asker = arg;
    struct type_ref type;

    CU_ASSERT_EQUAL(registry_type(&type, asker->frame->context.registry, "memory", NULL),
                    TARN_OK);
    atomic_store(&asker->done, 1);
    return NULL;
}

static void a_slow_load_holds_up_nobody_else(void)
{
    struct plugins_frame frame;
    struct slow_asker asker = { .frame = &frame };
    struct timespec moment = { 0, 200000000 };
    struct type_ref type;
    pthread_t thread;

    frame_open(&frame);
    frame_add(&frame, "good", "pool:memory", 50, "[options]\nload-takes = 1500\n");
    frame_add(&frame, "twin", "pool:twin-a", 50, NULL);
    pthread_create(&thread, NULL, ask_for_the_slow_one, &asker);
    nanosleep(&moment, NULL);
    CU_ASSERT_EQUAL(registry_type(&type, frame.context.registry, "twin-a", NULL), TARN_OK);
    CU_ASSERT_STRING_EQUAL(reason_of(&frame, "twin"), "");
    CU_ASSERT_FALSE(atomic_load(&asker.done));
    pthread_join(thread, NULL);
    CU_ASSERT_TRUE(atomic_load(&asker.done));
    frame_close(&frame);
}

static void two_contexts_know_nothing_of_each_other(void)
{
    struct plugins_frame frame;
    struct plugins_frame other;
    struct type_ref here;
    struct type_ref there;

    frame_open(&frame);
    frame_add(&frame, "good", "pool:memory", 50, NULL);
    frame_share(&other, &frame);
    CU_ASSERT_EQUAL_FATAL(registry_type(&here, frame.context.registry, "memory", NULL), TARN_OK);
    CU_ASSERT_EQUAL_FATAL(registry_type(&there, other.context.registry, "memory", NULL), TARN_OK);
    CU_ASSERT_PTR_NOT_EQUAL(here.module, there.module);
    CU_ASSERT_PTR_NOT_EQUAL(module_state(here.module), module_state(there.module));
    frame_close(&other);
    CU_ASSERT_STRING_EQUAL(here.type->name, "memory");
    frame_close(&frame);
}

/* --- formats ---------------------------------------------------------------------------------- */

static void all_formats_without_the_broken(void)
{
    struct plugins_frame frame;
    const struct format_ref *formats = NULL;
    const struct format_ref *again = NULL;
    struct format_ref one;
    struct tarn_error *error = NULL;

    frame_open(&frame);
    frame_add(&frame, "good", "pool:memory format:plain", 50, NULL);
    frame_add(&frame, "lying", "format:lying", 90, NULL);
    frame_add(&frame, "twin", "pool:twin-a", 50, NULL);
    CU_ASSERT_EQUAL_FATAL(registry_formats(&formats, frame.context.registry, NULL), TARN_OK);
    CU_ASSERT_STRING_EQUAL(formats[0].format->name, "plain");
    CU_ASSERT_STRING_EQUAL(module_name(formats[0].module), "good");
    CU_ASSERT_PTR_NULL(formats[1].format);
    CU_ASSERT_EQUAL(registry_formats(&again, frame.context.registry, NULL), TARN_OK);
    CU_ASSERT_PTR_EQUAL(formats, again);
    CU_ASSERT_EQUAL(registry_format(&one, frame.context.registry, "plain", NULL), TARN_OK);
    CU_ASSERT_PTR_EQUAL(one.format, formats[0].format);
    CU_ASSERT_EQUAL(registry_format(&one, frame.context.registry, "lying", &error),
                    TARN_E_NO_MODULE);
    CU_ASSERT_TRUE(frame_error_says(error, "promises TARN_FORMAT_CREATE and has no create"));
    CU_ASSERT_EQUAL(frame_mapped(&frame), 2);
    frame_close(&frame);
}

static const struct unit_test tests[] = {
    { "reading plugins.d opens no module", looking_opens_nothing },
    { "without any folder there are no modules, and no failure", no_folders_at_all },
    { "the higher priority is tried first, then the name decides", priority_decides_then_the_name },
    { "the next provider is the fallback", the_next_provider_is_the_fallback },
    { "every provider's reason is told", every_reason_is_told },
    { "the administrator's .conf masks the installed one", the_administrators_file_masks },
    { "a mask in a folder that is not trusted still masks",
      a_mask_that_is_not_trusted_still_masks },
    { "a broken .conf costs itself", one_broken_conf_costs_itself },
    { "what is put in order comes back by itself", what_is_put_in_order_comes_back },
    { "a load() that failed is tried again later", a_load_that_failed_is_tried_again_later },
    { "what is loaded stays while its .conf changes", what_is_loaded_stays_while_its_conf_changes },
    { "eight threads ask at once, each module is loaded once", many_threads_load_once },
    { "a slow load holds up nobody else", a_slow_load_holds_up_nobody_else },
    { "two contexts have modules of their own", two_contexts_know_nothing_of_each_other },
    { "all formats, without the broken ones", all_formats_without_the_broken },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("registry", tests);
}
