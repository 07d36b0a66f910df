# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The tests of the command. They want TARN, JSON_GET, TARN_MODULE_DIR and TARN_PLUGINS_DIR.

check_PROGRAMS += json-get
json_get_SOURCES = tests/cli/json-get.c
json_get_LDADD = $(JANSSON_LIBS)

cli_tests = \
	tests/cli/test-event.sh \
	tests/cli/test-help.sh \
	tests/cli/test-image.sh \
	tests/cli/test-json.sh \
	tests/cli/test-names.sh \
	tests/cli/test-output.sh \
	tests/cli/test-pool-list.sh \
	tests/cli/test-pool.sh \
	tests/cli/test-shell.sh \
	tests/cli/test-transfer.sh \
	tests/cli/test-usage.sh \
	tests/cli/test-volume.sh

EXTRA_DIST += tests/cli/lib.sh $(cli_tests)
