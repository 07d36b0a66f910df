/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Modules of every age and kind: what is made of their descriptors, and what their load, their
 * state and their locks do.
 */
#include "core/registry/module.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "core/context/call.h"
#include "core/registry/plugin-conf.h"
#include "tests/fixtures/plugins-frame.h"
#include "tests/unit/unit.h"

/* Loads a fixture by its .conf, without a registry. */
static int load(struct module **out, struct plugins_frame *frame, const char *name,
                const char *provides, const char *more, struct tarn_error **error)
{
    struct plugin_conf *conf;
    char file[64];
    int status;

    frame_add(frame, name, provides, 50, more);
    snprintf(file, sizeof(file), "%s.conf", name);
    conf = plugin_conf_read(frame_path(frame, "installed"), file, frame_path(frame, "modules"),
                            NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
    CU_ASSERT_PTR_NULL_FATAL(conf->error);
    status = module_load(out, &frame->context, conf, error);
    plugin_conf_free(conf);
    return status;
}

static struct module *load_well(struct plugins_frame *frame, const char *name,
                                const char *provides, const char *more)
{
    struct module *module = NULL;
    struct tarn_error *error = NULL;

    CU_ASSERT_EQUAL(load(&module, frame, name, provides, more, &error), TARN_OK);
    if (error != NULL)
        printf("# %s\n", tarn_error_message(error));
    CU_ASSERT_PTR_NOT_NULL_FATAL(module);
    return module;
}

static void expect_failure(const char *name, const char *more, int status, const char *told)
{
    struct plugins_frame frame;
    struct module *module = NULL;
    struct tarn_error *error = NULL;

    frame_open(&frame);
    CU_ASSERT_EQUAL(load(&module, &frame, name, "pool:a", more, &error), status);
    CU_ASSERT_PTR_NULL(module);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_STRING_EQUAL(tarn_error_module(error), name);
    CU_ASSERT_TRUE(frame_error_says(error, told));
    frame_close(&frame);
}

/* --- ages ------------------------------------------------------------------------------------- */

static void older_structures(void)
{
    struct plugins_frame frame;
    struct module *module;
    const struct tarn_pool_type *type;

    frame_open(&frame);
    module = load_well(&frame, "older", "pool:older", NULL);
    CU_ASSERT_EQUAL(module_descriptor(module)->struct_size, sizeof(struct tarn_module));
    CU_ASSERT_PTR_NULL(module_descriptor(module)->formats);
    CU_ASSERT_STRING_EQUAL(module_descriptor(module)->summary, "");
    type = module_pool_type(module, "older");
    CU_ASSERT_PTR_NOT_NULL_FATAL(type);
    CU_ASSERT_EQUAL(type->struct_size, sizeof(struct tarn_pool_type));
    CU_ASSERT_PTR_NOT_NULL(type->refresh);
    CU_ASSERT_PTR_NULL(type->volume_lookup);
    CU_ASSERT_PTR_NULL(type->volume_resize);
    CU_ASSERT_PTR_NOT_NULL_FATAL(type->close);
    type->close(NULL);
    module_close(module);
    frame_close(&frame);
}

static void newer_structures(void)
{
    struct plugins_frame frame;
    struct module *module;

    frame_open(&frame);
    module = load_well(&frame, "newer", "pool:newer", "[options]\nlevel = 7\n");
    CU_ASSERT_EQUAL(module_descriptor(module)->struct_size, sizeof(struct tarn_module));
    CU_ASSERT_EQUAL(module_descriptor(module)->threads, TARN_THREADS_POOL);
    CU_ASSERT_EQUAL(module_pool_type(module, "newer")->struct_size, sizeof(struct tarn_pool_type));
    CU_ASSERT_STRING_EQUAL(module_option(module, "level"), "7");
    module_close(module);
    frame_close(&frame);
}

static void refused_descriptors(void)
{
    expect_failure("wrong-major", NULL, TARN_E_ABI,
                   "the module is built for ABI 2.3, this library has 1.0");
    expect_failure("declines", NULL, TARN_E_ABI, "does not work with ABI 1.0");
    expect_failure("tiny", NULL, TARN_E_ABI, "has 4 bytes");
    expect_failure("lying", NULL, TARN_E_INTERNAL,
                   "format lying promises TARN_FORMAT_CREATE and has no create");
}

static void name_of_the_conf(void)
{
    struct plugins_frame frame;
    struct plugin_conf *conf;
    struct module *module = NULL;
    struct tarn_error *error = NULL;

    frame_open(&frame);
    frame_module(&frame, "twin");
    frame_installed(&frame, "other.conf",
                    "[module]\nfile = twin.so\nabi = 1\nprovides = pool:twin-a\n");
    conf = plugin_conf_read(frame_path(&frame, "installed"), "other.conf",
                            frame_path(&frame, "modules"), NULL);
    CU_ASSERT_EQUAL(module_load(&module, &frame.context, conf, &error), TARN_E_INVALID);
    CU_ASSERT_TRUE(frame_error_says(error, "is the module twin: its .conf must be called "
                                           "twin.conf"));
    plugin_conf_free(conf);
    frame_close(&frame);
}

/* --- options and load ------------------------------------------------------------------------- */

static void options_are_checked_before_load(void)
{
    struct plugins_frame frame;
    struct module *module;

    expect_failure("good", "[options]\nfail-att = 1\n", TARN_E_INVALID,
                   "good.conf: the module good has no option \"fail-att\", it knows: fail-at "
                   "trace room health verbose token load-takes");
    expect_failure("good", "[options]\nfail-at = soon\n", TARN_E_INVALID,
                   "fail-at is \"soon\", not a decimal number");
    expect_failure("twin", "[options]\na = 1\n", TARN_E_INVALID, "nor any other");
    frame_open(&frame);
    module = load_well(&frame, "good", "pool:memory",
                       "[options]\nroom = 2GiB\nx-mine = 1\ntoken = t\n");
    CU_ASSERT_STRING_EQUAL(module_option(module, "room"), "2147483648");
    CU_ASSERT_STRING_EQUAL(module_option(module, "health"), "healthy");
    CU_ASSERT_STRING_EQUAL(module_option(module, "token"), "t");
    CU_ASSERT_PTR_NULL(module_option(module, "trace"));
    CU_ASSERT_PTR_NULL(module_option(module, "x-mine"));
    module_close(module);
    frame_close(&frame);
}

static void load_that_fails(void)
{
    expect_failure("fails-in-load", NULL, TARN_E_IO, "told to fail in load");
}

static void load_and_unload_once_per_context(void)
{
    struct plugins_frame frame;
    struct plugins_frame other;
    struct module *first;
    struct module *second;
    char options[512];
    char trace[256];

    frame_open(&frame);
    frame_share(&other, &frame);
    snprintf(trace, sizeof(trace), "%s", frame_path(&frame, "trace"));
    snprintf(options, sizeof(options), "[options]\ntrace = %s\n", trace);
    first = load_well(&frame, "good", "pool:memory", options);
    second = load_well(&other, "good", "pool:memory", options);
    CU_ASSERT_PTR_NOT_EQUAL(module_state(first), module_state(second));
    CU_ASSERT_STRING_EQUAL(frame_read(trace), "load\nload\n");
    module_close(first);
    CU_ASSERT_STRING_EQUAL(frame_read(trace), "load\nload\nunload\n");
    module_close(second);
    CU_ASSERT_STRING_EQUAL(frame_read(trace), "load\nload\nunload\nunload\n");
    CU_ASSERT_TRUE(frame_mapped(&frame) > 0);
    frame_close(&other);
    frame_close(&frame);
}

/* --- calls into fixtures ---------------------------------------------------------------------- */

static int refresh(struct plugins_frame *frame, struct module *module, const char *type_name,
                   struct tarn_error **error)
{
    const struct tarn_pool_type *type = module_pool_type(module, type_name);
    struct operation operation;
    struct call call;
    void *pool = NULL;
    int status;

    operation_begin(&operation, &frame->context, "pool-refresh", NULL, NULL, NULL);
    operation_step_begin(&operation, "refresh");
    call_begin(&call, &operation, module);
    status = type->open(&call.abi, &pool);
    if (status == TARN_OK)
        status = type->refresh(&call.abi, pool);
    status = call_end(&call, status, error);
    operation_step_end(&operation);
    operation_end(&operation);
    type->close(pool);
    return status;
}

static void failing_without_a_word(void)
{
    struct plugins_frame frame;
    struct module *module;
    struct tarn_error *error = NULL;

    frame_open(&frame);
    module = load_well(&frame, "wordless", "pool:wordless", NULL);
    CU_ASSERT_EQUAL(refresh(&frame, module, "wordless", &error), TARN_E_INTERNAL);
    CU_ASSERT_TRUE(frame_error_says(error, "wordless"));
    module_close(module);
    frame_close(&frame);
}

static void the_nth_operation_fails(void)
{
    struct plugins_frame frame;
    struct module *module;
    struct tarn_error *error = NULL;

    frame_open(&frame);
    module = load_well(&frame, "good", "pool:memory", "[options]\nfail-at = 2\n");
    CU_ASSERT_EQUAL(refresh(&frame, module, "memory", NULL), TARN_OK);
    CU_ASSERT_EQUAL(refresh(&frame, module, "memory", &error), TARN_E_IO);
    CU_ASSERT_TRUE(frame_error_says(error, "told to fail in refresh"));
    CU_ASSERT_EQUAL(refresh(&frame, module, "memory", NULL), TARN_OK);
    module_close(module);
    frame_close(&frame);
}

static void a_hang_ends_at_the_deadline(void)
{
    struct plugins_frame frame;
    struct module *module;
    struct tarn_error *error = NULL;

    frame_open(&frame);
    frame.context.deadline = 100;
    module = load_well(&frame, "hangs", "pool:hangs", NULL);
    CU_ASSERT_EQUAL(refresh(&frame, module, "hangs", &error), TARN_E_TIMEOUT);
    tarn_error_free(error);
    module_close(module);
    frame_close(&frame);
}

/* --- locks ------------------------------------------------------------------------------------ */

struct entering {
    struct module *module;
    atomic_int entered;
};

static void *enter_and_leave(void *arg)
{
    struct entering *entering = arg;

    module_enter(entering->module);
    atomic_store(&entering->entered, 1);
    module_leave(entering->module);
    return NULL;
}

/* Does a thread wait to enter `other` while this one is inside of `module`? It gets `moments` of
 * 50 ms before it is said to wait: many where it shall get in, on however busy a machine. */
static int excludes(struct module *module, struct module *other, unsigned moments)
{
    struct entering entering = { .module = other };
    struct timespec moment = { 0, 50000000 };
    pthread_t thread;
    int waited = 1;

    module_enter(module);
    module_enter(module);
    module_leave(module);
    pthread_create(&thread, NULL, enter_and_leave, &entering);
    for (; waited && moments > 0; moments--) {
        nanosleep(&moment, NULL);
        waited = !atomic_load(&entering.entered);
    }
    module_leave(module);
    pthread_join(thread, NULL);
    CU_ASSERT_TRUE(atomic_load(&entering.entered));
    return waited;
}

static void thread_models(void)
{
    struct plugins_frame frame;
    struct plugins_frame other;
    struct module *a;
    struct module *b;
    struct module *c;
    struct module *c_elsewhere;
    struct module *free_one;

    frame_open(&frame);
    frame_share(&other, &frame);
    a = load_well(&frame, "locked-a", "pool:locked-a", NULL);
    c = load_well(&frame, "locked-c", "pool:locked-c", NULL);
    free_one = load_well(&frame, "twin", "pool:twin-a", NULL);
    b = load_well(&other, "locked-b", "pool:locked-b", NULL);
    c_elsewhere = load_well(&other, "locked-c", "pool:locked-c", NULL);
    CU_ASSERT_TRUE(excludes(a, b, 1));
    CU_ASSERT_TRUE(excludes(c, c_elsewhere, 1));
    CU_ASSERT_FALSE(excludes(a, c, 100));
    CU_ASSERT_FALSE(excludes(free_one, free_one, 100));
    module_close(a);
    module_close(b);
    module_close(c);
    module_close(c_elsewhere);
    module_close(free_one);
    frame_close(&other);
    frame_close(&frame);
}

static const struct unit_test tests[] = {
    { "structures that are shorter are made whole", older_structures },
    { "structures that are longer are cut", newer_structures },
    { "descriptors of another ABI, or that contradict themselves", refused_descriptors },
    { "the .conf is called as the module is", name_of_the_conf },
    { "options are checked before load() runs", options_are_checked_before_load },
    { "a load() that fails leaves nothing", load_that_fails },
    { "load() and unload() once per context, state of its own", load_and_unload_once_per_context },
    { "a failure without a word gets one", failing_without_a_word },
    { "the chosen operation fails, the next works", the_nth_operation_fails },
    { "a hang ends at the deadline", a_hang_ends_at_the_deadline },
    { "locks by thread model, across contexts", thread_models },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("module", tests);
}
