/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Defining pools, and definitions that cannot be used.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/host-frame.h"

#define UUID_A "11111111-2222-4333-8444-555555555555"
#define UUID_B "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"

static struct host_frame frame;

static struct tarn_pool *define(const char *xml)
{
    struct tarn_error *error = NULL;
    struct tarn_pool *pool = NULL;

    HOST_OK(tarn_pool_define(&pool, frame.context, xml, 0, &error));
    CU_ASSERT_PTR_NOT_NULL_FATAL(pool);
    return pool;
}

static const char *dir_xml(const char *name, const char *uuid, const char *folder)
{
    return host_text("<pool type='dir'><name>%s</name>%s%s%s<target><path>%s</path></target></pool>",
                     name, uuid != NULL ? "<uuid>" : "", uuid != NULL ? uuid : "",
                     uuid != NULL ? "</uuid>" : "", host_path(&frame, "%s", folder));
}

static struct tarn_pool_record *read_pool(struct tarn_pool *pool, uint32_t flags)
{
    struct tarn_error *error = NULL;
    struct tarn_pool_record *record = NULL;

    HOST_OK(tarn_pool_read(&record, pool, flags, &error));
    CU_ASSERT_PTR_NOT_NULL_FATAL(record);
    return record;
}

/* Does the XML hold that text? */
static bool xml_holds(struct tarn_pool *pool, uint32_t flags, const char *text)
{
    struct tarn_error *error = NULL;
    char *xml = NULL;
    bool holds;

    if (!host_ok(tarn_pool_xml(&xml, pool, flags, &error), &error))
        return false;
    holds = strstr(xml, text) != NULL;
    if (!holds)
        printf("# no \"%s\" in %s\n", text, xml);
    free(xml);
    return holds;
}

static unsigned count(uint32_t filter)
{
    struct tarn_error *error = NULL;
    struct tarn_pool **list = NULL;
    unsigned length = 0;

    HOST_OK(tarn_pool_list(&list, frame.context, filter, &error));
    while (list != NULL && list[length] != NULL)
        length++;
    tarn_pool_list_free(list);
    return length;
}

static void defined(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool_record *record;
    struct tarn_pool *pool;
    struct tarn_pool *found = NULL;

    host_open(&frame);
    pool = define(dir_xml("a", UUID_A, "a"));
    record = read_pool(pool, TARN_READ_SIZES);
    CU_ASSERT_STRING_EQUAL(record->name, "a");
    CU_ASSERT_STRING_EQUAL(record->uuid, UUID_A);
    CU_ASSERT_STRING_EQUAL(record->type, "dir");
    CU_ASSERT_EQUAL(record->state, TARN_POOL_INACTIVE);
    CU_ASSERT(record->persistent == 1 && record->autostart == 0 && record->capacity == 0);
    tarn_pool_record_free(record);
    HOST_OK(tarn_pool_lookup(&found, frame.context, "a", &error));
    CU_ASSERT_PTR_EQUAL(found, pool);
    tarn_pool_unref(found);
    HOST_OK(tarn_pool_lookup_by_uuid(&found, frame.context, "11111111222243338444555555555555",
                                     &error));
    CU_ASSERT_PTR_EQUAL(found, pool);
    tarn_pool_unref(found);
    HOST_REFUSED(tarn_pool_lookup(&found, frame.context, "b", &error), TARN_E_NOT_FOUND, "called b");
    HOST_REFUSED(tarn_pool_lookup(&found, frame.context, "../a", &error), TARN_E_NOT_FOUND, NULL);
    HOST_REFUSED(tarn_pool_lookup_by_uuid(&found, frame.context, UUID_B, &error),
                 TARN_E_NOT_FOUND, UUID_B);
    HOST_REFUSED(tarn_pool_lookup_by_uuid(&found, frame.context, "x", &error), TARN_E_INVALID,
                 "no UUID");
    tarn_pool_unref(pool);
    host_reopen(&frame);
    HOST_OK(tarn_pool_lookup(&found, frame.context, "a", &error));
    CU_ASSERT(xml_holds(found, 0, "<uuid>" UUID_A "</uuid>"));
    tarn_pool_unref(found);
    host_close(&frame);
}

static void uuid_is_kept(void)
{
    struct tarn_pool_record *record;
    struct tarn_pool *pool;
    struct tarn_pool *again;
    char uuid[64];

    host_open(&frame);
    pool = define(dir_xml("a", NULL, "a"));
    record = read_pool(pool, 0);
    snprintf(uuid, sizeof(uuid), "%s", record->uuid);
    CU_ASSERT_EQUAL(strlen(uuid), 36);
    tarn_pool_record_free(record);
    again = define(dir_xml("a", NULL, "other"));
    record = read_pool(pool, 0);
    CU_ASSERT_STRING_EQUAL(record->uuid, uuid);
    CU_ASSERT(xml_holds(pool, 0, "/other</path>"));
    tarn_pool_record_free(record);
    tarn_pool_unref(again);
    tarn_pool_unref(pool);
    host_close(&frame);
}

