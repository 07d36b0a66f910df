/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tests of file-volumes.c, file-volumes-build.c, file-volumes-info.c and file-volumes-watch.c: the
 * pool's directory from definition to removal.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tests/unit/test-file-volumes-fixture.h"
#include "tests/unit/unit.h"

/* Opens the pool on "<top>/<name>" instead. */
static void move_pool(struct fixture *f, const char *name)
{
    fixture_path(f, name);
    snprintf(f->dir, sizeof(f->dir), "%s", f->path);
    file_volumes_close(f->pool);
    CU_ASSERT_EQUAL_FATAL(file_volumes_open(&f->host.call, &f->pool), TARN_OK);
}

static mode_t mode_of(struct fixture *f, const char *name)
{
    struct stat st;

    return stat(fixture_path(f, name), &st) == 0 ? st.st_mode & 07777 : 0;
}

static void definition(void)
{
    struct fixture f;

    fixture_begin(&f);
    CU_ASSERT_EQUAL(file_volumes_define(&f.host.call), TARN_OK);
    f.host.pool.target_path = NULL;
    CU_ASSERT_EQUAL(file_volumes_define(&f.host.call), TARN_E_INVALID);
    CU_ASSERT_EQUAL(file_volumes_claims(&f.host.call), TARN_OK);
    CU_ASSERT_EQUAL(f.host.claim_count, 0);
    f.host.pool.target_path = "relative/path";
    CU_ASSERT_EQUAL(file_volumes_define(&f.host.call), TARN_E_INVALID);
    f.host.pool.target_path = "/srv/images";
    CU_ASSERT_EQUAL(file_volumes_claims(&f.host.call), TARN_OK);
    CU_ASSERT_EQUAL(f.host.claim_count, 1);
    CU_ASSERT_STRING_EQUAL(f.host.claims[0], "path:/srv/images");
    fixture_end(&f);
}

static void build_makes_parents(void)
{
    struct fixture f;
    mode_t old = umask(0077);

    fixture_begin(&f);
    move_pool(&f, "a/b/c");
    CU_ASSERT_EQUAL(file_volumes_build(&f.host.call, f.pool, 0), TARN_OK);
    CU_ASSERT_EQUAL(mode_of(&f, "a"), 0755);
    CU_ASSERT_EQUAL(mode_of(&f, "a/b"), 0755);
    CU_ASSERT_EQUAL(mode_of(&f, "a/b/c"), 0711);
    umask(old);
    fixture_end(&f);
}

