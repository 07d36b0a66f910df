/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tests of the module netfs.so that need no server: what it writes down for mount helpers, which
 * mounts it takes for its own, and which definitions it refuses.
 */
#include <stdlib.h>
#include <string.h>

#include "modules/netfs/netfs.h"
#include "tests/unit/fake-pool-host.h"
#include "tests/unit/unit.h"

/* --- sources ----------------------------------------------------------------------------------- */

static void is_source(const char *format, const char *host, const char *dir, const char *wanted)
{
    char *source = netfs_source_text(netfs_kind_find(format), host, dir);

    CU_ASSERT_PTR_NOT_NULL_FATAL(source);
    CU_ASSERT_STRING_EQUAL(source, wanted);
    free(source);
}

static void source_texts(void)
{
    is_source("nfs", "nfs.example.com", "/srv/images", "nfs.example.com:/srv/images");
    is_source("nfs", "2001:db8::15", "/srv", "[2001:db8::15]:/srv");
    is_source("nfs", "[2001:db8::15]", "/srv", "[2001:db8::15]:/srv");
    is_source("cifs", "files.example.com", "images", "//files.example.com/images");
    is_source("cifs", "192.0.2.7", "/images/sub", "//192.0.2.7/images/sub");
    is_source("glusterfs", "g1", "volume", "g1:/volume");
    is_source("glusterfs", "g1", "/volume", "g1:/volume");
}

static void are_options(const char *format, const struct tarn_source *source, uint32_t port,
                        const char *wanted)
{
    char *options = netfs_options_text(netfs_kind_find(format), source, port);

    CU_ASSERT_PTR_NOT_NULL_FATAL(options);
    CU_ASSERT_STRING_EQUAL(options, wanted);
    free(options);
}

static void option_texts(void)
{
    static const struct tarn_source_auth auth = { .struct_size = sizeof(auth), .type = "cifs",
                                                  .username = "u", .secret_usage = "s" };
    const struct tarn_source plain = { .struct_size = sizeof(plain) };
    const struct tarn_source version = { .struct_size = sizeof(version),
                                         .protocol_version = "4.2" };
    const struct tarn_source user = { .struct_size = sizeof(user), .auth = &auth };

    are_options("nfs", &plain, 0, "retry=0");
    are_options("nfs", &version, 0, "retry=0,nfsvers=4.2");
    are_options("nfs", &version, 12049, "retry=0,port=12049,nfsvers=4.2");
    are_options("glusterfs", &plain, 0, "direct-io-mode=1");
    are_options("glusterfs", &plain, 24009, "direct-io-mode=1,server-port=24009");
    are_options("cifs", &plain, 0, "guest");
    are_options("cifs", &user, 0, "");
    are_options("cifs", &user, 1445, "port=1445");
}

static bool is_ours(const char *format, const char *dir, const char *type, const char *source)
{
    struct mount_entry entry = { .type = (char *)type, .source = (char *)source };

    return netfs_is_mount_of(netfs_kind_find(format), "h", dir, &entry);
}

static void mounts_of_its_own(void)
{
    CU_ASSERT(is_ours("nfs", "/srv", "nfs", "h:/srv"));
    CU_ASSERT(is_ours("nfs", "/srv", "nfs4", "h:/srv"));
    CU_ASSERT(is_ours("nfs", "/srv", "nfs4", "h:/srv/"));
    CU_ASSERT(is_ours("nfs", "/", "nfs4", "h:/"));
    CU_ASSERT(is_ours("cifs", "/images", "cifs", "//h/images"));
    CU_ASSERT(is_ours("cifs", "images", "smb3", "//h/images"));
    CU_ASSERT(is_ours("glusterfs", "vol", "fuse.glusterfs", "h:/vol"));
    CU_ASSERT_FALSE(is_ours("nfs", "/srv", "nfs", "h:/srv/sub"));
    CU_ASSERT_FALSE(is_ours("nfs", "/srv/sub", "nfs", "h:/srv"));
    CU_ASSERT_FALSE(is_ours("nfs", "/srv", "nfs", "other:/srv"));
    CU_ASSERT_FALSE(is_ours("nfs", "/srv", "ext4", "h:/srv"));
    CU_ASSERT_FALSE(is_ours("nfs", "/srv", "cifs", "//h/srv"));
    CU_ASSERT_FALSE(is_ours("cifs", "images", "cifs", "//h/images2"));
}

