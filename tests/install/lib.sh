# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
#
# What the tests of the installation share: the tree installed below $installed, once for a script, and
# the command run from there as it will be at its place.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

installed=$base/installed

# need_installed: skips the test where there is nothing to install from.
need_installed() {
    need make
    need cc
    need pkg-config
    [ -f "${TARN_BUILD:-}/Makefile" ] || skip "there is no build folder to install from"
    if [ ! -d "$installed" ]; then
        make -s -C "$TARN_BUILD" install DESTDIR="$installed" >"$base/install.log" 2>&1 || {
            cat "$base/install.log"
            return 1
        }
    fi
    unset TARN_MODULE_DIR TARN_PLUGINS_DIR PKG_CONFIG_PATH
    PKG_CONFIG_LIBDIR=$(dirname "$(place tarn.pc)"):$(pkg-config --variable pc_path pkg-config)
    PKG_CONFIG_SYSROOT_DIR=$installed
    export PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR
    module_dir=$(dirname "$(place dir.so)")
    plugins_dir=$(dirname "$(place dir.conf)")
}

# place NAME: where an installed file is.
place() {
    find "$installed" -name "$1" | grep .
}

# installed_run STATUS ARGUMENT…: like run, with the installed command and its modules.
installed_run() {
    TARN=$(place tarn | grep '/bin/tarn$')
    LD_LIBRARY_PATH=$(dirname "$(place libtarn.so)")
    TARN_MODULE_DIR=$module_dir TARN_PLUGINS_DIR=$plugins_dir
    TARN_MODULE_HOST=$(place tarn-module-host)
    export LD_LIBRARY_PATH TARN_MODULE_DIR TARN_PLUGINS_DIR TARN_MODULE_HOST
    run "$@"
}
