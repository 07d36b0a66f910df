/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * netfs.h - what the files of the pool type "netfs" share: directories that a server shares out,
 * mounted from the first of several hosts that answers.
 *
 * Everything here may wait for a server. What waits in this process does so in poll(2), with an
 * eye on the call; what waits in the kernel or in the resolver can only be abandoned together with
 * its process, which is why netfs.conf asks for one.
 */
#ifndef NETFS_H
#define NETFS_H

#include <stdbool.h>

#include <tarn/call.h>

#include "helpers/mounted-volumes.h"
#include "helpers/server.h"

/* --- kinds of servers (kind.c) ----------------------------------------------------------------- */

struct netfs_kind {
    const char *format;  /* <format type=> */
    uint32_t port;       /* where its servers answer */
    const char *helper;  /* the program that mounts it; NULL = the kernel by itself */
    const char *package; /* that has the program */
};

/* nfs, glusterfs, cifs: in the order in which "auto" asks; ends with NULL. */
extern const struct netfs_kind *const netfs_kinds[];

/* The kind of a format, or NULL for "auto". */
const struct netfs_kind *netfs_kind_find(const char *format);
/* What is mounted: "host:/dir", "//host/share"; freed with free(), NULL without memory. */
char *netfs_source_text(const struct netfs_kind *kind, const char *host, const char *dir);
/* The options of the kind and of the definition, but for those that every mount gets; the same. */
char *netfs_options_text(const struct netfs_kind *kind, const struct tarn_source *source,
                         uint32_t port);
/* Is that entry of the mount table this directory of this host? */
bool netfs_is_mount_of(const struct netfs_kind *kind, const char *host, const char *dir,
                       const struct mount_entry *entry);

/* --- the definition (define.c) ----------------------------------------------------------------- */

int32_t netfs_define(struct tarn_call *call);
/* "path:<target>", and "netfs:<host>:<dir>" for each host. */
int32_t netfs_claims(struct tarn_call *call);

/* --- servers (ask.c, rpc.c) -------------------------------------------------------------------- */

/* Does a server of that kind answer there? TARN_OK; TARN_E_TIMEOUT or TARN_E_IO with the reason in
 * `why` and nothing recorded; or, recorded, the call has ended: tarn_interrupted tells which. */
int32_t netfs_ask(struct tarn_call *call, const struct netfs_kind *kind, const char *host,
                  uint32_t port, char why[SERVER_WHY_SIZE]);

/* Does anything listen at that port? The same, until `until`. */
int32_t netfs_connect(struct tarn_call *call, const char *address, uint32_t port, int64_t until,
                      char why[SERVER_WHY_SIZE]);

/* Why a connection broke, for people; returns TARN_E_IO. */
int32_t netfs_tell_broken(int error, char why[SERVER_WHY_SIZE]);

/* Takes the path of an export; another value than TARN_OK ends the list and is returned. */
typedef int32_t (*netfs_export_fn)(struct tarn_call *call, const char *path, void *arg);

/* ONC RPC, by libnfs: does NFS of that version answer, and what does its mount program export? Both
 * go on until `until`; results as for netfs_ask. Port 0 = ask the portmapper (rpcbind). */
int32_t netfs_rpc_ping(struct tarn_call *call, const char *address, uint32_t port,
                       uint32_t version, int64_t until, char why[SERVER_WHY_SIZE]);
int32_t netfs_rpc_exports(struct tarn_call *call, const char *address, uint32_t port,
                          int64_t until, netfs_export_fn take, void *arg,
                          char why[SERVER_WHY_SIZE]);

/* tarn_pool_type.find_sources (discover.c) */
int32_t netfs_find_sources(struct tarn_call *call);

/* --- the pool (pool.c, start.c, cifs.c) -------------------------------------------------------- */

/* The handle. It outlives the call that made it, so the source is copied. */
struct netfs {
    struct mounted_volumes volumes;  /* first */
    const struct netfs_kind *kind;   /* NULL = whatever answers */
    char **hosts;                    /* ends with NULL */
    char *dir;
};

int32_t netfs_open(struct tarn_call *call, void **out_pool);
void netfs_close(void *pool);
/* Makes the directory to mount on; there is no making anything on the server. */
int32_t netfs_build(struct tarn_call *call, void *pool, uint32_t flags);
int32_t netfs_start(struct tarn_call *call, void *pool);
/* For mounted_volumes_start_by: mounts in this process, so that no other sees the secret. */
int32_t netfs_cifs_attach(struct tarn_call *call, const struct mount_request *request);

/* --- on whose behalf (identity.c, squash.c) ---------------------------------------------------- */

/* As whom this thread meets the server. */
struct netfs_identity {
    bool other; /* than the process is: as these */
    uint32_t owner;
    uint32_t group;
};

/* As whom `needed` (access(2)) can be done in the directory: as ourselves, or as its owner, if the
 * server takes root for nobody. */
struct netfs_identity netfs_identity_for(const char *directory, int needed);
/* Is `owner` somebody else, whom root may pass for? */
struct netfs_identity netfs_identity_of(uint32_t owner, uint32_t group);
/* Makes the calling thread that, and tells what it was before. */
struct netfs_identity netfs_identity_assume(const struct netfs_identity *identity);
/* For file_volumes.step_out and step_in: the process itself, and the other again. */
uint64_t netfs_step_out(void);
void netfs_step_in(uint64_t who);
/* For file_volumes.open_denied: as the owner of the file. */
int netfs_open_as_owner(const struct file_volumes *volumes, int directory, const char *name,
                        int flags);

/* The operations of helpers/file-volumes.h, as whoever may do them. */
int32_t netfs_recover(struct tarn_call *call, void *pool);
int32_t netfs_capabilities(struct tarn_call *call, void *pool);
int32_t netfs_info(struct tarn_call *call, void *pool);
int32_t netfs_refresh(struct tarn_call *call, void *pool);
int32_t netfs_volume_lookup(struct tarn_call *call, void *pool, const char *name);
int32_t netfs_watch_open(struct tarn_call *call, void *pool, void **out_watch, int32_t *out_fd);
int32_t netfs_volume_allocate(struct tarn_call *call, void *pool,
                              const struct tarn_container_spec *spec, void **out_container,
                              struct tarn_io **out_io);
int32_t netfs_volume_clone(struct tarn_call *call, void *pool,
                           const struct tarn_container_spec *spec, void **out_container,
                           struct tarn_io **out_io);
int32_t netfs_volume_publish(struct tarn_call *call, void *pool, void *container);
void netfs_volume_abort(struct tarn_call *call, void *pool, void *container);
int32_t netfs_volume_open(struct tarn_call *call, void *pool, const char *name, uint32_t flags,
                          struct tarn_io **out_io);
int32_t netfs_volume_delete(struct tarn_call *call, void *pool, const char *name);

#endif
