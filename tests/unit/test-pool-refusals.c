/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * core/xml/pool-def-parse.c and pool-def.c: every definition that is refused, and why.
 */
#include "core/xml/pool-def.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/sample-types.h"
#include "tests/unit/unit.h"

#define UUID "2ec115d7-3a88-3ceb-bc12-0ac909a6fd87"
#define DIR(content) "<pool type='dir'>" content "</pool>"
#define NAMED(type, content) "<pool type='" type "'><name>p</name>" content "</pool>"
#define TARGET "<target><path>/t</path></target>"

static void refused(const char *type, const char *xml, const char *because)
{
    struct tarn_error *error = NULL;
    struct pool_def *def = NULL;

    CU_ASSERT_EQUAL(pool_def_parse(&def, sample_type(type), xml, strlen(xml), NULL, NULL, &error),
                    TARN_E_INVALID);
    CU_ASSERT_PTR_NULL(def);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_EQUAL(tarn_error_status(error), TARN_E_INVALID);
    if (strstr(tarn_error_message(error), because) == NULL)
        printf("# expected '%s', got '%s'\n", because, tarn_error_message(error));
    CU_ASSERT_PTR_NOT_NULL(strstr(tarn_error_message(error), because));
    CU_ASSERT_PTR_NULL(strchr(tarn_error_message(error), '\n'));
    tarn_error_free(error);
}

static void accepted(const char *type, const char *xml)
{
    struct pool_def *def = NULL;

    CU_ASSERT_EQUAL(pool_def_parse(&def, sample_type(type), xml, strlen(xml), NULL, NULL, NULL),
                    TARN_OK);
    pool_def_unref(def);
}

static void name_refusals(void)
{
    char longest[400];

    refused("dir", DIR(TARGET), "line 1: the pool has no name");
    refused("dir", DIR("\n<name>a/b</name>" TARGET), "line 2: the pool name 'a/b' has a slash");
    refused("dir", DIR("<name>a\nb</name>" TARGET), "has a line break");
    refused("dir", DIR("<name>a\tb</name>" TARGET), "control character");
    refused("dir", DIR("<name/>" TARGET), "is empty");
    refused("dir", DIR("<name>.</name>" TARGET), "means a folder");
    refused("dir", DIR("<name>..</name>" TARGET), "means a folder");
    snprintf(longest, sizeof(longest), DIR("<name>%0252d</name>" TARGET), 0);
    refused("dir", longest, "is too long");
    snprintf(longest, sizeof(longest), DIR("<name>%0251d</name>" TARGET), 0);
    accepted("dir", longest);
}

static void head_refusals(void)
{
    refused("dir", "<volume/>", "<pool> is expected");
    refused("dir", "<pool xmlns='urn:x'/>", "of no namespace is expected");
    refused("dir", "<pool><name>p</name></pool>", "<pool> has no attribute type");
    refused("dir", NAMED("fs", TARGET), "the pool is of type 'fs', not 'dir'");
    refused("dir", NAMED("dir", "<uuid>1234</uuid>" TARGET), "'1234' is no UUID");
    refused("dir", NAMED("dir", "<uuid/>" TARGET), "'' is no UUID");
}

static void missing_parts(void)
{
    refused("dir", NAMED("dir", ""), "a pool of type dir needs <target><path>");
    refused("dir", NAMED("dir", "<target/>"), "needs <target><path>");
    refused("dir", NAMED("dir", "<target><path/></target>"), "needs <target><path>");
    refused("fs", NAMED("fs", TARGET), "a pool of type fs needs <device");
    refused("netfs", NAMED("netfs", "<source><dir path='/x'/></source>" TARGET), "needs <host");
    refused("netfs", NAMED("netfs", "<source><host name='h'/></source>" TARGET), "needs <dir");
    refused("iscsi", NAMED("iscsi", "<source/>" TARGET), "needs <host");
    refused("iscsi-direct",
            NAMED("iscsi-direct", "<source><host name='h'/><device path='d'/></source>"),
            "needs <initiator>");
}

static void target_refusals(void)
{
    refused("dir", NAMED("dir", "<target>\n<path>t</path></target>"),
            "line 2: the target path 't' is not absolute");
}

static void part_refusals(void)
{
    refused("dir", NAMED("dir", "<source><host/></source>" TARGET), "<host> has no attribute name");
    refused("iscsi", NAMED("iscsi", "<source><host name='h' port='70000'/></source>" TARGET),
            "the port '70000'");
    refused("iscsi", NAMED("iscsi", "<source><host name='h' port='-2'/></source>" TARGET),
            "the port '-2'");
    refused("fs", NAMED("fs", "<source><device/></source>" TARGET),
            "<device> has no attribute path");
    refused("fs", NAMED("fs", "<source><device path='/d' part_separator='on'/></source>" TARGET),
            "part_separator of <device> is 'on': it is yes or no");
    refused("netfs", NAMED("netfs", "<source><host name='h'/><dir path='/d'/>"
                                    "<protocol ver='4,soft'/></source>" TARGET),
            "has a comma");
    refused("netfs", NAMED("netfs", "<source><host name='h'/><dir/></source>" TARGET),
            "<dir> has no attribute path");
}

#define AUTH(auth) NAMED("iscsi", "<source><host name='h'/>" auth "</source>" TARGET)

static void auth_refusals(void)
{
    refused("iscsi", AUTH("<auth username='u'><secret usage='s'/></auth>"), "no attribute type");
    refused("iscsi", AUTH("<auth type='chap'><secret usage='s'/></auth>"), "no attribute username");
    refused("iscsi", AUTH("<auth type='chap' username='u'/>"), "<auth> has no <secret>");
    refused("iscsi", AUTH("<auth type='chap' username='u'><secret/></auth>"),
            "neither uuid nor usage");
    refused("iscsi",
            AUTH("<auth type='chap' username='u'><secret usage='s' uuid='" UUID "'/></auth>"),
            "both uuid and usage");
    refused("iscsi", AUTH("<auth type='chap' username='u'><secret uuid='x'/></auth>"),
            "the secret's uuid 'x' is no UUID");
}

#define FS " xmlns:m='http://libvirt.org/schemas/storagepool/fs/1.0'"

/* Cut anywhere, a definition is refused, and nothing leaks. */
static void truncated_documents(void)
{
    static const char whole[] =
        "<pool type='fs'" FS "><name>p</name><uuid>" UUID "</uuid><source><device path='/d'/>"
        "<x:k xmlns:x='u'>t</x:k></source>" TARGET "<m:mount_opts><m:option name='a'/>"
        "</m:mount_opts></pool>";
    struct pool_def *def = NULL;

    for (size_t length = 0; length < sizeof(whole) - 1; length++)
        CU_ASSERT_EQUAL(pool_def_parse(&def, sample_type("fs"), whole, length, NULL, NULL, NULL),
                        TARN_E_INVALID);
    CU_ASSERT_PTR_NULL(def);
    accepted("fs", whole);
}

static const struct unit_test tests[] = {
    { "names", name_refusals },
    { "wrong root, type or UUID", head_refusals },
    { "parts that a type needs", missing_parts },
    { "a relative target", target_refusals },
    { "broken source parts", part_refusals },
    { "broken <auth>", auth_refusals },
    { "truncated anywhere", truncated_documents },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("pool-refusals", tests);
}
