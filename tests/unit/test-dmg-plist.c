/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-dmg-plist.c - the property list, the resource fork and base64: what is understood of bytes
 * that nobody vouches for.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/dmg/base64.h"
#include "helpers/be.h"
#include "tests/unit/test-dmg-fixture.h"

/* A table of one chunk: 8 sectors of zeros. */
#define TABLE \
    "bWlzaAAAAAEAAAAAAAAAAAAAAAAAAAAIAAAAAAAAAAAAAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
    "AAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIAAAAAAAAAAAAAAAAAAAAAA=="
#define PART(data) "<dict><key>Name</key><string>x</string><key>Data</key><data>" data \
                   "</data></dict>"
#define LIST(parts) "<plist version=\"1.0\"><dict><key>resource-fork</key><dict><key>blkx</key>" \
                    "<array>" parts "</array></dict></dict></plist>"

struct result {
    int32_t status;
    uint64_t tables;
    uint64_t chunks;
    char name[DMG_NAME_MAX];
    struct dmg_fault fault;
};

static struct result parse(const char *text, uint64_t length)
{
    struct dmg_koly koly = { .sectors = 8, .position = 100000 };
    struct dmg_tables tables = { .count = 0 };
    uint8_t *bytes = malloc(length > 0 ? length : 1); /* exactly: what is read beyond is found */
    struct result result = { .status = TARN_OK };

    if (bytes == NULL)
        exit(99);
    if (length > 0)
        memcpy(bytes, text, length);
    result.status = dmg_plist_tables(&tables, &koly, bytes, length, &result.fault);
    if (result.status == TARN_OK)
        result.status = dmg_tables_finish(&tables, &result.fault);
    result.tables = tables.count;
    result.chunks = tables.chunks;
    if (tables.count > 0)
        memcpy(result.name, tables.table[0].name, sizeof(result.name));
    dmg_tables_free(&tables);
    free(bytes);
    return result;
}

static void good(const char *text, uint64_t tables)
{
    struct result result = parse(text, strlen(text));

    CU_ASSERT_EQUAL(result.status, TARN_OK);
    CU_ASSERT_EQUAL(result.tables, tables);
    CU_ASSERT_EQUAL(result.chunks, tables);
}

static void bad(const char *text, const char *why)
{
    struct result result = parse(text, strlen(text));

    CU_ASSERT_EQUAL(result.status, TARN_E_CORRUPT);
    CU_ASSERT(strstr(result.fault.text, why) != NULL);
}

static void what_apple_writes(void)
{
    good(LIST(PART(TABLE)), 1);
    good(LIST(""), 0);
    good("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST "
         "1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n" LIST(PART(TABLE)) "\n",
         1);
    good("<plist><dict><key>other</key><dict><key>a</key><array><true/><integer>5</integer></array>"
         "</dict><key>resource-fork</key><dict><key>plst</key><array><dict><key>Data</key><data>"
         "bWlzaA==</data></dict></array><key>blkx</key><array>" PART(TABLE)
         "</array></dict><key>empty</key><string></string></dict></plist>", 1);
    good(LIST("<dict><key>Data</key><data>\n\t\t" TABLE "\r\n </data><key>ID</key>"
              "<string>-1</string><key>Extra</key><array/></dict>"), 1);
}

/* QEMU takes every <data> in the file for a table, in a comment or not. */
static void data_elsewhere_are_no_tables(void)
{
    good("<!-- <data>" TABLE "</data> -->" LIST("<!-- " PART(TABLE) " -->"), 0);
    good("<plist><dict><key>x</key><data>" TABLE "</data><key>resource-fork</key><dict><key>blkx"
         "</key><array></array><key>more</key><array>" PART(TABLE) "</array></dict></dict></plist>"
         PART(TABLE), 0);
    good("<plist><dict><key>blkx</key><array>" PART(TABLE) "</array><key>resource-fork</key><dict>"
         "<key>blkx</key><array></array></dict></dict></plist>", 0);
}

