/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tests of helpers/mounted-volumes.h with filesystems in memory, in a mount namespace of this
 * program's own: what is done when the mount is not, or no longer, what it should be.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helpers/mounted-volumes.h"
#include "tests/unit/fake-pool-host.h"
#include "tests/unit/unit.h"

static struct fake_pool_host host;
static struct mounted_volumes pool;
static char top[64], target[96];
static bool allowed; /* to mount */
static const struct mount_request ours = { .source = "ours", .type = "tmpfs",
                                           .options = "mode=700,size=1m" };

static bool is_ours(const struct mounted_volumes *volumes, const struct mount_entry *entry)
{
    CU_ASSERT_PTR_EQUAL(volumes, &pool);
    return strcmp(entry->source, "ours") == 0;
}

static bool begin(void)
{
    if (!allowed) {
        unit_skip("mounting is not allowed here");
        return false;
    }
    fake_pool_host_init(&host, target);
    CU_ASSERT_EQUAL(mkdir(target, 0755), 0);
    CU_ASSERT_EQUAL(mounted_volumes_init(&host.call, &pool, is_ours), TARN_OK);
    return true;
}

static void end(void)
{
    mounted_volumes_fini(&pool);
    while (umount2(target, MNT_DETACH) == 0)
        ;
    CU_ASSERT_EQUAL(rmdir(target), 0); /* so nothing is in it */
    fake_pool_host_fini(&host);
}

static void start(void)
{
    fake_pool_host_forget(&host);
    CU_ASSERT_EQUAL_FATAL(mounted_volumes_start(&host.call, &pool, &ours), TARN_OK);
}

static uint32_t is_active(void)
{
    uint32_t active = 7;

    CU_ASSERT_EQUAL(mounted_volumes_check(&host.call, &pool, &active), TARN_OK);
    return active;
}

/* Creates a volume and gives it up, or tells why not. */
static int32_t touch(void)
{
    struct tarn_container_spec spec = { .struct_size = sizeof(spec), .name = "disk",
                                        .permissions = &host.permissions };
    struct tarn_io *io;
    void *container;
    int32_t status;

    fake_pool_host_forget(&host);
    status = file_volumes_volume_allocate(&host.call, &pool, &spec, &container, &io);
    if (status != TARN_OK)
        return status;
    tarn_io_close(&host.call, io);
    file_volumes_volume_abort(&host.call, &pool, container);
    return TARN_OK;
}

/* --- */

static void life(void)
{
    struct mount_entry entry;
    bool found;

    CU_ASSERT_EQUAL(is_active(), 0);
    CU_ASSERT_EQUAL(touch(), TARN_E_STATE);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.text, "nothing is mounted on"));
    host.pool.mount_options = (const char *const[]){ "size=2m", "noatime", NULL };
    start();
    CU_ASSERT_EQUAL(is_active(), 1);
    CU_ASSERT_EQUAL(mount_find(&host.call, target, &entry, &found), TARN_OK);
    CU_ASSERT_TRUE_FATAL(found);
    CU_ASSERT_PTR_NOT_NULL(strstr(entry.options, "nosuid,nodev,noexec"));
    CU_ASSERT_PTR_NOT_NULL(strstr(entry.options, "size=2048k")); /* the definition's */
    CU_ASSERT_PTR_NOT_NULL(strstr(entry.options, "noatime"));
    CU_ASSERT_PTR_NOT_NULL(strstr(entry.options, "mode=700"));
    mount_entry_clear(&entry);
    CU_ASSERT_EQUAL(touch(), TARN_OK);
    start(); /* of what is mounted already */
    CU_ASSERT_EQUAL(mounted_volumes_remove(&host.call, &pool), TARN_E_STATE);
    CU_ASSERT_EQUAL(mounted_volumes_stop(&host.call, &pool, 0), TARN_OK);
    CU_ASSERT_EQUAL(is_active(), 0);
    CU_ASSERT_EQUAL(mounted_volumes_stop(&host.call, &pool, 0), TARN_OK);
    CU_ASSERT_EQUAL(mounted_volumes_remove(&host.call, &pool), TARN_OK);
    CU_ASSERT_EQUAL(mounted_volumes_start(&host.call, &pool, &ours), TARN_E_NOT_FOUND);
    CU_ASSERT_EQUAL(mkdir(target, 0755), 0);
}

