/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * descriptor.c - the text that says what a disk consists of: "key = value" lines, and a line for
 * each extent. It is read line by line, so that neither an empty line nor a key that is a part of
 * another word means anything.
 */
#include "head.h"

#include <stdlib.h>
#include <strings.h>

/* A line, or a part of it, without the blanks around it. */
struct slice {
    const char *from;
    const char *to;
};

struct parser {
    struct tarn_call *call;
    struct vmdk_descriptor *out;
    char *words_end;
    uint64_t number; /* of the line */
};

static bool blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static struct slice trim(const char *from, const char *to)
{
    while (from < to && blank(*from))
        from++;
    while (to > from && blank(to[-1]))
        to--;
    return (struct slice){ from, to };
}

static bool slice_is(struct slice slice, const char *word)
{
    size_t length = strlen(word);

    return (size_t)(slice.to - slice.from) == length && memcmp(slice.from, word, length) == 0;
}

/* Takes the next line off `rest`. */
static struct slice next_line(struct slice *rest)
{
    const char *end = memchr(rest->from, '\n', (size_t)(rest->to - rest->from));
    struct slice line = trim(rest->from, end != NULL ? end : rest->to);

    rest->from = end != NULL ? end + 1 : rest->to;
    return line;
}

/* Takes the next word off `rest`. */
static struct slice next_word(struct slice *rest)
{
    struct slice word = trim(rest->from, rest->to);
    const char *end = word.from;

    while (end < word.to && !blank(*end))
        end++;
    *rest = trim(end, word.to);
    word.to = end;
    return word;
}

/* --- words ------------------------------------------------------------------------------------ */

/* The length of the UTF-8 sequence at `from`, 0 if there is none. */
static size_t utf8_length(const char *from, const char *to)
{
    static const struct {
        uint8_t mask;
        uint8_t lead;
        uint32_t least;
    } forms[] = { { 0x80, 0, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 },
                  { 0xf8, 0xf0, 0x10000 } };
    uint8_t first = (uint8_t)*from;

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        uint32_t value = first & (uint8_t)~forms[i].mask;

        if ((first & forms[i].mask) != forms[i].lead || (size_t)(to - from) < i + 1)
            continue;
        for (size_t k = 1; k <= i; k++) {
            if (((uint8_t)from[k] & 0xc0) != 0x80)
                return 0;
            value = value << 6 | ((uint8_t)from[k] & 0x3f);
        }
        return value >= forms[i].least && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff)
                   ? i + 1 : 0;
    }
    return 0;
}

/* A copy of its own; what is passed on to the host is UTF-8. */
static int32_t keep(struct parser *parser, struct slice slice, const char **out)
{
    size_t length = (size_t)(slice.to - slice.from);
    size_t step;

    for (const char *at = slice.from; at < slice.to; at += step) {
        step = utf8_length(at, slice.to);
        if (step == 0)
            return VMDK_REFUSE(parser->call, "line %llu of the descriptor is not in UTF-8: other "
                               "encodings are not read", (vmdk_ull)parser->number);
    }
    *out = memcpy(parser->words_end, slice.from, length);
    parser->words_end[length] = '\0';
    parser->words_end += length + 1;
    return TARN_OK;
}

static int32_t bad_line(struct parser *parser, const char *what)
{
    return VMDK_CORRUPT(parser->call, "line %llu of the descriptor %s: the descriptor is damaged",
                        (vmdk_ull)parser->number, what);
}

/* --- extents ---------------------------------------------------------------------------------- */

