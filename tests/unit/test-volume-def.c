/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * core/xml/volume-def.c: what the XML of a volume asks for, and what is refused.
 */
#include "core/xml/volume-def.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/sample-types.h"
#include "tests/unit/unit.h"

#define VOLUME(content) "<volume><name>v</name>" content "</volume>"
#define GIB (UINT64_C(1) << 30)

static char warnings[4096];

static void warn(void *arg, const char *text)
{
    size_t length = strlen(warnings);

    (void)arg;
    snprintf(warnings + length, sizeof(warnings) - length, "%s\n", text);
}

static struct volume_def *parsed_as(const char *type, const char *xml, uint32_t flags)
{
    struct tarn_error *error = NULL;
    struct volume_def *def = NULL;

    warnings[0] = '\0';
    volume_def_parse(&def, sample_type(type), xml, strlen(xml), flags, warn, NULL, &error);
    if (error != NULL)
        printf("# %s\n", tarn_error_message(error));
    tarn_error_free(error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(def);
    return def;
}

static struct volume_def *parsed(const char *xml)
{
    return parsed_as("dir", xml, 0);
}

static void refused_as(int status, const char *type, const char *xml, const char *because)
{
    struct tarn_error *error = NULL;
    struct volume_def *def = NULL;

    CU_ASSERT_EQUAL(
        volume_def_parse(&def, sample_type(type), xml, strlen(xml), 0, NULL, NULL, &error), status);
    CU_ASSERT_PTR_NULL(def);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    if (strstr(tarn_error_message(error), because) == NULL)
        printf("# expected '%s', got '%s'\n", because, tarn_error_message(error));
    CU_ASSERT_PTR_NOT_NULL(strstr(tarn_error_message(error), because));
    tarn_error_free(error);
}

static void refused(const char *xml, const char *because)
{
    refused_as(TARN_E_INVALID, "dir", xml, because);
}

static void the_least(void)
{
    static const char xml[] = VOLUME("<capacity>5</capacity>");
    struct volume_def *def = parsed(xml);

    CU_ASSERT_EQUAL(def->abi.struct_size, sizeof(def->abi));
    CU_ASSERT_STRING_EQUAL(def->abi.name, "v");
    CU_ASSERT_STRING_EQUAL(def->abi.format, "raw");
    CU_ASSERT_FALSE(def->format_given);
    CU_ASSERT_TRUE(def->format_is_image);
    CU_ASSERT_EQUAL(def->abi.capacity, 5);
    CU_ASSERT_EQUAL(def->abi.allocation, 5);
    CU_ASSERT_TRUE(def->capacity_given);
    CU_ASSERT_FALSE(def->allocation_given);
    CU_ASSERT_EQUAL(def->abi.permissions->mode, TARN_MODE_UNSET);
    CU_ASSERT_PTR_NULL(def->abi.backing_path);
    CU_ASSERT_PTR_NULL(def->abi.compat);
    CU_ASSERT_EQUAL(def->abi.cluster_size, 0);
    CU_ASSERT_EQUAL(def->abi.nocow, 0);
    CU_ASSERT_PTR_NULL(def->abi.features[0]);
    CU_ASSERT_STRING_EQUAL(def->xml, xml);
    CU_ASSERT_STRING_EQUAL(warnings, "");
    volume_def_free(def);
    volume_def_free(NULL);
}

static void everything(void)
{
    struct volume_def *def =
        parsed(VOLUME("<capacity unit='GiB'>2</capacity><allocation unit='KB'>3</allocation>"
                      "<target><format type='qcow2'/><permissions><mode>0640</mode>"
                      "<owner>7</owner></permissions><compat>0.10</compat>"
                      "<clusterSize unit='KiB'>128</clusterSize><nocow/>"
                      "<features><lazy_refcounts/><extended_l2/></features></target>"
                      "<backingStore><path>/b</path><format type='vmdk'/></backingStore>"));

    CU_ASSERT_EQUAL(def->abi.capacity, 2 * GIB);
    CU_ASSERT_EQUAL(def->abi.allocation, 3000);
    CU_ASSERT_TRUE(def->allocation_given);
    CU_ASSERT_TRUE(def->format_given);
    CU_ASSERT_STRING_EQUAL(def->abi.format, "qcow2");
    CU_ASSERT_EQUAL(def->abi.permissions->mode, 0640);
    CU_ASSERT_EQUAL(def->abi.permissions->owner, 7);
    CU_ASSERT_STRING_EQUAL(def->abi.compat, "0.10");
    CU_ASSERT_EQUAL(def->abi.cluster_size, 131072);
    CU_ASSERT_EQUAL(def->abi.nocow, 1);
    CU_ASSERT_STRING_EQUAL(def->abi.features[0], "lazy_refcounts");
    CU_ASSERT_STRING_EQUAL(def->abi.features[1], "extended_l2");
    CU_ASSERT_PTR_NULL(def->abi.features[2]);
    CU_ASSERT_STRING_EQUAL(def->abi.backing_path, "/b");
    CU_ASSERT_STRING_EQUAL(def->abi.backing_format, "vmdk");
    CU_ASSERT_STRING_EQUAL(warnings, "");
    volume_def_free(def);
}

static void capacity_may_be_missing(void)
{
    struct volume_def *def =
        parsed(VOLUME("<backingStore><path>base</path></backingStore>"));

    CU_ASSERT_FALSE(def->capacity_given);
    CU_ASSERT_EQUAL(def->abi.capacity, 0);
    CU_ASSERT_STRING_EQUAL(def->abi.backing_format, "raw");
    volume_def_free(def);
    def = parsed_as("dir", VOLUME(""), VOLUME_DEF_NO_CAPACITY);
    CU_ASSERT_FALSE(def->capacity_given);
    volume_def_free(def);
    refused(VOLUME(""), "line 1: the volume has no capacity");
    refused(VOLUME("<backingStore><path/></backingStore>"), "has no capacity");
    refused(VOLUME("<backingStore><format type='raw'/></backingStore>"), "has no capacity");
}

static void zero_capacity(void)
{
    struct volume_def *def = parsed(VOLUME("<capacity unit='K'>0</capacity>"));

    CU_ASSERT_TRUE(def->capacity_given);
    CU_ASSERT_EQUAL(def->abi.capacity, 0);
    volume_def_free(def);
}

static void size_refusals(void)
{
    refused(VOLUME("<capacity/>"), "<capacity>: '' is no size");
    refused(VOLUME("<capacity>-1</capacity>"), "'-1' is no size");
    refused(VOLUME("<capacity>1G</capacity>"), "'1G' is no size");
    refused(VOLUME("\n<capacity unit='X'>1</capacity>"), "line 2: <capacity>: 'X' is no unit");
    refused(VOLUME("<capacity>9223372036854775808</capacity>"), "too large");
    refused(VOLUME("<capacity unit='EiB'>8</capacity>"), "too large");
    refused(VOLUME("<capacity>1</capacity><allocation unit='q'>1</allocation>"), "<allocation>:");
    refused(VOLUME("<capacity>1</capacity><target><clusterSize>x</clusterSize></target>"),
            "<clusterSize>: 'x'");
}

static void the_cluster_size_has_64_bits(void)
{
    struct volume_def *def =
        parsed(VOLUME("<capacity>1</capacity><target><clusterSize>18446744073709551615"
                      "</clusterSize></target>"));

    CU_ASSERT_EQUAL(def->abi.cluster_size, UINT64_MAX);
    volume_def_free(def);
    refused(VOLUME("<capacity>1</capacity><target><clusterSize>18446744073709551616"
                   "</clusterSize></target>"), "too large");
}

static void name_left_to_the_storage(void)
{
    const char *nameless = "<volume><capacity>1</capacity></volume>";
    struct volume_def *one = parsed_as("disk", nameless, 0);
    struct volume_def *other = parsed_as("disk", nameless, 0);

    CU_ASSERT_TRUE(one->unnamed);
    CU_ASSERT_STRING_NOT_EQUAL(one->abi.name, other->abi.name);
    volume_def_free(one);
    volume_def_free(other);
    one = parsed_as("disk", VOLUME("<capacity>1</capacity>"), 0);
    CU_ASSERT_FALSE(one->unnamed);
    volume_def_free(one);
    refused_as(TARN_E_INVALID, "disk", "<volume><name/><capacity>1</capacity></volume>",
               "is empty");
}

static void name_refusals(void)
{
    char longest[400];

    refused("<volume><capacity>1</capacity></volume>", "the volume has no name");
    refused("<volume><name/></volume>", "is empty");
    refused("<volume>\n<name>../x</name></volume>", "line 2: the volume name '../x' has a slash");
    refused("<volume><name>..</name></volume>", "means a folder");
    refused("<volume><name>x\n</name></volume>", "line break");
    refused("<volume><name>x\x7f</name></volume>", "control character");
    snprintf(longest, sizeof(longest),
             "<volume><name>%0256d</name><capacity>1</capacity></volume>", 0);
    refused(longest, "too long");
    snprintf(longest, sizeof(longest),
             "<volume><name>%0255d</name><capacity>1</capacity></volume>", 0);
    volume_def_free(parsed(longest));
}

#define FORMAT(name) VOLUME("<capacity>1</capacity><target><format type='" name "'/></target>")

static void formats(void)
{
    struct volume_def *def = parsed(FORMAT("dir"));

    CU_ASSERT_FALSE(def->format_is_image);
    volume_def_free(def);
    /* Whether there is such an image format is the registry's to say. */
    def = parsed(FORMAT("nonsense"));
    CU_ASSERT_TRUE(def->format_is_image);
    volume_def_free(def);
    def = parsed_as("disk", FORMAT("linux-swap"), 0);
    CU_ASSERT_FALSE(def->format_is_image);
    volume_def_free(def);
    def = parsed_as("disk", VOLUME("<capacity>1</capacity>"), 0);
    CU_ASSERT_STRING_EQUAL(def->abi.format, "none");
    volume_def_free(def);
    refused_as(TARN_E_INVALID, "disk", FORMAT("qcow2"), "have no format 'qcow2'");
    refused(FORMAT(""), "<format> has no attribute type");
}

static void types_without_formats(void)
{
    struct volume_def *def = parsed_as("logical", FORMAT("qcow2"), 0);

    CU_ASSERT_PTR_NULL(def->abi.format);
    CU_ASSERT_FALSE(def->format_is_image);
    CU_ASSERT_PTR_NOT_NULL(strstr(warnings, "<format> is ignored"));
    volume_def_free(def);
}

#define WITH_TARGET(content) VOLUME("<capacity>1</capacity><target>" content "</target>")

static void encryption_is_refused(void)
{
    refused_as(TARN_E_UNSUPPORTED, "dir",
               WITH_TARGET("\n<encryption format='luks'><secret type='passphrase' usage='s'/>"
                           "</encryption>"),
               "line 2: <encryption format='luks'>: tarn makes no encrypted volumes");
    refused_as(TARN_E_UNSUPPORTED, "logical", WITH_TARGET("<encryption/>"), "no encrypted");
}

static void features_ask_for_a_version(void)
{
    struct volume_def *def = parsed(WITH_TARGET("<features/>"));

    CU_ASSERT_STRING_EQUAL(def->abi.compat, "1.1");
    CU_ASSERT_PTR_NULL(def->abi.features[0]);
    volume_def_free(def);
    refused(WITH_TARGET("<features><speed/></features>"), "the feature <speed> is unknown");
    refused(WITH_TARGET("<compat>1</compat>"), "<compat> is '1'");
    refused(WITH_TARGET("<compat>1.1 </compat>"), "<compat> is");
    refused(WITH_TARGET("<compat>v3</compat>"), "<compat> is");
    refused(WITH_TARGET("<compat>1.</compat>"), "<compat> is");
}

static void what_output_has_is_no_news(void)
{
    struct volume_def *def = parsed(
        "<volume type='file'><name>v</name><key>k</key><source><device path='/d'>"
        "<extent start='0' end='1'/></device></source><capacity>1</capacity>"
        "<physical>x</physical><target><path>/ignored</path><timestamps><atime>never</atime>"
        "</timestamps></target><x:own xmlns:x='u'/></volume>");

    CU_ASSERT_STRING_EQUAL(warnings, "");
    volume_def_free(def);
    refused("<volume type='tape'><name>v</name></volume>", "the volume type 'tape' is unknown");
}

static void unknown_elements_are_told(void)
{
    struct volume_def *def = parsed(VOLUME("<capacity>1</capacity>\n<capcity>2</capcity>"
                                           "<target><fromat/></target>"
                                           "<backingStore><pth/></backingStore>"));

    CU_ASSERT_PTR_NOT_NULL(strstr(warnings, "line 2: <capcity> is ignored"));
    CU_ASSERT_PTR_NOT_NULL(strstr(warnings, "<fromat> is ignored"));
    CU_ASSERT_PTR_NOT_NULL(strstr(warnings, "<pth> is ignored"));
    volume_def_free(def);
}

static void broken_documents(void)
{
    refused("<pool/>", "<volume> is expected");
    refused("<volume>", "not well-formed");
    refused("<!DOCTYPE volume><volume/>", "DOCTYPE");
    refused(WITH_TARGET("<permissions><mode>8</mode></permissions>"), "<mode> is '8'");
}

#define IMAGE(rest) \
    VOLUME("<capacity>1</capacity><target><format type='vmdk'/>" \
           "<t:image xmlns:t='urn:tarn:image:1' " rest "</target>")

static void image_requests(void)
{
    struct volume_def *def = parsed(IMAGE("subformat='flat' compress='yes'>"
                                          "<t:option name='a' value='1'/><t:option name='b' "
                                          "value=''/></t:image>"));

    CU_ASSERT_STRING_EQUAL(def->image.subformat, "flat");
    CU_ASSERT(def->image.compress);
    CU_ASSERT_STRING_EQUAL(def->image.options[0]->name, "a");
    CU_ASSERT_STRING_EQUAL(def->image.options[0]->value, "1");
    CU_ASSERT_STRING_EQUAL(def->image.options[1]->value, "");
    CU_ASSERT_PTR_NULL(def->image.options[2]);
    volume_def_free(def);
    def = parsed(VOLUME("<capacity>1</capacity>"));
    CU_ASSERT(def->image.subformat == NULL && !def->image.compress && def->image.options == NULL);
    volume_def_free(def);
    refused(IMAGE("sub-format='flat'/>"), "has no attribute 'sub-format'");
    refused(IMAGE("compress='1'/>"), "compress");
    refused(IMAGE("><t:opt/></t:image>"), "has no element <opt>");
    refused(IMAGE("><option/></t:image>"), "has no element <option>");
    refused(IMAGE("><t:option value='1'/></t:image>"), "name");
    refused(IMAGE("><t:option name='a'/></t:image>"), "has no value");
}

static const struct unit_test tests[] = {
    { "the least that a definition needs", the_least },
    { "everything that can be asked for", everything },
    { "capacity may be missing with a backing store or a source", capacity_may_be_missing },
    { "a capacity of 0 is one", zero_capacity },
    { "sizes that are refused", size_refusals },
    { "what is asked of the image in our own words", image_requests },
    { "the cluster size has 64 bits", the_cluster_size_has_64_bits },
    { "a name can be left to the storage", name_left_to_the_storage },
    { "names that are refused", name_refusals },
    { "formats of the pool type, of images, of neither", formats },
    { "pool types without volume formats", types_without_formats },
    { "encryption is refused by name", encryption_is_refused },
    { "features ask for version 1.1", features_ask_for_a_version },
    { "what only output has is read over in silence", what_output_has_is_no_news },
    { "unknown elements are told with their line", unknown_elements_are_told },
    { "broken documents", broken_documents },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("volume-def", tests);
}
