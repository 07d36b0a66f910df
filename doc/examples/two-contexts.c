/* SPDX-License-Identifier: BSD-2-Clause
 *
 * two-contexts: two contexts in one process, each in a thread and beneath a folder of its own. They
 * share nothing and do not know each other: a pool of one is none of the other's.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <tarn/tarn.h>

struct tenant {
    const char *root;
    struct tarn_context *context;
    int result; /* its thread's until that has ended */
};

static void complain(struct tenant *tenant, struct tarn_error *error)
{
    fprintf(stderr, "two-contexts: %s: %s\n", tenant->root, tarn_error_message(error));
    tarn_error_free(error);
    tenant->result = EXIT_FAILURE;
}

/* An inactive pool has none that could be listed: TARN_E_STATE. */
static void show_pool(struct tenant *tenant, struct tarn_pool *pool)
{
    struct tarn_volume **volumes;
    struct tarn_error *error = NULL;
    size_t count = 0;
    int status = tarn_volume_list(&volumes, pool, 0, NULL, &error);

    if (status != TARN_OK) {
        complain(tenant, error);
        return;
    }
    while (volumes[count] != NULL)
        count++;
    tarn_volume_list_free(volumes);
    printf("%s: %s has %zu volumes\n", tenant->root, tarn_pool_name(pool), count);
}

static void *show_pools(void *arg)
{
    struct tenant *tenant = arg;
    struct tarn_pool **pools;
    struct tarn_error *error = NULL;
    int status = tarn_pool_list(&pools, tenant->context, TARN_LIST_ACTIVE, &error);

    if (status != TARN_OK) {
        complain(tenant, error);
        return NULL;
    }
    for (size_t i = 0; pools[i] != NULL; i++)
        show_pool(tenant, pools[i]);
    tarn_pool_list_free(pools);
    return NULL;
}

/* A context belongs to no thread: this one opens it, another one works with it. */
static void open_context(struct tenant *tenant, const char *root)
{
    /* NULL: the system's own. The command tarn obeys the same variables. */
    const struct tarn_context_options options = {
        .struct_size = sizeof(options),
        .root = root,
        .module_dir = getenv("TARN_MODULE_DIR"),
        .plugins_dir = getenv("TARN_PLUGINS_DIR"),
        .module_host = getenv("TARN_MODULE_HOST"),
    };
    struct tarn_error *error = NULL;
    int status;

    *tenant = (struct tenant){ .root = root, .result = EXIT_SUCCESS };
    status = tarn_context_open(&tenant->context, &options, &error);
    if (status != TARN_OK)
        complain(tenant, error);
}

int main(int argc, char **argv)
{
    struct tenant tenants[2];
    pthread_t threads[2];
    int result = EXIT_SUCCESS;

    if (argc != 3) {
        fprintf(stderr, "usage: two-contexts FOLDER FOLDER\n");
        return 2;
    }
    for (int i = 0; i < 2; i++)
        open_context(&tenants[i], argv[i + 1]);
    if (tenants[0].context != NULL && tenants[1].context != NULL) {
        for (int i = 0; i < 2; i++)
            if (pthread_create(&threads[i], NULL, show_pools, &tenants[i]) != 0)
                abort();
        for (int i = 0; i < 2; i++)
            pthread_join(threads[i], NULL);
    }
    for (int i = 0; i < 2; i++) {
        tarn_context_close(tenants[i].context);
        if (tenants[i].result != EXIT_SUCCESS)
            result = EXIT_FAILURE;
    }
    return result;
}
