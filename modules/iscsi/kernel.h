/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel.h - what the files of the pool type "iscsi" share: a target whose logical units are disks
 * of the kernel, by open-iscsi (iscsid, its database of nodes), udev and, where it works,
 * multipathd.
 *
 * Nothing is kept between calls but the definition: which sessions there are is in sysfs, what a
 * logical unit is says it itself. What waits here does so in poll(2); a disk whose session broke
 * would keep whoever opens it in the kernel, so none is opened to be looked at.
 */
#ifndef ISCSI_KERNEL_H
#define ISCSI_KERNEL_H

#include <sys/types.h>

#include <tarn/module.h>

#include "helpers/block-node.h"
#include "target.h"
#include "vpd.h"

#define KERNEL_SYSFS "/sys"
#define KERNEL_SECTOR 512 /* what sysfs counts sizes in */
#define KERNEL_IFACE_SIZE 16 /* "tarn-" and eight digits */

/* The handle. It outlives the call that made it. */
struct kernel {
    struct target target;
    char iface[KERNEL_IFACE_SIZE]; /* open-iscsi's interface of this pool alone: what is ours */
    char *folder;                  /* <target><path>, where the volumes' links are */
};

/* --- sessions (kernel-session.c) -------------------------------------------------------------- */

struct kernel_session {
    unsigned id;   /* as iscsiadm numbers them */
    unsigned host; /* of SCSI */
    bool ours;     /* this pool logged in; another pool or program if not */
    bool usable;   /* logged in; if not the kernel tries to get through again */
    char portal[PORTAL_SIZE];  /* as it was asked for: an address, or a name */
    char address[PORTAL_SIZE]; /* where it leads */
};

struct kernel_sessions {
    struct kernel_session *list; /* those that can be used first, then by number */
    size_t count;
};

/* Those of the pool: its own, and those that somebody else has with the same target, as the same
 * initiator, through one of the pool's portals. */
int32_t kernel_sessions_find(struct tarn_call *call, const struct kernel *kernel,
                             struct kernel_sessions *out);
void kernel_sessions_clear(struct kernel_sessions *sessions);
size_t kernel_sessions_usable(const struct kernel_sessions *sessions);
const struct kernel_session *kernel_sessions_at(const struct kernel_sessions *sessions,
                                                const char *portal);

/* A line of a file of sysfs, without its end; false: there is none. */
bool kernel_sysfs_line(char *out, size_t size, const char *format, ...) TARN_PRINTF(3, 4);

/* --- open-iscsi's database (kernel-record.c) -------------------------------------------------- */

/* Are there records of this pool: has it logged in, and not out? */
bool kernel_records_exist(const struct kernel *kernel);
/* Makes that of the interface, without which iscsiadm does nothing with its sessions. */
int32_t kernel_iface_make(struct tarn_call *call, const struct kernel *kernel);
/* Makes that of a portal, with the secrets in it; a login may take `patience` seconds. */
int32_t kernel_record_make(struct tarn_call *call, const struct kernel *kernel, const char *portal,
                           unsigned patience);
/* Removes all of this pool, its interface with them. */
int32_t kernel_records_remove(struct tarn_call *call, const struct kernel *kernel);
/* The name of a portal in the arguments of iscsiadm. */
void kernel_record_portal(char out[PORTAL_SIZE + 8], const char *portal);

/* --- in and out (kernel-login.c) -------------------------------------------------------------- */

/* Sees that the pool has the sessions that it should have: one that works, or one through each
 * portal, of which some may be of no use. Not `retry`: as long as any works nothing is tried. */
int32_t kernel_login(struct tarn_call *call, const struct kernel *kernel, bool retry);
/* Ends the pool's own sessions. */
int32_t kernel_logout(struct tarn_call *call, const struct kernel *kernel);
/* Has the kernel look for logical units, and look at those that it has again. */
int32_t kernel_rescan(struct tarn_call *call, const struct kernel_session *session);

/* --- logical units (kernel-unit.c, kernel-look.c, kernel-ask.c) ------------------------------- */

#define KERNEL_DISK_SIZE 32

/* A logical unit as the kernel has it in one session. */
struct kernel_unit {
    const struct kernel_session *session;
    unsigned bus;
    unsigned target;
    uint64_t number;
    int type;            /* SPC-4, table 142 */
    char generic[32];    /* node of its sg device; empty: there is none */
    char disk[KERNEL_DISK_SIZE]; /* "sda"; empty: the kernel made no disk of it, or not yet */
    dev_t device;
    uint64_t size;       /* bytes, as the kernel knows it */

    /* what it says itself (kernel_look) */
    int32_t status;      /* TARN_OK; TARN_E_NOT_FOUND: it is not there any more; or why it is of no
                            use, with `why` */
    char why[SERVER_WHY_SIZE];
    uint64_t size_told;
    char identity[VPD_TEXT_SIZE]; /* empty: it has none */
};

struct kernel_units {
    struct kernel_unit *list; /* by bus, target and number, then as the sessions are */
    size_t count;
};

#define KERNEL_UNIT_NAME_SIZE 64

