/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tests of helpers/mount.h with filesystems in memory, in a mount namespace of this program's own.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helpers/mount.h"
#include "tests/unit/fake-pool-host.h"
#include "tests/unit/unit.h"

static struct fake_pool_host host;
static char top[64], target[96];
static bool allowed; /* to mount */

static const char *at(const char *name)
{
    static char path[2][160];
    static int next;

    next = !next;
    snprintf(path[next], sizeof(path[next]), "%s/%s", top, name);
    return path[next];
}

static bool begin(void)
{
    if (!allowed) {
        unit_skip("mounting is not allowed here");
        return false;
    }
    fake_pool_host_init(&host, "/nowhere");
    CU_ASSERT_EQUAL(mkdir(target, 0755), 0);
    return true;
}

static void end(void)
{
    while (umount2(target, MNT_DETACH) == 0)
        ;
    CU_ASSERT_EQUAL(rmdir(target), 0);
    fake_pool_host_fini(&host);
}

static void mount_tmpfs(const char *source, const char *where)
{
    CU_ASSERT_EQUAL_FATAL(mount(source, where, "tmpfs", MS_NODEV, "mode=700"), 0);
}

/* What mount_find finds of `path`: its source, or "". */
static const char *source_at(const char *path)
{
    static char source[256];
    struct mount_entry entry;
    bool found;

    CU_ASSERT_EQUAL(mount_find(&host.call, path, &entry, &found), TARN_OK);
    snprintf(source, sizeof(source), "%s", found ? entry.source : "");
    mount_entry_clear(&entry);
    return source;
}

/* --- the table -------------------------------------------------------------------------------- */

static void table(void)
{
    struct mount_entry entry, again;
    struct statx st;
    bool found;

    CU_ASSERT_STRING_EQUAL(source_at(target), "");
    mount_tmpfs("first", target);
    CU_ASSERT_EQUAL(mount_find(&host.call, target, &entry, &found), TARN_OK);
    CU_ASSERT_TRUE_FATAL(found);
    CU_ASSERT_STRING_EQUAL(entry.source, "first");
    CU_ASSERT_STRING_EQUAL(entry.type, "tmpfs");
    CU_ASSERT_STRING_EQUAL(entry.root, "/");
    CU_ASSERT_STRING_EQUAL(entry.target, target);
    CU_ASSERT_PTR_NOT_NULL(strstr(entry.options, "nodev"));
    CU_ASSERT_PTR_NOT_NULL(strstr(entry.options, "mode=700"));
    CU_ASSERT_EQUAL(statx(AT_FDCWD, target, 0, STATX_MNT_ID, &st), 0);
    CU_ASSERT_EQUAL(entry.id, st.stx_mnt_id);
    CU_ASSERT_EQUAL(mount_find_id(&host.call, entry.id, &again, &found), TARN_OK);
    CU_ASSERT_TRUE(found);
    CU_ASSERT_STRING_EQUAL(again.source, "first");
    mount_entry_clear(&again);
    CU_ASSERT_EQUAL(mount_find_device(&host.call, entry.device, &again, &found), TARN_OK);
    CU_ASSERT_TRUE(found);
    CU_ASSERT_STRING_EQUAL(again.target, target);
    mount_entry_clear(&again);
    mount_entry_clear(&entry);
    CU_ASSERT_EQUAL(mount_find_id(&host.call, UINT64_MAX, &again, &found), TARN_OK);
    CU_ASSERT_FALSE(found);
    mount_entry_clear(&again);
}

static void topmost(void)
{
    mount_tmpfs("lower", target);
    mount_tmpfs("upper", target);
    CU_ASSERT_STRING_EQUAL(source_at(target), "upper");
    CU_ASSERT_EQUAL(umount(target), 0);
    CU_ASSERT_STRING_EQUAL(source_at(target), "lower");
}

