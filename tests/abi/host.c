/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A host application that passes and reads structures of each kind: it tells the pools below ROOT,
 * their volumes, and what is inside of them. Where its headers are a later minor's, it fills what
 * they have more with numbers and pointers that nobody may look at.
 */
#include <stdio.h>

#include <tarn/tarn.h>

#ifdef TARN_TEST_LATER
#define LATER , TARN_TEST_LATER
#else
#define LATER
#endif

static int fail(struct tarn_error *error)
{
    fprintf(stderr, "%s\n", tarn_error_message(error));
    tarn_error_free(error);
    return 1;
}

static int tell_image(void *arg, const char *format, const struct tarn_image_info *info)
{
    (void)arg;
    printf("image %s %llu\n", format, (unsigned long long)info->capacity);
    return TARN_OK;
}

static int tell_volume(struct tarn_volume *volume)
{
    struct tarn_image_listener listener = {
        .struct_size = sizeof(listener), .image = tell_image LATER
    };
    struct tarn_volume_record *record;
    struct tarn_error *error = NULL;

    if (tarn_volume_read(&record, volume, 0, &error) != TARN_OK)
        return fail(error);
    printf("volume %s %llu\n", record->name, (unsigned long long)record->capacity);
    tarn_volume_record_free(record);
    return tarn_volume_describe(volume, &listener, &error) != TARN_OK ? fail(error) : 0;
}

static int tell_pool(struct tarn_pool *pool)
{
    struct tarn_pool_record *record;
    struct tarn_volume **volumes;
    struct tarn_error *error = NULL;
    int failed = 0;

    if (tarn_pool_read(&record, pool, TARN_READ_SIZES, &error) != TARN_OK)
        return fail(error);
    printf("pool %s %u\n", record->name, (unsigned)record->state);
    tarn_pool_record_free(record);
    if (tarn_volume_list(&volumes, pool, 0, NULL, &error) != TARN_OK)
        return fail(error);
    for (int index = 0; volumes[index] != NULL; index++)
        failed |= tell_volume(volumes[index]);
    tarn_volume_list_free(volumes);
    return failed;
}

int main(int argc, char **argv)
{
    struct tarn_context_options options = {
        .struct_size = sizeof(options),
        .root = argc > 1 ? argv[1] : NULL,
        .module_dir = argc > 2 ? argv[2] : NULL,
        .plugins_dir = argc > 3 ? argv[3] : NULL
        LATER
    };
    struct tarn_context *context;
    struct tarn_pool **pools;
    struct tarn_error *error = NULL;
    int failed = 0;

    if (tarn_context_open(&context, &options, &error) != TARN_OK)
        return fail(error);
    if (tarn_pool_list(&pools, context, 0, &error) != TARN_OK) {
        tarn_context_close(context);
        return fail(error);
    }
    for (int index = 0; pools[index] != NULL; index++)
        failed |= tell_pool(pools[index]);
    tarn_pool_list_free(pools);
    tarn_context_close(context);
    return failed;
}
