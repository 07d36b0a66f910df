/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Finding volumes, and what is known of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <tarn/result.h>

#include "tests/unit/host-frame.h"

#define MIB (UINT64_C(1) << 20)

static struct host_frame frame;
static struct tarn_pool *pool;

static void begin(void)
{
    host_open(&frame);
    pool = host_pool(&frame, frame.context, "p");
}

static void end(void)
{
    tarn_pool_unref(pool);
    host_close(&frame);
}

static struct tarn_volume *look_up(const char *name)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *volume = NULL;

    HOST_OK(tarn_volume_lookup(&volume, pool, name, &error));
    CU_ASSERT_PTR_NOT_NULL_FATAL(volume);
    return volume;
}

static uint64_t capacity(struct tarn_volume *volume, uint32_t max_age)
{
    struct tarn_error *error = NULL;
    struct tarn_volume_record *record = NULL;
    uint64_t bytes = 0;

    HOST_OK(tarn_volume_read(&record, volume, max_age, &error));
    if (record != NULL)
        bytes = record->capacity;
    tarn_volume_record_free(record);
    return bytes;
}

/* The length of what is known, without looking. */
static int known_count(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume **list = NULL;
    int length = 0;

    HOST_OK(tarn_volume_list(&list, pool, UINT32_MAX, NULL, &error));
    while (list != NULL && list[length] != NULL)
        length++;
    tarn_volume_list_free(list);
    return length;
}

static void looked_up(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *volume = NULL;

    begin();
    tarn_volume_unref(host_volume(pool, "a", "raw", MIB));
    volume = look_up("a");
    CU_ASSERT_STRING_EQUAL(tarn_volume_name(volume), "a");
    CU_ASSERT_PTR_EQUAL(tarn_volume_pool(volume), pool);
    tarn_volume_unref(tarn_volume_ref(volume));
    tarn_volume_unref(volume);
    HOST_REFUSED(tarn_volume_lookup(&volume, pool, "b", &error), TARN_E_NOT_FOUND, "\"b\"");
    HOST_REFUSED(tarn_volume_lookup(&volume, pool, "../p/a", &error), TARN_E_NOT_FOUND, NULL);
    HOST_REFUSED(tarn_volume_lookup(&volume, pool, "", &error), TARN_E_NOT_FOUND, NULL);
    end();
}

/* Looking one up looks at no other. */
static void looks_at_one_only(void)
{
    struct tarn_volume *volume;

    begin();
    host_write(host_path(&frame, "p/a"), "x", 1);
    CU_ASSERT_EQUAL(host_count(pool), 1);
    host_write(host_path(&frame, "p/b"), "x", 1);
    host_write(host_path(&frame, "p/c"), "x", 1);
    volume = look_up("b");
    CU_ASSERT_EQUAL(known_count(), 2); /* c was not seen */
    tarn_volume_unref(volume);
    CU_ASSERT_EQUAL(host_count(pool), 3);
    end();
}

static void max_age(void)
{
    const struct timespec nap = { 0, 30000000 };
    struct tarn_error *error = NULL;
    struct tarn_volume **list = NULL;
    struct tarn_volume *volume;

    begin();
    volume = host_volume(pool, "a", "raw", MIB);
    CU_ASSERT_EQUAL(truncate(host_path(&frame, "p/a"), 2 * MIB), 0);
    CU_ASSERT_EQUAL(capacity(volume, UINT32_MAX), MIB);
    CU_ASSERT_EQUAL(capacity(volume, 3600000), MIB);
    nanosleep(&nap, NULL);
    CU_ASSERT_EQUAL(capacity(volume, 10), 2 * MIB);
    CU_ASSERT_EQUAL(truncate(host_path(&frame, "p/a"), 3 * MIB), 0);
    CU_ASSERT_EQUAL(capacity(volume, 0), 3 * MIB);
    host_write(host_path(&frame, "p/b"), "x", 1);
    CU_ASSERT_EQUAL(known_count(), 1);
    HOST_OK(tarn_volume_list(&list, pool, 3600000, NULL, &error));
    CU_ASSERT_PTR_NULL(list[1]);
    tarn_volume_list_free(list);
    HOST_OK(tarn_volume_list(&list, pool, 10, NULL, &error));
    CU_ASSERT_PTR_NOT_NULL(list[1]);
    tarn_volume_list_free(list);
    CU_ASSERT_EQUAL(known_count(), 2);
    tarn_volume_unref(volume);
    end();
}

