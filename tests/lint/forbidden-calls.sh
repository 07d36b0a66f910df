#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What a library must not do to its host: end it, write to its terminal, change what belongs to the
# whole process, run a shell.

# shellcheck source=tests/lint/frame.inc
. "$(dirname "$0")/frame.inc"

calls='exit|_exit|quick_exit|abort|assert|printf|vprintf|puts|putchar|perror|chdir|fchdir|chroot|umask|setlocale|signal|sigaction|system|popen'
streams='stdout|stderr|stdin'

# Without comments and with empty strings, line for line.
bare() {
    "${CC:-cc}" -fpreprocessed -dD -E "$1" 2>/dev/null |
        sed -e '/^# [0-9]/d' -e 's/"\([^"\\]\|\\.\)*"/""/g'
}

command -v "${CC:-cc}" >/dev/null || skip "there is no C compiler"
# core/isolate/host is a program: its standard error is its own.
for file in $(sources '*.[ch]' core sdk/include sdk/helpers modules formats |
    grep -v '^core/isolate/host/'); do
    bare "$SRC/$file" |
        grep -Eo "(^|[^_[:alnum:]>.])(($calls)[[:space:]]*\(|($streams)([^_[:alnum:]]|$))" |
        sed 's/^[^[:alnum:]_]*//; s/[^[:alnum:]_]*$//' | sort -u | while read -r word; do
        fault "$file uses $word"
    done
done
finish
