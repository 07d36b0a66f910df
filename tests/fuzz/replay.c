/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * replay.c - without a fuzzer: does to files what it would do, or prints its dictionary.
 *
 *   replay FORMAT FILE…            ends with status 0 if nothing goes wrong
 *   replay --dictionary FORMAT     the format's magics, as libFuzzer reads them
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exercise.h"
#include "tests/formats/load-format.h"

#define FILE_MOST ((long)8 << 20)

static int replay(const struct tarn_format *format, const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long size = -1;

    if (file != NULL && fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    if (size >= 0 && size <= FILE_MOST)
        bytes = malloc((size_t)size + 1);
    if (bytes == NULL || fseek(file, 0, SEEK_SET) != 0 ||
        fread(bytes, 1, (size_t)size, file) != (size_t)size) {
        fprintf(stderr, "replay: %s cannot be read, or is over %ld bytes\n", path, FILE_MOST);
        return 1;
    }
    fclose(file);
    exercise(format, bytes, (size_t)size);
    free(bytes);
    return 0;
}

static void print_dictionary(const struct tarn_format *format)
{
    for (size_t i = 0; format->magics != NULL && format->magics[i] != NULL; i++) {
        printf("magic%zu=\"", i);
        for (uint32_t j = 0; j < format->magics[i]->length; j++)
            printf("\\x%02x", format->magics[i]->bytes[j]);
        printf("\"\n");
    }
}

int main(int argc, char **argv)
{
    int failed = 0;

    if (argc == 3 && strcmp(argv[1], "--dictionary") == 0) {
        print_dictionary(load_format(argv[2]));
        return 0;
    }
    if (argc < 3)
        return 2;
    for (int i = 2; i < argc; i++)
        failed |= replay(load_format(argv[1]), argv[i]);
    return failed;
}
