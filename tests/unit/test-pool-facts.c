/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a pool type tells besides sizes: facts, free extents, and notices for those who watch.
 */
#include <stdlib.h>
#include <string.h>

#include <tarn/call.h>

#include "tests/unit/truth-frame.h"

static struct truth truth;

/* The event that was heard last. */
static struct {
    uint32_t kind;
    char volume[32];
    char text[64];
} heard;

static void hear(void *arg, const struct tarn_event *event)
{
    (void)arg;
    if (event->text == NULL)
        return;
    heard.kind = event->kind;
    strncpy(heard.volume, event->volume != NULL ? event->volume : "-", sizeof(heard.volume) - 1);
    strncpy(heard.text, event->text, sizeof(heard.text) - 1);
}

static void begin(void)
{
    struct tarn_error *error = NULL;

    truth_begin_with(&truth, "<pool type='truth'><name>p</name><source><device path='/dev/truth'/>"
                             "<device path='/dev/other'/></source></pool>");
    HOST_OK(truth_start(&truth, 0, &error));
}

/* The value of the pool's only property, "" if it has none; good until the next. */
static const char *fact(const char *name)
{
    static char value[64];
    struct tarn_pool_record *record = truth_read(&truth, TARN_READ_SIZES);

    value[0] = '\0';
    if (record->properties[0] != NULL && strcmp(record->properties[0]->name, name) == 0)
        strncpy(value, record->properties[0]->value, sizeof(value) - 1);
    tarn_pool_record_free(record);
    return value;
}

static bool xml_has(const char *text)
{
    struct tarn_error *error = NULL;
    char *xml = NULL;
    bool has;

    HOST_OK(tarn_pool_xml(&xml, truth.pool, 0, &error));
    has = xml != NULL && strstr(xml, text) != NULL;
    free(xml);
    return has;
}

static void facts(void)
{
    begin();
    CU_ASSERT_STRING_EQUAL(fact("fill"), "");
    truth_say(&truth, "fact", "fill 80 %");
    CU_ASSERT_STRING_EQUAL(fact("fill"), "80 %");
    truth_say(&truth, "fact", NULL);
    CU_ASSERT_STRING_EQUAL(fact("fill"), "");
    truth_end(&truth);
}

static void free_extents(void)
{
    begin();
    CU_ASSERT_FALSE(xml_has("freeExtent"));
    truth_say(&truth, "free", "512 18446744073709551615");
    CU_ASSERT(xml_has("    <device path='/dev/truth'>\n"
                      "      <freeExtent start='512' end='18446744073709551615'/>\n"
                      "    </device>\n"
                      "    <device path='/dev/other'/>\n"));
    truth_say(&truth, "free", NULL);
    CU_ASSERT_FALSE(xml_has("freeExtent"));
    truth_end(&truth);
}

/* Has the pool's module tell this, and what was heard of it by who listens. */
static void listen_to(const char *notice)
{
    struct tarn_error *error = NULL;
    uint64_t listener = 0;

    memset(&heard, 0, sizeof(heard));
    HOST_OK(tarn_event_listen(&listener, truth.frame.context, hear, NULL, &error));
    truth_say(&truth, "notice", notice);
    tarn_pool_record_free(truth_read(&truth, TARN_READ_SIZES));
    CU_ASSERT(tarn_event_dispatch(truth.frame.context, &error) >= 0);
    tarn_event_unlisten(truth.frame.context, listener);
}

static void told(void)
{
    begin();
    listen_to("1 - data are at 80 %");
    CU_ASSERT_EQUAL(heard.kind, TARN_EVENT_POOL_WATERMARK);
    CU_ASSERT_STRING_EQUAL(heard.volume, "-");
    CU_ASSERT_STRING_EQUAL(heard.text, "data are at 80 %");
    listen_to("1 b is full");
    CU_ASSERT_STRING_EQUAL(heard.volume, "b");
    listen_to("3 - a copy was missing");
    CU_ASSERT_EQUAL(heard.kind, TARN_EVENT_POOL_REPAIRED);
    listen_to("77 - of another time");
    CU_ASSERT_EQUAL(heard.kind, 0);
    truth_end(&truth);
}

static void moved(void)
{
    struct tarn_error *error = NULL;

    begin();
    HOST_OK(tarn_pool_refresh(truth.pool, NULL, &error));
    CU_ASSERT_EQUAL(host_run("mkdir -p %s", host_path(&truth.frame, "var/lib/tarn/volumes/p")), 0);
    host_write(host_path(&truth.frame, "var/lib/tarn/volumes/p/b"), "format raw\n", 11);
    listen_to("2 c b");
    CU_ASSERT_EQUAL(heard.kind, TARN_EVENT_VOLUME_MOVED);
    CU_ASSERT_STRING_EQUAL(heard.volume, "c");
    CU_ASSERT_STRING_EQUAL(heard.text, "b");
    CU_ASSERT_FALSE(host_exists(host_path(&truth.frame, "var/lib/tarn/volumes/p/b")));
    CU_ASSERT(host_exists(host_path(&truth.frame, "var/lib/tarn/volumes/p/c")));
    truth_end(&truth);
}

static const struct unit_test tests[] = {
    { "facts are told with the sizes, as long as they are true", facts },
    { "the XML has what is free on each device", free_extents },
    { "what a module notices is told to who listens", told },
    { "a volume that moved takes its record along", moved },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("pool-facts", tests);
}