static void duplicates(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool *pool;
    struct tarn_pool *other = NULL;

    host_open(&frame);
    pool = define(dir_xml("a", UUID_A, "a"));
    HOST_REFUSED(tarn_pool_define(&other, frame.context, dir_xml("a", UUID_B, "b"), 0, &error),
                 TARN_E_EXISTS, "define it with that UUID");
    HOST_REFUSED(tarn_pool_define(&other, frame.context, dir_xml("b", UUID_A, "b"), 0, &error),
                 TARN_E_EXISTS, "belongs to the pool a");
    HOST_REFUSED(tarn_pool_define(&other, frame.context, dir_xml("b", UUID_B, "a"), 0, &error),
                 TARN_E_EXISTS, "is that of the pool a already");
    HOST_REFUSED(tarn_pool_create(&other, frame.context, dir_xml("b", UUID_B, "a"), 0, NULL, &error),
                 TARN_E_EXISTS, "is that of the pool a already");
    CU_ASSERT_EQUAL(count(0), 1);
    tarn_pool_unref(pool);
    host_close(&frame);
}

/* The definition that waits for the next start claims its source, too. */
static void waiting_definition(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool *pool;
    struct tarn_pool *other = NULL;

    host_open(&frame);
    pool = host_pool(&frame, frame.context, "a");
    other = define(dir_xml("a", NULL, "next"));
    CU_ASSERT_PTR_EQUAL(other, pool);
    tarn_pool_unref(other);
    other = NULL;
    CU_ASSERT(xml_holds(pool, 0, "/a</path>"));
    CU_ASSERT(xml_holds(pool, TARN_XML_INACTIVE, "/next</path>"));
    HOST_REFUSED(tarn_pool_define(&other, frame.context, dir_xml("b", NULL, "next"), 0, &error),
                 TARN_E_EXISTS, "is that of the pool a already");
    HOST_REFUSED(tarn_pool_define(&other, frame.context, dir_xml("b", NULL, "a"), 0, &error),
                 TARN_E_EXISTS, "is that of the pool a already");
    tarn_volume_unref(host_volume(pool, "v", "raw", 4096));
    CU_ASSERT(host_exists(host_path(&frame, "a/v")));
    HOST_OK(tarn_pool_stop(pool, 0, NULL, &error));
    CU_ASSERT(xml_holds(pool, 0, "/next</path>"));
    HOST_OK(tarn_pool_start(pool, TARN_POOL_BUILD, NULL, &error));
    tarn_volume_unref(host_volume(pool, "w", "raw", 4096));
    CU_ASSERT(host_exists(host_path(&frame, "next/w")));
    CU_ASSERT_EQUAL(host_count(pool), 1);
    tarn_pool_unref(pool);
    host_close(&frame);
}

static void undefined(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool_record *record = NULL;
    struct tarn_pool *pool;
    struct tarn_pool *again;

    host_open(&frame);
    pool = host_pool(&frame, frame.context, "a");
    HOST_OK(tarn_pool_set_autostart(pool, 1, &error));
    HOST_REFUSED(tarn_pool_undefine(pool, &error), TARN_E_STATE, "stop it first");
    HOST_OK(tarn_pool_stop(pool, 0, NULL, &error));
    HOST_OK(tarn_pool_undefine(pool, &error));
    CU_ASSERT_FALSE(host_exists(host_path(&frame, "etc/tarn/autostart/a.xml")));
    CU_ASSERT(host_exists(host_path(&frame, "a")));
    CU_ASSERT_EQUAL(count(0), 0);
    HOST_REFUSED(tarn_pool_read(&record, pool, 0, &error), TARN_E_NOT_FOUND, "any more");
    HOST_REFUSED(tarn_pool_undefine(pool, &error), TARN_E_NOT_FOUND, NULL);
    HOST_REFUSED(tarn_pool_start(pool, 0, NULL, &error), TARN_E_NOT_FOUND, "any more");
    /* The name is free again, and who still holds the pool holds the new one. */
    again = define(dir_xml("a", UUID_B, "b"));
    CU_ASSERT_PTR_EQUAL(again, pool);
    tarn_pool_unref(again);
    tarn_pool_unref(pool);
    host_close(&frame);
}

