/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Mode in octal, owner and group in decimal, where -1 means "unset".
 */
#include "core/xml/permissions-xml.h"

#include <stdio.h>
#include <string.h>

#define BLANKS " \t\r\n"
#define MODE_LIMIT 0777u

static int mode_read(uint32_t *out, const struct xml_reader *reader, const xmlNode *node)
{
    const char *text = xml_text(reader, node);
    uint64_t mode;

    if (text == NULL)
        return TARN_OK;
    if (xml_digits(&mode, text, 8, MODE_LIMIT) < 0)
        return xml_fail(reader, node, TARN_E_INVALID,
                        "<mode> is '%s': it is an octal number up to 0777", text);
    *out = (uint32_t)mode;
    return TARN_OK;
}

static int is_minus_one(const char *text)
{
    text += strspn(text, BLANKS);
    return strncmp(text, "-1", 2) == 0 && text[2 + strspn(text + 2, BLANKS)] == '\0';
}

static int owner_read(uint32_t *out, const struct xml_reader *reader, const xmlNode *node)
{
    const char *text = xml_text(reader, node);
    uint64_t id;

    if (text == NULL || is_minus_one(text))
        return TARN_OK;
    if (xml_digits(&id, text, 10, UINT32_MAX) < 0)
        return xml_fail(reader, node, TARN_E_INVALID,
                        "<%s> is '%s': it is a decimal number, or -1 to leave it alone",
                        node->name, text);
    *out = (uint32_t)id;
    return TARN_OK;
}

int permissions_read(struct tarn_permissions *out, const struct xml_reader *reader,
                     const xmlNode *target)
{
    static const struct xml_known known[] = {
        { "mode", 0 }, { "owner", 0 }, { "group", 0 }, { "label", 0 }, { NULL, 0 },
    };
    const xmlNode *node = xml_child(target, "permissions");
    const char *label = xml_text(reader, xml_child(node, "label"));
    int status;

    *out = (struct tarn_permissions){
        .struct_size = sizeof(*out),
        .mode = TARN_MODE_UNSET,
        .owner = TARN_OWNER_UNSET,
        .group = TARN_OWNER_UNSET,
    };
    if (label != NULL && *label != '\0')
        out->label = label;
    xml_warn_unknown(reader, node, known);
    status = mode_read(&out->mode, reader, xml_child(node, "mode"));
    if (status == TARN_OK)
        status = owner_read(&out->owner, reader, xml_child(node, "owner"));
    if (status == TARN_OK)
        status = owner_read(&out->group, reader, xml_child(node, "group"));
    return status;
}

static void mode_write(struct xml_writer *writer, uint32_t mode)
{
    char digits[16];

    snprintf(digits, sizeof(digits), "0%o", mode);
    if (mode != TARN_MODE_UNSET)
        xml_text_element(writer, "mode", digits);
}

static void owner_write(struct xml_writer *writer, const char *name, uint32_t id)
{
    char digits[16];

    snprintf(digits, sizeof(digits), "%u", id);
    if (id != TARN_OWNER_UNSET)
        xml_text_element(writer, name, digits);
}

void permissions_write(struct xml_writer *writer, const struct tarn_permissions *permissions)
{
    if (permissions == NULL ||
        (permissions->mode == TARN_MODE_UNSET && permissions->owner == TARN_OWNER_UNSET &&
         permissions->group == TARN_OWNER_UNSET && permissions->label == NULL))
        return;
    xml_open(writer, "permissions");
    mode_write(writer, permissions->mode);
    owner_write(writer, "owner", permissions->owner);
    owner_write(writer, "group", permissions->group);
    xml_text_element(writer, "label", permissions->label);
    xml_close(writer);
}
