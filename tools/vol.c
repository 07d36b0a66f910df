/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of the commands on volumes.
 */
#include "tools/image-options.h"
#include "tools/vol-backing.h"
#include "tools/vol.h"

#define OPTION_NEW_NAME \
    { "newname", VALUE_TEXT, OPTION_REQUIRED, "name of the new volume", NULL }
#define OPTION_NEW_POOL \
    { "newpool", VALUE_POOL, OPTION_NAMED, "pool of the new volume, if not the same", NULL }
#define OPTION_PREALLOC OPTION_FLAG("prealloc-metadata", "make the image's tables in advance")
#define OPTION_REFLINK OPTION_FLAG("reflink", "share the bytes of the source, or fail")
#define OPTION_PRINT_XML OPTION_FLAG("print-xml", "print the XML and do nothing")
#define OPTION_OFFSET { "offset", VALUE_SIZE, 0, "where in the volume to begin", NULL }
#define OPTION_LENGTH { "length", VALUE_SIZE, OPTION_SIGNED, "how much; all if not given", NULL }

static const char *const algorithms[] = { "zero", "nnsa", "dod", "bsi", "gutmann", "schneier",
                                          "pfitzner7", "pfitzner33", "random", "trim", NULL };

static const struct option volume_only[] = { OPTION_VOLUME, OPTION_IN_POOL, OPTIONS_END };

static const struct option create_options[] = {
    OPTION_POOL,
    { "file", VALUE_FILE, OPTION_REQUIRED, "file with the XML, - for stdin", NULL },
    OPTION_PREALLOC,
    OPTION_FLAG("validate", "refuse what the schema does not know"),
    OPTION_FLAG("idempotent", "succeed if an equal volume exists"),
    OPTIONS_END
};

static const struct option create_as_options[] = {
    OPTION_POOL,
    { "name", VALUE_TEXT, OPTION_REQUIRED, "name of the volume", NULL },
    { "capacity", VALUE_SIZE, OPTION_REQUIRED, "what a guest sees", NULL },
    { "allocation", VALUE_SIZE, 0, "what is reserved now; the capacity if not given", NULL },
    { "format", VALUE_FORMAT, 0, "format of the image", NULL },
    BACKING_OPTIONS(0),
    IMAGE_OPTIONS,
    OPTION_PREALLOC,
    OPTION_FLAG("idempotent", "succeed if an equal volume exists"),
    OPTION_PRINT_XML,
    OPTIONS_END
};

static const struct option create_from_options[] = {
    OPTION_POOL,
    { "file", VALUE_FILE, OPTION_REQUIRED, "file with the XML, - for stdin", NULL },
    OPTION_VOLUME,
    { "inputpool", VALUE_POOL, 0, "pool of the source", NULL },
    OPTION_PREALLOC,
    OPTION_REFLINK,
    OPTION_FLAG("validate", "refuse what the schema does not know"),
    OPTIONS_END
};

static const struct option clone_options[] = {
    OPTION_VOLUME,
    OPTION_NEW_NAME,
    OPTION_IN_POOL,
    OPTION_NEW_POOL,
    { "format", VALUE_FORMAT, OPTION_NAMED, "format of the new volume, if not the same", NULL },
    IMAGE_OPTIONS,
    OPTION_COMPRESS,
    BACKING_OPTIONS(OPTION_NAMED),
    OPTION_PREALLOC,
    OPTION_REFLINK,
    OPTION_PRINT_XML,
    OPTIONS_END
};

static const struct option convert_options[] = {
    OPTION_VOLUME,
    OPTION_NEW_NAME,
    { "format", VALUE_FORMAT, OPTION_NAMED | OPTION_REQUIRED, "format of the new volume", NULL },
    OPTION_IN_POOL,
    OPTION_NEW_POOL,
    IMAGE_OPTIONS,
    OPTION_COMPRESS,
    BACKING_OPTIONS(OPTION_NAMED),
    OPTION_PREALLOC,
    OPTION_PRINT_XML,
    OPTIONS_END
};

static const struct option delete_options[] = {
    OPTION_VOLUME,
    OPTION_IN_POOL,
    OPTION_FLAG("force", "even if others need it"),
    OPTION_FLAG("wipe", "overwrite its bytes with zeros before"),
    OPTIONS_END
};

static const struct option resize_options[] = {
    OPTION_VOLUME,
    { "capacity", VALUE_SIZE, OPTION_REQUIRED | OPTION_SIGNED, "what a guest shall see", NULL },
    OPTION_IN_POOL,
    OPTION_FLAG("allocate", "reserve what is added"),
    OPTION_FLAG("delta", "add the capacity to what there is; with --shrink take it away"),
    OPTION_FLAG("shrink", "allow less than there is; data beyond the new end are lost"),
    OPTIONS_END
};

static const struct option wipe_options[] = {
    OPTION_VOLUME,
    OPTION_IN_POOL,
    { "algorithm", VALUE_CHOICE, 0, "what to write over it", algorithms },
    OPTIONS_END
};