/* --- definitions ------------------------------------------------------------------------------- */

struct definition {
    const char *format, *host, *dir, *version, *auth_type, *option;
};

/* Defines it and answers the status; the text is left in `host`, which the caller ends. */
static int32_t define(struct fake_pool_host *host, const struct definition *wanted)
{
    const struct tarn_source_host server = { .struct_size = sizeof(server),
                                             .name = wanted->host };
    const struct tarn_source_host *const servers[] = { wanted->host != NULL ? &server : NULL,
                                                       NULL };
    const struct tarn_source_auth auth = { .struct_size = sizeof(auth), .username = "u",
                                           .type = wanted->auth_type, .secret_usage = "s" };
    const char *const options[] = { wanted->option, NULL };

    fake_pool_host_init(host, "/mnt/p");
    host->source.hosts = servers;
    host->source.format = wanted->format;
    host->source.dir = wanted->dir;
    host->source.protocol_version = wanted->version;
    host->source.auth = wanted->auth_type != NULL ? &auth : NULL;
    host->pool.mount_options = options;
    return netfs_define(&host->call);
}

static void accepts(const struct definition *wanted)
{
    struct fake_pool_host host;

    CU_ASSERT_EQUAL(define(&host, wanted), TARN_OK);
    fake_pool_host_fini(&host);
}

static void refuses(const struct definition *wanted, const char *because)
{
    struct fake_pool_host host;

    CU_ASSERT_EQUAL(define(&host, wanted), TARN_E_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.text, because));
    if (strstr(host.text, because) == NULL)
        CU_FAIL(host.text);
    fake_pool_host_fini(&host);
}

static void good_definitions(void)
{
    accepts(&(struct definition){ .format = "nfs", .host = "h", .dir = "/d", .version = "4.2" });
    accepts(&(struct definition){ .format = "auto", .host = "::1", .dir = "/d", .version = "3" });
    accepts(&(struct definition){ .format = "auto", .host = "h", .dir = "share" });
    accepts(&(struct definition){ .format = "cifs", .host = "h", .dir = "s", .auth_type = "cifs" });
    accepts(&(struct definition){ .format = "glusterfs", .host = "h", .dir = "/v" });
}

static void bad_definitions(void)
{
    refuses(&(struct definition){ .format = "nfs", .dir = "/d" }, "no host");
    refuses(&(struct definition){ .format = "nfs", .host = "h" }, "no directory");
    refuses(&(struct definition){ .format = "nfs", .host = "h", .dir = "d" }, "begin it with /");
    refuses(&(struct definition){ .format = "cifs", .host = "h", .dir = "/" }, "name a share");
    refuses(&(struct definition){ .format = "nfs", .host = "-oexec", .dir = "/d" }, "the host");
    refuses(&(struct definition){ .format = "nfs", .host = "a,b", .dir = "/d" }, "the host");
    refuses(&(struct definition){ .format = "nfs", .host = "a/b", .dir = "/d" }, "the host");
    refuses(&(struct definition){ .format = "cifs", .host = "h", .dir = "s", .version = "3" },
            "only NFS has one");
    refuses(&(struct definition){ .format = "nfs", .host = "h", .dir = "/d", .version = "4,rw" },
            "without a comma");
    refuses(&(struct definition){ .format = "nfs", .host = "h", .dir = "/d", .auth_type = "cifs" },
            "only the format cifs");
    refuses(&(struct definition){ .format = "auto", .host = "h", .dir = "/d",
                                  .auth_type = "cifs" }, "only the format cifs");
    refuses(&(struct definition){ .format = "cifs", .host = "h", .dir = "s",
                                  .auth_type = "chap" }, "type='cifs'");
}

