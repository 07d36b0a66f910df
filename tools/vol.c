/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of the commands on volumes.
 */
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
    { "backing-vol", VALUE_VOLUME, 0, "volume below it", NULL },
    { "backing-vol-format", VALUE_FORMAT, 0, "format of that; what is known if not given", NULL },
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
    OPTION_PREALLOC,
    OPTION_PRINT_XML,
    OPTIONS_END
};

static const struct option delete_options[] = {
    OPTION_VOLUME,
    OPTION_IN_POOL,
    OPTION_FLAG("force", "even if other volumes need it"),
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

static const struct option transfer_options[] = {
    OPTION_VOLUME,
    { "file", VALUE_FILE, OPTION_REQUIRED, "file on this side, - for stdin or stdout", NULL },
    OPTION_IN_POOL,
    OPTION_OFFSET,
    OPTION_LENGTH,
    OPTION_FLAG("sparse", "keep holes"),
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
    "    Makes a new volume with the guest's bytes of this one, in another format. It stands\n"
    "    alone: it has no backing store, and features of the old format are not taken over.";
static const char check_details[] =
    "    Exit status 0: nothing is wrong, or everything was mended; 1: faults remain.";

const struct command volume_commands[] = {
    { "vol-create", "create a volume from an XML file", COMMAND_JOB | COMMAND_BYTES, create_options, NULL, NULL,
      vol_create },
    { "vol-create-as", "create a volume from options", COMMAND_JOB | COMMAND_BYTES, create_as_options, NULL, NULL,
      vol_create_as },
    { "vol-create-from", "create a volume from an XML file, with the bytes of another", COMMAND_JOB | COMMAND_BYTES,
      create_from_options, NULL, NULL, vol_create_from },
    { "vol-clone", "copy a volume", COMMAND_JOB | COMMAND_BYTES, clone_options, NULL, NULL, vol_clone },
    { "vol-convert", "copy a volume into another format", COMMAND_JOB | COMMAND_BYTES, convert_options, NULL,
      convert_details, vol_convert },
    { "vol-delete", "delete a volume", COMMAND_JOB, delete_options, NULL, NULL, vol_delete },
    { "vol-resize", "change the capacity of a volume", COMMAND_JOB | COMMAND_BYTES, resize_options, NULL, NULL,
      vol_resize },
    { "vol-wipe", "overwrite a volume", COMMAND_JOB | COMMAND_BYTES, wipe_options, NULL, NULL, vol_wipe },
    { "vol-upload", "replace bytes of a volume by those of a file", COMMAND_JOB | COMMAND_BYTES, transfer_options,
      NULL, NULL, vol_upload },
    { "vol-download", "write bytes of a volume into a file", COMMAND_JOB | COMMAND_BYTES, transfer_options, NULL,
      NULL, vol_download },
    { "vol-list", "list the volumes of a pool", COMMAND_JOB, list_options, list_pairs, NULL,
      vol_list },
    { "vol-info", "type and sizes of a volume", 0, info_options, NULL, NULL, vol_info },
    { "vol-dumpxml", "print the XML of a volume", 0, volume_only, NULL, NULL, vol_dumpxml },
    { "vol-path", "print the path of a volume", 0, volume_only, NULL, NULL, vol_path },
    { "vol-key", "print the key of a volume", 0, volume_only, NULL, NULL, vol_key },
    { "vol-name", "print the name of a volume", 0, volume_only, NULL, NULL, vol_name },
    { "vol-pool", "print the pool of a volume", 0, pool_options, NULL, NULL, vol_pool },
    { "vol-map", "print where the data of an image lie", COMMAND_JOB, volume_only, NULL, NULL,
      vol_map },
    { "vol-check", "look for faults in an image", COMMAND_JOB | COMMAND_BYTES, check_options, NULL, check_details,
      vol_check },
    { NULL, NULL, 0, NULL, NULL, NULL, NULL },
};