/* A refresh that finds all as it was makes what is known young again. */
static void refresh_confirms(void)
{
    const struct timespec nap = { 0, 20000000 };
    struct tarn_error *error = NULL;
    struct tarn_volume_record *before = NULL;
    struct tarn_volume_record *after = NULL;
    struct tarn_volume *volume;

    begin();
    volume = host_volume(pool, "a", "raw", MIB);
    HOST_OK(tarn_volume_read(&before, volume, 0, &error));
    nanosleep(&nap, NULL);
    HOST_OK(tarn_pool_refresh(pool, NULL, &error));
    HOST_OK(tarn_volume_read(&after, volume, UINT32_MAX, &error));
    CU_ASSERT(after->observed >= before->observed + 20000000);
    tarn_volume_record_free(before);
    tarn_volume_record_free(after);
    tarn_volume_unref(volume);
    end();
}

static void found_by_path(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *volume = NULL;
    struct tarn_pool *other;

    begin();
    other = host_pool(&frame, frame.context, "q");
    tarn_volume_unref(host_volume(other, "v", "qcow2", MIB));
    HOST_OK(tarn_volume_find(&volume, frame.context, host_path(&frame, "q/v"), &error));
    CU_ASSERT(tarn_volume_pool(volume) == other && strcmp(tarn_volume_name(volume), "v") == 0);
    tarn_volume_unref(volume);
    volume = NULL;
    HOST_OK(tarn_volume_find(&volume, frame.context, host_path(&frame, "q///v"), &error));
    tarn_volume_unref(volume);
    HOST_REFUSED(tarn_volume_find(&volume, frame.context, host_path(&frame, "q/w"), &error),
                 TARN_E_NOT_FOUND, "no active pool has a volume");
    HOST_REFUSED(tarn_volume_find(&volume, frame.context, host_path(&frame, "q"), &error),
                 TARN_E_NOT_FOUND, NULL);
    HOST_REFUSED(tarn_volume_find(&volume, frame.context, "/etc/passwd", &error),
                 TARN_E_NOT_FOUND, NULL);
    HOST_OK(tarn_pool_stop(other, 0, NULL, &error));
    HOST_REFUSED(tarn_volume_find(&volume, frame.context, host_path(&frame, "q/v"), &error),
                 TARN_E_NOT_FOUND, "start its pool");
    tarn_pool_unref(other);
    end();
}

static void found_by_key_where_volumes_are_no_files(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool_record *record = NULL;
    struct tarn_pool *memory = NULL;
    struct tarn_volume *volume = NULL;

    host_prepare(&frame);
    host_fixture(&frame, "good", "pool:memory format:plain", NULL);
    frame.context = host_context(&frame);
    HOST_OK(tarn_pool_create(&memory, frame.context, "<pool type='memory'><name>m</name></pool>", 0,
                             NULL, &error));
    tarn_volume_unref(host_volume(memory, "v", "plain", 4096));
    HOST_OK(tarn_pool_read(&record, memory, 0, &error));
    HOST_OK(tarn_volume_find(&volume, frame.context, host_text("memory:%s/v", record->uuid),
                             &error));
    CU_ASSERT_EQUAL(capacity(volume, 0), 4096);
    tarn_volume_unref(volume);
    tarn_pool_record_free(record);
    tarn_pool_unref(memory);
    host_close(&frame);
}

static uint32_t status_of(const char *name)
{
    struct tarn_error *error = NULL;
    struct tarn_volume_record *record = NULL;
    struct tarn_volume *volume = look_up(name);
    uint32_t status;

    HOST_OK(tarn_volume_read(&record, volume, 0, &error));
    status = record->status;
    CU_ASSERT(status == TARN_VOLUME_OK || record->status_text != NULL);
    tarn_volume_record_free(record);
    tarn_volume_unref(volume);
    return status;
}

