/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a target may answer to a login: the rules that keep one from being taken for another.
 */
#include <string.h>

#include "modules/iscsi/session-internal.h"
#include "tests/unit/unit.h"

#define TRANSIT 0x80
#define SECURITY 0x00    /* current stage */
#define OPERATIONAL 0x04
#define TO_OPERATIONAL 0x01
#define TO_FULL 0x03

static uint8_t body[16384];
static char why[SERVER_WHY_SIZE];

/* What becomes of an answer with these flags and keys (each with its NUL) to a request with those. */
static int32_t judge(struct guard *guard, uint8_t asked, const char *request, uint8_t flags,
                     const char *keys, size_t length)
{
    uint8_t header[PDU_HEADER] = { 0x43, asked };
    uint8_t sent[PDU_HEADER + 64];

    memcpy(sent, header, PDU_HEADER);
    memcpy(sent + PDU_HEADER, request, strlen(request) + 1);
    guard_note_request(guard, sent, PDU_HEADER + strlen(request) + 1);
    memset(guard->header, 0, sizeof(guard->header));
    guard->header[0] = PDU_LOGIN_RESPONSE;
    guard->header[1] = flags;
    guard->body = body;
    guard->length = length;
    memcpy(body, keys, length);
    why[0] = '\0';
    return guard_judge_login(guard, why);
}

static int32_t judge_keys(const char *keys, size_t length)
{
    struct guard guard = { .mutual = false };

    return judge(&guard, TRANSIT | OPERATIONAL | TO_FULL, "", TRANSIT | OPERATIONAL | TO_FULL, keys,
                 length);
}

#define KEYS(text) judge_keys(text, sizeof(text))

static void sensible_answers(void)
{
    struct guard guard = { .mutual = false };

    CU_ASSERT_EQUAL(judge(&guard, TRANSIT | SECURITY | TO_OPERATIONAL, "", SECURITY,
                          "AuthMethod=CHAP", 16), TARN_OK);
    CU_ASSERT_EQUAL(KEYS("HeaderDigest=None\0DataDigest=None\0MaxRecvDataSegmentLength=8192"),
                    TARN_OK);
    CU_ASSERT_EQUAL(judge_keys("", 0), TARN_OK);
}

static void numbers_that_make_no_sense(void)
{
    CU_ASSERT_EQUAL(KEYS("MaxRecvDataSegmentLength=0"), TARN_E_IO);
    CU_ASSERT_EQUAL(KEYS("MaxRecvDataSegmentLength=511"), TARN_E_IO);
    CU_ASSERT_EQUAL(KEYS("MaxRecvDataSegmentLength=-8192"), TARN_E_IO);
    CU_ASSERT_EQUAL(KEYS("MaxRecvDataSegmentLength="), TARN_E_IO);
    CU_ASSERT_EQUAL(KEYS("FirstBurstLength=99999999999999999999"), TARN_E_IO);
    CU_ASSERT_EQUAL(KEYS("HeaderDigest=CRC32C"), TARN_E_IO);
    CU_ASSERT_EQUAL(KEYS("CHAP_C=0xabc"), TARN_E_IO);
    CU_ASSERT_EQUAL(judge_keys("AuthMethod", 10), TARN_E_IO);
}

static void stages_are_not_skipped(void)
{
    struct guard guard = { .mutual = false };

    CU_ASSERT_EQUAL(judge(&guard, TRANSIT | SECURITY | TO_OPERATIONAL, "",
                          TRANSIT | OPERATIONAL | TO_FULL, "", 0), TARN_E_IO);
    CU_ASSERT_EQUAL(judge(&guard, TRANSIT | SECURITY | TO_OPERATIONAL, "",
                          TRANSIT | SECURITY | TO_FULL, "", 0), TARN_E_IO);
    CU_ASSERT_EQUAL(judge(&guard, SECURITY, "", TRANSIT | SECURITY | TO_OPERATIONAL, "", 0),
                    TARN_E_IO);
}

static void proof_comes_after_the_challenge(void)
{
    static const char proof[] = "CHAP_N=t\0CHAP_R=0x00000000000000000000000000000000";
    const uint8_t leave = TRANSIT | SECURITY | TO_OPERATIONAL;
    struct guard guard = { .mutual = true };

    CU_ASSERT_EQUAL(judge(&guard, leave, "AuthMethod=CHAP,None", leave, proof, sizeof(proof)),
                    TARN_E_ACCESS);
    CU_ASSERT_EQUAL(judge(&guard, leave, "AuthMethod=CHAP,None", leave, "AuthMethod=None", 16),
                    TARN_E_ACCESS);
    CU_ASSERT_EQUAL(judge(&guard, leave, "CHAP_R=0x12", leave, proof, sizeof(proof)), TARN_OK);
}

static void refusals_are_kept(void)
{
    struct guard guard = { .mutual = true };
    uint8_t asked[PDU_HEADER] = { 0x43 };

    guard_note_request(&guard, asked, sizeof(asked));
    guard.body = body;
    guard.header[36] = 2;
    guard.header[37] = 1;
    CU_ASSERT_EQUAL(guard_judge_login(&guard, why), TARN_OK);
    CU_ASSERT_EQUAL(guard.login_status, 0x0201);
}

static const struct unit_test tests[] = {
    { "answers that make sense are let through", sensible_answers },
    { "numbers that make no sense are not", numbers_that_make_no_sense },
    { "a target does not skip a stage", stages_are_not_skipped },
    { "a proof that comes before the challenge is none", proof_comes_after_the_challenge },
    { "why a login was refused is kept", refusals_are_kept },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("iscsi-login", tests);
}
