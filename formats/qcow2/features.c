/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * features.c - the names of features: ours of those that are known here, else what the image itself
 * calls them, in a table that it may have for programs that do not know them.
 */
#include "head.h"

#include <string.h>

/* An honest table has a name for each of 64 bits of 3 kinds at most. */
#define MOST_NAMES (3u * 64u)

static const struct {
    enum qcow2_feature_kind kind;
    uint32_t bit;
    const char *name;
} known[] = {
    { QCOW2_FEATURE_INCOMPATIBLE, 0, "dirty" },
    { QCOW2_FEATURE_INCOMPATIBLE, 1, "corrupt" },
    { QCOW2_FEATURE_INCOMPATIBLE, 2, "data-file" },
    { QCOW2_FEATURE_INCOMPATIBLE, 3, "compression-type" },
    { QCOW2_FEATURE_INCOMPATIBLE, 4, "extended-l2" },
    { QCOW2_FEATURE_COMPATIBLE, 0, "lazy-refcounts" },
    { QCOW2_FEATURE_AUTOCLEAR, 0, "bitmaps" },
    { QCOW2_FEATURE_AUTOCLEAR, 1, "data-file-raw" },
};

static const char *known_name(enum qcow2_feature_kind kind, uint32_t bit)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i].kind == kind && known[i].bit == bit)
            return known[i].name;
    return NULL;
}

/* Bytes from the image become text that can be printed. */
static void copy_printable(char *to, const uint8_t *from, uint64_t length)
{
    uint64_t i = 0;

    for (; i < length && from[i] != '\0'; i++)
        to[i] = from[i] >= ' ' && from[i] <= '~' ? (char)from[i] : '?';
    to[i] = '\0';
}

/* What the image calls it; "" if it does not say. */
static int32_t own_name(struct tarn_call *call, const struct qcow2_head *head,
                        enum qcow2_feature_kind kind, uint32_t bit, char *out)
{
    uint64_t count = qcow2_min(head->feature_names_length / QCOW2_FEATURE_NAME_SIZE, MOST_NAMES);

    out[0] = '\0';
    for (uint64_t i = 0; i < count; i++) {
        uint8_t entry[QCOW2_FEATURE_NAME_SIZE];
        int32_t status = qcow2_head_copy(call, head, head->feature_names_offset +
                                         i * sizeof(entry), sizeof(entry), entry);

        if (status != TARN_OK)
            return status;
        if (entry[0] == kind && entry[1] == bit) {
            copy_printable(out, entry + 2, sizeof(entry) - 2);
            return TARN_OK;
        }
    }
    return TARN_OK;
}

int32_t qcow2_features_name(struct tarn_call *call, const struct qcow2_head *head,
                            enum qcow2_feature_kind kind, uint64_t bits, char *out, uint64_t room)
{
    uint64_t used = 0;

    out[0] = '\0';
    for (; bits != 0 && used + 1 < room; bits &= bits - 1) {
        uint32_t bit = (uint32_t)__builtin_ctzll(bits);
        const char *name = known_name(kind, bit);
        const char *comma = used > 0 ? ", " : "";
        char own[QCOW2_FEATURE_NAME_SIZE];
        int32_t status = name == NULL ? own_name(call, head, kind, bit, own) : TARN_OK;
        int length;

        if (status != TARN_OK)
            return status;
        if (name != NULL)
            length = snprintf(out + used, room - used, "%s%s", comma, name);
        else
            length = snprintf(out + used, room - used, "%sbit %u%s%s%s", comma, bit,
                              own[0] != '\0' ? " (" : "", own, own[0] != '\0' ? ")" : "");
        used += (uint64_t)length; /* beyond the room if it was cut, which ends the loop */
    }
    return TARN_OK;
}

const char *qcow2_extension_name(uint32_t type)
{
    switch (type) {
    case QCOW2_EXTENSION_BACKING_FORMAT:
        return "backing-format";
    case QCOW2_EXTENSION_FEATURE_NAMES:
        return "feature-names";
    case QCOW2_EXTENSION_BITMAPS:
        return "bitmaps";
    case QCOW2_EXTENSION_CRYPTO:
        return "encryption";
    case QCOW2_EXTENSION_DATA_FILE:
        return "data-file";
    default:
        return NULL;
    }
}