/* Whatever lies in the folder has a status of its own, and hides nothing else. */
static void odd_entries(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *volume;
    struct tarn_image *image = NULL;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    begin();
    tarn_volume_unref(host_volume(pool, "good", "raw", MIB));
    CU_ASSERT_EQUAL(mkfifo(host_path(&frame, "p/fifo"), 0600), 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", host_path(&frame, "p/socket"));
    CU_ASSERT_EQUAL(bind(server, (struct sockaddr *)&address, sizeof(address)), 0);
    close(server);
    CU_ASSERT_EQUAL(symlink("nowhere", host_path(&frame, "p/dangling")), 0);
    CU_ASSERT_EQUAL(symlink("loop", host_path(&frame, "p/loop")), 0);
    CU_ASSERT_EQUAL(symlink("good", host_path(&frame, "p/link")), 0);
    host_write(host_path(&frame, "p/empty"), "", 0);
    host_write(host_path(&frame, "p/two\nlines"), "x", 1);
    host_write(host_path(&frame, "p/\xff\xfe"), "x", 1);
    host_write(host_path(&frame, "p/truncated"), "QFI\xfb\0\0\0\3", 8);
    CU_ASSERT_EQUAL(host_run("qemu-img create -u -f qcow2 -b gone -F raw %s 1M",
                             host_path(&frame, "p/orphan")), 0);
    CU_ASSERT_EQUAL(host_count(pool), 11);
    CU_ASSERT_EQUAL(status_of("good"), TARN_VOLUME_OK);
    CU_ASSERT_EQUAL(status_of("link"), TARN_VOLUME_OK);
    CU_ASSERT_EQUAL(status_of("empty"), TARN_VOLUME_OK);
    CU_ASSERT_EQUAL(status_of("two\nlines"), TARN_VOLUME_OK);
    CU_ASSERT_EQUAL(status_of("\xff\xfe"), TARN_VOLUME_OK);
    CU_ASSERT_EQUAL(status_of("fifo"), TARN_VOLUME_UNKNOWN_FORMAT);
    CU_ASSERT_EQUAL(status_of("socket"), TARN_VOLUME_UNKNOWN_FORMAT);
    CU_ASSERT_EQUAL(status_of("dangling"), TARN_VOLUME_UNKNOWN_FORMAT);
    CU_ASSERT_EQUAL(status_of("loop"), TARN_VOLUME_UNKNOWN_FORMAT);
    CU_ASSERT_EQUAL(status_of("truncated"), TARN_VOLUME_CORRUPT);
    CU_ASSERT_EQUAL(status_of("orphan"), TARN_VOLUME_BROKEN_BACKING);
    volume = look_up("fifo");
    HOST_REFUSED(tarn_volume_open(&image, volume, 0, NULL, &error), TARN_E_IO, "a FIFO");
    tarn_volume_unref(volume);
    /* A backing store comes and goes without its overlay changing. */
    host_write(host_path(&frame, "p/gone"), "", 0);
    CU_ASSERT_EQUAL(host_count(pool), 12);
    CU_ASSERT_EQUAL(status_of("orphan"), TARN_VOLUME_OK);
    CU_ASSERT_EQUAL(unlink(host_path(&frame, "p/gone")), 0);
    CU_ASSERT_EQUAL(host_count(pool), 11);
    CU_ASSERT_EQUAL(status_of("orphan"), TARN_VOLUME_BROKEN_BACKING);
    end();
}

static void damaged_record(void)
{
    struct tarn_volume *volume;

    begin();
    volume = host_volume(pool, "a", "raw", MIB);
    host_write(host_path(&frame, "var/lib/tarn/volumes/p/a"), "nonsense", 8);
    CU_ASSERT_EQUAL(status_of("a"), TARN_VOLUME_UNREADABLE);
    tarn_volume_unref(volume);
    end();
}

static void vanished(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume_record *record = NULL;
    struct tarn_volume *volume;

    begin();
    volume = host_volume(pool, "a", "raw", MIB);
    CU_ASSERT_EQUAL(unlink(host_path(&frame, "p/a")), 0);
    HOST_REFUSED(tarn_volume_read(&record, volume, 0, &error), TARN_E_NOT_FOUND, "\"a\"");
    CU_ASSERT_EQUAL(known_count(), 0);
    HOST_REFUSED(tarn_volume_resize(volume, 2 * MIB, 0, NULL, &error), TARN_E_NOT_FOUND, "\"a\"");
    HOST_REFUSED(tarn_volume_delete(volume, 0, NULL, &error), TARN_E_NOT_FOUND, "\"a\"");
    tarn_volume_unref(volume);
    end();
}

static void xml(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *volume;
    char *text = NULL;

    begin();
    volume = host_volume(pool, "a", "qcow2", MIB);
    HOST_OK(tarn_volume_xml(&text, volume, &error));
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "<name>a</name>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "<capacity unit='bytes'>1048576</capacity>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "<format type='qcow2'/>"));
    free(text);
    tarn_volume_unref(volume);
    end();
}

static const struct unit_test tests[] = {
    { "a volume is looked up by its name", looked_up },
    { "looking one up looks at no other", looks_at_one_only },
    { "what is known is used as long as it may be old", max_age },
    { "a refresh makes what is known young again", refresh_confirms },
    { "a volume is found by its path", found_by_path },
    { "and by its key, where volumes are no files", found_by_key_where_volumes_are_no_files },
    { "every odd entry has its status, and hides no other", odd_entries },
    { "a damaged record makes one volume unreadable", damaged_record },
    { "a volume that vanished is not found", vanished },
    { "a volume has XML", xml },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("volume", tests);
}
