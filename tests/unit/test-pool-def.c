/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * core/pool-def*.c and pool-head.c: what the XML of a pool becomes. What is refused
 * besides is test-pool-refusals.c's, how it prints is tests/xml/test-round-trip.sh's.
 */
#include "core/xml/pool-def.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tarn/call.h>

#include "tests/unit/sample-types.h"
#include "tests/unit/unit.h"

#define UUID "2ec115d7-3a88-3ceb-bc12-0ac909a6fd87"
#define DIR(content) "<pool type='dir'>" content "</pool>"
#define NAMED(type, content) "<pool type='" type "'><name>p</name>" content "</pool>"
#define TARGET "<target><path>/t</path></target>"

static char warnings[4096];

static void warn(void *arg, const char *text)
{
    size_t length = strlen(warnings);

    (void)arg;
    snprintf(warnings + length, sizeof(warnings) - length, "%s\n", text);
}

static struct pool_def *parsed(const char *type, const char *xml)
{
    struct tarn_error *error = NULL;
    struct pool_def *def = NULL;

    warnings[0] = '\0';
    pool_def_parse(&def, sample_type(type), xml, strlen(xml), warn, NULL, &error);
    if (error != NULL)
        printf("# %s\n", tarn_error_message(error));
    tarn_error_free(error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(def);
    return def;
}

static char *printed(const struct pool_def *def, const struct tarn_pool_info *info)
{
    char *text = NULL;

    CU_ASSERT_EQUAL_FATAL(pool_def_print(&text, def, info, NULL, NULL), TARN_OK);
    return text;
}

static void refused_as(int status, const char *type, const char *xml, const char *because)
{
    struct tarn_error *error = NULL;
    struct pool_def *def = NULL;

    CU_ASSERT_EQUAL(pool_def_parse(&def, sample_type(type), xml, strlen(xml), NULL, NULL, &error),
                    status);
    CU_ASSERT_PTR_NULL(def);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_EQUAL(tarn_error_status(error), status);
    if (strstr(tarn_error_message(error), because) == NULL)
        printf("# expected '%s', got '%s'\n", because, tarn_error_message(error));
    CU_ASSERT_PTR_NOT_NULL(strstr(tarn_error_message(error), because));
    CU_ASSERT_PTR_NULL(strchr(tarn_error_message(error), '\n'));
    tarn_error_free(error);
}

static void refused(const char *type, const char *xml, const char *because)
{
    refused_as(TARN_E_INVALID, type, xml, because);
}

static void the_least(void)
{
    struct pool_def *def = parsed("dir", NAMED("dir", TARGET));

    CU_ASSERT_EQUAL(def->abi.struct_size, sizeof(def->abi));
    CU_ASSERT_STRING_EQUAL(def->abi.type, "dir");
    CU_ASSERT_STRING_EQUAL(def->abi.name, "p");
    CU_ASSERT_EQUAL(strlen(def->abi.uuid), 36);
    CU_ASSERT_STRING_EQUAL(def->abi.target_path, "/t");
    CU_ASSERT_EQUAL(def->abi.cow, 0);
    CU_ASSERT_EQUAL(def->abi.permissions->mode, TARN_MODE_UNSET);
    CU_ASSERT_EQUAL(def->abi.permissions->owner, TARN_OWNER_UNSET);
    CU_ASSERT_PTR_NULL(def->abi.permissions->label);
    CU_ASSERT_PTR_NULL(def->abi.source->hosts[0]);
    CU_ASSERT_PTR_NULL(def->abi.source->devices[0]);
    CU_ASSERT_PTR_NULL(def->abi.mount_options[0]);
    CU_ASSERT_STRING_EQUAL(warnings, "");
    pool_def_unref(def);
}

static void all_source_parts(void)
{
    struct pool_def *def = parsed(
        "iscsi", NAMED("iscsi", "<source><host name='h' port='9'/><host name='i'/>"
                                "<device path='d' part_separator='yes'/><vendor name='v'/>"
                                "<initiator><iqn name='q'/></initiator><product name='r'/>"
                                "<auth type='chap' username='u'><secret usage='s'/></auth>"
                                "</source>" TARGET));
    const struct tarn_source *source = def->abi.source;

    CU_ASSERT_STRING_EQUAL(source->hosts[0]->name, "h");
    CU_ASSERT_EQUAL(source->hosts[0]->port, 9);
    CU_ASSERT_STRING_EQUAL(source->hosts[1]->name, "i");
    CU_ASSERT_EQUAL(source->hosts[1]->port, 0);
    CU_ASSERT_PTR_NULL(source->hosts[2]);
    CU_ASSERT_STRING_EQUAL(source->devices[0]->path, "d");
    CU_ASSERT_EQUAL(source->devices[0]->part_separator, 1);
    CU_ASSERT_STRING_EQUAL(source->initiator_iqn, "q");
    CU_ASSERT_STRING_EQUAL(source->auth->type, "chap");
    CU_ASSERT_STRING_EQUAL(source->auth->username, "u");
    CU_ASSERT_STRING_EQUAL(source->auth->secret_usage, "s");
    CU_ASSERT_PTR_NULL(source->auth->secret_uuid);
    CU_ASSERT_STRING_EQUAL(source->vendor, "v");
    CU_ASSERT_STRING_EQUAL(source->product, "r");
    pool_def_unref(def);
}

static void names_stand_in_for_each_other(void)
{
    struct pool_def *def = parsed("logical", "<pool type='logical'><source><name>vg</name></source>"
                                             "</pool>");

    CU_ASSERT_STRING_EQUAL(def->abi.name, "vg");
    pool_def_unref(def);
    def = parsed("logical", NAMED("logical", ""));
    CU_ASSERT_STRING_EQUAL(def->abi.source->name, "p");
    pool_def_unref(def);
    def = parsed("logical", NAMED("logical", "<source><name>vg</name></source>"));
    CU_ASSERT_STRING_EQUAL(def->abi.name, "p");
    CU_ASSERT_STRING_EQUAL(def->abi.source->name, "vg");
    pool_def_unref(def);
    refused("logical", "<pool type='logical'/>", "the pool has no name");
}

static void default_source_formats(void)
{
    struct pool_def *def = parsed("disk", NAMED("disk", "<source><device path='/dev/x'/></source>"
                                                        TARGET));

    CU_ASSERT_STRING_EQUAL(def->abi.source->format, "unknown");
    pool_def_unref(def);
    refused("disk",
            NAMED("disk", "<source><device path='/dev/x'/>\n<format type='ext4'/></source>" TARGET),
            "line 2: a pool of type disk has no source format 'ext4': use one of unknown, dos");
}

static void what_a_type_has_not_is_dropped(void)
{
    struct pool_def *def = parsed(
        "dir", NAMED("dir", "<source><host name='h'/>\n<device path='/d'/><dir path='/x'/>"
                            "<name>n</name><format type='odd'/><protocol ver='3'/></source>"
                            TARGET));
    char *text = printed(def, NULL);

    CU_ASSERT_PTR_NULL(def->abi.source->hosts[0]);
    CU_ASSERT_PTR_NULL(def->abi.source->devices[0]);
    CU_ASSERT_PTR_NULL(def->abi.source->format);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "  <source>\n  </source>\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(warnings, "line 1: <host> is ignored: the source of a pool of "
                                            "type dir has none\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(warnings, "line 2: <device> is ignored"));
    CU_ASSERT_PTR_NOT_NULL(strstr(warnings, "<protocol> is ignored"));
    free(text);
    pool_def_unref(def);
}

static void unknown_elements_are_told(void)
{
    struct pool_def *def =
        parsed("dir", NAMED("dir", "\n<targt/>\n<source><hots/></source>\n<target><path>/t</path>"
                                   "\n<x/><permissions><mood/></permissions></target>"
                                   "<target><path>/other</path></target>"
                                   "<features><fast/></features>"));

    CU_ASSERT_STRING_EQUAL(def->abi.target_path, "/t");
    CU_ASSERT_PTR_NOT_NULL(strstr(warnings, "line 2: <targt> is ignored"));
    CU_ASSERT_PTR_NOT_NULL(strstr(warnings, "line 3: <hots> is ignored"));
    CU_ASSERT_PTR_NOT_NULL(strstr(warnings, "line 5: <x> is ignored"));
    CU_ASSERT_PTR_NOT_NULL(strstr(warnings, "<mood> is ignored"));
    CU_ASSERT_PTR_NOT_NULL(strstr(warnings, "<fast> is ignored"));
    CU_ASSERT_PTR_NOT_NULL(strstr(warnings, "line 5: <target> is ignored: it stands in <pool> "
                                            "already"));
    pool_def_unref(def);
}

static void what_output_has_is_no_news(void)
{
    struct pool_def *def =
        parsed("disk", NAMED("disk", "<capacity unit='XB'>-3</capacity><allocation/>"
                                     "<available>1</available><source><device path='/dev/x'>"
                                     "<freeExtent start='0' end='1'/></device></source>" TARGET));

    CU_ASSERT_STRING_EQUAL(warnings, "");
    pool_def_unref(def);
}

#define MODE(text) \
    NAMED("dir", "<target><path>/t</path><permissions>" text "</permissions></target>")

static void permissions(void)
{
    struct pool_def *def = parsed("dir", MODE("<mode> 0711 </mode><owner>-1</owner>"
                                              "<group>0744</group><label>l</label>"));

    CU_ASSERT_EQUAL(def->abi.permissions->mode, 0711);
    CU_ASSERT_EQUAL(def->abi.permissions->owner, TARN_OWNER_UNSET);
    CU_ASSERT_EQUAL(def->abi.permissions->group, 744);
    CU_ASSERT_STRING_EQUAL(def->abi.permissions->label, "l");
    pool_def_unref(def);
    refused("dir", MODE("<mode>9</mode>"), "<mode> is '9': it is an octal number");
    refused("dir", MODE("<mode>01000</mode>"), "octal number up to 0777");
    refused("dir", MODE("<mode>-1</mode>"), "octal");
    refused("dir", MODE("<mode/>"), "octal");
    refused("dir", MODE("<mode>7 7</mode>"), "octal");
    refused("dir", MODE("<owner>root</owner>"), "<owner> is 'root'");
    refused("dir", MODE("<owner>-2</owner>"), "<owner> is '-2'");
    refused("dir", MODE("<group>4294967296</group>"), "<group> is '4294967296'");
}

static void copy_on_write(void)
{
    struct pool_def *def =
        parsed("dir", NAMED("dir", "<features><cow state='no'/></features>" TARGET));

    CU_ASSERT_EQUAL(def->abi.cow, 2);
    pool_def_unref(def);
    refused("dir", NAMED("dir", "<features><cow/></features>" TARGET), "no attribute state");
    refused("dir", NAMED("dir", "<features><cow state='on'/></features>" TARGET), "yes or no");
    refused_as(TARN_E_UNSUPPORTED, "disk",
               NAMED("disk", "<features><cow state='no'/></features><source>"
                             "<device path='/d'/></source>" TARGET),
               "cannot switch copy-on-write");
}

#define FS " xmlns:m='http://libvirt.org/schemas/storagepool/fs/1.0'"
#define MOUNT(type, options) \
    "<pool type='" type "'" FS "><name>p</name><source><device path='/d'/></source>" TARGET \
    "<m:mount_opts>" options "</m:mount_opts></pool>"

static void mount_options(void)
{
    struct pool_def *def = parsed("fs", MOUNT("fs", "<m:option name='a'/><m:option name='b=1'/>"));

    CU_ASSERT_STRING_EQUAL(def->abi.mount_options[0], "a");
    CU_ASSERT_STRING_EQUAL(def->abi.mount_options[1], "b=1");
    CU_ASSERT_PTR_NULL(def->abi.mount_options[2]);
    CU_ASSERT_PTR_NULL(def->kept.in_pool[0]);
    pool_def_unref(def);
    refused("fs", MOUNT("fs", "<m:option/>"), "<option> has no attribute name");
    refused("fs", MOUNT("fs", "<m:option name=''/>"), "<option> has no attribute name");
}

/* To a type that mounts nothing they are another namespace's affair. */
static void mount_options_of_others_are_kept(void)
{
    struct pool_def *def = parsed("disk", MOUNT("disk", "<m:option name='a'/>"));

    CU_ASSERT_PTR_NULL(def->abi.mount_options[0]);
    CU_ASSERT_PTR_NOT_NULL_FATAL(def->kept.in_pool[0]);
    CU_ASSERT_PTR_NOT_NULL(strstr(def->kept.in_pool[0], "m:option name=\"a\""));
    pool_def_unref(def);
}

static void paths_are_cleaned(void)
{
    static const char *const paths[][2] = {
        { "///a//b/", "/a/b" }, { "//a", "//a" },     { "//", "/" },     { "/", "/" },
        { "///", "/" },         { "/a/./b", "/a/./b" }, { "a//b/", "a/b" }, { "", "" },
        { "nbd://a//b/", "nbd://a//b/" }, { "//a//", "//a" }, { "/a/..//", "/a/.." },
    };
    struct arena *arena = arena_new();

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        CU_ASSERT_STRING_EQUAL(pool_path_clean(arena, paths[i][0]), paths[i][1]);
    CU_ASSERT_PTR_NULL(pool_path_clean(arena, NULL));
    arena_free(arena);
}

static void amendments(void)
{
    struct pool_def *def = parsed("logical", NAMED("logical", ""));
    struct tarn_error *error = NULL;
    char *text;

    CU_ASSERT_EQUAL(pool_def_amend(def, TARN_AMEND_TARGET_PATH, "/dev//vg/", NULL), TARN_OK);
    CU_ASSERT_EQUAL(pool_def_amend(def, TARN_AMEND_SOURCE_NAME, "vg", NULL), TARN_OK);
    CU_ASSERT_EQUAL(pool_def_amend(def, TARN_AMEND_SOURCE_FORMAT, "unknown", NULL), TARN_OK);
    CU_ASSERT_STRING_EQUAL(def->abi.target_path, "/dev/vg");
    text = printed(def, NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "<path>/dev/vg</path>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "<name>vg</name>\n    <format type='unknown'/>"));
    free(text);
    CU_ASSERT_EQUAL(pool_def_amend(def, TARN_AMEND_TARGET_PATH, "vg", NULL), TARN_E_INVALID);
    CU_ASSERT_EQUAL(pool_def_amend(def, TARN_AMEND_SOURCE_FORMAT, "ext4", NULL), TARN_E_INVALID);
    CU_ASSERT_EQUAL(pool_def_amend(def, TARN_AMEND_SOURCE_NAME, "", NULL), TARN_E_INVALID);
    CU_ASSERT_EQUAL(pool_def_amend(def, 99, "x", &error), TARN_E_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(error);
    CU_ASSERT_STRING_EQUAL(def->abi.target_path, "/dev/vg");
    tarn_error_free(error);
    pool_def_unref(def);
    def = parsed("dir", NAMED("dir", TARGET));
    CU_ASSERT_EQUAL(pool_def_amend(def, TARN_AMEND_SOURCE_NAME, "x", NULL), TARN_E_INVALID);
    pool_def_unref(def);
}

static void sizes_and_permissions_of_a_running_pool(void)
{
    static const struct tarn_permissions found = {
        .struct_size = sizeof(found), .mode = 0711, .owner = 0, .group = TARN_OWNER_UNSET,
    };
    struct tarn_pool_info info = {
        .struct_size = sizeof(info), .capacity = 30, .allocation = 20, .available = 10,
        .permissions = &found,
    };
    struct pool_def *def = parsed("dir", MODE("<mode>0700</mode>"));
    char *text = printed(def, &info);

    CU_ASSERT_PTR_NOT_NULL(strstr(text, "  <capacity unit='bytes'>30</capacity>\n"
                                        "  <allocation unit='bytes'>20</allocation>\n"
                                        "  <available unit='bytes'>10</available>\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "<mode>0711</mode>\n      <owner>0</owner>\n    </perm"));
    free(text);
    info.permissions = NULL;
    text = printed(def, &info);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "<mode>0700</mode>"));
    free(text);
    pool_def_unref(def);
}

static void references(void)
{
    struct pool_def *def = parsed("dir", NAMED("dir", TARGET));

    CU_ASSERT_PTR_EQUAL(pool_def_ref(def), def);
    pool_def_unref(def);
    CU_ASSERT_STRING_EQUAL(def->abi.name, "p");
    pool_def_unref(def);
    pool_def_unref(NULL);
}

static int head_of(struct pool_head *head, struct arena *arena, const char *xml)
{
    memset(head, 0, sizeof(*head));
    return pool_head_parse(head, arena, xml, strlen(xml), NULL);
}

static void heads(void)
{
    struct arena *arena = arena_new();
    struct pool_head head;

    CU_ASSERT_EQUAL(head_of(&head, arena, "<pool type='new'><name>n</name><uuid>"
                                          "2EC115D73A883CEBBC120AC909A6FD87</uuid><odd/></pool>"),
                    TARN_OK);
    CU_ASSERT_STRING_EQUAL(head.type, "new");
    CU_ASSERT_STRING_EQUAL(head.name, "n");
    CU_ASSERT_STRING_EQUAL(head.uuid, UUID);
    CU_ASSERT_EQUAL(head_of(&head, arena, "<pool type='x'><source><name>s</name></source></pool>"),
                    TARN_OK);
    CU_ASSERT_STRING_EQUAL(head.name, "s");
    CU_ASSERT_PTR_NULL(head.uuid);
    CU_ASSERT_EQUAL(head_of(&head, arena, "<pool type='x'><name>n"), TARN_E_INVALID);
    CU_ASSERT_EQUAL(head_of(&head, arena, "<pool type='x'/>"), TARN_E_INVALID);
    CU_ASSERT_EQUAL(head_of(&head, arena, "<pool><name>n</name></pool>"), TARN_E_INVALID);
    CU_ASSERT_EQUAL(head_of(&head, arena, "<pool type='x'><name>a/b</name></pool>"),
                    TARN_E_INVALID);
    CU_ASSERT_EQUAL(head_of(&head, arena, "<pool type='x'><name>n</name><uuid>u</uuid></pool>"),
                    TARN_E_INVALID);
    CU_ASSERT_PTR_NULL(head.type);
    arena_free(arena);
}

static const struct unit_test tests[] = {
    { "the least that a definition needs", the_least },
    { "all parts of a source", all_source_parts },
    { "pool and source name stand in for each other", names_stand_in_for_each_other },
    { "source formats: default and refusal", default_source_formats },
    { "parts that a type has not are dropped and told", what_a_type_has_not_is_dropped },
    { "unknown elements are told with their line", unknown_elements_are_told },
    { "what only output has is read over in silence", what_output_has_is_no_news },
    { "permissions", permissions },
    { "<cow>", copy_on_write },
    { "mount options", mount_options },
    { "mount options of a type without are kept", mount_options_of_others_are_kept },
    { "paths are cleaned", paths_are_cleaned },
    { "amendments by a module", amendments },
    { "a running pool prints what was found", sizes_and_permissions_of_a_running_pool },
    { "references", references },
    { "heads, without a module", heads },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("pool-def", tests);
}