static bool extent_access(struct slice word, enum vmdk_access *out)
{
    static const char *const names[] = { "RW", "RDONLY", "NOACCESS" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (slice_is(word, names[i])) {
            *out = (enum vmdk_access)i;
            return true;
        }
    return false;
}

/* What follows the type: nothing, or "name" and perhaps an offset. */
static int32_t parse_place(struct parser *parser, struct slice rest, struct vmdk_line *line)
{
    const char *quote;
    int32_t status;

    if (rest.from == rest.to)
        return strcmp(line->type, "ZERO") == 0 ? TARN_OK : bad_line(parser, "names no file");
    quote = *rest.from == '"'
                ? memchr(rest.from + 1, '"', (size_t)(rest.to - rest.from - 1)) : NULL;
    if (quote == NULL)
        return bad_line(parser, "has a file name without quotes");
    if (quote == rest.from + 1)
        return bad_line(parser, "has an empty file name");
    status = keep(parser, (struct slice){ rest.from + 1, quote }, &line->name);
    rest = trim(quote + 1, rest.to);
    if (status == TARN_OK && rest.from != rest.to &&
        !vmdk_number(rest.from, rest.to, &line->offset))
        return bad_line(parser, "has an offset that is no number");
    return status;
}

static int32_t new_line(struct parser *parser, struct vmdk_line **out)
{
    struct vmdk_descriptor *descriptor = parser->out;

    if (descriptor->line_count == VMDK_MAX_EXTENTS)
        return VMDK_REFUSE(parser->call, "the descriptor names more than %u extents",
                           VMDK_MAX_EXTENTS);
    if (descriptor->line_count == descriptor->line_room) {
        uint64_t room = descriptor->line_room != 0 ? descriptor->line_room * 2 : 4;
        struct vmdk_line *lines = realloc(descriptor->lines, room * sizeof(*lines));

        if (lines == NULL)
            return VMDK_NO_MEMORY(parser->call);
        descriptor->lines = lines;
        descriptor->line_room = room;
    }
    *out = memset(&descriptor->lines[descriptor->line_count++], 0, sizeof(**out));
    return TARN_OK;
}

static int32_t parse_extent(struct parser *parser, enum vmdk_access access, struct slice rest)
{
    struct vmdk_descriptor *descriptor = parser->out;
    struct slice number = next_word(&rest);
    struct slice type = next_word(&rest);
    struct vmdk_line *line = NULL;
    int32_t status = new_line(parser, &line);

    if (status != TARN_OK)
        return status;
    line->access = access;
    line->sectors_at = (uint64_t)(number.from - descriptor->text);
    line->sectors_digits = (uint32_t)(number.to - number.from);
    if (!vmdk_number(number.from, number.to, &line->sectors))
        return bad_line(parser, "has a size that is no number");
    /* So many bytes are a disk. */
    if (__builtin_add_overflow(descriptor->sectors, line->sectors, &descriptor->sectors) ||
        descriptor->sectors > INT64_MAX / VMDK_SECTOR)
        return bad_line(parser, "makes the disk larger than 2^63 bytes");
    if (type.from == type.to)
        return bad_line(parser, "has no type of extent");
    status = keep(parser, type, &line->type);
    return status == TARN_OK ? parse_place(parser, rest, line) : status;
}

/* --- keys ------------------------------------------------------------------------------------- */

static const char *const key_names[VMDK_KEYS] = {
    [VMDK_KEY_VERSION] = "version",
    [VMDK_KEY_ENCODING] = "encoding",
    [VMDK_KEY_CID] = "CID",
    [VMDK_KEY_PARENT_CID] = "parentCID",
    [VMDK_KEY_CREATE_TYPE] = "createType",
    [VMDK_KEY_PARENT_HINT] = "parentFileNameHint",
    [VMDK_KEY_ADAPTER] = "ddb.adapterType",
    [VMDK_KEY_HARDWARE] = "ddb.virtualHWVersion",
    [VMDK_KEY_UUID] = "ddb.uuid",
    [VMDK_KEY_TOOLS] = "ddb.toolsVersion",
    [VMDK_KEY_THIN] = "ddb.thinProvisioned",
    [VMDK_KEY_LONG_CONTENT] = "ddb.longContentID",
    [VMDK_KEY_IMAGE_UUID] = "ddb.uuid.image",
    [VMDK_KEY_FILTERS] = "ddb.iofilters",
    [VMDK_KEY_KEY_SAFE] = "encryption.keySafe",
};

static int32_t parse_cid(struct parser *parser, struct slice value, uint32_t *out)
{
    return vmdk_hex(value.from, value.to, out)
               ? TARN_OK : bad_line(parser, "has a content ID that is no hexadecimal number");
}

static int32_t set_value(struct parser *parser, enum vmdk_key key, struct slice value)
{
    struct vmdk_descriptor *descriptor = parser->out;
    uint64_t version = 0;

    if (descriptor->value[key] != NULL)
        return bad_line(parser, "repeats a key");
    if (value.from < value.to && *value.from == '"') {
        if (value.to - value.from < 2 || value.to[-1] != '"')
            return bad_line(parser, "has an open quote");
        value = (struct slice){ value.from + 1, value.to - 1 };
    }
    if (key == VMDK_KEY_VERSION &&
        (!vmdk_number(value.from, value.to, &version) || version < 1 || version > 3))
        return VMDK_REFUSE(parser->call, "the descriptor is of version \"%.*s\"; 1 to 3 are known",
                           (int)vmdk_min((uint64_t)(value.to - value.from), 20), value.from);
    if (key == VMDK_KEY_CID) {
        descriptor->cid_at = (uint64_t)(value.from - descriptor->text);
        descriptor->cid_digits = (uint32_t)(value.to - value.from);
        if (parse_cid(parser, value, &descriptor->cid) != TARN_OK)
            return TARN_E_CORRUPT;
    }
    if (key == VMDK_KEY_PARENT_CID &&
        parse_cid(parser, value, &descriptor->parent_cid) != TARN_OK)
        return TARN_E_CORRUPT;
    return keep(parser, value, &descriptor->value[key]);
}

static int32_t parse_key(struct parser *parser, struct slice line, const char *equals)
{
    struct slice key = trim(line.from, equals);
    struct slice value = trim(equals + 1, line.to);

    if (key.from == key.to)
        return bad_line(parser, "has no key");
    for (int i = 0; i < VMDK_KEYS; i++)
        if (slice_is(key, key_names[i]))
            return set_value(parser, (enum vmdk_key)i, value);
    return TARN_OK; /* geometry, and what else programs keep there */
}

/* --- all of it -------------------------------------------------------------------------------- */

static int32_t parse_line(struct parser *parser, struct slice line)
{
    struct slice rest = line;
    const char *equals;
    enum vmdk_access access;

    if (line.from == line.to || *line.from == '#')
        return TARN_OK;
    for (const char *at = line.from; at < line.to; at++)
        if ((uint8_t)*at < ' ' && *at != '\t')
            return bad_line(parser, "has control characters");
    if (extent_access(next_word(&rest), &access))
        return parse_extent(parser, access, rest);
    equals = memchr(line.from, '=', (size_t)(line.to - line.from));
    return equals != NULL ? parse_key(parser, line, equals)
                          : bad_line(parser, "is neither a key nor an extent");
}

int32_t vmdk_descriptor_parse(struct tarn_call *call, char *text, uint64_t length,
                              struct vmdk_descriptor *out)
{
    struct parser parser = { .call = call, .out = out };
    struct slice rest = { text, text + length };
    int32_t status = TARN_OK;

    *out = (struct vmdk_descriptor){ .text = text, .length = length, .cid = VMDK_NO_CID,
                                     .parent_cid = VMDK_NO_CID };
    /* Each word is followed in the text by something that takes its NUL's place; but the last. */
    parser.words_end = out->words = malloc(length + 2);
    if (out->words == NULL)
        return VMDK_NO_MEMORY(call);
    while (rest.from < rest.to && status == TARN_OK) {
        parser.number++;
        status = parse_line(&parser, next_line(&rest));
    }
    if (status == TARN_OK && out->value[VMDK_KEY_CREATE_TYPE] == NULL)
        status = VMDK_CORRUPT(call, "the descriptor has no createType: it is damaged");
    return status;
}

void vmdk_descriptor_free(struct vmdk_descriptor *descriptor)
{
    free(descriptor->text);
    free(descriptor->words);
    free(descriptor->lines);
    *descriptor = (struct vmdk_descriptor){ .cid = VMDK_NO_CID };
}

bool vmdk_has_parent(const struct vmdk_descriptor *descriptor)
{
    return descriptor->parent_cid != VMDK_NO_CID ||
           descriptor->value[VMDK_KEY_PARENT_HINT] != NULL;
}

/* --- recognising ------------------------------------------------------------------------------ */

/* "# Disk DescriptorFile", however it is spaced. */
static bool is_title(struct slice line)
{
    static const char title[] = "#diskdescriptorfile";
    size_t at = 0;

    for (; line.from < line.to && at < sizeof(title) - 1; line.from++) {
        if (blank(*line.from))
            continue;
        if (strncasecmp(line.from, title + at, 1) != 0)
            return false;
        at++;
    }
    return at == sizeof(title) - 1;
}

static bool is_key(struct slice line, const char *name)
{
    const char *equals = memchr(line.from, '=', (size_t)(line.to - line.from));

    return equals != NULL && slice_is(trim(line.from, equals), name);
}

/* The title and one key of the format; or, since comments are free, version first and createType
 * somewhere. */
bool vmdk_descriptor_probe(const char *text, uint64_t length)
{
    const char *end = memchr(text, '\0', length);
    struct slice rest = { text, end != NULL ? end : text + length };
    bool title = false;
    bool first = true;
    bool version = false;

    while (rest.from < rest.to) {
        struct slice line = next_line(&rest);

        if (line.from == line.to)
            continue;
        if (*line.from == '#') {
            title = title || is_title(line);
            continue;
        }
        if (first)
            version = is_key(line, "version");
        first = false;
        if ((title || version) && is_key(line, "createType"))
            return true;
        if (title && (is_key(line, "CID") || is_key(line, "version")))
            return true;
        if (!title && !version)
            return false;
    }
    return false;
}