static void lists_that_are_damaged(void)
{
    bad("", "an element is missing");
    bad("   \n", "an element is missing");
    bad("plain text", "an element is missing");
    bad("<plist><dict></dict></plist>", "there is no resource-fork");
    bad("<plist><dict><key>resource-fork</key><dict></dict></dict></plist>", "there is no blkx");
    bad("<plist><array></array></plist>", "an element is missing");
    bad("<plist><dict><key>resource-fork</key><array/></dict></plist>", "not one dict");
    bad("<plist><dict><key>resource-fork</key><dict><key>blkx</key><string>x</string></dict></dict>"
        "</plist>", "not one array");
    bad("<plist><dict><key>resource-fork</key><dict><key>blkx</key><array></array></dict><key>"
        "resource-fork</key><dict><key>blkx</key><array></array></dict></dict></plist>",
        "not one dict resource-fork");
    bad("<plist><dict><key>resource-fork</key><dict><key>blkx</key><array></array><key>blkx</key>"
        "<array></array></dict></dict></plist>", "not one array blkx");
    bad(LIST("<dict><key>Name</key><string>x</string></dict>"), "not one Data");
    bad(LIST("<dict><key>Data</key><data>" TABLE "</data><key>Data</key><data>" TABLE
             "</data></dict>"), "not one Data");
    bad(LIST("<dict><key>Data</key><string>" TABLE "</string></dict>"), "not one Data");
    bad(LIST("<dict><key>Data</key></dict>"), "a key has no value");
    bad(LIST("<dict><string>x</string></dict>"), "something that is no key");
    bad(LIST("<string>x</string>"), "a partition is no dict");
    bad(LIST("some text"), "a partition is no dict");
    bad("<plist><dict><key>a</key><dict><array></dict></array></dict></plist>", "no end");
    bad("<plist><dict><key>a</key><string>x</strong></dict></plist>", "no end");
    bad("<plist><dict><!-- never ends", "no key");
    bad("<plist><dict><key>a</key><", "no value");
    bad("<plist><dict><key>a<b/></key>", "no end");
    bad("<" LIST(""), "missing");
    bad("<!DOCTYPE plist [ <!ENTITY a \"b\"> ]>" LIST(""), "missing");
    bad("<plist><dict><![CDATA[x]]></dict></plist>", "no key");
    bad(LIST(PART("bWlzaA==")), "block table 0 has 4 bytes");
    bad(LIST(PART("")), "block table 0 has 0 bytes");
    bad(LIST(PART("AAAA" TABLE)), "and is none");
}

static void nesting_is_bounded(void)
{
    char *text = malloc(400000);
    size_t length;

    if (text == NULL)
        exit(99);
    length = (size_t)sprintf(text, "<plist><dict><key>a</key>");
    for (int i = 0; i < 50000; i++)
        length += (size_t)sprintf(text + length, "<dict>");
    CU_ASSERT_EQUAL(parse(text, length).status, TARN_E_CORRUPT);
    free(text);
}

static void base64_is_strict(void)
{
    static const char *const refused[] = {
        "A", "AA", "AAA", "AA=", "A===", "AA=A", "=AAA", "AAA=A", "AAA=AAAA", "AA==AAAA", "AA===",
        "AAA==", "AB==", "AAB=", "A-AA", "A_AA", "AA&#61;=", "AAAA*", "\xe9...",
    };
    static const struct {
        const char *text, *bytes;
    } accepted[] = {
        { "", "" }, { " \n\t\r", "" }, { "YQ==", "a" }, { "YWI=", "ab" }, { "YWJj", "abc" },
        { "Y W\nJ\tj\r\nZA = =\n", "abcd" }, { "+/+/", "\xfb\xff\xbf" },
    };
    uint8_t coded[8];

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        char text[32];
        uint64_t length;

        strcpy(text, refused[i]);
        CU_ASSERT_FALSE(dmg_base64_decode((uint8_t *)text, strlen(text), &length));
        bad(i == 16 ? LIST(PART("AA&#61;=")) : LIST(PART("A*==")), "no base64");
    }
    for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
        char text[32];
        uint64_t length = 99;

        strcpy(text, accepted[i].text);
        CU_ASSERT(dmg_base64_decode((uint8_t *)text, strlen(text), &length));
        CU_ASSERT_EQUAL(length, strlen(accepted[i].bytes));
        CU_ASSERT(memcmp(text, accepted[i].bytes, strlen(accepted[i].bytes)) == 0);
    }
    dmg_base64_encode((const uint8_t *)"abcd", 4, coded);
    CU_ASSERT(memcmp(coded, "YWJjZA==", 8) == 0);
}

static void names_are_cleaned(void)
{
    static const char text[] = LIST("<dict><key>Name</key><string>a &amp; b &lt;c&gt; &#10; &x \n"
                                    "\xc3\xa9</string><key>Data</key><data>" TABLE
                                    "</data></dict>");
    char *longer = malloc(2000);
    struct result result = parse(text, sizeof(text) - 1);

    CU_ASSERT_STRING_EQUAL(result.name, "a & b <c> &#10; &x ???");
    if (longer == NULL)
        exit(99);
    sprintf(longer, LIST("<dict><key>Name</key><string>%0500d</string><key>Data</key><data>" TABLE
                         "</data></dict>"), 0);
    result = parse(longer, strlen(longer));
    CU_ASSERT_EQUAL(result.status, TARN_OK);
    CU_ASSERT_EQUAL(strlen(result.name), DMG_NAME_MAX - 1);
    free(longer);
}

