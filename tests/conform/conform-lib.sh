# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154  # $work is the frame's
#
# For tests that let the kit at one of our own modules. What they skip is said, and counts for nothing:
# a type that makes no volumes is right all the same.

# conforms MODULE CONFIG [OPTION…]: the kit finds nothing wrong with MODULE.so as it is tried by
# tests/conform/CONFIG, or an absolute path. CONFORM_KEEP is a file for the whole report, or empty.
conforms() {
    conforms_module=${TARN_MODULE_DIR:?}/$1.so
    conforms_conf=${TARN_PLUGINS_DIR:?}/$1.conf
    case $2 in
        /*) conforms_config=$2 ;;
        *) conforms_config=${TARN_SRC:?}/tests/conform/$2 ;;
    esac
    shift 2
    need_kit
    conforms_status=0
    "$TARN_CONFORM" --conf "$conforms_conf" --config "$conforms_config" "$@" "$conforms_module" \
        >"$work/tap" 2>&1 || conforms_status=$?
    grep -A 2 -e '^not ok' -e '^[^#o]' "$work/tap" || true
    tail -n 1 "$work/tap"
    [ -z "${CONFORM_KEEP:-}" ] || cp "$work/tap" "$CONFORM_KEEP"
    return "$conforms_status"
}

# The program itself, if the wrapper that libtool makes around it is not wanted.
need_kit() {
    : "${TARN_CONFORM:=${TARN_BUILD:?}/.libs/tarn-conform}"
    if [ -z "${VM_MACHINE:-}" ]; then # there the loader finds it
        LD_LIBRARY_PATH=${TARN_BUILD:?}/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
        export LD_LIBRARY_PATH
    fi
    [ -x "$TARN_CONFORM" ] || skip "there is no tarn-conform: its libraries were not found"
}
