/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One .conf: what it says, what it may not say, and who may have written it.
 */
#include "core/registry/plugin-conf.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fixtures/plugins-frame.h"
#include "tests/unit/unit.h"

#define HEAD "[module]\nfile = a.so\nabi = 1\nprovides = pool:a\n"

static struct plugin_conf *read_conf(const struct plugins_frame *frame, const char *file)
{
    struct plugin_conf *conf = plugin_conf_read(frame_path(frame, "installed"), file, "/modules",
                                                NULL);

    CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
    return conf;
}

static void whole_conf(void)
{
    struct plugins_frame frame;
    struct plugin_conf *conf;

    frame_open(&frame);
    frame_installed(&frame, "logical.conf",
                    "\xef\xbb\xbf; a comment\r\n# another\r\n\r\n"
                    "[module]\r\nfile     = logical.so  ; relative\r\nabi = 1\r\n"
                    "provides = pool:logical   format:raw\r\nenabled = no\r\npriority=70\r\n"
                    "isolation = process\r\nx-ticket = 17\r\n[options]\r\ncommand-timeout = 60\r\nx-note = mine\r\n"
                    "empty =\r\n[environment]\r\nTZ = UTC\r\n[x-ours]\r\nanything = goes");
    conf = read_conf(&frame, "logical.conf");
    CU_ASSERT_PTR_NULL(conf->error);
    CU_ASSERT_STRING_EQUAL(conf->name, "logical");
    CU_ASSERT_STRING_EQUAL(conf->file, "/modules/logical.so");
    CU_ASSERT_EQUAL(conf->abi, 1);
    CU_ASSERT_STRING_EQUAL(conf->provides[0], "pool:logical");
    CU_ASSERT_STRING_EQUAL(conf->provides[1], "format:raw");
    CU_ASSERT_PTR_NULL(conf->provides[2]);
    CU_ASSERT_FALSE(conf->enabled);
    CU_ASSERT_EQUAL(conf->priority, 70);
    CU_ASSERT(conf->isolated);
    CU_ASSERT_STRING_EQUAL(conf->options[0]->name, "command-timeout");
    CU_ASSERT_STRING_EQUAL(conf->options[0]->value, "60");
    CU_ASSERT_STRING_EQUAL(conf->options[1]->name, "empty");
    CU_ASSERT_STRING_EQUAL(conf->options[1]->value, "");
    CU_ASSERT_PTR_NULL(conf->options[2]);
    CU_ASSERT_STRING_EQUAL(conf->environment[0]->name, "TZ");
    CU_ASSERT_STRING_EQUAL(conf->environment[0]->value, "UTC");
    CU_ASSERT_PTR_NULL(conf->environment[1]);
    CU_ASSERT_TRUE(plugin_conf_provides(conf, "pool", "logical"));
    CU_ASSERT_FALSE(plugin_conf_provides(conf, "format", "logical"));
    CU_ASSERT_FALSE(plugin_conf_provides(conf, "pool", "logica"));
    plugin_conf_free(conf);
    frame_close(&frame);
}

static void defaults(void)
{
    struct plugins_frame frame;
    struct plugin_conf *conf;

    frame_open(&frame);
    frame_installed(&frame, "a.conf",
                    "[module]\nfile = /opt/lib/a.so\nabi = 1\nprovides = pool:a\n");
    conf = read_conf(&frame, "a.conf");
    CU_ASSERT_PTR_NULL(conf->error);
    CU_ASSERT_STRING_EQUAL(conf->file, "/opt/lib/a.so");
    CU_ASSERT_TRUE(conf->enabled);
    CU_ASSERT_EQUAL(conf->priority, PLUGIN_PRIORITY);
    CU_ASSERT(!conf->isolated);
    CU_ASSERT_PTR_NULL(conf->options[0]);
    CU_ASSERT_PTR_NULL(conf->environment[0]);
    plugin_conf_free(conf);
    frame_close(&frame);
}

