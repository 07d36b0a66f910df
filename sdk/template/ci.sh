#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# What a machine does with each change: both ways to build, the kit, and the man page. It needs tarn
# with its headers, a C compiler, make, pkg-config, autoconf and automake.
set -eu
cd "$(dirname "$0")"

make -f Makefile.plain clean
make -f Makefile.plain CFLAGS='-O2 -g -Wall -Wextra -Werror'
make -f Makefile.plain check
make -f Makefile.plain clean

autoreconf -fi
mkdir -p build
(cd build && ../configure -q && make && make check)

if command -v mandoc >/dev/null; then
    mandoc -Tlint -W warning tarn-shelf.7
fi
