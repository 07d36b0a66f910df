/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of the commands on pools.
 */
#include "tools/pool.h"

#include "tools/pool-event.h"
#include "tools/pool-xml.h"
#include "tools/secret.h"

#define OPTION_XML_FILE { "file", VALUE_FILE, OPTION_REQUIRED, "file with the XML, - for stdin", NULL }
#define OPTION_OVERWRITE OPTION_FLAG("overwrite", "build over what is there")
#define OPTION_NO_OVERWRITE OPTION_FLAG("no-overwrite", "build only where nothing is")

static const char *const overwrite_or_not[][2] = { { "overwrite", "no-overwrite" },
                                                   { NULL, NULL } };
static const char *const list_pairs[][2] = { { "details", "uuid" }, { "details", "name" },
                                             { NULL, NULL } };
static const char *const start_pairs[][2] = { { "overwrite", "no-overwrite" },
                                              { "pool", "autostart" }, { NULL, NULL } };
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
    OPTION_FLAG("autostart", "start all that are marked for it, as at boot"),
    OPTION_SECRET_FILE,
    OPTIONS_END
};

static const struct option destroy_options[] = {
    OPTION_POOL,
    OPTION_FLAG("force", "even if its volumes are in use"),
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

static const struct option no_options[] = { OPTIONS_END };

const struct command pool_commands[] = {
    { "pool-define", "define a pool, or define it anew, from an XML file", 0, define_options, NULL,
      NULL, pool_define },
    { "pool-define-as", "define a pool from options", 0, define_as_options, define_as_pairs, NULL,
      pool_define_as },
    { "pool-create", "create and start a transient pool from an XML file", COMMAND_JOB,
      create_options, overwrite_or_not, NULL, pool_create },
    { "pool-create-as", "create and start a transient pool from options", COMMAND_JOB,
      create_as_options, create_as_pairs, NULL, pool_create_as },
    { "pool-undefine", "forget a pool; no storage is touched", 0, pool_only, NULL, NULL,
      pool_undefine },
    { "pool-edit", "edit the XML of a pool in $VISUAL, $EDITOR or vi", 0, pool_only, NULL, NULL,
      pool_edit },
    { "pool-build", "prepare the storage of a pool", COMMAND_JOB, build_options, overwrite_or_not,
      NULL, pool_build },
    { "pool-start", "start a pool", COMMAND_JOB, start_options, start_pairs, NULL, pool_start },
    { "pool-destroy", "stop a pool; no data are touched", COMMAND_JOB, destroy_options, NULL, NULL,
      pool_destroy },
    { "pool-stop", "the same as pool-destroy", COMMAND_JOB, destroy_options, NULL, NULL,
      pool_destroy },
    { "pool-delete", "remove what pool-build made; the definition stays", COMMAND_JOB, pool_only,
      NULL, NULL, pool_delete },
    { "pool-refresh", "look anew at what is in a pool", COMMAND_JOB, pool_only, NULL, NULL,
      pool_refresh },
    { "pool-autostart", "start a pool at boot, or no longer", 0, autostart_options, NULL, NULL,
      pool_autostart },
    { "pool-list", "list pools", 0, list_options, list_pairs, NULL, pool_list },
    { "pool-info", "state and sizes of a pool", 0, info_options, NULL, NULL, pool_info },
    { "pool-dumpxml", "print the XML of a pool", 0, dumpxml_options, NULL, NULL, pool_dumpxml },
    { "pool-name", "print the name of the pool with this UUID", 0, pool_only, NULL, NULL,
      pool_name },
    { "pool-uuid", "print the UUID of the pool with this name", 0, pool_only, NULL, NULL,
      pool_uuid },
    { "pool-capabilities", "print what pool types there are, and their formats", 0, no_options, NULL,
      NULL, pool_capabilities },
    { "pool-event", "wait for events of pools and volumes", 0, event_options, NULL, NULL,
      pool_event },
    { "find-storage-pool-sources", "find sources for a type of pool", COMMAND_JOB, sources_options,
      NULL, NULL, find_sources },
    { "find-storage-pool-sources-as", "find sources for a type of pool, from options", COMMAND_JOB,
      sources_as_options, NULL, NULL, find_sources_as },
    { NULL, NULL, 0, NULL, NULL, NULL, NULL },
};
