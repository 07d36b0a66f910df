/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The policy: which other files are opened because an image names them. Each image here is written
 * by qemu-img, as somebody else's would be.
 *
 * That nothing was opened is seen from outside: by a writer who waits for the reader of a FIFO, and
 * by a time of last access that is long ago.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <tarn/result.h>

#include "tests/unit/host-frame.h"

#define SECRET "nobody may see this"

static struct host_frame frame;
static struct tarn_pool *pool;

static void begin(uint32_t follow)
{
    char block[512] = SECRET;

    host_prepare(&frame);
    frame.follow = follow;
    frame.context = host_context(&frame);
    pool = host_pool(&frame, frame.context, "p");
    host_write(host_path(&frame, "secret"), block, sizeof(block));
}

static void end(void)
{
    tarn_pool_unref(pool);
    host_close(&frame);
}

/* An image in the pool that names another file; -u: qemu-img does not look at it either. */
static void overlay(const char *name, const char *backing, const char *format)
{
    CU_ASSERT_EQUAL(host_run("cd %s && qemu-img create -u -f qcow2 -b '%s' -F %s %s 64K",
                             host_path(&frame, "p"), backing, format, name), 0);
}

/* Opens the image in a pool with the format that the caller gives; what the guest reads in
 * *bytes. */
static int read_file(const char *path, const char *format, char bytes[64],
                     struct tarn_error **error)
{
    struct tarn_image *image = NULL;
    int status = tarn_image_open(&image, frame.context, path, format, 0, NULL, error);

    memset(bytes, 0, 64);
    if (status == TARN_OK)
        status = tarn_image_pread(image, bytes, 63, 0, error);
    tarn_image_close(image, NULL);
    return status;
}

static int read_volume(const char *name, char bytes[64], struct tarn_error **error)
{
    struct tarn_volume *volume = NULL;
    struct tarn_image *image = NULL;
    int status = tarn_volume_lookup(&volume, pool, name, error);

    memset(bytes, 0, 64);
    if (status == TARN_OK)
        status = tarn_volume_open(&image, volume, 0, NULL, error);
    if (status == TARN_OK)
        status = tarn_image_pread(image, bytes, 63, 0, error);
    tarn_image_close(image, NULL);
    tarn_volume_unref(volume);
    return status;
}

static void refused(const char *name, int status, const char *text)
{
    struct tarn_error *error = NULL;
    char bytes[64];

    HOST_REFUSED(read_volume(name, bytes, &error), status, text);
    CU_ASSERT_STRING_EQUAL(bytes, "");
}

/* Under the policy that follows probed formats, so that only the name is judged. */
static void names_that_lead_out(void)
{
    static const char *const schemes[] = {
        "json:{\"driver\":\"file\",\"filename\":\"/etc/passwd\"}", "nbd://localhost:10809/x",
        "http://localhost/x", "fd:0", "file:/etc/passwd",
    };
    size_t index;

    begin(TARN_FOLLOW_POOL);
    overlay("absolute", "/etc/passwd", "raw");
    refused("absolute", TARN_E_ACCESS, "outside of the pool's folder");
    overlay("dots", "../secret", "raw");
    refused("dots", TARN_E_ACCESS, "out of the pool's folder");
    overlay("deep", "./../../../../etc/passwd", "raw");
    refused("deep", TARN_E_ACCESS, "out of the pool's folder");
    overlay("neighbour", host_path(&frame, "p/../secret"), "raw");
    refused("neighbour", TARN_E_ACCESS, "out of the pool's folder");
    CU_ASSERT_EQUAL(symlink("../secret", host_path(&frame, "p/link")), 0);
    overlay("through-link", "link", "raw");
    refused("through-link", TARN_E_ACCESS, "out of the pool's folder");
    CU_ASSERT_EQUAL(symlink("/", host_path(&frame, "p/root")), 0);
    overlay("through-folder", "root/etc/passwd", "raw");
    refused("through-folder", TARN_E_ACCESS, "out of the pool's folder");
    overlay("magic", host_text("/proc/%ld/cwd/x", (long)getpid()), "raw");
    refused("magic", TARN_E_ACCESS, "outside of the pool's folder");
    for (index = 0; index < sizeof(schemes) / sizeof(schemes[0]); index++) {
        overlay("scheme", schemes[index], "raw");
        refused("scheme", TARN_E_ACCESS, "no local path");
    }
    end();
}

