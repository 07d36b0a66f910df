# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The tests of the command, and programs that they are written with. They want TARN, JSON_GET,
# TARN_MODULE_DIR and TARN_PLUGINS_DIR.

check_PROGRAMS += guest-write json-get module-elements
guest_write_SOURCES = tests/cli/guest-write.c
guest_write_CPPFLAGS = -I$(top_srcdir)/core/include -I$(top_srcdir)/sdk/include
guest_write_LDADD = libtarn.la
json_get_SOURCES = tests/cli/json-get.c
json_get_LDADD = $(JANSSON_LIBS)
module_elements_SOURCES = tests/cli/module-elements.c
module_elements_CPPFLAGS = -I$(top_srcdir)/sdk/include $(LIBXML_CFLAGS)
module_elements_LDADD = $(LIBXML_LIBS)

cli_tests = \
	tests/cli/test-absent-module.sh \
	tests/cli/test-conform-iscsi-direct.sh \
	tests/cli/test-corpus-hostile.sh \
	tests/cli/test-corpus.sh \
	tests/cli/test-event.sh \
	tests/cli/test-fs.sh \
	tests/cli/test-help.sh \
	tests/cli/test-hostile-qcow2.sh \
	tests/cli/test-hostile-xml.sh \
	tests/cli/test-image.sh \
	tests/cli/test-iscsi-data.sh \
	tests/cli/test-iscsi-faults.sh \
	tests/cli/test-iscsi-chap.sh \
	tests/cli/test-iscsi-direct.sh \
	tests/cli/test-iscsi-hostile.sh \
	tests/cli/test-iscsi-portals.sh \
	tests/cli/test-iscsi-sources.sh \
	tests/cli/test-iscsi-xml.sh \
	tests/cli/test-isolation-dir.sh \
	tests/cli/test-isolation.sh \
	tests/cli/test-json.sh \
	tests/cli/test-logical-faults.sh \
	tests/cli/test-module-options.sh \
	tests/cli/test-module-pages.sh \
	tests/cli/test-names.sh \
	tests/cli/test-netfs.sh \
	tests/cli/test-netfs-sources.sh \
	tests/cli/test-output.sh \
	tests/cli/test-own-elements.sh \
	tests/cli/test-pool-capabilities.sh \
	tests/cli/test-pool-list.sh \
	tests/cli/test-pool-options.sh \
	tests/cli/test-pool.sh \
	tests/cli/test-qemu.sh \
	tests/cli/test-raw-stays-raw.sh \
	tests/cli/test-shell.sh \
	tests/cli/test-transfer.sh \
	tests/cli/test-untrusted.sh \
	tests/cli/test-usage.sh \
	tests/cli/test-vol-formats.sh \
	tests/cli/test-volume.sh \
	tests/cli/test-xml.sh

EXTRA_DIST += tests/cli/iscsi-lib.sh tests/cli/lib.sh tests/cli/network-lib.sh \
	tests/cli/own-lib.sh $(cli_tests)
