/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * core/xml/source-xml.c and source-print.c: <source> alone, as discovery has it.
 */
#include "core/xml/source-xml.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

static void a_source_is_read(void)
{
    static const char xml[] = "<source><host name='h' port='2049'/><format type='nfs'/></source>";
    const struct tarn_source *source = NULL;
    struct arena *arena = arena_new();

    CU_ASSERT_EQUAL_FATAL(source_xml_parse(&source, arena, xml, strlen(xml), NULL), TARN_OK);
    CU_ASSERT_EQUAL(source->struct_size, sizeof(*source));
    CU_ASSERT_STRING_EQUAL(source->hosts[0]->name, "h");
    CU_ASSERT_EQUAL(source->hosts[0]->port, 2049);
    CU_ASSERT_PTR_NULL(source->devices[0]);
    CU_ASSERT_STRING_EQUAL(source->format, "nfs");
    CU_ASSERT_PTR_NULL(source->dir);
    arena_free(arena);
}

static void refused(const char *xml, const char *because)
{
    const struct tarn_source *source = NULL;
    struct arena *arena = arena_new();
    struct tarn_error *error = NULL;

    CU_ASSERT_EQUAL(source_xml_parse(&source, arena, xml, strlen(xml), &error), TARN_E_INVALID);
    CU_ASSERT_PTR_NULL(source);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_PTR_NOT_NULL(strstr(tarn_error_message(error), because));
    tarn_error_free(error);
    arena_free(arena);
}

static void broken_sources(void)
{
    refused("", "empty");
    refused("<sources/>", "<source> is expected");
    refused("<source>\n<host/></source>", "line 2: <host> has no attribute name");
    refused("<!DOCTYPE source><source/>", "DOCTYPE");
}

static void sources_are_printed(void)
{
    static const struct tarn_source_host host = { sizeof(host), 0, "nfs.example.com" };
    static const struct tarn_source_host *const hosts[] = { &host, NULL };
    static const struct tarn_source_device device = { sizeof(device), 0, "/dev/<sda>" };
    static const struct tarn_source_device *const devices[] = { &device, NULL };
    static const struct tarn_source share = {
        .struct_size = sizeof(share), .hosts = hosts, .dir = "/export", .format = "nfs",
    };
    static const struct tarn_source group = {
        .struct_size = sizeof(group), .devices = devices, .name = "vg\x01", .format = "lvm2",
    };
    static const struct tarn_source *const both[] = { &share, &group, NULL };
    char *text = NULL;

    CU_ASSERT_EQUAL_FATAL(source_xml_print_list(&text, both, NULL), TARN_OK);
    CU_ASSERT_STRING_EQUAL(text, "<sources>\n"
                                 "  <source>\n"
                                 "    <host name='nfs.example.com'/>\n"
                                 "    <dir path='/export'/>\n"
                                 "    <format type='nfs'/>\n"
                                 "  </source>\n"
                                 "  <source>\n"
                                 "    <device path='/dev/&lt;sda&gt;'/>\n"
                                 "    <name>vg\xef\x80\x81</name>\n"
                                 "    <format type='lvm2'/>\n"
                                 "  </source>\n"
                                 "</sources>\n");
    free(text);
}

static void no_sources(void)
{
    static const struct tarn_source *const none[] = { NULL };
    char *text = NULL;

    CU_ASSERT_EQUAL_FATAL(source_xml_print_list(&text, none, NULL), TARN_OK);
    CU_ASSERT_STRING_EQUAL(text, "<sources>\n</sources>\n");
    free(text);
}

static const struct unit_test tests[] = {
    { "a source is read", a_source_is_read },
    { "broken sources are refused", broken_sources },
    { "sources are printed", sources_are_printed },
    { "no sources", no_sources },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("source-xml", tests);
}
