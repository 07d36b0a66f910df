/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of the commands on pools.
 */
#include "tools/pool.h"

#include "tools/pool-event.h"
#include "tools/pool-xml.h"
#include "tools/secret.h"

#define OPTION_XML_FILE \
    { "file", VALUE_FILE, OPTION_REQUIRED, "file with the XML, - for stdin", NULL }
#define OPTION_OVERWRITE OPTION_FLAG("overwrite", "build over what is there")
#define OPTION_NO_OVERWRITE OPTION_FLAG("no-overwrite", "build only where nothing is")

static const char *const overwrite_or_not[][2] = { { "overwrite", "no-overwrite" },
                                                   { NULL, NULL } };
static const char *const list_pairs[][2] = { { "details", "uuid" }, { "details", "name" },
                                             { NULL, NULL } };
static const char *const start_pairs[][2] = { { "overwrite", "no-overwrite" },
                                              { "pool", "autostart" }, { "pool", "wait" },
                                              { "adopt", "autostart" }, { NULL, NULL } };
static const char *const define_as_pairs[][2] = { { "secret-usage", "secret-uuid" },
                                                  { NULL, NULL } };
static const char *const create_as_pairs[][2] = { { "secret-usage", "secret-uuid" },
                                                  { "overwrite", "no-overwrite" },
                                                  { NULL, NULL } };

static const struct option pool_only[] = { OPTION_POOL, OPTIONS_END };

static const struct option define_options[] = {
    OPTION_XML_FILE,
    OPTION_FLAG("validate", "refuse what the schema does not know"),
    OPTIONS_END
};

static const struct option define_as_options[] = { POOL_AS_OPTIONS, OPTION_SECRET_FILE,
                                                   OPTIONS_END };

static const struct option create_options[] = {
    OPTION_XML_FILE,
    OPTION_FLAG("build", "build it first"),
    OPTION_OVERWRITE,
    OPTION_NO_OVERWRITE,
    OPTION_FLAG("validate", "refuse what the schema does not know"),
    OPTION_SECRET_FILE,
    OPTIONS_END
};

static const struct option create_as_options[] = {
    POOL_AS_OPTIONS,
    OPTION_FLAG("build", "build it first"),
    OPTION_OVERWRITE,
    OPTION_NO_OVERWRITE,
    OPTION_SECRET_FILE,
    OPTIONS_END
};

static const struct option build_options[] = { OPTION_POOL, OPTION_OVERWRITE, OPTION_NO_OVERWRITE,
                                               OPTIONS_END };

static const struct option start_options[] = {
    { "pool", VALUE_POOL, 0, "name or UUID of the pool", NULL },
    OPTION_FLAG("build", "build it first"),
    OPTION_OVERWRITE,
    OPTION_NO_OVERWRITE,
    OPTION_FLAG("adopt", "take over other storage than the pool had"),
    OPTION_FLAG("autostart", "start all that are marked for it, as at boot"),
    { "wait", VALUE_NUMBER, OPTION_NAMED, "try again for so many seconds what fails", NULL },
    OPTION_SECRET_FILE,
    OPTIONS_END
};

static const struct option destroy_options[] = {
    OPTION_POOL,
    OPTION_FLAG("force", "even if it is in use, or hangs"),
    OPTIONS_END
};

static const struct option autostart_options[] = {
    OPTION_POOL,
    OPTION_FLAG("disable", "start it no longer at boot"),
    OPTIONS_END
};

static const struct option list_options[] = {
    OPTION_FLAG("inactive", "inactive pools only"),
    OPTION_FLAG("all", "active and inactive pools"),
    OPTION_FLAG("transient", "transient pools only"),
    OPTION_FLAG("persistent", "persistent pools only"),
    OPTION_FLAG("autostart", "pools marked for autostart only"),
    OPTION_FLAG("no-autostart", "pools not marked for autostart only"),
    { "type", VALUE_TYPE, OPTION_NAMED, "pools of these types only: a, or a,b", NULL },
    OPTION_FLAG("details", "with persistence and sizes"),
    OPTION_FLAG("uuid", "UUIDs only"),
    OPTION_FLAG("name", "names only"),
    OPTIONS_END
};

static const struct option info_options[] = { OPTION_POOL, OPTION_FLAG("bytes", "sizes in bytes"),
                                              OPTIONS_END };

static const struct option dumpxml_options[] = {
    OPTION_POOL,
    OPTION_FLAG("inactive", "the definition of the next start"),
    OPTIONS_END
};