static void names(void)
{
    char name[128];

    mount_tmpfs("first", target);
    CU_ASSERT_EQUAL(symlink("target", at("link")), 0);
    CU_ASSERT_EQUAL(symlink(at("link"), at("second")), 0);
    CU_ASSERT_EQUAL(symlink(".", at("here")), 0);
    CU_ASSERT_EQUAL(symlink("loop", at("loop")), 0);
    CU_ASSERT_STRING_EQUAL(source_at(at("link")), "first");
    CU_ASSERT_STRING_EQUAL(source_at(at("second")), "first");
    CU_ASSERT_STRING_EQUAL(source_at(at("here/here/target")), "first");
    CU_ASSERT_STRING_EQUAL(source_at(at("target/")), "first");
    CU_ASSERT_STRING_EQUAL(source_at(at("target/.")), "first");
    CU_ASSERT_STRING_EQUAL(source_at(at("loop")), "");
    CU_ASSERT_STRING_EQUAL(source_at(at("none/target")), "");
    /* Not the mount, but within it. */
    snprintf(name, sizeof(name), "%s/inner", target);
    CU_ASSERT_EQUAL(mkdir(name, 0700), 0);
    CU_ASSERT_STRING_EQUAL(source_at(name), "");
    CU_ASSERT_STRING_NOT_EQUAL(source_at("/"), "");
    unlink(at("link"));
    unlink(at("second"));
    unlink(at("here"));
    unlink(at("loop"));
}

/* mountinfo has a blank as \040. */
static void odd_names(void)
{
    char name[160];

    snprintf(name, sizeof(name), "%s", at("a \\b\tc"));
    CU_ASSERT_EQUAL(mkdir(name, 0700), 0);
    mount_tmpfs("the source", name);
    CU_ASSERT_STRING_EQUAL(source_at(name), "the source");
    CU_ASSERT_EQUAL(mount_detach(&host.call, name, 0), TARN_OK);
    CU_ASSERT_EQUAL(rmdir(name), 0);
}

/* --- mounting --------------------------------------------------------------------------------- */

static int32_t attach(const char *type, const char *where, const char *options)
{
    return mount_attach(&host.call, &(struct mount_request){ .source = "thing", .target = where,
                                                             .type = type, .options = options });
}

static void attached_with_options(void)
{
    struct mount_entry entry;
    bool found;

    CU_ASSERT_EQUAL(attach("tmpfs", target, "nodev,nosuid,noexec,mode=711,size=1m,x-own,nofail"),
                    TARN_OK);
    CU_ASSERT_EQUAL(mount_find(&host.call, target, &entry, &found), TARN_OK);
    CU_ASSERT_TRUE_FATAL(found);
    CU_ASSERT_STRING_EQUAL(entry.source, "thing");
    CU_ASSERT_PTR_NOT_NULL(strstr(entry.options, "nosuid,nodev,noexec"));
    CU_ASSERT_PTR_NOT_NULL(strstr(entry.options, "size=1024k"));
    CU_ASSERT_PTR_NOT_NULL(strstr(entry.options, "mode=711"));
    mount_entry_clear(&entry);
    CU_ASSERT_EQUAL(mount_detach(&host.call, target, 0), TARN_OK);
    CU_ASSERT_STRING_EQUAL(source_at(target), "");
}

static void refused(void)
{
    CU_ASSERT_EQUAL(attach("tarnfs", target, NULL), TARN_E_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.text, "thing cannot be mounted on"));
    CU_ASSERT_PTR_NOT_NULL(strstr(host.text, "tarnfs"));
    CU_ASSERT_PTR_NULL(strchr(host.text, '\n'));
    fake_pool_host_forget(&host);
    CU_ASSERT_EQUAL(attach("tmpfs", at("none"), NULL), TARN_E_NOT_FOUND);
    CU_ASSERT_EQUAL(attach("tmpfs", target, "size=much"), TARN_E_INVALID);
    CU_ASSERT_STRING_EQUAL(source_at(target), "");
    CU_ASSERT_EQUAL(mount_need_type(&host.call, "tmpfs"), TARN_OK);
    fake_pool_host_forget(&host);
    CU_ASSERT_EQUAL(mount_need_type(&host.call, "tarnfs"), TARN_E_UNSUPPORTED);
    CU_ASSERT_STRING_EQUAL(host.text, "this kernel cannot mount tarnfs, and there is no program "
                                      "mount.tarnfs either");
    fake_pool_host_forget(&host);
    host.interrupt_after = 1;
    CU_ASSERT_EQUAL(attach("tmpfs", target, NULL), TARN_E_CANCELLED);
}

/* --- letting go ------------------------------------------------------------------------------- */

