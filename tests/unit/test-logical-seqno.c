/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether metadata on a device are those of a report, and name a volume. The devices are files,
 * made as LVM makes them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helpers/le.h"
#include "modules/logical/report.h"
#include "tests/unit/unit.h"

#define SIZE 65536

static uint8_t disk[SIZE];
static char path[] = "/var/tmp/tarn-seqno-XXXXXX";
static struct pv device = { .name = path, .uuid = "P", .metadata = true };
static struct vg group = { .name = "vg", .uuid = "Ab-1", .seqno = 7, .pvs = &device,
                           .pv_count = 1 };

/* A label in the second sector, a metadata area at 4096, its text 1024 behind. */
static void make(const char *text)
{
    uint8_t *label = disk + 512, *area = disk + 4096;

    memset(disk, 0, sizeof(disk));
    memcpy(label, "LABELONE", 8);
    le32_store(label + 20, 32);
    memcpy(label + 24, "LVM2 001", 8);
    le64_store(label + 72, 1 << 20); /* a data area, the end of these, a metadata area */
    le64_store(label + 104, 4096);
    le64_store(label + 112, SIZE - 4096);
    memcpy(area + 4, " LVM2 x[5A%r0N*>", 16);
    le64_store(area + 24, 4096);
    le64_store(area + 32, SIZE - 4096);
    le64_store(area + 40, 1024);
    le64_store(area + 48, strlen(text));
    memcpy(area + 1024, text, strlen(text));
}

/* false: this folder's filesystem cannot do without its cache. */
static bool put(void)
{
    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

    CU_ASSERT_EQUAL(pwrite(fd, disk, SIZE, 0), SIZE);
    close(fd);
    fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
    if (fd < 0)
        unit_skip("/var/tmp is on a filesystem without O_DIRECT");
    else
        close(fd);
    return fd >= 0;
}

#define TEXT "vg {\nid = \"Ab-1\"\nseqno = 7\nformat = \"lvm2\"\n"

static void same(void)
{
    make(TEXT);
    if (!put())
        return;
    CU_ASSERT(vg_is_current(&group));
    group.missing = 1;
    CU_ASSERT(!vg_is_current(&group));
    group.missing = 0;
    device.metadata = false; /* nobody to ask */
    CU_ASSERT(!vg_is_current(&group));
    device.metadata = true;
}

static void changed(void)
{
    static const char *const texts[] = {
        "vg {\nid = \"Ab-1\"\nseqno = 8\n",   "vg {\nid = \"Ab-1\"\nseqno = 70\n",
        "vg {\nid = \"Ab-2\"\nseqno = 7\n",   "vg2 {\nid = \"Ab-1\"\nseqno = 7\n", "", NULL,
    };
    size_t i;

    for (i = 0; texts[i] != NULL; i++) {
        make(texts[i]);
        if (!put())
            return;
        CU_ASSERT(!vg_is_current(&group));
    }
}

/* What lies around the text leads nobody astray. */
static void damaged(void)
{
    static const size_t places[] = { 512, 532, 536, 584, 616, 4100, 4135, 4136, 4137, 4143, 4156 };
    size_t i;

    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        make(TEXT);
        disk[places[i]] ^= 0xff;
        if (!put())
            return;
        /* Where the data begin is nobody's concern here. */
        CU_ASSERT_EQUAL(vg_is_current(&group), places[i] == 584);
    }
}

static void names(void)
{
    make("vg {\nid = \"Ab-1\"\nseqno = 9\nlogical_volumes {\n\nfoo {\nid = \"x\"\n");
    if (!put())
        return;
    CU_ASSERT(!vg_lacks(&group, "foo"));
    CU_ASSERT(vg_lacks(&group, "fo"));
    CU_ASSERT(vg_lacks(&group, "oo"));
    CU_ASSERT(vg_lacks(&group, "bar"));
    make("vg {\nid = \"Ab-2\"\nseqno = 9\n");
    put();
    CU_ASSERT(!vg_lacks(&group, "bar")); /* of another group nothing is known */
    group.missing = 1;
    CU_ASSERT(!vg_lacks(&group, "bar"));
    group.missing = 0;
}

static void gone(void)
{
    device.name = "/nonexistent/device";
    CU_ASSERT(!vg_is_current(&group));
    device.name = path;
    CU_ASSERT_EQUAL(truncate(path, 600), 0);
    CU_ASSERT(!vg_is_current(&group));
    CU_ASSERT(!vg_lacks(&group, "bar"));
}

static const struct unit_test tests[] = {
    { "the same metadata are known", same },
    { "others are not", changed },
    { "damaged structures are not", damaged },
    { "a volume is found by its name, or surely is not there", names },
    { "nor a device that is gone, or short", gone },
    { NULL, NULL },
};

int main(void)
{
    int fd = mkstemp(path);
    int status;

    if (fd < 0)
        return 1;
    close(fd);
    status = unit_main("logical-seqno", tests);
    unlink(path);
    return status;
}