/* A sibling's folder whose name begins with the pool's. */
static void similar_folder(void)
{
    begin(TARN_FOLLOW_POOL);
    CU_ASSERT_EQUAL(mkdir(host_path(&frame, "p-private"), 0755), 0);
    host_write(host_path(&frame, "p-private/x"), SECRET, sizeof(SECRET));
    overlay("a", host_path(&frame, "p-private/x"), "raw");
    refused("a", TARN_E_ACCESS, "outside of the pool's folder");
    end();
}

static void what_the_policies_follow(void)
{
    static const uint32_t policies[] = { TARN_FOLLOW_NONE, TARN_FOLLOW_RECORDED, TARN_FOLLOW_POOL,
                                         TARN_FOLLOW_ANYWHERE };
    struct tarn_error *error = NULL;
    char bytes[64];
    size_t index;

    for (index = 0; index < 4; index++) {
        begin(policies[index]);
        CU_ASSERT_EQUAL(rename(host_path(&frame, "secret"), host_path(&frame, "p/base")), 0);
        overlay("inside", "base", "raw");
        host_write(host_path(&frame, "away"), SECRET, sizeof(SECRET));
        CU_ASSERT_EQUAL(truncate(host_path(&frame, "away"), 512), 0);
        overlay("outside", "../away", "raw");
        if (policies[index] <= TARN_FOLLOW_RECORDED) {
            refused("inside", TARN_E_ACCESS,
                    policies[index] == TARN_FOLLOW_NONE ? "follows no names" : "by probing");
            refused("outside", TARN_E_ACCESS, NULL);
        } else {
            HOST_OK(read_volume("inside", bytes, &error));
            CU_ASSERT_STRING_EQUAL(bytes, SECRET);
        }
        if (policies[index] == TARN_FOLLOW_ANYWHERE) {
            HOST_OK(read_volume("outside", bytes, &error));
            CU_ASSERT_STRING_EQUAL(bytes, SECRET);
        } else {
            refused("outside", TARN_E_ACCESS, NULL);
        }
        end();
    }
}

/* What tarn made itself it knows, and follows by default; but not where the policy is "never". */
static void what_tarn_recorded(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *base;
    char bytes[64];

    begin(TARN_FOLLOW_RECORDED);
    base = host_volume(pool, "base", "raw", 512);
    CU_ASSERT(host_guest_write(base, 0, SECRET, sizeof(SECRET)));
    tarn_volume_unref(base);
    tarn_volume_unref(host_overlay(pool, "over", host_path(&frame, "p/base"), "raw"));
    HOST_OK(read_volume("over", bytes, &error));
    CU_ASSERT_STRING_EQUAL(bytes, SECRET);
    tarn_pool_unref(pool);
    frame.follow = TARN_FOLLOW_NONE;
    host_reopen(&frame);
    HOST_OK(tarn_pool_lookup(&pool, frame.context, "p", &error));
    refused("over", TARN_E_ACCESS, "follows no names");
    end();
}

/* A file in no pool: its names are followed only where any are. */
static void file_in_no_pool(void)
{
    struct tarn_error *error = NULL;
    char bytes[64];

    begin(TARN_FOLLOW_POOL);
    overlay("inside", host_path(&frame, "secret"), "raw");
    HOST_REFUSED(read_file(host_path(&frame, "p/inside"), "qcow2", bytes, &error), TARN_E_ACCESS,
                 "lies in no pool");
    HOST_REFUSED(read_file(host_path(&frame, "p/inside"), NULL, bytes, &error), TARN_E_ACCESS,
                 NULL);
    end();
    begin(TARN_FOLLOW_ANYWHERE);
    overlay("inside", "../secret", "raw");
    HOST_OK(read_file(host_path(&frame, "p/inside"), NULL, bytes, &error));
    CU_ASSERT_STRING_EQUAL(bytes, SECRET);
    end();
}

