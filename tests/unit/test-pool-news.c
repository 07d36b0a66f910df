/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is done in a pool by one process is heard in another: here two contexts on the same folders.
 */
#include <stdlib.h>
#include <string.h>

#include "core/pool/inventory.h"
#include "core/pool/pool.h"
#include "tests/unit/truth-frame.h"

static struct truth truth;
static struct tarn_context *other;
static struct tarn_pool *there; /* the same pool in the other context, which listens */
static uint64_t listener;
static char heard[256]; /* "KIND:volume:text " for each event */

static void hear(void *arg, const struct tarn_event *event)
{
    size_t used = strlen(heard);

    (void)arg;
    snprintf(heard + used, sizeof(heard) - used, "%u:%s:%s ", event->kind,
             event->volume != NULL ? event->volume : "", event->text != NULL ? event->text : "");
}

static void listen(void)
{
    struct tarn_error *error = NULL;

    other = host_context(&truth.frame);
    HOST_OK(tarn_pool_lookup(&there, other, "p", &error));
    HOST_OK(tarn_event_listen(&listener, other, hear, NULL, &error));
    CU_ASSERT(tarn_event_dispatch(other, &error) >= 0);
    heard[0] = '\0';
}

static void begin(void)
{
    struct tarn_error *error = NULL;

    truth_begin(&truth);
    HOST_OK(truth_start(&truth, 0, &error));
    listen();
}

static void end(void)
{
    tarn_event_unlisten(other, listener);
    tarn_pool_unref(there);
    tarn_context_close(other);
    truth_end(&truth);
}

/* Tells it as an operation in that pool would. */
static void tell_from(struct tarn_pool *pool, uint32_t kind, const char *volume, const char *text)
{
    struct tarn_error *error = NULL;
    struct pool_session *session = NULL;
    struct operation operation;

    operation_begin(&operation, pool->context, "test", NULL, NULL, NULL);
    HOST_OK(pool_session_get(&session, pool, &operation, &error));
    pool_news_tell(pool, session, kind, volume, text);
    pool_session_unref(session);
    operation_end(&operation);
}

static void tell(uint32_t kind, const char *volume, const char *text)
{
    tell_from(truth.pool, kind, volume, text);
}

static const char *what_is_heard(void)
{
    struct tarn_error *error = NULL;

    heard[0] = '\0';
    CU_ASSERT(tarn_event_dispatch(other, &error) >= 0);
    return heard;
}

static void notices(void)
{
    begin();
    truth_say(&truth, "notice", "1 - data\tare at 80 %");
    tarn_pool_record_free(truth_read(&truth, TARN_READ_SIZES));
    truth_say(&truth, "notice", NULL);
    CU_ASSERT_STRING_EQUAL(what_is_heard(), "18::data\tare at 80 % ");
    tell(TARN_EVENT_POOL_REPAIRED, "-", "a\nb\\");
    CU_ASSERT_STRING_EQUAL(what_is_heard(), "19:-:a\nb\\ ");
    CU_ASSERT_STRING_EQUAL(what_is_heard(), "");
    end();
}

static bool knows(const char *name)
{
    struct volume_entry *entry = inventory_find(there->inventory, name);
    bool known = entry != NULL;

    volume_entry_unref(entry);
    return known;
}

static void volumes(void)
{
    begin();
    CU_ASSERT(knows("a") && knows("b"));
    tell(TARN_EVENT_VOLUME_CHANGED, "a", NULL); /* which it did not */
    CU_ASSERT_STRING_EQUAL(what_is_heard(), "");
    tell(TARN_EVENT_VOLUME_REMOVED, "b", NULL);
    CU_ASSERT_STRING_EQUAL(what_is_heard(), "32:b: ");
    CU_ASSERT(knows("a") && !knows("b"));
    tell(TARN_EVENT_VOLUME_ADDED, "b", NULL);
    CU_ASSERT_STRING_EQUAL(what_is_heard(), "30:b: ");
    CU_ASSERT(knows("b"));
    end();
}

static void moves(void)
{
    begin();
    tell(TARN_EVENT_VOLUME_REMOVED, "a", NULL);
    tell(TARN_EVENT_VOLUME_MOVED, "a", "b");
    CU_ASSERT_STRING_EQUAL(what_is_heard(), "32:a: 33:a:b ");
    CU_ASSERT(knows("a") && !knows("b"));
    end();
}

/* Before anybody listened, and by the one who listens. */
static void no_news(void)
{
    struct tarn_error *error = NULL;

    truth_begin(&truth);
    HOST_OK(truth_start(&truth, 0, &error));
    tell(TARN_EVENT_POOL_WATERMARK, NULL, "of before");
    listen();
    CU_ASSERT_STRING_EQUAL(what_is_heard(), "");
    tell_from(there, TARN_EVENT_POOL_WATERMARK, NULL, "of ours");
    CU_ASSERT_STRING_EQUAL(what_is_heard(), "");
    HOST_OK(tarn_pool_stop(truth.pool, 0, NULL, &error));
    CU_ASSERT_FALSE(host_exists(host_path(&truth.frame, "run/tarn/news/p")));
    end();
}

static size_t length_of_news(void)
{
    char *text = host_read(host_path(&truth.frame, "run/tarn/news/p"));
    size_t length = text != NULL ? strlen(text) : 0;

    free(text);
    return length;
}

static void long_news(void)
{
    unsigned i;

    begin();
    tell(TARN_EVENT_POOL_WATERMARK, NULL, "first");
    CU_ASSERT_STRING_EQUAL(what_is_heard(), "18::first ");
    for (i = 0; i < 2000; i++)
        tell(TARN_EVENT_VOLUME_REMOVED, "a", NULL);
    CU_ASSERT(length_of_news() < 70000);
    what_is_heard();
    tell(TARN_EVENT_POOL_WATERMARK, NULL, "last");
    CU_ASSERT_STRING_EQUAL(what_is_heard(), "18::last ");
    CU_ASSERT(knows("b"));
    end();
}

static void garbage(void)
{
    static const char *const lines[] = { "\n", "\t\t\t\n", "x\t33\ta\n", "x\t99\ta\tb\n",
                                         "x\t33\t-\t-\n", "x\t30\tnowhere\t-\n", "half a line" };
    size_t i;

    begin();
    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        CU_ASSERT_EQUAL(host_run("printf '%%s' '%s' >>%s", lines[i],
                                 host_path(&truth.frame, "run/tarn/news/p")), 0);
        CU_ASSERT(strstr(what_is_heard(), "nowhere") == NULL);
    }
    CU_ASSERT(knows("a") && knows("b"));
    end();
}

static const struct unit_test tests[] = {
    { "notices are heard, whatever they say", notices },
    { "of storage that cannot be watched volumes come and go", volumes },
    { "a volume that moved is known by its new name", moves },
    { "what was told before, or by oneself, is no news", no_news },
    { "a long file begins anew", long_news },
    { "garbage is passed over", garbage },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("pool-news", tests);
}
