/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The commands on volumes, by file; vol.c has their table.
 */
#ifndef TOOLS_VOL_H
#define TOOLS_VOL_H

#include "tools/tool.h"

/* vol-create.c */
int vol_create(struct tool *tool, const struct args *args);
int vol_create_as(struct tool *tool, const struct args *args);
int vol_create_from(struct tool *tool, const struct args *args);
/* vol-clone.c */
int vol_clone(struct tool *tool, const struct args *args);
int vol_convert(struct tool *tool, const struct args *args);
/* vol-change.c */
int vol_delete(struct tool *tool, const struct args *args);
int vol_resize(struct tool *tool, const struct args *args);
int vol_wipe(struct tool *tool, const struct args *args);
/* vol-upload.c, vol-download.c */
int vol_upload(struct tool *tool, const struct args *args);
int vol_download(struct tool *tool, const struct args *args);
/* vol-list.c */
int vol_list(struct tool *tool, const struct args *args);
/* vol-info.c */
int vol_info(struct tool *tool, const struct args *args);
int vol_dumpxml(struct tool *tool, const struct args *args);
int vol_path(struct tool *tool, const struct args *args);
int vol_key(struct tool *tool, const struct args *args);
int vol_name(struct tool *tool, const struct args *args);
int vol_pool(struct tool *tool, const struct args *args);
/* vol-image.c */
int vol_map(struct tool *tool, const struct args *args);
int vol_check(struct tool *tool, const struct args *args);

#endif
