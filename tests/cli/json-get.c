/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * json-get [PATH]: one value of the JSON document on standard input, for the tests of the command.
 * PATH is member names and array indexes with slashes in between; "#" at its end is the number of
 * members. Text is printed as it is, everything else as JSON. Fails if the input is not one JSON
 * document, or has no such value.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *step(json_t *value, const char *word)
{
    char *end;
    unsigned long index = strtoul(word, &end, 10);

    if (json_is_array(value))
        return *end ? NULL : json_array_get(value, index);
    return json_object_get(value, word);
}

static int print_count(const json_t *value)
{
    printf("%zu\n", json_is_array(value) ? json_array_size(value) : json_object_size(value));
    return 0;
}

static int print(const json_t *value)
{
    if (json_is_string(value))
        return fputs(json_string_value(value), stdout) == EOF || putchar('\n') == EOF;
    return json_dumpf(value, stdout, JSON_ENCODE_ANY | JSON_COMPACT) != 0 || putchar('\n') == EOF;
}

static int print_at(json_t *value, char *path)
{
    for (char *word = strtok(path, "/"); word; word = strtok(NULL, "/")) {
        if (strcmp(word, "#") == 0)
            return print_count(value);
        value = step(value, word);
        if (!value) {
            fprintf(stderr, "json-get: there is no %s\n", word);
            return 1;
        }
    }
    return print(value);
}

int main(int argc, char **argv)
{
    json_error_t error;
    json_t *document = json_loadf(stdin, JSON_REJECT_DUPLICATES, &error);
    int outcome;

    if (!document) {
        fprintf(stderr, "json-get: line %d: %s\n", error.line, error.text);
        return 1;
    }
    outcome = argc > 1 ? print_at(document, argv[1]) : 0;
    json_decref(document);
    return outcome;
}
