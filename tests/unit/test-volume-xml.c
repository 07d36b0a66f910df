/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * core/xml/volume-xml.c: volumes in libvirt's order and layout.
 */
#include "core/xml/volume-xml.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/sample-volumes.h"
#include "tests/unit/unit.h"

static void prints(const struct volume_xml *volume, const char *expected)
{
    char *text = NULL;

    CU_ASSERT_EQUAL_FATAL(volume_xml_print(&text, volume, NULL), TARN_OK);
    CU_ASSERT_STRING_EQUAL(text, expected);
    free(text);
}

static void a_file(void)
{
    prints(&sample_raw, "<volume type='file'>\n"
                        "  <name>&lt;sparse&gt;.img</name>\n"
                        "  <key>/srv/images/&lt;sparse&gt;.img</key>\n"
                        "  <capacity unit='bytes'>10737418240</capacity>\n"
                        "  <allocation unit='bytes'>4096</allocation>\n"
                        "  <physical unit='bytes'>10737418240</physical>\n"
                        "  <target>\n"
                        "    <path>/srv/images/&lt;sparse&gt;.img</path>\n"
                        "    <format type='raw'/>\n"
                        "    <permissions>\n"
                        "      <mode>0600</mode>\n"
                        "      <owner>107</owner>\n"
                        "      <group>107</group>\n"
                        "      <label>system_u:object_r:virt_image_t:s0</label>\n"
                        "    </permissions>\n"
                        "    <timestamps>\n"
                        "      <atime>1341933637.273190990</atime>\n"
                        "      <mtime>1341930622</mtime>\n"
                        "      <ctime>1341930622.047245868</ctime>\n"
                        "    </timestamps>\n"
                        "  </target>\n"
                        "</volume>\n");
}

static void an_image(void)
{
    prints(&sample_qcow2, "<volume type='file'>\n"
                          "  <name>overlay.qcow2</name>\n"
                          "  <key>images/overlay</key>\n"
                          "  <capacity unit='bytes'>5368709120</capacity>\n"
                          "  <allocation unit='bytes'>200704</allocation>\n"
                          "  <physical unit='bytes'>197120</physical>\n"
                          "  <target>\n"
                          "    <path>/srv/images/overlay.qcow2</path>\n"
                          "    <format type='qcow2'/>\n"
                          "    <timestamps>\n"
                          "      <btime>1500000000.000000001</btime>\n"
                          "    </timestamps>\n"
                          "    <encryption format='luks'/>\n"
                          "    <compat>1.1</compat>\n"
                          "    <clusterSize unit='B'>131072</clusterSize>\n"
                          "    <features>\n"
                          "      <lazy_refcounts/>\n"
                          "      <extended_l2/>\n"
                          "    </features>\n"
                          "  </target>\n"
                          "  <backingStore>\n"
                          "    <path>/srv/images/base &amp; co.img</path>\n"
                          "    <format type='raw'/>\n"
                          "  </backingStore>\n"
                          "</volume>\n");
}

static void extents(void)
{
    prints(&sample_logical, "<volume type='block'>\n"
                            "  <name>swap</name>\n"
                            "  <key>QImvFh-1Yqz-kSeH-gFvU-hQ9V-zqT3-ZlCmvs</key>\n"
                            "  <source>\n"
                            "    <device path='/dev/sda1'>\n"
                            "      <extent start='0' end='1073741824'/>\n"
                            "      <extent start='2147483648' end='3221225472'/>\n"
                            "    </device>\n"
                            "    <device path='/dev/sdb1'>\n"
                            "      <extent start='1073741824' end='2147483648'/>\n"
                            "    </device>\n"
                            "  </source>\n"
                            "  <capacity unit='bytes'>3221225472</capacity>\n"
                            "  <allocation unit='bytes'>3221225472</allocation>\n"
                            "  <physical unit='bytes'>3221225472</physical>\n"
                            "  <target>\n"
                            "    <path>/dev/vg0/swap</path>\n"
                            "  </target>\n"
                            "</volume>\n");
}

/* And a time before the epoch, which the schema cannot hold either. */
static void odd_names(void)
{
    prints(&sample_odd, "<volume type='file'>\n"
                        "  <name>tab\tbell\xef\x80\x87" "byte\xef\x83\xbf</name>\n"
                        "  <key>/srv/images/tab\tbell\xef\x80\x87" "byte\xef\x83\xbf</key>\n"
                        "  <capacity unit='bytes'>0</capacity>\n"
                        "  <allocation unit='bytes'>0</allocation>\n"
                        "  <target>\n"
                        "    <path>/srv/images/tab\tbell\xef\x80\x87" "byte\xef\x83\xbf</path>\n"
                        "    <format type='raw'/>\n"
                        "  </target>\n"
                        "</volume>\n");
}

static void what_is_missing_is_left_out(void)
{
    static const char *const features[] = { "no element", "", "9lives", NULL };
    static const struct tarn_volume_info info = { .struct_size = sizeof(info), .name = "v" };
    static const struct tarn_image_info image = {
        .struct_size = sizeof(image), .features = features, .encryption = "aes",
    };
    static const struct volume_xml volume = { .info = &info, .image = &image };

    prints(&volume, "<volume>\n"
                    "  <name>v</name>\n"
                    "  <capacity unit='bytes'>0</capacity>\n"
                    "  <allocation unit='bytes'>0</allocation>\n"
                    "  <target>\n"
                    "    <encryption format='qcow'/>\n"
                    "    <features/>\n"
                    "  </target>\n"
                    "</volume>\n");
}

static const struct unit_test tests[] = {
    { "a file", a_file },
    { "an image with a backing store", an_image },
    { "extents share their device", extents },
    { "a name that XML cannot hold", odd_names },
    { "what is missing is left out", what_is_missing_is_left_out },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("volume-xml", tests);
}
