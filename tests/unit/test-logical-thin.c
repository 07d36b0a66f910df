/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A thin pool's marks and limit, with a kernel and a group of the test's own.
 */
#include <string.h>

#include "modules/logical/dm.h"
#include "modules/logical/logical.h"
#include "tests/unit/fake-host.h"
#include "tests/unit/unit.h"

static struct fake_host host;
static struct dm_state kernel;
static unsigned notices;
static char last[256];

int32_t dm_look(struct tarn_call *call, const struct vg *vg, const struct lv *lv,
                struct dm_state *out)
{
    (void)call;
    (void)vg;
    (void)lv;
    *out = kernel;
    return TARN_OK;
}

int32_t logical_look(struct tarn_call *call, struct logical *pool, struct vg **out)
{
    (void)pool;
    *out = NULL;
    return tarn_fail(call, TARN_E_NOT_FOUND, 0, "not here");
}

int32_t logical_recall(struct tarn_call *call, struct logical *pool, struct vg **out)
{
    return logical_look(call, pool, out);
}

static void take_notice(struct tarn_call *call, uint32_t kind, const char *volume, const char *text)
{
    (void)call;
    CU_ASSERT_EQUAL(kind, TARN_NOTICE_WATERMARK);
    CU_ASSERT_PTR_NULL(volume);
    notices++;
    strncpy(last, text, sizeof(last) - 1);
}

static struct lv lvs[] = {
    { .name = "a", .uuid = "A", .layout = "thin,sparse", .origin = "", .pool = "tp",
      .tags = "", .visible = true, .size = 600 },
    { .name = "tp", .uuid = "T", .layout = "thin,pool", .origin = "", .pool = "",
      .tags = "", .visible = true, .size = 1000 },
};
static struct vg group = { .name = "vg", .uuid = "V", .lvs = lvs, .lv_count = 2 };
static char thin_name[] = "tp";
static char group_name[] = "vg";

static struct logical pool_with(unsigned overcommit)
{
    struct logical pool = { .group = group_name, .lock = PTHREAD_MUTEX_INITIALIZER };

    pool.settings.thin_pool = thin_name;
    pool.settings.overcommit = overcommit;
    pool.settings.marks[0] = 50;
    pool.settings.marks[1] = 80;
    fake_host_init(&host);
    host.table.notify = take_notice;
    notices = 0;
    kernel = (struct dm_state){ .active = true, .room = 100, .metadata_room = 100 };
    return pool;
}

static void used(struct logical *pool, uint64_t data, uint64_t metadata)
{
    kernel.used = data;
    kernel.metadata_used = metadata;
    logical_watermarks(&host.call, pool, &group);
}

static void once_for_each_mark(void)
{
    struct logical pool = pool_with(0);

    used(&pool, 49, 0);
    CU_ASSERT_EQUAL(notices, 0);
    used(&pool, 50, 0);
    used(&pool, 79, 0);
    CU_ASSERT_EQUAL(notices, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(last, "the data of the thin pool vg/tp are over 50 "));
    used(&pool, 99, 0);
    used(&pool, 100, 0);
    CU_ASSERT_EQUAL(notices, 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(last, "over 80 percent"));
    fake_host_clear(&host);
}

static void again_after_it_was_left(void)
{
    struct logical pool = pool_with(0);

    used(&pool, 90, 0);
    used(&pool, 60, 0);
    CU_ASSERT_EQUAL(notices, 1);
    used(&pool, 90, 0);
    CU_ASSERT_EQUAL(notices, 2);
    fake_host_clear(&host);
}

static void metadata_too(void)
{
    struct logical pool = pool_with(0);

    used(&pool, 0, 85);
    CU_ASSERT_EQUAL(notices, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(last, "the metadata of the thin pool vg/tp are over 80"));
    kernel.active = false;
    used(&pool, 100, 100);
    CU_ASSERT_EQUAL(notices, 1);
    fake_host_clear(&host);
}

static void limit(void)
{
    struct logical pool = pool_with(200);

    CU_ASSERT_EQUAL(logical_thin_afford(&host.call, &pool, &group, 1400), TARN_OK);
    CU_ASSERT_EQUAL(logical_thin_afford(&host.call, &pool, &group, 1500), TARN_E_NO_SPACE);
    CU_ASSERT_EQUAL(logical_thin_afford(&host.call, &pool, &group, UINT64_MAX), TARN_E_NO_SPACE);
    fake_host_clear(&host);
    pool = pool_with(0);
    CU_ASSERT_EQUAL(logical_thin_afford(&host.call, &pool, &group, UINT64_MAX), TARN_OK);
    fake_host_clear(&host);
}

static const struct unit_test tests[] = {
    { "each mark is told once", once_for_each_mark },
    { "and again after the fill was below it", again_after_it_was_left },
    { "metadata have marks, too; an inactive pool is not known", metadata_too },
    { "the limit of what may be promised", limit },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("logical-thin", tests);
}
