# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
#
# For tests of what a module adds of its own: the fixture "own"; with OWN_ISOLATED=yes in a process of
# its own.

# own_module: the module, and the format raw.
own_module() {
    [ -f "${TARN_FIXTURES:-}/own.so" ] || skip "the fixture modules are not built: make tests"
    mkdir -p "$work/modules" "$work/plugins.d"
    cp "$TARN_MODULE_DIR/raw.so" "$work/modules"
    cp "$TARN_PLUGINS_DIR/raw.conf" "$work/plugins.d"
    own_add own 'pool:own pool:own-strict'
    TARN_MODULE_DIR=$work/modules
    TARN_PLUGINS_DIR=$work/plugins.d
    export TARN_MODULE_DIR TARN_PLUGINS_DIR
}

# own_add NAME PROVIDES: one more module.
own_add() {
    cp "$TARN_FIXTURES/$1.so" "$work/modules"
    {
        printf '[module]\nfile = %s.so\nabi = 1\nprovides = %s\n' "$1" "$2"
        [ -z "${OWN_ISOLATED:-}" ] || echo "isolation = process"
    } >"$work/plugins.d/$1.conf"
    chmod 755 "$work/modules" "$work/plugins.d" "$work"/modules/*
    chmod 644 "$work"/plugins.d/*
}

# own_pool [ELEMENT…]: defines and starts the pool "p" with these elements, which may use the prefix
# tarn.
own_pool() {
    {
        echo "<pool type='own' xmlns:tarn='urn:tarn:options:1'><name>p</name>"
        printf '%s\n' "$@"
        echo "</pool>"
    } >"$work/p.xml"
    run 0 pool-define "$work/p.xml" --validate
    run 0 pool-start p
}

# fact NAME VALUE: what the module was told.
fact() {
    run 0 pool-info p
    shows "^$1: *$2\$"
}

# no_fact NAME
no_fact() {
    run 0 pool-info p
    shows_no "^$1:"
}

# secret NAME TEXT: it is in the folder of secrets.
secret() {
    mkdir -p "$work/root/etc/tarn/secrets"
    (umask 077 && printf '%s\n' "$2" >"$work/root/etc/tarn/secrets/$1")
}
