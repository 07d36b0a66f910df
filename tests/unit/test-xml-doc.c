/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * core/xml/xml-doc.c and core/xml/xml-query.c: hostile documents, and questions to good ones.
 */
#include "core/xml/xml-doc.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static void refused_of(const char *xml, size_t length, const char *because)
{
    struct tarn_error *error = NULL;
    xmlDoc *doc = NULL;
    int status = xml_doc_parse(&doc, xml, length, &error);

    CU_ASSERT_EQUAL(status, TARN_E_INVALID);
    CU_ASSERT_PTR_NULL(doc);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_PTR_NOT_NULL(strstr(tarn_error_message(error), because));
    CU_ASSERT_PTR_NULL(strchr(tarn_error_message(error), '\n'));
    tarn_error_free(error);
    CU_ASSERT_EQUAL(xml_doc_parse(&doc, xml, length, NULL), TARN_E_INVALID);
}

static void refused(const char *xml, const char *because)
{
    refused_of(xml, strlen(xml), because);
}

static void accepted(const char *xml)
{
    struct tarn_error *error = NULL;
    xmlDoc *doc = NULL;

    CU_ASSERT_EQUAL(xml_doc_parse(&doc, xml, strlen(xml), &error), TARN_OK);
    CU_ASSERT_PTR_NULL(error);
    CU_ASSERT_PTR_NOT_NULL(doc);
    xmlFreeDoc(doc);
    tarn_error_free(error);
}

static void good_documents(void)
{
    accepted("<a/>");
    accepted("<?xml version='1.0' encoding='UTF-8'?>\n<!-- c --><a>&amp;&#65;<![CDATA[<]]></a>\n");
    accepted("\xef\xbb\xbf<a>\xc3\xbc \xf0\x9f\x98\x80</a>");
}

static void broken_documents(void)
{
    refused("", "empty");
    refused("hello", "line 1: there is no XML");
    refused("<a>\n<b>\n</a>", "line 3: this is not well-formed");
    refused("<a>\n\n<b", "line 3");
    refused("<a/><b/>", "something follows");
    refused("<a b='1' b='2'/>", "redefined");
    refused("<a>\n&nope;</a>", "line 2: an entity");
    refused("<x:a/>", "prefix x");
    refused("<a>&#1;</a>", "reference to a character");
}

static void doctypes(void)
{
    refused("<!DOCTYPE a><a/>", "line 1: a DOCTYPE");
    refused("\n<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "line 2: a DOCTYPE");
    refused("<!DOCTYPE a PUBLIC 'x' 'http://192.0.2.1/x.dtd'><a/>", "DOCTYPE");
    refused("<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>", "DOCTYPE");
    refused("<!DOCTYPE a [<!ENTITY % p SYSTEM 'file:///etc/passwd'> %p;]><a/>", "DOCTYPE");
}

static void billion_laughs(void)
{
    refused("<!DOCTYPE a [<!ENTITY a 'lol'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"
            "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'><!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;'>"
            "<!ENTITY e '&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;'>]><a>&e;&e;&e;&e;</a>",
            "DOCTYPE");
}

static void bytes_that_xml_cannot_hold(void)
{
    refused_of("<a>\0</a>", 8, "line 1: there is a control character (0x00)");
    refused("<a>\n\x01</a>", "line 2: there is a control character (0x01)");
    refused("<a>\n\n\xff</a>", "line 3: the byte 0xff is not UTF-8");
    refused("<a>\xc0\xaf</a>", "0xc0 is not UTF-8");
    refused("<a>\xed\xa0\x80</a>", "0xed is not UTF-8");
    refused("<a>\xf4\x90\x80\x80</a>", "0xf4 is not UTF-8");
    refused("<a>\xef\xbf\xbe</a>", "0xef is not UTF-8");
    refused("<a>\xc3", "0xc3 is not UTF-8");
    refused("<?xml version='1.0' encoding='ISO-8859-1'?><a>\xfc</a>", "0xfc is not UTF-8");
    refused_of("\xff\xfe<\0a\0/\0>\0", 10, "not UTF-8");
}

/* `count` times `piece`, between `head` and `tail`. */
static char *repeated(const char *head, const char *piece, size_t count, const char *tail)
{
    size_t step = strlen(piece);
    char *text = malloc(strlen(head) + count * step + strlen(tail) + 1);
    char *end;

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    end = stpcpy(text, head);
    for (size_t i = 0; i < count; i++)
        end = stpcpy(end, piece);
    strcpy(end, tail);
    return text;
}

static void deep_nesting(void)
{
    char *deep = repeated("", "<a>", XML_DEPTH_LIMIT + 1, "");
    char *abyss = repeated("", "<a>", 100000, "");

    refused(deep, "nested too deeply");
    refused(abyss, "nested too deeply");
    free(deep);
    free(abyss);
}

static void long_documents(void)
{
    char *text = repeated("<a>", "x", XML_LENGTH_LIMIT, "</a>");
    char *fits = repeated("<a>", "x", XML_LENGTH_LIMIT - 7, "</a>");

    refused(text, "the limit is");
    accepted(fits);
    free(text);
    free(fits);
}

static void many_attributes(void)
{
    char *text = malloc(XML_LENGTH_LIMIT);
    char *end = text;
    struct timespec before;
    struct timespec after;

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    end += sprintf(end, "<a");
    for (unsigned i = 0; end - text < (long)XML_LENGTH_LIMIT - 40; i++)
        end += sprintf(end, " a%x=''", i);
    strcpy(end, "/>");
    clock_gettime(CLOCK_MONOTONIC, &before);
    refused(text, "too many attributes");
    clock_gettime(CLOCK_MONOTONIC, &after);
    CU_ASSERT(after.tv_sec - before.tv_sec < 20);
    free(text);
}

/* What goes to standard error while `work` runs, in bytes. */
static long said_by(void (*work)(void))
{
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);
    long length;

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    dup2(fileno(file), STDERR_FILENO);
    work();
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    length = (long)lseek(fileno(file), 0, SEEK_END);
    fclose(file);
    return length;
}