/* Wherever it ends and whichever byte is another one: an answer. */
static void any_damage_is_answered(void)
{
    static const char text[] = "<?xml version=\"1.0\"?><!DOCTYPE plist><!-- c -->"
                               LIST(PART(TABLE));
    char copy[sizeof(text)];

    for (uint64_t length = 0; length + 1 < sizeof(text); length++)
        CU_ASSERT_EQUAL(parse(text, length).status, TARN_E_CORRUPT);
    for (uint64_t at = 0; at + 1 < sizeof(text); at++) {
        static const char others[] = "<>/&![\0x";

        for (size_t i = 0; i < sizeof(others); i++) {
            memcpy(copy, text, sizeof(copy));
            copy[at] = others[i];
            parse(copy, sizeof(text) - 1);
        }
    }
}

/* --- the resource fork ------------------------------------------------------------------------ */

static void a_fork_is_read(void)
{
    struct maker maker;
    struct image image;
    uint8_t *disk;
    uint64_t size;

    maker_init(&maker);
    maker_everything(&maker);
    maker.fork = true;
    size = maker.sectors * DMG_SECTOR;
    disk = malloc(size);
    if (disk == NULL)
        exit(99);
    memcpy(disk, maker.disk, size);
    image_made(&image, &maker);
    CU_ASSERT(image_holds(&image, disk, size));
    CU_ASSERT_EQUAL(image_faults(&image), 0);
    CU_ASSERT_EQUAL(dmg_format.info(&image.host.call, &image.file->io), TARN_OK);
    CU_ASSERT_STRING_EQUAL(fake_host_property(&image.host, "description"), "resource-fork");
    image_free(&image);
    free(disk);
}

static void both_descriptions_have_to_agree(void)
{
    struct maker maker;
    struct image image;

    maker_init(&maker);
    maker_everything(&maker);
    maker.both = true;
    image_made(&image, &maker);
    CU_ASSERT_EQUAL(image_faults(&image), 0);
    for (uint64_t at = image.file->size - DMG_KOLY_SIZE; at > 0; at--)
        if (memcmp(image.file->bytes + at, "mish", 4) == 0) {
            image.file->bytes[at + DMG_MISH_SIZE + 31]++; /* an offset in the last table */
            break;
        }
    CU_ASSERT_EQUAL(image_faults(&image), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(image.host.findings[0].text, "another disk"));
    image_survives(&image);
    image_free(&image);
}

static void forks_that_are_damaged(void)
{
    static const struct {
        uint32_t at, value;
        const char *why;
    } wrong[] = {
        { 0, UINT32_MAX, "data beyond" }, { 0, 15, "data beyond" },
        { 8, UINT32_MAX, "data beyond" },
        { 8, INT32_MAX, "data beyond" }, { 256, UINT32_MAX, "passes its end" },
        { 256, UINT32_MAX - 255, "passes its end" }, { 256, 100, "has 100 bytes" },
        { 8, 1, "passes its end" }, { 256, 4, "has 4 bytes" },
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct maker maker;
        struct image image;
        uint64_t fork;

        maker_init(&maker);
        maker_zeros(&maker, DMG_ZERO, 8);
        maker.fork = true;
        image_made(&image, &maker);
        fork = be64_load(image.file->bytes + image.file->size - DMG_KOLY_SIZE + 40);
        be32_store(image.file->bytes + fork + wrong[i].at, wrong[i].value);
        CU_ASSERT(image_refused(&image, TARN_E_CORRUPT, wrong[i].why));
        image_survives(&image);
        image_free(&image);
    }
}

static void forks_that_are_short(void)
{
    uint8_t bytes[64] = { 0 };

    for (uint64_t length = 0; length < sizeof(bytes); length++) {
        struct dmg_koly koly = { .sectors = 8 };
        struct dmg_tables tables = { .count = 0 };
        uint8_t *exact = malloc(length > 0 ? length : 1);
        struct dmg_fault fault;

        if (exact == NULL)
            exit(99);
        be32_store(bytes, 16);
        be32_store(bytes + 8, 48);
        memcpy(exact, bytes, length);
        CU_ASSERT_EQUAL(dmg_fork_tables(&tables, &koly, exact, length, &fault), TARN_E_CORRUPT);
        dmg_tables_free(&tables);
        free(exact);
    }
}

static const struct unit_test tests[] = {
    { "property lists as Apple writes them", what_apple_writes },
    { "data elsewhere are no tables", data_elsewhere_are_no_tables },
    { "property lists that are damaged", lists_that_are_damaged },
    { "nesting is bounded", nesting_is_bounded },
    { "base64 is strict", base64_is_strict },
    { "names are cleaned", names_are_cleaned },
    { "a property list damaged anywhere is answered", any_damage_is_answered },
    { "a resource fork is read", a_fork_is_read },
    { "both descriptions have to agree", both_descriptions_have_to_agree },
    { "resource forks that are damaged", forks_that_are_damaged },
    { "resource forks that are short", forks_that_are_short },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("dmg-plist", tests);
}
