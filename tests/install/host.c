/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A host application as somebody else would write it: opens a context below the folder that is
 * given, and prints how many pools there are.
 */
#include <stdio.h>

#include <tarn/tarn.h>

int main(int argc, char **argv)
{
    struct tarn_context_options options = { .struct_size = sizeof(options), .root = argv[1] };
    struct tarn_context *context;
    struct tarn_pool **pools;
    struct tarn_error *error = NULL;
    unsigned count = 0;

    if (argc != 2)
        return 2;
    if (tarn_context_open(&context, &options, &error) != TARN_OK ||
        tarn_pool_list(&pools, context, 0, &error) != TARN_OK) {
        fprintf(stderr, "%s\n", tarn_error_message(error));
        tarn_error_free(error);
        return 1;
    }
    while (pools[count] != NULL)
        count++;
    tarn_pool_list_free(pools);
    tarn_context_close(context);
    printf("%u\n", count);
    return 0;
}
