/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * guard-login.c - what a target may answer to a login. libiscsi takes any number for what it is,
 * and follows into any stage: a target that went straight to the last would never have to prove who
 * it is, and one that told the proof before the challenge would be compared with zeros.
 */
#include "session-internal.h"

#include <stdlib.h>
#include <string.h>

#include "helpers/be.h"

#define CONTINUES 0x40     /* more keys follow */
#define CURRENT_STAGE 0x0c
#define NEXT_STAGE 0x03
#define LENGTH_LEAST 512   /* RFC 7143, 13.12 to 13.14 */
#define LENGTH_MOST 16777215

static int32_t nonsense(char *why, const char *what)
{
    session_tell(why, "its answer to the login makes no sense: %s", what);
    return TARN_E_IO;
}

/* --- requests ---------------------------------------------------------------------------------- */

/* One request is one write of libiscsi's, and shorter than guard.out. */
void guard_note_request(struct guard *guard, const uint8_t *bytes, size_t length)
{
    static const char proof[] = "CHAP_R=";

    guard->request_flags = length > 1 ? bytes[1] : 0;
    guard->request_has_proof = memmem(bytes, length, proof, sizeof(proof) - 1) != NULL;
}

/* --- keys -------------------------------------------------------------------------------------- */

static bool is_length(const char *value)
{
    char *end;
    long number = strtol(value, &end, 10);

    return *value >= '0' && *value <= '9' && *end == '\0' && number >= LENGTH_LEAST &&
           number <= LENGTH_MOST;
}

static bool is_none(const char *value)
{
    return strcmp(value, "None") == 0 || strcmp(value, "Reject") == 0 ||
           strcmp(value, "Irrelevant") == 0;
}

/* Bytes in pairs of digits. */
static bool is_bytes(const char *value)
{
    size_t length = strlen(value);

    return strncmp(value, "0x", 2) == 0 && length > 2 && length % 2 == 0 &&
           value[2 + strspn(value + 2, "0123456789abcdefABCDEF")] == '\0';
}

static bool key_is_fine(const char *text)
{
    static const struct {
        const char *key;
        bool (*is_fine)(const char *value);
    } known[] = {
        { "MaxRecvDataSegmentLength=", is_length },
        { "MaxBurstLength=", is_length },
        { "FirstBurstLength=", is_length },
        { "HeaderDigest=", is_none },
        { "DataDigest=", is_none },
        { "CHAP_C=", is_bytes },
        { "CHAP_R=", is_bytes },
    };
    size_t i;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strncmp(text, known[i].key, strlen(known[i].key)) == 0)
            return known[i].is_fine(text + strlen(known[i].key));
    return true;
}

static int32_t keys_check(const char *keys, size_t length, char *why)
{
    const char *end = keys + length;

    if (length > 0 && end[-1] != '\0')
        return nonsense(why, "a key without an end");
    for (; keys < end; keys += strlen(keys) + 1)
        if (!key_is_fine(keys)) {
            session_tell(why, "its answer to the login makes no sense: %.60s", keys);
            return TARN_E_IO;
        }
    return TARN_OK;
}

/* --- stages ------------------------------------------------------------------------------------ */

static int32_t stages_check(const struct guard *guard, char *why)
{
    uint8_t asked = guard->request_flags;
    uint8_t flags = guard->header[1];

    if (flags & CONTINUES)
        return nonsense(why, "it takes more than one answer");
    if ((flags & CURRENT_STAGE) != (asked & CURRENT_STAGE))
        return nonsense(why, "it is about another stage");
    if (!(flags & PDU_FINAL))
        return TARN_OK;
    if (!(asked & PDU_FINAL) || (flags & NEXT_STAGE) != (asked & NEXT_STAGE))
        return nonsense(why, "it goes to a stage that was not asked for");
    if (guard->mutual && (flags & CURRENT_STAGE) == 0 && !guard->request_has_proof) {
        session_tell(why, "it does not prove who it is: it knows no CHAP, or not for both");
        return TARN_E_ACCESS;
    }
    return TARN_OK;
}

int32_t guard_judge_login(struct guard *guard, char *why)
{
    int32_t status;

    guard->login_status = be16_load(guard->header + 36);
    if (guard->login_status >> 8 != 0) /* refused: there are no stages any more */
        return keys_check((const char *)guard->body, guard->length, why);
    status = stages_check(guard, why);
    return status == TARN_OK ? keys_check((const char *)guard->body, guard->length, why) : status;
}
