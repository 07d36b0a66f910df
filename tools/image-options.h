/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a new image shall be like, beyond its format and size: the options that image-convert,
 * vol-create-as, vol-clone and vol-convert share.
 */
#ifndef TOOLS_IMAGE_OPTIONS_H
#define TOOLS_IMAGE_OPTIONS_H

#include "tools/tool.h"
#include "tools/xml.h"

#define IMAGE_OPTIONS \
    { "subformat", VALUE_TEXT, OPTION_NAMED, "subformat, of a format that has several", NULL }, \
    { "compat", VALUE_TEXT, OPTION_NAMED, "version of the format: 1.1", NULL }, \
    { "cluster-size", VALUE_SIZE, OPTION_NAMED, "size of its clusters, grains or blocks", NULL }, \
    { "feature", VALUE_TEXT, OPTION_NAMED | OPTION_REPEATED, "feature to switch on", NULL }, \
    { "option", VALUE_TEXT, OPTION_NAMED | OPTION_REPEATED, "NAME=VALUE of the format's own", NULL }
#define OPTION_COMPRESS OPTION_FLAG("compress", "store it compressed")

/* Text is that of the command line. */
struct image_options {
    const char *subformat; /* NULL = not given, as the next */
    const char *compat;
    uint64_t cluster_size; /* 0 = not given */
    bool compress;
    const char **features; /* ends with NULL */
    const char **options;  /* "name=value"; ends with NULL */
};

/* Takes them from the command line. To be cleared, whatever it answers. */
int image_options_read(struct image_options *out, struct tool *tool, const struct args *args);
void image_options_clear(struct image_options *options);

/* Whether there is any. */
bool image_options_given(const struct image_options *options);
/* The elements that stand beside <format>. */
void image_options_put(struct xml *xml, const struct image_options *options);
/* Takes out of a <volume> what image_options_put would have there anew. */
void image_options_make_room(char **xml, const struct image_options *options);

#endif