/* The text of the refusal has not got it either. */
static void secrets_in_options(void)
{
    struct definition definition = { .format = "cifs", .host = "h", .dir = "s",
                                     .option = "password=geheim" };
    struct fake_pool_host host;

    refuses(&definition, "the mount option password");
    define(&host, &definition);
    CU_ASSERT_PTR_NULL(strstr(host.text, "geheim"));
    fake_pool_host_fini(&host);
    definition.option = "credentials=/etc/creds";
    refuses(&definition, "the mount option credentials");
    definition.option = "passwordless";
    accepts(&definition);
}

static void claims(void)
{
    const struct tarn_source_host a = { .struct_size = sizeof(a), .name = "a" };
    const struct tarn_source_host b = { .struct_size = sizeof(b), .name = "b", .port = 7 };
    const struct tarn_source_host *const hosts[] = { &a, &b, NULL };
    struct fake_pool_host host;

    fake_pool_host_init(&host, "/mnt/p");
    host.source.hosts = hosts;
    host.source.dir = "/d";
    CU_ASSERT_EQUAL(netfs_claims(&host.call), TARN_OK);
    CU_ASSERT_EQUAL_FATAL(host.claim_count, 3);
    CU_ASSERT_STRING_EQUAL(host.claims[0], "path:/mnt/p");
    CU_ASSERT_STRING_EQUAL(host.claims[1], "netfs:a:/d");
    CU_ASSERT_STRING_EQUAL(host.claims[2], "netfs:b:7:/d");
    fake_pool_host_fini(&host);
}

/* --- the handle -------------------------------------------------------------------------------- */

static bool takes(struct netfs *netfs, const char *type, const char *source)
{
    struct mount_entry entry = { .type = (char *)type, .source = (char *)source };

    return netfs->volumes.is_ours(&netfs->volumes, &entry);
}

static void any_host_is_the_pool(void)
{
    const struct tarn_source_host a = { .struct_size = sizeof(a), .name = "a" };
    const struct tarn_source_host b = { .struct_size = sizeof(b), .name = "::2" };
    const struct tarn_source_host *const hosts[] = { &a, &b, NULL };
    struct fake_pool_host host;
    void *pool;

    fake_pool_host_init(&host, "/mnt/p");
    host.source.hosts = hosts;
    host.source.dir = "/d";
    host.source.format = "auto";
    CU_ASSERT_EQUAL_FATAL(netfs_open(&host.call, &pool), TARN_OK);
    CU_ASSERT(takes(pool, "nfs4", "a:/d"));
    CU_ASSERT(takes(pool, "nfs", "[::2]:/d"));
    CU_ASSERT(takes(pool, "cifs", "//a/d"));
    CU_ASSERT_FALSE(takes(pool, "nfs", "c:/d"));
    netfs_close(pool);
    host.source.format = "nfs";
    CU_ASSERT_EQUAL_FATAL(netfs_open(&host.call, &pool), TARN_OK);
    CU_ASSERT(takes(pool, "nfs4", "a:/d"));
    CU_ASSERT_FALSE(takes(pool, "cifs", "//a/d"));
    netfs_close(pool);
    netfs_close(NULL);
    fake_pool_host_fini(&host);
}

static const struct unit_test tests[] = {
    { "a source is written as its kind of server wants it", source_texts },
    { "the options of the kind come before the protocol's", option_texts },
    { "a mount of the same directory of the same host is ours, no other", mounts_of_its_own },
    { "definitions that make sense are taken", good_definitions },
    { "definitions that make none are refused", bad_definitions },
    { "a secret among the mount options is refused and not told", secrets_in_options },
    { "the target and each host's directory are claimed", claims },
    { "whichever host it was mounted from, it is the pool", any_host_is_the_pool },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("netfs", tests);
}
