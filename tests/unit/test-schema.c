/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * core/schema*.c: what is valid, what is refused with which words, and fragments of modules. Whole
 * definitions are validated by tests/xml/test-round-trip.sh.
 */
#include "core/schema/schema.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/sample-types.h"
#include "tests/unit/unit.h"

#define TARGET "<target><path>/t</path></target>"
#define NAMED(type, content) "<pool type='" type "'><name>p</name>" content "</pool>"
#define GRAMMAR(content) \
    "<grammar xmlns='http://relaxng.org/ns/structure/1.0' xmlns:o='urn:own' " \
    "datatypeLibrary='http://www.w3.org/2001/XMLSchema-datatypes'>\n" content "</grammar>"

static struct schema *schema_of(const struct tarn_pool_type *type)
{
    struct tarn_error *error = NULL;
    struct schema *schema = NULL;

    schema_for_pool(&schema, type, &error);
    if (error != NULL)
        printf("# %s\n", tarn_error_message(error));
    tarn_error_free(error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(schema);
    return schema;
}

static void judge(const struct schema *schema, const char *xml, int status, const char *because)
{
    struct tarn_error *error = NULL;

    CU_ASSERT_EQUAL(schema_validate(schema, xml, strlen(xml), &error), status);
    if (because == NULL) {
        CU_ASSERT_PTR_NULL(error);
    } else {
        CU_ASSERT_PTR_NOT_NULL_FATAL(error);
        CU_ASSERT_PTR_NOT_NULL(strstr(tarn_error_message(error), because));
    }
    if (error != NULL && (because == NULL || strstr(tarn_error_message(error), because) == NULL))
        printf("# expected '%s', got '%s'\n", because, tarn_error_message(error));
    tarn_error_free(error);
}

static void valid(const char *type, const char *xml)
{
    struct schema *schema = schema_of(sample_type(type));

    judge(schema, xml, TARN_OK, NULL);
    schema_free(schema);
}

static void refused(const char *type, const char *xml, const char *because)
{
    struct schema *schema = schema_of(sample_type(type));

    judge(schema, xml, TARN_E_SCHEMA, because);
    schema_free(schema);
}

static void any_order_and_output(void)
{
    valid("dir", "<pool type='dir'>" TARGET "<available unit='TiB'>1</available><name>p</name>"
                 "<capacity>1</capacity><allocation unit='kb'> 1 </allocation></pool>");
    valid("disk", NAMED("disk", "<source><format type='gpt'/><device path='/dev/x'>"
                                "<freeExtent start='0' end='1'/></device></source>" TARGET));
    valid("logical", "<pool type='logical'/>");
    valid("iscsi-direct",
          NAMED("iscsi-direct", "<source><initiator><iqn name='q'/></initiator><host name='h'/>"
                                "<device path='iqn.2013-06.com.example:t'/></source>"));
}

static void misspelt_elements(void)
{
    refused("dir", NAMED("dir", "\n\n<targt/>" TARGET),
            "line 3: <targt> is not expected in <pool>; expected: uuid, capacity, allocation, "
            "available, features, source, target");
    refused("dir", NAMED("dir", "<target><path>/t</path>\n<perms/></target>"),
            "line 2: <perms> is not expected in <target>; expected: permissions");
    refused("fs", NAMED("fs", "<source><host name='h'/></source>" TARGET),
            "<host> is not expected in <source>; expected: device, format, vendor, product");
    refused("dir", "<volume/>", "the document element is <volume>");
}

static void wrong_attributes(void)
{
    refused("dir", "<pool type='dir' kind='x'><name>p</name>" TARGET "</pool>",
            "the attribute kind is not expected in <pool>; expected: nothing more");
    refused("fs", NAMED("fs", "<source><device/></source>" TARGET),
            "<device> lacks the attribute path");
    refused("fs", NAMED("dir", "<source><device path='/d'/></source>" TARGET),
            "the attribute type of <pool> is 'dir'; expected: fs");
}

static void missing_and_doubled(void)
{
    refused("dir", "<pool type='dir'>" TARGET "</pool>", "line 1: <pool> lacks <name>");
    refused("dir", NAMED("dir", ""), "<pool> lacks <target>");
    refused("dir", NAMED("dir", "<target/>"), "<target> lacks <path>");
    refused("fs", NAMED("fs", TARGET), "<pool> lacks <source>");
    refused("netfs", NAMED("netfs", "<source><host name='h'/></source>" TARGET),
            "<source> lacks <dir>");
    refused("dir", NAMED("dir", TARGET "\n<name>q</name>"),
            "line 2: <name> stands in <pool> already");
    refused("dir", NAMED("dir", TARGET "stray"), "text is not expected in <pool>");
}

static void wrong_values(void)
{
    refused("dir", NAMED("dir", "<target><path>t</path></target>"),
            "<path> is 't'; expected: an absolute path or a URI");
    refused("dir", NAMED("dir", "<target><path>/t</path><permissions>\n<mode>rwx</mode>"
                                "</permissions></target>"),
            "line 2: <mode> is 'rwx'; expected: an octal number up to 0777");
    refused("dir", NAMED("dir", "<features><cow state='on'/></features>" TARGET),
            "the attribute state of <cow> is 'on'; expected: yes or no");
    refused("netfs", NAMED("netfs", "<source><host name='h'/><dir path='/d'/>"
                                    "<format type='smb'/></source>" TARGET),
            "the attribute type of <format> is 'smb'; expected: auto, nfs, glusterfs, cifs");
    refused("netfs", NAMED("netfs", "<source><host name='h' port='99999'/><dir path='/d'/>"
                                    "</source>" TARGET),
            "the attribute port of <host> is '99999'; expected: a port number");
    refused("dir", NAMED("dir", "<uuid>x</uuid>" TARGET), "<uuid> is 'x'; expected: a UUID");
    refused("dir", NAMED("dir", "<capacity unit='parsec'>1</capacity>" TARGET),
            "the attribute unit of <capacity> is 'parsec'");
    refused("iscsi", NAMED("iscsi", "<source><host name='h'/>\n<auth type='chap' username='u'>"
                                    "<secret/></auth></source>" TARGET),
            "line 2: <secret> is not as the schema wants it");
}

#define FS "xmlns:f='http://libvirt.org/schemas/storagepool/fs/1.0'"

static void other_namespaces(void)
{
    valid("dir", NAMED("dir", "<x:a xmlns:x='u' n='1'>t<x:b/><c xmlns=''/></x:a>"
                              "<source><x:a xmlns:x='u'/></source>"
                              "<target><path>/t</path><a xmlns='u'/></target>"));
    valid("dir", NAMED("dir", TARGET "<f:mount_opts " FS "><odd/></f:mount_opts>"));
    valid("fs", NAMED("fs", "<source><device path='/d'/></source>" TARGET
                            "<f:mount_opts " FS "><f:option name='a'/></f:mount_opts>"));
    refused("fs", NAMED("fs", "<source><device path='/d'/></source>" TARGET
                              "<f:mount_opts " FS "><f:option/></f:mount_opts>"),
            "<option> lacks the attribute name");
    refused("fs", NAMED("fs", "<source><device path='/d'/></source>" TARGET
                              "<f:other " FS "/>"),
            "<other> is not expected in <pool>");
}

static void volumes(void)
{
    struct schema *schema = NULL;

    CU_ASSERT_EQUAL_FATAL(schema_for_volume(&schema, sample_type("dir"), NULL), TARN_OK);
    judge(schema, "<volume><name>v</name><capacity unit='G'>1</capacity></volume>", TARN_OK, NULL);
    judge(schema, "<volume type='file'><key/><target><x:a xmlns:x='u'/><nocow/></target>"
                  "<name>v</name></volume>", TARN_OK, NULL);
    judge(schema, "<volume><name>v</name><target><features><fast/></features></target></volume>",
          TARN_E_SCHEMA, "<fast> is not expected in <features>; expected: lazy_refcounts, "
                         "extended_l2");
    judge(schema, "<volume><name>v</name><capacity>-1</capacity></volume>", TARN_E_SCHEMA,
          "<capacity> is '-1'; expected: a decimal number");
    judge(schema, "<volume><name>v</name><target><compat>2</compat></target></volume>",
          TARN_E_SCHEMA, "<compat> is '2'; expected: a version such as 1.1");
    judge(schema, "<volume><name>v</name><target><t:image xmlns:t='urn:tarn:image:1' "
                  "subformat='flat' compress='no'><t:option name='a' value=''/></t:image>"
                  "</target></volume>", TARN_OK, NULL);
    judge(schema, "<volume><name>v</name><target><t:image xmlns:t='urn:tarn:image:1' "
                  "sub-format='flat'/></target></volume>", TARN_E_SCHEMA, "sub-format");
    judge(schema, "<volume><name>v</name><t:image xmlns:t='urn:tarn:image:1'/></volume>",
          TARN_E_SCHEMA, "image");
    judge(schema, "<volume/>", TARN_E_SCHEMA, "<volume> lacks <name>");
    judge(schema, "<volume", TARN_E_INVALID, "line 1");
    schema_free(schema);
}

static struct tarn_pool_type own_type(const char *fragment)
{
    struct tarn_pool_type type = *sample_type("dir");

