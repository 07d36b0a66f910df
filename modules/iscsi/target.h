/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * target.h - the target of a pool: who it is, at which portals it can be had, and getting through to
 * it by one of them or by all.
 */
#ifndef ISCSI_TARGET_H
#define ISCSI_TARGET_H

#include "session.h"

#define ISCSI_PORT 3260          /* RFC 7143, 13.1 */
#define ISCSI_NAME_MOST 223      /* bytes, RFC 7143, 4.2.7.1 */
#define PORTAL_SIZE 160          /* "[address%interface]:port" */

struct target_host {
    char *name;
    uint32_t port; /* ISCSI_PORT where the definition says nothing */
};

/* What the definition says of it: a copy, which outlives the call. */
struct target {
    char *iqn;
    char *initiator; /* the definition's, or the machine's own of /etc/iscsi/initiatorname.iscsi */
    struct target_host *hosts;
    size_t host_count;
    bool all_portals; /* <iscsi:sessions portals='all'/>: a session through each */
    struct chap_names chap;
};

int32_t target_read(struct tarn_call *call, struct target *out);
int32_t target_copy(struct tarn_call *call, const struct target *target, struct target *out);
void target_clear(struct target *target);

/* --- portals ----------------------------------------------------------------------------------- */

/* An address of one of the hosts. */
struct portal {
    char text[PORTAL_SIZE]; /* "192.0.2.1:3260" */
    const char *host;       /* the target's */
    bool unresolved;        /* `text` is a name without an address */
    char why[SERVER_WHY_SIZE]; /* why it is of no use; empty: it is, or was not tried */
};

struct portals {
    struct portal *list;
    size_t count;
};

/* All addresses of all hosts, each once, in the order of the definition. A host whose name has no
 * address stands there with its name and the reason in `why`. */
int32_t portals_find(struct tarn_call *call, const struct target *target, struct portals *out);
void portals_clear(struct portals *portals);

/* --- getting through --------------------------------------------------------------------------- */

/* A session through the first portal that lets us in, beginning with *io_first and going round;
 * *io_first is which it was. Not TARN_OK: recorded, with what each portal said; TARN_E_TIMEOUT if
 * none was reached, TARN_E_ACCESS or TARN_E_NOT_FOUND if one that was refused. */
int32_t target_connect(struct tarn_call *call, const struct target *target,
                       struct portals *portals, size_t *io_first, struct session **out);
/* A session through each, at once; sessions[i] is NULL where portal i is of no use. TARN_OK if
 * there is one at least. `sessions` has room for all portals. */
int32_t target_connect_all(struct tarn_call *call, const struct target *target,
                           struct portals *portals, struct session **sessions);

#endif
