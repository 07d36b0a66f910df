/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The commands on pools, by file; pool.c has their table.
 */
#ifndef TOOLS_POOL_H
#define TOOLS_POOL_H

#include "tools/tool.h"

/* pool-define.c */
int pool_define(struct tool *tool, const struct args *args);
int pool_define_as(struct tool *tool, const struct args *args);
int pool_create(struct tool *tool, const struct args *args);
int pool_create_as(struct tool *tool, const struct args *args);
int pool_undefine(struct tool *tool, const struct args *args);
/* pool-edit.c */
int pool_edit(struct tool *tool, const struct args *args);
/* pool-state.c */
int pool_build(struct tool *tool, const struct args *args);
int pool_start(struct tool *tool, const struct args *args);
int pool_destroy(struct tool *tool, const struct args *args);
int pool_delete(struct tool *tool, const struct args *args);
int pool_refresh(struct tool *tool, const struct args *args);
int pool_autostart(struct tool *tool, const struct args *args);
/* TARN_POOL_BUILD… of --build, --overwrite, --no-overwrite. */
uint32_t pool_build_flags(const struct args *args);
/* pool-list.c */
int pool_list(struct tool *tool, const struct args *args);
/* pool-info.c */
int pool_info(struct tool *tool, const struct args *args);
int pool_dumpxml(struct tool *tool, const struct args *args);
int pool_name(struct tool *tool, const struct args *args);
int pool_uuid(struct tool *tool, const struct args *args);
/* pool-event.c */
int pool_event(struct tool *tool, const struct args *args);
/* pool-capability.c */
int pool_capabilities(struct tool *tool, const struct args *args);
/* pool-sources.c */
int find_sources(struct tool *tool, const struct args *args);
int find_sources_as(struct tool *tool, const struct args *args);

#endif
