/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * chap.h - who we say we are, and who the target must prove to be (RFC 7143, 12.1.3).
 */
#ifndef ISCSI_CHAP_H
#define ISCSI_CHAP_H

#include <tarn/call.h>

#define CHAP_NAME_SIZE 256   /* with the NUL; what libiscsi and open-iscsi keep */
#define CHAP_SECRET_SIZE 256

struct chap_name {
    char *user;
    char *usage; /* of the secret: this or the uuid is set */
    char *uuid;
};

/* Which names and secrets the definition names; a copy. */
struct chap_names {
    struct chap_name initiator; /* <auth type='chap'>; user NULL = without */
    struct chap_name target;    /* <iscsi:target-auth>; user NULL = it need not prove itself */
};

/* What is needed to log in. Lives in locked memory, as short as can be. */
struct chap {
    char user[CHAP_NAME_SIZE];
    char secret[CHAP_SECRET_SIZE];
    char target_user[CHAP_NAME_SIZE]; /* empty: not mutual */
    char target_secret[CHAP_SECRET_SIZE];
};

int32_t chap_names_read(struct tarn_call *call, struct chap_names *out);
void chap_names_clear(struct chap_names *names);

/* Asks the host for the secrets. *out is NULL if no names are there. Freed with chap_free, which
 * zeroes it; NULL is legal. */
int32_t chap_new(struct tarn_call *call, const struct chap_names *names, struct chap **out);
void chap_free(struct chap *chap);

#endif
