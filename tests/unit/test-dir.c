/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tests of the module dir.so: what its descriptor promises, and the life of a pool from definition
 * to removal through nothing but that descriptor.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tarn/module.h>

#include "tests/unit/fake-pool-host.h"
#include "tests/unit/unit.h"

static const struct tarn_pool_type *type_of_module(void)
{
    const struct tarn_module *module = tarn_module_entry(TARN_ABI_VERSION);

    CU_ASSERT_PTR_NOT_NULL_FATAL(module);
    CU_ASSERT_PTR_NOT_NULL_FATAL(module->pool_types);
    CU_ASSERT_PTR_NOT_NULL_FATAL(module->pool_types[0]);
    return module->pool_types[0];
}

static void descriptor(void)
{
    const struct tarn_module *module = tarn_module_entry(TARN_ABI_VERSION);
    const struct tarn_pool_type *type = type_of_module();

    CU_ASSERT_EQUAL(module->struct_size, sizeof(*module));
    CU_ASSERT_EQUAL(module->abi_version, TARN_ABI_VERSION);
    CU_ASSERT_EQUAL(module->threads, TARN_THREADS_PARALLEL);
    CU_ASSERT_STRING_EQUAL(module->name, "dir");
    CU_ASSERT_PTR_NULL(module->pool_types[1]);
    CU_ASSERT_PTR_NULL(module->formats);
    CU_ASSERT_EQUAL(type->struct_size, sizeof(*type));
    CU_ASSERT_STRING_EQUAL(type->name, "dir");
    CU_ASSERT_EQUAL(type->source_parts | type->source_required, 0);
    CU_ASSERT_STRING_EQUAL(type->default_volume_format, "raw");
    CU_ASSERT_STRING_EQUAL(type->volume_formats[0], "dir");
    CU_ASSERT_PTR_NULL(type->volume_formats[1]);
}

static void other_abi(void)
{
    CU_ASSERT_PTR_NULL(tarn_module_entry((uint32_t)(TARN_ABI_MAJOR + 1) << 16));
    CU_ASSERT_PTR_NOT_NULL(tarn_module_entry((uint32_t)TARN_ABI_MAJOR << 16 | 7));
}

static void make_volume(const struct tarn_pool_type *type, struct fake_pool_host *host, void *pool)
{
    struct tarn_container_spec spec = { .struct_size = sizeof(spec), .name = "disk",
                                        .permissions = &host->permissions };
    struct tarn_io *io;
    void *container;

    CU_ASSERT_EQUAL(type->volume_name_check(&host->call, pool, "disk"), TARN_OK);
    CU_ASSERT_EQUAL_FATAL(type->volume_allocate(&host->call, pool, &spec, &container, &io),
                          TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_truncate(&host->call, io, 1 << 20, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_flush(&host->call, io), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_close(&host->call, io), TARN_OK);
    CU_ASSERT_EQUAL(type->volume_publish(&host->call, pool, container), TARN_OK);
}

/* Each step of the pool's life, in the order that a sysadmin takes them. */
static void live(const struct tarn_pool_type *type, struct fake_pool_host *host)
{
    const struct fake_volume *disk;
    uint32_t active = 2;
    void *pool;

    CU_ASSERT_EQUAL(type->define(&host->call), TARN_OK);
    CU_ASSERT_EQUAL_FATAL(type->open(&host->call, &pool), TARN_OK);
    CU_ASSERT_EQUAL(type->check(&host->call, pool, &active), TARN_OK);
    CU_ASSERT_EQUAL(active, 0);
    CU_ASSERT_EQUAL(type->start(&host->call, pool), TARN_E_NOT_FOUND);
    CU_ASSERT_EQUAL(type->build(&host->call, pool, 0), TARN_OK);
    CU_ASSERT_EQUAL(type->check(&host->call, pool, &active), TARN_OK);
    CU_ASSERT_EQUAL(active, 1);
    CU_ASSERT_EQUAL(type->start(&host->call, pool), TARN_OK);
    CU_ASSERT_EQUAL(type->recover(&host->call, pool), TARN_OK);
    make_volume(type, host, pool);
    CU_ASSERT_EQUAL(type->refresh(&host->call, pool), TARN_OK);
    disk = fake_pool_host_volume(host, "disk");
    CU_ASSERT_PTR_NOT_NULL(disk);
    CU_ASSERT_EQUAL(disk != NULL ? disk->capacity : 0, 1 << 20);
    CU_ASSERT_EQUAL(type->remove(&host->call, pool), TARN_E_STATE);
    CU_ASSERT_EQUAL(type->volume_delete(&host->call, pool, "disk"), TARN_OK);
    CU_ASSERT_EQUAL(type->stop(&host->call, pool, 0), TARN_OK);
    CU_ASSERT_EQUAL(type->remove(&host->call, pool), TARN_OK);
    type->close(pool);
}

static void from_definition_to_removal(void)
{
    const char *tmp = getenv("TMPDIR");
    struct fake_pool_host host;
    char top[64], target[80];

    snprintf(top, sizeof(top), "%.40s/tarn-test-XXXXXX", tmp != NULL ? tmp : "/tmp");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(top));
    snprintf(target, sizeof(target), "%s/images", top);
    fake_pool_host_init(&host, target);
    live(type_of_module(), &host);
    fake_pool_host_fini(&host);
    CU_ASSERT_EQUAL(rmdir(top), 0);
}

static const struct unit_test tests[] = {
    { "the descriptor says what the type is", descriptor },
    { "a host of another ABI gets nothing", other_abi },
    { "a pool lives from its definition to its removal", from_definition_to_removal },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("dir", tests);
}
