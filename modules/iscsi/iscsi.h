/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * iscsi.h - what the two pool types share: "iscsi", whose logical units the kernel makes into block
 * devices, and "iscsi-direct", which needs no kernel for them.
 */
#ifndef ISCSI_H
#define ISCSI_H

#include <tarn/module.h>

#include "lun.h"

#define ISCSI_XML_NAMESPACE "urn:tarn:iscsi"
#define ISCSI_XML_PREFIX "iscsi"
/* The part of a RELAX NG fragment that both have (tarn_pool_type.schema): <iscsi:target-auth> and
 * <iscsi:sessions> in <source>. */
#define ISCSI_SCHEMA_OWN                                                                         \
    "<define name='source.own'><interleave>"                                                     \
    "<optional><element name='target-auth' ns='" ISCSI_XML_NAMESPACE "'>"                         \
    "<attribute name='username' ns=''><ref name='value.word'/></attribute>"                      \
    "<element name='secret' ns='" ISCSI_XML_NAMESPACE "'><choice>"                               \
    "<attribute name='uuid' ns=''><ref name='value.uuid'/></attribute>"                          \
    "<attribute name='usage' ns=''><ref name='value.word'/></attribute>"                         \
    "</choice></element></element></optional>"                                                   \
    "<optional><element name='sessions' ns='" ISCSI_XML_NAMESPACE "'>"                           \
    "<attribute name='portals' ns=''><choice><value>first</value><value>all</value></choice>"    \
    "</attribute></element></optional>"                                                          \
    "</interleave></define>"

#define ISCSI_VOLUME_FORMAT "raw" /* of a volume of which nothing is recorded */
#define ISCSI_SOURCE_PARTS \
    (TARN_SOURCE_HOST | TARN_SOURCE_DEVICE | TARN_SOURCE_INITIATOR | TARN_SOURCE_AUTH)

extern const struct tarn_pool_type iscsi_direct_type; /* direct.c */
extern const struct tarn_pool_type iscsi_kernel_type; /* kernel.c */

/* --- define.c ---------------------------------------------------------------------------------- */

/* What both types must have; each then checks what is its own. */
int32_t iscsi_define(struct tarn_call *call);
/* "iscsi:<iqn>:<initiator>@<host>:<port>" for each host: the same target through other portals is
 * no conflict. */
int32_t iscsi_claims(struct tarn_call *call);
/* May it be the name of an iSCSI target or initiator (RFC 7143, 4.2.7)? */
bool iscsi_is_name(const char *text);
/* tarn_pool_type.volume_name_check: there is no name that a new volume may bear, and this is how a
 * volume comes to be. */
int32_t iscsi_volume_name_check(struct tarn_call *call, void *pool, const char *name);

/* tarn_pool_type.capabilities (capabilities.c) */
int32_t iscsi_capabilities(struct tarn_call *call, void *pool);
/* tarn_pool_type.find_sources (discover.c) */
int32_t iscsi_find_sources(struct tarn_call *call);

#endif