static void bad_xml(void)
{
    static const char *const texts[] = { "", "<pool", "<pool/>", "<pool type='dir'/>",
                                         "<pool type='dir'><name>a</name></pool>",
                                         "<volume><name>a</name></volume>",
                                         "<pool type='dir'><name>a/b</name><target><path>/x</path>"
                                         "</target></pool>",
                                         "<pool type='dir'><name>a</name><target><path>x</path>"
                                         "</target></pool>" };
    struct tarn_error *error = NULL;
    struct tarn_pool *pool = NULL;
    size_t index;

    host_open(&frame);
    for (index = 0; index < sizeof(texts) / sizeof(texts[0]); index++)
        HOST_REFUSED(tarn_pool_define(&pool, frame.context, texts[index], 0, &error),
                     TARN_E_INVALID, NULL);
    HOST_REFUSED(tarn_pool_define(&pool, frame.context,
                                  "<pool type='nosuch'><name>a</name></pool>", 0, &error),
                 TARN_E_NO_MODULE, "nosuch");
    HOST_REFUSED(tarn_pool_define(&pool, frame.context,
                                  "<pool type='dir'><name>a</name><bogus/><target><path>/x</path>"
                                  "</target></pool>", TARN_DEFINE_VALIDATE, &error),
                 TARN_E_SCHEMA, "bogus");
    CU_ASSERT_EQUAL(count(0), 0);
    host_close(&frame);
}

static void filters(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool *active;
    struct tarn_pool *inactive;
    struct tarn_pool *transient = NULL;

    host_open(&frame);
    active = host_pool(&frame, frame.context, "b");
    inactive = define(dir_xml("a", NULL, "a"));
    HOST_OK(tarn_pool_create(&transient, frame.context, dir_xml("t", NULL, "t"), TARN_POOL_BUILD,
                             NULL, &error));
    HOST_OK(tarn_pool_set_autostart(inactive, 1, &error));
    CU_ASSERT_EQUAL(count(0), 3);
    CU_ASSERT_EQUAL(count(TARN_LIST_ACTIVE), 2);
    CU_ASSERT_EQUAL(count(TARN_LIST_INACTIVE), 1);
    CU_ASSERT_EQUAL(count(TARN_LIST_ACTIVE | TARN_LIST_INACTIVE), 3);
    CU_ASSERT_EQUAL(count(TARN_LIST_TRANSIENT), 1);
    CU_ASSERT_EQUAL(count(TARN_LIST_PERSISTENT | TARN_LIST_ACTIVE), 1);
    CU_ASSERT_EQUAL(count(TARN_LIST_AUTOSTART), 1);
    CU_ASSERT_EQUAL(count(TARN_LIST_NO_AUTOSTART | TARN_LIST_INACTIVE), 0);
    tarn_pool_unref(active);
    tarn_pool_unref(inactive);
    tarn_pool_unref(transient);
    host_close(&frame);
}

static void write_definition(const char *name, const char *text)
{
    host_write(host_path(&frame, "etc/tarn/pools/%s.xml", name), text, strlen(text));
}

/* Promise: a broken definition costs that pool and no other. */
static void three_of_ten_are_broken(void)
{
    static const char truncated[] = "<pool type='dir'><name>truncated</name><target><pa";
    static const char unknown[] = "<pool type='martian' xmlns:m='urn:mars'>\n <name>unknown</name>\n"
                                  "\t<m:dust  depth=\"3\"/><!-- kept --></pool>";
    static const char unloadable[] = "<pool type='unloadable'><name>unloadable</name></pool>";
    static const char *const names[] = { "truncated", "unknown", "unloadable" };
    static const char *const texts[] = { truncated, unknown, unloadable };
    struct tarn_error *error = NULL;
    struct tarn_pool *pool = NULL;
    struct tarn_pool_record *record;
    struct tarn_pool **list = NULL;
    char *xml = NULL;
    unsigned index;

    host_prepare(&frame);
    host_fixture(&frame, "undefined-symbol", "pool:unloadable", NULL);
    frame.context = host_context(&frame);
    for (index = 0; index < 7; index++) {
        pool = define(dir_xml(host_text("p%u", index), NULL, host_text("p%u", index)));
        tarn_pool_unref(pool);
    }
    for (index = 0; index < 3; index++)
        write_definition(names[index], texts[index]);
    host_reopen(&frame);
    CU_ASSERT_EQUAL(count(0), 10);
    HOST_OK(tarn_pool_list(&list, frame.context, TARN_LIST_INACTIVE, &error));
    for (index = 0; index < 7; index++) {
        HOST_OK(tarn_pool_start(list[index], TARN_POOL_BUILD, NULL, &error));
        CU_ASSERT_EQUAL(host_state(list[index], true), TARN_POOL_RUNNING);
    }
    for (index = 0; index < 3; index++) {
        CU_ASSERT_STRING_EQUAL(tarn_pool_name(list[7 + index]), names[index]);
        CU_ASSERT_NOT_EQUAL(tarn_pool_start(list[7 + index], 0, NULL, NULL), TARN_OK);
        record = read_pool(list[7 + index], TARN_READ_SIZES);
        CU_ASSERT_EQUAL(record->state, TARN_POOL_UNAVAILABLE);
        CU_ASSERT_PTR_NOT_NULL(record->reason);
        printf("# %s: %s\n", names[index], record->reason != NULL ? record->reason : "(none)");
        tarn_pool_record_free(record);
        HOST_OK(tarn_pool_xml(&xml, list[7 + index], 0, &error));
        CU_ASSERT_STRING_EQUAL(xml, texts[index]);
        free(xml);
        HOST_OK(tarn_pool_undefine(list[7 + index], &error));
    }
    tarn_pool_list_free(list);
    CU_ASSERT_EQUAL(count(0), 7);
    host_close(&frame);
}

