/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tarn/define.h - pool and volume definitions as a module sees them: libvirt's pool and volume
 * XML, parsed and checked by the host. What the XML left out is NULL, 0 or the "unset" value
 * named here. Elements of a module's own namespace are read with tarn_host.query.
 */
#ifndef TARN_DEFINE_H
#define TARN_DEFINE_H

#include <tarn/abi.h>

#define TARN_MODE_UNSET UINT32_MAX  /* no <mode> */
#define TARN_OWNER_UNSET UINT32_MAX /* no <owner> or <group>, or -1 there */

/* <permissions> */
struct tarn_permissions {
    uint32_t struct_size;
    uint32_t mode;     /* permission bits up to 0777, or TARN_MODE_UNSET */
    uint32_t owner;    /* uid, or TARN_OWNER_UNSET */
    uint32_t group;    /* gid, or TARN_OWNER_UNSET */
    const char *label; /* security label (SELinux context), or NULL */
};

/* <source><host name= port=/> */
struct tarn_source_host {
    uint32_t struct_size;
    uint32_t port; /* 0 = unset */
    const char *name;
};

/* <source><device path= part_separator=/> */
struct tarn_source_device {
    uint32_t struct_size;
    uint32_t part_separator; /* 0 unset, 1 yes, 2 no */
    const char *path;
};

/* <source><auth> */
struct tarn_source_auth {
    uint32_t struct_size;
    uint32_t reserved;
    const char *type; /* "chap", "ceph" */
    const char *username;
    const char *secret_usage; /* one of usage and uuid is set */
    const char *secret_uuid;
};

/* <source> */
struct tarn_source {
    uint32_t struct_size;
    uint32_t reserved;
    const struct tarn_source_host *const *hosts;     /* ends with NULL; never NULL itself */
    const struct tarn_source_device *const *devices; /* ends with NULL; never NULL itself */
    const char *dir;
    const char *name;
    const char *format;        /* of the pool ("nfs", "ext4", "gpt"), the type's default if unset */
    const char *initiator_iqn;
    const struct tarn_source_auth *auth;
    const char *protocol_version;
    const char *vendor;
    const char *product;
};

/* <pool> */
struct tarn_pool_def {
    uint32_t struct_size;
    uint32_t cow; /* <features><cow state=>: 0 unset, 1 yes, 2 no */
    const char *type;
    const char *name;
    const char *uuid; /* lower case, with hyphens */
    struct tarn_source const *source; /* never NULL */
    const char *target_path;
    const struct tarn_permissions *permissions; /* of the target; never NULL */
    const char *const *mount_options;           /* <fs:option name=>; ends with NULL */
};

/* <volume>, as asked for at creation */
struct tarn_volume_def {
    uint32_t struct_size;
    uint32_t nocow; /* 1: <nocow/> */
    const char *name;
    const char *format;   /* never NULL where the pool type has volume formats */
    uint64_t capacity;    /* bytes the guest sees */
    uint64_t allocation;  /* bytes to reserve now */
    const struct tarn_permissions *permissions; /* never NULL */
    const char *backing_path; /* NULL = none */
    const char *backing_format;
    const char *compat;       /* "0.10", "1.1", or NULL */
    uint64_t cluster_size;    /* bytes, 0 = the format's default */
    const char *const *features; /* "lazy_refcounts", …; ends with NULL */
};

#endif
