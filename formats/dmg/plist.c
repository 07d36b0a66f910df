/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * plist.c - the block tables of a property list: plist / dict / resource-fork / dict / blkx /
 * array, a dict for each partition, with the table in base64 as "Data". Other keys are passed over;
 * a key that decides what the disk holds may stand there once.
 */
#include "base64.h"
#include "dmg.h"
#include "xml-scan.h"

#include <string.h>

struct walk {
    struct xml_scan scan;
    uint8_t *start;
    struct dmg_tables *tables;
    const struct dmg_koly *koly;
    struct dmg_fault *fault;
};

/* What a key of a dict has for a value, by its open tag; reads to the end of the value. */
typedef int32_t (*value_fn)(struct walk *walk, const struct xml_token *key,
                            const struct xml_token *open, void *arg);

static int32_t damaged(struct walk *walk, const char *what)
{
    return dmg_fault_set(walk->fault, TARN_E_CORRUPT,
                         "the property list is damaged before its byte %llu: %s",
                         (unsigned long long)(walk->scan.at - walk->start), what);
}

static int32_t expect(struct walk *walk, enum xml_kind kind, const char *name)
{
    struct xml_token token = xml_next(&walk->scan);

    if (xml_is(&token, kind, name))
        return TARN_OK;
    return damaged(walk, kind == XML_CLOSE ? "an element has no end" : "an element is missing");
}

/* The text of the element that is open, which has nothing else in it; may be empty. */
static int32_t read_text(struct walk *walk, const char *name, struct xml_token *out)
{
    *out = xml_next(&walk->scan);
    if (xml_is(out, XML_CLOSE, name)) {
        out->length = 0;
        return TARN_OK;
    }
    if (out->kind != XML_TEXT)
        return damaged(walk, "an element has no text");
    return expect(walk, XML_CLOSE, name);
}

static int32_t pass_over(struct walk *walk, const struct xml_token *open)
{
    if (open->kind == XML_EMPTY || xml_skip(&walk->scan, open))
        return TARN_OK;
    return damaged(walk, "an element has no end");
}

/* A dict that is open: each key and value. */
static int32_t walk_dict(struct walk *walk, value_fn value, void *arg)
{
    for (;;) {
        struct xml_token token = xml_next(&walk->scan);
        struct xml_token key;
        int32_t status;

        if (xml_is(&token, XML_CLOSE, "dict"))
            return TARN_OK;
        if (!xml_is(&token, XML_OPEN, "key"))
            return damaged(walk, "a dict has something that is no key");
        status = read_text(walk, "key", &key);
        token = xml_next(&walk->scan);
        if (status == TARN_OK && token.kind != XML_OPEN && token.kind != XML_EMPTY)
            status = damaged(walk, "a key has no value");
        if (status == TARN_OK)
            status = value(walk, &key, &token, arg);
        if (status != TARN_OK)
            return status;
    }
}

/* --- a partition ------------------------------------------------------------------------------ */

struct partition {
    struct xml_token data;
    bool has_data;
    struct xml_token name;
};

static int32_t partition_value(struct walk *walk, const struct xml_token *key,
                               const struct xml_token *open, void *arg)
{
    struct partition *partition = arg;

    if (xml_text_is(key, "Data")) {
        if (partition->has_data || !xml_is(open, XML_OPEN, "data"))
            return damaged(walk, "a partition has not one Data");
        partition->has_data = true;
        return read_text(walk, "data", &partition->data);
    }
    if (xml_text_is(key, "Name") && xml_is(open, XML_OPEN, "string"))
        return read_text(walk, "string", &partition->name);
    return pass_over(walk, open);
}

static const struct {
    const char *text;
    char byte;
} entities[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' },
                 { "&apos;", '\'' } };

/* One byte of the name; answers how many bytes of the text it took. */
static uint64_t name_byte(const uint8_t *text, uint64_t left, char *out)
{
    *out = *text >= 0x20 && *text < 0x7f ? (char)*text : '?';
    for (size_t i = 0; *text == '&' && i < sizeof(entities) / sizeof(entities[0]); i++) {
        size_t length = strlen(entities[i].text);

        if (length <= left && memcmp(text, entities[i].text, length) == 0) {
            *out = entities[i].byte;
            return length;
        }
    }
    return 1;
}

static void name_of(const struct xml_token *token, char *out)
{
    uint64_t at = 0;
    uint32_t length = 0;

    while (at < token->length && length < DMG_NAME_MAX - 1)
        at += name_byte(token->text + at, token->length - at, &out[length++]);
    out[length] = '\0';
}

static int32_t add_partition(struct walk *walk)
{
    struct partition partition = { .has_data = false };
    int32_t status = walk_dict(walk, partition_value, &partition);
    char name[DMG_NAME_MAX];
    uint64_t length;

    if (status != TARN_OK)
        return status;
    if (!partition.has_data)
        return damaged(walk, "a partition has not one Data");
    if (!dmg_base64_decode(partition.data.text, partition.data.length, &length))
        return damaged(walk, "the Data of a partition are no base64");
    name_of(&partition.name, name);
    return dmg_tables_add(walk->tables, walk->koly, partition.data.text, length, name,
                          walk->fault);
}

/* --- the way there ---------------------------------------------------------------------------- */

static int32_t walk_partitions(struct walk *walk)
{
    for (;;) {
        struct xml_token token = xml_next(&walk->scan);
        int32_t status;

        if (xml_is(&token, XML_CLOSE, "array"))
            return TARN_OK;
        if (!xml_is(&token, XML_OPEN, "dict"))
            return damaged(walk, "a partition is no dict");
        status = add_partition(walk);
        if (status != TARN_OK)
            return status;
    }
}

static int32_t fork_value(struct walk *walk, const struct xml_token *key,
                          const struct xml_token *open, void *arg)
{
    bool *seen = arg;

    if (!xml_text_is(key, "blkx"))
        return pass_over(walk, open);
    if (*seen || !xml_is(open, XML_OPEN, "array"))
        return damaged(walk, "there is not one array blkx");
    *seen = true;
    return walk_partitions(walk);
}

static int32_t root_value(struct walk *walk, const struct xml_token *key,
                          const struct xml_token *open, void *arg)
{
    bool *seen = arg;
    bool partitions = false;
    int32_t status;

    if (!xml_text_is(key, "resource-fork"))
        return pass_over(walk, open);
    if (*seen || !xml_is(open, XML_OPEN, "dict"))
        return damaged(walk, "there is not one dict resource-fork");
    *seen = true;
    status = walk_dict(walk, fork_value, &partitions);
    if (status == TARN_OK && !partitions)
        return damaged(walk, "there is no blkx");
    return status;
}

int32_t dmg_plist_tables(struct dmg_tables *tables, const struct dmg_koly *koly, uint8_t *bytes,
                         uint64_t length, struct dmg_fault *fault)
{
    struct walk walk = { { bytes, bytes + length }, bytes, tables, koly, fault };
    bool seen = false;
    int32_t status = expect(&walk, XML_OPEN, "plist");

    if (status == TARN_OK)
        status = expect(&walk, XML_OPEN, "dict");
    if (status == TARN_OK)
        status = walk_dict(&walk, root_value, &seen);
    if (status == TARN_OK)
        status = expect(&walk, XML_CLOSE, "plist");
    if (status == TARN_OK && !seen)
        return damaged(&walk, "there is no resource-fork");
    return status;
}
