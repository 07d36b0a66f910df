/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * core/xml/xml-writer.c: layout, and text of every kind.
 */
#include "core/xml/xml-writer.h"

#include <stdlib.h>
#include <string.h>

#include "core/xml/xml-doc.h"
#include "tests/unit/unit.h"

static void writes(struct xml_writer *writer, const char *expected)
{
    xmlDoc *doc = NULL;
    char *text = NULL;

    CU_ASSERT_EQUAL_FATAL(xml_writer_end(&text, writer, NULL), TARN_OK);
    CU_ASSERT_STRING_EQUAL(text, expected);
    CU_ASSERT_EQUAL(xml_doc_parse(&doc, text, strlen(text), NULL), TARN_OK);
    xmlFreeDoc(doc);
    free(text);
}

static void layout(void)
{
    struct xml_writer *writer = xml_writer_new();

    xml_open(writer, "a");
    xml_attribute(writer, "x", "1");
    xml_text_element(writer, "b", "text");
    xml_text_element(writer, "absent", NULL);
    xml_value_element(writer, "absent", "v", NULL);
    xml_open(writer, "c");
    xml_value_element(writer, "d", "v", "2");
    xml_size_element(writer, "e", "bytes", UINT64_MAX);
    xml_raw_element(writer, "<f xmlns=\"u\"/>");
    xml_close(writer);
    xml_open(writer, "g");
    xml_close_wide(writer);
    xml_empty_element(writer, "h");
    xml_close(writer);
    writes(writer, "<a x='1'>\n"
                   "  <b>text</b>\n"
                   "  <c>\n"
                   "    <d v='2'/>\n"
                   "    <e unit='bytes'>18446744073709551615</e>\n"
                   "    <f xmlns=\"u\"/>\n"
                   "  </c>\n"
                   "  <g>\n"
                   "  </g>\n"
                   "  <h/>\n"
                   "</a>\n");
}

static void escapes(void)
{
    struct xml_writer *writer = xml_writer_new();

    xml_open(writer, "a");
    xml_attribute(writer, "x", "<&>'\"\n\t\r");
    xml_text_element(writer, "b", "<&>'\"\n\t\r");
    xml_close(writer);
    writes(writer, "<a x='&lt;&amp;&gt;&apos;\"&#10;&#9;&#13;'>\n"
                   "  <b>&lt;&amp;&gt;'\"\n\t&#13;</b>\n"
                   "</a>\n");
}

/* U+F001, U+F0FF, … in UTF-8. */
static void stand_ins(void)
{
    struct xml_writer *writer = xml_writer_new();

    xml_open(writer, "a");
    xml_text_element(writer, "b", "\x01|\xff|\xc3|\xef\xbf\xbf|\xc3\xbc|\x7f");
    xml_close(writer);
    writes(writer, "<a>\n"
                   "  <b>\xef\x80\x81|\xef\x83\xbf|\xef\x83\x83|"
                   "\xef\x83\xaf\xef\x82\xbf\xef\x82\xbf|\xc3\xbc|\x7f</b>\n"
                   "</a>\n");
}

static void every_byte_is_well_formed(void)
{
    char pair[3] = "";
    xmlDoc *doc;
    char *text;
    unsigned faults = 0;

    for (unsigned i = 0x0101; i < 0x10000; i++) {
        struct xml_writer *writer = xml_writer_new();

        pair[0] = (char)(i & 0xff);
        pair[1] = (char)(i >> 8);
        xml_open(writer, "a");
        xml_attribute(writer, "x", pair);
        xml_text_element(writer, "b", pair);
        xml_close(writer);
        text = NULL;
        doc = NULL;
        faults += xml_writer_end(&text, writer, NULL) != TARN_OK ||
                  xml_doc_parse(&doc, text, strlen(text), NULL) != TARN_OK;
        xmlFreeDoc(doc);
        free(text);
    }
    CU_ASSERT_EQUAL(faults, 0);
}

static void without_memory(void)
{
    struct tarn_error *error = NULL;
    char *text = NULL;

    xml_open(NULL, "a");
    xml_attribute(NULL, "x", "1");
    xml_text_element(NULL, "b", "c");
    xml_close(NULL);
    CU_ASSERT_EQUAL(xml_writer_end(&text, NULL, &error), TARN_E_INTERNAL);
    CU_ASSERT_PTR_NOT_NULL(error);
    tarn_error_free(error);
}

static const struct unit_test tests[] = {
    { "libvirt's layout", layout },
    { "what XML reserves is escaped", escapes },
    { "bytes that XML cannot hold have stand-ins", stand_ins },
    { "any two bytes give well-formed XML", every_byte_is_well_formed },
    { "no writer is an error at the end alone", without_memory },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("xml-writer", tests);
}
