/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Writes XML as libvirt lays it out: two blanks per level, attributes in single quotes, an element
 * with text on one line.
 *
 * Whatever it is given, what comes out is well-formed UTF-8 XML. File names can hold bytes that
 * XML 1.0 cannot: control characters, and what is no UTF-8. Such a byte 0xNN is written as the
 * private-use character U+F0NN (as Cygwin does with file names), so that no two names look alike.
 * Reading does not turn it back.
 */
#ifndef CORE_XML_WRITER_H
#define CORE_XML_WRITER_H

#include <stdint.h>

#include <tarn/tarn.h>

struct xml_writer;

/* NULL without memory; every function below takes NULL and then does nothing. */
struct xml_writer *xml_writer_new(void);
/* Ends it: *out is the document, freed with free(). TARN_E_INTERNAL without memory. */
int xml_writer_end(char **out, struct xml_writer *writer, struct tarn_error **error);

/* <name …, to be followed by attributes. Names are ours, not checked. */
void xml_open(struct xml_writer *writer, const char *name);
void xml_attribute(struct xml_writer *writer, const char *name, const char *value);
void xml_attribute_number(struct xml_writer *writer, const char *name, uint64_t value);
/* Ends the innermost open element: <name/> if nothing was written into it. */
void xml_close(struct xml_writer *writer);
/* The same, but an empty one becomes a start and an end tag on two lines. */
void xml_close_wide(struct xml_writer *writer);

/* <name>text</name>; nothing for NULL. */
void xml_text_element(struct xml_writer *writer, const char *name, const char *text);
/* <name/> */
void xml_empty_element(struct xml_writer *writer, const char *name);
/* <name attribute='value'/>; nothing for NULL. */
void xml_value_element(struct xml_writer *writer, const char *name, const char *attribute,
                       const char *value);
/* <name unit='…'>size</name> */
void xml_size_element(struct xml_writer *writer, const char *name, const char *unit,
                      uint64_t size);
/* An element that is XML already, as it is, on lines of its own. */
void xml_raw_element(struct xml_writer *writer, const char *xml);

#endif