    type.name = "own";
    type.schema = fragment;
    type.xml_namespace = "urn:own";
    type.xml_prefix = "o";
    return type;
}

static void fragments_add_elements(void)
{
    struct tarn_pool_type type = own_type(GRAMMAR(
        "<define name='pool.own'><optional><element name='o:level'>"
        "<attribute name='n'><ref name='own.level'/></attribute></element></optional></define>"
        "<define name='own.level'><data type='int' s:says='1 to 9' xmlns:s='" SCHEMA_SAYS "'>"
        "<param name='minInclusive'>1</param><param name='maxInclusive'>9</param></data></define>"
        "<define name='target.own'><optional><element name='flag' ns='urn:own'><empty/></element>"
        "</optional></define>"));
    struct schema *schema = schema_of(&type);

    judge(schema, NAMED("own", TARGET), TARN_OK, NULL);
    judge(schema, NAMED("own", TARGET "<q:level xmlns:q='urn:own' n='9'/><a xmlns='u'/>"), TARN_OK,
          NULL);
    judge(schema, NAMED("own", "<target><path>/t</path><flag xmlns='urn:own'/></target>"), TARN_OK,
          NULL);
    judge(schema, NAMED("own", TARGET "<q:level xmlns:q='urn:own' n='10'/>"), TARN_E_SCHEMA,
          "the attribute n of <level> is '10'; expected: 1 to 9");
    judge(schema, NAMED("own", TARGET "<q:levle xmlns:q='urn:own' n='9'/>"), TARN_E_SCHEMA,
          "<levle> is not expected in <pool>; expected: uuid, capacity, allocation, available, "
          "features, source, o:level");
    judge(schema, NAMED("own", "<source><q:level xmlns:q='urn:own' n='9'/></source>" TARGET),
          TARN_E_SCHEMA, "<level> is not expected in <source>");
    schema_free(schema);
}

static void fragments_replace_patterns(void)
{
    struct tarn_pool_type type = own_type(GRAMMAR(
        "<start><interleave><ref name='pool.name'/><ref name='pool.sizes'/>"
        "<optional><ref name='pool.uuid'/></optional><ref name='pool.target'/></interleave></start>"
        "<define name='target.path'><element name='path'><value>/only</value></element></define>"));
    struct schema *schema = schema_of(&type);

    judge(schema, NAMED("own", "<target><path>/only</path></target>"), TARN_OK, NULL);
    judge(schema, NAMED("own", TARGET), TARN_E_SCHEMA, "<path> is '/t'; expected: /only");
    judge(schema, NAMED("own", "<source/><target><path>/only</path></target>"), TARN_E_SCHEMA,
          "<source> is not expected in <pool>");
    schema_free(schema);
}

static void own_elements_without_a_fragment_are_free(void)
{
    struct tarn_pool_type type = own_type(NULL);
    struct schema *schema = schema_of(&type);

    judge(schema, NAMED("own", TARGET "<q:level xmlns:q='urn:own' n='10'/>"), TARN_OK, NULL);
    schema_free(schema);
}

/* One fragment, two grammars: what it says of the one may refer to patterns that the other lacks. */
static void fragments_are_of_pools_and_volumes(void)
{
    struct tarn_pool_type type = own_type(GRAMMAR(
        "<start><interleave><ref name='pool.name'/><ref name='pool.target'/></interleave></start>"
        "<define name='source.own'><optional><ref name='own.both'/></optional></define>"
        "<define name='own.both'><element name='o:auth'><ref name='own.user'/></element></define>"
        "<define name='own.user'><ref name='source.dir'/></define>"
        "<define name='volume.own'><element name='o:tag'><empty/></element></define>"));
    struct schema *schema = NULL;

    CU_ASSERT_EQUAL(schema_check_type(&type, NULL), TARN_OK);
    CU_ASSERT_EQUAL_FATAL(schema_for_volume(&schema, &type, NULL), TARN_OK);
    judge(schema, "<volume><name>v</name><q:tag xmlns:q='urn:own'/></volume>", TARN_OK, NULL);
    judge(schema, "<volume><name>v</name></volume>", TARN_E_SCHEMA, "o:tag");
    schema_free(schema);
}

static void options_by_name(void)
{
    static const struct tarn_param size = { .struct_size = sizeof(size), .name = "size" };
    static const struct tarn_param *const params[] = { &size, NULL };
    struct tarn_pool_type type = *sample_type("dir");
    struct schema *schema;

#define OPTIONS(content) \
    NAMED("dir", TARGET "<o:options xmlns:o='urn:tarn:options:1'>" content "</o:options>")
    schema = schema_of(&type);
    judge(schema, OPTIONS(""), TARN_E_SCHEMA, "<options> is not expected in <pool>");
    schema_free(schema);
    type.params = params;
    schema = schema_of(&type);
    judge(schema, NAMED("dir", TARGET), TARN_OK, NULL);
    judge(schema, OPTIONS(""), TARN_OK, NULL);
    judge(schema, OPTIONS("<o:option name='size' value='any'/>"), TARN_OK, NULL);
    judge(schema, OPTIONS("<o:option name='size' secret='any'/>"), TARN_OK, NULL);
    judge(schema, OPTIONS("<o:option name='sise' value='any'/>"), TARN_E_SCHEMA, "expected: size");
    judge(schema, OPTIONS("<o:option name='size'/>"), TARN_E_SCHEMA, "options");
    schema_free(schema);
}

static void broken_fragment(const char *fragment, const char *because)
{
    struct tarn_pool_type type = own_type(fragment);
    struct tarn_error *error = NULL;
    struct schema *schema = NULL;

    CU_ASSERT_EQUAL(schema_for_pool(&schema, &type, &error), TARN_E_INTERNAL);
    CU_ASSERT_PTR_NULL(schema);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    if (strstr(tarn_error_message(error), because) == NULL)
        printf("# expected '%s', got '%s'\n", because, tarn_error_message(error));
    CU_ASSERT_PTR_NOT_NULL(strstr(tarn_error_message(error), because));
    tarn_error_free(error);
}

static void broken_fragments(void)
{
    broken_fragment("<grammar", "the schema fragment of the pool type own, line 1");
    broken_fragment("<element/>", "is no <grammar> of RELAX NG");
    broken_fragment(GRAMMAR("\n<include href='/etc/passwd'/>"), "<include> in line 3");
    broken_fragment(GRAMMAR("<define name='pool.own'><externalRef href='x'/></define>"),
                    "<externalRef> in line 2");
    broken_fragment(GRAMMAR("<div/>"), "only <start> and <define>");
    broken_fragment(GRAMMAR("<define name='source.onw'><empty/></define>"),
                    "<define> in line 2, whose name is no pattern of the core's");
    broken_fragment(GRAMMAR("<define name='pool.own'><element name='x'><empty/></element></define>"),
                    "<element> in line 2 that is not of its xml_namespace");
    broken_fragment(GRAMMAR("<define name='own.x'>\n<element name='a' ns='urn:other'>"
                            "<empty/></element></define>"),
                    "<element> in line 3 that is not of its xml_namespace");
    broken_fragment(GRAMMAR("<define name='own.x'><element><choice><name ns='urn:own'>a</name>"
                            "<nsName ns='urn:other'/></choice><empty/></element></define>"),
                    "that is not of its xml_namespace");
    broken_fragment(GRAMMAR("<define name='own.x'><element><anyName/><empty/></element></define>"),
                    "that is not of its xml_namespace");
    broken_fragment(GRAMMAR("<define name='target.path'><element name='o2' ns='urn:other'>"
                            "<empty/></element></define>"), "that is not of its xml_namespace");
    broken_fragment(GRAMMAR("<define name='pool.own'><elemnt name='o:x'/></define>"), "is broken");
    broken_fragment(GRAMMAR("<define name='pool.own'>\n<ref name='nobody'/></define>"),
                    "the schema of the pool type own is broken");
}

/* libxml2 looks at regular expressions no sooner than it needs them. */
static void broken_expressions(void)
{
    struct tarn_pool_type type =
        own_type(GRAMMAR("<define name='pool.own'><optional><element name='o:x'><data type='string'>"
                         "<param name='pattern'>[</param></data></element></optional></define>"));
    struct schema *schema = schema_of(&type);

    judge(schema, NAMED("own", TARGET), TARN_OK, NULL);
    judge(schema, NAMED("own", TARGET "<x xmlns='urn:own'>y</x>"), TARN_E_SCHEMA, "<x>");
    schema_free(schema);
}

/* libxml2 would print what is wrong with a regular expression. */
static void broken_fragments_print_nothing(void)
{
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    dup2(fileno(file), STDERR_FILENO);
    broken_fragments();
    broken_expressions();
    misspelt_elements();
    wrong_values();
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    CU_ASSERT_EQUAL(lseek(fileno(file), 0, SEEK_END), 0);
    fclose(file);
}

/* The explanation looks at values one by one, and must not do so for ever. */
static void long_wrong_documents(void)
{
    char *text = malloc(400000);
    char *end = text;
    struct schema *schema = schema_of(sample_type("iscsi"));

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    end += sprintf(end, "<pool type='iscsi'><name>p</name><source>");
    for (int i = 0; i < 15000; i++)
        end += sprintf(end, "<host name='h'/>");
    strcpy(end, "<host name='?'/></source>" TARGET "</pool>");
    judge(schema, text, TARN_E_SCHEMA, "line 1: <");
    schema_free(schema);
    free(text);
}

static void *worker(void *arg)
{
    const struct schema *schema = arg;
    long faults = 0;

    for (int i = 0; i < 50; i++) {
        faults += schema_validate(schema, NAMED("dir", TARGET), sizeof(NAMED("dir", TARGET)) - 1,
                                  NULL) != TARN_OK;
        faults += schema_validate(schema, NAMED("dir", "<x/>"), sizeof(NAMED("dir", "<x/>")) - 1,
                                  NULL) != TARN_E_SCHEMA;
    }
    return (void *)faults;
}

static void threads(void)
{
    struct schema *schema = schema_of(sample_type("dir"));
    pthread_t all[4];
    void *faults;

    for (size_t i = 0; i < 4; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&all[i], NULL, worker, schema), 0);
    for (size_t i = 0; i < 4; i++) {
        pthread_join(all[i], &faults);
        CU_ASSERT_PTR_NULL(faults);
    }
    schema_free(schema);
    schema_free(NULL);
}

static const struct unit_test tests[] = {
    { "children in any order, and what only output has", any_order_and_output },
    { "misspelt elements: line, and what was expected", misspelt_elements },
    { "wrong and missing attributes", wrong_attributes },
    { "what is missing, twice there, or text", missing_and_doubled },
    { "wrong values: what they are and what was expected", wrong_values },
    { "elements of other namespaces", other_namespaces },
    { "volumes", volumes },
    { "fragments add elements of their own", fragments_add_elements },
    { "fragments replace patterns of the core", fragments_replace_patterns },
    { "own elements without a fragment are not looked at",
      own_elements_without_a_fragment_are_free },
    { "a fragment is of pools and of volumes", fragments_are_of_pools_and_volumes },
    { "options by the names of the parameters", options_by_name },
    { "broken fragments are refused", broken_fragments },
    { "a broken regular expression refuses what it is asked about", broken_expressions },
    { "nothing is printed for any of these", broken_fragments_print_nothing },
    { "explaining a long document ends", long_wrong_documents },
    { "one schema in several threads", threads },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("schema", tests);
}