static const struct option download_options[] = {
    OPTION_VOLUME,
    { "file", VALUE_FILE, OPTION_REQUIRED, "file on this side, - for stdout", NULL },
    OPTION_IN_POOL,
    OPTION_OFFSET,
    OPTION_LENGTH,
    OPTION_FLAG("sparse", "keep holes"),
    OPTIONS_END
};

static const struct option upload_options[] = {
    OPTION_VOLUME,
    { "file", VALUE_FILE, OPTION_REQUIRED, "file on this side, - for stdin", NULL },
    OPTION_IN_POOL,
    OPTION_OFFSET,
    OPTION_LENGTH,
    OPTION_FLAG("sparse", "keep holes"),
    { "format", VALUE_FORMAT, OPTION_NAMED, "the volume holds an image of this format now", NULL },
    OPTIONS_END
};

static const struct option list_options[] = {
    OPTION_POOL,
    OPTION_FLAG("details", "with types and sizes"),
    OPTION_FLAG("name", "names only"),
    OPTIONS_END
};

static const struct option info_options[] = {
    OPTION_VOLUME,
    OPTION_IN_POOL,
    OPTION_FLAG("bytes", "sizes in bytes"),
    OPTION_FLAG("physical", "the size of its container instead of the allocation"),
    OPTIONS_END
};

static const struct option pool_options[] = {
    OPTION_VOLUME,
    OPTION_FLAG("uuid", "the UUID of the pool, not its name"),
    OPTIONS_END
};

static const struct option check_options[] = {
    OPTION_VOLUME,
    OPTION_IN_POOL,
    OPTION_FLAG("repair", "mend what can be mended"),
    OPTIONS_END
};

static const char *const list_pairs[][2] = { { "details", "name" }, { NULL, NULL } };

static const char convert_details[] =
    "    Makes a new volume with the guest's bytes of this one, in another format. It holds all\n"
    "    of them: it has no backing store unless one is given, and features of the old format\n"
    "    are not taken over.";
static const char check_details[] =
    "    Exit status 0: nothing is wrong, or everything was mended; 1: faults remain.";

const struct command volume_commands[] = {
    { .name = "vol-create", .summary = "create a volume from an XML file",
      .flags = COMMAND_JOB | COMMAND_BYTES, .options = create_options, .run = vol_create },
    { .name = "vol-create-as", .summary = "create a volume from options",
      .flags = COMMAND_JOB | COMMAND_BYTES, .options = create_as_options, .run = vol_create_as },
    { .name = "vol-create-from",
      .summary = "create a volume from an XML file, with the bytes of another",
      .flags = COMMAND_JOB | COMMAND_BYTES, .options = create_from_options,
      .run = vol_create_from },
    { .name = "vol-clone", .summary = "copy a volume",
      .flags = COMMAND_JOB | COMMAND_BYTES, .options = clone_options, .run = vol_clone },
    { .name = "vol-convert", .summary = "copy a volume into another format",
      .flags = COMMAND_JOB | COMMAND_BYTES, .options = convert_options, .details = convert_details,
      .run = vol_convert },
    { .name = "vol-delete", .summary = "delete a volume",
      .flags = COMMAND_JOB, .options = delete_options, .run = vol_delete },
    { .name = "vol-resize", .summary = "change the capacity of a volume",
      .flags = COMMAND_JOB | COMMAND_BYTES, .options = resize_options, .run = vol_resize },
    { .name = "vol-wipe", .summary = "overwrite a volume",
      .flags = COMMAND_JOB | COMMAND_BYTES, .options = wipe_options, .run = vol_wipe },
    { .name = "vol-upload", .summary = "replace bytes of a volume by those of a file",
      .flags = COMMAND_JOB | COMMAND_BYTES, .options = upload_options, .run = vol_upload },
    { .name = "vol-download", .summary = "write bytes of a volume into a file",
      .flags = COMMAND_JOB | COMMAND_BYTES, .options = download_options, .run = vol_download },
    { .name = "vol-list", .summary = "list the volumes of a pool",
      .flags = COMMAND_JOB, .options = list_options, .exclusive = list_pairs, .run = vol_list },
    { .name = "vol-info", .summary = "type and sizes of a volume",
      .options = info_options, .run = vol_info },
    { .name = "vol-dumpxml", .summary = "print the XML of a volume",
      .options = volume_only, .run = vol_dumpxml },
    { .name = "vol-path", .summary = "print the path of a volume",
      .options = volume_only, .run = vol_path },
    { .name = "vol-key", .summary = "print the key of a volume",
      .options = volume_only, .run = vol_key },
    { .name = "vol-name", .summary = "print the name of a volume",
      .options = volume_only, .run = vol_name },
    { .name = "vol-pool", .summary = "print the pool of a volume",
      .options = pool_options, .run = vol_pool },
    { .name = "vol-map", .summary = "print where the data of an image lie",
      .flags = COMMAND_JOB, .options = volume_only, .run = vol_map },
    { .name = "vol-check", .summary = "look for faults in an image",
      .flags = COMMAND_JOB | COMMAND_BYTES, .options = check_options, .details = check_details,
      .run = vol_check },
    { .name = NULL },
};
