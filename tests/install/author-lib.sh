# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
#
# What the tests share in which a module is built as its author does: with what is installed, below a
# prefix of the test's own, and nothing of the build folder.

# shellcheck source=tests/install/lib.sh
. "$(dirname "$0")/lib.sh"

# For warnings that a compiler of either kind has of our own code.
strict='-O1 -g -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wformat=2'
strict="$strict -Wundef -Wpointer-arith -Wwrite-strings -Werror"

# author: the programs, headers and modules are the installed ones.
author() {
    need_installed
    # tarn is beneath $installed, and all else at its place.
    unset PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_LIBDIR
    PKG_CONFIG_PATH=$base/pkgconfig
    if [ ! -d "$PKG_CONFIG_PATH" ]; then
        mkdir "$PKG_CONFIG_PATH"
        sed "s,^prefix=,prefix=$installed," "$(place tarn-module.pc)" \
            >"$PKG_CONFIG_PATH/tarn-module.pc"
    fi
    programs=$(dirname "$(place tarn-module-new)")
    PATH=$programs:$PATH
    LD_LIBRARY_PATH=$(dirname "$(place libtarn.so)")
    TARN_TEMPLATE_DIR=$(dirname "$(place tarn-shelf.7)")
    TARN_MODULE_DIR=$module_dir TARN_PLUGINS_DIR=$plugins_dir
    TARN_MODULE_HOST=$(place tarn-module-host)
    export PKG_CONFIG_PATH PATH LD_LIBRARY_PATH TARN_TEMPLATE_DIR
    export TARN_MODULE_DIR TARN_PLUGINS_DIR TARN_MODULE_HOST
    cd "$work"
}

# conforms ARGUMENT…: the kit says so, and has tried more than a few things.
conforms() {
    tarn-conform "$@" >"$work/tap" || { grep -A 4 '^not ok' "$work/tap"; return 1; }
    grep -v SKIP "$work/tap" >"$work/tried"
    [ "$(grep -c '^ok' "$work/tried")" -gt 20 ]
}

# use FILE.so [NAME]: the module is where tarn looks for modules, with its .conf; until the script ends.
use() {
    name=${2:-$(basename "$1" .so)}
    cp "$1" "$module_dir/$name.so"
    cp "$(dirname "$1")/$name.conf" "$plugins_dir"
}

# volume_of BYTES: a file with content that no compression makes small, in $work/content.
volume_of() {
    head -c "$1" /dev/urandom >"$work/content"
}
