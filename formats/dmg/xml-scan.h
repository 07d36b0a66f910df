/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * xml-scan.h - the little of XML that a property list needs, for bytes that nobody vouches for:
 * tags and text. Comments, processing instructions and a DOCTYPE without declarations are passed
 * over; everything else of XML is refused: there is nothing to expand and nothing to load.
 */
#ifndef DMG_XML_SCAN_H
#define DMG_XML_SCAN_H

#include <stdbool.h>
#include <stdint.h>

enum xml_kind {
    XML_OPEN,  /* <name …> */
    XML_CLOSE, /* </name> */
    XML_EMPTY, /* <name …/> */
    XML_TEXT,  /* never only white space */
    XML_END,   /* of the bytes */
    XML_BAD,
};

struct xml_token {
    enum xml_kind kind;
    uint8_t *text;   /* the tag's name, or the text as it stands there */
    uint64_t length; /* bytes */
};

struct xml_scan {
    uint8_t *at;
    uint8_t *end;
};

/* The next token; after XML_BAD nothing more comes. */
struct xml_token xml_next(struct xml_scan *scan);
bool xml_is(const struct xml_token *token, enum xml_kind kind, const char *name);
/* Does the token's text equal `text`? */
bool xml_text_is(const struct xml_token *token, const char *text);
/* Passes over the rest of the element that `open` began; false if it is not well formed. */
bool xml_skip(struct xml_scan *scan, const struct xml_token *open);

#endif
