/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * fuzz.c - the entries that libFuzzer drives. TARN_FUZZ_FORMAT names the format.
 */
#include <stdio.h>
#include <stdlib.h>

#include "exercise.h"
#include "seal.h"
#include "tests/formats/load-format.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t most, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t most); /* libFuzzer's own */

static const struct tarn_format *format;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *name = getenv("TARN_FUZZ_FORMAT");

    (void)argc;
    (void)argv;
    if (name == NULL) {
        fprintf(stderr, "fuzz: TARN_FUZZ_FORMAT names no format\n");
        exit(2);
    }
    format = load_format(name);
    return 0;
}

/* One in eight stays with its checksums wrong: that, too, must be survived. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t most, unsigned int seed)
{
    size = LLVMFuzzerMutate(bytes, size, most);
    if (seed % 8 != 0)
        seal(format->name, bytes, size);
    return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    exercise(format, bytes, size);
    return 0;
}