/* A process that does `what` with the mount until it is killed. */
static pid_t holder(void (*what)(const char *file))
{
    char file[128], byte;
    int ready[2];
    pid_t pid;

    snprintf(file, sizeof(file), "%s/file", target);
    CU_ASSERT_EQUAL(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        what(file);
        if (write(ready[1], "", 1) == 1)
            pause();
        _exit(0);
    }
    CU_ASSERT_EQUAL(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void have_open(const char *file)
{
    if (open(file, O_RDWR | O_CREAT, 0600) < 0)
        _exit(1);
}

static void work_in(const char *file)
{
    (void)file;
    if (chdir(target) != 0)
        _exit(1);
}

static void have_mapped(const char *file)
{
    int fd = open(file, O_RDWR | O_CREAT, 0600);

    if (fd < 0 || ftruncate(fd, 4096) != 0 ||
        mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
        _exit(1);
    close(fd);
}

static void busy_by(void (*what)(const char *file), const char *how)
{
    char expected[128];
    pid_t pid;

    mount_tmpfs("first", target);
    pid = holder(what);
    fake_pool_host_forget(&host);
    CU_ASSERT_EQUAL(mount_detach(&host.call, target, 0), TARN_E_BUSY);
    snprintf(expected, sizeof(expected), "is in use by process %ld (test-mount) by its %s",
             (long)pid, how);
    if (strstr(host.text, expected) == NULL)
        CU_FAIL(host.text);
    CU_ASSERT_STRING_EQUAL(source_at(target), "first");
    kill(pid, SIGKILL);
    CU_ASSERT_EQUAL(waitpid(pid, NULL, 0), pid);
    CU_ASSERT_EQUAL(mount_detach(&host.call, target, 0), TARN_OK);
}

static void busy(void)
{
    busy_by(have_open, "open file file:");
    busy_by(work_in, "working folder");
    busy_by(have_mapped, "mapped file file:");
}

static void busy_by_many(void)
{
    pid_t pids[7];
    size_t i;

    mount_tmpfs("first", target);
    for (i = 0; i < 7; i++)
        pids[i] = holder(have_open);
    CU_ASSERT_EQUAL(mount_detach(&host.call, target, 0), TARN_E_BUSY);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.text, " and 3 more: end that first"));
    for (i = 0; i < 7; i++) {
        kill(pids[i], SIGKILL);
        waitpid(pids[i], NULL, 0);
    }
}

static void busy_by_a_mount(void)
{
    char inner[128];

    mount_tmpfs("first", target);
    snprintf(inner, sizeof(inner), "%s/inner", target);
    CU_ASSERT_EQUAL(mkdir(inner, 0700), 0);
    mount_tmpfs("second", inner);
    CU_ASSERT_EQUAL(mount_detach(&host.call, target, 0), TARN_E_BUSY);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.text, "in use by the mount on "));
    CU_ASSERT_PTR_NOT_NULL(strstr(host.text, inner));
}

static void forced(void)
{
    pid_t pid;

    mount_tmpfs("first", target);
    pid = holder(have_open);
    CU_ASSERT_EQUAL(mount_detach(&host.call, target, MOUNT_FORCE), TARN_OK);
    CU_ASSERT_EQUAL(host.status, TARN_OK);
    CU_ASSERT_STRING_EQUAL(source_at(target), "");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    CU_ASSERT_EQUAL(mount_detach(&host.call, target, MOUNT_FORCE), TARN_E_STATE);
    CU_ASSERT_EQUAL(mount_detach(&host.call, target, 0), TARN_E_STATE);
}

#define TEST(function) \
    static void run_##function(void) \
    { \
        if (begin()) { \
            function(); \
            end(); \
        } \
    }

TEST(table)
TEST(topmost)
TEST(names)
TEST(odd_names)
TEST(attached_with_options)
TEST(refused)
TEST(busy)
TEST(busy_by_many)
TEST(busy_by_a_mount)
TEST(forced)

static const struct unit_test tests[] = {
    { "a mount is found by place, number and device", run_table },
    { "of several at one place the topmost counts", run_topmost },
    { "links to a mount point lead there", run_names },
    { "names with blanks and backslashes are themselves", run_odd_names },
    { "what is mounted has its options", run_attached_with_options },
    { "what cannot be mounted is told in one line", run_refused },
    { "a mount in use tells by whom", run_busy },
    { "a mount in use by many tells of the first", run_busy_by_many },
    { "a mount beneath keeps a mount busy", run_busy_by_a_mount },
    { "a forced unmount does not ask who uses it", run_forced },
    { NULL, NULL },
};

int main(void)
{
    int failed;

    allowed = unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    strcpy(top, "/tmp/tarn-test-XXXXXX");
    if (mkdtemp(top) == NULL)
        return 99;
    snprintf(target, sizeof(target), "%s/target", top);
    failed = unit_main("mount", tests);
    return rmdir(top) == 0 ? failed : 99;
}