static void silence(void)
{
    CU_ASSERT_EQUAL(said_by(broken_documents), 0);
    CU_ASSERT_EQUAL(said_by(doctypes), 0);
    CU_ASSERT_EQUAL(said_by(bytes_that_xml_cannot_hold), 0);
}

#define DOCUMENT "<a n='7' xmlns:q='urn:x'><b>1</b><q:b>2</q:b><b>3</b><q:b>4</q:b></a>"

static void asked(const char *xpath, uint32_t index, const char *expected)
{
    struct arena *arena = arena_new();
    const char *found = xml_query(arena, DOCUMENT, xpath, index, "own", "urn:x");

    if (expected == NULL) {
        CU_ASSERT_PTR_NULL(found);
    } else {
        CU_ASSERT_PTR_NOT_NULL_FATAL(found);
        CU_ASSERT_STRING_EQUAL(found, expected);
    }
    arena_free(arena);
}

static void queries(void)
{
    asked("/a/b", 0, "1");
    asked("/a/b", 1, "3");
    asked("/a/b", 2, NULL);
    asked("/a/@n", 0, "7");
    asked("//own:b", 1, "4");
    asked("count(/a/*)", 0, "4");
    asked("string(/a/own:b)", 0, "2");
    asked("string(/a/b)", 1, NULL);
    asked("/a/c", 0, NULL);
}

static void bad_queries(void)
{
    struct arena *arena = arena_new();

    asked("", 0, NULL);
    asked("/a[", 0, NULL);
    asked("//nobody:b", 0, NULL);
    asked("unknown(1)", 0, NULL);
    CU_ASSERT_PTR_NULL(xml_query(arena, "<a", "/a", 0, NULL, NULL));
    CU_ASSERT_PTR_NOT_NULL(xml_query(arena, "<a/>", "/a", 0, NULL, NULL));
    arena_free(arena);
}

static void bad_queries_are_silent(void)
{
    CU_ASSERT_EQUAL(said_by(bad_queries), 0);
}

static void *worker(void *arg)
{
    long *faults = arg;

    for (int i = 0; i < 200; i++) {
        struct arena *arena = arena_new();
        struct tarn_error *error = NULL;
        const char *found = xml_query(arena, DOCUMENT, "//own:b", 1, "own", "urn:x");
        xmlDoc *doc = NULL;

        *faults += found == NULL || strcmp(found, "4") != 0;
        *faults += xml_doc_parse(&doc, "<a><b></a>", 10, &error) != TARN_E_INVALID;
        *faults += error == NULL || strstr(tarn_error_message(error), "mismatch") == NULL;
        tarn_error_free(error);
        arena_free(arena);
    }
    return NULL;
}

static void threads(void)
{
    pthread_t all[4];
    long faults[4] = { 0 };

    for (size_t i = 0; i < 4; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&all[i], NULL, worker, &faults[i]), 0);
    for (size_t i = 0; i < 4; i++) {
        pthread_join(all[i], NULL);
        CU_ASSERT_EQUAL(faults[i], 0);
    }
}

static const struct unit_test tests[] = {
    { "good documents are read", good_documents },
    { "broken documents are refused with their line", broken_documents },
    { "a DOCTYPE is refused, whatever it declares", doctypes },
    { "entities that multiply are refused", billion_laughs },
    { "NUL, control characters and what is not UTF-8 are refused", bytes_that_xml_cannot_hold },
    { "deep nesting is refused", deep_nesting },
    { "long documents are refused", long_documents },
    { "elements with thousands of attributes are refused", many_attributes },
    { "nothing is printed for any of these", silence },
    { "queries find elements, attributes and numbers", queries },
    { "bad queries find nothing", bad_queries },
    { "bad queries print nothing", bad_queries_are_silent },
    { "several threads at once", threads },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("xml-doc", tests);
}
