/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * parent.c - what a differencing image was made over. Its bytes mean something only with that very
 * parent: the image holds the parent's unique id, and no other is taken.
 */
#include "vpc.h"

#include <string.h>

#include "helpers/be.h"

/* Filesystems count seconds, or pairs of them. */
#define TIMESTAMP_SLACK 2

static uint32_t code_of(const struct vpc_header *header, uint32_t i)
{
    return be32_load(header->bytes + VPC_LOCATOR_AT(i));
}

/* Only the length counts: "data space" is in sectors for some writers, in bytes for others. */
static int32_t read_locator(struct tarn_call *call, const struct vpc_head *head, uint32_t i,
                            uint8_t *text, uint64_t *out_length)
{
    const uint8_t *entry = head->header.bytes + VPC_LOCATOR_AT(i);
    uint64_t length = be32_load(entry + 8);
    uint64_t offset = be64_load(entry + 16);

    if (length > VPC_LOCATOR_MAX || offset > head->file_size || length > head->file_size - offset)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "parent locator %u has %llu bytes at %llu, which is no name in this file: "
                         "the header is damaged", (unsigned int)i, (unsigned long long)length,
                         (unsigned long long)offset);
    *out_length = length;
    return tarn_io_pread(call, head->file, text, length, offset);
}

static bool understand(uint32_t code, const uint8_t *text, uint64_t length,
                       char name[VPC_NAME_MAX])
{
    char plain[VPC_NAME_MAX];

    if (code != VPC_LOCATOR_URL)
        return vpc_utf16_decode(text, length, false, plain, sizeof(plain)) &&
               vpc_name_from_windows(plain, name, VPC_NAME_MAX);
    if (length >= sizeof(plain))
        return false;
    memcpy(plain, text, length);
    plain[length] = '\0';
    return vpc_name_from_url(plain, name, VPC_NAME_MAX);
}

/* Stores "" if there is no locator of this kind. */
static int32_t locate(struct tarn_call *call, const struct vpc_head *head, uint32_t code,
                      char name[VPC_NAME_MAX])
{
    uint8_t text[VPC_LOCATOR_MAX];
    uint64_t length = 0;
    int32_t status;

    name[0] = '\0';
    for (uint32_t i = 0; i < VPC_LOCATORS; i++) {
        if (code_of(&head->header, i) != code)
            continue;
        status = read_locator(call, head, i, text, &length);
        if (status != TARN_OK)
            return status;
        if (!understand(code, text, length, name))
            return tarn_fail(call, TARN_E_CORRUPT, 0,
                             "parent locator %u holds no name: the image is damaged",
                             (unsigned int)i);
        return TARN_OK;
    }
    return TARN_OK;
}

/* A drive or a server, which vpc_name_from_windows() has left as it was. */
static bool means_nothing_here(const char *name)
{
    return name[0] == '\0' || strchr(name, '\\') != NULL || (name[0] != '/' && name[1] == ':');
}

int32_t vpc_parent_name(struct tarn_call *call, const struct vpc_head *head,
                        char name[VPC_NAME_MAX])
{
    static const uint32_t codes[] = { VPC_LOCATOR_RELATIVE, VPC_LOCATOR_ABSOLUTE, VPC_LOCATOR_URL };
    const uint8_t *text = head->header.bytes + VPC_PARENT_NAME_AT;
    char foreign[VPC_NAME_MAX] = "";
    char plain[VPC_NAME_MAX];

    for (uint32_t i = 0; i < 3; i++) {
        int32_t status = locate(call, head, codes[i], name);

        if (status != TARN_OK || !means_nothing_here(name))
            return status;
        if (name[0] != '\0')
            memcpy(foreign, name, sizeof(foreign));
    }
    if (text[0] != 0 || text[1] != 0) {
        if (!vpc_utf16_decode(text, VPC_PARENT_NAME_SIZE, true, plain, sizeof(plain)) ||
            !vpc_name_from_windows(plain, name, VPC_NAME_MAX))
            return tarn_fail(call, TARN_E_CORRUPT, 0,
                             "the parent's name in the header is no text: the image is damaged");
        if (!means_nothing_here(name))
            return TARN_OK;
    } else if (foreign[0] != '\0') {
        memcpy(name, foreign, sizeof(foreign));
    }
    if (name[0] != '\0')
        return TARN_OK;
    return tarn_fail(call, TARN_E_CORRUPT, 0,
                     "the image needs a parent and names none: it cannot be read");
}

/* --- opening it ------------------------------------------------------------------------------- */

int32_t vpc_parent_head(struct tarn_call *call, const char *name, struct vpc_head *out,
                        struct tarn_identity *out_identity)
{
    struct tarn_io *container;
    int32_t status = call->host->open_related(call, TARN_RELATED_CONTAINER, name, "vpc", 0,
                                              &container);
    int32_t closed;

    if (status != TARN_OK)
        return status;
    status = vpc_head_read(call, container, out);
    if (status == TARN_OK)
        status = vpc_head_trusted(call, out);
    if (status == TARN_OK)
        status = tarn_io_identity(call, container, out_identity);
    if (status != TARN_OK)
        tarn_fail(call, status, 0, "while the parent %s was looked at", name);
    closed = tarn_io_close(call, container);
    out->file = NULL;
    return status != TARN_OK ? status : closed;
}

bool vpc_parent_matches(const struct vpc_head *head, const struct vpc_head *parent)
{
    return memcmp(vpc_parent_id(&head->header), vpc_id(&parent->footer), VPC_ID_SIZE) == 0;
}

/* A parent that was copied has a new time too, so this is told, and nothing refused. */
static void compare_times(struct tarn_call *call, const struct vpc_head *head,
                          const struct tarn_identity *identity)
{
    int64_t then = (int64_t)head->header.parent_timestamp + VPC_EPOCH;

    if (head->header.parent_timestamp != 0 &&
        identity->mtime / 1000000000 > then + TIMESTAMP_SLACK)
        call->host->log(call, TARN_LOG_WARNING,
                        "the parent was written, or copied, after the differencing image was made: "
                        "if its bytes changed, what is read is a mixture");
}

int32_t vpc_parent_open(struct tarn_call *call, const struct vpc_head *head, struct tarn_io **out)
{
    char name[VPC_NAME_MAX];
    struct tarn_identity identity;
    struct vpc_head parent;
    int32_t status = vpc_parent_name(call, head, name);

    if (status == TARN_OK)
        status = vpc_parent_head(call, name, &parent, &identity);
    if (status != TARN_OK)
        return status;
    if (!vpc_parent_matches(head, &parent))
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "%s is not the parent that the differencing image was made over: its "
                         "unique id is another; put the right file there", name);
    compare_times(call, head, &identity);
    return call->host->open_related(call, TARN_RELATED_BACKING, name, "vpc", 0, out);
}
