/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * core/xml/capabilities-xml.c
 */
#include "core/xml/capabilities-xml.h"

#include <stdlib.h>

#include "tests/unit/sample-types.h"
#include "tests/unit/unit.h"

static void prints(const struct pool_capability *list, const char *expected)
{
    char *text = NULL;

    CU_ASSERT_EQUAL_FATAL(capabilities_xml_print(&text, list, sample_image_formats, NULL),
                          TARN_OK);
    CU_ASSERT_STRING_EQUAL(text, expected);
    free(text);
}

static void types_with_images_have_their_formats(void)
{
    const struct pool_capability list[] = { { "dir", sample_type("dir") }, { NULL, NULL } };

    prints(list, "<storagepoolCapabilities>\n"
                 "  <pool type='dir' supported='yes'>\n"
                 "    <volOptions>\n"
                 "      <defaultFormat type='raw'/>\n"
                 "      <enum name='targetFormatType'>\n"
                 "        <value>raw</value>\n"
                 "        <value>bochs</value>\n"
                 "        <value>cloop</value>\n"
                 "        <value>qcow2</value>\n"
                 "        <value>vmdk</value>\n"
                 "        <value>dir</value>\n"
                 "      </enum>\n"
                 "    </volOptions>\n"
                 "  </pool>\n"
                 "</storagepoolCapabilities>\n");
}

static void types_without_formats_and_modules(void)
{
    const struct pool_capability list[] = {
        { "absent", NULL },
        { "iscsi", sample_type("iscsi") },
        { "logical", sample_type("logical") },
        { NULL, NULL },
    };

    prints(list, "<storagepoolCapabilities>\n"
                 "  <pool type='absent' supported='no'/>\n"
                 "  <pool type='iscsi' supported='yes'/>\n"
                 "  <pool type='logical' supported='yes'>\n"
                 "    <poolOptions>\n"
                 "      <defaultFormat type='lvm2'/>\n"
                 "      <enum name='sourceFormatType'>\n"
                 "        <value>unknown</value>\n"
                 "        <value>lvm2</value>\n"
                 "      </enum>\n"
                 "    </poolOptions>\n"
                 "  </pool>\n"
                 "</storagepoolCapabilities>\n");
}

static void no_types(void)
{
    const struct pool_capability none[] = { { NULL, NULL } };

    prints(none, "<storagepoolCapabilities>\n</storagepoolCapabilities>\n");
}

static const struct unit_test tests[] = {
    { "types with images have the image formats too", types_with_images_have_their_formats },
    { "types without formats, and without a module", types_without_formats_and_modules },
    { "no types", no_types },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("capabilities-xml", tests);
}
