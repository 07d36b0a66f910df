/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format-spots.c - where in a container a wrong bit matters: in the words that a format reads when
 * it opens and checks an image, wherever its tables lie.
 */
#include <stdlib.h>
#include <string.h>

#include "conform/format-image.h"

#define WORD       8u
#define WORDS_MOST ((uint64_t)1 << 20) /* of them, in the container, are looked at */

static void trace(struct image *image, struct store_trace *out)
{
    image->trace = out;
    if (promises(image->trial, TARN_FORMAT_CHECK))
        image_check(image, 0);
    image_open(image, 0);
    image_close(image);
    image->trace = NULL;
}

/* Marks the words of a range. */
static void mark(uint8_t *words, uint64_t count, uint64_t offset, uint64_t length)
{
    uint64_t end = lesser(count, (offset + length) / WORD);

    for (uint64_t word = (offset + WORD - 1) / WORD; word < end; word++)
        words[word] = 1;
}

/* 1 for an empty word, 2 for one with something in it. */
static void judge(const struct image *image, uint8_t *words, uint64_t count)
{
    static const uint8_t zeros[WORD];
    uint8_t bytes[WORD];

    for (uint64_t word = 0; word < count; word++) {
        if (words[word] == 0)
            continue;
        memory_store_read(image->store, bytes, WORD, word * WORD);
        words[word] = memcmp(bytes, zeros, WORD) == 0 ? 1 : 2;
    }
}

/* The last byte of a word that holds something: of a big endian number its lowest. */
static unsigned last_of(const struct image *image, uint64_t word)
{
    uint8_t bytes[WORD];
    unsigned last = WORD - 1;

    memory_store_read(image->store, bytes, WORD, word * WORD);
    while (last > 0 && bytes[last] == 0)
        last--;
    return last;
}

/* Of all words of a kind each byte, and once more the last that holds something: at most `most` of
 * these, evenly. */
static void take(const struct image *image, struct spots *out, const uint8_t *words,
                 uint64_t count, uint8_t kind, size_t most)
{
    uint64_t there = 0;
    uint64_t seen = 0;
    size_t taken = 0;

    for (uint64_t word = 0; word < count; word++)
        there += words[word] == kind ? WORD + 1 : 0;
    for (uint64_t word = 0; word < count; word++)
        for (unsigned byte = 0; words[word] == kind && byte <= WORD && taken < most; byte++) {
            if (seen++ * most < taken * there)
                continue;
            out->at[out->count++] = word * WORD + (byte < WORD ? byte : last_of(image, word));
            taken++;
        }
}

void image_spots(struct image *image, struct spots *out, size_t most)
{
    struct store_trace *traced = trial_alloc(image->trial, sizeof(*traced));
    uint64_t count = lesser(memory_store_size(image->store) / WORD, WORDS_MOST);
    uint8_t *words = trial_alloc(image->trial, count + 1);

    out->count = 0;
    most = lesser(most, sizeof(out->at) / sizeof(out->at[0]));
    trace(image, traced);
    for (size_t index = 0; index < traced->count; index++)
        mark(words, count, traced->ranges[index].offset, traced->ranges[index].length);
    judge(image, words, count);
    take(image, out, words, count, 2, most - most / 4);
    take(image, out, words, count, 1, most / 4);
    free(words);
    free(traced);
}

void image_turn(struct image *image, uint64_t offset, unsigned bit)
{
    uint8_t byte;

    memory_store_read(image->store, &byte, 1, offset);
    byte ^= (uint8_t)(1u << bit);
    memory_store_write(image->store, &byte, 1, offset);
}
