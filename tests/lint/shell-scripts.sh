#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# No script has anything that shellcheck would say something to.

# shellcheck source=tests/lint/frame.inc
. "$(dirname "$0")/frame.inc"

command -v shellcheck >/dev/null || skip "shellcheck is not installed"
cd "$SRC" || exit 2
machine=$(cd tests/vm && echo run guard machine-* init begin fetch-kernel | sed 's,[^ ]*,tests/vm/&,g')
# shellcheck disable=SC2086
for file in dev tarn .ci/run $machine tests/install/tutorial-files tests/abi/freeze tests/abi/describe tests/abi/grow sdk/tarn-module-new.in $(sources '*.sh' core sdk modules formats tools tests); do
    [ -f "$file" ] || continue
    shellcheck -x -P "SCRIPTDIR:$SRC" -f gcc "$file" >>"$faults"
done
finish