static void unmounted_behind_our_back(void)
{
    uint32_t active = 7;

    start();
    CU_ASSERT_EQUAL(touch(), TARN_OK);
    CU_ASSERT_EQUAL(umount(target), 0);
    CU_ASSERT_EQUAL(touch(), TARN_E_STATE);
    CU_ASSERT_EQUAL(file_volumes_refresh(&host.call, &pool), TARN_E_STATE);
    CU_ASSERT_EQUAL(file_volumes_info(&host.call, &pool), TARN_E_STATE);
    CU_ASSERT_EQUAL(file_volumes_volume_delete(&host.call, &pool, "x"), TARN_E_STATE);
    CU_ASSERT_EQUAL(file_volumes_volume_lookup(&host.call, &pool, "x"), TARN_E_STATE);
    CU_ASSERT_EQUAL(file_volumes_recover(&host.call, &pool), TARN_E_STATE);
    fake_pool_host_forget(&host);
    CU_ASSERT_EQUAL(file_volumes_check(&host.call, &pool, &active), TARN_OK);
    CU_ASSERT_EQUAL(active, 0);
    CU_ASSERT_EQUAL(host.status, TARN_OK);
    CU_ASSERT_EQUAL(is_active(), 0);
    start();
    CU_ASSERT_EQUAL(touch(), TARN_OK);
}

/* The number of the mount that went is given to the next one. */
static void replaced_behind_our_back(void)
{
    start();
    CU_ASSERT_EQUAL(touch(), TARN_OK);
    CU_ASSERT_EQUAL(umount(target), 0);
    CU_ASSERT_EQUAL(mount("theirs", target, "tmpfs", 0, NULL), 0);
    CU_ASSERT_EQUAL(touch(), TARN_E_STATE);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.text, "is not the pool's source"));
    CU_ASSERT_EQUAL(is_active(), 0);
    fake_pool_host_forget(&host);
    CU_ASSERT_EQUAL(mounted_volumes_start(&host.call, &pool, &ours), TARN_E_BUSY);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.text, "theirs (tmpfs) is mounted on"));
    /* What is not ours is not unmounted. */
    CU_ASSERT_EQUAL(mounted_volumes_stop(&host.call, &pool, TARN_STOP_FORCE), TARN_OK);
    CU_ASSERT_EQUAL(umount(target), 0);
}

static void covered(void)
{
    start();
    CU_ASSERT_EQUAL(mount("theirs", target, "tmpfs", 0, NULL), 0);
    CU_ASSERT_EQUAL(touch(), TARN_E_STATE);
    CU_ASSERT_EQUAL(is_active(), 0);
    CU_ASSERT_EQUAL(umount(target), 0);
    CU_ASSERT_EQUAL(touch(), TARN_OK);
    CU_ASSERT_EQUAL(is_active(), 1);
}

/* A folder of something else that is mounted at a place above. */
static void folder_of_another_mount(void)
{
    CU_ASSERT_EQUAL(mount("ours", top, "tmpfs", 0, NULL), 0);
    CU_ASSERT_EQUAL(mkdir(target, 0755), 0);
    CU_ASSERT_EQUAL(touch(), TARN_E_STATE);
    CU_ASSERT_EQUAL(is_active(), 0);
    CU_ASSERT_EQUAL(umount(top), 0);
}

static void not_a_folder(void)
{
    CU_ASSERT_EQUAL(rmdir(target), 0);
    CU_ASSERT_EQUAL(close(open(target, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
    CU_ASSERT_EQUAL(mounted_volumes_start(&host.call, &pool, &ours), TARN_E_INVALID);
    CU_ASSERT_EQUAL(unlink(target), 0);
    CU_ASSERT_EQUAL(mkdir(target, 0755), 0);
}

/* The table is not read again as long as nothing is mounted or unmounted anywhere. */
static void remembered(void)
{
    start();
    CU_ASSERT_EQUAL(touch(), TARN_OK);
    CU_ASSERT_NOT_EQUAL(pool.known, 0);
    pool.is_ours = NULL;
    CU_ASSERT_EQUAL(touch(), TARN_OK);
    pool.is_ours = is_ours;
}

#define TEST(function) \
    static void run_##function(void) \
    { \
        if (begin()) { \
            function(); \
            end(); \
        } \
    }

TEST(life)
TEST(unmounted_behind_our_back)
TEST(replaced_behind_our_back)
TEST(covered)
TEST(folder_of_another_mount)
TEST(not_a_folder)
TEST(remembered)

static const struct unit_test tests[] = {
    { "a pool is mounted with the options of type and definition, and unmounted", run_life },
    { "nothing is done where it was unmounted behind our back", run_unmounted_behind_our_back },
    { "another mount in its place is not taken for it", run_replaced_behind_our_back },
    { "a mount over it hides it for as long as it is there", run_covered },
    { "a folder of a mount is no mount", run_folder_of_another_mount },
    { "a target that is no folder is refused", run_not_a_folder },
    { "what was found out holds until the table of mounts changes", run_remembered },
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
    failed = unit_main("mounted-volumes", tests);
    return rmdir(top) == 0 ? failed : 99;
}
