#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Compiles one broken module and lets the kit at it: try-fault.sh FOLDER SOURCE FAULT [FLAGS]. What the
# kit says goes into FOLDER/FAULT.tap, the checks that failed into FOLDER/FAULT.failed.
set -eu
folder=$1/$2-$3
source=$TARN_SRC/tests/conform/$2
fault=$3
shift 3
mkdir "$folder"
name=$(sed -n 's/^ *\.name = "\(.*\)",$/\1/p' "$source" | tail -n 1)
[ -n "$name" ] || name=shelf # broken-growing.c and broken-glazed.c are broken-pool.c once more
provides=$(sed -n 's/^ \* provides: //p' "$source")
[ "$fault" != FAULT_CONF_LACKS_IT ] || provides=format:another
# shellcheck disable=SC2086 # flags are words
cc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -fvisibility=hidden -fPIC -shared -O1 -Wl,-z,now \
    "-I$TARN_SRC/sdk/include" "-DFAULT_IS=$fault" "-DHAS_$fault" "$source" -o "$folder/$name.so" "$@" -lpthread
printf '[module]\nfile = %s.so\nabi = 1\nprovides = %s\n' "$name" "$provides" >"$folder/$name.conf"
"$TARN_BUILD/tarn-conform" "$folder/$name.so" >"$folder/tap" 2>&1 || true
sed -n 's/^not ok [0-9]* - \([^ ]*\).*/\1/p' "$folder/tap" | sort -u >"$folder/failed"
