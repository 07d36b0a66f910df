#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Every module of ours passes the kit, as far as it can be tried without a machine; what wants real
# storage is tried in tests/vm/test-conform-*.sh. And the matrix in the documentation is what they say.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

here=$TARN_SRC/tests/conform

modules() {
    for conf in "$TARN_SRC"/plugins.d/*.conf; do
        basename "$conf" .conf
    done
}

keeps_its_promises() {
    config=$here/$module.conf
    set -- "$TARN_BUILD/.libs/$module.so" --conf "$TARN_SRC/plugins.d/$module.conf"
    [ ! -f "$config" ] || set -- "$@" --config "$config"
    "$TARN_BUILD/tarn-conform" "$@" --junit "$work/junit" >"$work/tap" || {
        grep -A 6 '^not ok' "$work/tap"
        return 1
    }
    grep -q '^ok 1 ' "$work/tap"
    xmllint --noout "$work/junit"
    [ "$(grep -c '<testcase' "$work/junit")" -eq "$(grep -c '^ok ' "$work/tap")" ]
}

matrix_is_documented() {
    "$TARN_SRC/doc/matrix" "$TARN_BUILD" "$work/page"
    diff -u "$TARN_SRC/doc/tarn-modules.7" "$work/page"
}

for module in $(modules); do
    check "the module $module keeps its promises" keeps_its_promises
done
check "the matrix of the documentation is what the modules say" matrix_is_documented
finish