static void build_applies_permissions(void)
{
    struct fixture f;
    struct stat st;

    fixture_begin(&f);
    move_pool(&f, "new");
    f.host.permissions.mode = 0770;
    if (geteuid() == 0)
        f.host.permissions.owner = f.host.permissions.group = NOBODY;
    CU_ASSERT_EQUAL(file_volumes_build(&f.host.call, f.pool, 0), TARN_OK);
    CU_ASSERT_EQUAL(stat(fixture_path(&f, "new"), &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0770);
    CU_ASSERT_TRUE(geteuid() != 0 || (st.st_uid == NOBODY && st.st_gid == NOBODY));
    fixture_end(&f);
}

static void build_of_a_directory_that_cannot_be_listed(void)
{
    struct fixture f;
    int32_t status = TARN_OK;

    fixture_begin(&f);
    chmod(f.top, 0777);
    move_pool(&f, "above/new");
    f.host.permissions.mode = 0311;
    if (become_nobody()) {
        status = file_volumes_build(&f.host.call, f.pool, 0);
        become_root();
    } else {
        unit_skip("needs root, to act as somebody else");
    }
    CU_ASSERT_EQUAL(status, TARN_OK);
    CU_ASSERT_TRUE(geteuid() != 0 || mode_of(&f, "above/new") == 0311);
    fixture_end(&f);
}

static void build_of_what_is_there(void)
{
    struct fixture f;

    fixture_begin(&f);
    chmod(f.dir, 02750);
    CU_ASSERT_EQUAL(file_volumes_build(&f.host.call, f.pool, 0), TARN_OK);
    CU_ASSERT_EQUAL(mode_of(&f, "pool"), 02750);
    f.host.permissions.mode = 0770;
    CU_ASSERT_EQUAL(file_volumes_build(&f.host.call, f.pool, 0), TARN_OK);
    CU_ASSERT_EQUAL(mode_of(&f, "pool"), 02770);
    fixture_end(&f);
}

static void build_refuses_overwrite_flags(void)
{
    struct fixture f;

    fixture_begin(&f);
    move_pool(&f, "new");
    CU_ASSERT_EQUAL(file_volumes_build(&f.host.call, f.pool, TARN_BUILD_OVERWRITE),
                    TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(file_volumes_build(&f.host.call, f.pool, TARN_BUILD_NO_OVERWRITE),
                    TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(access(fixture_path(&f, "new"), F_OK), -1);
    fixture_end(&f);
}

static void build_undoes_itself(void)
{
    struct fixture f;

    fixture_begin(&f);
    chmod(f.top, 0777);
    move_pool(&f, "a//b/c/");
    f.host.permissions.owner = 0;
    if (become_nobody()) {
        int32_t status = file_volumes_build(&f.host.call, f.pool, 0);

        become_root();
        CU_ASSERT_EQUAL(status, TARN_E_ACCESS);
        CU_ASSERT_EQUAL(access(fixture_path(&f, "a"), F_OK), -1);
    } else {
        unit_skip("needs root, to act as somebody else");
    }
    fixture_end(&f);
}

static void build_names_what_is_in_the_way(void)
{
    struct fixture f;

    fixture_begin(&f);
    fixture_put(&f, "file", "x");
    move_pool(&f, "file/below");
    CU_ASSERT_EQUAL(file_volumes_build(&f.host.call, f.pool, 0), TARN_E_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.host.text, "/file is not a directory"));
    fake_pool_host_forget(&f.host);
    mkdir(fixture_path(&f, "guarded"), 0755);
    move_pool(&f, "guarded/below/it");
    if (become_nobody()) {
        int32_t status = file_volumes_build(&f.host.call, f.pool, 0);

        become_root();
        CU_ASSERT_EQUAL(status, TARN_E_ACCESS);
        CU_ASSERT_PTR_NOT_NULL(strstr(f.host.text, "/guarded cannot be written to by uid 65534"));
    }
    fixture_end(&f);
}

/* On btrfs the switch is set; elsewhere asking for it is an error, and nothing stays. */
static void build_switches_copy_on_write(void)
{
    struct fixture f;
    int32_t status;

    fixture_begin(&f);
    move_pool(&f, "new");
    f.host.pool.cow = 2;
    status = file_volumes_build(&f.host.call, f.pool, 0);
    if (status == TARN_OK) {
        int fd = open(fixture_path(&f, "new"), O_RDONLY | O_CLOEXEC);
        int flags = 0;

        CU_ASSERT_EQUAL(ioctl(fd, FS_IOC_GETFLAGS, &flags), 0);
        CU_ASSERT_TRUE(flags & FS_NOCOW_FL);
        close(fd);
    } else {
        CU_ASSERT_EQUAL(status, TARN_E_UNSUPPORTED);
        CU_ASSERT_PTR_NOT_NULL(strstr(f.host.text, "only on btrfs"));
        CU_ASSERT_EQUAL(access(fixture_path(&f, "new"), F_OK), -1);
    }
    fixture_end(&f);
}

static void check_says_whether_it_is_there(void)
{
    struct fixture f;
    uint32_t active = 2;

    fixture_begin(&f);
    CU_ASSERT_EQUAL(file_volumes_check(&f.host.call, f.pool, &active), TARN_OK);
    CU_ASSERT_EQUAL(active, 1);
    rmdir(f.dir);
    CU_ASSERT_EQUAL(file_volumes_check(&f.host.call, f.pool, &active), TARN_OK);
    CU_ASSERT_EQUAL(active, 0);
    fixture_put(&f, "pool", "a file");
    CU_ASSERT_EQUAL(file_volumes_check(&f.host.call, f.pool, &active), TARN_OK);
    CU_ASSERT_EQUAL(active, 0);
    fixture_end(&f);
}

static void check_start(struct fixture *f, int32_t expected, const char *text)
{
    fake_pool_host_forget(&f->host);
    CU_ASSERT_EQUAL(file_volumes_start(&f->host.call, f->pool), expected);
    CU_ASSERT_PTR_NOT_NULL(strstr(f->host.text, text));
}

static void start_names_the_component(void)
{
    struct fixture f;

    fixture_begin(&f);
    check_start(&f, TARN_OK, "");
    move_pool(&f, "missing/images");
    check_start(&f, TARN_E_NOT_FOUND, "/missing does not exist");
    fixture_put(&f, "file", "x");
    move_pool(&f, "file");
    check_start(&f, TARN_E_NOT_FOUND, "/file is not a directory");
    CU_ASSERT_EQUAL(symlink("nowhere", fixture_path(&f, "link")), 0);
    move_pool(&f, "link/images");
    check_start(&f, TARN_E_NOT_FOUND, "/link is a link that leads nowhere");
    fixture_end(&f);
}

static void start_names_the_permission(void)
{
    struct fixture f;

    fixture_begin(&f);
    mkdir(fixture_path(&f, "closed"), 0700);
    mkdir(fixture_path(&f, "closed/images"), 0755);
    move_pool(&f, "closed/images");
    if (become_nobody()) {
        check_start(&f, TARN_E_ACCESS, "/closed cannot be searched by uid 65534 (its mode is 0700");
        become_root();
        mkdir(fixture_path(&f, "listed"), 0744);
        move_pool(&f, "listed");
        become_nobody();
        check_start(&f, TARN_E_ACCESS, "/listed cannot be listed and searched by uid 65534");
        become_root();
    } else {
        unit_skip("needs root, to act as somebody else");
    }
    fixture_end(&f);
}

static void remove_only_when_empty(void)
{
    struct fixture f;

    fixture_begin(&f);
    fixture_put(&f, "pool/a", "x");
    fixture_put(&f, "pool/line\nbreak", "x");
    fixture_put(&f, "pool/.tarn-0123456789abcdef.part", "x");
    CU_ASSERT_EQUAL(file_volumes_remove(&f.host.call, f.pool), TARN_E_STATE);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.host.text, "holds 2 entries ("));
    CU_ASSERT_PTR_NOT_NULL(strstr(f.host.text, "line\\x0abreak"));
    CU_ASSERT_EQUAL(fixture_entries(&f), 2);
    unlink(fixture_path(&f, "pool/a"));
    unlink(fixture_path(&f, "pool/line\nbreak"));
    fixture_put(&f, "pool/.tarn-0123456789abcdef.part", "x");
    CU_ASSERT_EQUAL(file_volumes_remove(&f.host.call, f.pool), TARN_OK);
    CU_ASSERT_EQUAL(access(f.dir, F_OK), -1);
    fake_pool_host_forget(&f.host);
    CU_ASSERT_EQUAL(file_volumes_remove(&f.host.call, f.pool), TARN_E_NOT_FOUND);
    fixture_end(&f);
}

