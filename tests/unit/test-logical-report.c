/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading lvm's report, and what follows from it: where volumes lie, what is lost with a device.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modules/logical/logical.h"
#include "tests/unit/fake-host.h"
#include "tests/unit/unit.h"

#define ROW_LV(name, uuid, layout, size, more) \
    "{\"lv_name\":\"" name "\",\"lv_uuid\":\"" uuid "\",\"lv_size\":\"" size "\",\"lv_layout\":\"" \
    layout "\",\"lv_metadata_size\":\"\"," more "}"
#define PLAIN \
    "\"lv_tags\":\"tarn,blue\",\"origin\":\"\",\"origin_size\":\"\",\"pool_lv\":\"\""
#define ROW_SEG(uuid, type, start, size, ranges) \
    "{\"lv_uuid\":\"" uuid "\",\"segtype\":\"" type "\",\"seg_start\":\"" start \
    "\",\"seg_size\":\"" size "\",\"seg_pe_ranges\":\"" ranges \
    "\",\"zero\":\"unknown\"}"
#define VG(size, missing) \
    "{\"report\":[{\"vg\":[{\"vg_name\":\"vg\",\"vg_uuid\":\"V\",\"vg_seqno\":\"7\"," \
    "\"vg_size\":\"" size "\",\"vg_free\":\"4096\",\"vg_extent_size\":\"1000\"," \
    "\"vg_missing_pv_count\":\"" missing \
    "\",\"vg_exported\":\"\"}],"
#define PVS(second, missing) \
    "\"pv\":[{\"pv_name\":\"/dev/a:b\",\"pv_uuid\":\"P1\",\"pv_missing\":\"\"," \
    "\"pv_mda_used_count\":\"1\"},{\"pv_name\":\"" second "\",\"pv_uuid\":\"P2\"," \
    "\"pv_missing\":\"" missing "\",\"pv_mda_used_count\":\"0\"}],"

/* A linear volume in two segments that come in the wrong order, a striped one, a mirror with its
 * legs, a thin pool with a volume. */
#define LVS \
    "\"lv\":[" ROW_LV("zz", "Z", "linear", "3000", PLAIN) "," \
    ROW_LV("st", "S", "striped", "4000", PLAIN) "," ROW_LV("m", "M", "raid,raid1", "1000", PLAIN) \
    "," ROW_LV("[m_rimage_0]", "M0", "linear", "1000", PLAIN) \
    "," ROW_LV("[m_rimage_1]", "M1", "linear", "1000", PLAIN) \
    "," ROW_LV("tp", "T", "thin,pool", "2000", PLAIN) \
    "," ROW_LV("[tp_tdata]", "TD", "linear", "2000", PLAIN) \
    "," ROW_LV("t", "TV", "thin,sparse", "9000", "\"lv_tags\":\"\",\"origin\":\"[gone]\"," \
               "\"origin_size\":\"\",\"pool_lv\":\"tp\"") "],"
#define SEGS(second) \
    "\"seg\":[" ROW_SEG("Z", "linear", "1000", "2000", second ":10-11") \
    "," ROW_SEG("Z", "linear", "0", "1000", "/dev/a:b:5-5") \
    "," ROW_SEG("S", "striped", "0", "4000", "/dev/a:b:6-7 " second ":0-1") \
    "," ROW_SEG("M", "raid1", "0", "1000", "m_rimage_0:0-0 m_rimage_1:0-0") \
    "," ROW_SEG("M0", "linear", "0", "1000", "/dev/a:b:1-1") \
    "," ROW_SEG("M1", "linear", "0", "1000", second ":2-2") \
    "," ROW_SEG("T", "thin-pool", "0", "2000", "tp_tdata:0-1") \
    "," ROW_SEG("TD", "linear", "0", "2000", second ":3-4") \
    "," ROW_SEG("TV", "thin", "0", "9000", "") "],\"pvseg\":[]}]}"

static const char whole[] = VG("99000", "0") PVS("/dev/c", "") LVS SEGS("/dev/c");
static const char maimed[] = VG("99000", "1") PVS("[unknown]", "missing") LVS SEGS("[unknown]");

static struct fake_host host;

static struct vg *parse(const char *text)
{
    struct vg_list groups;
    struct vg *vg = NULL;

    fake_host_init(&host);
    CU_ASSERT_EQUAL(report_parse(&host.call, text, strlen(text), &groups), TARN_OK);
    CU_ASSERT_EQUAL_FATAL(groups.count, 1);
    vg = vg_ref(groups.list[0]);
    vg_list_clear(&groups);
    return vg;
}

static void end(struct vg *vg)
{
    vg_unref(vg);
    fake_host_clear(&host);
}

static void numbers_and_names(void)
{
    struct vg *vg = parse(whole);
    const struct lv *lv = vg_find(vg, "zz");

    CU_ASSERT_EQUAL(vg->seqno, 7);
    CU_ASSERT_EQUAL(vg->size, 99000);
    CU_ASSERT_EQUAL(vg->free, 4096);
    CU_ASSERT_EQUAL(vg->pv_count, 2);
    CU_ASSERT(vg->pvs[0].metadata && !vg->pvs[1].metadata);
    CU_ASSERT_PTR_NOT_NULL_FATAL(lv);
    CU_ASSERT(lv->visible && lv_is_ours(lv, "tarn") && lv_is_ours(lv, "blue"));
    CU_ASSERT(!lv_is_ours(lv, "tar"));
    CU_ASSERT_EQUAL(lv->segment_count, 2);
    CU_ASSERT_EQUAL(lv->segments[0].start, 0);
    CU_ASSERT(!vg_find(vg, "m_rimage_0")->visible);
    CU_ASSERT_STRING_EQUAL(vg_find(vg, "t")->origin, "gone");
    CU_ASSERT(lv_is_thin(vg_find(vg, "t")) && lv_is_thin_pool(vg_find(vg, "tp")));
    CU_ASSERT_PTR_NULL(vg_find(vg, "nobody"));
    end(vg);
}