void kernel_unit_name(char out[KERNEL_UNIT_NAME_SIZE], const struct kernel_unit *unit);
bool kernel_unit_is_volume(const struct kernel_unit *unit);
/* The disk that the kernel has of it now. */
bool kernel_unit_disk(const struct kernel_unit *unit, char out[KERNEL_DISK_SIZE]);
bool kernel_unit_is_same(const struct kernel_unit *a, const struct kernel_unit *b);

/* What sysfs tells of all in the usable sessions, or of the one called `only`. */
int32_t kernel_units_read(struct tarn_call *call, const struct kernel_sessions *sessions,
                          const char *only, struct kernel_units *out);
void kernel_units_clear(struct kernel_units *units);
/* What the kernel remembers of the identity, as it was when it looked last. */
void kernel_unit_identity(const struct kernel_unit *unit, char out[VPD_TEXT_SIZE]);

/* Asks the units themselves, all at once. Without `only` it also has the kernel find those that are
 * new, and see what changed of the others, with the mappings over them; and waits until udev is
 * done with their nodes. */
int32_t kernel_look(struct tarn_call *call, const struct kernel_sessions *sessions,
                    const char *only, struct kernel_units *out);

/* A SCSI command that reads, for one unit. */
struct kernel_question {
    const char *generic; /* of kernel_unit */
    uint8_t cdb[16];
    uint8_t cdb_length;
    uint8_t *data;
    uint32_t length;     /* room in data */

    bool good;           /* data has `got` bytes */
    bool broken;         /* nobody answered */
    uint32_t got;
    uint8_t sense_key;   /* SPC-4, table 27 */
    uint8_t sense_code;  /* additional sense code */
};

/* Asks all, again after a unit attention, no longer than answer-timeout. TARN_OK unless the call
 * has ended. */
int32_t kernel_ask(struct tarn_call *call, struct kernel_question *questions, size_t count);

/* --- nodes (kernel-settle.c, kernel-node.c, kernel-grow.c, kernel-in-use.c) ------------------- */

/* Waits until udev is done with the disks, and multipathd with those that it wants; in vain: no
 * error. */
int32_t kernel_settle(struct tarn_call *call, const struct kernel_units *units);
/* Waits until none of `links`, in `folder`, leads to one of the disks any more; the same. */
int32_t kernel_settle_gone(struct tarn_call *call, const char *folder,
                           const struct block_links *links, const struct kernel_units *units);
/* Waits until the device has that size; the same. */
int32_t kernel_settle_size(struct tarn_call *call, dev_t device, uint64_t size);
/* Bytes of a device, or of one `below` it in sysfs ("slaves/sda/"); 0: there is none. */
uint64_t kernel_size_of(dev_t device, const char *below);

/* What is presented of a unit that the kernel has once or several times. */
struct kernel_node {
    char node[BLOCK_NAME_SIZE]; /* "/dev/sda", "/dev/mapper/mpatha" */
    dev_t device;
    uint64_t size;
    char mapping[BLOCK_NAME_SIZE]; /* multipath's name of it; empty: it is a path itself */
};

/* dm-multipath's over `count` units that are the same, or that of the first. TARN_E_NOT_FOUND,
 * unrecorded: there is no disk of it. */
int32_t kernel_node_find(struct tarn_call *call, const struct kernel_unit *units, size_t count,
                         struct kernel_node *out);

/* Has multipathd give its mappings the size of the units that grew. One that stays as it is does so
 * with a warning. */
int32_t kernel_grow_maps(struct tarn_call *call, const struct kernel_units *units);

/* TARN_E_BUSY if somebody has one of the disks, or multipath's over it, for himself or open. */
int32_t kernel_refuse_used(struct tarn_call *call, const struct kernel_units *units);
/* Removes multipath's mappings that would be left without a path. */
void kernel_flush_maps(struct tarn_call *call, const struct kernel_units *units);

/* --- operations ------------------------------------------------------------------------------- */

int32_t kernel_open(struct tarn_call *call, void **out_pool);
void kernel_close(void *pool);
int32_t kernel_check(struct tarn_call *call, void *pool, uint32_t *out_active);
int32_t kernel_start(struct tarn_call *call, void *pool);
int32_t kernel_stop(struct tarn_call *call, void *pool, uint32_t flags);
int32_t kernel_info(struct tarn_call *call, void *pool);
int32_t kernel_refresh(struct tarn_call *call, void *pool);
int32_t kernel_volume_lookup(struct tarn_call *call, void *pool, const char *name);
int32_t kernel_volume_open(struct tarn_call *call, void *pool, const char *name, uint32_t flags,
                           struct tarn_io **out_io);

/* The sizes and the state: `capacity` of all units together (kernel-pool.c). */
int32_t kernel_tell_pool(struct tarn_call *call, const struct kernel *kernel,
                         const struct kernel_sessions *sessions, uint64_t capacity);
/* TARN_OK if there is a session that can be used; TARN_E_TIMEOUT tells of those that cannot. */
int32_t kernel_need_session(struct tarn_call *call, const struct kernel *kernel,
                            const struct kernel_sessions *sessions);

#endif