static void info_is_statvfs(void)
{
    struct fixture f;
    struct statvfs fs;

    fixture_begin(&f);
    chmod(f.dir, 0750);
    CU_ASSERT_EQUAL(statvfs(f.dir, &fs), 0);
    CU_ASSERT_EQUAL(file_volumes_info(&f.host.call, f.pool), TARN_OK);
    CU_ASSERT_EQUAL(f.host.pool_infos, 1);
    CU_ASSERT_EQUAL(f.host.info.capacity, (uint64_t)fs.f_blocks * fs.f_frsize);
    CU_ASSERT_EQUAL(f.host.info.allocation + f.host.info.available, f.host.info.capacity);
    CU_ASSERT_TRUE(f.host.info.available > 0);
    CU_ASSERT_EQUAL(f.host.info.state, TARN_POOL_HEALTHY);
    CU_ASSERT_EQUAL(f.host.info_permissions.mode, 0750);
    CU_ASSERT_EQUAL(f.host.info_permissions.owner, geteuid());
    fixture_end(&f);
}

static bool readable(int fd)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

    return poll(&poll_fd, 1, 1000) == 1;
}

static void watch_tells_names(void)
{
    struct fixture f;
    void *watch;
    int32_t fd;

    fixture_begin(&f);
    fixture_put(&f, "pool/old", "x");
    CU_ASSERT_EQUAL_FATAL(file_volumes_watch_open(&f.host.call, f.pool, &watch, &fd), TARN_OK);
    CU_ASSERT_EQUAL(file_volumes_watch_read(&f.host.call, f.pool, watch), TARN_OK);
    CU_ASSERT_EQUAL(f.host.changed_count, 0);
    fixture_put(&f, "pool/new", "x"); /* created and closed: told once */
    fixture_put(&f, "pool/.tarn-0123456789abcdef.part", "x");
    CU_ASSERT_TRUE(readable(fd));
    CU_ASSERT_EQUAL(file_volumes_watch_read(&f.host.call, f.pool, watch), TARN_OK);
    CU_ASSERT_EQUAL(f.host.changed_count, 1);
    CU_ASSERT_TRUE(fake_pool_host_changed(&f.host, "new"));
    unlink(fixture_path(&f, "pool/.tarn-0123456789abcdef.part"));
    fake_pool_host_forget(&f.host);
    chmod(fixture_path(&f, "pool/old"), 0600);
    unlink(fixture_path(&f, "pool/new"));
    CU_ASSERT_EQUAL(file_volumes_watch_read(&f.host.call, f.pool, watch), TARN_OK);
    CU_ASSERT_TRUE(fake_pool_host_changed(&f.host, "old"));
    CU_ASSERT_TRUE(fake_pool_host_changed(&f.host, "new"));
    CU_ASSERT_EQUAL(f.host.changed_count, 2);
    file_volumes_watch_close(f.pool, watch);
    fixture_end(&f);
}