/* And it comes back when the cause goes. */
static void mended_definition(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool *pool = NULL;

    host_open(&frame);
    write_definition("a", "<pool type='dir'><name>a</na");
    HOST_OK(tarn_pool_lookup(&pool, frame.context, "a", &error));
    CU_ASSERT_EQUAL(host_state(pool, false), TARN_POOL_UNAVAILABLE);
    write_definition("a", dir_xml("a", UUID_A, "a"));
    CU_ASSERT_EQUAL(host_state(pool, false), TARN_POOL_INACTIVE);
    HOST_OK(tarn_pool_start(pool, TARN_POOL_BUILD, NULL, &error));
    write_definition("other", dir_xml("wrong", UUID_B, "wrong"));
    tarn_pool_unref(pool);
    HOST_OK(tarn_pool_lookup(&pool, frame.context, "other", &error));
    CU_ASSERT_EQUAL(host_state(pool, false), TARN_POOL_UNAVAILABLE);
    tarn_pool_unref(pool);
    host_close(&frame);
}

static bool is_loaded(const char *module)
{
    return host_run("grep -q %s /proc/%ld/maps", host_path(&frame, "modules/%s.so", module),
                    (long)getpid()) == 0;
}

static void listing_loads_nothing(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool_record *record;
    struct tarn_pool *pool = NULL;

    host_open(&frame);
    write_definition("a", dir_xml("a", UUID_A, "a"));
    CU_ASSERT_EQUAL(count(0), 1);
    HOST_OK(tarn_pool_lookup_by_uuid(&pool, frame.context, UUID_A, &error));
    record = read_pool(pool, 0);
    CU_ASSERT_EQUAL(record->state, TARN_POOL_INACTIVE);
    tarn_pool_record_free(record);
    CU_ASSERT_FALSE(is_loaded("dir"));
    record = read_pool(pool, TARN_READ_SIZES);
    tarn_pool_record_free(record);
    CU_ASSERT(is_loaded("dir"));
    CU_ASSERT_FALSE(is_loaded("qcow2"));
    tarn_pool_unref(pool);
    host_close(&frame);
}

/* What killed processes left is no pool, and goes when a context is opened. */
static void half_written_definition(void)
{
    host_open(&frame);
    host_write(host_path(&frame, "etc/tarn/pools/.tarn-1-ab.new"), "<pool", 5);
    host_write(host_path(&frame, "etc/tarn/pools/readme"), "x", 1);
    CU_ASSERT_EQUAL(count(0), 0);
    host_reopen(&frame);
    CU_ASSERT_FALSE(host_exists(host_path(&frame, "etc/tarn/pools/.tarn-1-ab.new")));
    CU_ASSERT(host_exists(host_path(&frame, "etc/tarn/pools/readme")));
    host_close(&frame);
}

static const struct unit_test tests[] = {
    { "listing and reading pools loads no module", listing_loads_nothing },
    { "a defined pool is found by name and UUID, also later", defined },
    { "a definition without a UUID keeps the one there is", uuid_is_kept },
    { "name, UUID and source belong to one pool", duplicates },
    { "the new definition of an active pool waits for the next start", waiting_definition },
    { "an undefined pool is gone, its data are not", undefined },
    { "what is no definition is refused", bad_xml },
    { "pools are listed by what they are", filters },
    { "of ten definitions three are broken: seven work, three say why", three_of_ten_are_broken },
    { "a mended definition can be used at once", mended_definition },
    { "half a file is no definition", half_written_definition },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("pool-define", tests);
}
