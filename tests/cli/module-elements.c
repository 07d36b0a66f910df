/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * module-elements FILE.so: the XML elements of a module's own, for the tests of the manual. A line
 * "TYPE PREFIX:NAME" for each element of its namespace that the schema fragment of a pool type has,
 * and "TYPE PREFIX:" if the type has a namespace and no fragment, which then allows any.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include <tarn/module.h>

typedef const struct tarn_module *(*entry_fn)(uint32_t host_abi_version);

/* The `ns` of RELAX NG: an element's own, or that of the nearest around it. */
static int is_in(const xmlNode *node, const char *namespace)
{
    int same = 0;

    for (; node != NULL && node->type == XML_ELEMENT_NODE; node = node->parent) {
        xmlChar *ns = xmlGetNoNsProp(node, BAD_CAST "ns");

        if (ns == NULL)
            continue;
        same = strcmp((const char *)ns, namespace) == 0;
        xmlFree(ns);
        return same;
    }
    return 0;
}

static void print_elements(const struct tarn_pool_type *type, const xmlNode *node)
{
    for (; node != NULL; node = node->next) {
        xmlChar *name = xmlStrEqual(node->name, BAD_CAST "element")
                            ? xmlGetNoNsProp(node, BAD_CAST "name")
                            : NULL;

        if (name != NULL && is_in(node, type->xml_namespace))
            printf("%s %s:%s\n", type->name, type->xml_prefix, (const char *)name);
        xmlFree(name);
        print_elements(type, node->children);
    }
}

static int print_type(const struct tarn_pool_type *type)
{
    xmlDoc *fragment;

    if (type->xml_namespace == NULL)
        return 0;
    if (type->schema == NULL) {
        printf("%s %s:\n", type->name, type->xml_prefix);
        return 0;
    }
    fragment = xmlReadMemory(type->schema, (int)strlen(type->schema), NULL, NULL, XML_PARSE_NONET);
    if (fragment == NULL)
        return 1;
    print_elements(type, xmlDocGetRootElement(fragment));
    xmlFreeDoc(fragment);
    return 0;
}

int main(int argc, char **argv)
{
    void *file = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    void *symbol = file != NULL ? dlsym(file, "tarn_module_entry") : NULL;
    const struct tarn_pool_type *const *type;
    const struct tarn_module *module;
    entry_fn entry;
    int failed = 0;

    if (symbol == NULL) {
        fprintf(stderr, "module-elements: %s is no module\n", argc == 2 ? argv[1] : "that");
        return 1;
    }
    memcpy(&entry, &symbol, sizeof(entry));
    module = entry(TARN_ABI_VERSION);
    for (type = module != NULL ? module->pool_types : NULL; type != NULL && *type != NULL; type++)
        failed |= print_type(*type);
    return failed;
}