static void watch_tells_a_published_volume(void)
{
    struct tarn_container_spec spec = { .struct_size = sizeof(spec), .name = "new" };
    struct fixture f;
    struct tarn_io *io;
    void *watch, *container;
    int32_t fd;

    fixture_begin(&f);
    spec.permissions = &f.host.permissions;
    CU_ASSERT_EQUAL_FATAL(file_volumes_watch_open(&f.host.call, f.pool, &watch, &fd), TARN_OK);
    CU_ASSERT_EQUAL_FATAL(file_volumes_volume_allocate(&f.host.call, f.pool, &spec, &container,
                                                       &io), TARN_OK);
    tarn_io_close(&f.host.call, io);
    CU_ASSERT_EQUAL(file_volumes_watch_read(&f.host.call, f.pool, watch), TARN_OK);
    CU_ASSERT_EQUAL(f.host.changed_count, 0);
    CU_ASSERT_EQUAL(file_volumes_volume_publish(&f.host.call, f.pool, container), TARN_OK);
    CU_ASSERT_TRUE(readable(fd));
    CU_ASSERT_EQUAL(file_volumes_watch_read(&f.host.call, f.pool, watch), TARN_OK);
    CU_ASSERT_TRUE(fake_pool_host_changed(&f.host, "new"));
    file_volumes_watch_close(f.pool, watch);
    fixture_end(&f);
}