static void check_extents(const struct vg *vg, const char *name, const char *wanted)
{
    const struct tarn_device_extent *const *list = logical_extents(vg, vg_find(vg, name));
    const struct tarn_device_extent *const *extent = list;
    char text[512] = "";
    size_t length = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(list);
    for (; *extent != NULL; extent++)
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%s %llu-%llu;",
                                   (*extent)->device, (unsigned long long)(*extent)->start,
                                   (unsigned long long)(*extent)->end);
    CU_ASSERT_STRING_EQUAL(text, wanted);
    free((void *)(uintptr_t)list);
}

static void places(void)
{
    struct vg *vg = parse(whole);

    check_extents(vg, "zz", "/dev/a:b 5000-6000;/dev/c 10000-12000;");
    check_extents(vg, "st", "/dev/a:b 6000-8000;/dev/c 0-2000;");
    check_extents(vg, "m", "/dev/a:b 1000-2000;/dev/c 2000-3000;");
    check_extents(vg, "tp", "/dev/c 3000-5000;");
    check_extents(vg, "t", "");
    end(vg);
}

static void losses(void)
{
    struct vg *vg = parse(maimed);

    CU_ASSERT(logical_is_partial(vg, vg_find(vg, "m")));
    CU_ASSERT(logical_survives(vg, vg_find(vg, "m")));
    CU_ASSERT(logical_is_partial(vg, vg_find(vg, "st")));
    CU_ASSERT(!logical_survives(vg, vg_find(vg, "st")));
    CU_ASSERT(logical_is_partial(vg, vg_find(vg, "t")));
    CU_ASSERT(!logical_survives(vg, vg_find(vg, "t")));
    end(vg);
    vg = parse(whole);
    CU_ASSERT(!logical_is_partial(vg, vg_find(vg, "zz")));
    CU_ASSERT(logical_survives(vg, vg_find(vg, "zz")));
    end(vg);
}

/* Each is wrong in one place. */
static void refused(void)
{
    static const char *const texts[] = {
        "", "{", "[]", "{\"report\":{}}",
        VG("many", "0") PVS("/dev/c", "") LVS SEGS("/dev/c"),
        VG("-1", "0") PVS("/dev/c", "") LVS SEGS("/dev/c"),
        VG("9223372036854775808", "0") PVS("/dev/c", "") LVS SEGS("/dev/c"),
        VG("100", "0") PVS("/dev/c", "") LVS SEGS("/dev/c"),
        VG("99000", "0") LVS SEGS("/dev/c"),
        VG("99000", "0") PVS("/dev/c", "") "\"lv\":[{\"lv_name\":\"x\"}]," SEGS("/dev/c"),
        VG("99000", "0") PVS("/dev/c", "") "\"lv\":[" ROW_LV("x", "1", "linear", "1", PLAIN) ","
            ROW_LV("x", "2", "linear", "1", PLAIN) "]," SEGS("/dev/c"),
        NULL,
    };
    struct vg_list groups;
    size_t i;

    for (i = 0; texts[i] != NULL; i++) {
        fake_host_init(&host);
        CU_ASSERT_EQUAL(report_parse(&host.call, texts[i], strlen(texts[i]), &groups), TARN_E_IO);
        CU_ASSERT_EQUAL(host.failures, 1);
        CU_ASSERT_EQUAL(groups.count, 0);
        fake_host_clear(&host);
    }
}

/* Parts that go in circles come from no lvm; they end all the same. */
static void circles(void)
{
    struct vg *vg = parse(VG("99000", "0") PVS("/dev/c", "") "\"lv\":["
                          ROW_LV("x", "X", "linear", "1", PLAIN) ","
                          ROW_LV("y", "Y", "linear", "1", PLAIN) "],\"seg\":["
                          ROW_SEG("X", "linear", "0", "1", "y:0-0") ","
                          ROW_SEG("Y", "linear", "0", "1", "x:0-0 x:1-1 :0-0 z:9-1 z:1- q") "]}]}");

    check_extents(vg, "x", "");
    CU_ASSERT(!logical_is_partial(vg, vg_find(vg, "x")));
    CU_ASSERT(logical_survives(vg, vg_find(vg, "x")));
    end(vg);
}

/* A machine without groups, and devices that are in none. */
static void nothing(void)
{
    static const char none[] = "{\"report\":[]}";
    static const char orphans[] = "{\"report\":[{\"vg\":[{\"vg_name\":\"\"}],\"pv\":[]}]}";
    struct vg_list groups;

    fake_host_init(&host);
    CU_ASSERT_EQUAL(report_parse(&host.call, none, strlen(none), &groups), TARN_OK);
    CU_ASSERT_EQUAL(groups.count, 0);
    vg_list_clear(&groups);
    CU_ASSERT_EQUAL(report_parse(&host.call, orphans, strlen(orphans), &groups), TARN_OK);
    CU_ASSERT_EQUAL(groups.count, 0);
    vg_list_clear(&groups);
    fake_host_clear(&host);
}

static const struct unit_test tests[] = {
    { "names, numbers, tags, and segments in their order", numbers_and_names },
    { "extents: segments, stripes and legs, each its own", places },
    { "what is lost with a device, and what survives", losses },
    { "a report that makes no sense is refused", refused },
    { "parts that go in circles end", circles },
    { "no group is no failure", nothing },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("logical-report", tests);
}