static const struct {
    const char *text;
    const char *told;
} broken[] = {
    { "", "a.conf: [module] lacks the key file" },
    { "[module]\nfile = a.so\nabi = 1\n", "a.conf: [module] lacks the key provides" },
    { "[module]\nfile = a.so\nprovides = pool:a\n", "a.conf: [module] lacks the key abi" },
    { "[module]\nfile = a.so\nabi = 2\nprovides = pool:a\n",
      "the module is for ABI 2, this library has 1" },
    { "[module]\nabi = x\n", "a.conf:2: abi is \"x\"" },
    { "[module]\nabi = 99999\n", "a.conf:2: abi is \"99999\"" },
    { "[module]\nfile = a\n", "a.conf:2: file is \"a\", not the name of a .so" },
    { "[module]\nfile = ../a.so\n", "a.conf:2: file is \"../a.so\"" },
    { "[module]\nfile = x/../../a.so\n", "a.conf:2: file is" },
    { "[module]\nfile = a.la\n", "a.conf:2: file is" },
    { "[module]\nprovides = dir\n", "a.conf:2: provides has \"dir\", not pool:NAME" },
    { "[module]\nprovides = pool:Dir\n", "a.conf:2: provides has \"pool:Dir\"" },
    { "[module]\nprovides = pool:-a\n", "a.conf:2: provides has \"pool:-a\"" },
    { "[module]\nprovides = pool:a pool:a\n", "a.conf:2: provides has pool:a twice" },
    { "[module]\nprovides =\n", "a.conf:2: provides is empty" },
    { HEAD "enabled = true\n", "a.conf:5: enabled is \"true\", not yes or no" },
    { HEAD "priority = high\n", "a.conf:5: priority is \"high\"" },
    { HEAD "isolation = thread\n", "a.conf:5: isolation is \"thread\", not none or process" },
    { HEAD "priority = 1001\n", "a.conf:5: priority is \"1001\"" },
    { HEAD "priority = 5 0\n", "a.conf:5: priority is \"5 0\"" },
    { HEAD "file = b.so\n", "a.conf:5: file is there twice" },
    { HEAD "colour = blue\n", "a.conf:5: [module] has no key \"colour\"" },
    { HEAD "\n[options]\na = 1\na = 1\n", "a.conf:8: a is there twice" },
    { HEAD "[environment]\nTZ = UTC\n", "a.conf: [environment] is for processes of" },
    { HEAD "[settings]\na = 1\n", "a.conf:6: unknown section [settings]" },
    { "file = a.so\n", "a.conf:1: the key \"file\" is in no section" },
    { HEAD "just words\n", "a.conf:5: neither a section" },
    { HEAD "[options\n", "a.conf:5: neither a section" },
    { HEAD "  priority = 7\n", "a.conf:5: a line that begins with a blank" },
    { "[module]\nfile = \xff.so\n", "a.conf is not UTF-8" },
};

static void broken_confs(void)
{
    struct plugins_frame frame;
    size_t i;

    frame_open(&frame);
    for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct plugin_conf *conf;

        frame_installed(&frame, "a.conf", broken[i].text);
        conf = read_conf(&frame, "a.conf");
        CU_ASSERT_TRUE(frame_error_says(conf->error, broken[i].told));
        conf->error = NULL;
        plugin_conf_free(conf);
    }
    frame_close(&frame);
}

static void write_bytes(const char *path, const char *bytes, size_t length)
{
    FILE *file = fopen(path, "we");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fwrite(bytes, 1, length, file);
    fclose(file);
    chmod(path, 0644);
}

static void expect_error(const struct plugins_frame *frame, const char *file, const char *told)
{
    struct plugin_conf *conf = read_conf(frame, file);

    CU_ASSERT_TRUE(frame_error_says(conf->error, told));
    conf->error = NULL;
    plugin_conf_free(conf);
}

static void oversize(void)
{
    static char big[65537];
    struct plugins_frame frame;
    struct plugin_conf *conf;
    char line[256];

    frame_open(&frame);
    memset(big, '\n', sizeof(big));
    memcpy(big, HEAD, strlen(HEAD));
    write_bytes(frame_path(&frame, "installed/a.conf"), big, sizeof(big));
    expect_error(&frame, "a.conf", "is larger than 65536 bytes");
    write_bytes(frame_path(&frame, "installed/a.conf"), big, sizeof(big) - 1);
    conf = read_conf(&frame, "a.conf");
    CU_ASSERT_PTR_NULL(conf->error);
    plugin_conf_free(conf);
    write_bytes(frame_path(&frame, "installed/a.conf"), "[module]\nfile = a\0b.so\n", 22);
    expect_error(&frame, "a.conf", "holds a NUL byte");
    snprintf(line, sizeof(line), "[module]\nfile = %0220d.so\n", 0);
    frame_installed(&frame, "a.conf", line);
    expect_error(&frame, "a.conf", "a.conf:2: this line has 230 bytes");
    frame_close(&frame);
}