/* No format is guessed for what an image names: the bytes may be a guest's. */
static void unrecorded_format(void)
{
    begin(TARN_FOLLOW_ANYWHERE);
    CU_ASSERT_EQUAL(rename(host_path(&frame, "secret"), host_path(&frame, "p/base")), 0);
    overlay("a", "base", "raw");
    /* Takes the format's name out again: the header extension 0xe2792aca becomes an unknown one. */
    CU_ASSERT_EQUAL(host_run("perl -0777 -pi -e 's/\\xe2\\x79\\x2a\\xca/\\x12\\x34\\x56\\x78/' %s",
                             host_path(&frame, "p/a")), 0);
    refused("a", TARN_E_ACCESS, "does not record the format");
    end();
}

static void loops(void)
{
    begin(TARN_FOLLOW_POOL);
    overlay("self", "./self", "qcow2");
    refused("self", TARN_E_CORRUPT, "it has no end");
    overlay("a", "b", "qcow2");
    overlay("b", "a", "qcow2");
    refused("a", TARN_E_CORRUPT, "it has no end");
    CU_ASSERT_EQUAL(link(host_path(&frame, "p/self"), host_path(&frame, "p/other-name")), 0);
    refused("other-name", TARN_E_CORRUPT, "it has no end");
    end();
}

static void long_chain(void)
{
    struct tarn_error *error = NULL;
    char bytes[64];
    unsigned index;

    begin(TARN_FOLLOW_POOL);
    CU_ASSERT_EQUAL(rename(host_path(&frame, "secret"), host_path(&frame, "p/c0")), 0);
    overlay("c1", "c0", "raw");
    for (index = 2; index <= 201; index++) {
        CU_ASSERT_EQUAL(host_run("cp %s %s", host_path(&frame, "p/c%u", index - 1),
                                 host_path(&frame, "p/c%u", index)), 0);
        CU_ASSERT_EQUAL(host_run("qemu-img rebase -u -f qcow2 -b c%u -F qcow2 %s", index - 1,
                                 host_path(&frame, "p/c%u", index)), 0);
    }
    HOST_OK(read_volume("c150", bytes, &error));
    CU_ASSERT_STRING_EQUAL(bytes, SECRET);
    refused("c201", TARN_E_INVALID, "longer than 200");
    end();
}

/* Neither waits, nor wakes who waits. */
static void no_files(void)
{
    static const char *const names[] = { "fifo", "folder", "zero" };
    const struct timespec nap = { 0, 50000000 };
    size_t index;
    pid_t writer;

    begin(TARN_FOLLOW_ANYWHERE);
    CU_ASSERT_EQUAL(mkfifo(host_path(&frame, "p/fifo"), 0600), 0);
    CU_ASSERT_EQUAL(mkdir(host_path(&frame, "p/folder"), 0755), 0);
    CU_ASSERT_EQUAL(symlink("/dev/zero", host_path(&frame, "p/zero")), 0);
    for (index = 0; index < 3; index++) {
        overlay("a", names[index], "raw");
        refused("a", TARN_E_INVALID, "neither a regular file nor a block device");
    }
    overlay("a", "/dev/null", "raw");
    refused("a", TARN_E_INVALID, "neither a regular file nor a block device");
    /* A writer waits for whoever opens the FIFO for reading: nobody does. */
    overlay("a", "fifo", "raw");
    writer = fork();
    if (writer == 0)
        _exit(open(host_path(&frame, "p/fifo"), O_WRONLY) >= 0);
    nanosleep(&nap, NULL);
    refused("a", TARN_E_INVALID, "neither a regular file nor a block device");
    nanosleep(&nap, NULL);
    CU_ASSERT_EQUAL(waitpid(writer, NULL, WNOHANG), 0);
    kill(writer, SIGKILL);
    waitpid(writer, NULL, 0);
    end();
}

static void missing(void)
{
    struct tarn_volume *volume = NULL;
    struct tarn_volume_record *record = NULL;
    struct tarn_error *error = NULL;

    begin(TARN_FOLLOW_POOL);
    overlay("a", "nothing", "raw");
    refused("a", TARN_E_NOT_FOUND, "cannot be opened");
    HOST_OK(tarn_volume_lookup(&volume, pool, "a", &error));
    HOST_OK(tarn_volume_read(&record, volume, 0, &error));
    CU_ASSERT_EQUAL(record->status, TARN_VOLUME_BROKEN_BACKING);
    tarn_volume_record_free(record);
    tarn_volume_unref(volume);
    end();
}