static void watch_survives_a_new_directory(void)
{
    struct fixture f;
    void *watch;
    int32_t fd;

    fixture_begin(&f);
    CU_ASSERT_EQUAL_FATAL(file_volumes_watch_open(&f.host.call, f.pool, &watch, &fd), TARN_OK);
    CU_ASSERT_EQUAL(rename(f.dir, fixture_path(&f, "away")), 0);
    mkdir(f.dir, 0755);
    while (!fake_pool_host_changed(&f.host, NULL) && readable(fd))
        CU_ASSERT_EQUAL(file_volumes_watch_read(&f.host.call, f.pool, watch), TARN_OK);
    CU_ASSERT_TRUE(fake_pool_host_changed(&f.host, NULL));
    fixture_put(&f, "pool/a", "x");
    CU_ASSERT_EQUAL(file_volumes_watch_read(&f.host.call, f.pool, watch), TARN_OK);
    CU_ASSERT_TRUE(fake_pool_host_changed(&f.host, "a"));
    file_volumes_watch_close(f.pool, watch);
    rmdir(fixture_path(&f, "away"));
    fixture_end(&f);
}

/* The queue holds fs.inotify.max_queued_events. */
static void watch_overflow(void)
{
    unsigned long limit = 0, i;
    FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
    struct fixture f;
    void *watch;
    int32_t fd;

    if (file == NULL || fscanf(file, "%lu", &limit) != 1 || limit > 100000) {
        unit_skip("needs to know a reasonable fs.inotify.max_queued_events");
        limit = 0;
    }
    if (file != NULL)
        fclose(file);
    if (limit == 0)
        return;
    fixture_begin(&f);
    fixture_put(&f, "pool/a", "x");
    fixture_put(&f, "pool/b", "x");
    CU_ASSERT_EQUAL_FATAL(file_volumes_watch_open(&f.host.call, f.pool, &watch, &fd), TARN_OK);
    for (i = 0; i <= limit; i++)
        chmod(fixture_path(&f, i % 2 ? "pool/a" : "pool/b"), 0600);
    CU_ASSERT_EQUAL(file_volumes_watch_read(&f.host.call, f.pool, watch), TARN_OK);
    CU_ASSERT_EQUAL(f.host.changed_anything, 1);
    file_volumes_watch_close(f.pool, watch);
    fixture_end(&f);
}

static void watch_of_what_is_not_there(void)
{
    struct fixture f;
    void *watch;
    int32_t fd;

    fixture_begin(&f);
    rmdir(f.dir);
    CU_ASSERT_EQUAL(file_volumes_watch_open(&f.host.call, f.pool, &watch, &fd), TARN_E_NOT_FOUND);
    fixture_end(&f);
}

static const struct unit_test tests[] = {
    { "a definition needs an absolute target and claims it", definition },
    { "build makes parents, whatever the umask", build_makes_parents },
    { "build gives what the permissions ask for", build_applies_permissions },
    { "build gives a mode that forbids listing", build_of_a_directory_that_cannot_be_listed },
    { "build changes of a directory that is there only what was asked for",
      build_of_what_is_there },
    { "build refuses the flags for devices", build_refuses_overwrite_flags },
    { "build that fails leaves nothing behind", build_undoes_itself },
    { "build names what is in the way", build_names_what_is_in_the_way },
    { "build switches copy-on-write or says that it cannot", build_switches_copy_on_write },
    { "check tells whether the directory is there", check_says_whether_it_is_there },
    { "start names the missing component of the path", start_names_the_component },
    { "start names the missing permission", start_names_the_permission },
    { "remove takes an empty directory, and tells what is in another", remove_only_when_empty },
    { "info tells the filesystem's sizes and the directory's permissions", info_is_statvfs },
    { "a watch tells names, once per deed", watch_tells_names },
    { "a watch tells a published volume, and not before", watch_tells_a_published_volume },
    { "a watch goes on in a directory that was made anew", watch_survives_a_new_directory },
    { "a watch that lost events says that anything may have changed", watch_overflow },
    { "a watch of a directory that is gone is refused", watch_of_what_is_not_there },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("file-volumes-pool", tests);
}