static void who_may_write_it(void)
{
    struct plugins_frame frame;
    char path[512];

    frame_open(&frame);
    snprintf(path, sizeof(path), "%s", frame_path(&frame, "installed/a.conf"));
    frame_installed(&frame, "a.conf", HEAD);
    chmod(path, 0646);
    expect_error(&frame, "a.conf", "installed/a.conf can be written by everybody: chmod go-w it");
    chmod(path, 0664);
    expect_error(&frame, "a.conf", "installed/a.conf can be written by its group");
    chmod(path, 0644);
    chmod(frame_path(&frame, "installed"), 0775);
    expect_error(&frame, "a.conf", "installed can be written by its group");
    chmod(frame_path(&frame, "installed"), 0755);
    chmod(frame.root, 0777);
    expect_error(&frame, "a.conf", "can be written by everybody");
    chmod(frame.root, 0700);
    unlink(path);
    expect_error(&frame, "a.conf", "No such file");
    mkfifo(path, 0644);
    expect_error(&frame, "a.conf", "is no regular file");
    frame_close(&frame);
}

static void strangers_file(void)
{
    struct plugins_frame frame;

    if (geteuid() != 0) {
        unit_skip("only root can give a file away");
        return;
    }
    frame_open(&frame);
    frame_installed(&frame, "a.conf", HEAD);
    if (chown(frame_path(&frame, "installed/a.conf"), 4711, 0) < 0)
        CU_FAIL("chown");
    expect_error(&frame, "a.conf", "belongs to uid 4711, neither to root nor to the caller");
    frame_close(&frame);
}

static void links_are_followed_and_judged_at_their_end(void)
{
    struct plugins_frame frame;
    struct plugin_conf *conf;

    frame_open(&frame);
    frame_own(&frame, "real.conf", HEAD);
    CU_ASSERT_EQUAL(symlink("../own/real.conf", frame_path(&frame, "installed/a.conf")), 0);
    conf = read_conf(&frame, "a.conf");
    CU_ASSERT_PTR_NULL(conf->error);
    CU_ASSERT_STRING_EQUAL(conf->name, "a");
    plugin_conf_free(conf);
    chmod(frame_path(&frame, "own"), 0777);
    expect_error(&frame, "a.conf", "own can be written by everybody");
    frame_close(&frame);
}

static void names(void)
{
    struct plugins_frame frame;
    struct plugin_conf *conf;

    CU_ASSERT_TRUE(plugin_name_valid("iscsi-direct"));
    CU_ASSERT_TRUE(plugin_name_valid("9p"));
    CU_ASSERT_FALSE(plugin_name_valid(NULL));
    CU_ASSERT_FALSE(plugin_name_valid(""));
    CU_ASSERT_FALSE(plugin_name_valid("-a"));
    CU_ASSERT_FALSE(plugin_name_valid("a_b"));
    CU_ASSERT_FALSE(plugin_name_valid("A"));
    frame_open(&frame);
    frame_installed(&frame, "Od\nd.conf", HEAD);
    conf = read_conf(&frame, "Od\nd.conf");
    CU_ASSERT_STRING_EQUAL(conf->name, "Od?d");
    CU_ASSERT_PTR_NOT_NULL(conf->error);
    plugin_conf_free(conf);
    frame_close(&frame);
}

static const struct unit_test tests[] = {
    { "a whole .conf, with comments, CR LF and a BOM", whole_conf },
    { "what a .conf leaves out", defaults },
    { "a broken .conf is told with file and line", broken_confs },
    { "too large, too long, with a NUL", oversize },
    { "nobody else may write the file or its folder", who_may_write_it },
    { "a stranger's file is not read", strangers_file },
    { "a link is judged by what it leads to", links_are_followed_and_judged_at_their_end },
    { "names of modules, and files that are not called so", names },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("plugin-conf", tests);
}