/* Listing, looking up and describing open nothing that an image names, under any policy. */
static void looking_opens_nothing(void)
{
    struct tarn_error *error = NULL;
    const struct timespec long_ago[2] = { { 1000000000, 0 }, { 1000000000, 0 } };
    const struct tarn_image_listener listener = { .struct_size = sizeof(listener) };
    struct tarn_volume *volume = NULL;
    struct tarn_volume_record *record = NULL;
    struct stat before;
    struct stat after;

    begin(TARN_FOLLOW_ANYWHERE);
    CU_ASSERT_EQUAL(utimensat(AT_FDCWD, host_path(&frame, "secret"), long_ago, 0), 0);
    overlay("a", "../secret", "raw");
    CU_ASSERT_EQUAL(stat(host_path(&frame, "secret"), &before), 0);
    CU_ASSERT_EQUAL(host_count(pool), 1);
    HOST_OK(tarn_volume_lookup(&volume, pool, "a", &error));
    HOST_OK(tarn_volume_describe(volume, &listener, &error));
    HOST_OK(tarn_volume_read(&record, volume, 0, &error));
    CU_ASSERT_STRING_EQUAL(record->backing_path, host_path(&frame, "p/../secret"));
    tarn_volume_record_free(record);
    tarn_volume_unref(volume);
    CU_ASSERT_EQUAL(stat(host_path(&frame, "secret"), &after), 0);
    CU_ASSERT_EQUAL(before.st_atim.tv_sec, after.st_atim.tv_sec);
    end();
}

/* qcow (version 1) has no place for the format of a backing store; here the images lose it. */
static void formats_of_the_record(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume_record *record = NULL;
    struct tarn_volume *base;
    struct tarn_volume *middle;
    struct tarn_volume *top;
    char bytes[5];

    begin(0);
    base = host_volume(pool, "base", "raw", 65536);
    CU_ASSERT(host_guest_write(base, 1000, "below", 5));
    middle = host_overlay(pool, "middle", host_path(&frame, "p/base"), "raw");
    top = host_overlay(pool, "top", host_path(&frame, "p/middle"), "qcow2");
    CU_ASSERT_EQUAL(host_run("cd %s && "
                             "LC_ALL=C sed -i 's/\\xe2y.\\xca/tarn/' middle top && "
                             "test $(LC_ALL=C grep -acP '\\xe2y.\\xca' top) = 0",
                             host_path(&frame, "p")), 0);
    CU_ASSERT(host_guest_read(top, 1000, bytes, 5));
    CU_ASSERT_EQUAL(memcmp(bytes, "below", 5), 0);
    HOST_OK(tarn_volume_read(&record, top, 0, &error));
    CU_ASSERT_PTR_NOT_NULL_FATAL(record);
    CU_ASSERT_PTR_NOT_NULL_FATAL(record->backing_format);
    CU_ASSERT_STRING_EQUAL(record->backing_format, "qcow2");
    tarn_volume_record_free(record);
    tarn_volume_unref(top);
    tarn_volume_unref(middle);
    tarn_volume_unref(base);
    end();
}

static const struct unit_test tests[] = {
    { "names that lead out of the pool, and protocols, are refused", names_that_lead_out },
    { "a folder with a similar name is another one", similar_folder },
    { "each policy follows what it says", what_the_policies_follow },
    { "what tarn recorded is followed, unless the policy is never", what_tarn_recorded },
    { "names in a file that is in no pool are followed anywhere only", file_in_no_pool },
    { "a format that is not recorded is not guessed", unrecorded_format },
    { "a format that only tarn's records tell is theirs", formats_of_the_record },
    { "a chain without an end is refused", loops },
    { "a chain of 201 is refused, a shorter one is read", long_chain },
    { "what is no file is not opened", no_files },
    { "a missing backing store is told", missing },
    { "looking at images opens nothing that they name", looking_opens_nothing },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("image-related", tests);
}
