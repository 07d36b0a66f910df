# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The guards of tarn-abi(7): scripts, and what is frozen of each version.

EXTRA_DIST += \
	tests/abi/1.0 \
	tests/abi/describe \
	tests/abi/facts.awk \
	tests/abi/freeze \
	tests/abi/grow \
	tests/abi/harm.awk \
	tests/abi/host.c \
	tests/abi/later.mk \
	tests/abi/layout-maker.c \
	tests/abi/lib.sh \
	tests/abi/locks.h \
	tests/abi/old-format.c \
	tests/abi/old-lib.sh \
	tests/abi/old-module.c \
	tests/abi/old-store.c \
	tests/abi/old.h \
	tests/abi/sealed \
	tests/abi/test-abidiff.sh \
	tests/abi/test-exports.sh \
	tests/abi/test-frozen.sh \
	tests/abi/test-later.sh \
	tests/abi/test-layout.sh \
	tests/abi/test-modules.sh
