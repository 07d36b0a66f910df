/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads XML files the way the core does and says what comes out, for shell tests:
 *
 *     xml-tool pool FILE       prints the pool again
 *     xml-tool schema FILE     validates a pool
 *     xml-tool volume TYPE FILE         reads a volume definition for that type of pool
 *     xml-tool volume-schema TYPE FILE  validates one
 *     xml-tool samples FOLDER  writes every kind of XML that is made, not read, into files there
 *
 * Exit status: 0, or the core's status code.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/xml/capabilities-xml.h"
#include "core/xml/pool-def.h"
#include "core/schema/schema.h"
#include "core/xml/source-xml.h"
#include "core/xml/volume-def.h"
#include "core/xml/volume-xml.h"
#include "core/xml/xml-doc.h"
#include "tests/unit/sample-types.h"
#include "tests/unit/sample-volumes.h"

static struct tarn_error *error;

static void warn(void *arg, const char *text)
{
    (void)arg;
    fprintf(stderr, "warning: %s\n", text);
}

/* NULL with a message; one byte more than the core's limit tells it all. */
static char *file_read(const char *path, size_t *length)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    char *text = file != NULL ? malloc(XML_LENGTH_LIMIT + 2) : NULL;

    if (text != NULL) {
        *length = fread(text, 1, XML_LENGTH_LIMIT + 1, file);
        text[*length] = '\0';
    } else {
        perror(path);
    }
    if (file != NULL && file != stdin)
        fclose(file);
    return text;
}

static const struct tarn_pool_type *type_of(const char *xml, size_t length)
{
    const struct tarn_pool_type *type = NULL;
    struct arena *arena = arena_new();
    struct pool_head head;

    /* The schema is asked even of what has no usable head: then as a folder. */
    if (arena != NULL && pool_head_parse(&head, arena, xml, length, NULL) == TARN_OK)
        type = sample_type(head.type);
    arena_free(arena);
    return type != NULL ? type : sample_type("dir");
}

static int run_pool(const char *xml, size_t length)
{
    struct pool_def *def;
    char *text;
    int status = pool_def_parse(&def, type_of(xml, length), xml, length, warn, NULL, &error);

    if (status != TARN_OK)
        return status;
    status = pool_def_print(&text, def, NULL, NULL, &error);
    pool_def_unref(def);
    if (status != TARN_OK)
        return status;
    fputs(text, stdout);
    free(text);
    return TARN_OK;
}

static int run_schema(const struct tarn_pool_type *type,
                      int (*make)(struct schema **, const struct tarn_pool_type *,
                                  struct tarn_error **),
                      const char *xml, size_t length)
{
    struct schema *schema;
    int status = make(&schema, type, &error);

    if (status != TARN_OK)
        return status;
    status = schema_validate(schema, xml, length, &error);
    schema_free(schema);
    return status;
}

static int run_volume(const struct tarn_pool_type *type, const char *xml, size_t length)
{
    struct volume_def *def;
    int status = volume_def_parse(&def, type, xml, length, 0, warn, NULL, &error);

    if (status == TARN_OK) {
        printf("%s\n", def->abi.name);
        volume_def_free(def);
    }
    return status;
}

static int file_write(const char *folder, const char *name, char *text)
{
    char path[4096];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "wb");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
        perror(path);
        return TARN_E_IO;
    }
    free(text);
    return TARN_OK;
}

static int run_samples(const char *folder)
{
    struct pool_capability all[16] = { { NULL, NULL } };
    char name[64];
    char *text;
    int status = TARN_OK;

    for (size_t i = 0; sample_volumes[i] != NULL && status == TARN_OK; i++) {
        status = volume_xml_print(&text, sample_volumes[i], &error);
        snprintf(name, sizeof(name), "volume-%zu.xml", i);
        if (status == TARN_OK)
            status = file_write(folder, name, text);
    }
    for (size_t i = 0; sample_types[i] != NULL; i++)
        all[i] = (struct pool_capability){ sample_types[i]->name, sample_types[i] };
    if (status == TARN_OK)
        status = capabilities_xml_print(&text, all, sample_image_formats, &error);
    return status == TARN_OK ? file_write(folder, "capabilities.xml", text) : status;
}

static int run(int argc, char **argv)
{
    const char *command = argc > 2 ? argv[1] : "";
    const struct tarn_pool_type *type = argc > 3 ? sample_type(argv[2]) : NULL;
    size_t length = 0;
    char *xml;
    int status = -1;

    if (strcmp(command, "samples") == 0)
        return run_samples(argv[2]);
    xml = argc > 2 ? file_read(argv[argc - 1], &length) : NULL;
    if (xml == NULL)
        return -1;
    if (strcmp(command, "pool") == 0)
        status = run_pool(xml, length);
    else if (strcmp(command, "schema") == 0)
        status = run_schema(type_of(xml, length), schema_for_pool, xml, length);
    else if (strcmp(command, "volume") == 0 && type != NULL)
        status = run_volume(type, xml, length);
    else if (strcmp(command, "volume-schema") == 0 && type != NULL)
        status = run_schema(type, schema_for_volume, xml, length);
    free(xml);
    return status;
}

int main(int argc, char **argv)
{
    int status = run(argc, argv);

    if (error != NULL)
        fprintf(stderr, "%s\n", tarn_error_message(error));
    else if (status < 0)
        fprintf(stderr, "usage: xml-tool pool|schema FILE, volume|volume-schema TYPE FILE, "
                        "samples FOLDER\n");
    tarn_error_free(error);
    return status < 0 ? 99 : status;
}