static const struct option event_options[] = {
    { "pool", VALUE_POOL, 0, "of this pool only", NULL },
    { "event", VALUE_CHOICE, 0, "of this kind only", pool_event_kinds },
    OPTION_FLAG("loop", "go on until the time is over or Ctrl-C"),
    { "timeout", VALUE_NUMBER, 0, "wait so many seconds at most", NULL },
    OPTION_FLAG("list", "list the kinds of events"),
    OPTION_FLAG("timestamp", "print the time of each event"),
    OPTIONS_END
};

static const struct option sources_options[] = {
    { "type", VALUE_TYPE, OPTION_REQUIRED, "type of pool to find sources for", NULL },
    { "srcSpec", VALUE_FILE, 0, "file with a <source> to ask at, - for stdin", NULL },
    OPTIONS_END
};

static const struct option sources_as_options[] = {
    { "type", VALUE_TYPE, OPTION_REQUIRED, "type of pool to find sources for", NULL },
    { "host", VALUE_TEXT, 0, "host to ask", NULL },
    { "port", VALUE_NUMBER, 0, "port to ask at", NULL },
    { "initiator", VALUE_TEXT, 0, "IQN to ask as", NULL },
    OPTIONS_END
};

static const struct option capabilities_options[] = {
    { "pool", VALUE_POOL, 0, "name or UUID of the pool; none: of all types", NULL },
    OPTIONS_END
};

const struct command pool_commands[] = {
    { .name = "pool-define", .summary = "define a pool, or define it anew, from an XML file",
      .options = define_options, .run = pool_define },
    { .name = "pool-define-as", .summary = "define a pool from options",
      .options = define_as_options, .exclusive = define_as_pairs, .run = pool_define_as },
    { .name = "pool-create", .summary = "create and start a transient pool from an XML file",
      .flags = COMMAND_JOB, .options = create_options, .exclusive = overwrite_or_not,
      .run = pool_create },
    { .name = "pool-create-as", .summary = "create and start a transient pool from options",
      .flags = COMMAND_JOB, .options = create_as_options, .exclusive = create_as_pairs,
      .run = pool_create_as },
    { .name = "pool-undefine", .summary = "forget a pool; no storage is touched",
      .options = pool_only, .run = pool_undefine },
    { .name = "pool-edit", .summary = "edit the XML of a pool in $VISUAL, $EDITOR or vi",
      .options = pool_only, .run = pool_edit },
    { .name = "pool-build", .summary = "prepare the storage of a pool",
      .flags = COMMAND_JOB, .options = build_options, .exclusive = overwrite_or_not,
      .run = pool_build },
    { .name = "pool-start", .summary = "start a pool",
      .flags = COMMAND_JOB, .options = start_options, .exclusive = start_pairs,
      .run = pool_start },
    { .name = "pool-destroy", .summary = "stop a pool; neither data nor definition are touched",
      .flags = COMMAND_JOB, .options = destroy_options, .run = pool_destroy },
    { .name = "pool-stop", .summary = "the same as pool-destroy",
      .flags = COMMAND_JOB, .options = destroy_options, .run = pool_destroy },
    { .name = "pool-delete", .summary = "remove what pool-build made; volumes and definition stay",
      .flags = COMMAND_JOB, .options = pool_only, .run = pool_delete },
    { .name = "pool-refresh", .summary = "look anew at what is in a pool",
      .flags = COMMAND_JOB, .options = pool_only, .run = pool_refresh },
    { .name = "pool-autostart", .summary = "start a pool at boot, or no longer",
      .options = autostart_options, .run = pool_autostart },
    { .name = "pool-list", .summary = "list pools",
      .options = list_options, .exclusive = list_pairs, .run = pool_list },
    { .name = "pool-info", .summary = "state and sizes of a pool",
      .options = info_options, .run = pool_info },
    { .name = "pool-dumpxml", .summary = "print the XML of a pool",
      .options = dumpxml_options, .run = pool_dumpxml },
    { .name = "pool-name", .summary = "print the name of the pool with this UUID",
      .options = pool_only, .run = pool_name },
    { .name = "pool-uuid", .summary = "print the UUID of the pool with this name",
      .options = pool_only, .run = pool_uuid },
    { .name = "pool-capabilities",
      .summary = "what a pool can do now; or which pool types there are, and their formats",
      .flags = COMMAND_JOB, .options = capabilities_options, .run = pool_capabilities },
    { .name = "pool-event", .summary = "wait for events of pools and volumes",
      .options = event_options, .run = pool_event },
    { .name = "find-storage-pool-sources", .summary = "find sources for a type of pool",
      .flags = COMMAND_JOB, .options = sources_options, .run = find_sources },
    { .name = "find-storage-pool-sources-as",
      .summary = "find sources for a type of pool, from options",
      .flags = COMMAND_JOB, .options = sources_as_options, .run = find_sources_as },
    { .name = NULL },
};
